//! Cards with a changed key that an operator of this node accepted: one empty file per card,
//! named after the card's digest.

use std::path::Path;

use grondslag_core::id::Digest;

use crate::limits::ACCEPTED_MAX;

/// The digests that stand in the folder now. A folder that is not there accepts nothing.
pub(super) async fn read(folder: Option<&Path>) -> Vec<Digest> {
    let Some(folder) = folder else {
        return Vec::new();
    };
    let Ok(mut files) = tokio::fs::read_dir(folder).await else {
        return Vec::new();
    };
    let mut digests = Vec::new();
    while let Ok(Some(file)) = files.next_entry().await {
        let name = file.file_name();
        let digest = name.to_str().and_then(|name| Digest::parse(name).ok());
        digests.extend(digest);
        if digests.len() >= ACCEPTED_MAX {
            break;
        }
    }
    digests
}
