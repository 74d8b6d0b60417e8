mod damaged;

use std::sync::Arc;

use grondslag_core::clock::SetClock;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::kept::{DUE, OPENINGS};
use super::*;
use crate::ledger::testing;
use crate::ledger::{Ledger, LedgerError};
use crate::limits::{BODY_BYTES_MAX, FORGET_LEAVES_MAX, FORGOTTEN_MAX, LEAF_BYTES_MAX};
use crate::store::faulty::{Fault, FaultyStore};
use crate::store::{MemoryStore, Pair};

const KIND: &str = "grondslag/record/test/v1";
const OTHER: &str = "grondslag/record/other/v1";

struct Bench {
    store: Arc<FaultyStore>,
    clock: Arc<SetClock>,
    ledger: Ledger,
}

async fn bench() -> Bench {
    let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
    let clock = Arc::new(SetClock::at(at(1)));
    let ledger = testing::open(store.clone(), clock.clone(), "audit").await.unwrap();
    Bench { store, clock, ledger }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn salt(n: u64) -> [u8; 32] {
    *Digest::of(&n.to_be_bytes()).as_bytes()
}

impl Bench {
    /// Records a body and returns its leaf.
    async fn record(&self, n: u64, body: &[u8], until: Until) -> Vec<u8> {
        let kind = if n.is_multiple_of(2) { KIND } else { OTHER };
        let made = commit(kind, body, salt(n), until).unwrap();
        let leaf = made.leaf.clone();
        self.ledger.append(made.entry(Batch::new())).await.unwrap();
        leaf
    }

    async fn forget(&self, now: i64) -> Round {
        forget_due(self.store.as_ref(), &self.ledger, at(now)).await.unwrap()
    }

    async fn check(&self) -> Checked {
        check(self.store.as_ref(), &self.ledger, &|_, at| at).await.unwrap()
    }

    async fn problems(&self) -> Vec<Problem> {
        self.check().await.findings.into_iter().map(|finding| finding.problem).collect()
    }

    async fn body(&self, leaf: &[u8]) -> Option<Vec<u8>> {
        match open(self.store.as_ref(), leaf).await.unwrap() {
            Opening::Opened(opened) => Some(opened.body),
            Opening::Forgotten { .. } => None,
            Opening::Clear => panic!("not a commitment"),
        }
    }

    async fn pairs(&self, prefix: &[u8]) -> Vec<Pair> {
        self.store.scan(prefix, None, usize::MAX).await.unwrap()
    }

    async fn put(&self, key: &[u8], value: &[u8]) {
        self.store.commit(Batch::new().put(key, value)).await.unwrap();
    }

    async fn delete(&self, key: &[u8]) {
        self.store.commit(Batch::new().delete(key)).await.unwrap();
    }
}

#[tokio::test]
async fn a_record_is_read_back_and_its_leaf_says_nothing_of_it() {
    let bench = bench().await;
    for length in [0, 1, 6_000, 20_000, BODY_BYTES_MAX - 200] {
        let body = vec![7; length];
        let leaf = bench.record(length as u64, &body, Until::Told).await;
        assert_eq!(bench.body(&leaf).await, Some(body.clone()), "{length}");
        assert!(leaf.len() < 120 && matches(&leaf, &salt(length as u64), &body));
        assert!(!matches(&leaf, &salt(9), &body));
    }
    let open = open(bench.store.as_ref(), b"in clear").await.unwrap();
    assert_eq!(open, Opening::Clear);
    assert!(bench.problems().await.is_empty());
}

/// An annex is kept, moved and forgotten with its record, and is no part of what is committed to.
#[tokio::test]
async fn an_annex_stands_beside_the_body_as_long_as_that_does() {
    let bench = bench().await;
    let made = commit_with_annex(KIND, b"body", &[3; 9_000], salt(1), Until::At(at(5))).unwrap();
    let (leaf, commitment) = (made.leaf.clone(), made.commitment);
    assert_eq!(leaf, commit(KIND, b"body", salt(1), Until::Told).unwrap().leaf);
    bench.ledger.append(made.entry(Batch::new())).await.unwrap();
    let annex = async || find(bench.store.as_ref(), &commitment).await.unwrap().unwrap().annex;
    assert_eq!(annex().await, vec![3; 9_000]);
    let store = bench.store.as_ref();
    let later = reterm(store, Batch::new(), &commitment, Until::At(at(9))).await.unwrap().unwrap();
    bench.store.commit(later).await.unwrap();
    assert_eq!((annex().await, bench.problems().await), (vec![3; 9_000], Vec::new()));
    bench.forget(9).await;
    assert_eq!(find(bench.store.as_ref(), &commitment).await.unwrap(), None);
    assert!(bench.pairs(b"t/o/").await.is_empty() && bench.pairs(b"p/t/o/").await.is_empty());
}

#[test]
fn a_leaf_is_of_one_length_whatever_the_body() {
    let leaf = |body: &[u8]| commit(KIND, body, salt(1), Until::Told).unwrap().leaf;
    assert_eq!(leaf(b"").len(), leaf(&[1; 9_000]).len());
    assert_ne!(leaf(b""), leaf(&[1; 9_000]));
}

#[test]
fn a_body_or_kind_over_its_limit_is_refused() {
    let long = commit(KIND, &vec![0; BODY_BYTES_MAX], salt(1), Until::Told);
    assert_eq!(long.unwrap_err(), StoreError::TooLarge("body"));
    let kind = "k".repeat(KIND_BYTES_MAX + 1);
    let long = commit(&kind, b"", salt(1), Until::Told);
    assert_eq!(long.unwrap_err(), StoreError::TooLarge("kind"));
}

/// The commitment is that of the module's story, worked out here by hand.
#[test]
fn the_commitment_covers_label_kind_salt_and_body() {
    let made = commit(KIND, b"body", salt(1), Until::Told).unwrap();
    let field = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [length.as_slice(), bytes].concat()
    };
    let parts = [b"grondslag/commitment/v1".as_slice(), KIND.as_bytes(), &salt(1), b"body"];
    let by_hand = Digest::of(&parts.map(field).concat());
    assert_eq!(made.commitment, by_hand);
    assert_eq!(committed(&made.leaf), Some((KIND, by_hand)));
    for changed in [
        commit(OTHER, b"body", salt(1), Until::Told),
        commit(KIND, b"bodz", salt(1), Until::Told),
        commit(KIND, b"body", salt(2), Until::Told),
    ] {
        assert_ne!(changed.unwrap().commitment, by_hand);
    }
}

#[tokio::test]
async fn what_is_over_is_forgotten_with_proof_and_the_rest_stays() {
    let bench = bench().await;
    let over = bench.record(2, b"over", Until::At(at(100))).await;
    let large = bench.record(3, &vec![5; 30_000], Until::At(at(100))).await;
    let later = bench.record(4, b"later", Until::At(at(101))).await;
    let told = bench.record(6, b"told", Until::Told).await;
    assert_eq!(bench.forget(99).await, Round::default());
    let round = bench.forget(100).await;
    assert_eq!((round.count(), round.leaves, round.more), (2, 1, false));
    assert_eq!((bench.body(&over).await, bench.body(&large).await), (None, None));
    assert_eq!(bench.body(&later).await.as_deref(), Some(b"later".as_slice()));
    assert_eq!(bench.body(&told).await.as_deref(), Some(b"told".as_slice()));
    let last = bench.ledger.read(4, 1).await.unwrap().remove(0);
    let forgotten = Forgotten::parse(&last.leaf).unwrap();
    assert_eq!((forgotten.up_to, forgotten.count()), (at(100), 2));
    let (_, commitment) = committed(&over).unwrap();
    assert_eq!(forgotten.kinds[KIND], [commitment]);
    // Nothing of the bodies is left, parts included.
    assert_eq!(bench.pairs(OPENINGS).await.len(), 2);
    assert!(bench.pairs(crate::store::parts::PREFIX).await.is_empty());
    let checked = bench.check().await;
    assert_eq!((checked.opened, checked.forgotten, checked.deletions), (2, 2, 1));
    assert!(checked.findings.is_empty());
    assert_eq!(bench.forget(100).await, Round::default());
}

#[tokio::test]
async fn many_records_take_several_leaves_and_a_call_is_bounded() {
    let bench = bench().await;
    let many = FORGOTTEN_MAX as u64 * FORGET_LEAVES_MAX + 1;
    for first in (0..many).step_by(64) {
        let entries = (first..many.min(first + 64)).map(|n| {
            let made = commit(KIND, &n.to_be_bytes(), salt(n), Until::At(at(5))).unwrap();
            made.entry(Batch::new())
        });
        bench.ledger.append_many(entries.collect()).await.unwrap();
    }
    let round = bench.forget(9).await;
    assert_eq!((round.leaves, round.count(), round.more), (FORGET_LEAVES_MAX, many - 1, true));
    let round = bench.forget(9).await;
    assert_eq!((round.leaves, round.count(), round.more), (1, 1, false));
    let checked = bench.check().await;
    assert_eq!((checked.forgotten, checked.findings), (many, Vec::new()));
}

#[tokio::test]
async fn the_fullest_leaf_of_deletion_is_a_leaf() {
    let bench = bench().await;
    for n in 0..2 * FORGOTTEN_MAX as u64 {
        let kind = format!("{:0>1$}", n % 40, KIND_BYTES_MAX);
        let made = commit(&kind, b"", salt(n), Until::At(at(5))).unwrap();
        bench.ledger.append(made.entry(Batch::new())).await.unwrap();
    }
    while bench.forget(5).await.more {}
    let all = bench.ledger.read(0, usize::MAX).await.unwrap();
    assert!(all.iter().all(|record| record.leaf.len() <= LEAF_BYTES_MAX));
    let checked = bench.check().await;
    assert_eq!(checked.forgotten, 2 * FORGOTTEN_MAX as u64);
    assert!(checked.findings.is_empty());
}

#[tokio::test]
async fn keys_lead_to_a_record_and_go_with_it() {
    let bench = bench().await;
    let keys = [b"a/one".to_vec(), b"a/two".to_vec()];
    let make = |n| commit_indexed(KIND, b"body", salt(n), Until::At(at(5)), &keys).unwrap();
    let made = make(1);
    let commitment = made.commitment;
    bench.ledger.append(made.entry(Batch::new())).await.unwrap();
    for pair in bench.pairs(b"a/").await {
        assert_eq!(pair.value, commitment.as_bytes());
    }
    let found = find(bench.store.as_ref(), &commitment).await.unwrap().unwrap();
    assert_eq!(found.body, b"body");
    // A key leads to one record.
    let twice = bench.ledger.append(make(2).entry(Batch::new())).await;
    assert!(matches!(twice, Err(LedgerError::Conflict { .. })));
    // A key that leads elsewhere, or nowhere, shows.
    bench.put(b"a/two", Digest::of(b"other").as_bytes()).await;
    assert_eq!(bench.problems().await, [Problem::NotIndexed]);
    bench.delete(b"a/two").await;
    assert_eq!(bench.problems().await, [Problem::NotIndexed]);
    bench.put(b"a/two", commitment.as_bytes()).await;
    // A term that moves leaves them be.
    let store = bench.store.as_ref();
    let moved = reterm(store, Batch::new(), &commitment, Until::At(at(7))).await.unwrap();
    store.commit(moved.unwrap()).await.unwrap();
    assert!(bench.problems().await.is_empty());
    assert_eq!(bench.forget(7).await.count(), 1);
    assert!(bench.pairs(b"a/").await.is_empty());
    assert_eq!(find(store, &commitment).await, Ok(None));
    assert!(bench.problems().await.is_empty());
}

#[tokio::test]
async fn a_term_moves_later_earlier_and_from_told() {
    let bench = bench().await;
    let leaf = bench.record(1, &[4; 9_000], Until::Told).await;
    let (_, commitment) = committed(&leaf).unwrap();
    let store = bench.store.as_ref();
    for (until, indexed) in
        [(Until::At(at(500)), 1), (Until::At(at(900)), 1), (Until::Told, 0), (Until::At(at(50)), 1)]
    {
        let batch = reterm(store, Batch::new(), &commitment, until).await.unwrap().unwrap();
        store.commit(batch).await.unwrap();
        assert_eq!(bench.pairs(DUE).await.len(), indexed);
        let found = open(store, &leaf).await.unwrap();
        assert!(matches!(found, Opening::Opened(opened) if opened.until == until));
        assert!(bench.problems().await.is_empty());
    }
    assert_eq!(bench.forget(49).await.count(), 0);
    assert_eq!(bench.forget(50).await.count(), 1);
    let gone = reterm(store, Batch::new(), &commitment, Until::Told).await.unwrap();
    assert_eq!(gone, None);
}

/// The batch of a term that moved expects what was read: whoever forgets first wins.
#[tokio::test]
async fn a_term_does_not_move_once_the_record_was_forgotten() {
    let bench = bench().await;
    let leaf = bench.record(1, b"body", Until::At(at(5))).await;
    let (_, commitment) = committed(&leaf).unwrap();
    let store = bench.store.as_ref();
    let moved = reterm(store, Batch::new(), &commitment, Until::Told).await.unwrap().unwrap();
    assert_eq!(bench.forget(5).await.count(), 1);
    let refused = store.commit(moved).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    assert!(bench.problems().await.is_empty());
}

/// Each commit of a round fails once, without and with the write having landed; a restart goes
/// on.
#[tokio::test]
async fn deletion_and_its_leaf_are_one_commit_whichever_way_it_fails() {
    for fault in [Fault::Lost, Fault::Landed] {
        for n in 1..=3 {
            let bench = bench().await;
            for record in 0..250 {
                bench.record(record, b"body", Until::At(at(5))).await;
            }
            bench.store.fail_commit(n, fault);
            let failed = forget_due(bench.store.as_ref(), &bench.ledger, at(5)).await;
            assert!(matches!(failed, Err(LedgerError::Store(_))), "{fault:?} {n}");
            assert!(bench.problems().await.is_empty(), "{fault:?} {n}");
            let landed = if fault == Fault::Landed { n } else { n - 1 };
            let before = bench.check().await.forgotten;
            assert_eq!(before, (landed * 100).min(250), "{fault:?} {n}");
            assert_eq!(bench.forget(5).await.count(), 250 - before);
            let checked = bench.check().await;
            assert_eq!((checked.forgotten, checked.deletions), (250, 3));
            assert!(checked.findings.is_empty());
        }
    }
}

#[tokio::test]
async fn any_flipped_byte_of_an_opening_is_found() {
    let bench = bench().await;
    let leaf = bench.record(1, b"some body", Until::At(at(5))).await;
    let Pair { key, value } = bench.pairs(OPENINGS).await.remove(0);
    for place in 0..value.len() {
        let mut flipped = value.clone();
        flipped[place] ^= 1;
        bench.put(&key, &flipped).await;
        let found = bench.problems().await;
        let read = open(bench.store.as_ref(), &leaf).await;
        // The end of the term is not what the leaf commits to: the index of ends shows it.
        let term = matches!(&read, Ok(Opening::Opened(opened)) if opened.body == b"some body");
        assert!(term || read == Err(StoreError::Corrupt), "{place}");
        let expected = if term { Problem::NotIndexed } else { Problem::Altered };
        assert!(found.contains(&expected), "{place}: {found:?}");
        let round = bench.forget(5).await;
        assert_eq!((round.count(), round.damaged.len()), (0, 1), "{place}");
    }
    bench.put(&key, &value).await;
    assert!(bench.problems().await.is_empty());
}

/// Where a leaf of deletion holds its moment: behind its label and a length.
const MOMENT: std::ops::Range<usize> = 35..43;

/// The part of a leaf in the ledger's own value; the ledger's own hashes are not looked at here.
#[tokio::test]
async fn any_flipped_byte_of_a_leaf_is_found() {
    for forgotten in [false, true] {
        let bench = bench().await;
        bench.record(1, b"some body", Until::At(at(5))).await;
        if forgotten {
            bench.forget(5).await;
        }
        let leaves = bench.ledger.read(0, 2).await.unwrap();
        for (record, Pair { key, value }) in leaves.iter().zip(bench.pairs(b"l/audit/e/").await) {
            for place in value.len() - record.leaf.len()..value.len() {
                let mut flipped = value.clone();
                flipped[place] ^= 1;
                bench.put(&key, &flipped).await;
                let found = bench.problems().await;
                // Up to which moment is all that a leaf of deletion says beside its list.
                let place = place - (value.len() - record.leaf.len());
                let moment = record.index == 1 && MOMENT.contains(&place);
                assert_eq!(found.is_empty(), moment, "{forgotten} {key:?} {place}");
            }
            bench.put(&key, &value).await;
        }
        assert!(bench.problems().await.is_empty());
    }
}

#[tokio::test]
async fn every_way_to_lose_or_keep_a_record_unseen_is_named() {
    let bench = bench().await;
    bench.record(2, b"kept", Until::At(at(900))).await;
    bench.record(4, b"gone", Until::At(at(5))).await;
    let before = bench.pairs(OPENINGS).await;
    bench.forget(5).await;
    let after = bench.pairs(OPENINGS).await;
    let kept = after.first().unwrap();
    let gone = before.iter().find(|pair| pair.key != kept.key).unwrap();
    // Put back what was forgotten.
    bench.put(&gone.key, &gone.value).await;
    assert!(bench.problems().await.contains(&Problem::NotForgotten));
    bench.delete(&gone.key).await;
    // Lose what was not.
    bench.delete(&kept.key).await;
    assert!(bench.problems().await.contains(&Problem::Missing));
    bench.put(&kept.key, &kept.value).await;
    // Take a term out of the index.
    let due = bench.pairs(DUE).await.remove(0);
    bench.delete(&due.key).await;
    assert_eq!(bench.problems().await, [Problem::NotIndexed]);
    bench.put(&due.key, &due.value).await;
    // An opening without a leaf.
    let stray = opening_key(&Digest::of(b"stray"));
    bench.put(&stray, b"x").await;
    assert_eq!(bench.problems().await, [Problem::Stray]);
    bench.delete(&stray).await;
    assert!(bench.problems().await.is_empty());
    // A second deletion of the same, one of something unknown, and one of another kind.
    let leaf = bench.ledger.read(2, 1).await.unwrap().remove(0).leaf;
    let again = Entry { about: Digest::of(b""), leaf, state: Batch::new() };
    bench.ledger.append(again).await.unwrap();
    assert_eq!(bench.problems().await, [Problem::Miscounted, Problem::ForgottenTwice]);
}

#[tokio::test]
async fn the_daily_round_runs_once_a_day_counts_and_goes_on_after_a_restart() {
    let bench = bench().await;
    let (store, day) = (bench.store.as_ref(), 86_400_000);
    for n in 0..150 {
        bench.record(n, b"body", Until::At(at(day / 2))).await;
    }
    bench.record(150, b"later", Until::At(at(day + day / 2))).await;
    let job = Job::default();
    let turn = async |now: i64| job.turn(store, &bench.ledger, at(now)).await.unwrap();
    // Nothing is due at first; what comes due on that day waits for the next.
    assert_eq!(turn(1).await.unwrap().count(), 0);
    assert_eq!(turn(day / 2 + 1).await, None);
    // The first commit of the day's round fails though it landed.
    bench.store.fail_commit(1, Fault::Landed);
    let failed = job.turn(store, &bench.ledger, at(day)).await;
    assert!(failed.is_err());
    assert!(job.standing(store).await.unwrap().failed.is_some());
    // Another process goes on.
    let job = Job::default();
    let round = job.turn(store, &bench.ledger, at(day)).await.unwrap().unwrap();
    assert_eq!((round.count(), round.more), (50, false));
    let standing = job.standing(store).await.unwrap();
    assert_eq!((standing.totals.count(), standing.totals.leaves), (150, 2));
    assert_eq!(standing.totals.kinds[KIND], 75);
    assert_eq!((standing.done_at, standing.failed), (Some(at(day)), None));
    assert_eq!(job.turn(store, &bench.ledger, at(day + 1)).await, Ok(None));
    // A clock that was set back a little forgets nothing.
    assert_eq!(job.turn(store, &bench.ledger, at(day - 20_000)).await, Ok(None));
    assert_eq!(job.turn(store, &bench.ledger, at(2 * day)).await.unwrap().unwrap().count(), 1);
    assert!(bench.problems().await.is_empty());
    // Totals that were altered show.
    let mut totals = store.get(job::TOTALS).await.unwrap().unwrap();
    *totals.last_mut().unwrap() ^= 1;
    bench.put(job::TOTALS, &totals).await;
    assert_eq!(bench.problems().await, [Problem::Miscounted]);
}

/// What may happen to records.
#[derive(Debug, Clone)]
enum Op {
    Record { body: u16, until: Option<u8> },
    Reterm { which: prop::sample::Index, until: Option<u8> },
    Forget { now: u8, fault: Option<bool> },
}

fn op() -> impl Strategy<Value = Op> {
    // The ledger's clock stands at 1: nothing ends before it was recorded.
    let moment = || 1..=u8::MAX;
    let until = || prop::option::weighted(0.8, moment());
    prop_oneof![
        4 => (0_u16..9_000, until()).prop_map(|(body, until)| Op::Record { body, until }),
        2 => (any::<prop::sample::Index>(), until())
            .prop_map(|(which, until)| Op::Reterm { which, until }),
        2 => (moment(), prop::option::weighted(0.3, any::<bool>()))
            .prop_map(|(now, fault)| Op::Forget { now, fault }),
    ]
}

/// One record as the model has it.
struct Modelled {
    leaf: Vec<u8>,
    body: Vec<u8>,
    until: Option<u8>,
    there: bool,
}

fn until(end: Option<u8>) -> Until {
    end.map_or(Until::Told, |end| Until::At(at(end.into())))
}

async fn play(ops: Vec<Op>) {
    let bench = bench().await;
    let mut model: Vec<Modelled> = Vec::new();
    for (n, op) in (0_u64..).zip(ops) {
        match op {
            Op::Record { body, until: end } => {
                let body = n.to_be_bytes().repeat(usize::from(body) / 8);
                let leaf = bench.record(n, &body, until(end)).await;
                model.push(Modelled { leaf, body, until: end, there: true });
            }
            Op::Reterm { .. } if model.is_empty() => {}
            Op::Reterm { which, until: end } => {
                let place = which.index(model.len());
                let record = &mut model[place];
                let (_, commitment) = committed(&record.leaf).unwrap();
                let store = bench.store.as_ref();
                let batch = reterm(store, Batch::new(), &commitment, until(end)).await.unwrap();
                assert_eq!(batch.is_some(), record.there);
                if let Some(batch) = batch {
                    store.commit(batch).await.unwrap();
                    record.until = end;
                }
            }
            Op::Forget { now, fault } => {
                if let Some(landed) = fault {
                    let fault = if landed { Fault::Landed } else { Fault::Lost };
                    bench.store.fail_commit(1, fault);
                    let failed =
                        forget_due(bench.store.as_ref(), &bench.ledger, at(now.into())).await;
                    // Nothing was due, so that the fault waits for the next commit: take it away.
                    if failed.is_ok() {
                        bench.store.commit(Batch::new()).await.unwrap_err();
                    }
                }
                bench.forget(now.into()).await;
                for record in &mut model {
                    record.there &= record.until.is_none_or(|end| end > now);
                }
            }
        }
    }
    for record in &model {
        let expected = record.there.then(|| record.body.clone());
        assert_eq!(bench.body(&record.leaf).await, expected);
    }
    let checked = bench.check().await;
    let there = model.iter().filter(|record| record.there).count();
    assert_eq!(checked.opened, there as u64);
    assert_eq!(checked.forgotten, (model.len() - there) as u64);
    assert!(checked.findings.is_empty(), "{:?}", checked.findings);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_happens_every_commitment_is_open_or_covered_once(
        ops in prop::collection::vec(op(), 1..40),
    ) {
        Runtime::new().unwrap().block_on(play(ops));
    }

    #[test]
    fn bytes_of_anybody_are_no_opening_and_no_leaf_that_panics(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        prop_assert_eq!(committed(&bytes), None);
        prop_assert_eq!(Forgotten::parse(&bytes), None);
        prop_assert!(Kept::parse(&bytes).is_none());
    }
}
