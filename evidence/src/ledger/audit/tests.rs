use std::fs;
use std::path::{Path, PathBuf};

use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::merkle::{TreeHead, leaf_hash, verify_inclusion};
use tempfile::TempDir;

use super::super::keys::encode;
use super::super::testing::signer;
use super::super::tiles::bundled;
use super::super::{Entry, Ledger, Means, Signer};
use super::*;
use crate::store::{Batch, MemoryStore};

/// 600 leaves: two bundles in files, 88 leaves in the store.
const LEAVES: u64 = 600;

struct Bench {
    store: Arc<MemoryStore>,
    folder: TempDir,
    signer: Signer,
}

fn entry(n: u64) -> Entry {
    let leaf = format!("leaf {n}").into_bytes();
    Entry { about: Digest::of(&leaf), leaf, state: Batch::new() }
}

async fn bench(leaves: u64) -> Bench {
    let (store, folder) = (Arc::new(MemoryStore::default()), tempfile::tempdir().unwrap());
    let (clock, signer) =
        (Arc::new(SetClock::at(Timestamp::from_ms(1))), signer("audit", 1).unwrap());
    let bench = Bench { store, folder, signer };
    let means = Means {
        store: bench.store.clone(),
        clock: clock.clone(),
        name: "audit",
        tiles: Arc::new(bench.tiles()),
        signer: bench.signer.clone(),
    };
    let ledger = Ledger::open(means).await.unwrap();
    let mut n = 0;
    while n < leaves {
        clock.set(Timestamp::from_ms(i64::try_from(n + 1).unwrap()));
        let end = leaves.min(n + 100);
        ledger.append_many((n..end).map(entry).collect()).await.unwrap();
        n = end;
    }
    ledger.close().await;
    bench
}

impl Bench {
    fn tiles(&self) -> Tiles {
        Tiles::folder(self.folder.path().join("tiles"))
    }

    fn file(&self, tile: &str) -> PathBuf {
        self.folder.path().join("tiles").join(tile)
    }

    async fn walk(&self) -> Walked {
        self.walk_at(&BTreeSet::new()).await
    }

    async fn walk_at(&self, sizes: &BTreeSet<u64>) -> Walked {
        let keys = [self.signer.key.verifying_key().to_bytes()];
        let against = Against { origin: &self.signer.origin, keys: &keys, sizes };
        let still = Still::open(self.store.clone(), self.tiles(), "audit").await.unwrap();
        still.walk(against, &|_| {}).await.unwrap()
    }

    async fn found(&self) -> Vec<(String, Option<(u64, u64)>, &'static str)> {
        let found = self.walk().await.findings.listed.into_iter();
        found.map(|one| (one.place, one.leaves, one.problem.word())).collect()
    }

    async fn put(&self, key: &[u8], value: impl Into<Vec<u8>>) {
        self.store.commit(Batch::new().put(key, value.into())).await.unwrap();
    }

    async fn get(&self, key: &[u8]) -> Vec<u8> {
        self.store.get(key).await.unwrap().unwrap()
    }
}

fn key(index: u64) -> Vec<u8> {
    Keys::of("audit").unwrap().entry_key(index)
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Changes the entries of a bundle's file.
fn rebundle(path: &Path, change: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut rest = fs::read(path).unwrap();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
        entries.push(rest[2..2 + length].to_vec());
        rest.drain(..2 + length);
    }
    change(&mut entries);
    fs::write(path, bundled(&entries)).unwrap();
}

fn some(
    place: &str,
    from: u64,
    to: u64,
    word: &'static str,
) -> (String, Option<(u64, u64)>, &'static str) {
    (place.to_owned(), Some((from, to)), word)
}

fn whole(place: &str, word: &'static str) -> (String, Option<(u64, u64)>, &'static str) {
    (place.to_owned(), None, word)
}

#[tokio::test]
async fn nothing_is_found_in_a_ledger_that_nobody_touched_whatever_its_size() {
    for leaves in [0, 1, 255, 256, 257, LEAVES] {
        let walked = bench(leaves).await.walk().await;
        assert_eq!(walked.findings, Findings::default(), "{leaves}");
        assert_eq!(walked.leaves, leaves);
    }
}

#[tokio::test]
async fn higher_levels_are_held_against_those_below_and_a_root_is_known_at_every_size() {
    let bench = bench(256 * 256 + 300).await;
    let sizes: BTreeSet<u64> = [1, 256, 300, 65_536, 65_537, 65_836].into();
    let walked = bench.walk_at(&sizes).await;
    assert_eq!(walked.findings, Findings::default());
    let mut frontier = grondslag_core::merkle::Frontier::default();
    let still = Still::open(bench.store.clone(), bench.tiles(), "audit").await.unwrap();
    let mut next = 0;
    while next < still.len() {
        for record in still.read(next, 1_000).await.unwrap() {
            assert_eq!(record.index, next);
            next += 1;
            frontier.push(super::super::entry_hash(
                &record.about,
                record.recorded_at,
                &record.leaf,
            ));
            if sizes.contains(&next) {
                assert_eq!(walked.roots.get(&next), Some(&frontier.head().root), "{next}");
            }
        }
    }
    assert_eq!(walked.roots.len(), sizes.len());

    let upper = bench.file("tile/1/000");
    change(&upper, |bytes| bytes[32 * 3] ^= 1);
    assert_eq!(bench.found().await, [some("tile/1/000", 768, 1_023, "other_hash")]);
    change(&upper, |bytes| bytes[32 * 3] ^= 1);
    change(&bench.file("tile/0/003"), |bytes| bytes[32 * 9] ^= 1);
    assert_eq!(bench.found().await, [some("tile/0/003", 777, 777, "other_hash")]);
    fs::remove_file(&upper).unwrap();
    assert!(bench.found().await.contains(&whole("tile/1/000", "missing")));
}

#[tokio::test]
async fn a_changed_byte_of_a_bundle_names_its_leaf() {
    let bench = bench(LEAVES).await;
    let file = bench.file("tile/entries/001");
    let length = fs::read(&file).unwrap().len();
    // Every byte of one entry with its length, and some of others.
    for at in (0..60).chain((60..length).step_by(997)) {
        change(&file, |bytes| bytes[at] ^= 0x10);
        let found = bench.found().await;
        assert!(!found.is_empty(), "byte {at}");
        assert!(found.iter().all(|one| one.0 == "tile/entries/001"), "byte {at}: {found:?}");
        change(&file, |bytes| bytes[at] ^= 0x10);
    }
    change(&file, |bytes| *bytes.last_mut().unwrap() ^= 1);
    assert_eq!(bench.found().await, [some("tile/entries/001", 511, 511, "altered")]);
}

#[tokio::test]
async fn a_changed_byte_of_a_tile_of_hashes_names_it_and_not_the_entries() {
    let bench = bench(LEAVES).await;
    let file = bench.file("tile/0/000");
    for at in (0..8_192).step_by(101) {
        change(&file, |bytes| bytes[at] ^= 1);
        let leaf = u64::try_from(at / 32).unwrap();
        assert_eq!(bench.found().await, [some("tile/0/000", leaf, leaf, "other_hash")]);
        change(&file, |bytes| bytes[at] ^= 1);
    }
    change(&file, |bytes| bytes.truncate(8_000));
    assert_eq!(bench.found().await, [whole("tile/0/000", "unreadable")]);
    fs::remove_file(&file).unwrap();
    assert_eq!(bench.found().await, [whole("tile/0/000", "missing")]);
}

#[tokio::test]
async fn leaves_of_a_file_that_were_dropped_swapped_put_in_or_doubled_are_named() {
    type Change = fn(&mut Vec<Vec<u8>>);
    type Case = (Change, Option<(u64, u64)>, &'static str);
    let changes: [Case; 5] = [
        (|all| drop(all.remove(9)), None, "unreadable"),
        (|all| all.swap(3, 7), Some((3, 7)), "altered"),
        (
            |all| all[4] = encode(&Digest::of(b"x"), Timestamp::from_ms(1), b"x"),
            Some((4, 4)),
            "altered",
        ),
        (|all| all[6] = all[5].clone(), Some((6, 6)), "altered"),
        (
            |all| {
                all.insert(2, all[1].clone());
                all.pop();
            },
            Some((2, 255)),
            "altered",
        ),
    ];
    for (change, leaves, word) in changes {
        let bench = bench(LEAVES).await;
        rebundle(&bench.file("tile/entries/000"), change);
        assert_eq!(bench.found().await, [("tile/entries/000".to_owned(), leaves, word)]);
    }
}

#[tokio::test]
async fn a_bundle_that_is_gone_or_too_much_is_named() {
    let bench = bench(LEAVES).await;
    let file = bench.file("tile/entries/001");
    fs::copy(&file, bench.file("tile/entries/002")).unwrap();
    assert_eq!(bench.found().await, [whole("tile/entries/002", "stray")]);
    fs::remove_file(bench.file("tile/entries/002")).unwrap();
    fs::write(bench.file("tile/entries/notes.txt"), "x").unwrap();
    assert_eq!(bench.found().await, [whole("tile/entries/notes.txt", "stray")]);
    fs::remove_file(bench.file("tile/entries/notes.txt")).unwrap();
    fs::write(bench.file("tile/entries/002.new"), "half").unwrap();
    assert_eq!(bench.found().await, [], "left by a process that was killed");
    change(&file, |bytes| bytes.truncate(100));
    assert_eq!(bench.found().await, [whole("tile/entries/001", "unreadable")]);
    fs::remove_file(&file).unwrap();
    assert_eq!(bench.found().await, [whole("tile/entries/001", "missing")]);
}

#[tokio::test]
async fn any_changed_byte_of_an_entry_in_the_store_is_found() {
    let bench = bench(LEAVES).await;
    let stored = bench.get(&key(550)).await;
    for at in 0..stored.len() {
        let mut other = stored.clone();
        other[at] ^= 1;
        bench.put(&key(550), other).await;
        let found = bench.found().await;
        let named = found.iter().any(|one| {
            one.0 == "l/audit/e" && one.1.is_some_and(|(from, to)| from <= 550 && 550 <= to)
        });
        assert!(named, "byte {at}: {found:?}");
    }
    bench.put(&key(550), stored).await;
    assert_eq!(bench.found().await, []);
}

#[tokio::test]
async fn leaves_of_the_store_that_were_dropped_swapped_put_in_or_doubled_are_named() {
    let bench = bench(LEAVES).await;
    let (one, two) = (bench.get(&key(520)).await, bench.get(&key(521)).await);
    let tail = [some("l/audit/e", 512, 599, "other_root")];
    bench.put(&key(520), two.clone()).await;
    assert_eq!(bench.found().await, tail, "doubled");
    bench.put(&key(521), one.clone()).await;
    assert_eq!(bench.found().await, tail, "swapped");
    bench.put(&key(520), one).await;
    bench.put(&key(521), two.clone()).await;
    assert_eq!(bench.found().await, []);

    bench.put(&key(600), two.clone()).await;
    assert_eq!(bench.found().await, [some("l/audit/e", 600, 600, "stray")]);
    bench.store.commit(Batch::new().delete(key(600))).await.unwrap();
    bench.put(&key(3), two).await;
    assert_eq!(bench.found().await, [some("l/audit/e", 3, 3, "stray")]);
    bench.store.commit(Batch::new().delete(key(3))).await.unwrap();
    bench.put(b"l/audit/e/odd", "x").await;
    assert_eq!(bench.found().await, [whole("l/audit/e", "stray")]);
    bench.store.commit(Batch::new().delete("l/audit/e/odd")).await.unwrap();

    bench.store.commit(Batch::new().delete(key(530)).delete(key(531))).await.unwrap();
    assert_eq!(bench.found().await, [some("l/audit/e", 530, 531, "missing")]);
    let cut = (530..LEAVES).fold(Batch::new(), |batch, index| batch.delete(key(index)));
    bench.store.commit(cut).await.unwrap();
    assert_eq!(bench.found().await, [some("l/audit/e", 530, 599, "missing")]);
}

#[tokio::test]
async fn any_changed_byte_of_head_and_count_is_found() {
    let bench = bench(LEAVES).await;
    for place in ["l/audit/s", "l/audit/t"] {
        let stored = bench.get(place.as_bytes()).await;
        for at in 0..stored.len() {
            let mut other = stored.clone();
            other[at] ^= 1;
            bench.put(place.as_bytes(), other).await;
            assert_ne!(bench.found().await, [], "byte {at} of {place}");
        }
        bench.put(place.as_bytes(), stored).await;
        assert_eq!(bench.found().await, []);
    }
    bench.store.commit(Batch::new().delete("l/audit/s")).await.unwrap();
    assert!(bench.found().await.contains(&whole("l/audit/s", "missing")));
}

#[tokio::test]
async fn a_checkpoint_of_another_key_or_log_is_named() {
    let mut bench = bench(10).await;
    let own = bench.signer.clone();
    bench.signer = signer("audit", 2).unwrap();
    assert_eq!(bench.found().await, [whole("l/audit/s", "unsigned")]);
    bench.signer = Signer { key: own.key, ..signer("other", 1).unwrap() };
    assert_eq!(bench.found().await, [whole("l/audit/s", "other_log")]);
}

#[tokio::test]
async fn a_clock_that_went_back_is_named() {
    let bench = bench(0).await;
    let mut frontier = grondslag_core::merkle::Frontier::default();
    for (index, at) in [(0, 5), (1, 4), (2, 6)] {
        let entry = encode(&Digest::of(b"x"), Timestamp::from_ms(at), b"x");
        frontier.push(leaf_hash(&entry));
        bench.put(&key(index), entry).await;
    }
    let recorded_at = Timestamp::from_ms(6);
    let checkpoint = bench.signer.sign(3, frontier.head().root);
    bench.put(b"l/audit/s", Head { recorded_at, checkpoint }.encode()).await;
    assert_eq!(bench.found().await, [some("l/audit/e", 1, 1, "went_back")]);
    let checkpoint = bench.signer.sign(3, frontier.head().root);
    let recorded_at = Timestamp::from_ms(7);
    bench.put(b"l/audit/s", Head { recorded_at, checkpoint }.encode()).await;
    assert!(bench.found().await.contains(&whole("l/audit/s", "other_end")));
}

#[tokio::test]
async fn findings_are_bounded_and_counted() {
    let mut findings = Findings::default();
    for _ in 0..FINDINGS_MAX + 7 {
        findings.add("x", None, Problem::Stray);
    }
    assert_eq!((findings.listed.len(), findings.more), (FINDINGS_MAX, 7));
    assert_eq!(findings.count(), u64::try_from(FINDINGS_MAX).unwrap() + 7);
}

/// Leaves of files and of the store, in the last checkpoint and in an earlier one; a leaf that was
/// altered is proved by nothing.
#[tokio::test]
async fn a_leaf_of_a_still_ledger_is_proved_in_its_checkpoint_and_in_an_earlier_one() {
    let bench = bench(LEAVES).await;
    let still = Still::open(bench.store.clone(), bench.tiles(), "audit").await.unwrap();
    let last = still.checkpoint().unwrap().checkpoint().tree();
    assert_eq!(last.size, LEAVES);
    let early = BTreeSet::from([300]);
    let root = bench.walk_at(&early).await.roots[&300];
    let early = TreeHead { size: 300, root };
    for (index, head) in [(0, &last), (255, &last), (256, &last), (599, &last), (7, &early)] {
        let proof = still.prove(index, head).await.unwrap();
        let record = still.read(index, 1).await.unwrap().remove(0);
        let hash = leaf_hash(&encode(&record.about, record.recorded_at, &record.leaf));
        assert_eq!(verify_inclusion(&hash, index, head, &proof), Ok(()), "{index}");
    }
    assert!(still.prove(300, &early).await.is_err());
    let other = TreeHead { root: Digest::new([1; 32]), ..last };
    assert!(still.prove(7, &other).await.is_err(), "of a checkpoint that is not its own");
}
