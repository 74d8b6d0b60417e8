//! Whatever has a term is removed after it: replay keys, counts and their marks, open questions and
//! later replies. Leaves stay in the ledger.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use grondslag_runtime::run::{Context, StartError};

use crate::limits::{SWEEP_INTERVAL_MS, SWEEP_MAX};

/// Keys of bodies by the moment they expire: `qx/<milliseconds, big-endian><key>`.
const PREFIX: &[u8] = b"qx/";

/// The key under which the expiry of what stands under `key` stands.
pub(crate) fn expiry_key(expires: Timestamp, key: &[u8]) -> Vec<u8> {
    let ms = u64::try_from(expires.ms()).unwrap_or(0);
    [PREFIX, &ms.to_be_bytes(), key].concat()
}

/// Sweeps a process's store at its interval, until the end.
///
/// # Errors
/// Why the process takes no more tasks.
pub(crate) fn keep_sweeping(
    context: &Context,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
) -> Result<(), StartError> {
    context.every(Duration::from_millis(SWEEP_INTERVAL_MS), move || {
        let (store, clock) = (Arc::clone(&store), Arc::clone(&clock));
        async move {
            if let Err(reason) = sweep_all(store.as_ref(), clock.now()).await {
                tracing::error!(reason = reason.code(), "what expired was not removed");
            }
        }
    })?;
    Ok(())
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
