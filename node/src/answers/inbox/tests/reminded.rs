//! An asker reminds of what waits.

use grondslag_core::limits::FOLLOW_UP_BYTES;
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::v1::follow_up_content::Content;
use prost::Message as _;

use super::*;
use crate::fixture::{GI, VT, key_of, rng};
use crate::follow_ups::take::{self, take};

/// What Veilig Thuis adds to its question.
fn added(practice: &Practice, put: &Put, number: u32, because: &str) -> FollowUp {
    let content = Content::Reminder(v1::Reminder { because: because.into() });
    let content = v1::FollowUpContent { content: Some(content) }.encode_to_vec();
    signed(practice, put, (number, &content), VT)
}

fn signed(practice: &Practice, put: &Put, (number, content): (u32, &[u8]), by: &str) -> FollowUp {
    let (from, to) = (oin(VT), oin(OWN));
    let answer_by = put.question.header.times.answer_by;
    let (target_id, signature) = (put.question.id, [0; 64]);
    let mut made = FollowUp { target_id, number, body: Vec::new(), signature };
    let about = seal::About::follow_up(&made.fields([&from, &to], answer_by));
    let key = practice.scene.agency.keys.seals.public().unwrap();
    made.body = seal::seal(&key, &about, content, FOLLOW_UP_BYTES, &mut rng()).unwrap();
    let bytes = made.fields([&from, &to], answer_by).canonical();
    FollowUp { signature: statement::sign(&key_of(by), &bytes), ..made }
}

async fn takes(practice: &Practice, added: FollowUp) -> Result<(), Reason> {
    take(&practice.scene.agency, added).await
}

fn told(item: &v1::InboxItem) -> Vec<&str> {
    item.reminded.iter().map(|one| one.because.as_str()).collect()
}

#[tokio::test]
async fn a_reminder_stands_with_what_waits_once_however_often_it_is_brought() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let first = added(&practice, &put, 1, "erger");
    takes(&practice, first.clone()).await.unwrap();
    takes(&practice, first).await.unwrap();
    assert_eq!(practice.records(Record::FollowUpTaken).await, 1);
    takes(&practice, added(&practice, &put, 2, "bel")).await.unwrap();
    let listed = practice.listed(false).await;
    assert_eq!(told(&listed[0]), ["erger", "bel"]);
    assert_eq!(listed[0].reminded[0].at_ms, practice.scene.clock.now().ms());
    let shown = practice.shows(&put).await.unwrap();
    assert_eq!(told(&shown.item.unwrap()), ["erger", "bel"]);
    // It changes nothing of what was seen: who looked before may decide.
    practice.decides(&put, &[give("G05", "T3")]).await.unwrap();
}

/// The broker sees the length of a message and when it is answered; the ledger, that it came.
#[tokio::test]
async fn invariant_04_a_reminder_leaves_the_same_whether_the_child_is_known_or_not() {
    let practice = Practice::new().await;
    let known = practice.asked(&Ask::veilig_thuis(&["G05"]).id(1)).await;
    let missed = practice.asked(&Ask::veilig_thuis(&["G05"]).id(2).about(UNKNOWN)).await;
    let left = async |put: &Put| {
        let before = practice.scene.agency.ledger.size().await.unwrap();
        takes(&practice, added(&practice, put, 1, "wacht")).await.unwrap();
        let after = practice.scene.agency.ledger.size().await.unwrap();
        let rows = [b"fu/".as_slice(), put.question.id.as_bytes()].concat();
        let rows = practice.scene.store.scan(&rows, None, 10).await.unwrap();
        let lengths: Vec<usize> = rows.iter().map(|row| row.value.len()).collect();
        (after - before, lengths)
    };
    let hit = left(&known).await;
    assert_eq!(hit.0, 1);
    assert!(!hit.1.is_empty());
    assert_eq!(left(&missed).await, hit);
    let bodies = practice.scene.records(Record::FollowUpTaken).await;
    assert_eq!(bodies[0].len(), bodies[1].len());
}

#[tokio::test]
async fn what_its_asker_did_not_add_is_not_taken() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let by_other = signed(&practice, &put, (1, b""), GI);
    let altered = FollowUp { body: vec![7; FOLLOW_UP_BYTES], ..added(&practice, &put, 1, "bel") };
    let moved = FollowUp { number: 2, ..added(&practice, &put, 1, "bel") };
    for one in [by_other, altered, moved] {
        assert_eq!(takes(&practice, one).await, Err(Reason::StatementInvalid));
    }
    let elsewhere =
        FollowUp { target_id: TargetId::new([9; 16]), ..added(&practice, &put, 1, "bel") };
    assert_eq!(takes(&practice, elsewhere).await, Err(Reason::UnknownInquiry));
    takes(&practice, added(&practice, &put, 1, "bel")).await.unwrap();
    let other = takes(&practice, added(&practice, &put, 1, "erger")).await;
    assert_eq!(other, Err(Reason::ReplayConflict));
    assert_eq!(practice.records(Record::FollowUpTaken).await, 1);
}

/// A hostile asker seals what it likes: it says that it reminds, and no word of its own is shown.
#[tokio::test]
async fn what_cannot_be_read_reminds_and_says_nothing() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    takes(&practice, signed(&practice, &put, (1, b"geen bericht"), VT)).await.unwrap();
    takes(&practice, added(&practice, &put, 2, "Sanne is ziek")).await.unwrap();
    assert_eq!(told(&practice.listed(false).await[0]), ["", ""]);
}

#[tokio::test]
async fn after_the_term_nothing_is_taken_and_nothing_is_kept() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    takes(&practice, added(&practice, &put, 1, "bel")).await.unwrap();
    let late = added(&practice, &put, 2, "bel");
    practice.scene.clock.set(put.question.header.times.answer_by);
    // Whatever is left of the question by then.
    assert_eq!(takes(&practice, late.clone()).await, Err(Reason::UnknownInquiry));
    practice.scene.clock.set(put.question.header.times.answer_by.plus_ms(1));
    for _ in 0..3 {
        practice.turn().await;
    }
    assert_eq!(rows_under(&practice.scene, b"fu/").await, 0);
    assert_eq!(takes(&practice, late).await, Err(Reason::UnknownInquiry));
    let none = take::taken(practice.scene.store.as_ref(), &put.question.id).await.unwrap();
    assert!(none.is_empty());
}
