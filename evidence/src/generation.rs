//! Which ledgers of a store go on. A process that was restored from a backup does not go on with
//! the ledgers that it had: others hold heads of theirs that the backup may not reach. It begins
//! new ones, under the next number; those before stay in the store, to be read and verified.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Batch, Store, StoreError};

/// The number of the ledgers that go on; absent means the first.
const NUMBER: &[u8] = b"!/generation";
/// Stands there from a restore until new ledgers were begun.
const RESTORED: &[u8] = b"!/restored";
/// Between the name of a ledger and its number.
const DASH: char = '-';

/// What a store says of the backup that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    /// When the backup was begun.
    pub at: Timestamp,
    /// How many leaves each ledger has in it.
    pub ledgers: BTreeMap<String, u64>,
}

/// The number of the ledgers that go on, from 1.
///
/// # Errors
/// Those of the store.
pub async fn number(store: &dyn Store) -> Result<u64, StoreError> {
    let Some(value) = store.get(NUMBER).await? else { return Ok(1) };
    let number = value.try_into().map(u64::from_be_bytes);
    number.ok().filter(|number| *number > 1).ok_or(StoreError::Corrupt)
}

/// The backup that the store comes from, as long as no new ledgers were begun.
///
/// # Errors
/// Those of the store.
pub async fn restored(store: &dyn Store) -> Result<Option<Restored>, StoreError> {
    let value = store.get(RESTORED).await?;
    value.map(|value| serde_json::from_slice(&value).map_err(|_| StoreError::Corrupt)).transpose()
}

/// Adds to a batch that the store comes from a backup.
pub(crate) fn mark(batch: Batch, restored: &Restored) -> Result<Batch, StoreError> {
    let value = serde_json::to_vec(restored).map_err(|_| StoreError::TooLarge("ledgers"))?;
    Ok(batch.put(RESTORED, value))
}

/// Adds to a batch that the ledgers of this number go on, and that the store may serve. Commit it
/// with the first leaf of the process's own ledger, after those of its other ledgers.
#[must_use]
pub fn begin(batch: Batch, number: u64) -> Batch {
    batch.put(NUMBER, number.to_be_bytes()).delete(RESTORED)
}

/// What a ledger is called in its store under a number.
pub fn name(base: &str, number: u64) -> String {
    if number > 1 { format!("{base}{DASH}{number}") } else { base.to_owned() }
}

/// A ledger's base name, and its number.
pub fn of_name(name: &str) -> (&str, u64) {
    let numbered = name.rsplit_once(DASH).and_then(|(base, number)| {
        let parsed: u64 = number.parse().ok().filter(|parsed| *parsed > 1)?;
        (parsed.to_string() == number).then_some((base, parsed))
    });
    numbered.unwrap_or((name, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn a_store_goes_on_with_its_first_ledgers_until_new_ones_are_begun() {
        let store = MemoryStore::default();
        assert_eq!(number(&store).await, Ok(1));
        assert_eq!(restored(&store).await, Ok(None));
        let ledgers = BTreeMap::from([("broker".to_owned(), 7)]);
        let told = Restored { at: Timestamp::from_ms(5), ledgers };
        store.commit(mark(Batch::new(), &told).unwrap()).await.unwrap();
        assert_eq!(restored(&store).await, Ok(Some(told)));
        store.commit(begin(Batch::new(), 2)).await.unwrap();
        assert_eq!((number(&store).await, restored(&store).await), (Ok(2), Ok(None)));
        for bad in [vec![], vec![0; 8], 1_u64.to_be_bytes().to_vec()] {
            store.commit(Batch::new().put(NUMBER, bad)).await.unwrap();
            assert_eq!(number(&store).await, Err(StoreError::Corrupt));
        }
    }

    #[test]
    fn the_first_ledger_has_its_plain_name_and_every_name_reads_back() {
        for (base, number, text) in [("broker", 1, "broker"), ("a-b", 12, "a-b-12")] {
            assert_eq!(name(base, number), text);
            assert_eq!(of_name(text), (base, number));
        }
        for plain in ["broker-1", "broker-02", "broker-x", "broker-"] {
            assert_eq!(of_name(plain), (plain, 1));
        }
    }
}
