//! What a founded broker shows, keeps and refuses.

use std::collections::BTreeSet;
use std::sync::Arc;

use grondslag_core::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::founding::{Founding, SignedFounding};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::operators::{Operator, Operators};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Ledger, entry_hash, testing};
use grondslag_evidence::store::{Batch, MemoryStore, Store};
use grondslag_proto::head::FoundingLeaf;

use super::Foundings;
use super::ask::Shown;
use super::collect::{ClockWasAhead, is_beyond, may_found};
use super::finish::{Ground, fits, is_timely, last_timely};
use super::kept::{keep_cosigned, kept_before, presented, row};
use crate::restore::foundings;
use crate::route::tests::{key, oin};
use crate::watch::KEPT;

const NODE: &str = "00000099000000002000";

fn region() -> Digest {
    Digest::new([7; 32])
}

fn head(number: u64, size: u64, root: u8, by: u8) -> SignedCheckpoint {
    let origin = Origin::of_broker(&region().to_string(), number).unwrap();
    Checkpoint { origin, size, root: Digest::new([root; 32]) }.sign(&key(by))
}

pub(crate) fn signed(at: Timestamp) -> SignedFounding {
    let founding = Founding {
        region: region(),
        number: 2,
        amendment: 0,
        at,
        restored: 5,
        head: head(1, 10, 1, 9),
        missed: BTreeSet::new(),
    };
    SignedFounding { founding, signatures: Vec::new() }
}

/// The store and the second log of a broker that was founded anew.
async fn founded() -> (Arc<dyn Store>, Ledger, Foundings) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(3)));
    let ledger = testing::open(Arc::clone(&store), clock, "broker-2").await.unwrap();
    let signed = signed(Timestamp::from_ms(2));
    let entry = Entry { about: signed.about(), leaf: signed.leaf(), state: Batch::new() };
    let kept = signed.clone();
    let placed =
        ledger.append_placed(entry, (1, 6_200), move |at| Ok(row(Batch::new(), &kept, at)));
    placed.await.unwrap();
    let opened = Foundings::open(store.as_ref(), 2).await.unwrap();
    (store, ledger, opened)
}

#[test]
fn a_node_that_says_without_signatures_that_a_later_log_was_founded_stops_nobody() {
    let all = [1, 2].map(|n| Operator::new(operator(n), &key(n)));
    let operators = Operators::new(all.into());
    let unsigned = signed(Timestamp::from_ms(2));
    let document = unsigned.founding.canonical();
    let signatures = [1, 2].map(|n| Operator::sign(&operator(n), &key(n), &document)).into();
    let signed = SignedFounding { signatures, ..unsigned.clone() };
    for (number, founding, beyond) in [
        (2, signed.leaf(), true),
        (1, signed.leaf(), false),
        (3, signed.leaf(), false),
        (2, unsigned.leaf(), false),
        (2, Vec::new(), false),
    ] {
        let shown = Shown { number, founding, heads: Vec::new() };
        assert_eq!(is_beyond(&shown, 1, &operators, &region()), beyond, "{number}");
    }
}

fn operator(n: u8) -> Oin {
    oin(&format!("0000009900000000{n}000"))
}

#[test]
fn a_log_is_not_founded_before_its_last_leaf_nor_in_time_to_come() {
    let at = Timestamp::from_ms;
    for (founded, last, holds) in [
        (70_000, Some(at(70_000)), true),
        (69_999, Some(at(70_000)), false),
        (100_000, None, true),
        (130_000, None, true),
        (130_001, None, false),
        (i64::MAX, Some(at(1)), false),
    ] {
        assert_eq!(is_timely(at(founded), last, at(100_000)), holds, "{founded}");
    }
}

/// Every field of a founding that this broker would take is changed once.
#[test]
fn a_founding_is_taken_only_as_the_next_one_of_a_head_that_this_broker_made() {
    type Change = fn(&mut Founding);
    let at = Timestamp::from_ms;
    let (made, founding) = ([key(9).verifying_key().to_bytes()], signed(at(2)).founding);
    let restored =
        |number, size| Ground::Restored { number, size, last: Some(at(2)), now: at(1_000) };
    assert!(fits(&founding, &made, &restored(1, 5)));
    assert!(!fits(&founding, &[key(8).verifying_key().to_bytes()], &restored(1, 5)));
    assert!(!fits(&founding, &[], &restored(1, 5)));
    for (number, size) in [(0, 5), (2, 5), (1, 4), (1, 6)] {
        assert!(!fits(&founding, &made, &restored(number, size)), "{number} {size}");
    }
    let changes: [Change; 6] = [
        |f| f.amendment = 1,
        |f| f.at = f.at.plus_ms(-1),
        |f| f.at = f.at.plus_ms(60_000),
        |f| f.number += 1,
        |f| f.restored += 1,
        |f| f.head = head(1, 10, 1, 8),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = founding.clone();
        change(&mut changed);
        assert!(!fits(&changed, &made, &restored(1, 5)), "restored {number}");
    }

    let before = Ground::Founded(Box::new(founding.clone()));
    let higher = Founding { amendment: 1, head: head(1, 11, 2, 9), ..founding };
    assert!(fits(&higher, &made, &before));
    let changes: [Change; 8] = [
        |f| f.amendment = 0,
        |f| f.amendment = 2,
        |f| f.at = f.at.plus_ms(1),
        |f| f.number += 1,
        |f| f.restored += 1,
        |f| f.head = head(1, 10, 2, 9),
        |f| f.head = head(1, 9, 2, 9),
        |f| f.head = head(1, 11, 2, 8),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut changed = higher.clone();
        change(&mut changed);
        assert!(!fits(&changed, &made, &before), "amended {number}");
    }
}

/// A backup whose clock was a day ahead once: that is said at once, and a person says how it was.
#[tokio::test]
async fn a_backup_that_ends_in_time_to_come_is_founded_only_when_somebody_says_so() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let (now, day) = (Timestamp::from_ms(1_000_000), 86_400_000);
    let clock = Arc::new(SetClock::at(now));
    let ledger = testing::open(store, clock.clone(), "broker").await.unwrap();
    let mut times = Vec::new();
    for at in [1, 2, 3, day, day + 1, day + 2] {
        clock.set(now.plus_ms(at));
        let entry = Entry { about: Digest::of(b"x"), leaf: b"x".to_vec(), state: Batch::new() };
        times.push(ledger.append(entry).await.unwrap().recorded_at());
    }
    let refused = may_found(&ledger, now, ClockWasAhead(false)).unwrap_err();
    assert_eq!(refused.reason(), Reason::ClockInvalid);
    assert!(refused.to_string().contains(&now.plus_ms(day + 2).to_string()), "{refused}");
    assert!(may_found(&ledger, now, ClockWasAhead(true)).is_ok());
    assert!(may_found(&ledger, now.plus_ms(day), ClockWasAhead(false)).is_ok());
    // Whatever was dated in time to come is no measure of a founding's moment, and the rest is.
    for (count, at) in [(0, now), (2, now), (3, now), (6, now), (6, now.plus_ms(day))] {
        let size = u64::try_from(count).unwrap();
        let last = last_timely(&ledger, size, at).await.unwrap();
        let timely = times[..count].iter().copied().rfind(|one| *one <= at.plus_ms(30_000));
        assert_eq!(last, timely, "{count} {at}");
    }
    let last = last_timely(&ledger, 6, now).await.unwrap();
    assert_eq!(last, Some(now.plus_ms(3)));
    assert!(is_timely(now.plus_ms(3), last, now) && !is_timely(now.plus_ms(2), last, now));
}

#[tokio::test]
async fn who_follows_the_log_before_is_shown_the_founding_with_its_proof_and_others_nothing() {
    let (store, ledger, founded) = founded().await;
    assert_eq!(founded.asked_from(), Some(Timestamp::from_ms(2)));
    for follows in [0, 1] {
        let shown = founded.show(store.as_ref(), &ledger, follows).await.unwrap();
        let FoundingLeaf { signed, recorded_at, index } = shown.founding.unwrap();
        let hash = entry_hash(&signed.about(), recorded_at, &signed.leaf());
        let (head, proof) = shown.proved.unwrap();
        let tree = head.checkpoint().tree();
        assert!(verify_inclusion(&hash, index, &tree, &proof).is_ok(), "{follows}");
    }
    for follows in [2, 3] {
        let shown = founded.show(store.as_ref(), &ledger, follows).await.unwrap();
        assert_eq!((shown.current, shown.founding), (2, None));
    }
    let first = Foundings::open(store.as_ref(), 1).await.unwrap();
    assert_eq!((first.asked_from(), first.current), (None, 1));
    assert_eq!(first.show(store.as_ref(), &ledger, 1).await.unwrap().founding, None);
    let missing = Foundings::open(store.as_ref(), 3).await.unwrap_err();
    assert_eq!(missing, Reason::StoreCorrupt);
    assert_eq!(foundings(store.as_ref(), 2).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_higher_head_of_the_log_before_is_kept_and_anything_else_is_not() {
    let (store, _ledger, founded) = founded().await;
    let own = [key(9).verifying_key().to_bytes()];
    let node: Oin = oin(NODE);
    let keep = async |head: SignedCheckpoint| {
        founded.keep_presented(store.as_ref(), &node, &head, &own).await
    };
    assert_eq!(keep(head(1, 9, 1, 9)).await, Err(Reason::NothingToAmend));
    assert_eq!(keep(head(1, 10, 1, 9)).await, Err(Reason::NothingToAmend), "it is the founding's");
    assert_eq!(keep(head(2, 11, 1, 9)).await, Err(Reason::AttestationInvalid), "another log");
    assert_eq!(keep(head(1, 11, 1, 8)).await, Err(Reason::AttestationInvalid), "another key");
    assert!(!founded.is_short(store.as_ref()).await);
    assert_eq!(keep(head(1, 11, 1, 9)).await, Ok(()));
    assert!(founded.is_short(store.as_ref()).await);
    let kept = presented(store.as_ref()).await.unwrap();
    assert_eq!(kept, [(node.clone(), head(1, 11, 1, 9))]);
    // Another root at the size where the log before is said to have ended: for operators too.
    assert_eq!(keep(head(1, 10, 2, 9)).await, Ok(()));
    let first = Foundings::open(store.as_ref(), 1).await.unwrap();
    let refused = first.keep_presented(store.as_ref(), &node, &head(1, 11, 1, 9), &own).await;
    assert_eq!(refused, Err(Reason::NotRestored));
}

#[tokio::test]
async fn the_cosigned_head_of_the_log_before_stays_and_the_new_log_has_none() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
    let note = serde_json::json!({ "cosigned": head(1, 9, 1, 9).note(), "last": {} });
    let body = serde_json::to_vec(&note).unwrap();
    let kept = grondslag_evidence::store::parts::put_body(Batch::new(), KEPT, &body).unwrap();
    store.commit(kept).await.unwrap();
    let moved = keep_cosigned(store.as_ref(), Batch::new(), 1).await.unwrap();
    store.commit(moved).await.unwrap();
    assert!(crate::kept_heads(store.as_ref()).await.unwrap().is_empty());
    let before = kept_before(store.as_ref(), 2).await.unwrap();
    assert_eq!(before.len(), 1);
    assert_eq!(before[0].head, Some(head(1, 9, 1, 9)));
    assert!(kept_before(store.as_ref(), 1).await.unwrap().is_empty());
}
