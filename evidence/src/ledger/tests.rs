mod places;
mod rebuilt;
mod tiles;

use grondslag_core::clock::SetClock;
use grondslag_core::merkle::leaf_hash;
use tokio::task::JoinSet;

use super::*;
use crate::limits::{APPEND_MAX, BATCH_STEPS_MAX};
use crate::store::MemoryStore;
use crate::store::faulty::{Fault, FaultyStore};

struct Bench {
    store: Arc<FaultyStore>,
    clock: Arc<SetClock>,
    tiles: Arc<Tiles>,
    ledger: Arc<Ledger>,
}

async fn bench() -> Bench {
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(1_000)));
    let tiles = Arc::new(Tiles::memory());
    let ledger = Arc::new(open_with(&store, &clock, &tiles).await.unwrap());
    Bench { store, clock, tiles, ledger }
}

async fn open_with(
    store: &Arc<FaultyStore>,
    clock: &Arc<SetClock>,
    tiles: &Arc<Tiles>,
) -> Result<Ledger, LedgerError> {
    let signer = testing::signer("audit", 1).unwrap();
    let (store, clock, tiles) = (store.clone(), clock.clone(), tiles.clone());
    Ledger::open(Means { store, clock, name: "audit", tiles, signer }).await
}

impl Bench {
    /// The same ledger once more, as after a restart or in another process.
    async fn reopened(&self) -> Result<Ledger, LedgerError> {
        open_with(&self.store, &self.clock, &self.tiles).await
    }
}

fn entry(leaf: &str) -> Entry {
    let (about, leaf) = (Digest::of(leaf.as_bytes()), leaf.as_bytes().to_vec());
    Entry { about, leaf, state: Batch::new() }
}

/// A leaf that may stand in the ledger once.
fn once(leaf: &str, key: &str) -> Entry {
    Entry { state: Batch::new().expect_absent(key).put(key, leaf), ..entry(leaf) }
}

async fn leaves(ledger: &Ledger) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let from = u64::try_from(all.len()).unwrap();
        let page = ledger.read(from, usize::MAX).await.unwrap();
        if page.is_empty() {
            assert_eq!(ledger.size().await.unwrap(), from);
            return all;
        }
        assert!(page.iter().zip(from..).all(|(record, index)| record.index == index));
        all.extend(page.into_iter().map(|record| String::from_utf8(record.leaf).unwrap()));
    }
}

fn hash_of(leaf: &str, at: i64) -> Digest {
    entry_hash(&Digest::of(leaf.as_bytes()), Timestamp::from_ms(at), leaf.as_bytes())
}

#[test]
fn the_hash_covers_all_of_an_entry() {
    let (about, at) = (Digest::of(b"about"), Timestamp::from_ms(258));
    let bytes = [&[1], about.as_bytes().as_slice(), &[0, 0, 0, 0, 0, 0, 1, 2], b"leaf"].concat();
    assert_eq!(entry_hash(&about, at, b"leaf"), leaf_hash(&bytes));
}

#[tokio::test]
async fn a_receipt_says_where_and_when_its_leaf_stands() {
    let Bench { ledger, clock, .. } = bench().await;
    let first = ledger.append(entry("one")).await.unwrap();
    clock.set(Timestamp::from_ms(2_000));
    let second = ledger.append(entry("two")).await.unwrap();
    assert_eq!((first.index(), second.index()), (0, 1));
    assert_eq!(second.about(), Digest::of(b"two"));
    assert_eq!(second.leaf_hash(), hash_of("two", 2_000));
    assert_eq!(first.recorded_at(), Timestamp::from_ms(1_000));
    let records = ledger.read(1, 10).await.unwrap();
    let expected = Record {
        index: 1,
        about: second.about(),
        recorded_at: Timestamp::from_ms(2_000),
        leaf: b"two".to_vec(),
    };
    assert_eq!(records, [expected]);
    assert_eq!(ledger.read(2, 10).await.unwrap(), []);
    assert_eq!(ledger.read(9, 10).await.unwrap(), []);
}

#[tokio::test]
async fn the_ledger_goes_on_where_it_ended_and_its_times_never_go_down() {
    let bench = bench().await;
    bench.ledger.append(entry("one")).await.unwrap();
    bench.clock.set(Timestamp::from_ms(5));
    let ledger = bench.reopened().await.unwrap();
    let second = ledger.append(entry("two")).await.unwrap();
    assert_eq!((second.index(), second.recorded_at()), (1, Timestamp::from_ms(1_000)));
    assert_eq!(leaves(&ledger).await, ["one", "two"]);
}

/// A clock that was once ahead does not silence a node unseen: whatever it would record is refused,
/// not dated in time to come, until its clock is there or a new ledger begins.
#[tokio::test]
async fn behind_a_leaf_of_time_to_come_nothing_is_appended_until_the_clock_is_there() {
    let bench = bench().await;
    let (now, ahead) = (Timestamp::from_ms(1_000), Timestamp::from_ms(1_000 + 86_400_000));
    bench.clock.set(ahead);
    bench.ledger.append(entry("one")).await.unwrap();
    bench.clock.set(now);
    let ledger = bench.reopened().await.unwrap();
    let refused = LedgerError::Ahead { last: ahead };
    assert_eq!(
        (ledger.append(entry("two")).await, refused.reason()),
        (Err(refused), Reason::ClockInvalid)
    );
    assert_eq!(ledger.may_append(now), Err(refused));
    assert!(refused.to_string().contains(&ahead.to_string()));
    assert_eq!((ledger.refresh().await, leaves(&ledger).await), (Ok(()), vec!["one".to_owned()]));
    // What clocks may differ is no reason, and to the millisecond.
    let near = ahead.plus_ms(-CLOCK_SKEW_MS_MAX);
    assert_eq!(ledger.may_append(near.plus_ms(-1)), Err(refused));
    bench.clock.set(near);
    assert_eq!(ledger.may_append(near), Ok(()));
    let second = ledger.append(entry("two")).await.unwrap();
    assert_eq!((second.index(), second.recorded_at()), (1, ahead));
    assert_eq!(ledger.may_append(now), Err(refused));
    // A ledger of the next number, as after a restore, is the way out.
    bench.clock.set(now);
    let next = testing::open(bench.store.clone(), bench.clock.clone(), "next").await.unwrap();
    assert_eq!(next.append(entry("three")).await.unwrap().recorded_at(), now);
}

#[tokio::test]
async fn leaf_and_state_are_one_commit() {
    let Bench { store, ledger, .. } = bench().await;
    ledger.append(once("one", "k")).await.unwrap();
    assert_eq!(store.get(b"k").await.unwrap(), Some(b"one".to_vec()));
    let again = ledger.append(once("two", "k")).await;
    assert_eq!(again, Err(LedgerError::Conflict { entry: 0, step: 0 }));
    assert_eq!(leaves(&ledger).await, ["one"]);
    store.fail_commit(1, Fault::Lost);
    assert!(ledger.append(once("three", "l")).await.is_err());
    assert_eq!(store.get(b"l").await.unwrap(), None);
    assert_eq!(leaves(&ledger).await, ["one"]);
}

#[tokio::test]
async fn many_leaves_of_one_call_stand_together_or_not_at_all() {
    let Bench { ledger, .. } = bench().await;
    let three = vec![once("a", "a"), once("b", "b"), once("c", "c")];
    let receipts = ledger.append_many(three).await.unwrap();
    let found: Vec<_> = receipts.iter().map(|r| (r.index(), r.leaf_hash())).collect();
    let hashes = ["a", "b", "c"].map(|leaf| hash_of(leaf, 1_000));
    assert_eq!(found, (0..).zip(hashes).collect::<Vec<_>>());
    let mut second = once("e", "e");
    second.state = second.state.put("x", "").expect_absent("b");
    let refused = ledger.append_many(vec![once("d", "d"), second]).await;
    assert_eq!(refused, Err(LedgerError::Conflict { entry: 1, step: 3 }));
    assert_eq!(ledger.append_many(Vec::new()).await, Ok(Vec::new()));
    assert_eq!(leaves(&ledger).await, ["a", "b", "c"]);
}

/// On a current-thread runtime the sequencer runs only when this test waits, so that all that is
/// asked for in one `join` forms one group.
#[tokio::test]
async fn one_conflict_fails_alone_and_its_neighbours_stand() {
    let Bench { store, ledger, .. } = bench().await;
    let before = store.commits();
    let (a, b, c, d) = tokio::join!(
        ledger.append_many(vec![once("a1", "k"), once("a2", "a2")]),
        ledger.append(once("b", "k")),
        ledger.append(once("c", "c")),
        ledger.append_many(vec![once("d1", "d1"), once("d2", "c")]),
    );
    assert_eq!(a.unwrap().iter().map(Receipt::index).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(b, Err(LedgerError::Conflict { entry: 0, step: 0 }));
    assert_eq!(c.unwrap().index(), 2);
    assert_eq!(d, Err(LedgerError::Conflict { entry: 1, step: 0 }));
    assert_eq!(leaves(&ledger).await, ["a1", "a2", "c"]);
    assert_eq!(store.commits() - before, 3, "one group, tried again after each conflict");
}

#[tokio::test]
async fn a_group_holds_at_most_its_bound_and_leaves_nobody_out() {
    let Bench { store, ledger, .. } = bench().await;
    let before = store.commits();
    let mut tasks = JoinSet::new();
    for n in 0..=APPEND_MAX {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move { ledger.append(entry(&n.to_string())).await.unwrap().index() });
    }
    let mut indexes = tasks.join_all().await;
    indexes.sort_unstable();
    assert!(indexes.iter().copied().eq(0..=u64::try_from(APPEND_MAX).unwrap()));
    assert_eq!(leaves(&ledger).await.len(), APPEND_MAX + 1);
    let commits = store.commits() - before;
    assert!((2..=3).contains(&commits), "two groups, and one bundle that leaves the store");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_callers_get_indexes_without_gap_or_double_and_one_of_a_pair_wins() {
    let Bench { ledger, .. } = bench().await;
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let ledger = Arc::clone(&ledger);
        let key = (n / 2).to_string();
        tasks.spawn(async move { ledger.append(once(&n.to_string(), &key)).await });
    }
    let results = tasks.join_all().await;
    let mut indexes: Vec<_> = results.iter().flatten().map(Receipt::index).collect();
    indexes.sort_unstable();
    assert!(indexes.iter().copied().eq(0..100));
    assert_eq!(leaves(&ledger).await.len(), 100);
}

#[tokio::test]
async fn after_a_failed_commit_the_ledger_goes_on_from_what_is_really_there() {
    for (fault, expected) in
        [(Fault::Lost, vec!["one", "four"]), (Fault::Landed, vec!["one", "two", "three", "four"])]
    {
        let Bench { store, ledger, .. } = bench().await;
        ledger.append(entry("one")).await.unwrap();
        store.fail_commit(1, fault);
        let failed = ledger.append_many(vec![entry("two"), once("three", "k")]).await;
        assert!(matches!(failed, Err(LedgerError::Store(_))));
        let before = store.commits();
        let receipt = ledger.append(entry("four")).await.unwrap();
        assert_eq!(store.commits() - before, 1, "it looked before it wrote");
        let last = u64::try_from(expected.len() - 1).unwrap();
        assert_eq!(receipt.index(), last, "{fault:?}");
        assert_eq!(leaves(&ledger).await, expected);
        let state = store.get(b"k").await.unwrap();
        assert_eq!(state.is_some(), fault == Fault::Landed);
    }
}

#[tokio::test]
async fn the_first_commit_of_a_ledger_may_fail_too() {
    for (fault, index) in [(Fault::Lost, 0), (Fault::Landed, 1)] {
        let Bench { store, ledger, .. } = bench().await;
        store.fail_commit(1, fault);
        assert!(ledger.append(entry("one")).await.is_err());
        assert_eq!(ledger.append(entry("two")).await.unwrap().index(), index);
    }
}

#[tokio::test]
async fn two_processes_on_one_store_share_one_order() {
    let bench = bench().await;
    let (ledger, other) = (&bench.ledger, Arc::new(bench.reopened().await.unwrap()));
    for n in 0..6 {
        let ledger = if n % 2 == 0 { ledger } else { &other };
        assert_eq!(ledger.append(entry(&n.to_string())).await.unwrap().index(), n);
    }
    assert_eq!(leaves(ledger).await, ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(ledger.checkpoint().checkpoint().size, 5, "it has not looked");
    ledger.refresh().await.unwrap();
    assert_eq!(ledger.checkpoint().note(), other.checkpoint().note());
    let found = ledger.checkpoint();
    ledger.refresh().await.unwrap();
    assert!(Arc::ptr_eq(&found, &ledger.checkpoint()), "nothing moved, nothing was read again");
}

#[tokio::test]
async fn ledgers_of_two_names_do_not_meet() {
    let Bench { store, clock, ledger, .. } = bench().await;
    let other = testing::open(store, clock, "audit-2").await.unwrap();
    ledger.append(entry("ours")).await.unwrap();
    assert_eq!(other.append(entry("theirs")).await.unwrap().index(), 0);
    assert_eq!(leaves(&ledger).await, ["ours"]);
    assert_eq!(leaves(&other).await, ["theirs"]);
}

#[tokio::test]
async fn bad_entries_are_refused_and_write_nothing() {
    let Bench { store, ledger, .. } = bench().await;
    let before = store.commits();
    let mut long = entry("");
    long.leaf = vec![0; LEAF_BYTES_MAX + 1];
    assert_eq!(ledger.append(long).await, Err(LedgerError::TooLarge("leaf")));
    let forged = Entry { state: Batch::new().put("l/audit/s", ""), ..entry("x") };
    assert!(matches!(ledger.append(forged).await, Err(LedgerError::Misuse(_))));
    let nameless = Entry { state: Batch::new().put("", ""), ..entry("x") };
    assert_eq!(ledger.append(nameless).await, Err(LedgerError::TooLarge("key")));
    let many = (0..=APPEND_MAX).map(|n| entry(&n.to_string())).collect();
    assert_eq!(ledger.append_many(many).await, Err(LedgerError::TooLarge("append")));
    let steps = (0..BATCH_STEPS_MAX).fold(Batch::new(), |batch, _| batch.delete("k"));
    let wide = Entry { state: steps, ..entry("x") };
    assert_eq!(ledger.append(wide).await, Err(LedgerError::TooLarge("append")));
    assert_eq!(store.commits(), before);
    let mut edge = entry("");
    edge.leaf = vec![0; LEAF_BYTES_MAX];
    assert!(ledger.append(edge).await.is_ok());
}

#[tokio::test]
async fn a_bad_name_is_refused() {
    let Bench { store, clock, .. } = bench().await;
    for name in ["", "Audit", "a/b", &"a".repeat(33)] {
        assert!(matches!(Keys::of(name), Err(LedgerError::Misuse(_))), "{name}");
    }
    assert!(testing::open(store, clock, &"a".repeat(32)).await.is_ok());
}

#[tokio::test]
async fn a_gap_a_stray_leaf_and_an_unreadable_one_are_corrupt() {
    let keys = Keys::of("audit").unwrap();
    let damage = [
        Batch::new().delete(keys.entry_key(2)),
        Batch::new().put(keys.entry_key(3), "x"),
        Batch::new().put(keys.entry_key(2), "x"),
        Batch::new().put(keys.head_key(), "x"),
        Batch::new().delete(keys.head_key()),
    ];
    for (n, damage) in damage.into_iter().enumerate() {
        let bench = bench().await;
        let three = vec![entry("0"), entry("1"), entry("2")];
        bench.ledger.append_many(three).await.unwrap();
        bench.store.commit(damage).await.unwrap();
        let opened = bench.reopened().await;
        assert_eq!(opened.unwrap_err(), LedgerError::Store(StoreError::Corrupt), "{n}");
    }
    let Bench { store, ledger, .. } = bench().await;
    ledger.append_many(vec![entry("0"), entry("1"), entry("2")]).await.unwrap();
    store.commit(Batch::new().delete(keys.entry_key(1))).await.unwrap();
    assert_eq!(ledger.read(0, 10).await, Err(LedgerError::Store(StoreError::Corrupt)));
}

#[tokio::test]
async fn debug_output_shows_no_leaf() {
    let Bench { ledger, .. } = bench().await;
    let text = format!("{:?}", entry("noor"));
    ledger.append(entry("noor")).await.unwrap();
    let text = text + &format!("{:?}", ledger.read(0, 1).await.unwrap());
    assert!(!text.contains("noor") && !text.contains("[110"), "{text}");
}

#[tokio::test]
async fn the_first_leaf_at_a_moment_or_later_is_found() {
    let bench = bench().await;
    let first_at = async |ms| bench.ledger.first_at(Timestamp::from_ms(ms)).await.unwrap();
    assert_eq!(first_at(0).await, 0, "there is none");
    for (ms, leaf) in [(1_000, "a"), (2_000, "b"), (2_000, "c"), (5_000, "d")] {
        bench.clock.set(Timestamp::from_ms(ms));
        bench.ledger.append(entry(leaf)).await.unwrap();
    }
    for (ms, index) in
        [(0, 0), (1_000, 0), (1_001, 1), (2_000, 1), (2_001, 3), (5_000, 3), (9_000, 4)]
    {
        assert_eq!(first_at(ms).await, index, "{ms}");
    }
}
