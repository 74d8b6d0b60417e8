//! All acts about one child in one value: what a question reads, once for each child that it finds.
//!
//! `np/<child>` holds what the records hold and is written in the same commit; while one of them
//! cannot be read, what closes is added to it as it stands. The records are what counts: they have
//! the proofs and the terms. When the term of one ends, `nd/<end><child>` says
//! so, and after the record the page is made anew from those that are left.

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::records::Until;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};

use super::act::Written;
use super::store::acts_of;
use super::terms::Termed;
use crate::agency::Agency;
use crate::limits::EXPIRE_STEPS;
use crate::secret::INDEX_LEN;

/// Pages, by child.
pub(super) const PAGES: &[u8] = b"np/";
/// Children, by when one of their acts may be forgotten.
pub(super) const ENDS: &[u8] = b"nd/";

/// A child's place.
type Entry = [u8; INDEX_LEN];

/// The acts about a child.
///
/// # Errors
/// `STORE_CORRUPT` for a page that is none; else those of the store.
pub(super) async fn read(store: &dyn Store, entry: &Entry) -> Result<Vec<Written>, Reason> {
    let page = parts::read_body(store, &page_key(entry)).await.map_err(StoreError::reason)?;
    page.map_or_else(|| Ok(Vec::new()), |page| parse(&page))
}

/// Adds a child's page to a batch, in place of the one that stands there.
///
/// # Errors
/// Those of the store, and `INTERNAL`.
pub(super) async fn put(
    store: &dyn Store,
    batch: Batch,
    entry: &Entry,
    acts: &[&Written],
) -> Result<Batch, Reason> {
    let (key, failed) = (page_key(entry), StoreError::reason);
    let seen: Option<Seen> = parts::read_seen(store, &key).await.map_err(failed)?;
    let batch = match &seen {
        Some(seen) => parts::delete_seen(batch, &key, seen),
        None => batch,
    };
    if acts.is_empty() {
        return Ok(batch);
    }
    let page = postcard::to_allocvec(acts).map_err(|_| Reason::Internal)?;
    parts::put_body(batch, &key, &page).map_err(failed)
}

/// Adds to a batch when a child's page is to be looked at again.
pub(super) fn ends(batch: Batch, until: Until, entry: &Entry) -> Batch {
    match until {
        Until::At(end) => batch.put(end_key(end, entry), []),
        Until::Told => batch,
    }
}

fn parse(page: &[u8]) -> Result<Vec<Written>, Reason> {
    postcard::from_bytes(page).map_err(|_| Reason::StoreCorrupt)
}

/// Makes the pages anew of which a record was forgotten. One whose record is still there, for the
/// round of that day was full, waits for the next turn. Says of how many the acts cannot be read.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let (mut after, mut damaged) = (None::<Vec<u8>>, 0);
    loop {
        let page = store.scan(ENDS, after.as_deref(), EXPIRE_STEPS).await;
        let page = page.map_err(StoreError::reason)?;
        let full = page.len() >= EXPIRE_STEPS;
        for pair in page {
            match parse_end(&pair.key) {
                Some((end, _)) if now < end => return Ok(damaged),
                Some((_, entry)) => match remake(agency, &pair.key, &entry, now).await {
                    // One child's keep nobody else's.
                    Err(Reason::StoreCorrupt) => damaged += 1,
                    made => made?,
                },
                None => damaged += 1,
            }
            after = Some(pair.key);
        }
        if !full {
            return Ok(damaged);
        }
    }
}

async fn remake(
    agency: &Agency,
    end_key: &[u8],
    entry: &Entry,
    now: Timestamp,
) -> Result<(), Reason> {
    let _held = agency.consents.change().await;
    let store = agency.store.as_ref();
    let left = acts_of(store, entry).await?;
    let waits = left.iter().any(|one| matches!(one.until, Until::At(end) if end <= now));
    if waits {
        return Ok(());
    }
    let acts: Vec<&Written> = left.iter().map(|Termed { written, .. }| written).collect();
    let batch = put(store, Batch::new().delete(end_key), entry, &acts).await?;
    store.commit(batch).await.map_err(StoreError::reason)
}

fn page_key(entry: &Entry) -> Vec<u8> {
    [PAGES, entry].concat()
}

fn end_key(end: Timestamp, entry: &Entry) -> Vec<u8> {
    let ms = u64::try_from(end.ms()).unwrap_or(0);
    [ENDS, &ms.to_be_bytes(), entry].concat()
}

fn parse_end(key: &[u8]) -> Option<(Timestamp, Entry)> {
    let (ms, entry) = key.strip_prefix(ENDS)?.split_first_chunk::<8>()?;
    let ms = i64::try_from(u64::from_be_bytes(*ms)).ok()?;
    Some((Timestamp::from_ms(ms), entry.try_into().ok()?))
}
