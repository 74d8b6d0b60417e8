//! A store whose commits are timed.

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use grondslag_evidence::health::StoreHealth;
use grondslag_evidence::store::{Batch, Capture, Pair, Store, StoreError};

use super::meters::Meters;

/// Passes everything on, and notes how long each commit took that landed.
#[derive(Debug)]
pub(super) struct WatchedStore {
    store: Arc<dyn Store>,
    meters: Meters,
}

impl WatchedStore {
    pub(super) fn new(store: Arc<dyn Store>, meters: Meters) -> Self {
        Self { store, meters }
    }
}

#[async_trait]
impl Store for WatchedStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.store.scan(prefix, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let since = Instant::now();
        self.store.commit(batch).await?;
        self.meters.committed(since.elapsed());
        Ok(())
    }

    fn capture(&self) -> Result<Capture, StoreError> {
        self.store.capture()
    }

    async fn health(&self) -> StoreHealth {
        self.store.health().await
    }
}
