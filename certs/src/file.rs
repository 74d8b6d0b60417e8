//! Files of keys and certificates: written once, read with a bound, keys for their owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::mem;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;
use zeroize::Zeroizing;

/// Rights of a key file.
const MODE_SECRET: u32 = 0o600;
/// Rights of a file that anybody may read.
const MODE_OPEN: u32 = 0o644;
/// Rights of a folder that holds keys.
const MODE_FOLDER: u32 = 0o700;

/// Why a file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Nothing is ever overwritten.
    #[error("{path} exists already and is not overwritten")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Missing, or not for this process.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder is missing or full, or not for this process.
    #[error("{path} cannot be written: {source}")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Group or others may read the key.
    #[error("{path} can be read by others; set its permissions to 0600")]
    Open {
        /// The key file.
        path: PathBuf,
    },
    /// Larger than such a file can be.
    #[error("{path} is larger than {bytes_max} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: u64,
    },
    /// Certificates, keys and requests are PEM, which is text.
    #[error("{path} is not text")]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

impl FileError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Exists { .. } => Reason::FileExists,
            Self::Unreadable { .. } | Self::TooLarge { .. } | Self::NotText { .. } => {
                Reason::FileUnreadable
            }
            Self::Unwritable { .. } => Reason::StoreUnwritable,
            Self::Open { .. } => Reason::PermissionsOpen,
        }
    }
}

/// Makes a folder for its owner alone, and the folders above it.
///
/// # Errors
/// [`FileError::Unwritable`] when it cannot be made.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    let made = DirBuilder::new().recursive(true).mode(MODE_FOLDER).create(path);
    made.map_err(|source| unwritable(path, source))
}

/// Writes a new file that anybody may read, on disk when this returns.
///
/// # Errors
/// [`FileError`] when it exists or cannot be written.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create_with(path, bytes, MODE_OPEN)
}

/// Writes a new file for its owner alone, on disk when this returns.
///
/// # Errors
/// [`FileError`] when it exists or cannot be written.
pub fn create_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    create_with(path, bytes, MODE_SECRET)
}

/// Refuses early when one of these exists, so that a refusal leaves nothing half made.
pub(crate) fn must_be_new<'a>(
    paths: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), FileError> {
    match paths.into_iter().find(|path| path.exists()) {
        Some(path) => Err(FileError::Exists { path: path.clone() }),
        None => Ok(()),
    }
}

/// Puts a new version in place of a list that is replaced by its nature (the CRL), so that a
/// reader sees the old one or the new one and never half of it.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_by_way_of(&path.with_extension("next"), path, bytes)
}

/// Puts a new version of a file for its owner alone in place, as [`replace_by_way_of`] does.
pub(crate) fn replace_secret(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_with(&path.with_extension("next"), path, bytes, MODE_SECRET)
}

/// Puts a file in place, or a new version of it, written beside it first: a reader sees the old
/// one or the new one and never half of it. Who may write the same file at the same moment names
/// a place beside it of their own, on the same file system.
///
/// # Errors
/// [`FileError`] when it cannot be written, or another writes at the same place beside it.
pub fn replace_by_way_of(beside: &Path, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_with(beside, path, bytes, MODE_OPEN)
}

fn replace_with(beside: &Path, path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    // A leftover of a run that was cut short; it was never in use.
    if beside.exists() {
        fs::remove_file(beside).map_err(|source| unwritable(beside, source))?;
    }
    create_with(beside, bytes, mode)?;
    fs::rename(beside, path).map_err(|source| unwritable(path, source))?;
    sync_folder(path)
}

/// Reads a file of at most `bytes_max` bytes as text.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, FileError> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    read_bounded(file, path, bytes_max, &mut bytes)?;
    String::from_utf8(bytes).map_err(|_| FileError::NotText { path: path.to_owned() })
}

/// Reads a key file as text; refuses one that group or others may read.
pub(crate) fn read_secret(path: &Path, bytes_max: u64) -> Result<Zeroizing<String>, FileError> {
    let mut bytes = read_secret_bytes(path, bytes_max)?;
    // Taken, not copied: what is wiped is what was read.
    String::from_utf8(mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        FileError::NotText { path: path.to_owned() }
    })
}

/// Reads a file of secret bytes; refuses one that group or others may read.
///
/// # Errors
/// [`FileError`] when it is missing, open to others or larger than `bytes_max`.
pub fn read_secret_bytes(path: &Path, bytes_max: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let file = open(path)?;
    // The rights are those of the open file, so that nobody can swap it in between.
    let rights = file.metadata().map_err(|source| unreadable(path, source))?.permissions();
    if rights.mode() & 0o077 != 0 {
        return Err(FileError::Open { path: path.to_owned() });
    }
    // Room for all of it at once, so that no part is left behind where it stood before.
    let room = usize::try_from(bytes_max.saturating_add(1)).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    read_bounded(file, path, bytes_max, &mut bytes)?;
    Ok(bytes)
}

/// Removes a secret file for good, as far as a file system does: the name is gone, on disk, when
/// this returns. A file that is not there is no error.
///
/// # Errors
/// [`FileError::Unwritable`] when it cannot be removed.
pub fn destroy(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(unwritable(path, source)),
        Ok(()) | Err(_) => sync_folder(path),
    }
}

pub(crate) fn unreadable(path: &Path, source: io::Error) -> FileError {
    FileError::Unreadable { path: path.to_owned(), source }
}

pub(crate) fn unwritable(path: &Path, source: io::Error) -> FileError {
    if source.kind() == io::ErrorKind::AlreadyExists {
        return FileError::Exists { path: path.to_owned() };
    }
    FileError::Unwritable { path: path.to_owned(), source }
}

fn open(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(|source| unreadable(path, source))
}

fn read_bounded(
    file: File,
    path: &Path,
    bytes_max: u64,
    bytes: &mut Vec<u8>,
) -> Result<(), FileError> {
    let read = file.take(bytes_max.saturating_add(1)).read_to_end(bytes);
    let len = read.map_err(|source| unreadable(path, source))?;
    if u64::try_from(len).unwrap_or(u64::MAX) > bytes_max {
        return Err(FileError::TooLarge { path: path.to_owned(), bytes_max });
    }
    Ok(())
}

fn create_with(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    let mut file = opened.map_err(|source| unwritable(path, source))?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|source| unwritable(path, source))?;
    sync_folder(path)
}

/// Makes a new name in a folder survive a power cut.
fn sync_folder(path: &Path) -> Result<(), FileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| unwritable(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        create_secret(&path, b"first").unwrap();
        let second = create_secret(&path, b"second").unwrap_err();
        assert_eq!(second.reason(), Reason::FileExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.pem");
        create_secret(&path, b"secret").unwrap();
        assert_eq!(read_secret(&path, 64).unwrap().as_str(), "secret");
        for mode in [0o640, 0o604, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read_secret(&path, 64).unwrap_err();
            assert_eq!(refused.reason(), Reason::PermissionsOpen, "{mode:o}");
        }
    }

    #[test]
    fn a_file_of_the_bound_is_read_and_one_byte_more_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pem");
        create(&path, b"12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert!(matches!(read_text(&path, 4), Err(FileError::TooLarge { .. })));
    }

    #[test]
    fn a_replaced_list_survives_a_run_that_was_cut_short() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("crl.pem");
        replace(&path, b"one").unwrap();
        fs::write(dir.path().join("crl.next"), b"half").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }
}
