//! Proofs from a ledger that lies still.

use std::sync::Arc;

use grondslag_core::id::Digest;
use grondslag_core::merkle::TreeHead;

use super::Still;
use crate::ledger::LedgerError;
use crate::ledger::start::{behind_files, read_tail};
use crate::ledger::tree::Tree;

impl Still {
    /// The hashes that prove a leaf in the tree of a checkpoint of this ledger, its last or an
    /// earlier one.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`] when entries and tiles give no proof that holds,
    /// [`LedgerError::Misuse`] for a leaf or a size that is not there; else those of the store.
    pub async fn prove(&self, index: u64, head: &TreeHead) -> Result<Vec<Digest>, LedgerError> {
        let edge = behind_files(&self.tiles, self.bundles)?;
        let tree = Tree::new(edge, Arc::clone(&self.tiles));
        read_tail(self.store.as_ref(), &self.keys, &tree, self.size).await?;
        tree.inclusion(index, head)
    }
}
