//! How a ledger is found again, and what stops it.
//!
//! The store is the truth about the end, the tiles about the rest. Where both speak, they must
//! agree: a store that is ahead completes the tiles; tiles that are ahead of the store, or another
//! root over the same leaves, are a fork, and nobody goes on from one.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::merkle::leaf_hash;

use super::LedgerError;
use super::edge::{Edge, TILE_HEIGHT, rooted};
use super::keys::{Filed, Head, Keys, decode};
use super::tiles::{Tile, Tiles};
use super::tree::Tree;
use crate::limits::{RESEQUENCE_MAX, TILE_WIDTH};
use crate::store::{Store, StoreError};

/// Who signs a ledger's checkpoints.
#[derive(Clone)]
pub struct Signer {
    /// What the ledger is called in them.
    pub origin: Origin,
    /// The key that stands on the party's card.
    pub key: SigningKey,
    /// The public key before it, while checkpoints that it signed may be the last.
    pub previous: Option<[u8; 32]>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({}, …)", self.origin)
    }
}

impl Signer {
    pub(super) fn sign(&self, size: u64, root: Digest) -> SignedCheckpoint {
        Checkpoint { origin: self.origin.clone(), size, root }.sign(&self.key)
    }

    /// One of our keys signed it, for this ledger.
    pub(super) fn made(&self, signed: &SignedCheckpoint) -> bool {
        let own = self.key.verifying_key().to_bytes();
        let keys = [Some(own), self.previous];
        signed.checkpoint().origin == self.origin
            && keys.iter().flatten().any(|key| signed.verify(key).is_ok())
    }
}

/// Where a ledger ends.
#[derive(Debug, Clone)]
pub(super) struct End {
    /// Number of entries.
    pub(super) size: u64,
    /// When the last was recorded.
    pub(super) recorded_at: Option<Timestamp>,
    /// The head's bytes, as an expectation repeats them.
    pub(super) stored: Option<Vec<u8>>,
    /// Signed by the key of now.
    pub(super) checkpoint: Arc<SignedCheckpoint>,
}

/// Finds the end of a ledger and its tree.
///
/// # Errors
/// [`LedgerError::Fork`], [`LedgerError::Damaged`], or what the store gives.
pub(super) async fn find(
    store: &dyn Store,
    keys: &Keys,
    signer: &Signer,
    tiles: &Arc<Tiles>,
) -> Result<(End, Tree), LedgerError> {
    for _ in 0..RESEQUENCE_MAX {
        let (before, filed) = (keys.head(store).await?, keys.filed(store).await?);
        match look(store, keys, signer, tiles, before.as_deref(), filed).await {
            // Another process may have appended or filed between the reads.
            Err(LedgerError::Store(StoreError::Corrupt) | LedgerError::Fork)
                if before != keys.head(store).await? || filed != keys.filed(store).await? => {}
            found => return found,
        }
    }
    Err(StoreError::InUse.into())
}

async fn look(
    store: &dyn Store,
    keys: &Keys,
    signer: &Signer,
    tiles: &Arc<Tiles>,
    stored: Option<&[u8]>,
    filed: Option<Filed>,
) -> Result<(End, Tree), LedgerError> {
    let head = stored.map(|value| Head::decode(value).ok_or(StoreError::Corrupt)).transpose()?;
    if head.as_ref().is_some_and(|head| !signer.made(&head.checkpoint)) {
        return Err(StoreError::Corrupt.into());
    }
    let size = head.as_ref().map_or(0, |head| head.checkpoint.checkpoint().size);
    let behind = filed.map_or(0, |filed| filed.bundles);
    let edge = behind_files(tiles, behind)?;
    let tree = Tree::new(edge, Arc::clone(tiles));
    let ended_at = read_tail(store, keys, &tree, size).await?;
    if let Some(filed) = filed
        && tree.head(tree.read().filed())?.root != filed.root
    {
        return Err(LedgerError::Fork);
    }
    if tiles.has(Tile::Entries { index: size / TILE_WIDTH as u64 }) {
        return Err(LedgerError::Fork);
    }
    let root = tree.head(size)?.root;
    if let Some(head) = &head
        && (head.checkpoint.checkpoint().root != root || ended_at != Some(head.recorded_at))
    {
        return Err(StoreError::Corrupt.into());
    }
    let recorded_at = head.map(|head| head.recorded_at);
    let checkpoint = Arc::new(signer.sign(size, root));
    Ok((End { size, recorded_at, stored: stored.map(<[u8]>::to_vec), checkpoint }, tree))
}

/// The edge behind so many bundles, from the tiles below each level's end.
pub(super) fn behind_files(tiles: &Tiles, bundles: u64) -> Result<Edge, LedgerError> {
    let mut levels = vec![(bundles.saturating_mul(TILE_WIDTH as u64), Vec::new())];
    let (mut below, mut number) = (bundles, 0);
    while below > 0 {
        let first = below >> TILE_HEIGHT << TILE_HEIGHT;
        let roots = (first..below).map(|index| Ok(rooted(tiles.hashes(number, index)?)));
        levels.push((first, roots.collect::<Result<_, LedgerError>>()?));
        below >>= TILE_HEIGHT;
        number += 1;
    }
    Ok(Edge::behind(levels))
}

/// Adds the entries that stand in the store; they must be all up to `size` and no other. Says when
/// the last entry was recorded.
pub(super) async fn read_tail(
    store: &dyn Store,
    keys: &Keys,
    tree: &Tree,
    size: u64,
) -> Result<Option<Timestamp>, LedgerError> {
    let mut next = tree.read().filed();
    let mut ended_at = last_filed(tree, next)?;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(keys.entries(), after.as_deref(), usize::MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for pair in page {
            let entry = keys.entry(next, pair)?;
            ended_at = Some(decode(next, &entry).ok_or(StoreError::Corrupt)?.recorded_at);
            tree.write().push(leaf_hash(&entry));
            next = next.saturating_add(1);
        }
    }
    if next == size { Ok(ended_at) } else { Err(StoreError::Corrupt.into()) }
}

/// When the last entry in files was recorded.
fn last_filed(tree: &Tree, filed: u64) -> Result<Option<Timestamp>, LedgerError> {
    let Some(last) = filed.checked_sub(1) else { return Ok(None) };
    let index = last / TILE_WIDTH as u64;
    let entries = tree.tiles().entries(index)?;
    let record = entries.last().and_then(|entry| decode(last, entry));
    record.map_or(Err(LedgerError::Damaged(Tile::Entries { index })), |record| {
        Ok(Some(record.recorded_at))
    })
}
