//! What the operator wishes of epochs: a file that the command line writes and the serving broker
//! reads, like all that an operator does.

use std::path::Path;

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use serde::{Deserialize, Serialize};

use crate::limits::WISH_BYTES_MAX;

/// The file in the operator's folder.
pub(crate) const WISH: &str = "epoch.json";

/// A wish for the next epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Random, so that each wish is carried out once.
    pub id: String,
    /// When the next epoch becomes the current one.
    pub switch_at: Timestamp,
}

/// Reads the last wish; none was ever made when the file is not there.
///
/// # Errors
/// `FILE_UNREADABLE` for anything else.
pub(crate) fn read(folder: &Path) -> Result<Option<Wish>, Reason> {
    let path = folder.join(WISH);
    let size = match path.metadata() {
        Ok(found) => found.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(Reason::FileUnreadable),
    };
    if size > WISH_BYTES_MAX {
        return Err(Reason::FileUnreadable);
    }
    let text = std::fs::read(path).map_err(|_| Reason::FileUnreadable)?;
    serde_json::from_slice(&text).map(Some).map_err(|_| Reason::FileUnreadable)
}
