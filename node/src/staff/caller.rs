//! Who calls at the desk.

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_proto::status::rejected;
use grondslag_runtime::call::{desk_peer, lang};
use tonic::{Request, Status};

use super::{Person, Registry};

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
    /// What [`Registry::person`] refuses.
    pub(crate) async fn of<T>(
        staff: &Registry,
        request: &Request<T>,
        now: Timestamp,
    ) -> Result<Self, Status> {
        let person = staff.person(desk_peer(request)?, now).await;
        let person = person.map_err(|error| rejected(error.into()))?;
        Ok(Self { person, lang: lang(request) })
    }
}
