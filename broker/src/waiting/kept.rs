//! How a question that waits stands in the store: under `bw/<target>/<rank><due><target id>` what
//! its target gets of it. The inquiry that it belongs to is not in it.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Store, StoreError};

use super::Mark;
use crate::limits::WAITING_PAGE;

const PREFIX: &[u8] = b"bw/";

/// Where a question stands that waits for a node.
pub(super) fn key(node: &Oin, mark: &Mark) -> Vec<u8> {
    let ms = u64::try_from(mark.answer_by.ms()).unwrap_or(0);
    [
        PREFIX,
        node.as_str().as_bytes(),
        b"/",
        &[mark.rank],
        &ms.to_be_bytes(),
        mark.id.as_bytes().as_slice(),
    ]
    .concat()
}

/// What waits, by whom it waits for.
///
/// # Errors
/// Why the store cannot be read; `STORE_CORRUPT` for a key that is none of these.
pub(super) async fn load(store: &dyn Store) -> Result<BTreeMap<Oin, BTreeSet<Mark>>, Reason> {
    let (mut nodes, mut after) = (BTreeMap::<Oin, BTreeSet<Mark>>::new(), None);
    loop {
        let page = store.scan(PREFIX, after.as_deref(), WAITING_PAGE).await;
        let page = page.map_err(StoreError::reason)?;
        for pair in &page {
            let (node, mark) = parse(&pair.key).ok_or(Reason::StoreCorrupt)?;
            nodes.entry(node).or_default().insert(mark);
        }
        if page.len() < WAITING_PAGE {
            return Ok(nodes);
        }
        after = page.into_iter().next_back().map(|pair| pair.key);
    }
}

fn parse(key: &[u8]) -> Option<(Oin, Mark)> {
    // The rest is any bytes, so the name is cut off from the front.
    let mut parts = key.strip_prefix(PREFIX)?.splitn(2, |byte| *byte == b'/');
    let node = Oin::parse(std::str::from_utf8(parts.next()?).ok()?).ok()?;
    let (&[rank], rest) = parts.next()?.split_first_chunk::<1>()?;
    let (ms, id) = rest.split_first_chunk::<8>()?;
    let answer_by = Timestamp::from_ms(i64::try_from(u64::from_be_bytes(*ms)).ok()?);
    Some((node, Mark { rank, answer_by, id: TargetId::from_slice(id).ok()? }))
}
