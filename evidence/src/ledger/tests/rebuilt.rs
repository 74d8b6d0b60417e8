//! A ledger whose keys were lost, made again from its tiles.

use std::collections::BTreeSet;

use tempfile::TempDir;

use super::super::audit::{Against, Still};
use super::super::rebuild::{RebuildError, Rebuilt, rebuild};
use super::tiles::fill;
use super::*;

const KEYS: &[u8] = b"l/";

/// A ledger whose tiles are files.
struct Scene {
    bench: Bench,
    folder: TempDir,
}

async fn scene(leaves: u64) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(1_000)));
    let tiles = Arc::new(Tiles::folder(folder.path().join("audit")));
    let ledger = Arc::new(open_with(&store, &clock, &tiles).await.unwrap());
    if leaves > 0 {
        fill(&ledger, 0..leaves).await;
    }
    Scene { bench: Bench { store, clock, tiles, ledger }, folder }
}

impl Scene {
    fn means(&self) -> Means<'static> {
        let Bench { store, clock, tiles, .. } = &self.bench;
        let (store, clock, tiles) = (store.clone(), clock.clone(), tiles.clone());
        let signer = testing::signer("audit", 1).unwrap();
        Means { store, clock, name: "audit", tiles, signer }
    }

    async fn rebuild(&self, shown: &[SignedCheckpoint]) -> Result<Rebuilt, RebuildError> {
        rebuild(&self.means(), shown).await
    }

    async fn lose(&self, keys: &[u8]) {
        let pairs = self.bench.store.scan(keys, None, usize::MAX).await.unwrap();
        assert!(!pairs.is_empty());
        let gone = pairs.into_iter().fold(Batch::new(), |batch, pair| batch.delete(pair.key));
        self.bench.store.commit(gone).await.unwrap();
    }

    /// Nothing is wrong, and the ledger goes on.
    async fn is_sound(&self, size: u64) {
        let means = self.means();
        let signer = means.signer.clone();
        let keys = [signer.key.verifying_key().to_bytes()];
        let sizes = BTreeSet::new();
        let against = Against { origin: &signer.origin, keys: &keys, sizes: &sizes };
        let tiles = Tiles::folder(self.folder.path().join("audit"));
        let still = Still::open(means.store, tiles, "audit").await.unwrap();
        let walked = still.walk(against, &|_| {}).await.unwrap();
        assert_eq!(walked.findings.listed, []);
        let again = self.bench.reopened().await.unwrap();
        assert_eq!(again.append(entry("next")).await.unwrap().index(), size);
    }
}

#[tokio::test]
async fn lost_keys_are_made_again_from_the_tiles_and_what_stood_in_no_tile_is_lost() {
    let scene = scene(600).await;
    let before = scene.bench.ledger.checkpoint();
    scene.lose(KEYS).await;
    assert!(scene.bench.reopened().await.is_err());
    let rebuilt = scene.rebuild(&[]).await.unwrap();
    assert_eq!((rebuilt.filed, rebuilt.kept, rebuilt.said), (512, 0, None));
    assert_eq!(rebuilt.checkpoint.checkpoint().size, 512);
    assert_eq!(before.checkpoint().size, 601);
    scene.is_sound(512).await;
}

#[tokio::test]
async fn entries_that_the_store_still_has_are_taken_along_as_far_as_they_follow() {
    for (lost, kept) in [("l/audit/s", 89), ("l/audit/t", 89)] {
        let scene = scene(600).await;
        let before = scene.bench.ledger.checkpoint();
        scene.lose(lost.as_bytes()).await;
        let rebuilt = scene.rebuild(&[SignedCheckpoint::clone(&before)]).await.unwrap();
        assert_eq!((rebuilt.filed, rebuilt.kept), (512, kept), "{lost}");
        assert_eq!(rebuilt.checkpoint.note(), before.note());
        scene.is_sound(601).await;
    }
    let scene = scene(600).await;
    let hole = scene.bench.ledger.keys.entry_key(530);
    scene.bench.store.commit(Batch::new().delete(hole)).await.unwrap();
    let rebuilt = scene.rebuild(&[]).await.unwrap();
    assert_eq!((rebuilt.filed, rebuilt.kept, rebuilt.said), (512, 18, Some(601)));
    scene.is_sound(530).await;
}

/// Nobody who was shown a head is to see a ledger that shrank or forked.
#[tokio::test]
async fn it_does_not_end_before_a_head_that_was_shown() {
    let scene = scene(600).await;
    let shown = SignedCheckpoint::clone(&scene.bench.ledger.checkpoint());
    scene.lose(KEYS).await;
    let pairs = scene.bench.store.scan(b"", None, usize::MAX).await.unwrap();
    assert_eq!(scene.rebuild(&[shown]).await.unwrap_err(), RebuildError::Behind(601));
    let other = testing::signer("audit", 1).unwrap().sign(512, Digest::of(b"another history"));
    assert_eq!(scene.rebuild(&[other]).await.unwrap_err(), RebuildError::OtherHistory);
    assert_eq!(
        scene.bench.store.scan(b"", None, usize::MAX).await.unwrap(),
        pairs,
        "nothing changed"
    );
    let stranger = testing::signer("audit", 2).unwrap().sign(9_999, Digest::of(b"of another"));
    assert!(scene.rebuild(&[stranger]).await.is_ok(), "what another signed stops nobody");
}

#[tokio::test]
async fn a_whole_ledger_one_that_was_put_back_and_one_without_tiles_are_left_alone() {
    let empty = scene(0).await;
    assert_eq!(empty.rebuild(&[]).await.unwrap_err(), RebuildError::Nothing);
    let scene = scene(300).await;
    assert_eq!(scene.rebuild(&[]).await.unwrap_err(), RebuildError::Whole);
    let yesterday = scene.bench.store.scan(KEYS, None, usize::MAX).await.unwrap();
    fill(&scene.bench.ledger, 300..600).await;
    scene.lose(KEYS).await;
    let back = yesterday.into_iter().fold(Batch::new(), |b, pair| b.put(pair.key, pair.value));
    scene.bench.store.commit(back).await.unwrap();
    assert_eq!(scene.rebuild(&[]).await.unwrap_err(), RebuildError::PutBack);
}

#[tokio::test]
async fn tiles_that_are_not_whole_are_no_source() {
    let scene = scene(800).await;
    scene.lose(KEYS).await;
    for gone in [Tile::Entries { index: 1 }, Tile::Entries { index: 0 }] {
        std::fs::remove_file(scene.folder.path().join("audit").join(gone.path())).unwrap();
        let missing = RebuildError::Ledger(LedgerError::Damaged(gone));
        assert_eq!(scene.rebuild(&[]).await.unwrap_err(), missing);
    }
}
