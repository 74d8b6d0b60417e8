//! What an asker adds to its question.

use grondslag_core::limits::{FOLLOW_UP_BYTES, REPLIES_KEPT_MS};

use super::*;
use crate::deliver;

/// A follow-up of the guardian's office to the school, signed by this key.
fn follow_up(raw: &RawInquiry, number: u32, signer: u8) -> FollowUp {
    let id = TargetId::derive(&raw.id, &oin(SCHOOL));
    let body = vec![u8::try_from(number).unwrap(); FOLLOW_UP_BYTES];
    let unsigned = FollowUp { target_id: id, number, body, signature: [0; 64] };
    let (from, to) = (oin(ASKER), oin(SCHOOL));
    let bytes = unsigned.fields([&from, &to], raw.header.times.answer_by).canonical();
    FollowUp { signature: sign(&key(signer), &bytes), ..unsigned }
}

/// The first reply as it is kept.
async fn kept(scene: &Scene, raw: &RawInquiry) -> Reply {
    let id = TargetId::derive(&raw.id, &oin(SCHOOL));
    deliver::first(&scene.broker, &id).await.unwrap().unwrap().1
}

async fn carried(scene: &Scene, by: &str, raw: &RawInquiry, added: FollowUp) -> Result<(), Reason> {
    deliver::carry_follow_up(&scene.broker, &oin(by), (&raw.id, SCHOOL), added).await
}

#[tokio::test]
async fn it_comes_to_its_target_after_a_leaf_and_the_same_again_makes_no_other() {
    let scene = scene(&[]).await;
    let raw = question(&scene, &["G05"], |_| {});
    scene.ask(raw.clone()).await;
    let (before, _) = scene.sizes().await;
    let added = follow_up(&raw, 1, 1);
    // Who was not reached gets it once it is brought again.
    scene.nodes.not_added.lock().unwrap().push(Reason::Unreachable);
    assert_eq!(carried(&scene, ASKER, &raw, added.clone()).await, Err(Reason::Unreachable));
    assert_eq!(carried(&scene, ASKER, &raw, added.clone()).await, Ok(()));
    assert_eq!(carried(&scene, ASKER, &raw, added.clone()).await, Ok(()));
    let came = scene.nodes.added.lock().unwrap().clone();
    assert_eq!(came, vec![(added.clone(), before + 1), (added, before + 1)]);
    let next = follow_up(&raw, 2, 1);
    assert_eq!(carried(&scene, ASKER, &raw, next).await, Ok(()));
    assert_eq!(scene.sizes().await.0, before + 2);
    // What is kept of it is a digest, and replies go on.
    let later = Reply { reply_no: 2, ..kept(&scene, &raw).await };
    assert_eq!(deliver::take(&scene.broker, &oin(SCHOOL), later).await, Ok(()));
}

#[tokio::test]
async fn what_is_not_the_askers_own_comes_to_nobody() {
    let scene = scene(&[]).await;
    let raw = question(&scene, &["G05"], |_| {});
    scene.ask(raw.clone()).await;
    let (before, _) = scene.sizes().await;
    let first = || follow_up(&raw, 1, 1);
    let other = RawInquiry { id: InquiryId::new([7; 16]), ..raw.clone() };
    let elsewhere = FollowUp { target_id: TargetId::new([7; 16]), ..first() };
    let another = FollowUp { body: vec![9; FOLLOW_UP_BYTES], ..first() };
    let cases = [
        (SCHOOL, &raw, first(), Reason::UnknownInquiry),
        (ASKER, &other, first(), Reason::UnknownInquiry),
        (ASKER, &raw, elsewhere, Reason::UnknownInquiry),
        (ASKER, &raw, follow_up(&raw, 1, 2), Reason::StatementInvalid),
        (ASKER, &raw, another, Reason::StatementInvalid),
    ];
    for (by, raw, added, reason) in cases {
        assert_eq!(carried(&scene, by, raw, added).await, Err(reason));
    }
    assert!(scene.nodes.added.lock().unwrap().is_empty());
    assert_eq!(scene.sizes().await.0, before, "nothing was recorded of it");
    // Another one under the number of one that went.
    carried(&scene, ASKER, &raw, first()).await.unwrap();
    let body = vec![9; FOLLOW_UP_BYTES];
    let unsigned = FollowUp { body, ..first() };
    let (from, to) = (oin(ASKER), oin(SCHOOL));
    let bytes = unsigned.fields([&from, &to], raw.header.times.answer_by).canonical();
    let forked = FollowUp { signature: sign(&key(1), &bytes), ..unsigned.clone() };
    assert_eq!(carried(&scene, ASKER, &raw, forked).await, Err(Reason::ReplayConflict));
}

#[tokio::test]
async fn it_is_too_early_before_the_target_has_the_question_and_too_late_when_replies_are_gone() {
    let scene = scene(&[(SCHOOL, Heard::Lost(Reason::Unreachable))]).await;
    let raw = question(&scene, &["G05"], |_| {});
    scene.ask(raw.clone()).await;
    let added = follow_up(&raw, 1, 1);
    assert_eq!(carried(&scene, ASKER, &raw, added).await, Err(Reason::QuestionWaits));

    let scene = self::scene(&[]).await;
    let raw = question(&scene, &["G05"], |_| {});
    scene.ask(raw.clone()).await;
    let added = follow_up(&raw, 1, 1);
    scene.clock.set(raw.header.times.answer_by.plus_ms(REPLIES_KEPT_MS + 1));
    assert_eq!(carried(&scene, ASKER, &raw, added).await, Err(Reason::UnknownInquiry));
}
