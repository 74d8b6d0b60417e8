//! Looking into the store of a stopped process, or a copy of it, without changing a byte of it.
//!
//! sled cannot be opened for reading alone: it writes when it recovers its end, and the store's
//! own stamp is written when it is absent. So the store is copied into a folder of the caller's
//! and the copy is opened; tiles never change and are read where they stand. The lock of the
//! original is held, shared, as long as the value lives: nobody can start on it meanwhile.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use grondslag_core::card::SignedCard;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Oin;
use tokio::task::spawn_blocking;

use crate::ledger::audit::{Still, names};
use crate::ledger::{LedgerError, Tiles};
use crate::limits::{LEDGERS_MAX, SCAN_PAGE_MAX};
use crate::store::parts::read_body;
use crate::store::{self, Backend, Store, StoreError};

/// Where the tiles of a store's ledgers stand, below the store's folder.
pub const LEDGERS: &str = "ledger";

/// A store that lies still.
#[derive(Debug)]
pub struct Copied {
    store: Arc<dyn Store>,
    folder: PathBuf,
    /// None where a process has it.
    _lock: Option<File>,
}

/// A head of a log as it is kept in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptHead {
    /// The key it stands under.
    pub place: String,
    /// The head; nothing when what stands there is none.
    pub head: Option<SignedCheckpoint>,
}

/// An agency card as it is kept in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCard {
    /// The key it stands under.
    pub place: String,
    /// The card; nothing when what stands there is none.
    pub card: Option<SignedCard>,
}

/// Every agency card in a store, whose keys begin with this and whose bodies `read` reads.
///
/// # Errors
/// Those of the store; a card that cannot be read is none.
pub async fn kept_cards(
    store: &dyn Store,
    prefix: &[u8],
    read: impl Fn(&[u8]) -> Option<SignedCard>,
) -> Result<Vec<KeptCard>, StoreError> {
    let mut cards = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(prefix, after.as_deref(), SCAN_PAGE_MAX).await?;
        for pair in &page {
            let card = match read_body(store, &pair.key).await {
                // It went since the page was read.
                Ok(None) => continue,
                Ok(Some(body)) => read(&body),
                Err(StoreError::Corrupt) => None,
                Err(error) => return Err(error),
            };
            let place = String::from_utf8_lossy(&pair.key).into_owned();
            cards.push(KeptCard { place, card });
        }
        match page.last() {
            Some(last) if page.len() >= SCAN_PAGE_MAX => after = Some(last.key.clone()),
            _ => return Ok(cards),
        }
    }
}

/// A store could not be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CopyError {
    /// There is no store in the folder.
    #[error("there is no store in this folder")]
    NotAStore,
    /// Something else than files and folders stands in it: a link leads out of the folder, and a
    /// pipe has no end.
    #[error("something else than files and folders stands in this store")]
    Irregular,
    /// It cannot be read; [`StoreError::InUse`] when a process has it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Copied {
    /// Copies a store into an empty folder, and opens the copy.
    ///
    /// # Errors
    /// [`CopyError`].
    pub async fn take(folder: &Path, into: &Path, owner: &Oin) -> Result<Self, CopyError> {
        let (from, to) = (folder.to_owned(), into.to_owned());
        let copied = spawn_blocking(move || copy(&from, &to)).await;
        let lock = copied.map_err(|_| StoreError::Corrupt)??;
        Self::open(folder, into, owner, Some(lock)).await
    }

    /// The same, of a process that may be running. A copy counts only if nobody wrote to the store
    /// while it was made: it is then what a power cut at that moment would have left, and a store
    /// survives that. One that is written to all the time stays in use.
    ///
    /// # Errors
    /// [`CopyError`].
    pub async fn take_running(folder: &Path, into: &Path, owner: &Oin) -> Result<Self, CopyError> {
        let (from, to) = (folder.to_owned(), into.to_owned());
        let copied = spawn_blocking(move || match copy(&from, &to) {
            Err(CopyError::Store(StoreError::InUse)) => running::copy(&from, &to).map(|()| None),
            copied => copied.map(Some),
        });
        let lock = copied.await.map_err(|_| StoreError::Corrupt)??;
        Self::open(folder, into, owner, lock).await
    }

    async fn open(
        folder: &Path,
        into: &Path,
        owner: &Oin,
        lock: Option<File>,
    ) -> Result<Self, CopyError> {
        let (path, owner) = (into.to_owned(), owner.clone());
        let store = store::open(store::Config { path, owner, backend: Backend::Sled }).await?;
        Ok(Self { store, folder: folder.to_owned(), _lock: lock })
    }

    /// The copy. What is written to it changes nothing of the original.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Whether there are more ledgers, or folders of them, than a store has: the last by their
    /// names are then not looked into.
    ///
    /// # Errors
    /// Those of store and disk.
    pub async fn is_crowded(&self) -> Result<bool, LedgerError> {
        Ok(self.names().await?.len() > LEDGERS_MAX)
    }

    /// Every ledger that has keys in the store or a folder of tiles, in order of their names, up
    /// to a bound.
    ///
    /// # Errors
    /// Those of store and disk.
    pub async fn ledgers(&self) -> Result<Vec<Still>, LedgerError> {
        let mut ledgers = Vec::new();
        for name in self.names().await?.into_iter().take(LEDGERS_MAX) {
            match self.ledger(&name).await {
                Ok(ledger) => ledgers.push(ledger),
                Err(LedgerError::Misuse(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ledgers)
    }

    /// One ledger of the store.
    ///
    /// # Errors
    /// As [`Still::open`].
    pub async fn ledger(&self, name: &str) -> Result<Still, LedgerError> {
        let tiles = Tiles::folder(self.folder.join(LEDGERS).join(name));
        Still::open(Arc::clone(&self.store), tiles, name).await
    }

    async fn names(&self) -> Result<Vec<String>, LedgerError> {
        let mut names = names(self.store.as_ref()).await?;
        names.extend(self.folders().map_err(StoreError::from)?);
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn folders(&self) -> io::Result<Vec<String>> {
        match fs::read_dir(self.folder.join(LEDGERS)) {
            Ok(entries) => {
                let names = entries.take(LEDGERS_MAX + 1).map(|entry| Ok(entry?.file_name()));
                let names = names.collect::<io::Result<Vec<_>>>()?;
                Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// Copies what sled needs, and gives the lock of the original.
fn copy(from: &Path, to: &Path) -> Result<File, CopyError> {
    if !is_plain(&from.join("lock"), fs::FileType::is_file)
        || !is_plain(&from.join("sled"), fs::FileType::is_dir)
        || !is_plain(&from.join("sled").join("db"), fs::FileType::is_file)
    {
        return Err(CopyError::NotAStore);
    }
    // Tiles are read where they are; below this folder no link is followed either.
    if from.join(LEDGERS).is_symlink() {
        return Err(CopyError::Irregular);
    }
    let lock = match File::open(from.join("lock")) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(CopyError::NotAStore),
        Err(error) => return Err(StoreError::from(error).into()),
    };
    match lock.try_lock_shared() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::InUse.into()),
        Err(TryLockError::Error(error)) => return Err(StoreError::from(error).into()),
    }
    copy_files(from, to).map_err(refused)?;
    Ok(lock)
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    copy_file(&from.join("lock"), &to.join("lock"))?;
    copy_folder(&from.join("sled"), &to.join("sled"))
}

fn refused(error: io::Error) -> CopyError {
    match error.kind() {
        io::ErrorKind::InvalidInput => CopyError::Irregular,
        _ => StoreError::from(error).into(),
    }
}

/// Whether something of this kind stands there itself, and no link to one.
fn is_plain(path: &Path, kind: impl Fn(&fs::FileType) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| kind(&found.file_type()))
}

/// Copies a folder with all that is below it: files and folders, and nothing else.
///
/// # Errors
/// Those of the disk; `InvalidInput` for a link, a pipe, a socket or a device.
pub fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    let mut folders = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = folders.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((entry.path(), to));
            } else if kind.is_file() {
                copy_file(&entry.path(), &to)?;
            } else {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
    }
    Ok(())
}

/// A copy that can be written, whatever the permissions of the original.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut File::open(from)?, &mut File::create(to)?)?;
    Ok(())
}

mod running;
#[cfg(test)]
mod tests;
