//! The same question again, another one under its id, and a second attempt.

use super::*;

#[tokio::test]
async fn the_same_question_gives_the_same_result_and_one_leaf() {
    let scene = scene(&[]).await;
    let asked = question(&scene, &["G05"], |_| {});
    let (_, _, first) = scene.route(asked.clone()).await.unwrap();
    let (size, steps) = scene.sizes().await;
    // Other leaves in between do not hide the one that is looked for.
    let other = question(&scene, &["G05"], |_| {});
    let part = other.parts[0].1.clone();
    scene.route(sealed(&scene, InquiryId::new([8; 16]), other.header, part)).await.unwrap();
    let (_, _, again) = scene.route(asked).await.unwrap();
    // All but the pair, which is made anew each time so that no two look alike.
    let told = |all: &[Decided]| {
        let told = |one: &Decided| {
            let evidence = &one.evidence;
            (one.oin.clone(), one.rulings.clone(), evidence.leaf.clone(), evidence.index)
        };
        all.iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(told(&again), told(&first));
    assert_ne!(again[0].evidence.pair, first[0].evidence.pair);
    assert_eq!(scene.sizes().await, (size + 1, steps + 1));
}

#[tokio::test]
async fn another_question_under_the_same_id_is_a_conflict() {
    let scene = scene(&[]).await;
    scene.route(question(&scene, &["G05"], |_| {})).await.unwrap();
    let other = scene.route(question(&scene, &["G06"], |_| {})).await;
    assert_eq!(other.unwrap_err(), Reason::ReplayConflict);
}

#[tokio::test]
async fn a_replay_key_is_kept_until_its_term_has_passed_and_no_longer() {
    let scene = scene(&[]).await;
    scene.route(question(&scene, &["G05"], |_| {})).await.unwrap();
    let store = scene.broker.store.as_ref();
    let end = scene.clock.now().plus_ms(630_000);
    assert_eq!(sweep(store, end).await, Ok(0));
    assert!(!store.scan(b"q/", None, 10).await.unwrap().is_empty());
    assert!(matches!(sweep(store, end.plus_ms(1)).await, Ok(1..)));
    assert!(store.scan(b"q/", None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn everything_that_expired_is_removed_however_much_it_is() {
    let scene = scene(&[]).await;
    let (store, now) = (scene.broker.store.as_ref(), scene.clock.now());
    let keys = crate::limits::SWEEP_MAX + 1;
    for n in 0..keys {
        let key = format!("q/{n:04}").into_bytes();
        let batch = grondslag_evidence::store::Batch::new().put(expiry_key(now, &key), key);
        store.commit(batch).await.unwrap();
    }
    sweep_all(store, now.plus_ms(1)).await.unwrap();
    assert!(store.scan(b"qx/", None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_second_attempt_is_for_targets_that_were_not_ready_only() {
    for (heard, second) in [
        (Heard::Refused(Reason::NotReady), Ok(())),
        (Heard::Lost(Reason::Unreachable), Err(Reason::ReplayConflict)),
        (Heard::Late, Err(Reason::ReplayConflict)),
    ] {
        let scene = scene(&[(SCHOOL, heard)]).await;
        let first = question(&scene, &["G05"], |_| {});
        let (header, part) = (first.header.clone(), first.parts[0].1.clone());
        let again = attempted(&scene, first.id, 2, header, part);
        let early = scene.route(again.clone()).await.map(|_| ());
        assert_eq!(early, Err(Reason::ReplayConflict));
        scene.ask(first).await;
        assert_eq!(scene.route(again).await.map(|_| ()), second);
    }
}

/// Its slots are those of the first: whoever asked could make a node seem silent otherwise.
#[tokio::test]
async fn a_second_attempt_keeps_to_the_term_and_urgency_of_the_first() {
    let cases: [fn(&mut Header); 2] = [
        |header| header.urgency = Urgency::Acute,
        |header| header.times.answer_by = header.times.answer_by.plus_ms(60_000),
    ];
    for change in cases {
        let scene = scene(&[(SCHOOL, Heard::Refused(Reason::NotReady))]).await;
        let first = question(&scene, &["G05"], |_| {});
        let (mut header, part) = (first.header.clone(), first.parts[0].1.clone());
        change(&mut header);
        let other = attempted(&scene, first.id, 2, header, part);
        scene.ask(first).await;
        let refused = scene.route(other).await.map(|_| ());
        assert_eq!(refused, Err(Reason::ReplayConflict));
    }
}
