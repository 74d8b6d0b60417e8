//! Whatever has a term is removed after it: replay keys, counts, open questions and later replies.
//! Leaves stay in the ledger.

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError, parts};

use crate::limits::SWEEP_MAX;

/// Keys of bodies by the moment they expire: `qx/<milliseconds, big-endian><key>`.
const PREFIX: &[u8] = b"qx/";

/// The key under which the expiry of what stands under `key` stands.
pub(crate) fn expiry_key(expires: Timestamp, key: &[u8]) -> Vec<u8> {
    let ms = u64::try_from(expires.ms()).unwrap_or(0);
    [PREFIX, &ms.to_be_bytes(), key].concat()
}

/// Removes everything that expired before `now`.
///
/// # Errors
/// As [`sweep`].
pub(crate) async fn sweep_all(store: &dyn Store, now: Timestamp) -> Result<(), Reason> {
    while sweep(store, now).await? == SWEEP_MAX {}
    Ok(())
}

/// Removes what expired before `now`, a bounded number at a time, and says how many.
///
/// # Errors
/// Why the store could not be read or written.
pub(crate) async fn sweep(store: &dyn Store, now: Timestamp) -> Result<usize, Reason> {
    let end = expiry_key(now, b"");
    let page = store.scan(PREFIX, None, SWEEP_MAX).await.map_err(StoreError::reason)?;
    let mut removed = 0;
    for pair in page.iter().take_while(|pair| pair.key < end) {
        let batch = Batch::new().delete(pair.key.as_slice());
        let batch = parts::delete_body(store, batch, &pair.value).await;
        store.commit(batch.map_err(StoreError::reason)?).await.map_err(StoreError::reason)?;
        removed += 1;
    }
    Ok(removed)
}
