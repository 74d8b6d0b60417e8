//! The people of an agency: who they are, in which roles they may act, and until when.
//!
//! A desk certificate says who is at the desk and nothing more. Whether that person may act, and
//! as what, is read here at every call, so that a revocation or the end of a mandate counts at
//! once. Outside the node a person is a pseudonym.

mod caller;
mod file;
mod registry;

use std::collections::BTreeSet;
use std::fmt;

use grondslag_certs::Serial;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Pseudonym, StaffId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::StoreError;
use serde::{Deserialize, Serialize};

pub(crate) use self::caller::Caller;
pub use self::file::{StaffFileError, parse};
pub use self::registry::Registry;

/// A name of a member of staff, shown inside the agency only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffName(String);

impl StaffName {
    /// Takes a name of 1 to 200 characters on one line.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=200).contains(&text.chars().count());
        (fits && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }

    /// The name, for a screen of the agency itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StaffName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaffName(…)")
    }
}

/// A member of staff in the register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// As in the subject of their desk certificate.
    pub id: StaffId,
    /// For the agency's own screens.
    pub name: StaffName,
    /// Roles that their mandate names.
    pub roles: BTreeSet<Role>,
    /// The first moment at which the mandate holds no longer.
    pub mandate_until: Timestamp,
    /// They may not act any more, whatever certificate they show.
    pub revoked: bool,
    /// Serial numbers of desk certificates that were revoked one by one.
    pub revoked_certificates: BTreeSet<String>,
}

/// Somebody at the desk who may act now, in one of their roles.
///
/// Only [`Registry::person`] makes one, from a desk certificate that was verified:
///
/// ```compile_fail,E0451
/// use grondslag_core::id::Pseudonym;
/// use grondslag_node::staff::{Person, Staff};
/// fn forge(staff: Staff, pseudonym: Pseudonym, serial: grondslag_certs::Serial) -> Person {
///     Person { staff, pseudonym, serial, public_key: [0; 32] }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Person {
    staff: Staff,
    pseudonym: Pseudonym,
    serial: Serial,
    public_key: [u8; 32],
}

/// Somebody who acts in a role that their mandate names.
///
/// Only [`Person::as_role`] makes one:
///
/// ```compile_fail,E0451
/// use grondslag_core::catalogue::Role;
/// use grondslag_node::staff::{ActingStaff, Person};
/// fn forge(person: Person, role: Role) -> ActingStaff {
///     ActingStaff { person, role }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ActingStaff {
    person: Person,
    role: Role,
}

impl Person {
    /// Acts in a role.
    ///
    /// # Errors
    /// [`StaffError::RoleNotHeld`] when the mandate does not name it.
    pub fn as_role(&self, role: &Role) -> Result<ActingStaff, StaffError> {
        if self.staff.roles.contains(role) {
            Ok(ActingStaff { person: self.clone(), role: role.clone() })
        } else {
            Err(StaffError::RoleNotHeld)
        }
    }

    /// The person inside the agency.
    pub fn id(&self) -> &StaffId {
        &self.staff.id
    }

    /// Their name, for the agency's own screens.
    pub fn name(&self) -> &StaffName {
        &self.staff.name
    }

    /// Roles that their mandate names.
    pub fn roles(&self) -> &BTreeSet<Role> {
        &self.staff.roles
    }

    /// The person outside the agency.
    pub fn pseudonym(&self) -> Pseudonym {
        self.pseudonym
    }

    /// The first moment at which the mandate holds no longer.
    pub fn mandate_until(&self) -> Timestamp {
        self.staff.mandate_until
    }

    /// Serial number of the desk certificate with which they act.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// The Ed25519 key that signs this person's approvals.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }
}

impl ActingStaff {
    /// Who acts.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// As what.
    pub fn role(&self) -> &Role {
        &self.role
    }
}

/// Why somebody may not act, or the register cannot say or be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// Not in the register.
    #[error("this member of staff is not in the register")]
    Unknown,
    /// The person or this desk certificate was revoked.
    #[error("this member of staff, or this desk certificate, was revoked")]
    Revoked,
    /// The mandate has ended.
    #[error("the mandate has ended")]
    MandateEnded,
    /// The mandate does not name the role.
    #[error("the mandate does not name this role")]
    RoleNotHeld,
    /// Already in the register.
    #[error("this member of staff is in the register already")]
    Exists,
    /// More people, roles or revoked certificates than the register takes.
    #[error("the register takes no more of these")]
    TooMany,
    /// What stands in the register is not what was written.
    #[error("the register of staff is damaged")]
    Damaged,
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StaffError {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Unknown => Reason::StaffUnknown,
            Self::Revoked => Reason::StaffRevoked,
            Self::MandateEnded => Reason::MandateEnded,
            Self::RoleNotHeld => Reason::RoleNotHeld,
            Self::Exists => Reason::FileExists,
            Self::TooMany => Reason::TooLarge,
            Self::Damaged => Reason::StoreCorrupt,
            Self::Store(error) => error.reason(),
        }
    }
}

impl From<StaffError> for Reason {
    fn from(error: StaffError) -> Self {
        error.reason()
    }
}

impl Staff {
    /// Whether this person may act now with that desk certificate.
    fn may_act(&self, serial: &Serial, now: Timestamp) -> Result<(), StaffError> {
        if self.revoked || self.revoked_certificates.contains(serial.as_str()) {
            Err(StaffError::Revoked)
        } else if now >= self.mandate_until {
            Err(StaffError::MandateEnded)
        } else {
            Ok(())
        }
    }
}
