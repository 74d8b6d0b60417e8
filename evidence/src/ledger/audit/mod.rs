//! Walking a ledger that lies still, such as a copy of a stopped process's store: every entry is
//! hashed again and held against tiles and checkpoint, and what is wrong is named.
//!
//! Nothing is written, and nothing that is wrong stops the walk. Where an entry and the tile that
//! holds its hash disagree, the signed root says which of the two was altered.
//!
//! The walk reads files on the caller's thread: it is for a command, not for a process that serves.

mod levels;
mod peaks;
mod prove;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::id::Digest;

use super::keys::{Filed, Head, Keys, PREFIX, decode};
use super::tiles::{Tile, Tiles};
use super::{Leaves, LedgerError, Record, filed};
use crate::limits::{FINDINGS_MAX, LEDGERS_MAX, SCAN_PAGE_MAX, TILE_WIDTH};
use crate::store::{Store, StoreError};

/// What is wrong with a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// It is not there.
    Missing,
    /// It is there and cannot be read.
    Unreadable,
    /// It is there and does not belong.
    Stray,
    /// The tree has another hash at this place: the entry was altered, moved or put in.
    Altered,
    /// The tile holds another hash than what stands below it.
    OtherHash,
    /// The root over the entries is not that of the signed checkpoint.
    OtherRoot,
    /// It was recorded before the leaf that stands before it.
    WentBack,
    /// The last leaf was recorded at another moment than the head says.
    OtherEnd,
    /// The checkpoint is that of another log.
    OtherLog,
    /// The party's key did not sign the checkpoint, or the signature does not hold.
    Unsigned,
}

impl Problem {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Missing,
        Self::Unreadable,
        Self::Stray,
        Self::Altered,
        Self::OtherHash,
        Self::OtherRoot,
        Self::WentBack,
        Self::OtherEnd,
        Self::OtherLog,
        Self::Unsigned,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Stray => "stray",
            Self::Altered => "altered",
            Self::OtherHash => "other_hash",
            Self::OtherRoot => "other_root",
            Self::WentBack => "went_back",
            Self::OtherEnd => "other_end",
            Self::OtherLog => "other_log",
            Self::Unsigned => "unsigned",
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A file below the ledger's folder, or a key of the store.
    pub place: String,
    /// The first and the last leaf that it is about, where it is about leaves.
    pub leaves: Option<(u64, u64)>,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong, up to a bound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// The first of them, at most [`FINDINGS_MAX`].
    pub listed: Vec<Finding>,
    /// How many more there are.
    pub more: u64,
}

impl Findings {
    /// Adds one.
    pub fn add(&mut self, place: impl Into<String>, leaves: Option<(u64, u64)>, problem: Problem) {
        if self.listed.len() < FINDINGS_MAX {
            self.listed.push(Finding { place: place.into(), leaves, problem });
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// How many there are in all.
    pub fn count(&self) -> u64 {
        u64::try_from(self.listed.len()).unwrap_or(u64::MAX).saturating_add(self.more)
    }

    fn at_tile(&mut self, tile: Tile, leaves: Option<(u64, u64)>, problem: Problem) {
        self.add(tile.to_string(), leaves, problem);
    }

    /// Says that a tile gave an error; a disk that fails is no finding.
    fn unread(&mut self, tiles: &Tiles, tile: Tile, error: LedgerError) -> Result<(), LedgerError> {
        match error {
            LedgerError::Damaged(_) | LedgerError::Store(StoreError::Corrupt) => {
                let there = tiles.has(tile);
                let problem = if there { Problem::Unreadable } else { Problem::Missing };
                self.at_tile(tile, None, problem);
                Ok(())
            }
            error => Err(error),
        }
    }
}

/// What a ledger is held against.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// What the ledger is called in its checkpoints.
    pub origin: &'a Origin,
    /// Keys on the party's card: the one of now, and the one before.
    pub keys: &'a [[u8; 32]],
    /// Sizes at which the root is asked for.
    pub sizes: &'a BTreeSet<u64>,
}

/// What a walk found.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// Leaves that were hashed again.
    pub leaves: u64,
    /// The signed checkpoint, if it can be read.
    pub checkpoint: Option<SignedCheckpoint>,
    /// The root over the entries at each size that was asked for, as far as they go.
    pub roots: BTreeMap<u64, Digest>,
    /// What is wrong.
    pub findings: Findings,
}

/// A ledger that nobody appends to.
#[derive(Debug)]
pub struct Still {
    store: Arc<dyn Store>,
    tiles: Arc<Tiles>,
    keys: Keys,
    name: String,
    size: u64,
    /// Bundles that stand in files.
    bundles: u64,
    checkpoint: Option<SignedCheckpoint>,
}

impl Still {
    /// A ledger in a store and in tiles, as it lies there; its head need not be readable.
    ///
    /// # Errors
    /// Those of the store; [`LedgerError::Misuse`] for a name that no ledger has.
    pub async fn open(
        store: Arc<dyn Store>,
        tiles: Tiles,
        name: &str,
    ) -> Result<Self, LedgerError> {
        let keys = Keys::of(name)?;
        let head = keys.head(store.as_ref()).await?.as_deref().and_then(Head::decode);
        let filed = store.get(keys.filed_key()).await?.as_deref().and_then(Filed::decode);
        let said = filed.map_or(0, |filed| filed.bundles);
        let checkpoint = head.map(|head| head.checkpoint);
        let size = checkpoint.as_ref().map(|signed| signed.checkpoint().size);
        // A count that was altered may be any number: what is walked is what there can be.
        let bundles = match size {
            Some(size) => said.min(size / TILE_WIDTH as u64),
            None => {
                (0..said).take_while(|index| tiles.has(Tile::Entries { index: *index })).count()
                    as u64
            }
        };
        let size = size.unwrap_or(0);
        let (tiles, name) = (Arc::new(tiles), name.to_owned());
        Ok(Self { store, tiles, keys, name, size, bundles, checkpoint })
    }

    /// Its checkpoint, if it can be read; who signed it is not looked at.
    pub fn checkpoint(&self) -> Option<&SignedCheckpoint> {
        self.checkpoint.as_ref()
    }

    /// What it is called in its store.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of leaves, by its head; 0 when that cannot be read.
    pub fn len(&self) -> u64 {
        self.size
    }

    /// True without a leaf.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// Walks all of it; `progress` is told how many leaves were hashed since it was told last.
    ///
    /// # Errors
    /// Those of store and disk; what is wrong with the ledger is no error but a finding.
    pub async fn walk(
        &self,
        against: Against<'_>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Walked, LedgerError> {
        walk::walk(self, against, progress).await
    }

    async fn in_store(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let after = from.checked_sub(1).map(|index| self.keys.entry_key(index));
        let page = self.store.scan(self.keys.entries(), after.as_deref(), limit).await?;
        let records = page.into_iter().filter_map(|pair| {
            let index = self.keys.index_of(&pair.key)?;
            decode(index, &pair.value)
        });
        Ok(records.filter(|record| record.index < self.size).collect())
    }
}

/// What cannot be read is left out: the walk names it.
#[async_trait]
impl Leaves for Still {
    async fn size(&self) -> Result<u64, LedgerError> {
        Ok(self.size)
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let limit = limit.min(SCAN_PAGE_MAX);
        let mut from = from;
        while from < self.size && from / (TILE_WIDTH as u64) < self.bundles {
            if let Ok(records) = filed(&self.tiles, from, limit)
                && !records.is_empty()
            {
                return Ok(records);
            }
            from = (from / TILE_WIDTH as u64).saturating_add(1).saturating_mul(TILE_WIDTH as u64);
        }
        if from >= self.size { Ok(Vec::new()) } else { self.in_store(from, limit).await }
    }
}

/// Ledgers one behind the other, as those of a process that was restored: their leaves are numbered
/// through.
#[derive(Debug)]
pub struct Chain<'a>(Vec<&'a Still>);

impl<'a> Chain<'a> {
    /// These ledgers, the oldest first.
    pub fn new(ledgers: Vec<&'a Still>) -> Self {
        Self(ledgers)
    }
}

#[async_trait]
impl Leaves for Chain<'_> {
    async fn size(&self) -> Result<u64, LedgerError> {
        Ok(self.0.iter().map(|still| still.size).sum())
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let mut before = 0_u64;
        for still in &self.0 {
            let end = before.saturating_add(still.size);
            if from < end {
                let records = still.read(from.saturating_sub(before), limit).await?;
                let through = |record: Record| Record { index: record.index + before, ..record };
                if !records.is_empty() {
                    return Ok(records.into_iter().map(through).collect());
                }
            }
            before = end;
        }
        Ok(Vec::new())
    }
}

/// The names of the ledgers that have a key in a store: of one more than a store has, at most.
///
/// # Errors
/// Those of the store.
pub async fn names(store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let (mut names, mut after) = (Vec::new(), PREFIX.to_vec());
    while names.len() <= LEDGERS_MAX {
        let page = store.scan(PREFIX, Some(&after), 1).await?;
        let Some(pair) = page.first() else { break };
        let rest = pair.key.strip_prefix(PREFIX).unwrap_or_default();
        let name: Vec<u8> = rest.iter().copied().take_while(|byte| *byte != b'/').collect();
        // The next byte after a slash: behind all keys of this ledger.
        after = [PREFIX, &name, b"0"].concat();
        names.extend(String::from_utf8(name).ok().filter(|name| Keys::of(name).is_ok()));
    }
    Ok(names)
}
