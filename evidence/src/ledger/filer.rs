//! Moving full bundles from the store to tile files, beside the commits.
//!
//! Its own commits share a durable write with those of the sequencer. What fails is tried again
//! after the next group: the entries stand in the store until then.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::watch;

use super::LedgerError;
use super::keys::{Filed, Keys};
use super::sequencer::Shown;
use super::tiles::{Tile, bundled};
use super::tree::Tree;
use crate::limits::TILE_WIDTH;
use crate::store::{Batch, Store, StoreError};

/// How far the filer is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// How many bundles stand in files.
    pub(super) bundles: u64,
    /// Why the last turn did not go on.
    pub(super) failed: Option<LedgerError>,
}

/// Owner of what a ledger has in files.
pub(super) struct Filer {
    pub(super) store: Arc<dyn Store>,
    pub(super) keys: Keys,
    pub(super) shown: Arc<RwLock<Shown>>,
    /// Told of every commit; it ends with the sequencer.
    pub(super) commits: watch::Receiver<()>,
    pub(super) progress: watch::Sender<Progress>,
}

impl Filer {
    pub(super) async fn run(mut self) {
        loop {
            self.turn().await;
            if self.commits.changed().await.is_err() {
                return;
            }
        }
    }

    /// Moves every full bundle of what is durable now.
    async fn turn(&self) {
        let shown = self.shown.read().unwrap_or_else(PoisonError::into_inner).clone();
        let size = shown.checkpoint.checkpoint().size;
        let full = size / TILE_WIDTH as u64;
        let done = self.progress.borrow().bundles;
        if full <= done {
            return;
        }
        let mut failed = None;
        match self.file_until(&shown.tree, full).await {
            // Another process was first; the next turn goes on behind it.
            Ok(()) | Err(LedgerError::Store(StoreError::Conflict { .. })) => {}
            Err(error) => {
                tracing::error!(reason = error.reason().code(), "a bundle was not filed");
                failed = Some(error);
            }
        }
        self.progress.send_modify(|progress| progress.failed = failed);
    }

    async fn file_until(&self, tree: &Tree, full: u64) -> Result<(), LedgerError> {
        let mut filed = self.keys.filed(self.store.as_ref()).await?;
        let bundles = |filed: Option<Filed>| filed.map_or(0, |filed| filed.bundles);
        while bundles(filed) < full {
            filed = Some(file_one(self.store.as_ref(), &self.keys, tree, filed).await?);
            self.progress.send_modify(|progress| progress.bundles = bundles(filed));
        }
        self.progress.send_modify(|progress| progress.bundles = bundles(filed));
        Ok(())
    }
}

/// A bundle leaves the store only once its tiles are synced: a process that is killed in between
/// finds it in both places.
async fn file_one(
    store: &dyn Store,
    keys: &Keys,
    tree: &Tree,
    before: Option<Filed>,
) -> Result<Filed, LedgerError> {
    let bundle = before.map_or(0, |filed| filed.bundles);
    let first = bundle.saturating_mul(TILE_WIDTH as u64);
    let end = first.saturating_add(TILE_WIDTH as u64);
    let bytes = bundled(&entries(store, keys, first).await?);
    let filing = move |tree: &Tree| {
        tree.tiles().write(Tile::Entries { index: bundle }, &bytes)?;
        while tree.file_hashes(end)? {}
        tree.head(end)
    };
    let root = tree.prove(filing).await?.root;
    let filed = Filed { bundles: bundle.saturating_add(1), root };
    let key = keys.filed_key();
    let batch = match before {
        None => Batch::new().expect_absent(key),
        Some(before) => Batch::new().expect_value(key, before.encode()),
    };
    let gone = (first..).take(TILE_WIDTH);
    let batch = gone
        .fold(batch.put(key, filed.encode()), |batch, index| batch.delete(keys.entry_key(index)));
    store.commit(batch).await?;
    Ok(filed)
}

/// The entries of one bundle, from the store.
async fn entries(store: &dyn Store, keys: &Keys, first: u64) -> Result<Vec<Vec<u8>>, LedgerError> {
    let after = first.checked_sub(1).map(|index| keys.entry_key(index));
    let page = store.scan(keys.entries(), after.as_deref(), TILE_WIDTH).await?;
    let entries = (first..).zip(page).map(|(index, pair)| keys.entry(index, pair));
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    if entries.len() == TILE_WIDTH { Ok(entries) } else { Err(StoreError::Corrupt.into()) }
}
