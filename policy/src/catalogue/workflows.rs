//! How workflows are done that stand with a kind of query or an obligation: each once in a
//! catalogue.

use super::{
    Caseload, Catalogue, Escalation, Handover, Informing, ObligationEntry, QueryKindEntry,
    Reviewing,
};

/// The workflows of a catalogue, each with its own default where the catalogue names none.
#[derive(Debug, Clone, Default)]
pub(super) struct Workflows {
    informing: Informing,
    caseload: Caseload,
    reviewing: Reviewing,
    escalation: Escalation,
    handover: Handover,
}

impl Workflows {
    /// The first of each.
    pub(super) fn of(obligations: &[ObligationEntry], kinds: &[QueryKindEntry]) -> Self {
        let informing = obligations.iter().find_map(|duty| duty.informing.clone());
        let caseload = kinds.iter().find_map(|kind| kind.caseload.clone());
        let reviewing = kinds.iter().find_map(|kind| kind.reviewing.clone());
        let escalation = kinds.iter().find_map(|kind| kind.escalation.clone());
        let handover = kinds.iter().find_map(|kind| kind.handover.clone());
        Self {
            informing: informing.unwrap_or_default(),
            caseload: caseload.unwrap_or_default(),
            reviewing: reviewing.unwrap_or_default(),
            escalation: escalation.unwrap_or_default(),
            handover: handover.unwrap_or_default(),
        }
    }
}

impl Catalogue {
    /// How the duty to inform is met.
    pub const fn informing(&self) -> &Informing {
        &self.workflows.informing
    }

    /// How the caseload board is kept.
    pub const fn caseload(&self) -> &Caseload {
        &self.workflows.caseload
    }

    /// How a question that a person must look at is dealt with.
    pub const fn reviewing(&self) -> &Reviewing {
        &self.workflows.reviewing
    }

    /// What an escalation takes.
    pub const fn escalation(&self) -> &Escalation {
        &self.workflows.escalation
    }

    /// What the handover of a case takes.
    pub const fn handover(&self) -> &Handover {
        &self.workflows.handover
    }
}
