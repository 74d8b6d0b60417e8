//! What stands in the ledgers of a party, entry by entry, with what is behind each.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_evidence::ledger::Leaves as _;
use grondslag_evidence::records::{Forgotten, Opened, Opening, committed, open};
use grondslag_evidence::store::StoreError;
use indicatif::ProgressBar;

use super::party::Party;
use crate::exit::Failure;
use crate::limits::AUDIT_PAGE;

/// One entry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) index: u64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) leaf: Vec<u8>,
    pub(crate) behind: Behind,
}

/// What is behind an entry.
#[derive(Debug)]
pub(crate) enum Behind {
    /// A record that its commitment matches.
    Opened(Opened),
    /// A record of this kind that has no opening: forgotten, or lost.
    Bare { kind: String, commitment: Digest },
    /// A record of this kind whose opening is not what was committed to.
    Altered { kind: String },
    /// It says which records were forgotten.
    Deletion(Forgotten),
    /// Something that stands in clear.
    Clear,
}

/// Takes every entry of every ledger of a party, in order.
pub(super) async fn each(
    party: &Party,
    bar: &ProgressBar,
    take: impl FnMut(&str, Entry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_since(party, Timestamp::from_ms(i64::MIN), bar, take).await
}

/// The same, of what was recorded since a moment: what is older is not opened.
pub(crate) async fn each_since(
    party: &Party,
    since: Timestamp,
    bar: &ProgressBar,
    mut take: impl FnMut(&str, Entry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for still in party.copied.ledgers().await? {
        let mut next = 0;
        loop {
            let page = still.read(next, AUDIT_PAGE).await?;
            let Some(last) = page.last() else { break };
            next = last.index.saturating_add(1);
            bar.inc(u64::try_from(page.len()).unwrap_or(u64::MAX));
            for record in page.into_iter().filter(|record| record.recorded_at >= since) {
                let behind = behind(party, &record.leaf).await?;
                let grondslag_evidence::ledger::Record { index, recorded_at, leaf, .. } = record;
                take(still.name(), Entry { index, recorded_at, leaf, behind })?;
            }
        }
    }
    Ok(())
}

async fn behind(party: &Party, leaf: &[u8]) -> Result<Behind, Failure> {
    if let Some(forgotten) = Forgotten::parse(leaf) {
        return Ok(Behind::Deletion(forgotten));
    }
    match open(party.copied.store().as_ref(), leaf).await {
        Ok(Opening::Opened(opened)) => Ok(Behind::Opened(opened)),
        Ok(Opening::Forgotten { kind, commitment }) => Ok(Behind::Bare { kind, commitment }),
        Ok(Opening::Clear) => Ok(Behind::Clear),
        Err(StoreError::Corrupt) => {
            let kind = committed(leaf).map(|(kind, _)| kind.to_owned());
            Ok(Behind::Altered { kind: kind.unwrap_or_default() })
        }
        Err(error) => Err(error.into()),
    }
}
