//! Who asks for an own view was seen by two people of the municipality (domain 4a.31).
//!
//! Each reads the number from what they saw, so that neither the request nor the other's word is
//! all that it rests on. What sort of paper it was is recorded; nothing of what stands on it is.

use grondslag_core::catalogue::Role;
use grondslag_core::id::{InquiryId, StaffId};
use grondslag_core::reason::Reason;
use grondslag_core::sighting::{Authority, Document};
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::Batch;
use grondslag_evidence::store::parts;
use grondslag_policy::retention;
use grondslag_proto::v1;
use grondslag_subject::Bsn;
use serde::{Deserialize, Serialize};

use super::{Draft, Kept, key, put};
use crate::agency::Agency;
use crate::asks::second::may_see;
use crate::limits::{APPROVE_TRIES_MAX, IDENTITY_SEEN_MAX};
use crate::recorded::{Kind, entry};
use crate::staff::{ActingStaff, Person};

/// The role of a young person who asks about themselves.
pub(crate) const YOUNG_PERSON: &str = "burger.jeugdige";
/// The role of a parent who holds custody.
const CUSTODY_HOLDER: &str = "burger.gezagsouder";

/// What a member of staff saw.
pub(crate) struct Seen {
    number: Bsn,
    document: Document,
    /// Nothing when the number is the person's own.
    authority: Option<Authority>,
    /// As whom the person asks.
    citizen: Role,
    /// Nothing speaks against naming agencies.
    names_checked: bool,
}

grondslag_core::unprinted!(Seen);

/// The same as it is kept with the draft, without the number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptSeen {
    pub(super) staff: StaffId,
    is_of_child: bool,
    names_checked: bool,
}

/// Whose log it is and how it may be told, by what all saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sighted {
    /// Somebody asks about a child; else about themselves.
    pub(crate) is_of_child: bool,
    /// A parent asks.
    pub(crate) is_parent: bool,
    /// Everybody who saw who it is says that nothing speaks against naming agencies.
    pub(crate) names_checked: bool,
}

impl Seen {
    /// Takes what was typed.
    ///
    /// # Errors
    /// `BSN_INVALID`, `UNKNOWN_ROLE`; `MALFORMED` for a paper or a register that is not one of the
    /// list.
    pub(crate) fn parse(wire: &v1::ConfirmIdentityRequest) -> Result<Self, Reason> {
        let v1::ConfirmIdentityRequest { subject, document, authority, .. } = wire;
        let document = document.parse().map_err(|_| Reason::Malformed)?;
        let authority = (!authority.is_empty()).then(|| authority.parse()).transpose();
        let authority = authority.map_err(|_| Reason::Malformed)?;
        Ok(Self {
            number: Bsn::parse(subject).map_err(|_| Reason::BsnInvalid)?,
            document,
            authority,
            citizen: Role::parse(&wire.citizen_role).map_err(|_| Reason::UnknownRole)?,
            names_checked: wire.names_checked,
        })
    }

    /// Whether what was seen lets somebody ask in this role: a young person about themselves, a
    /// parent about themselves or with what shows that the child is theirs. That somebody holds
    /// custody does not follow from being a parent.
    fn fits(&self) -> bool {
        match (self.citizen.as_str(), self.authority) {
            (YOUNG_PERSON, authority) => authority.is_none(),
            (CUSTODY_HOLDER, Some(authority)) => authority != Authority::CivilRegistry,
            _ => true,
        }
    }
}

impl Draft {
    /// An own view that was prepared, for whoever may see who asks for it.
    ///
    /// # Errors
    /// `UNKNOWN_INQUIRY`, also for a draft of another sort; or why it cannot be read.
    pub(crate) async fn to_be_seen(
        agency: &Agency,
        id: InquiryId,
        who: &Person,
    ) -> Result<Self, Reason> {
        let may = |role: &_| who.roles().iter().any(|own| may_see(own, role));
        let draft = Self::find(agency, id, |staff, role, _| staff == who.id() || may(role)).await?;
        if draft.wish.is_own_view() { Ok(draft) } else { Err(Reason::UnknownInquiry) }
    }

    /// Records that somebody saw who it is, and says how many have.
    ///
    /// # Errors
    /// `APPROVAL_OWN`, `ROLE_NOT_HELD` for a role that deals with no cases, `IDENTITY_MISMATCH`
    /// when number or role is not that of the request, or whose it is not what a colleague saw,
    /// `TOO_LARGE`, `UNKNOWN_INQUIRY` when it was sent meanwhile, `BUSY` when others keep changing
    /// it, or why it could not be recorded.
    pub(crate) async fn see(
        mut self,
        agency: &Agency,
        by: &ActingStaff,
        seen: &Seen,
    ) -> Result<usize, Reason> {
        for _ in 0..APPROVE_TRIES_MAX {
            self.check_sight(by, seen)?;
            let (batch, count) = self.with_sight(by, seen)?;
            let person = by.person();
            let body = Kind::IdentitySeen
                .canonical()
                .bytes(self.id.as_bytes())
                .text(person.id().as_str())
                .text(by.role().as_str())
                .text(seen.document.word())
                .text(seen.authority.map(Authority::word).unwrap_or_default())
                .text(if seen.names_checked { "names checked" } else { "" })
                .signed(agency.clock.now().ms())
                .finish();
            let term = retention::Kept::Decision;
            let entry = entry(agency, Kind::IdentitySeen, &body, term, batch)?;
            match agency.ledger.append(entry).await {
                Err(LedgerError::Conflict { .. }) => {
                    self = Self::to_be_seen(agency, self.id, person).await?;
                }
                recorded => return recorded.map(|_| count).map_err(LedgerError::reason),
            }
        }
        Err(Reason::Busy)
    }

    fn check_sight(&self, by: &ActingStaff, seen: &Seen) -> Result<(), Reason> {
        let person = by.person();
        if person.id() == self.staff() || person.pseudonym() == self.header.staff {
            return Err(Reason::ApprovalOwn);
        }
        if !may_see(by.role(), &self.wish.role) {
            return Err(Reason::RoleNotHeld);
        }
        let is_of_child = seen.authority.is_some();
        let mut others = self.kept.seen.iter().filter(|other| other.staff != *person.id());
        let agreed = others.all(|other| other.is_of_child == is_of_child);
        let same =
            seen.number.expose() == self.wish.subject.expose() && seen.citizen == self.wish.role;
        if same && agreed && seen.fits() { Ok(()) } else { Err(Reason::IdentityMismatch) }
    }

    fn with_sight(&self, by: &ActingStaff, seen: &Seen) -> Result<(Batch, usize), Reason> {
        let mut kept: Kept = self.kept.clone();
        let staff = by.person().id().clone();
        kept.seen.retain(|other| other.staff != staff);
        if kept.seen.len() >= IDENTITY_SEEN_MAX {
            return Err(Reason::TooLarge);
        }
        let is_of_child = seen.authority.is_some();
        let names_checked = seen.names_checked;
        kept.seen.push(KeptSeen { staff, is_of_child, names_checked });
        let count = kept.seen.len();
        let batch = parts::delete_seen(Batch::new(), &key(&self.id), &self.seen);
        Ok((put(batch, &self.id, &kept)?, count))
    }

    /// Whose log it is and how it may be told. Of nobody who saw it, it is told as to who may learn
    /// least.
    pub(crate) fn sighted(&self) -> Sighted {
        let seen = &self.kept.seen;
        Sighted {
            is_parent: self.wish.role.as_str() != YOUNG_PERSON,
            is_of_child: seen.is_empty() || seen.iter().any(|one| one.is_of_child),
            names_checked: !seen.is_empty() && seen.iter().all(|one| one.names_checked),
        }
    }

    /// Who approves an own view has seen who asks for it, and so has somebody else.
    ///
    /// # Errors
    /// `IDENTITY_UNSEEN`.
    pub(super) fn check_seen(&self, approver: &Person) -> Result<(), Reason> {
        if !self.wish.is_own_view() {
            return Ok(());
        }
        let (own, others): (Vec<_>, Vec<_>) =
            self.kept.seen.iter().partition(|seen| seen.staff == *approver.id());
        if own.is_empty() || others.is_empty() { Err(Reason::IdentityUnseen) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
