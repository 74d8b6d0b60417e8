//! What is damaged, dated wrong or forgotten too soon stops nothing else, and is named.

use super::*;

const DAY: i64 = 86_400_000;

#[tokio::test]
async fn one_damaged_opening_stops_no_other_and_is_named() {
    let bench = bench().await;
    let first = bench.record(0, b"the first", Until::At(at(1))).await;
    let Pair { key, value } = bench.pairs(OPENINGS).await.remove(0);
    for n in 1..=10 {
        bench.record(n, b"body", Until::At(at(5))).await;
    }
    let mut flipped = value.clone();
    *flipped.last_mut().unwrap() ^= 1;
    bench.put(&key, &flipped).await;
    // An end that leads to nothing, and one that cannot be read.
    let lost = Digest::of(b"lost");
    bench.put(&due_key(at(2), &lost), b"").await;
    bench.put(b"t/d/!", b"").await;
    let (store, job) = (bench.store.as_ref(), Job::default());
    let round = job.turn(store, &bench.ledger, at(9)).await.unwrap().unwrap();
    assert_eq!((round.count(), round.leaves, round.more), (10, 1, false));
    let (_, commitment) = committed(&first).unwrap();
    let named = [commitment.to_string(), lost.to_string(), "t/d/!".to_owned()];
    assert_eq!(round.damaged, named.into());
    // It shows until a round finds it mended, and not only in the turn that found it.
    let failed = async || job.standing(store).await.unwrap().failed;
    assert_eq!(job.turn(store, &bench.ledger, at(10)).await, Ok(None));
    assert_eq!(failed().await, Some(LedgerError::Store(StoreError::Corrupt)));
    bench.put(&key, &value).await;
    bench.delete(b"t/d/!").await;
    bench.delete(&due_key(at(2), &lost)).await;
    let round = job.turn(store, &bench.ledger, at(DAY)).await.unwrap().unwrap();
    assert_eq!((round.count(), round.damaged.len(), failed().await), (1, 0, None));
    assert!(bench.problems().await.is_empty());
}

/// Whatever their number: a whole page of them does not hide what stands behind it.
#[tokio::test]
async fn many_damaged_openings_stop_no_other() {
    let bench = bench().await;
    for n in 0..FORGOTTEN_MAX + 5 {
        bench.put(&due_key(at(1), &Digest::of(&n.to_be_bytes())), b"").await;
    }
    bench.record(1, b"body", Until::At(at(5))).await;
    let round = bench.forget(5).await;
    assert_eq!((round.count(), round.damaged.len()), (1, FORGOTTEN_MAX + 5));
    assert_eq!(bench.forget(5).await.count(), 0);
}

#[tokio::test]
async fn a_round_that_was_done_on_a_day_to_come_is_not_done() {
    let bench = bench().await;
    let (store, job) = (bench.store.as_ref(), Job::default());
    let turn = async |now| job.turn(store, &bench.ledger, at(now)).await.unwrap();
    assert_eq!(turn(1_000 * DAY).await.unwrap().count(), 0);
    bench.record(1, b"body", Until::At(at(2 * DAY))).await;
    assert_eq!(turn(3 * DAY).await.unwrap().count(), 1);
    assert_eq!(job.standing(store).await.unwrap().done_at, Some(at(3 * DAY)));
    assert_eq!(turn(3 * DAY + 1).await, None);
    assert!(bench.problems().await.is_empty());
}

#[tokio::test]
async fn what_was_forgotten_before_its_least_term_was_over_is_named() {
    let bench = bench().await;
    bench.record(1, b"body", Until::At(at(100))).await;
    bench.record(2, b"other", Until::At(at(100))).await;
    let checked = async |kind: &'static str, term: i64| {
        let least = move |of: &str, from: Timestamp| {
            if of == kind { from.plus_ms(term) } else { from }
        };
        let store = bench.store.as_ref();
        check(store, &bench.ledger, &least).await.unwrap().findings
    };
    assert!(checked(KIND, i64::MAX).await.is_empty(), "nothing was forgotten");
    bench.clock.set(at(150));
    bench.forget(100).await;
    // It was recorded at 1, and the leaf says up to when it forgot.
    assert!(checked(KIND, 99).await.is_empty());
    let too_soon = Finding { index: Some(2), problem: Problem::ForgottenTooSoon };
    assert_eq!(checked(KIND, 100).await, [too_soon]);
    assert_eq!(checked("grondslag/record/none/v1", 100).await, []);
    // A leaf that says to be of later than it is counts as of when it was recorded.
    bench.record(4, b"body", Until::At(at(9_000))).await;
    bench.forget(10_000).await;
    assert_eq!(checked(KIND, 99).await, [Finding { index: Some(4), ..too_soon }]);
}
