//! Who asks no more, for the case was handed over.
//!
//! `hx/<child, keyed>` says to whom, and when.

use grondslag_core::catalogue::{Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::retention::Kept;
use grondslag_subject::Bsn;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::records::SubjectKey;
use crate::rows;
use crate::secret::{INDEX_LEN, NodeSecret};

const GONE: &[u8] = b"hx/";

/// A case that was handed over.
#[derive(Serialize, Deserialize)]
struct Gone {
    /// Of whom, keyed.
    child: [u8; INDEX_LEN],
    to: Oin,
    at: Timestamp,
}

/// Adds to a batch that a case was handed over; one that was before is replaced.
///
/// # Errors
/// Those of the store.
pub(crate) async fn put(
    agency: &Agency,
    batch: Batch,
    child: &Bsn,
    (to, at): (&Oin, Timestamp),
) -> Result<Batch, Reason> {
    let batch = lift(agency.store.as_ref(), batch, &agency.secret, child).await?;
    let child = SubjectKey::of(&agency.secret, child);
    let gone = Gone { child: *child.as_bytes(), to: to.clone(), at };
    rows::put(batch, &key(&child), &gone)
}

/// Adds to a batch that this agency holds the case again.
///
/// # Errors
/// Those of the store.
pub(crate) async fn lift(
    store: &dyn Store,
    batch: Batch,
    secret: &NodeSecret,
    child: &Bsn,
) -> Result<Batch, Reason> {
    let key = key(&SubjectKey::of(secret, child));
    parts::delete_body(store, batch, &key).await.map_err(StoreError::reason)
}

/// Whether somebody may ask in a role, for a purpose, about somebody.
///
/// # Errors
/// `HANDED_OVER` when their agency handed the case over; `STORE_CORRUPT` when that cannot be read:
/// nobody asks then.
pub(crate) async fn check(
    agency: &Agency,
    (role, purpose): (&Role, &Purpose),
    child: &SubjectKey,
) -> Result<(), Reason> {
    let pack = agency.pack();
    let rules = pack.catalogue().handover();
    if !rules.holds(role) || rules.stays_open(purpose) {
        return Ok(());
    }
    let gone = rows::read::<Gone>(agency.store.as_ref(), &key(child)).await?;
    if gone.is_some() { Err(Reason::HandedOver) } else { Ok(()) }
}

/// Forgets what is as old as a decision on it. Says how many cannot be read.
///
/// # Errors
/// Those of the store.
pub(super) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now, pack) = (agency.store.as_ref(), agency.clock.now(), agency.pack());
    let (all, damaged) = rows::all::<Gone>(store, GONE).await?;
    for (gone, seen) in all {
        if pack.retention().end(Kept::Decision, gone.at) > now {
            continue;
        }
        let key = key(&SubjectKey::new(gone.child));
        match store.commit(parts::delete_seen(Batch::new(), &key, &seen)).await {
            // It changed at this moment; the next round sees it.
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(child: &SubjectKey) -> Vec<u8> {
    [GONE, child.as_bytes()].concat()
}
