//! A test double: a store that fails a chosen commit, with or without the write having landed.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::{Batch, Capture, Pair, Store, StoreError};
use crate::health::StoreHealth;

/// What becomes of a commit that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing was written.
    Lost,
    /// The write landed, but the caller does not hear so.
    Landed,
}

/// Passes everything to another store, but fails the commits it was told to.
///
/// Unlike the embedded backend it works on after a fault, as a database behind a network would.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    plan: Mutex<Plan>,
}

#[derive(Debug, Default)]
struct Plan {
    commits: u64,
    faults: BTreeMap<u64, Fault>,
    /// Fails the next commit that touches keys with a prefix.
    of: Option<(Vec<u8>, Fault)>,
}

impl FaultyStore {
    /// Wraps a store; no commit fails yet.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, plan: Mutex::default() }
    }

    /// Fails the `n`-th commit from now, the next one being number 1.
    pub fn fail_commit(&self, n: u64, fault: Fault) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let at = plan.commits.saturating_add(n);
        plan.faults.insert(at, fault);
    }

    /// Fails the next commit that touches keys with this prefix, whatever else is committed before.
    pub fn fail_commit_of(&self, prefix: &[u8], fault: Fault) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.of = Some((prefix.to_owned(), fault));
    }

    /// Number of commits asked for so far, failed ones included.
    pub fn commits(&self) -> u64 {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner).commits
    }

    fn next(&self, batch: &Batch) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        plan.commits = plan.commits.saturating_add(1);
        let now = plan.commits;
        let of = plan.of.take_if(|(prefix, _)| batch.touches(prefix)).map(|(_, fault)| fault);
        plan.faults.remove(&now).or(of)
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.get(key).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.inner.scan(prefix, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let fault = self.next(&batch);
        if fault != Some(Fault::Lost) {
            self.inner.commit(batch).await?;
        }
        match fault {
            Some(_) => Err(StoreError::Unwritable(io::ErrorKind::Other)),
            None => Ok(()),
        }
    }

    fn capture(&self) -> Result<Capture, StoreError> {
        self.inner.capture()
    }

    async fn health(&self) -> StoreHealth {
        self.inner.health().await
    }
}
