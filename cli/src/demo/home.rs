//! The folder of one demo, for as long as it lives, and how another command finds it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use grondslag_core::reason::Reason;
use tempfile::TempDir;

use super::limits::LOOKED_AT_MAX;
use super::place::Place;
use crate::exit::Failure;
use crate::files::unwritable;

/// Locked by the demo as long as it lives.
const LOCK_FILE: &str = "demo.lock";
/// What the folder of a demo is called.
const PREFIX: &str = "grondslag-demo-";

/// The folder of this demo.
#[derive(Debug)]
pub(super) struct Home {
    folder: PathBuf,
    /// Removed at the end unless it is to be kept.
    temporary: Option<TempDir>,
    _lock: File,
}

impl Home {
    /// A folder that somebody chose, which must be new or empty and stays; or one of our own.
    pub(super) fn make(chosen: Option<&Path>, keep: bool) -> Result<Self, Failure> {
        let (folder, temporary) = if let Some(folder) = chosen {
            (empty(folder)?, None)
        } else {
            let temporary = temporary(keep)?;
            (temporary.path().to_owned(), Some(temporary))
        };
        let path = folder.join(LOCK_FILE);
        let lock = File::create(&path).map_err(|error| unwritable(&path, &error))?;
        lock.lock().map_err(|error| unwritable(&path, &error))?;
        Ok(Self { folder, temporary, _lock: lock })
    }

    /// Where everything stands.
    pub(super) fn place(&self) -> Place {
        Place::at(&self.folder)
    }

    /// The folder stays when the demo ends.
    pub(super) fn stays(&self, keep: bool) -> bool {
        keep || self.temporary.is_none()
    }
}

fn temporary(keep: bool) -> Result<TempDir, Failure> {
    let made = tempfile::Builder::new().prefix(PREFIX).tempdir();
    let mut made = made.map_err(|error| unwritable(&std::env::temp_dir(), &error))?;
    made.disable_cleanup(keep);
    Ok(made)
}

/// The folder of the one demo that runs.
pub(super) fn running() -> Result<PathBuf, Failure> {
    let temp = std::env::temp_dir();
    let entries = fs::read_dir(&temp).map_err(|error| unwritable(&temp, &error))?;
    let ours = entries
        .flatten()
        .take(LOOKED_AT_MAX)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    let running: Vec<PathBuf> = ours.map(|entry| entry.path()).filter(|path| lives(path)).collect();
    match running.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::told(
            Reason::FileUnreadable,
            "Er draait geen demo; start `grondslag demo`, of noem de map met --dir.",
            "No demo runs; start `grondslag demo`, or name its folder with --dir.",
        )),
        _ => Err(Failure::told(
            Reason::FileUnreadable,
            "Er draaien meer demo's; noem de map met --dir.",
            "Several demos run; name the folder of one with --dir.",
        )),
    }
}

/// A demo holds the lock of its folder.
fn lives(folder: &Path) -> bool {
    let locked = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    File::open(folder.join(LOCK_FILE)).is_ok_and(locked)
}

/// A folder that nothing stands in, by its full path.
fn empty(folder: &Path) -> Result<PathBuf, Failure> {
    let failed = |error: std::io::Error| unwritable(folder, &error);
    fs::create_dir_all(folder).map_err(failed)?;
    if fs::read_dir(folder).map_err(failed)?.next().is_some() {
        return Err(Failure::new(Reason::FileExists, folder.display()));
    }
    std::path::absolute(folder).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_empty_is_refused_and_stays_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("region");
        let home = Home::make(Some(&folder), false).unwrap();
        assert!(home.stays(false) && lives(&folder));
        drop(home);
        assert!(!lives(&folder), "the lock goes with the demo");
        let again = Home::make(Some(&folder), false).unwrap_err();
        assert_eq!(again.reason(), Reason::FileExists);
    }

    #[test]
    fn a_folder_of_our_own_goes_unless_it_is_kept() {
        let home = Home::make(None, false).unwrap();
        let folder = home.place().folder().to_owned();
        drop(home);
        assert!(!folder.exists());
        let home = Home::make(None, true).unwrap();
        let folder = home.place().folder().to_owned();
        drop(home);
        assert!(folder.exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
