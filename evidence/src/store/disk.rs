//! The few things asked of the disk itself, apart so that a test can count and fail them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::StoreError;

/// What marks a folder whose store was once made: one that then turns up empty has been lost.
const MADE: &[u8] = b"This folder holds a store of Grondslag. Do not edit or copy it.\n";

/// What the writer asks of the disk.
pub(super) trait Disk: Send + Sync {
    /// Returns once the content of `file` is on the disk itself.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Bytes that this process may still write.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// The disk below a folder.
#[derive(Debug)]
pub(super) struct SystemDisk {
    folder: PathBuf,
}

impl SystemDisk {
    pub(super) fn below(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

impl Disk for SystemDisk {
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let stat = rustix::fs::statvfs(&self.folder)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

/// A folder that this process alone uses, as long as the value lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Makes the folder when absent, and takes it.
    pub(super) fn take(path: PathBuf) -> Result<Self, StoreError> {
        fs::create_dir_all(&path)?;
        let mut options = OpenOptions::new();
        let lock = options.create(true).truncate(false).read(true).write(true);
        let lock = lock.open(path.join("lock"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, lock }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// True once [`Folder::mark_made`] was called, in whichever process.
    pub(super) fn is_made(&self) -> Result<bool, StoreError> {
        Ok(self.lock.metadata()?.len() > 0)
    }

    /// Notes, to last, that a store was made here.
    pub(super) fn mark_made(&self) -> Result<(), StoreError> {
        if !self.is_made()? {
            (&self.lock).write_all(MADE)?;
            self.lock.sync_all()?;
        }
        Ok(())
    }
}

/// Makes the names in a folder last: a new file is lost with its folder's old content otherwise.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    Ok(File::open(path)?.sync_all()?)
}

/// True when a folder holds anything; an absent one holds nothing.
pub(super) fn holds_anything(path: &Path) -> Result<bool, StoreError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_some()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sync_reaches_the_kernel() {
        // A pipe cannot be synced: only the system call itself can know that.
        let (reader, _writer) = io::pipe().unwrap();
        let pipe = File::from(std::os::fd::OwnedFd::from(reader));
        let disk = SystemDisk::below(Path::new("."));
        assert_eq!(disk.sync(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(disk.sync(&tempfile::tempfile().unwrap()).is_ok());
    }

    #[test]
    fn free_space_is_read_from_the_file_system_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(SystemDisk::below(folder.path()).free_bytes().unwrap() > 0);
        assert!(SystemDisk::below(&folder.path().join("absent")).free_bytes().is_err());
    }

    #[test]
    fn a_folder_is_taken_once_and_free_again_after() {
        let folder = tempfile::tempdir().unwrap();
        let taken = Folder::take(folder.path().to_owned()).unwrap();
        let second = Folder::take(folder.path().to_owned());
        assert_eq!(second.unwrap_err(), StoreError::InUse);
        drop(taken);
        assert!(Folder::take(folder.path().to_owned()).is_ok());
    }
}
