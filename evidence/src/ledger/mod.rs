//! The ledger: an ordered, durable list of leaves, and the hash tree over them (RFC 6962).
//!
//! A leaf is what happened, in canonical bytes; the state that it is the evidence of is committed
//! in the same batch. Life of a leaf: [`Ledger::append`] queues it; the one sequencer takes
//! whatever queued during the previous commit, numbers it, signs a checkpoint over the tree that
//! it then has, commits leaves, states and checkpoint as one batch that expects the head to be what
//! it was, and answers each caller with a [`Receipt`]. An entry whose state meets a conflict is
//! taken out and the rest goes on without it. Once 256 entries fill a bundle they are synced as
//! tile files (C2SP tlog-tiles) and only then leave the store.
//!
//! What is hashed is the entry: a form byte, what the leaf is about, when it was recorded, and the
//! leaf.

pub mod audit;
mod edge;
mod filer;
mod keys;
mod outside;
pub mod rebuild;
mod receipt;
mod sequencer;
mod start;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod tiles;
mod tree;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::merkle::{TreeHead, leaf_hash};
use grondslag_core::reason::Reason;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::keys::{Head, Keys, PREFIX, decode, encode};
pub use self::outside::LedgerHead;
pub(crate) use self::outside::{filed as filed_bundles, filed_in, heads};
pub use self::receipt::{Placed, Proven, Receipt};
use self::sequencer::{Cost, Parts, PlacedState, Queued, Request, Sequencer, Shown};
pub use self::start::Signer;
pub use self::tiles::{Tile, Tiles};
use crate::limits::{LEAF_BYTES_MAX, QUEUE_MAX, REREAD_MAX, SCAN_PAGE_MAX, TILE_WIDTH};
use crate::store::{Batch, Pair, Store, StoreError};

/// A ledger in a store. One value per name and process; share it by `Arc`.
#[derive(Debug)]
pub struct Ledger {
    store: Arc<dyn Store>,
    keys: Keys,
    /// The sequencer writes it; readers take a copy.
    shown: Arc<RwLock<Shown>>,
    requests: mpsc::Sender<Request>,
    sequencer: JoinHandle<()>,
}

/// What a ledger is made of.
#[derive(Debug)]
pub struct Means<'a> {
    /// Holds its end and the states.
    pub store: Arc<dyn Store>,
    /// When things are recorded.
    pub clock: Arc<dyn Clock>,
    /// Tells it from other ledgers in the store: 1 to 32 characters of `a-z`, `0-9` and `-`.
    pub name: &'a str,
    /// Hold the rest of it.
    pub tiles: Arc<Tiles>,
    /// Signs its checkpoints.
    pub signer: Signer,
}

/// A leaf to append, and the state change that it is the evidence of.
pub struct Entry {
    /// What the leaf is about, such as the digest of an inquiry: the receipt repeats it, so that
    /// a receipt of one thing does not serve for another.
    pub about: Digest,
    /// The leaf: canonical bytes, at most [`LEAF_BYTES_MAX`].
    pub leaf: Vec<u8>,
    /// Committed with the leaf or not at all. Its keys are the caller's own.
    pub state: Batch,
}

/// A leaf as it stands in the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place, counted from 0.
    pub index: u64,
    /// What it is about.
    pub about: Digest,
    /// When it was recorded; it never goes down along the ledger.
    pub recorded_at: Timestamp,
    /// The leaf.
    pub leaf: Vec<u8>,
}

/// A ledger could not be opened, read or appended to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// The store failed. The leaf may or may not have landed; the ledger itself goes on from what
    /// is really there.
    #[error(transparent)]
    Store(StoreError),
    /// An expectation of this entry's state did not hold; nothing of the call was written.
    #[error("expectation at step {step} of entry {entry} does not hold")]
    Conflict {
        /// Which entry of the call, counted from 0.
        entry: usize,
        /// Position in the state of that entry, counted from 0.
        step: usize,
    },
    /// Leaf, state or number of entries exceed a bound; nothing was written.
    #[error("{0} is over its limit")]
    TooLarge(&'static str),
    /// The call itself is wrong; nothing was written.
    #[error("{0}")]
    Misuse(&'static str),
    /// Store and tiles contradict each other, or a tile stands where another belongs: somebody
    /// went back to an older copy, or rewrote something.
    #[error("the ledger in the store and the one in the tile files are not the same")]
    Fork,
    /// A tile is missing, or not what was written.
    #[error("{0} is missing or damaged")]
    Damaged(Tile),
    /// The last leaf is dated in time to come: a clock was ahead once, or is behind now. Nothing
    /// was written, for a leaf that is dated so too would be believed by nobody.
    #[error(
        "the last entry of the ledger is of {last}, and the clock of this machine is behind that: \
         set the clock right; when it was ahead once, wait until then, or go on in a new \
         ledger by restoring a backup of now"
    )]
    Ahead {
        /// When it says to have been recorded.
        last: Timestamp,
    },
    /// Other processes kept moving the ledger; nothing was written.
    #[error("other processes kept moving the ledger")]
    Contended,
    /// The sequencer has stopped, as it does when the process ends.
    #[error("the ledger is closed")]
    Closed,
}

impl Ledger {
    /// Opens a ledger, or begins one, and starts its sequencer on the current runtime.
    ///
    /// # Errors
    /// [`LedgerError::Fork`] when store and tiles contradict each other, [`LedgerError::Damaged`]
    /// for a tile that cannot be read, or what the store gives.
    pub async fn open(means: Means<'_>) -> Result<Self, LedgerError> {
        let Means { store, clock, name, tiles, signer } = means;
        let keys = Keys::of(name)?;
        let (requests, queue) = mpsc::channel(QUEUE_MAX);
        let parts = Parts { store: Arc::clone(&store), clock, keys: keys.clone(), tiles, signer };
        let sequencer = Sequencer::open(parts, queue).await?;
        let shown = sequencer.shown();
        let sequencer = tokio::spawn(sequencer.run());
        Ok(Self { store, keys, shown, requests, sequencer })
    }

    /// Appends a leaf together with its state change; durable when it returns.
    ///
    /// Dropping the future does not take the entry back.
    ///
    /// # Errors
    /// A [`LedgerError`]; after [`LedgerError::Store`] the leaf may nevertheless be there.
    pub async fn append(&self, entry: Entry) -> Result<Receipt, LedgerError> {
        self.queue(vec![Queued { entry, placed: None }]).await.and_then(only)
    }

    /// The same for an entry part of whose state depends on its place: `make` is given the place,
    /// with its proof in the checkpoint that the commit makes durable, and gives at most so many
    /// steps and bytes. It is called again when the entry's place changes, and what it was given
    /// counts only once this returns `Ok`.
    ///
    /// # Errors
    /// As [`Ledger::append`], and those of `make`.
    pub async fn append_placed(
        &self,
        entry: Entry,
        (steps, bytes): (usize, usize),
        make: impl FnMut(&Placed) -> Result<Batch, StoreError> + Send + 'static,
    ) -> Result<Receipt, LedgerError> {
        let placed = Some(PlacedState { steps, bytes, make: Box::new(make) });
        self.queue(vec![Queued { entry, placed }]).await.and_then(only)
    }

    /// Appends leaves next to each other, all or none; at most
    /// [`APPEND_MAX`](crate::limits::APPEND_MAX). A receipt for each, in the same order.
    ///
    /// # Errors
    /// As [`Ledger::append`]; a conflict of one entry refuses them all.
    pub async fn append_many(&self, entries: Vec<Entry>) -> Result<Vec<Receipt>, LedgerError> {
        self.queue(entries.into_iter().map(|entry| Queued { entry, placed: None }).collect()).await
    }

    async fn queue(&self, entries: Vec<Queued>) -> Result<Vec<Receipt>, LedgerError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        entries.iter().try_for_each(|queued| queued.entry.check())?;
        if !Cost::of(&entries).fits() {
            return Err(LedgerError::TooLarge("append"));
        }
        let (reply, answer) = oneshot::channel();
        let request = Request { entries, reply };
        self.requests.send(request).await.map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }

    /// Looks at the end of the ledger in the store, which another process may have moved.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub async fn refresh(&self) -> Result<(), LedgerError> {
        let (reply, answer) = oneshot::channel();
        let request = Request { entries: Vec::new(), reply };
        self.requests.send(request).await.map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?.map(drop)
    }

    /// The checkpoint over everything that is durable now, as far as this process knows.
    pub fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        self.shown().checkpoint
    }

    /// Whether nothing can be appended at a moment because the last leaf, as far as this process
    /// knows, is dated too far behind it.
    ///
    /// # Errors
    /// [`LedgerError::Ahead`] when that is so.
    pub fn may_append(&self, now: Timestamp) -> Result<(), LedgerError> {
        not_ahead(self.shown().recorded_at, now)
    }

    /// Number of leaves that are durable now, whichever process appended them.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn size(&self) -> Result<u64, LedgerError> {
        let Some(stored) = self.keys.head(self.store.as_ref()).await? else { return Ok(0) };
        let head = Head::decode(&stored).ok_or(StoreError::Corrupt)?;
        Ok(head.checkpoint.checkpoint().size)
    }

    /// Proves leaves in the tree of now, all in one checkpoint, and that it begins with its first
    /// `old` leaves.
    ///
    /// # Errors
    /// [`LedgerError::Misuse`] for a leaf or a size that is not there, [`LedgerError::Damaged`]
    /// when a tile gives no proof that holds.
    pub async fn prove(&self, indexes: &[u64], old: u64) -> Result<Proven, LedgerError> {
        let known = self.checkpoint().checkpoint().size;
        if old > known || indexes.iter().any(|index| *index >= known) {
            // A commit that was said to have failed may have landed, or be another process's.
            self.refresh().await?;
        }
        let Shown { checkpoint, tree, .. } = self.shown();
        let (head, indexes) = (checkpoint.checkpoint().tree(), indexes.to_vec());
        let prove = move |tree: &tree::Tree| {
            let inclusions = indexes.iter().map(|index| tree.inclusion(*index, &head));
            Ok((inclusions.collect::<Result<_, _>>()?, tree.consistency(old, &head)?))
        };
        let (inclusions, consistency) = tree.prove(prove).await?;
        Ok(Proven { checkpoint, inclusions, consistency })
    }

    /// Proves that the tree of an earlier checkpoint of this ledger begins with its first `old`
    /// leaves.
    ///
    /// # Errors
    /// [`LedgerError::Misuse`] for a size that is not there, [`LedgerError::Damaged`] when a tile
    /// gives no proof that holds.
    pub async fn consistency(&self, old: u64, new: TreeHead) -> Result<Vec<Digest>, LedgerError> {
        self.shown().tree.prove(move |tree: &tree::Tree| tree.consistency(old, &new)).await
    }

    /// Leaves in order from an index on: at most
    /// [`SCAN_PAGE_MAX`](crate::limits::SCAN_PAGE_MAX) and at most `limit`; none means that the end
    /// is reached.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a gap or an unreadable leaf, [`LedgerError::Damaged`] for a
    /// bundle that cannot be read; else those of the store.
    pub async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let limit = limit.min(SCAN_PAGE_MAX);
        for _ in 0..REREAD_MAX {
            let after = from.checked_sub(1).map(|index| self.keys.entry_key(index));
            let page = self.store.scan(self.keys.entries(), after.as_deref(), limit).await?;
            let is_here = page.first().is_some_and(|pair| pair.key == self.keys.entry_key(from));
            if is_here {
                return self.records(from, page);
            }
            if from >= self.size().await? {
                return Ok(Vec::new());
            }
            // It left the store for a file, perhaps just now.
            let tiles = self.shown().tree.tiles().clone();
            if tiles.has(Tile::Entries { index: from / TILE_WIDTH as u64 }) {
                return self.shown().tree.prove(move |_| filed(&tiles, from, limit)).await;
            }
        }
        Err(StoreError::Corrupt.into())
    }

    /// The first leaf that was recorded at a moment or later; the size when there is none. Moments
    /// never go down along the ledger.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub async fn first_at(&self, at: Timestamp) -> Result<u64, LedgerError> {
        let (mut low, mut high) = (0, self.size().await?);
        while low < high {
            let middle = low.midpoint(high);
            let read = self.read(middle, 1).await?;
            let record = read.first().ok_or(StoreError::Corrupt)?;
            if record.recorded_at < at { low = middle.saturating_add(1) } else { high = middle }
        }
        Ok(low)
    }

    /// A receipt for a leaf that stands in the ledger, for who acts on it later: after a restart
    /// the one that was given with the append is gone.
    ///
    /// # Errors
    /// As [`Ledger::read`]; [`LedgerError::Misuse`] for an index behind the end.
    pub async fn receipt(&self, index: u64) -> Result<Receipt, LedgerError> {
        let found = self.read(index, 1).await?.into_iter().next();
        let found = found.ok_or(LedgerError::Misuse("no such leaf"))?;
        let Record { index, about, recorded_at, leaf } = found;
        Ok(Receipt::assertion(about, index, entry_hash(&about, recorded_at, &leaf), recorded_at))
    }

    fn records(&self, from: u64, page: Vec<Pair>) -> Result<Vec<Record>, LedgerError> {
        let records = (from..).zip(page).map(|(index, pair)| {
            let entry = self.keys.entry(index, pair)?;
            decode(index, &entry).ok_or(StoreError::Corrupt)
        });
        Ok(records.collect::<Result<_, _>>()?)
    }

    fn shown(&self) -> Shown {
        // It is replaced whole.
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until everything queued is committed, and lets go of the store.
    pub async fn close(self) {
        drop(self.requests);
        if self.sequencer.await.is_err() {
            tracing::error!("the ledger's sequencer ended in a panic");
        }
    }
}

/// Leaves that can be read: of a ledger that grows, or of one that lies still.
#[async_trait]
pub trait Leaves: Send + Sync {
    /// Number of leaves.
    ///
    /// # Errors
    /// Those of the store.
    async fn size(&self) -> Result<u64, LedgerError>;

    /// Leaves in order from an index on; none means that the end is reached.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError>;
}

#[async_trait]
impl Leaves for Ledger {
    async fn size(&self) -> Result<u64, LedgerError> {
        Self::size(self).await
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        Self::read(self, from, limit).await
    }
}

#[async_trait]
impl<L: Leaves + ?Sized> Leaves for Arc<L> {
    async fn size(&self) -> Result<u64, LedgerError> {
        self.as_ref().size().await
    }

    async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        self.as_ref().read(from, limit).await
    }
}

/// The hash of an entry in the tree: who has its parts makes sure that a proof is of them.
pub fn entry_hash(about: &Digest, recorded_at: Timestamp, leaf: &[u8]) -> Digest {
    leaf_hash(&encode(about, recorded_at, leaf))
}

/// A leaf takes the time of the one before it when the clock is behind that, and who is shown a
/// leaf of time to come refuses it: beyond what clocks may differ, nothing is appended.
fn not_ahead(last: Option<Timestamp>, now: Timestamp) -> Result<(), LedgerError> {
    match last {
        Some(last) if last > now.plus_ms(CLOCK_SKEW_MS_MAX) => Err(LedgerError::Ahead { last }),
        _ => Ok(()),
    }
}

fn only(mut receipts: Vec<Receipt>) -> Result<Receipt, LedgerError> {
    receipts.pop().ok_or(LedgerError::Closed)
}

/// The records of a bundle from an index on.
fn filed(tiles: &Tiles, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
    let bundle = from / TILE_WIDTH as u64;
    let damaged = LedgerError::Damaged(Tile::Entries { index: bundle });
    let first = bundle.saturating_mul(TILE_WIDTH as u64);
    let entries = (first..).zip(tiles.entries(bundle)?);
    let from = entries.skip_while(|(index, _)| *index < from).take(limit);
    from.map(|(index, entry)| decode(index, &entry).ok_or(damaged)).collect()
}

/// A state may not touch the keys of a ledger, and keeps to the limits of a batch.
fn check_state(state: &Batch) -> Result<(), LedgerError> {
    if state.touches(PREFIX) {
        return Err(LedgerError::Misuse("the state touches keys of the ledger"));
    }
    Ok(state.check()?)
}

impl Entry {
    fn check(&self) -> Result<(), LedgerError> {
        if self.leaf.len() > LEAF_BYTES_MAX {
            return Err(LedgerError::TooLarge("leaf"));
        }
        check_state(&self.state)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A leaf may speak of a person.
        write!(f, "Entry({}, …)", self.about)
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record({}, {}, …)", self.index, self.about)
    }
}

impl LedgerError {
    /// The stable reason. A conflict is the caller's to explain; unexplained it is "try again".
    pub fn reason(self) -> Reason {
        match self {
            Self::Store(error) => error.reason(),
            Self::Conflict { .. } | Self::Contended => Reason::Busy,
            Self::TooLarge(_) => Reason::TooLarge,
            Self::Misuse(_) | Self::Closed => Reason::Internal,
            Self::Fork => Reason::LedgerFork,
            Self::Ahead { .. } => Reason::ClockInvalid,
            Self::Damaged(_) => Reason::StoreCorrupt,
        }
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge(what) => Self::TooLarge(what),
            error => Self::Store(error),
        }
    }
}

#[cfg(test)]
mod tests;
