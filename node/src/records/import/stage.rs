//! Staging: rows are written where nobody looks, and become visible in one commit.
//!
//! Life of an import in the store: remove what an interrupted import left; write under `r/staging`
//! which generation is being staged; write its rows; commit, in one batch, that `r/live` names it
//! and that `r/staging` is gone; remove the rows of the generation before. A crash anywhere leaves
//! either the old content or the new, and rows that the next import removes.
//!
//! INVARIANT: rows of the generation that `r/live` names are never removed.

use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_evidence::store::parts::{delete_body, put_body};
use grondslag_evidence::store::{Batch, Store, StoreError};

use super::ImportError;
use super::check::Checked;
use crate::limits::{IMPORT_BATCH_BYTES, IMPORT_BATCH_ROWS, PAGE, SWEEP_STEPS};
use crate::records::SourceFault;
use crate::records::keys::{self, LIVE, ROWS, STAGING, Table};
use crate::records::shape::{Live, Staging, decode, encode};

/// An import under way.
pub(super) struct Stage {
    store: Arc<dyn Store>,
    /// What stood under `r/live` when it began.
    before: Option<Vec<u8>>,
    /// What stands under `r/staging`.
    mark: Vec<u8>,
    generation: u64,
    batch: Batch,
    rows: usize,
}

impl Stage {
    /// Takes the staging over, and removes what an interrupted import left.
    pub(super) async fn begin(store: Arc<dyn Store>) -> Result<Self, ImportError> {
        let before = store.get(LIVE).await?;
        let left = store.get(STAGING).await?;
        let live = generation(before.as_deref())?;
        let generation = next(live, left.as_deref())?;
        let mark = encode(&Staging { generation, run: run()? })?;
        let batch = expect(Batch::new(), LIVE, before.as_deref());
        let batch = expect(batch, STAGING, left.as_deref()).put(STAGING, mark.clone());
        store.commit(batch).await?;
        sweep(store.as_ref(), &[live, Some(generation)]).await?;
        Ok(Self { store, before, mark, generation, batch: Batch::new(), rows: 0 })
    }

    /// Stages a row; says whether a commit is due.
    pub(super) fn add(&mut self, checked: &Checked) -> Result<bool, ImportError> {
        let generation = self.generation;
        let (key, body) = match checked {
            Checked::Client { entry, row } => {
                let table = if row.bsn.is_some() { Table::Client } else { Table::Unnumbered };
                (keys::entry_key(generation, table, entry), encode(row)?)
            }
            Checked::Record { entry, number, row } => {
                (keys::row_key(generation, Table::Record, entry, *number), encode(row)?)
            }
            Checked::Fact { entry, number, row } => {
                (keys::row_key(generation, Table::Fact, entry, *number), encode(row)?)
            }
        };
        self.batch = put_body(std::mem::take(&mut self.batch), &key, &body)?;
        self.rows += 1;
        Ok(self.rows >= IMPORT_BATCH_ROWS || self.batch.bytes() >= IMPORT_BATCH_BYTES)
    }

    /// Commits the rows added so far. It expects the staging to be this run's still.
    pub(super) async fn flush(&mut self) -> Result<(), ImportError> {
        let rows = std::mem::take(&mut self.batch);
        self.rows = 0;
        if rows.is_empty() {
            return Ok(());
        }
        let batch = Batch::new().expect_value(STAGING, self.mark.clone()).then(rows);
        Ok(self.store.commit(batch).await?)
    }

    /// Makes the staged rows the register, in one commit, and removes the old ones.
    pub(super) async fn publish(
        mut self,
        as_of: Timestamp,
        unnumbered: bool,
    ) -> Result<(), ImportError> {
        self.flush().await?;
        let live = encode(&Live { generation: self.generation, as_of, unnumbered })?;
        let batch = Batch::new().expect_value(STAGING, self.mark.clone()).delete(STAGING);
        let batch = expect(batch, LIVE, self.before.as_deref()).put(LIVE, live.clone());
        if let Err(error) = self.store.commit(batch).await {
            self.landed(&live, error).await?;
        }
        // The import is done; rows that cannot be removed now are the next import's to remove.
        if sweep(self.store.as_ref(), &[Some(self.generation)]).await.is_err() {
            tracing::warn!("rows of the former import are not yet removed");
        }
        Ok(())
    }

    /// Takes the staging back: nothing of it was ever visible.
    pub(super) async fn abandon(self) -> Result<(), ImportError> {
        let live = generation(self.before.as_deref())?;
        sweep(self.store.as_ref(), &[live]).await?;
        let batch = Batch::new().expect_value(STAGING, self.mark).delete(STAGING);
        Ok(self.store.commit(batch).await?)
    }

    /// After a commit that failed, the write may have landed all the same.
    async fn landed(&self, live: &[u8], error: StoreError) -> Result<(), StoreError> {
        let landed = !error.wrote_nothing()
            && self.store.get(LIVE).await.is_ok_and(|found| found.as_deref() == Some(live));
        if landed { Ok(()) } else { Err(error) }
    }
}

fn expect(batch: Batch, key: &[u8], found: Option<&[u8]>) -> Batch {
    match found {
        Some(value) => batch.expect_value(key, value),
        None => batch.expect_absent(key),
    }
}

fn generation(live: Option<&[u8]>) -> Result<Option<u64>, SourceFault> {
    live.map(|value| decode::<Live>(value).map(|live| live.generation)).transpose()
}

/// A generation that no row has yet.
fn next(live: Option<u64>, left: Option<&[u8]>) -> Result<u64, SourceFault> {
    let left = left.map(decode::<Staging>).transpose()?.map(|staging| staging.generation);
    Ok(live.max(left).map_or(1, |last| last.saturating_add(1)))
}

fn run() -> Result<String, ImportError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| ImportError::Random)?;
    Ok(hex::encode(bytes))
}

/// Removes the rows of every generation but these. It may be cut short anywhere: what is left, the
/// next one removes.
async fn sweep(store: &dyn Store, keep: &[Option<u64>]) -> Result<(), StoreError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let first = store.scan(ROWS, after.as_deref(), 1).await?.pop();
        let Some(pair) = first else { return Ok(()) };
        let Some(generation) = keys::generation_of(&pair.key) else {
            return Err(StoreError::Corrupt);
        };
        if !keep.contains(&Some(generation)) {
            remove(store, generation).await?;
        }
        after = Some(keys::generation_end(generation));
    }
}

async fn remove(store: &dyn Store, generation: u64) -> Result<(), StoreError> {
    let prefix = keys::generation_prefix(generation);
    loop {
        let page = store.scan(&prefix, None, PAGE).await?;
        if page.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for pair in page {
            batch = delete_body(store, batch, &pair.key).await?;
            if batch.len() >= SWEEP_STEPS {
                break;
            }
        }
        store.commit(batch).await?;
    }
}
