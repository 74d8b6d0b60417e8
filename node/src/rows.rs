//! Rows that stand beside the ledger: a JSON body under a prefix and a number of sixteen bytes.

use std::collections::BTreeMap;

use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::PAGE;

/// Length of a row's number.
const NUMBER: usize = 16;

/// The first rows in the order of a list, no more than it shows.
pub(crate) struct Most<K, T> {
    pub(crate) rows: BTreeMap<K, T>,
    /// There are more.
    pub(crate) more: bool,
    limit: usize,
}

impl<K: Ord, T> Most<K, T> {
    /// No more than so many.
    pub(crate) const fn of(limit: usize) -> Self {
        Self { rows: BTreeMap::new(), more: false, limit }
    }

    /// Takes a row in at its place in the list, of which there is one.
    pub(crate) fn add(&mut self, place: K, row: T) {
        self.rows.insert(place, row);
        self.more |= self.rows.len() > self.limit && self.rows.pop_last().is_some();
    }
}

/// Adds a row to a batch, which expects none to stand there.
///
/// # Errors
/// `TOO_LARGE`; `INTERNAL` when it has no JSON.
pub(crate) fn put(batch: Batch, key: &[u8], row: &impl Serialize) -> Result<Batch, Reason> {
    let body = serde_json::to_vec(row).map_err(|_| Reason::Internal)?;
    parts::put_body(batch, key, &body).map_err(StoreError::reason)
}

/// JSON, filled up to a multiple of a length in bytes, so that it tells nothing of what it holds.
/// What outgrows it takes as much again.
///
/// # Errors
/// `INTERNAL` when it has no JSON.
pub(crate) fn padded(row: &impl Serialize, class: usize) -> Result<Vec<u8>, Reason> {
    let mut body = serde_json::to_vec(row).map_err(|_| Reason::Internal)?;
    let whole = body.len().div_ceil(class).saturating_mul(class);
    body.resize(whole, b' ');
    Ok(body)
}

/// A row, and what was read.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(crate) async fn read<T: DeserializeOwned>(
    store: &dyn Store,
    key: &[u8],
) -> Result<Option<(T, Seen)>, Reason> {
    let seen = parts::read_seen(store, key).await.map_err(StoreError::reason)?;
    let Some(seen) = seen else { return Ok(None) };
    let row = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
    Ok(Some((row, seen)))
}

/// All rows under a prefix, and how many cannot be read: one keeps nobody from the others.
///
/// # Errors
/// Those of the store.
pub(crate) async fn all<T: DeserializeOwned>(
    store: &dyn Store,
    prefix: &[u8],
) -> Result<(Vec<(T, Seen)>, u64), Reason> {
    let mut all = Vec::new();
    let damaged = each(store, prefix, |row, seen| all.push((row, seen))).await?;
    Ok((all, damaged))
}

/// Gives all rows under a prefix, one after the other, and says how many cannot be read.
///
/// # Errors
/// Those of the store.
pub(crate) async fn each<T: DeserializeOwned>(
    store: &dyn Store,
    prefix: &[u8],
    mut take: impl FnMut(T, Seen),
) -> Result<u64, Reason> {
    let (mut damaged, mut after) = (0, None::<Vec<u8>>);
    loop {
        let page = store.scan(prefix, after.as_deref(), PAGE).await.map_err(StoreError::reason)?;
        after = page.last().filter(|_| page.len() >= PAGE).map(|last| last.key.clone());
        for pair in page {
            let is_row = pair.key.len() == prefix.len() + NUMBER;
            let row = if is_row { read(store, &pair.key).await } else { Err(Reason::StoreCorrupt) };
            match row {
                Err(Reason::StoreCorrupt) => damaged += 1,
                row => {
                    if let Some((row, seen)) = row? {
                        take(row, seen);
                    }
                }
            }
        }
        if after.is_none() {
            return Ok(damaged);
        }
    }
}
