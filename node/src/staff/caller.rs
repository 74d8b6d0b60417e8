//! Who calls at the desk.

use grondslag_core::catalogue::Role;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::status::rejected;
use grondslag_runtime::call::{desk_peer, lang};
use tonic::{Request, Status};

use super::{ActingStaff, Person};
use crate::agency::Agency;

/// Who calls, checked at this call: the desk certificate, the register, the language they read.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) person: Person,
    pub(crate) lang: Lang,
}

impl Caller {
    /// Who makes this call, now.
    ///
    /// # Errors
    /// What [`Registry::person`](super::Registry::person) refuses.
    pub(crate) async fn of<T>(agency: &Agency, request: &Request<T>) -> Result<Self, Status> {
        let person = agency.staff.person(desk_peer(request)?, agency.clock.now()).await;
        let person = person.map_err(|error| rejected(error.into()))?;
        Ok(Self { person, lang: lang(request) })
    }

    /// The same in a role that their mandate names, and to which the agency is admitted now.
    ///
    /// # Errors
    /// `UNKNOWN_ROLE`, `ROLE_NOT_HELD`, `ROLE_NOT_ADMITTED`.
    pub(crate) fn in_role(&self, agency: &Agency, role: &str) -> Result<ActingStaff, Reason> {
        let role = Role::parse(role).map_err(|_| Reason::UnknownRole)?;
        let by = self.person.as_role(&role)?;
        let own = agency.directory.card(&agency.oin)?;
        own.check_role(&role, agency.clock.now())?;
        Ok(by)
    }
}
