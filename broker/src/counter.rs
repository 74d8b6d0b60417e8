//! Counts that have a bound: of questions, of steps, of points.
//!
//! A count is read, compared with its bound, and written in the commit that records what is
//! counted. INVARIANT: that commit expects the count that was read, so nothing is recorded
//! uncounted and no count is lost; whoever comes too late meets a conflict, and reads again.

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};

use crate::sweep::expiry_key;

/// A count as it was read.
#[derive(Debug)]
pub(crate) struct Counter {
    key: Vec<u8>,
    seen: Option<Seen>,
    count: u64,
}

impl Counter {
    /// Reads a count; one that nobody began is zero.
    ///
    /// # Errors
    /// Why the store could not be read, or what stands there is no count.
    pub(crate) async fn read(store: &dyn Store, key: Vec<u8>) -> Result<Self, Reason> {
        let seen = parts::read_seen(store, &key).await.map_err(StoreError::reason)?;
        let count = seen.as_ref().map_or(Ok(0), number)?;
        Ok(Self { key, seen, count })
    }

    /// Whether so many more keep it within its bound.
    pub(crate) fn has_room(&self, more: u64, most: u64) -> bool {
        self.count.checked_add(more).is_some_and(|count| count <= most)
    }

    /// Adds so many more to a batch, which then holds only while the count is what was read. One
    /// that begins is swept after `until`; one that goes on keeps the term that it began with.
    ///
    /// # Errors
    /// `TOO_LARGE` for a key over its limit.
    pub(crate) fn add(self, batch: Batch, more: u64, until: Timestamp) -> Result<Batch, Reason> {
        let Self { key, seen, count } = self;
        let batch = match seen {
            Some(seen) => parts::delete_seen(batch, &key, &seen),
            None => batch.put(expiry_key(until, &key), key.as_slice()),
        };
        let count = count.saturating_add(more).to_be_bytes();
        parts::put_body(batch, &key, &count).map_err(StoreError::reason)
    }
}

fn number(seen: &Seen) -> Result<u64, Reason> {
    let bytes = seen.body.as_slice().try_into().map_err(|_| Reason::StoreCorrupt)?;
    Ok(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use grondslag_evidence::store::MemoryStore;

    use super::*;
    use crate::sweep::sweep_all;

    const KEY: &[u8] = b"c/key";
    const UNTIL: Timestamp = Timestamp::from_ms(1_000);

    async fn read(store: &MemoryStore) -> Counter {
        Counter::read(store, KEY.to_vec()).await.unwrap()
    }

    async fn add(store: &MemoryStore, more: u64, until: Timestamp) {
        let batch = read(store).await.add(Batch::new(), more, until).unwrap();
        store.commit(batch).await.unwrap();
    }

    #[tokio::test]
    async fn a_count_goes_up_to_its_bound_and_no_further() {
        let store = MemoryStore::default();
        assert!(read(&store).await.has_room(3, 3) && !read(&store).await.has_room(4, 3));
        add(&store, 2, UNTIL).await;
        add(&store, 1, UNTIL).await;
        let counted = read(&store).await;
        assert_eq!(counted.count, 3);
        assert!(counted.has_room(0, 3) && counted.has_room(2, 5) && !counted.has_room(1, 3));
        assert!(!counted.has_room(u64::MAX, u64::MAX), "it does not begin anew");
    }

    #[tokio::test]
    async fn of_two_that_read_the_same_count_one_reads_again() {
        let store = MemoryStore::default();
        for expected in [1, 2] {
            let (one, two) = (read(&store).await, read(&store).await);
            store.commit(one.add(Batch::new(), 1, UNTIL).unwrap()).await.unwrap();
            let late = store.commit(two.add(Batch::new(), 1, UNTIL).unwrap()).await;
            assert!(matches!(late, Err(StoreError::Conflict { .. })), "{late:?}");
            assert_eq!(read(&store).await.count, expected);
        }
    }

    #[tokio::test]
    async fn a_count_is_swept_after_the_term_that_it_began_with() {
        let store = MemoryStore::default();
        for later in [0, 1, 2] {
            add(&store, 1, UNTIL.plus_ms(later)).await;
        }
        assert_eq!(store.scan(b"", None, 10).await.unwrap().len(), 2, "one term");
        sweep_all(&store, UNTIL).await.unwrap();
        assert_eq!(read(&store).await.count, 3);
        sweep_all(&store, UNTIL.plus_ms(1)).await.unwrap();
        assert!(store.scan(b"", None, 10).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_no_count_is_corrupt() {
        let store = MemoryStore::default();
        let batch = parts::put_body(Batch::new(), KEY, b"many").unwrap();
        store.commit(batch).await.unwrap();
        let read = Counter::read(&store, KEY.to_vec()).await;
        assert_eq!(read.err(), Some(Reason::StoreCorrupt));
    }
}
