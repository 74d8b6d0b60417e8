//! What stands in the ledgers of a party, entry by entry, with what is behind each.

use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::audit::Still;
use grondslag_evidence::ledger::{Leaves as _, Record};
use grondslag_evidence::records::{Forgotten, Opened, Opening, committed, open};
use grondslag_evidence::store::{Store, StoreError};
use indicatif::ProgressBar;
use tokio::sync::mpsc;

use super::party::Party;
use crate::exit::Failure;
use crate::limits::{AUDIT_PAGE, AUDIT_PAGES_AHEAD};

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
    let all = Filter { since: Timestamp::from_ms(i64::MIN), kinds: |_| true };
    each_of(party, all, bar, take).await
}

/// Which entries are opened; that something was forgotten is told of every one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filter {
    /// Recorded since this moment.
    pub(crate) since: Timestamp,
    /// Of these kinds of record.
    pub(crate) kinds: fn(&str) -> bool,
}

/// The same, of some entries. What comes next is read and opened while the last is taken.
pub(crate) async fn each_of(
    party: &Party,
    filter: Filter,
    bar: &ProgressBar,
    mut take: impl FnMut(&str, Entry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    for still in party.copied.ledgers().await? {
        let name = still.name().to_owned();
        let (pages, mut read) = mpsc::channel(AUDIT_PAGES_AHEAD);
        let store = Arc::clone(party.copied.store());
        let reading = tokio::spawn(read_ahead(still, store, filter, pages));
        while let Some((leaves, entries)) = read.recv().await {
            bar.inc(leaves);
            for entry in entries {
                take(&name, entry)?;
            }
        }
        reading.await.map_err(|error| Failure::new(Reason::Internal, error))??;
    }
    Ok(())
}

/// A number of leaves, and the entries of them that are wanted.
type Page = (u64, Vec<Entry>);

/// Reads a ledger, until its end or until nobody takes it any more.
async fn read_ahead(
    still: Still,
    store: Arc<dyn Store>,
    filter: Filter,
    pages: mpsc::Sender<Page>,
) -> Result<(), Failure> {
    let mut next = 0;
    loop {
        let page = still.read(next, AUDIT_PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        next = last.index.saturating_add(1);
        let leaves = u64::try_from(page.len()).unwrap_or(u64::MAX);
        let mut entries = Vec::new();
        for record in page {
            let is_wanted = |(kind, _): (&str, _)| (filter.kinds)(kind);
            let skipped = record.recorded_at < filter.since
                || committed(&record.leaf).is_some_and(|found| !is_wanted(found));
            if !skipped {
                let behind = behind(store.as_ref(), &record.leaf).await?;
                let Record { index, recorded_at, leaf, .. } = record;
                entries.push(Entry { index, recorded_at, leaf, behind });
            }
        }
        if pages.send((leaves, entries)).await.is_err() {
            return Ok(());
        }
    }
}

async fn behind(store: &dyn Store, leaf: &[u8]) -> Result<Behind, Failure> {
    if let Some(forgotten) = Forgotten::parse(leaf) {
        return Ok(Behind::Deletion(forgotten));
    }
    match open(store, leaf).await {
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
