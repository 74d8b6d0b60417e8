//! A ledger for tests: its tiles in memory, its checkpoints signed with a key that anybody knows.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{CheckpointError, Origin, SignedCheckpoint};
use grondslag_core::clock::Clock;
use grondslag_core::id::Digest;
use grondslag_core::merkle::{Frontier, Range, consistency_ranges, inclusion_ranges};

use super::{Ledger, LedgerError, Means, Signer, Tiles};
use crate::store::Store;

/// Signs as `<name>/1` with a key of this seed.
///
/// # Errors
/// [`CheckpointError::Name`] for a name that no log may have.
pub fn signer(name: &str, seed: u8) -> Result<Signer, CheckpointError> {
    let origin = Origin::parse(&format!("{name}/1"))?;
    Ok(Signer { origin, key: SigningKey::from_bytes(&[seed; 32]), previous: None })
}

/// Opens a ledger over a store, with tiles that are gone with it.
///
/// # Errors
/// Those of [`Ledger::open`].
pub async fn open(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    name: &str,
) -> Result<Ledger, LedgerError> {
    let signer = signer(name, 1).map_err(|_| LedgerError::Misuse("not a name"))?;
    open_signed(store, clock, name, signer).await
}

/// The same with a signer of the caller's own.
///
/// # Errors
/// Those of [`Ledger::open`].
pub async fn open_signed(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    name: &str,
    signer: Signer,
) -> Result<Ledger, LedgerError> {
    Ledger::open(Means { store, clock, name, tiles: Arc::new(Tiles::memory()), signer }).await
}

/// A log of hashes in memory, for who plays a ledger.
#[derive(Debug)]
pub struct Log {
    signer: Signer,
    hashes: Vec<Digest>,
}

impl Log {
    /// A log without a leaf.
    pub fn new(signer: Signer) -> Self {
        Self { signer, hashes: Vec::new() }
    }

    /// Adds a leaf by its hash; says where it stands.
    pub fn push(&mut self, hash: Digest) -> u64 {
        self.hashes.push(hash);
        self.size().saturating_sub(1)
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// Signed over all of them.
    pub fn checkpoint(&self) -> SignedCheckpoint {
        let root = self.root(Range { begin: 0, end: self.size() });
        self.signer.sign(self.size(), root)
    }

    /// Proves the leaf at `index`; nothing for one that is not there.
    pub fn inclusion(&self, index: u64) -> Vec<Digest> {
        self.roots(inclusion_ranges(index, self.size()))
    }

    /// Proves that the log begins with its first `old` leaves; nothing when it has fewer.
    pub fn consistency(&self, old: u64) -> Vec<Digest> {
        self.roots(consistency_ranges(old, self.size()))
    }

    fn roots(&self, ranges: Option<Vec<Range>>) -> Vec<Digest> {
        ranges.unwrap_or_default().into_iter().map(|range| self.root(range)).collect()
    }

    fn root(&self, range: Range) -> Digest {
        let within = (0..).zip(&self.hashes).filter(|(n, _)| (range.begin..range.end).contains(n));
        let mut frontier = Frontier::default();
        for (_, hash) in within {
            frontier.push(*hash);
        }
        frontier.head().root
    }
}
