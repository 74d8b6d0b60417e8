//! Bundles in files, and what stops a ledger.

use std::time::Duration;

use grondslag_core::merkle::Frontier;

use super::*;
use crate::limits::GROUP_MAX;

pub(super) async fn fill(ledger: &Ledger, range: std::ops::Range<u64>) {
    let all: Vec<Entry> = range.map(|n| entry(&n.to_string())).collect();
    for some in all.chunks(GROUP_MAX) {
        let some =
            some.iter().map(|one| Entry { state: Batch::new(), leaf: one.leaf.clone(), ..*one });
        ledger.append_many(some.collect()).await.unwrap();
    }
    ledger.append(entry("settled")).await.unwrap();
    settled(ledger).await;
}

/// Waits until every full bundle stands in files.
async fn settled(ledger: &Ledger) {
    let full = ledger.size().await.unwrap() / 256;
    for _ in 0..WAITS_MAX {
        let filed = ledger.keys.filed(ledger.store.as_ref()).await.unwrap();
        if filed.map_or(0, |filed| filed.bundles) == full {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the bundles were not filed");
}

/// Waits until so many commits were tried.
async fn tried(store: &FaultyStore, commits: u64) {
    for _ in 0..WAITS_MAX {
        if store.commits() >= commits {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it was not tried");
}

const WAITS_MAX: u32 = 10_000;

/// Entries that stand in the store.
async fn in_store(store: &FaultyStore) -> usize {
    store.scan(b"l/audit/e/", None, usize::MAX).await.unwrap().len()
}

fn tile(index: u64) -> Tile {
    Tile::Entries { index }
}

#[tokio::test]
async fn a_full_bundle_leaves_the_store_and_is_read_from_its_file() {
    let bench = bench().await;
    fill(&bench.ledger, 0..600).await;
    assert_eq!(in_store(&bench.store).await, 601 - 512);
    assert!(bench.tiles.has(tile(1)) && !bench.tiles.has(tile(2)));
    assert!(bench.tiles.has(Tile::Hashes { level: 0, index: 1 }));
    let mut expected: Vec<String> = (0..600).map(|n| n.to_string()).collect();
    expected.push("settled".into());
    assert_eq!(leaves(&bench.ledger).await, expected);
    assert_eq!(leaves(&bench.reopened().await.unwrap()).await, expected);
    let within = bench.ledger.read(500, 5).await.unwrap();
    assert!(within.iter().map(|record| record.index).eq(500..505));
}

#[tokio::test]
async fn the_files_hold_the_tree_as_the_standard_says() {
    let bench = bench().await;
    fill(&bench.ledger, 0..512).await;
    let mut frontier = Frontier::default();
    for index in 0..2 {
        let entries = bench.tiles.entries(index).unwrap();
        let hashes: Vec<Digest> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        assert_eq!(bench.tiles.hashes(0, index).unwrap(), hashes);
        for hash in hashes {
            frontier.push(hash);
        }
    }
    frontier.push(hash_of("settled", 1_000));
    assert_eq!(frontier.head(), bench.ledger.checkpoint().checkpoint().tree());
}

#[tokio::test]
async fn a_bundle_whose_leaving_failed_leaves_later_and_nothing_is_lost() {
    for fault in [Fault::Lost, Fault::Landed] {
        let bench = bench().await;
        fill(&bench.ledger, 0..254).await;
        // The 256th leaf, then the bundle's commit.
        let before = bench.store.commits();
        bench.store.fail_commit(2, fault);
        bench.ledger.append(entry("255")).await.unwrap();
        tried(&bench.store, before + 2).await;
        let after = bench.ledger.append(entry("after")).await.unwrap();
        assert_eq!(after.index(), 256, "{fault:?}");
        settled(&bench.ledger).await;
        assert_eq!(in_store(&bench.store).await, 1);
        let again = bench.reopened().await.unwrap();
        assert_eq!(again.checkpoint().note(), bench.ledger.checkpoint().note());
        assert_eq!(again.read(255, 1).await.unwrap()[0].leaf, b"255");
    }
}

#[tokio::test]
async fn a_store_that_is_ahead_completes_the_tiles() {
    // Killed between the leaves and their files: the tiles are not there at all yet.
    let bench = bench().await;
    fill(&bench.ledger, 0..254).await;
    let before = bench.store.commits();
    bench.store.fail_commit(2, Fault::Lost);
    bench.ledger.append(entry("255")).await.unwrap();
    tried(&bench.store, before + 2).await;
    let (empty, before) = (Arc::new(Tiles::memory()), bench.ledger.checkpoint());
    let again = open_with(&bench.store, &bench.clock, &empty).await.unwrap();
    assert_eq!(again.checkpoint().note(), before.note());
    settled(&again).await;
    assert!(empty.has(tile(0)));
    assert_eq!(in_store(&bench.store).await, 0);
}

/// A copy of a store as it is now.
async fn copied(store: &FaultyStore) -> Arc<FaultyStore> {
    let copy = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let all = store.scan(b"", None, usize::MAX).await.unwrap();
    let batch = all.into_iter().fold(Batch::new(), |batch, p| batch.put(p.key, p.value));
    copy.commit(batch).await.unwrap();
    copy
}

#[tokio::test]
async fn yesterdays_store_beside_todays_tiles_is_a_fork() {
    let bench = bench().await;
    fill(&bench.ledger, 0..300).await;
    let yesterday = copied(&bench.store).await;
    fill(&bench.ledger, 300..600).await;
    let opened = open_with(&yesterday, &bench.clock, &bench.tiles).await;
    assert_eq!(opened.unwrap_err(), LedgerError::Fork);
}

#[tokio::test]
async fn a_lost_store_beside_its_tiles_is_a_fork_and_not_a_new_ledger() {
    let bench = bench().await;
    fill(&bench.ledger, 0..300).await;
    let empty = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let opened = open_with(&empty, &bench.clock, &bench.tiles).await;
    assert_eq!(opened.unwrap_err(), LedgerError::Fork);
}

#[tokio::test]
async fn tiles_of_another_history_are_a_fork() {
    let (ours, theirs) = (bench().await, bench().await);
    fill(&ours.ledger, 0..300).await;
    fill(&theirs.ledger, 1..301).await;
    let opened = open_with(&ours.store, &ours.clock, &theirs.tiles).await;
    assert_eq!(opened.unwrap_err(), LedgerError::Fork);
}

#[tokio::test]
async fn a_tile_that_stands_where_a_bundle_is_to_go_stops_the_ledger() {
    let bench = bench().await;
    let other = vec![b"x".to_vec(); TILE_WIDTH];
    bench.tiles.write(tile(1), &super::super::tiles::bundled(&other)).unwrap();
    fill(&bench.ledger, 0..300).await;
    fill_until_refused(&bench.ledger).await;
    assert_eq!(bench.ledger.append(entry("x")).await, Err(LedgerError::Fork));
    assert_eq!(LedgerError::Fork.reason(), Reason::LedgerFork);
}

async fn fill_until_refused(ledger: &Ledger) {
    for n in 0..WAITS_MAX {
        if ledger.append(entry(&n.to_string())).await == Err(LedgerError::Fork) {
            return;
        }
    }
    panic!("nothing was refused");
}

#[tokio::test]
async fn a_missing_tile_is_named() {
    let bench = bench().await;
    fill(&bench.ledger, 0..300).await;
    let none = Arc::new(Tiles::memory());
    let opened = open_with(&bench.store, &bench.clock, &none).await;
    let missing = Tile::Hashes { level: 0, index: 0 };
    assert_eq!(opened.unwrap_err(), LedgerError::Damaged(missing));
    assert_eq!(LedgerError::Damaged(missing).to_string(), "tile/0/000 is missing or damaged");
}

#[tokio::test]
async fn a_head_that_another_key_signed_is_refused_and_one_of_the_key_before_is_signed_anew() {
    let bench = bench().await;
    bench.ledger.append(entry("one")).await.unwrap();
    let open = |previous| {
        let signer = Signer { previous, ..testing::signer("audit", 2).unwrap() };
        let (store, clock) = (bench.store.clone(), bench.clock.clone());
        Ledger::open(Means { store, clock, name: "audit", tiles: bench.tiles.clone(), signer })
    };
    let stranger = open(None).await.unwrap_err();
    assert_eq!(stranger, LedgerError::Store(StoreError::Corrupt));
    let before = testing::signer("audit", 1).unwrap().key.verifying_key().to_bytes();
    let ledger = open(Some(before)).await.unwrap();
    let now = testing::signer("audit", 2).unwrap().key.verifying_key().to_bytes();
    assert_eq!(ledger.checkpoint().verify(&now), Ok(()));
    assert_eq!(ledger.append(entry("two")).await.unwrap().index(), 1);
}

#[tokio::test]
async fn a_ledger_under_another_name_is_not_taken_over() {
    let bench = bench().await;
    bench.ledger.append(entry("one")).await.unwrap();
    let signer = testing::signer("audit-2", 1).unwrap();
    let (store, clock, tiles) = (bench.store.clone(), bench.clock.clone(), bench.tiles.clone());
    let opened = Ledger::open(Means { store, clock, name: "audit", tiles, signer }).await;
    assert_eq!(opened.unwrap_err(), LedgerError::Store(StoreError::Corrupt));
}

/// Every byte of what the store holds of a ledger, changed one at a time: without a bundle in
/// files, and what is said of one.
#[tokio::test]
async fn a_flipped_byte_anywhere_in_the_store_is_found_at_the_next_start() {
    for (count, prefix) in [(2, "l/audit/"), (256, "l/audit/t")] {
        let bench = bench().await;
        fill(&bench.ledger, 0..count).await;
        let pairs = bench.store.scan(prefix.as_bytes(), None, usize::MAX).await.unwrap();
        assert!(!pairs.is_empty());
        for pair in pairs {
            for place in 0..pair.value.len() {
                let mut value = pair.value.clone();
                value[place] ^= 0x40;
                bench.store.commit(Batch::new().put(pair.key.clone(), value)).await.unwrap();
                let key = String::from_utf8_lossy(&pair.key).into_owned();
                assert!(bench.reopened().await.is_err(), "byte {place} under {key}");
            }
            bench.store.commit(Batch::new().put(pair.key, pair.value)).await.unwrap();
        }
        assert!(bench.reopened().await.is_ok());
    }
}
