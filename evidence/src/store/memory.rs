//! The backend that keeps nothing: for tests and simulations.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::capture::{Capture, Captures};
use super::{Batch, Pair, Store, StoreError};
use crate::health::StoreHealth;
use crate::limits::SCAN_PAGE_MAX;

/// A store in memory. "Durable" here means: as long as the value lives.
#[derive(Default)]
pub struct MemoryStore {
    /// One lock is the serial order of commits; it is never held across an await.
    pairs: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    captures: Captures,
}

impl MemoryStore {
    fn pairs(&self) -> MutexGuard<'_, BTreeMap<Vec<u8>, Vec<u8>>> {
        // A commit changes the map only after everything that could panic.
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore(…)")
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.pairs().get(key).cloned())
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let pairs = self.pairs();
        let page = pairs
            .range::<[u8], _>((page_start(prefix, after), Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit.min(SCAN_PAGE_MAX))
            .map(|(key, value)| Pair { key: key.clone(), value: value.clone() });
        Ok(page.collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut pairs = self.pairs();
        let writes = batch.evaluate(|key| Ok(pairs.get(key).cloned()))?;
        if self.captures.is_on() {
            self.captures.add(writes.clone());
        }
        for (key, value) in writes {
            match value {
                Some(value) => pairs.insert(key, value),
                None => pairs.remove(&key),
            };
        }
        Ok(())
    }

    fn capture(&self) -> Result<Capture, StoreError> {
        let _no_commit_meanwhile = self.pairs();
        self.captures.begin()
    }

    async fn health(&self) -> StoreHealth {
        StoreHealth {
            backend: "memory",
            writable: true,
            reason: None,
            free_bytes: None,
            used_bytes: None,
        }
    }
}

/// Where a page begins: behind `after`, but never before the prefix itself.
pub(super) fn page_start<'a>(prefix: &'a [u8], after: Option<&'a [u8]>) -> Bound<&'a [u8]> {
    match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::store::conformance;

    #[tokio::test(flavor = "multi_thread")]
    async fn memory_keeps_every_promise_of_a_store() {
        conformance::suite(|| async { Arc::new(MemoryStore::default()) as Arc<dyn Store> }).await;
    }
}
