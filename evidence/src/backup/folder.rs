//! The folder of a process's backups, and the file by which its operator asks for one at once: no
//! second door is opened for that.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

use super::{BackupError, EXTENSION, UNFINISHED, at};
use crate::limits::{BACKUP_FOLDER_MAX, BACKUP_OUTCOME_BYTES_MAX};
use crate::store::sync_folder;

/// The file that asks for a backup at once; the process removes it when it is done.
pub const NOW_FILE: &str = "now";
/// The file that says what became of the last backup.
const OUTCOME_FILE: &str = "last.json";

/// What became of the last backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// When it was begun, by the process's clock.
    pub at: Timestamp,
    /// Its file.
    pub file: Option<PathBuf>,
    /// Length of the file.
    pub bytes: u64,
    /// Why there is none.
    pub reason: Option<Reason>,
}

/// Makes the folder, and removes what a backup that was cut short left in it.
///
/// # Errors
/// [`BackupError`] when the folder takes no write.
pub fn tidy(folder: &Path) -> Result<(), BackupError> {
    fs::create_dir_all(folder).map_err(at(folder))?;
    for entry in fs::read_dir(folder).map_err(at(folder))?.take(BACKUP_FOLDER_MAX) {
        let path = entry.map_err(at(folder))?.path();
        if path.extension().is_some_and(|extension| extension == UNFINISHED) {
            fs::remove_file(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

/// That somebody asked for a backup at once. It is another one when they asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    file: u64,
    written: (i64, i64),
}

/// Whether somebody asked for a backup at once.
pub fn wish(folder: &Path) -> Option<Wish> {
    let found = folder.join(NOW_FILE).metadata().ok()?;
    Some(Wish { file: found.ino(), written: (found.mtime(), found.mtime_nsec()) })
}

/// Says what became of a backup, and that whoever asked for it before it was begun need not ask any
/// more. A wish that came since is for another one: what was written until then is not in this.
///
/// # Errors
/// [`BackupError`] when the folder takes no write.
pub fn told(folder: &Path, outcome: &Outcome, seen: Option<Wish>) -> Result<(), BackupError> {
    let file = folder.join(OUTCOME_FILE);
    let text = serde_json::to_vec(outcome).map_err(io::Error::other).map_err(at(&file))?;
    let new = file.with_extension("next");
    fs::write(&new, text).map_err(at(&new))?;
    fs::rename(&new, &file).map_err(at(&file))?;
    if seen.is_some() && wish(folder) == seen { remove_wish(folder) } else { Ok(()) }
}

/// Takes a wish back, or ends it.
///
/// # Errors
/// [`BackupError`] when the folder takes no write.
pub fn remove_wish(folder: &Path) -> Result<(), BackupError> {
    let file = folder.join(NOW_FILE);
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&file)(error)),
        Ok(()) | Err(_) => Ok(sync_folder(folder)?),
    }
}

/// What became of the last backup, if anybody said so.
///
/// # Errors
/// [`BackupError`] for a file that cannot be read.
pub fn outcome(folder: &Path) -> Result<Option<Outcome>, BackupError> {
    let file = folder.join(OUTCOME_FILE);
    let opened = match File::open(&file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(&file)(error)),
    };
    let mut bytes = Vec::new();
    opened.take(BACKUP_OUTCOME_BYTES_MAX).read_to_end(&mut bytes).map_err(at(&file))?;
    // Half written by a process that was killed: as if it said nothing.
    Ok(serde_json::from_slice(&bytes).ok())
}

/// When the newest backup in a folder was begun, by its name's order in time.
///
/// # Errors
/// [`BackupError`] for a folder that cannot be read.
pub fn newest(folder: &Path) -> Result<Option<PathBuf>, BackupError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at(folder)(error)),
    };
    let mut newest = None;
    for entry in entries.take(BACKUP_FOLDER_MAX) {
        let path = entry.map_err(at(folder))?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            newest = newest.max(Some(path));
        }
    }
    Ok(newest)
}
