//! Which head of the ledger each node has: a question is proved from there.
//!
//! A node is taken at what was sent to it last, so that of several questions on their way each
//! builds on the one before. Only the node knows what it took; where it says otherwise
//! (`HEAD_MISMATCH`), the question is proved once more from there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Ledger, LedgerError};
use grondslag_proto::question::Evidence;
use tokio::sync::Mutex as TurnMutex;

/// The head that each node is taken to have, by size; 0 for one that was sent none.
#[derive(Debug, Default)]
pub(crate) struct SentHeads(Mutex<BTreeMap<Oin, Arc<TurnMutex<u64>>>>);

impl SentHeads {
    /// Proves evidence from the head that a node is taken to have, or from the one that it says it
    /// has; from then on it is taken to have the new one.
    ///
    /// # Errors
    /// `LEDGER_FORK` when a node has a head that this ledger never had; else why there is no proof.
    pub(crate) async fn prove(
        &self,
        ledger: &Ledger,
        node: &Oin,
        evidence: &mut Evidence,
        says: Option<u64>,
    ) -> Result<(), Reason> {
        let turn = self.of(node);
        // One at a time for one node: the next builds on this one.
        let mut sent = turn.lock().await;
        let from = says.unwrap_or(*sent);
        if from > ledger.checkpoint().checkpoint().size {
            // Another process of this broker may have made it longer.
            ledger.refresh().await.map_err(LedgerError::reason)?;
        }
        if from > ledger.checkpoint().checkpoint().size {
            tracing::error!(%node, from, "a node has a head that this ledger does not reach");
            return Err(Reason::LedgerFork);
        }
        let proven = ledger.prove(&[evidence.index], from).await.map_err(LedgerError::reason)?;
        evidence.proof = proven.inclusions.into_iter().next().unwrap_or_default();
        evidence.checkpoint = SignedCheckpoint::clone(&proven.checkpoint);
        (evidence.seen_size, evidence.consistency) = (from, proven.consistency);
        *sent = proven.checkpoint.checkpoint().size;
        Ok(())
    }

    /// The head that a node is taken to have, for whoever sends it another by another way: held
    /// while that is proved and sent, so that the next question builds on it.
    pub(crate) fn of(&self, node: &Oin) -> Arc<TurnMutex<u64>> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sent.entry(node.clone()).or_default())
    }
}
