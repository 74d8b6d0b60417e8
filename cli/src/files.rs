//! Files that a command reads and makes: bounded when read, never overwritten when made.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use grondslag_certs::file::{self, FileError};
use grondslag_certs::key::create_signing_key;
use grondslag_core::reason::Reason;

use crate::exit::Failure;

/// Stands for standard input.
const STDIN: &str = "-";

/// Reads a text file of at most `bytes_max` bytes; `-` is standard input.
pub(crate) fn read_text(path: &Path, bytes_max: u64) -> Result<String, Failure> {
    if path == Path::new(STDIN) {
        return read_bounded(io::stdin().lock(), path, bytes_max);
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    read_bounded(file, path, bytes_max)
}

/// Reads a file of any kind of at most `bytes_max` bytes.
pub(crate) fn read_bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    bounded(file, path, bytes_max)
}

/// Writes a new file; an existing one stays as it is and is a failure.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    file::create(path, text.as_bytes()).map_err(unmade)
}

/// The same for what others on this machine may not read: it tells of people.
pub(crate) fn write_new_private(path: &Path, text: &str) -> Result<(), Failure> {
    file::create_secret(path, text.as_bytes()).map_err(unmade)
}

/// A new signing key in a folder of its own, which is made when it is not there.
pub(crate) fn new_key(folder: &Path, name: &str) -> Result<SigningKey, Failure> {
    let path = folder.join(name);
    must_be_new(&path)?;
    private_folder(folder)?;
    Ok(create_signing_key(&path)?)
}

/// Makes a folder, and those above it, for its owner alone; one that is there stays as it is.
pub(crate) fn private_folder(path: &Path) -> Result<(), Failure> {
    if path.exists() && !path.is_dir() {
        let path = path.display();
        return Err(Failure::told(
            Reason::StoreUnwritable,
            format!("{path} is een bestand en geen map"),
            format!("{path} is a file and not a folder"),
        ));
    }
    file::create_folder(path).map_err(unmade)
}

fn unmade(error: FileError) -> Failure {
    match error {
        FileError::Exists { path } => Failure::new(Reason::FileExists, path.display()),
        FileError::Unwritable { path, source } => unwritable(&path, &source),
        error => Failure::new(error.reason(), error),
    }
}

/// A file's name with an ending behind it, whatever dots are in it.
pub(crate) fn with_ending(name: &Path, ending: &str) -> PathBuf {
    let mut name = name.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Refuses early when a file exists that is to be made.
pub(crate) fn must_be_new(path: &Path) -> Result<(), Failure> {
    match path.symlink_metadata() {
        Ok(_) => Err(Failure::new(Reason::FileExists, path.display())),
        Err(_) => Ok(()),
    }
}

/// A file or folder that does not take a write.
pub(crate) fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Reason::StoreUnwritable, format!("{}: {error}", path.display()))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Reason::FileUnreadable, format!("{}: {error}", path.display()))
}

fn bounded(from: impl Read, path: &Path, bytes_max: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes);
    let len = read.map_err(|error| unreadable(path, &error))?;
    if u64::try_from(len).unwrap_or(u64::MAX) > bytes_max {
        let detail = format!("{}: > {bytes_max} bytes", path.display());
        return Err(Failure::new(Reason::TooLarge, detail));
    }
    Ok(bytes)
}

fn read_bounded(from: impl Read, path: &Path, bytes_max: u64) -> Result<String, Failure> {
    let bytes = bounded(from, path, bytes_max)?;
    String::from_utf8(bytes).map_err(|_| {
        let path = path.display();
        Failure::told(
            Reason::FileUnreadable,
            format!("{path} is geen tekst (UTF-8)"),
            format!("{path} is not text (UTF-8)"),
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_made_once_and_read_back_within_its_bound() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        write_new(&path, "12345").unwrap();
        assert_eq!(write_new(&path, "other").unwrap_err().reason(), Reason::FileExists);
        assert_eq!(must_be_new(&path).unwrap_err().reason(), Reason::FileExists);
        assert_eq!(read_text(&path, 5).unwrap(), "12345");
        assert_eq!(read_text(&path, 4).unwrap_err().reason(), Reason::TooLarge);
    }

    #[test]
    fn a_folder_is_made_for_its_owner_alone_and_one_that_is_there_stays_as_it_is() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let dir = tempfile::tempdir().unwrap();
        let made = dir.path().join("a/b");
        private_folder(&made).unwrap();
        assert_eq!((mode(&made), mode(&dir.path().join("a"))), (0o700, 0o700));
        fs::set_permissions(&made, fs::Permissions::from_mode(0o755)).unwrap();
        private_folder(&made).unwrap();
        assert_eq!(mode(&made), 0o755);
        let file = dir.path().join("file");
        fs::write(&file, "x").unwrap();
        for (refused, said) in [(file.clone(), "not a folder"), (file.join("under"), "under")] {
            let failure = private_folder(&refused).unwrap_err();
            assert_eq!(failure.reason(), Reason::StoreUnwritable);
            assert!(format!("{failure:?}").contains(said), "{failure:?}");
        }
    }

    #[test]
    fn a_missing_file_and_one_that_is_no_text_are_unreadable() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        assert_eq!(read_text(&path, 9).unwrap_err().reason(), Reason::FileUnreadable);
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(read_text(&path, 9).unwrap_err().reason(), Reason::FileUnreadable);
    }
}
