//! Which rules were in force, as a party's own ledger tells it: whoever reads its decisions later
//! knows by which bundle each stretch of them was taken.

use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Batch, Store, StoreError};

/// Which rules were in force when this process last started.
const IN_FORCE: &[u8] = b"y/policy";

/// Records which rules are in force, when they are not those of the last start. `leaf` is the
/// policy's own.
///
/// # Errors
/// Why ledger or store did not take it: a process without evidence of its rules does not start.
pub(super) async fn record(
    ledger: &Ledger,
    store: &dyn Store,
    leaf: Vec<u8>,
) -> Result<(), Reason> {
    let about = Digest::of(&leaf);
    // A ledger that was begun after a restore says it anew.
    let log = ledger.checkpoint().checkpoint().origin.to_string();
    let told = [about.as_bytes().as_slice(), log.as_bytes()].concat();
    let before = store.get(IN_FORCE).await.map_err(StoreError::reason)?;
    if before.as_ref() == Some(&told) {
        return Ok(());
    }
    let entry = Entry { about, leaf, state: Batch::new().put(IN_FORCE, told) };
    ledger.append(entry).await.map_err(LedgerError::reason)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use grondslag_core::clock::{SetClock, Timestamp};
    use grondslag_evidence::ledger::testing;
    use grondslag_evidence::store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn a_ledger_tells_which_rules_are_in_force_once_for_each_change() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(7)));
        let first = testing::open(Arc::clone(&store), clock.clone(), "first").await.unwrap();
        for (leaf, size) in [("one", 1), ("one", 1), ("two", 2), ("one", 3)] {
            record(&first, store.as_ref(), leaf.into()).await.unwrap();
            assert_eq!(first.size().await, Ok(size), "{leaf}");
        }
        let next = testing::open(Arc::clone(&store), clock, "next").await.unwrap();
        record(&next, store.as_ref(), "one".into()).await.unwrap();
        assert_eq!(next.size().await, Ok(1), "a new ledger tells it too");
    }
}
