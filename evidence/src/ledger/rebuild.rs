//! Making the keys of a ledger again from its tiles, once the store has lost or damaged them.
//!
//! The tiles hold every full bundle; what followed stood in the store alone. Entries that are
//! still there behind the last bundle are taken along, the rest is lost, and the ledger ends
//! earlier than it did. So it is refused for a ledger that is whole, for a store that was put
//! back to an older copy (its state would not be that of the leaves), and below a head that
//! anybody was shown: who holds that one would see a ledger that shrank.

use std::sync::Arc;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::merkle::leaf_hash;
use grondslag_core::reason::Reason;

use super::edge::Edge;
use super::keys::{Filed, Head, Keys, decode};
use super::start::{Signer, find};
use super::tiles::{Tile, Tiles};
use super::tree::Tree;
use super::{LedgerError, Means};
use crate::limits::{SCAN_PAGE_MAX, TILE_WIDTH};
use crate::store::{Batch, Store, StoreError};

const WIDTH: u64 = TILE_WIDTH as u64;

/// A ledger that was made again.
#[derive(Debug, Clone)]
pub struct Rebuilt {
    /// Leaves that stand in tile files.
    pub filed: u64,
    /// Leaves behind them that the store still had.
    pub kept: u64,
    /// How long the damaged ledger said that it was, if that could be read.
    pub said: Option<u64>,
    /// Signed over what there is now.
    pub checkpoint: SignedCheckpoint,
}

/// Why a ledger was not made again; its keys are as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RebuildError {
    /// Nothing is wrong with it.
    #[error("the ledger is whole")]
    Whole,
    /// The store is older than its tiles: it was put back.
    #[error("the store is older than its tiles")]
    PutBack,
    /// There is nothing to make it from.
    #[error("there are no tiles")]
    Nothing,
    /// Somebody was shown a head over more leaves than there are.
    #[error("a head over {0} leaves was shown")]
    Behind(u64),
    /// Somebody was shown another history.
    #[error("the tiles do not hold what was shown")]
    OtherHistory,
    /// A tile is missing or damaged, or the store failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl RebuildError {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Whole | Self::Nothing => Reason::LedgerWhole,
            Self::PutBack | Self::OtherHistory => Reason::LedgerFork,
            Self::Behind(_) => Reason::LedgerBehind,
            Self::Ledger(error) => error.reason(),
        }
    }
}

/// Makes the keys of a ledger again. `shown` are heads of it that others keep; those that its
/// own key did not sign are left out.
///
/// The caller is the only one with the store.
///
/// # Errors
/// [`RebuildError`].
pub async fn rebuild(
    means: &Means<'_>,
    shown: &[SignedCheckpoint],
) -> Result<Rebuilt, RebuildError> {
    let Means { store, name, tiles, signer, .. } = means;
    let (store, keys) = (store.as_ref(), Keys::of(name)?);
    let said = damaged(store, &keys, signer, tiles).await?;
    let Laid { tree, bundles, mut ended_at } = laid(tiles)?;
    let filed = bundles.saturating_mul(WIDTH);
    let tail = tail(store, &keys, filed).await?;
    for entry in &tail.entries {
        tree.write().push(leaf_hash(entry));
        ended_at = decode(0, entry).map(|record| record.recorded_at).or(ended_at);
    }
    let size = tree.read().size();
    let recorded_at = ended_at.ok_or(RebuildError::Nothing)?;
    for head in shown.iter().filter(|head| signer.made(head)) {
        let shown = head.checkpoint();
        if shown.size > size {
            return Err(RebuildError::Behind(shown.size));
        }
        if tree.head(shown.size)?.root != shown.root {
            return Err(RebuildError::OtherHistory);
        }
    }
    let checkpoint = signer.sign(size, tree.head(size)?.root);
    for some in tail.strays.chunks(SCAN_PAGE_MAX) {
        let batch = some.iter().fold(Batch::new(), |batch, key| batch.delete(key.as_slice()));
        store.commit(batch).await.map_err(LedgerError::from)?;
    }
    let head = Head { recorded_at, checkpoint: checkpoint.clone() };
    let mut batch = Batch::new().put(keys.head_key(), head.encode()).delete(keys.filed_key());
    if bundles > 0 {
        let root = tree.head(filed)?.root;
        batch = batch.put(keys.filed_key(), Filed { bundles, root }.encode());
    }
    store.commit(batch).await.map_err(LedgerError::from)?;
    Ok(Rebuilt { filed, kept: size.saturating_sub(filed), said, checkpoint })
}

/// Makes sure that the keys are damaged, and nothing else is the matter; gives the size that they
/// say.
async fn damaged(
    store: &dyn Store,
    keys: &Keys,
    signer: &Signer,
    tiles: &Arc<Tiles>,
) -> Result<Option<u64>, RebuildError> {
    let head = keys.head(store).await.map_err(LedgerError::from)?;
    let head = head.as_deref().and_then(Head::decode).map(|head| head.checkpoint);
    let said = head.filter(|head| signer.made(head)).map(|head| head.checkpoint().size);
    match find(store, keys, signer, tiles).await {
        Ok((end, _)) if end.size > 0 => Err(RebuildError::Whole),
        Err(LedgerError::Fork) => {
            let behind = said.map(|size| Tile::Entries { index: size / WIDTH });
            let put_back = behind.is_some_and(|tile| tiles.has(tile));
            if put_back { Err(RebuildError::PutBack) } else { Ok(said) }
        }
        // Whether there ever was one the tiles say.
        Ok(_) | Err(LedgerError::Store(StoreError::Corrupt) | LedgerError::Damaged(_)) => Ok(said),
        Err(error) => Err(error.into()),
    }
}

/// What the tiles hold.
struct Laid {
    tree: Tree,
    bundles: u64,
    ended_at: Option<Timestamp>,
}

/// Hashes every bundle again and holds the tiles of hashes against that; a tile that was still to
/// be written when the process died is written.
fn laid(tiles: &Arc<Tiles>) -> Result<Laid, LedgerError> {
    let tree = Tree::new(Edge::default(), Arc::clone(tiles));
    let (mut bundles, mut ended_at) = (0, None);
    while tiles.has(Tile::Entries { index: bundles }) {
        let damaged = LedgerError::Damaged(Tile::Entries { index: bundles });
        for entry in tiles.entries(bundles)? {
            ended_at = Some(decode(0, &entry).ok_or(damaged)?.recorded_at);
            tree.write().push(leaf_hash(&entry));
        }
        bundles = bundles.saturating_add(1);
        while tree.file_hashes(bundles.saturating_mul(WIDTH))? {}
    }
    // A tile further on says that one before it is gone.
    let mut further = false;
    tiles.strays(bundles, |_| further = true).map_err(StoreError::from)?;
    let missing = LedgerError::Damaged(Tile::Entries { index: bundles });
    if further { Err(missing) } else { Ok(Laid { tree, bundles, ended_at }) }
}

/// What the store still has of the entries.
#[derive(Default)]
struct Tail {
    /// Those right behind the last bundle, without a gap.
    entries: Vec<Vec<u8>>,
    /// Keys of all others.
    strays: Vec<Vec<u8>>,
}

async fn tail(store: &dyn Store, keys: &Keys, filed: u64) -> Result<Tail, LedgerError> {
    let (mut tail, mut next) = (Tail::default(), filed);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(keys.entries(), after.as_deref(), SCAN_PAGE_MAX).await?;
        let Some(last) = page.last() else { return Ok(tail) };
        after = Some(last.key.clone());
        for pair in page {
            let follows = pair.key == keys.entry_key(next) && decode(next, &pair.value).is_some();
            if follows {
                tail.entries.push(pair.value);
                next = next.saturating_add(1);
            } else {
                tail.strays.push(pair.key);
            }
        }
    }
}
