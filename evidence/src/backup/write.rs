//! Making a backup of a store that is in use.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::seal::{FileSealer, SealKey};
use rand_core::UnwrapErr;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::format::{Header, MAGIC, Record, Running, WHAT};
use super::{BackupError, EXTENSION, UNFINISHED, at};
use crate::ledger::{Tile, Tiles, filed_bundles, filed_in, heads};
use crate::limits::{BACKUP_NAMES_MAX, BACKUP_PART_BYTES, BACKUP_QUEUE_MAX, SCAN_PAGE_MAX};
use crate::store::{Change, Store, StoreError, sync_folder};

/// What is backed up, and where to.
#[derive(Debug)]
pub struct Means<'a> {
    /// What the process is, such as `broker`.
    pub process: &'a str,
    /// Whose it is.
    pub oin: &'a Oin,
    /// The store, in use or not.
    pub store: &'a dyn Store,
    /// Where the tiles of its ledgers stand; none beside a store in memory.
    pub tiles: Option<&'a Path>,
    /// Who may open it.
    pub key: &'a SealKey,
    /// What the party signs it with.
    pub signer: &'a SigningKey,
    /// Folder for the file.
    pub folder: &'a Path,
    /// The present moment.
    pub at: Timestamp,
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Rows, changes and tiles in it.
    pub records: u64,
    /// What it says of itself.
    pub header: Header,
}

/// Makes a backup; `progress` is told how many bytes were gathered since it was told last.
///
/// # Errors
/// [`BackupError`]; nothing is left of the file then.
pub async fn write(
    means: Means<'_>,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Written, BackupError> {
    let capture = means.store.capture()?;
    let header = Header {
        process: means.process.to_owned(),
        oin: means.oin.clone(),
        at: means.at,
        ledgers: heads(means.store).await?,
    };
    let mut bundles = filed_bundles(means.store).await?;
    let mut sink = Sink::open(&means, &header, progress)?;
    let gathered = async {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = means.store.scan(b"", after.as_deref(), SCAN_PAGE_MAX).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for pair in page {
                sink.put(Record::Put(pair.key, pair.value)).await?;
            }
        }
        // From here on a page and what was captured are of one moment.
        let changes = capture.end()?;
        for Change { key, value } in changes {
            bundles.extend(filed_in(&key, value.as_deref()));
            let record = match value {
                Some(value) => Record::Put(key, value),
                None => Record::Delete(key),
            };
            sink.put(record).await?;
        }
        for (name, bundles) in bundles {
            tiles(means.tiles, &name, bundles, &mut sink).await?;
        }
        Ok::<(), BackupError>(())
    };
    let gathered = gathered.await;
    sink.close(gathered, header).await
}

/// Adds the tiles of a ledger with so many full bundles.
async fn tiles(
    folder: Option<&Path>,
    name: &str,
    bundles: u64,
    sink: &mut Sink<'_>,
) -> Result<(), BackupError> {
    let Some(folder) = folder else { return Ok(()) };
    let tiles = Arc::new(Tiles::folder(folder.join(name)));
    for tile in Tile::of_bundles(bundles) {
        let from = Arc::clone(&tiles);
        let bytes = spawn_blocking(move || from.bytes(tile)).await;
        let bytes = bytes.map_err(|_| StoreError::Corrupt)??;
        let path = format!("{name}/{}", tile.path().display());
        sink.put(Record::Tile(path.into_bytes(), bytes)).await?;
    }
    Ok(())
}

/// Where records go: a thread of its own seals and writes them.
struct Sink<'a> {
    records: Option<mpsc::Sender<Record>>,
    writer: Option<JoinHandle<Result<u64, BackupError>>>,
    count: u64,
    progress: &'a (dyn Fn(u64) + Sync),
    new: PathBuf,
    file: PathBuf,
}

impl<'a> Sink<'a> {
    fn open(
        means: &Means<'_>,
        header: &Header,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Result<Self, BackupError> {
        fs::create_dir_all(means.folder).map_err(at(means.folder))?;
        let (new, file) = names(means)?;
        let mut rng = UnwrapErr(getrandom::SysRng);
        let about = (WHAT, header.digest());
        let sealer = FileSealer::new(means.key, about, BACKUP_PART_BYTES, &mut rng)
            .map_err(|_| BackupError::Key(means.folder.to_owned()))?;
        let mut options = OpenOptions::new();
        let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&new);
        let opened = opened.map_err(at(&new))?;
        let (records, queue) = mpsc::channel(BACKUP_QUEUE_MAX);
        let (path, head) = (new.clone(), header.canonical());
        let (running, signer) = (Running::new(header.digest()), means.signer.clone());
        let writer = spawn_blocking(move || {
            let file = BufWriter::new(opened);
            let mut sealing = Sealing { sealer, running, file, bytes: 0 };
            sealing.all(&head, queue, &signer).map_err(at(&path))
        });
        let (records, writer) = (Some(records), Some(writer));
        Ok(Self { records, writer, count: 0, progress, new, file })
    }

    async fn put(&mut self, record: Record) -> Result<(), BackupError> {
        let bytes = match &record {
            Record::Put(name, content) | Record::Tile(name, content) => name.len() + content.len(),
            Record::Delete(name) => name.len(),
            Record::End(_) => 0,
        };
        let sent = match &self.records {
            Some(records) => records.send(record).await.is_ok(),
            None => false,
        };
        if !sent {
            // The writer says why when it is asked for its end.
            return Err(BackupError::Unopened);
        }
        self.count = self.count.saturating_add(1);
        (self.progress)(u64::try_from(bytes).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Gives the file its name, or removes what there is of it.
    async fn close(
        mut self,
        gathered: Result<(), BackupError>,
        header: Header,
    ) -> Result<Written, BackupError> {
        let count = self.count;
        let gathered = match gathered {
            Ok(()) => self.put(Record::End(count)).await,
            failed => failed,
        };
        self.records = None;
        let written = match self.writer.take() {
            Some(writer) => writer.await.map_err(|_| StoreError::Corrupt)?,
            None => Err(BackupError::Unopened),
        };
        // Why the disk took no more counts before that nobody took more.
        let bytes = written?;
        gathered?;
        fs::rename(&self.new, &self.file).map_err(at(&self.file))?;
        if let Some(folder) = self.file.parent() {
            sync_folder(folder)?;
        }
        Ok(Written { file: self.file.clone(), bytes, records: count, header })
    }
}

impl Drop for Sink<'_> {
    fn drop(&mut self) {
        // Gone already when it got its name.
        let _ = fs::remove_file(&self.new);
    }
}

struct Sealing {
    sealer: FileSealer,
    running: Running,
    file: BufWriter<File>,
    bytes: u64,
}

impl Sealing {
    /// Writes header and records to the end, and makes them last.
    fn all(
        &mut self,
        head: &[u8],
        mut queue: mpsc::Receiver<Record>,
        signer: &SigningKey,
    ) -> std::io::Result<u64> {
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_be_bytes();
        for bytes in [MAGIC, &length, head] {
            self.plain(bytes)?;
        }
        let mut waiting = Vec::new();
        while let Some(record) = queue.blocking_recv() {
            record.encode(&mut waiting);
            // What fills a part exactly may be the last: it waits for more.
            while waiting.len() > self.sealer.room() {
                let content: Vec<u8> = waiting.drain(..self.sealer.room()).collect();
                self.part(&content, false)?;
            }
        }
        self.part(&waiting, true)?;
        self.plain(&self.running.sign(signer))?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(self.bytes)
    }

    fn part(&mut self, content: &[u8], last: bool) -> std::io::Result<()> {
        let sealed = self.sealer.part(content, last).map_err(std::io::Error::other)?;
        self.running.add(&sealed);
        self.plain(&sealed)
    }

    fn plain(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(0));
        self.file.write_all(bytes)
    }
}

/// The name that the file gets, and the one that it has until then.
fn names(means: &Means<'_>) -> Result<(PathBuf, PathBuf), BackupError> {
    let moment: String = means.at.to_string().chars().filter(char::is_ascii_alphanumeric).collect();
    for number in 1..=BACKUP_NAMES_MAX {
        let name = format!("{}-{moment}-{number:03}", means.process);
        let file = means.folder.join(&name).with_extension(EXTENSION);
        if !file.exists() {
            return Ok((means.folder.join(name).with_extension(UNFINISHED), file));
        }
    }
    Err(BackupError::NotEmpty(means.folder.to_owned()))
}
