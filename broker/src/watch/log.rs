//! The ledger as its heads need it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Digest;
use grondslag_core::merkle::TreeHead;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Ledger, LedgerError};

/// A log with checkpoints.
#[async_trait]
pub(crate) trait Log: Send + Sync + fmt::Debug {
    /// The checkpoint over everything that is durable now. It never shrinks.
    fn checkpoint(&self) -> Arc<SignedCheckpoint>;

    /// Looks whether another process of this broker made it longer.
    ///
    /// # Errors
    /// Why that cannot be seen.
    async fn refresh(&self) -> Result<(), Reason>;

    /// Proves that a tree of this log begins with its first `old` leaves.
    ///
    /// # Errors
    /// Why it cannot be proved.
    async fn consistency(&self, old: u64, new: TreeHead) -> Result<Vec<Digest>, Reason>;
}

/// The broker's own ledger.
#[derive(Debug)]
pub(crate) struct OwnLog(pub Arc<Ledger>);

#[async_trait]
impl Log for OwnLog {
    fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.0.checkpoint()
    }

    async fn refresh(&self) -> Result<(), Reason> {
        self.0.refresh().await.map_err(LedgerError::reason)
    }

    async fn consistency(&self, old: u64, new: TreeHead) -> Result<Vec<Digest>, Reason> {
        self.0.consistency(old, new).await.map_err(LedgerError::reason)
    }
}
