//! The publications that a process took, and the rules that its region began with.

use std::collections::BTreeMap;

use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::publish::Publication;

use super::pieces;

/// Key prefix of everything here.
const PREFIX: &[u8] = b"pu/";
/// The rules that the region began with stand under this number: nobody signed them, but the first
/// publication names their digest.
const FIRST: u64 = 0;

/// Writes a publication; the batch that makes it count is given back.
pub(super) async fn put(store: &dyn Store, publication: &Publication) -> Result<Batch, Reason> {
    let key = key(publication.manifest.number);
    pieces::put_once(store, &key, &publication.encode()?).await
}

/// The publication of a number.
///
/// # Errors
/// Why it cannot be read.
pub(super) async fn get(store: &dyn Store, number: u64) -> Result<Option<Publication>, Reason> {
    let bytes = pieces::get(store, &key(number)).await?;
    bytes.map(|bytes| Publication::decode(&bytes).map_err(|_| Reason::StoreCorrupt)).transpose()
}

/// Keeps the files that the region began with, if none are kept yet.
pub(super) async fn put_first(
    store: &dyn Store,
    files: &BTreeMap<String, String>,
) -> Result<(), Reason> {
    if first(store).await?.is_some() {
        return Ok(());
    }
    let bytes = serde_json::to_vec(files).map_err(|_| Reason::Internal)?;
    let head = pieces::put_once(store, &key(FIRST), &bytes).await?;
    store.commit(head).await.map_err(StoreError::reason)
}

/// The files that the region began with, if they were kept.
///
/// # Errors
/// Why they cannot be read.
pub(super) async fn first(store: &dyn Store) -> Result<Option<BTreeMap<String, String>>, Reason> {
    let bytes = pieces::get(store, &key(FIRST)).await?;
    bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(|_| Reason::StoreCorrupt)).transpose()
}

fn key(number: u64) -> Vec<u8> {
    [PREFIX, &number.to_be_bytes()].concat()
}
