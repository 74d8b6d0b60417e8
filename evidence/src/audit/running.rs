//! Copying the store of a process that runs: as it lies at a moment at which nobody writes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{CopyError, copy_files, refused};
use crate::limits::{QUIET_MS, QUIET_TRIES_MAX};
use crate::store::StoreError;

/// Every file with its length and the time of its last write.
type Stamps = BTreeMap<PathBuf, (u64, SystemTime)>;

/// Copies between two writes.
///
/// # Errors
/// [`StoreError::InUse`] when there was no moment without writes.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), CopyError> {
    for _ in 0..QUIET_TRIES_MAX {
        match between_writes(from, to) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            // A file went while it was looked at.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error)),
        }
    }
    Err(StoreError::InUse.into())
}

/// Whether the copy that was made is of one moment.
fn between_writes(from: &Path, to: &Path) -> io::Result<bool> {
    let sled = from.join("sled");
    let before = stamps(&sled)?;
    std::thread::sleep(Duration::from_millis(QUIET_MS));
    if stamps(&sled)? != before {
        return Ok(false);
    }
    match fs::remove_dir_all(to.join("sled")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    copy_files(from, to)?;
    Ok(stamps(&sled)? == before)
}

fn stamps(folder: &Path) -> io::Result<Stamps> {
    let mut stamps = Stamps::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                let found = entry.metadata()?;
                stamps.insert(entry.path(), (found.len(), found.modified()?));
            }
        }
    }
    Ok(stamps)
}
