//! The embedded backend: sled behind a durable commit.
//!
//! sled's own flush is not an fsync on Linux (measured; protocol, section 4). Therefore: one
//! writer, `apply_batch`, `flush`, then fdatasync of sled's file, and only then an answer. What
//! sled would put into blob files it never syncs, so that there may be none.

mod writer;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::spawn_blocking;

use self::writer::{Job, Writer};
use super::capture::{Capture, Captures};
use super::disk::{Disk, Folder, SystemDisk, holds_anything, sync_folder};
use super::memory::page_start;
use super::{Batch, Pair, Store, StoreError};
use crate::health::StoreHealth;
use crate::limits::{
    CACHE_BYTES, FREE_BYTES_MIN, QUEUE_KIB_MAX, QUEUE_MAX, SCAN_PAGE_MAX, SLED_OPEN_PAUSE,
    SLED_OPEN_TRIES_MAX,
};

/// A store in one folder of this machine.
pub(super) struct SledStore {
    shared: Arc<Shared>,
    /// `None` only while dropping: a closed queue is how the writer learns that it may go.
    jobs: Option<mpsc::Sender<Job>>,
    /// KiB of batches that may still queue.
    room: Arc<Semaphore>,
    writer: Option<JoinHandle<()>>,
}

/// What the writer and the readers share.
struct Shared {
    db: ::sled::Db,
    /// sled's own file, opened once more: syncing any descriptor syncs the file.
    file: File,
    blobs: PathBuf,
    disk: Box<dyn Disk>,
    /// Durable values of the keys that the commit under way overwrites. The writer sets it before
    /// it applies and clears it once the write is durable; readers look here first. After a write
    /// that failed it stays, so that nobody reads what may not be there after a restart.
    before: RwLock<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    /// Who captures what is committed. The writer adds to it while it holds `before`.
    captures: Captures,
    /// The first write that failed. The writer sets it, and from then on refuses every commit.
    failed: OnceLock<StoreError>,
    /// Last, so that the folder is free only after sled has closed.
    folder: Folder,
}

impl SledStore {
    /// Opens the store in a folder, or makes one.
    pub(super) async fn open(path: PathBuf) -> Result<Self, StoreError> {
        let disk = Box::new(SystemDisk::below(&path));
        Self::open_on(path, disk).await
    }

    async fn open_on(path: PathBuf, disk: Box<dyn Disk>) -> Result<Self, StoreError> {
        // sled panics on some kinds of damage; the task catches that.
        let opened = spawn_blocking(move || Shared::open(path, disk)).await;
        Self::start(opened.map_err(|_| StoreError::Corrupt)??)
    }

    fn start(shared: Shared) -> Result<Self, StoreError> {
        let shared = Arc::new(shared);
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let writer = Writer::new(Arc::clone(&shared), queue);
        let writer =
            std::thread::Builder::new().name("store-writer".into()).spawn(move || writer.run())?;
        let room = Arc::new(Semaphore::new(QUEUE_KIB_MAX));
        Ok(Self { shared, jobs: Some(jobs), room, writer: Some(writer) })
    }

    /// Notes that a store was made in this folder, so that its loss would be noticed.
    pub(super) fn mark_made(&self) -> Result<(), StoreError> {
        self.shared.folder.mark_made()?;
        sync_folder(self.shared.folder.path())
    }

    /// Why commits are refused for good, if they are.
    fn failure(&self) -> Option<StoreError> {
        let gone = self.writer.as_ref().is_none_or(JoinHandle::is_finished);
        let stopped = gone.then_some(StoreError::Unwritable(io::ErrorKind::BrokenPipe));
        self.shared.failed.get().copied().or(stopped)
    }

    /// What a caller hears whose answer never came.
    fn lost(&self) -> StoreError {
        self.failure().unwrap_or(StoreError::Unwritable(io::ErrorKind::BrokenPipe))
    }
}

#[async_trait]
impl Store for SledStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        // Microseconds from the page cache: cheaper here than on another thread.
        self.shared.durable(key)
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        let page = spawn_blocking(move || {
            shared.durable_page(&prefix, after.as_deref(), limit.min(SCAN_PAGE_MAX))
        });
        page.await.map_err(|_| StoreError::Corrupt)?
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        let jobs = self.jobs.as_ref().ok_or_else(|| self.lost())?;
        let kib = u32::try_from(batch.bytes() / 1024 + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await;
        let (reply, answer) = oneshot::channel();
        let job = Job { batch, reply, _room: room.map_err(|_| self.lost())? };
        jobs.send(job).await.map_err(|_| self.lost())?;
        answer.await.unwrap_or_else(|_| Err(self.lost()))
    }

    fn capture(&self) -> Result<Capture, StoreError> {
        self.shared.captures.begin()
    }

    async fn health(&self) -> StoreHealth {
        let free_bytes = self.shared.disk.free_bytes().ok();
        let full = free_bytes.is_some_and(|free| free < FREE_BYTES_MIN);
        let problem = self.failure().or(full.then_some(StoreError::Full));
        StoreHealth {
            backend: "sled",
            writable: problem.is_none(),
            reason: problem.map(StoreError::reason),
            free_bytes,
            used_bytes: self.shared.db.size_on_disk().ok(),
        }
    }
}

impl fmt::Debug for SledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // sled's own Debug would print every pair.
        f.debug_struct("SledStore").field("failed", &self.shared.failed).finish_non_exhaustive()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // The writer finishes what is queued; only then may the folder be free for another.
        self.jobs = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

impl Shared {
    fn open(path: PathBuf, disk: Box<dyn Disk>) -> Result<Self, StoreError> {
        let folder = Folder::take(path)?;
        let inner = folder.path().join("sled");
        let blobs = inner.join("blobs");
        refuse_blobs(&blobs)?;
        let config =
            ::sled::Config::new().path(&inner).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        let db = open_sled(&config)?;
        if folder.is_made()? && db.is_empty() {
            return Err(StoreError::Corrupt);
        }
        let file = settle(folder.path(), &inner)?;
        let (before, failed) = (RwLock::default(), OnceLock::new());
        let captures = Captures::default();
        Ok(Self { db, file, blobs, disk, before, captures, failed, folder })
    }

    /// The durable value under a key.
    fn durable(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let before = self.before();
        match before.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.applied(key),
        }
    }

    /// The value under a key as the writer sees it, durable or not yet.
    fn applied(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key)?.map(|value| value.to_vec()))
    }

    fn durable_page(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        // Held over the whole page: that is what makes it a snapshot. The writer needs it only
        // for a moment before and after a commit, not during one.
        let before = self.before();
        let start = page_start(prefix, after);
        let mut page = Vec::new();
        for pair in self.db.range::<&[u8], _>((start, Bound::Unbounded)) {
            let (key, value) = pair?;
            if !key.starts_with(prefix) || page.len() == limit {
                break;
            }
            if !before.contains_key(key.as_ref()) {
                page.push(Pair { key: key.to_vec(), value: value.to_vec() });
            }
        }
        let kept = before
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter_map(|(key, value)| Some((key, value.as_ref()?)));
        page.extend(kept.map(|(key, value)| Pair { key: key.clone(), value: value.clone() }));
        page.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        page.truncate(limit);
        Ok(page)
    }

    fn before(&self) -> RwLockReadGuard<'_, BTreeMap<Vec<u8>, Option<Vec<u8>>>> {
        // The map is replaced whole, so that a panic cannot leave half of one.
        self.before.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens sled, waiting for one that this folder's previous holder has closed.
///
/// sled finishes on threads of its own and keeps its own lock until then, a little longer than
/// its last handle lives. The folder is ours already, so that nobody else can be the holder.
fn open_sled(config: &::sled::Config) -> Result<::sled::Db, StoreError> {
    for _ in 1..SLED_OPEN_TRIES_MAX {
        match config.open() {
            Err(::sled::Error::Io(error)) if error.kind() == io::ErrorKind::Other => {
                std::thread::sleep(SLED_OPEN_PAUSE);
            }
            opened => return Ok(opened?),
        }
    }
    Ok(config.open()?)
}

/// Fails when sled has put anything into a blob file.
fn refuse_blobs(blobs: &Path) -> Result<(), StoreError> {
    if holds_anything(blobs)? { Err(StoreError::Corrupt) } else { Ok(()) }
}

/// Makes everything that sled created while opening last, and opens its file for later syncs.
fn settle(folder: &Path, inner: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new().read(true).write(true).open(inner.join("db"))?;
    file.sync_all()?;
    File::open(inner.join("conf"))?.sync_all()?;
    sync_folder(&inner.join("blobs"))?;
    sync_folder(inner)?;
    sync_folder(folder)?;
    folder.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
