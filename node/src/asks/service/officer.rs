//! What the agency's privacy officer reads at the desk, and nobody else. Every reading is itself
//! recorded before anything is shown.

use grondslag_core::catalogue::Role;
use grondslag_core::id::{StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_subject::{Bsn, admits};

use super::{Caller, Desk, limit};
use crate::answers::{decisions_on, decisions_shown};
use crate::asks::patterns::patterns;
use crate::asks::reading::read_back;
use crate::asks::spot_check;
use crate::staff::Person;

impl Desk {
    /// Decisions on others' questions: all, of one question, or on one person.
    pub(super) async fn decisions(
        &self,
        caller: &Caller,
        wanted: v1::ListDecisionsRequest,
    ) -> Result<Vec<v1::DecisionRecord>, Reason> {
        let (officer, limit) = (officer(caller)?, limit(wanted.limit));
        if !wanted.subject.is_empty() {
            let number = Bsn::parse(&wanted.subject).map_err(|_| Reason::BsnInvalid)?;
            admits(self.agency.mode, &number)?;
            return decisions_on(&self.agency, officer, &number, limit).await;
        }
        let only = match wanted.target_id.as_slice() {
            [] => None,
            id => Some(TargetId::from_slice(id).map_err(|_| Reason::Malformed)?),
        };
        decisions_shown(&self.agency, officer, wanted.from_index, limit, only).await
    }

    /// What the broker recorded of this agency's questions and of those to it.
    pub(super) async fn broker_decisions(
        &self,
        caller: &Caller,
        wanted: v1::ListBrokerDecisionsRequest,
    ) -> Result<v1::ListBrokerDecisionsResponse, Reason> {
        read_back(&self.agency, officer(caller)?, wanted).await
    }

    /// What is unusual in what the agency's own people asked.
    pub(super) async fn patterns(
        &self,
        caller: &Caller,
        days: u32,
    ) -> Result<v1::ListPatternsResponse, Reason> {
        patterns(&self.agency, officer(caller)?, days).await
    }

    /// The batches that were enrolled for an epoch.
    pub(super) async fn batches(
        &self,
        caller: &Caller,
        epoch: u32,
    ) -> Result<Vec<v1::ListBatchesResponse>, Reason> {
        spot_check::list(&self.agency, officer(caller)?, epoch).await
    }

    /// A spot check of them.
    pub(super) async fn positions(
        &self,
        caller: &Caller,
        wanted: v1::OpenPositionsRequest,
    ) -> Result<Vec<v1::OpenPositionsResponse>, Reason> {
        spot_check::open(&self.agency, officer(caller)?, wanted).await
    }
}

fn reads_ledger(person: &Person) -> bool {
    let function =
        |role: &Role| role.as_str().split_once('.').map(|(_, function)| function == "fg");
    person.roles().iter().any(|role| function(role) == Some(true))
}

fn officer(caller: &Caller) -> Result<&StaffId, Reason> {
    if reads_ledger(&caller.person) { Ok(caller.person.id()) } else { Err(Reason::RoleNotHeld) }
}
