//! Budgets: two questions a day of one person and three of the agency, here.

use grondslag_core::inquiry::{Approval, Approver};
use grondslag_core::statement::approval_bytes;
use grondslag_evidence::store::{Batch, parts};

use super::*;

/// A question of its own, as somebody wants it.
fn asked(scene: &Scene, id: u8, change: impl FnOnce(&mut Header)) -> RawInquiry {
    let raw = question(scene, &["G05"], change);
    sealed(scene, InquiryId::new([id; 16]), raw.header, raw.parts[0].1.clone())
}

fn person(n: u8) -> impl Fn(&mut Header) {
    move |header| header.staff = Pseudonym::new([n; 16])
}

/// The same, approved by a second person.
fn approved(scene: &Scene, id: u8) -> RawInquiry {
    let (second, pseudonym) = (key(7), Pseudonym::new([9; 16]));
    let mut raw = question(scene, &["G05"], |_| {});
    let mut approver = Approver {
        pseudonym,
        role: raw.header.role.clone(),
        mandate_until: raw.header.times.answer_by,
        public_key: second.verifying_key().to_bytes(),
        vouched: [0; 64],
    };
    approver.vouched = sign(&key(1), &approver.vouch_bytes(&raw.header.asker));
    raw.header.approvers = vec![approver];
    let (id, mut part) = (InquiryId::new([id; 16]), raw.parts[0].1.clone());
    let (target, commitment) = (TargetId::derive(&id, &oin(SCHOOL)), Digest::new([7; 32]));
    let bytes = approval_bytes(&target, &raw.header, &part.categories, &commitment);
    let signature = sign(&second, &bytes);
    part.approvals = vec![Approval { pseudonym, commitment, signature }];
    sealed(scene, id, raw.header, part)
}

impl Scene {
    async fn put(&self, raw: RawInquiry) -> Result<(), Reason> {
        self.route(raw).await.map(|_| ())
    }

    /// As if the agency had asked so many targets today.
    async fn stepped(&self, targets: u64) {
        let (store, date) = (self.broker.store.as_ref(), self.clock.now().date());
        let key = format!("hq/{date}/{ASKER}").into_bytes();
        let batch = parts::delete_body(store, Batch::new(), &key).await.unwrap();
        let batch = parts::put_body(batch, &key, &targets.to_be_bytes()).unwrap();
        store.commit(batch).await.unwrap();
    }
}

#[tokio::test]
async fn a_person_has_a_budget_per_purpose_and_over_it_nothing_is_recorded() {
    let scene = scene(&[]).await;
    for id in [1, 2] {
        assert_eq!(scene.put(asked(&scene, id, |_| {})).await, Ok(()));
    }
    let size = scene.broker.ledger.size().await.unwrap();
    assert_eq!(scene.put(asked(&scene, 3, |_| {})).await, Err(Reason::BudgetExceeded));
    assert_eq!(scene.broker.ledger.size().await.unwrap(), size);
    let purpose = |header: &mut Header| header.purpose = Purpose::parse("D03").unwrap();
    assert_eq!(scene.put(asked(&scene, 4, purpose)).await, Ok(()), "another purpose");
    assert_eq!(scene.put(asked(&scene, 5, person(5))).await, Ok(()), "another person");
}

#[tokio::test]
async fn an_agency_has_a_budget_however_many_people_it_has() {
    let scene = scene(&[]).await;
    for id in [1, 2, 3] {
        assert_eq!(scene.put(asked(&scene, id, person(id))).await, Ok(()));
    }
    let fourth = scene.put(asked(&scene, 4, person(4))).await;
    assert_eq!(fourth, Err(Reason::BudgetExceeded));
}

#[tokio::test]
async fn the_next_dutch_day_starts_anew() {
    let scene = scene(&[]).await;
    // One minute before midnight in the Netherlands, which is two hours before that of UTC.
    scene.clock.set(Timestamp::parse("2026-06-15T23:59").unwrap());
    for id in [1, 2] {
        assert_eq!(scene.put(asked(&scene, id, |_| {})).await, Ok(()));
    }
    assert_eq!(scene.put(asked(&scene, 3, |_| {})).await, Err(Reason::BudgetExceeded));
    scene.clock.set(Timestamp::parse("2026-06-16T00:00").unwrap());
    assert_eq!(scene.put(asked(&scene, 3, |_| {})).await, Ok(()));
}

#[tokio::test]
async fn a_question_asked_again_counts_once_and_still_has_its_result_over_budget() {
    let scene = scene(&[]).await;
    let first = asked(&scene, 1, |_| {});
    for _ in 0..3 {
        assert_eq!(scene.put(first.clone()).await, Ok(()));
    }
    assert_eq!(scene.put(asked(&scene, 2, |_| {})).await, Ok(()));
    assert_eq!(scene.put(asked(&scene, 3, |_| {})).await, Err(Reason::BudgetExceeded));
    assert_eq!(scene.put(first).await, Ok(()));
}

#[tokio::test]
async fn a_second_attempt_does_not_count() {
    let scene = scene(&[(SCHOOL, Heard::Refused(Reason::NotReady))]).await;
    let first = asked(&scene, 1, |_| {});
    let again = attempted(&scene, first.id, 2, first.header.clone(), first.parts[0].1.clone());
    scene.ask(first).await;
    assert_eq!(scene.put(again).await, Ok(()));
    assert_eq!(scene.put(asked(&scene, 2, |_| {})).await, Ok(()));
    assert_eq!(scene.put(asked(&scene, 3, |_| {})).await, Err(Reason::BudgetExceeded));
}

/// The holder's bound is the fixture's: 500 targets a day.
#[tokio::test]
async fn what_the_key_holder_refuses_is_recorded_and_counted_once_and_says_why() {
    let scene = scene(&[]).await;
    scene.stepped(500).await;
    let (first, before) = (asked(&scene, 1, |_| {}), scene.sizes().await);
    for _ in 0..3 {
        assert_eq!(scene.put(first.clone()).await, Err(Reason::StepsExceeded));
        assert_eq!(scene.sizes().await, (before.0 + 1, before.1));
    }
    assert_eq!(scene.put(asked(&scene, 2, |_| {})).await, Err(Reason::StepsExceeded));
    assert_eq!(scene.put(asked(&scene, 3, |_| {})).await, Err(Reason::BudgetExceeded));
    assert!(scene.nodes.asked.lock().unwrap().is_empty());
    // With room again, the same question goes on from its record.
    scene.stepped(499).await;
    assert_eq!(scene.put(first).await, Ok(()));
    assert_eq!(scene.sizes().await, (before.0 + 2, before.1 + 1));
}

#[tokio::test]
async fn a_second_person_lets_a_question_over_budget_through_and_it_counts() {
    let scene = scene(&[]).await;
    for id in [1, 2, 3] {
        assert_eq!(scene.put(approved(&scene, id)).await, Ok(()));
    }
    assert_eq!(scene.put(approved(&scene, 4)).await, Ok(()));
    // They filled the agency's budget for somebody who has none approving.
    let other = scene.put(asked(&scene, 5, person(5))).await;
    assert_eq!(other, Err(Reason::BudgetExceeded));
}

#[tokio::test]
async fn questions_that_race_lose_no_count() {
    let scene = scene(&[]).await;
    let put = |id| scene.put(asked(&scene, id, |_| {}));
    let (one, two, three) = tokio::join!(put(1), put(2), put(3));
    let through = [one, two, three].iter().filter(|result| result.is_ok()).count();
    assert_eq!(through, 2, "{one:?} {two:?} {three:?}");
    // The same question twice at once is one question.
    let raced = asked(&scene, 8, person(8));
    let (one, two) = tokio::join!(scene.put(raced.clone()), scene.put(raced));
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(scene.put(asked(&scene, 9, person(9))).await, Err(Reason::BudgetExceeded));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_as_one_asker_may_have_under_way_all_go_through() {
    let mut scene = scene(&[]).await;
    let budget =
        Budget { person_per_day: Within::clamped(100), agency_per_day: Within::clamped(100) };
    Arc::get_mut(&mut scene.broker).unwrap().budget = budget;
    let scene = Arc::new(scene);
    let mut all = tokio::task::JoinSet::new();
    for id in 1..=u8::try_from(crate::limits::ASKER_QUESTIONS_MAX).unwrap() {
        let (scene, raw) = (Arc::clone(&scene), asked(&scene, id, |_| {}));
        all.spawn(async move { scene.put(raw).await });
    }
    while let Some(result) = all.join_next().await {
        assert_eq!(result.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn invariant_06_a_question_that_cannot_be_counted_does_not_go_out() {
    for (fault, then) in [(Fault::Lost, 2), (Fault::Landed, 1)] {
        let scene = scene(&[]).await;
        scene.store.fail_commit(1, fault);
        let failed = scene.put(asked(&scene, 1, |_| {})).await;
        assert!(failed.unwrap_err().is_fault(), "{fault:?}");
        // What did not land was not counted, and what landed was.
        let mut through = 0;
        for id in [2, 3, 4] {
            through += usize::from(scene.put(asked(&scene, id, |_| {})).await.is_ok());
        }
        assert_eq!(through, then, "{fault:?}");
    }
}

#[tokio::test]
async fn a_days_counts_are_removed_two_days_later() {
    let scene = scene(&[]).await;
    scene.put(asked(&scene, 1, |_| {})).await.unwrap();
    scene.put(asked(&scene, 2, |_| {})).await.unwrap();
    let (store, end) = (scene.broker.store.as_ref(), crate::limits::COUNT_KEPT_MS);
    let end = scene.clock.now().plus_ms(end);
    sweep_all(store, end).await.unwrap();
    assert_eq!(store.scan(b"qb/", None, 10).await.unwrap().len(), 2);
    sweep_all(store, end.plus_ms(1)).await.unwrap();
    assert!(store.scan(b"qb/", None, 10).await.unwrap().is_empty());
    // The key holder's counter is dated from the question's term on.
    sweep_all(store, end.plus_ms(600_001)).await.unwrap();
    for prefix in [b"q".as_slice(), b"h"] {
        assert!(store.scan(prefix, None, 10).await.unwrap().is_empty());
    }
}
