//! How a waiting notice stands in the store: as the key `bn/<target>/<asker>/<number>`, with
//! nothing under it. Nothing of a child is in it, nor of its inquiry.

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Store, StoreError};
use grondslag_proto::question::NoticeId;

use super::Notice;
use super::counts::Counts;
use crate::limits::NOTICES_PAGE;

const PREFIX: &[u8] = b"bn/";

/// Where a notice stands that waits for a target.
pub(super) fn key(target: &Oin, Notice { asker, id }: &Notice) -> Vec<u8> {
    [of_one(target, asker).as_slice(), id.as_bytes()].concat()
}

/// What the keys of one asker's notices for a target begin with.
pub(super) fn of_one(target: &Oin, asker: &Oin) -> Vec<u8> {
    [PREFIX, target.as_str().as_bytes(), b"/", asker.as_str().as_bytes(), b"/"].concat()
}

/// Counts what waits.
///
/// # Errors
/// Why the store cannot be read; `STORE_CORRUPT` for a key that is none of these.
pub(super) async fn count(store: &dyn Store) -> Result<Counts, Reason> {
    let (mut counts, mut after) = (Counts::default(), None);
    loop {
        let page = store.scan(PREFIX, after.as_deref(), NOTICES_PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            let (target, asker) = parse(&pair.key).ok_or(Reason::StoreCorrupt)?;
            counts.add(&target, &asker);
        }
        if page.len() < NOTICES_PAGE {
            return Ok(counts);
        }
        after = page.into_iter().next_back().map(|pair| pair.key);
    }
}

fn parse(key: &[u8]) -> Option<(Oin, Oin)> {
    // The number is any bytes, so the two names are cut off from the front.
    let mut parts = key.strip_prefix(PREFIX)?.splitn(3, |byte| *byte == b'/');
    let mut oin = || Oin::parse(std::str::from_utf8(parts.next()?).ok()?).ok();
    let both = (oin()?, oin()?);
    (parts.next()?.len() == NoticeId::LEN).then_some(both)
}
