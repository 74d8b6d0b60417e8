//! The tree over a ledger: the right edge in memory, the rest in tiles, and the proofs from both.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use grondslag_core::id::Digest;
use grondslag_core::merkle::{
    Range, Subtree, TreeHead, consistency_ranges, inclusion_ranges, range_root, verify_consistency,
    verify_inclusion,
};
use tokio::task::spawn_blocking;

use super::LedgerError;
use super::edge::{Edge, Stands, within};
use super::tiles::{Tile, Tiles, joined};

/// The tree; cheap to clone, every clone is the same tree.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    /// The sequencer alone writes it, for moments; it may hold leaves that are not durable yet, and
    /// nobody is shown a head that covers those.
    edge: Arc<RwLock<Edge>>,
    tiles: Arc<Tiles>,
}

impl Tree {
    pub(super) fn new(edge: Edge, tiles: Arc<Tiles>) -> Self {
        Self { edge: Arc::new(RwLock::new(edge)), tiles }
    }

    pub(super) fn tiles(&self) -> &Arc<Tiles> {
        &self.tiles
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Edge> {
        // Every change leaves an edge that is right up to some size.
        self.edge.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Edge> {
        self.edge.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The root over the first `size` leaves.
    pub(super) fn head(&self, size: u64) -> Result<TreeHead, LedgerError> {
        if size == 0 {
            return Ok(TreeHead::empty());
        }
        let root = self.look(&[Range { begin: 0, end: size }])?.pop();
        Ok(TreeHead { size, root: root.ok_or(LedgerError::Misuse("no root"))? })
    }

    /// The hashes that prove the leaf at `index` in the tree with this head.
    pub(super) fn inclusion(
        &self,
        index: u64,
        head: &TreeHead,
    ) -> Result<Vec<Digest>, LedgerError> {
        let ranges = inclusion_ranges(index, head.size);
        let mut ranges = ranges.ok_or(LedgerError::Misuse("the tree ends before this leaf"))?;
        ranges.push(Range { begin: index, end: index.saturating_add(1) });
        let mut proof = self.look(&ranges)?;
        let leaf = proof.pop().ok_or(LedgerError::Misuse("no leaf"))?;
        // A damaged tile must not make us look like a liar.
        match verify_inclusion(&leaf, index, head, &proof) {
            Ok(()) => Ok(proof),
            Err(_) => Err(damaged(index)),
        }
    }

    /// The hashes that prove that the tree with this head begins with its first `old` leaves.
    pub(super) fn consistency(
        &self,
        old: u64,
        head: &TreeHead,
    ) -> Result<Vec<Digest>, LedgerError> {
        let ranges = consistency_ranges(old, head.size);
        let ranges = ranges.ok_or(LedgerError::Misuse("the older tree is larger"))?;
        let proof = self.look(&ranges)?;
        match verify_consistency(&self.head(old)?, head, &proof) {
            Ok(()) => Ok(proof),
            Err(_) => Err(damaged(old)),
        }
    }

    /// As [`Tree::inclusion`] and [`Tree::consistency`], on a thread that may wait for the disk.
    pub(super) async fn prove<T: Send + 'static>(
        &self,
        prove: impl FnOnce(&Self) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, LedgerError> {
        let tree = self.clone();
        spawn_blocking(move || prove(&tree)).await.map_err(|_| LedgerError::Closed)?
    }

    /// Writes the next full tile of hashes within the first `size` leaves to its file and lets go
    /// of it; false when there is none.
    pub(super) fn file_hashes(&self, size: u64) -> Result<bool, LedgerError> {
        let Some((level, index, hashes)) = self.read().next_full(size) else { return Ok(false) };
        self.tiles.write(Tile::Hashes { level, index }, &joined(&hashes))?;
        self.write().let_go(level);
        Ok(true)
    }

    fn look(&self, ranges: &[Range]) -> Result<Vec<Digest>, LedgerError> {
        let mut files: BTreeMap<(u32, u64), Vec<Digest>> = BTreeMap::new();
        let mut find = |subtree: Subtree| -> Result<Option<Digest>, LedgerError> {
            // The lock is not held over a read: what is let go of in between stands in its file.
            let stands = self.read().find(subtree);
            Ok(match stands {
                Stands::Here(hash) => Some(hash),
                Stands::Nowhere => None,
                Stands::InTile { level, index } => {
                    let tile = match files.entry((level, index)) {
                        Slot::Occupied(read) => read.into_mut(),
                        Slot::Vacant(slot) => slot.insert(self.tiles.hashes(level, index)?),
                    };
                    within(tile, subtree)
                }
            })
        };
        ranges
            .iter()
            .map(|range| {
                let root = range_root(*range, &mut find)?;
                root.ok_or(LedgerError::Misuse("the tree does not reach that far"))
            })
            .collect()
    }
}

fn damaged(leaf: u64) -> LedgerError {
    let level = 0;
    LedgerError::Damaged(Tile::Hashes { level, index: leaf / crate::limits::TILE_WIDTH as u64 })
}
