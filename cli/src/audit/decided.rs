//! Decisions that the broker attested to who asked, held against its ledger: an asker may be the
//! only one to whom it showed the tree that a decision stands in.

use grondslag_core::merkle::verify_inclusion;
use grondslag_evidence::ledger::audit::Still;
use grondslag_node::{Decided, decided};

use super::answers::{Held, recorded};
use super::keys::Keys;
use super::logs::stands;
use super::party::Party;
use super::report::Report;
use super::shown::Shown;
use super::words::Wrong;
use crate::exit::Failure;

/// The decisions on its own questions that a party recorded, with the ledger that each is recorded
/// in.
pub(super) async fn decisions(
    party: &Party,
    ledgers: &[Still],
) -> Result<Vec<(String, Decided)>, Failure> {
    recorded(party, ledgers, async |store, still, at| decided(store, still, at).await).await
}

impl Report {
    /// What the broker proved must hold, and its ledger of now must hold it still.
    pub(super) fn decision(
        &mut self,
        party: &Party,
        (ledger, decided): &(String, Decided),
        held: &Held<'_>,
        shown: &mut Shown,
    ) {
        match against(decided, held, shown) {
            Ok(true) => self.decisions = self.decisions.saturating_add(1),
            // The broker's folder was not given.
            Ok(false) => self.decisions_unchecked = self.decisions_unchecked.saturating_add(1),
            Err(wrong) => self.wrong_leaf(party, ledger, decided.index, wrong),
        }
    }
}

/// Whether the broker's ledger bears out what it attested; false when nothing is known of it.
fn against(decided: &Decided, held: &Held<'_>, shown: &mut Shown) -> Result<bool, Wrong> {
    let Decided { entry, place, path, head, .. } = decided;
    let checkpoint = head.checkpoint();
    if verify_inclusion(entry, *place, &checkpoint.tree(), path).is_err() {
        return Err(Wrong::DecisionUnproved);
    }
    let Some(log) = held.logs.get(&checkpoint.origin) else {
        if held.logs.values().any(|log| log.is_brokers) {
            return Err(Wrong::DecisionOfOtherLog);
        }
        return if shown.agrees(checkpoint) { Ok(false) } else { Err(Wrong::DecisionsDiffer) };
    };
    // That a key is unknown is a finding of its own.
    if !log.keys.is_empty() && !Keys::signed(&log.keys, head) {
        return Err(Wrong::DecisionUnproved);
    }
    if !log.roots.contains_key(&checkpoint.size) && !shown.agrees(checkpoint) {
        return Err(Wrong::DecisionsDiffer);
    }
    match stands(held.logs, checkpoint) {
        Ok(()) => Ok(true),
        Err(Wrong::HeadOtherRoot) => Err(Wrong::DecisionOtherRoot),
        Err(_) => Err(Wrong::DecisionAhead),
    }
}
