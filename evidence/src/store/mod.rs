//! The store: ordered bytes, an all-or-nothing commit with expectations, durable on return.
//!
//! Life of a commit in the embedded backend: the batch is checked against the limits and queued;
//! the one writer takes whatever queued during the previous commit, evaluates the batches one
//! after another, applies those that hold as one write, flushes, syncs the file, and only then
//! answers all of them. A reader never sees a write before it is durable.

mod batch;
mod capture;
#[cfg(test)]
mod conformance;
mod disk;
mod error;
#[cfg(any(test, feature = "testing"))]
pub mod faulty;
mod memory;
pub mod parts;
mod sled;
mod stamp;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::id::Oin;
use serde::{Deserialize, Serialize};

pub use self::batch::Batch;
pub use self::capture::{Capture, Change};
pub(crate) use self::disk::sync_folder;
pub use self::error::StoreError;
pub use self::memory::MemoryStore;
use self::sled::SledStore;
use crate::health::StoreHealth;

/// Ordered bytes that last.
///
/// What every backend promises, and what the conformance suite tries:
/// 1. A commit is all or nothing, and durable when it returns `Ok`.
/// 2. A batch runs in order: an expectation sees the writes that stand before it in the batch.
///    The first one that fails gives [`StoreError::Conflict`], and nothing of the batch is
///    written.
/// 3. Commits are serialisable, whichever process they come from. Nothing here assumes that one
///    process has the store to itself: whoever read first says so by an expectation.
/// 4. A read shows durable state only. One page of a scan is a snapshot; two pages are not.
/// 5. After any error but `Conflict` and `TooLarge` the write may or may not have landed. Read
///    before going on.
///
/// Dropping the future of a commit does not take the commit back.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// The value under a key.
    ///
    /// # Errors
    /// A [`StoreError`] when the store cannot be read.
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// One page of the pairs whose key begins with `prefix`, in order of their keys, beginning
    /// behind `after`. At most [`SCAN_PAGE_MAX`](crate::limits::SCAN_PAGE_MAX) pairs whatever
    /// `limit` says; fewer than both means that no more follow.
    ///
    /// # Errors
    /// A [`StoreError`] when the store cannot be read.
    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError>;

    /// Commits a batch: all or nothing, durable on return.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] for an expectation that does not hold, [`StoreError::TooLarge`]
    /// for a batch over a limit: nothing was written. Any other: see promise 5.
    async fn commit(&self, batch: Batch) -> Result<(), StoreError>;

    /// Captures what is committed from now on; one capture at a time. Every commit that a read from
    /// now on may show is in it, and none that failed.
    ///
    /// # Errors
    /// [`StoreError::InUse`] while somebody else captures.
    fn capture(&self) -> Result<Capture, StoreError>;

    /// How the store is doing.
    async fn health(&self) -> StoreHealth;
}

/// A key and its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Pair {
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys and values may speak of a person.
        f.write_str("Pair(…)")
    }
}

/// Which store to open.
#[derive(Debug, Clone)]
pub struct Config {
    /// The store's own folder; made when absent. Not used by the memory backend.
    pub path: PathBuf,
    /// Whose store it is.
    pub owner: Oin,
    /// Where the bytes are kept.
    pub backend: Backend,
}

/// Where the bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// In one folder of this machine.
    Sled,
    /// Nowhere: gone with the process. For tests.
    Memory,
}

/// Opens a store, or makes one in an empty folder.
///
/// The last `Arc` that goes waits for commits still queued and then lets go of the folder.
///
/// # Errors
/// A [`StoreError`] that names why the folder cannot be used; nothing in it was changed then.
pub async fn open(config: Config) -> Result<Arc<dyn Store>, StoreError> {
    match config.backend {
        Backend::Memory => {
            let store = MemoryStore::default();
            stamp::hold(&store, &config.owner).await?;
            Ok(Arc::new(store))
        }
        Backend::Sled => {
            let store = SledStore::open(config.path).await?;
            stamp::hold(&store, &config.owner).await?;
            store.mark_made()?;
            Ok(Arc::new(store))
        }
    }
}
