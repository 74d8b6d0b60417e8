//! Putting a backup back.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use grondslag_core::checkpoint::{Checkpoint, Origin};
use grondslag_core::id::Oin;
use grondslag_core::seal::SealSecret;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::format::{Header, Record};
use super::read::Records;
use super::{BackupError, at};
use crate::audit::LEDGERS;
use crate::generation::{self, Restored};
use crate::ledger::audit::{Against, Still, names};
use crate::ledger::{Tile, Tiles};
use crate::limits::{BACKUP_QUEUE_MAX, RESTORE_BYTES_MAX, RESTORE_ROWS_MAX};
use crate::store::{self, Backend, Batch, Store, StoreError, sync_folder};

/// Where a backup is put back, and what it is held against.
pub struct Place<'a> {
    /// The store's folder: absent or empty.
    pub folder: &'a Path,
    /// Whose store it is.
    pub oin: &'a Oin,
    /// What a ledger of this name is called in its checkpoints.
    pub origin: &'a (dyn Fn(&str) -> Option<Origin> + Sync),
    /// Keys on the party's card: the one of now, and the one before.
    pub keys: &'a [[u8; 32]],
}

/// A backup that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Put {
    /// What it said of itself.
    pub header: Header,
    /// Rows, changes and tiles.
    pub records: u64,
    /// How many leaves each ledger has.
    pub ledgers: BTreeMap<String, u64>,
}

/// Puts a backup back; `progress` is told how many bytes were read since it was told last. Until
/// new ledgers are begun ([`generation`]) nothing may serve from there.
///
/// # Errors
/// [`BackupError`]; the folder is as it was then.
pub async fn restore(
    file: &Path,
    secret: &SealSecret,
    into: Place<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Put, BackupError> {
    let records = Records::open(file, secret, into.keys)?;
    let header = records.header().clone();
    if header.oin != *into.oin {
        return Err(BackupError::Foreign(header.oin));
    }
    must_be_empty(into.folder)?;
    let beside = Beside::make(into.folder)?;
    let put = fill(records, &beside.0, (&into, &header), progress).await;
    let (records, ledgers) = put?;
    beside.rename(into.folder)?;
    Ok(Put { header, records, ledgers })
}

/// Writes rows and tiles, walks the ledgers and marks the store.
async fn fill(
    mut records: Records,
    folder: &Path,
    (into, header): (&Place<'_>, &Header),
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(u64, BTreeMap<String, u64>), BackupError> {
    let (sender, mut queue) = mpsc::channel(BACKUP_QUEUE_MAX);
    let reader = spawn_blocking(move || -> Result<(), BackupError> {
        while let Some(record) = records.next()? {
            if sender.blocking_send(record).is_err() {
                break;
            }
        }
        Ok(())
    });
    let config =
        store::Config { path: folder.to_owned(), owner: into.oin.clone(), backend: Backend::Sled };
    let store = store::open(config.clone()).await?;
    let mut putting = Putting { store: Arc::clone(&store), folder, batch: Batch::new(), count: 0 };
    let mut failed = None;
    while let Some(record) = queue.recv().await {
        let bytes = record.bytes();
        if let Err(error) = putting.put(record).await {
            failed = Some(error);
            break;
        }
        progress(bytes);
    }
    drop(queue);
    // Why it could not be read comes before what followed from that.
    reader.await.map_err(|_| StoreError::Corrupt)??;
    failed.map_or(Ok(()), Err)?;
    putting.commit().await?;
    let count = putting.count;
    drop(putting);
    drop(store);
    // Opened anew, so that the stamp that was put back is held against this version and owner.
    let store = store::open(config).await?;
    let ledgers = walk(&store, folder, into, header).await?;
    let restored = Restored { at: header.at, ledgers: ledgers.clone() };
    store.commit(generation::mark(Batch::new(), &restored)?).await?;
    Ok((count, ledgers))
}

/// Holds every ledger against itself and against the head that the backup names: a ledger that is
/// not there, or shorter, is found by no walk.
pub(super) async fn walk(
    store: &Arc<dyn Store>,
    folder: &Path,
    into: &Place<'_>,
    header: &Header,
) -> Result<BTreeMap<String, u64>, BackupError> {
    let said = header.ledgers.iter().map(|one| (one.name.as_str(), one.head.checkpoint()));
    let mut said: BTreeMap<_, _> = said.collect();
    let mut ledgers = BTreeMap::new();
    for name in names(store.as_ref()).await? {
        let tiles = Tiles::folder(folder.join(LEDGERS).join(&name));
        let still = Still::open(Arc::clone(store), tiles, &name).await?;
        let origin = (into.origin)(&name).ok_or(StoreError::Corrupt)?;
        let head = said.remove(name.as_str());
        let sizes = head.iter().map(|head| head.size).filter(|size| *size > 0).collect();
        let against = Against { origin: &origin, keys: into.keys, sizes: &sizes };
        let walked = still.walk(against, &|_| {}).await?;
        if walked.findings.count() > 0 {
            return Err(BackupError::DoesNotHold(walked.findings));
        }
        let is_there =
            |head: &Checkpoint| head.size == 0 || walked.roots.get(&head.size) == Some(&head.root);
        if head.is_some_and(|head| !is_there(head)) {
            return Err(BackupError::NotAsSaid(name));
        }
        ledgers.insert(name, still.len());
    }
    if let Some(absent) = said.into_keys().next() {
        return Err(BackupError::NotAsSaid(absent.to_owned()));
    }
    if ledgers.is_empty() { Err(BackupError::NoLedger) } else { Ok(ledgers) }
}

/// What is put back, and how far.
struct Putting<'a> {
    store: Arc<dyn Store>,
    folder: &'a Path,
    batch: Batch,
    count: u64,
}

impl Putting<'_> {
    async fn put(&mut self, record: Record) -> Result<(), BackupError> {
        let batch = std::mem::take(&mut self.batch);
        match record {
            Record::Put(key, value) => self.batch = batch.put(key, value),
            Record::Delete(key) => self.batch = batch.delete(key),
            Record::Tile(path, bytes) => {
                self.batch = batch;
                self.tile(&path, bytes).await?;
            }
            Record::End(_) => {
                self.batch = batch;
                return Ok(());
            }
        }
        self.count = self.count.saturating_add(1);
        if self.batch.len() >= RESTORE_ROWS_MAX || self.batch.bytes() >= RESTORE_BYTES_MAX {
            self.commit().await?;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), BackupError> {
        Ok(self.store.commit(std::mem::take(&mut self.batch)).await?)
    }

    /// Puts a tile back; a path that is none of a ledger's goes nowhere.
    async fn tile(&self, path: &[u8], bytes: Vec<u8>) -> Result<(), BackupError> {
        let path = std::str::from_utf8(path).map_err(|_| BackupError::Unopened)?;
        let (name, within) = path.split_once('/').ok_or(BackupError::Unopened)?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let tile = Tile::at(Path::new(within)).filter(|_| name.bytes().all(plain));
        let tile = tile.ok_or(BackupError::Unopened)?;
        let tiles = Tiles::folder(self.folder.join(LEDGERS).join(name));
        let written = spawn_blocking(move || tiles.write(tile, &bytes)).await;
        Ok(written.map_err(|_| StoreError::Corrupt)??)
    }
}

impl Record {
    /// How much of a backup it is, about.
    fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Put(name, content) | Self::Tile(name, content) => name.len() + content.len(),
            Self::Delete(name) => name.len(),
            Self::End(_) => 0,
        };
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// A folder beside the one that is to be; removed unless it got that name. A lock beside it is
/// held as long: of two restores into one folder the second takes nothing from the first.
struct Beside(PathBuf, #[expect(dead_code, reason = "held, and let go of at the end")] File);

impl Beside {
    fn make(folder: &Path) -> Result<Self, BackupError> {
        let name = folder.file_name().ok_or_else(|| BackupError::NotEmpty(folder.to_owned()))?;
        let [mut name, mut lock] = [name.to_owned(), name.to_owned()];
        name.push(".restoring");
        lock.push(".restoring.lock");
        let lock = folder.with_file_name(lock);
        if let Some(parent) = lock.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        let held = File::create(&lock).map_err(at(&lock))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse.into()),
            Err(TryLockError::Error(error)) => return Err(at(&lock)(error)),
        }
        let beside = Self(folder.with_file_name(name), held);
        // What a restore that was cut short left: nobody served from it.
        remove(&beside.0).map_err(at(&beside.0))?;
        fs::create_dir_all(&beside.0).map_err(at(&beside.0))?;
        Ok(beside)
    }

    fn rename(self, folder: &Path) -> Result<(), BackupError> {
        sync_folder(&self.0)?;
        match fs::remove_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(folder)(error)),
            Ok(()) | Err(_) => {}
        }
        fs::rename(&self.0, folder).map_err(at(folder))?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent)?;
        }
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = remove(&self.0);
    }
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn must_be_empty(folder: &Path) -> Result<(), BackupError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::NotEmpty(folder.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at(folder)(error)),
    }
}
