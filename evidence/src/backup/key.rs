//! The key pair of backups: the public half where the process runs, the private half elsewhere.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use grondslag_core::seal::{SealKey, SealSecret};

use super::{BackupError, at};
use crate::limits::BACKUP_KEY_BYTES_MAX;

/// Reads a public key.
///
/// # Errors
/// [`BackupError`] for a file that cannot be read or holds none.
pub fn read_public(path: &Path) -> Result<SealKey, BackupError> {
    SealKey::parse(&bytes(path)?).map_err(|_| BackupError::Key(path.to_owned()))
}

/// Reads a private key from what its file holds.
///
/// # Errors
/// [`BackupError`] for what is none.
pub fn read_secret(path: &Path, bytes: &[u8]) -> Result<SealSecret, BackupError> {
    SealSecret::parse(bytes).map_err(|_| BackupError::Key(path.to_owned()))
}

fn bytes(path: &Path) -> Result<Vec<u8>, BackupError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(at(path))?;
    file.take(BACKUP_KEY_BYTES_MAX).read_to_end(&mut bytes).map_err(at(path))?;
    Ok(bytes)
}
