//! The ledger: an ordered, durable list of leaves.
//!
//! A leaf is what happened, in canonical bytes; the state that it is the evidence of is committed
//! in the same batch. Life of a leaf: [`Ledger::append`] queues it; the one sequencer takes
//! whatever queued during the previous commit, numbers it, commits leaves and states as one batch
//! that expects the ledger's size to be what it was, and answers each caller with a [`Receipt`].
//! An entry whose state meets a conflict is taken out and the rest goes on without it.
//!
//! The hash of a leaf is that of RFC 6962, so that the Merkle form fits the leaves that exist.

mod keys;
mod receipt;
mod sequencer;

use std::fmt;
use std::sync::Arc;

use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use self::keys::{Keys, PREFIX};
pub use self::receipt::Receipt;
use self::sequencer::{Cost, Request, Sequencer};
use crate::limits::{LEAF_BYTES_MAX, QUEUE_MAX, SCAN_PAGE_MAX};
use crate::store::{Batch, Store, StoreError};

/// A ledger in a store. One value per name and process; share it by `Arc`.
#[derive(Debug)]
pub struct Ledger {
    store: Arc<dyn Store>,
    keys: Keys,
    requests: mpsc::Sender<Request>,
    sequencer: JoinHandle<()>,
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
    /// A state may not touch the keys of a ledger; nothing was written.
    #[error("the state touches keys of the ledger")]
    Reserved,
    /// Other processes kept moving the ledger; nothing was written.
    #[error("other processes kept moving the ledger")]
    Contended,
    /// The sequencer has stopped, as it does when the process ends.
    #[error("the ledger is closed")]
    Closed,
    /// A ledger's name is 1 to 32 characters of `a-z`, `0-9` and `-`.
    #[error("not a name for a ledger")]
    Name,
}

impl Ledger {
    /// Opens a ledger, or begins one, and starts its sequencer on the current runtime.
    ///
    /// # Errors
    /// [`LedgerError::Name`], or what the store or a damaged ledger gives.
    pub async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        name: &str,
    ) -> Result<Self, LedgerError> {
        let keys = Keys::of(name)?;
        let (requests, queue) = mpsc::channel(QUEUE_MAX);
        let sequencer = Sequencer::open(Arc::clone(&store), clock, keys.clone(), queue).await?;
        let sequencer = tokio::spawn(sequencer.run());
        Ok(Self { store, keys, requests, sequencer })
    }

    /// Appends a leaf together with its state change; durable when it returns.
    ///
    /// Dropping the future does not take the entry back.
    ///
    /// # Errors
    /// A [`LedgerError`]; after [`LedgerError::Store`] the leaf may nevertheless be there.
    pub async fn append(&self, entry: Entry) -> Result<Receipt, LedgerError> {
        let mut receipts = self.append_many(vec![entry]).await?;
        receipts.pop().ok_or(LedgerError::Closed)
    }

    /// Appends leaves next to each other, all or none; at most
    /// [`APPEND_MAX`](crate::limits::APPEND_MAX). A receipt for each, in the same order.
    ///
    /// # Errors
    /// As [`Ledger::append`]; a conflict of one entry refuses them all.
    pub async fn append_many(&self, entries: Vec<Entry>) -> Result<Vec<Receipt>, LedgerError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        entries.iter().try_for_each(Entry::check)?;
        let (reply, answer) = oneshot::channel();
        let request = Request { entries, reply };
        if !Cost::of(&request).fits() {
            return Err(LedgerError::TooLarge("append"));
        }
        self.requests.send(request).await.map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }

    /// Number of leaves that are durable now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn size(&self) -> Result<u64, LedgerError> {
        Ok(self.keys.size(self.store.as_ref()).await?)
    }

    /// Leaves in order from an index on: at most
    /// [`SCAN_PAGE_MAX`](crate::limits::SCAN_PAGE_MAX) and at most `limit`; fewer than both means
    /// that the end is reached.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a gap or an unreadable leaf; else those of the store.
    pub async fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, LedgerError> {
        let after = from.checked_sub(1).map(|index| self.keys.entry_key(index));
        let limit = limit.min(SCAN_PAGE_MAX);
        let page = self.store.scan(self.keys.entries(), after.as_deref(), limit).await?;
        let records = (from..).zip(&page).map(|(index, pair)| self.keys.record(index, pair));
        Ok(records.collect::<Result<_, _>>()?)
    }

    /// Waits until everything queued is committed, and lets go of the store.
    pub async fn close(self) {
        drop(self.requests);
        if self.sequencer.await.is_err() {
            tracing::error!("the ledger's sequencer ended in a panic");
        }
    }
}

/// The leaf hash of RFC 6962: SHA-256 of a zero byte and the leaf.
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::new(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

impl Entry {
    fn check(&self) -> Result<(), LedgerError> {
        if self.leaf.len() > LEAF_BYTES_MAX {
            return Err(LedgerError::TooLarge("leaf"));
        }
        if self.state.touches(PREFIX) {
            return Err(LedgerError::Reserved);
        }
        Ok(self.state.check()?)
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
            Self::Reserved | Self::Closed | Self::Name => Reason::Internal,
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
