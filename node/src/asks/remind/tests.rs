//! Reminding Veilig Thuis of a question that waits there.

use grondslag_core::clock::Clock as _;
use grondslag_core::limits::{FOLLOW_UPS_MAX, REMINDERS_MAX, REPLIES_KEPT_MS};
use grondslag_core::seal::{self, About};
use grondslag_proto::follow_up::FollowUp;
use prost::Message as _;

use super::*;
use crate::asks::follow::FollowedTarget;
use crate::fixture::{OWN, Scene, VT, oin, secrets_of};
use crate::follow_ups::send::tend;
use crate::recorded::Kind;

const INQUIRY: [u8; 16] = [5; 16];

fn staff(who: &str) -> StaffId {
    StaffId::parse(who).unwrap()
}

/// Somebody asked Veilig Thuis, whose answer is due in a day.
async fn asked() -> Scene {
    let scene = Scene::new().await.with_own_card().await;
    let now = scene.clock.now();
    let target = FollowedTarget {
        oin: oin(VT),
        epoch: 1,
        statement: grondslag_core::id::Digest::new([1; 32]),
        asked_at: now,
        let_through: Vec::new(),
        is_attested: true,
        tag: grondslag_core::id::Digest::new([2; 32]),
        shown: 1,
        last_no: 1,
    };
    let followed = Followed {
        staff: staff("someone"),
        answer_by: now.plus_ms(86_400_000),
        break_glass: false,
        escalation: false,
        targets: vec![target],
        informs: None,
    };
    let batch = followed.put(Batch::new(), &InquiryId::new(INQUIRY)).unwrap();
    scene.agency.store.commit(batch).await.unwrap();
    scene
}

fn request(to: &[&str], because: &str) -> v1::RemindRequest {
    v1::RemindRequest {
        inquiry_id: INQUIRY.to_vec(),
        target_oins: to.iter().map(|oin| (*oin).to_owned()).collect(),
        because: because.to_owned(),
    }
}

async fn reminds(scene: &Scene, who: &str, request: &v1::RemindRequest) -> Result<Line, Reason> {
    let lines = remind(&scene.agency, &staff(who), request).await?;
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let refused = line.refusal.as_ref().map(|one| one.reason.clone()).unwrap_or_default();
    Ok(Line { taken: line.reminded.as_ref().is_some_and(|one| one.taken_at_ms > 0), refused })
}

#[derive(Debug, PartialEq, Eq)]
struct Line {
    taken: bool,
    refused: String,
}

fn line(taken: bool) -> Line {
    Line { taken, refused: String::new() }
}

/// What came to Veilig Thuis, as it opens it.
fn came(scene: &Scene) -> Vec<String> {
    let answer_by = scene.clock.now().plus_ms(86_400_000);
    let sent = scene.listing.follow_ups.lock().unwrap().clone();
    let opened = sent.into_iter().map(|request| {
        let made = FollowUp::try_from(request.follow_up.unwrap()).unwrap();
        let (from, to) = (oin(OWN), oin(VT));
        let about = About::follow_up(&made.fields([&from, &to], answer_by));
        let content = seal::open(&secrets_of(VT).0, &about, &made.body).unwrap();
        match v1::FollowUpContent::decode(content.as_slice()).unwrap().content.unwrap() {
            Content::Reminder(reminder) => reminder.because,
            Content::Accepted(_) => "accepted".to_owned(),
        }
    });
    opened.collect()
}

#[tokio::test]
async fn a_reminder_comes_sealed_to_its_target_and_is_recorded_first() {
    let scene = asked().await;
    assert_eq!(reminds(&scene, "someone", &request(&[VT, VT], "")).await, Ok(line(true)));
    assert_eq!(reminds(&scene, "someone", &request(&[VT], "bel")).await, Ok(line(true)));
    assert_eq!(came(&scene), ["wacht", "bel"]);
    assert_eq!(scene.records(Kind::FollowUpSent).await.len(), 2);
    // Once it has come nothing is brought again, and nothing of the message is kept.
    tend(&scene.agency).await.unwrap();
    assert_eq!(came(&scene).len(), 2);
    let shown = reminders(&scene.agency, &InquiryId::new(INQUIRY), &oin(VT)).await.unwrap();
    assert_eq!(shown.len(), 2);
}

#[tokio::test]
async fn what_did_not_come_is_brought_again_in_its_order_until_it_has() {
    let scene = asked().await;
    *scene.listing.no_follow_ups.lock().unwrap() = Some(Reason::Unreachable);
    assert_eq!(reminds(&scene, "someone", &request(&[VT], "wacht")).await, Ok(line(false)));
    assert_eq!(reminds(&scene, "someone", &request(&[VT], "erger")).await, Ok(line(false)));
    tend(&scene.agency).await.unwrap();
    assert!(came(&scene).is_empty());
    *scene.listing.no_follow_ups.lock().unwrap() = None;
    tend(&scene.agency).await.unwrap();
    assert_eq!(came(&scene), ["wacht", "erger"]);
    assert_eq!(scene.records(Kind::FollowUpSent).await.len(), 2);
}

#[tokio::test]
async fn what_will_never_come_is_said_and_not_brought_again() {
    let scene = asked().await;
    *scene.listing.no_follow_ups.lock().unwrap() = Some(Reason::UnknownInquiry);
    reminds(&scene, "someone", &request(&[VT], "wacht")).await.unwrap();
    let shown = reminders(&scene.agency, &InquiryId::new(INQUIRY), &oin(VT)).await.unwrap();
    assert_eq!(shown[0].reason, "UNKNOWN_INQUIRY");
    *scene.listing.no_follow_ups.lock().unwrap() = None;
    tend(&scene.agency).await.unwrap();
    assert!(came(&scene).is_empty());
}

/// A broker or a target that was restored may hold something else under its number.
#[tokio::test]
async fn a_number_that_was_given_away_before_is_left_and_the_next_one_taken() {
    let scene = asked().await;
    let hears = |reason: Option<Reason>| *scene.listing.no_follow_ups.lock().unwrap() = reason;
    hears(Some(Reason::ReplayConflict));
    assert_eq!(reminds(&scene, "someone", &request(&[VT], "erger")).await, Ok(line(false)));
    // A reason that may pass changes nothing.
    hears(Some(Reason::StatementInvalid));
    tend(&scene.agency).await.unwrap();
    hears(None);
    tend(&scene.agency).await.unwrap();
    assert_eq!(came(&scene), ["erger"]);
    let sent = scene.listing.follow_ups.lock().unwrap()[0].follow_up.clone();
    assert_eq!(sent.unwrap().number, 2);
    // When all were given away it is over, and says so.
    hears(Some(Reason::ReplayConflict));
    reminds(&scene, "someone", &request(&[VT], "bel")).await.unwrap();
    for _ in 0..FOLLOW_UPS_MAX {
        tend(&scene.agency).await.unwrap();
    }
    let shown = reminders(&scene.agency, &InquiryId::new(INQUIRY), &oin(VT)).await.unwrap();
    assert_eq!(shown[1].reason, "REPLAY_CONFLICT");
}

#[tokio::test]
async fn nobody_reminds_of_anothers_question_too_often_or_with_words_of_their_own() {
    let scene = asked().await;
    let unknown = v1::RemindRequest { inquiry_id: vec![6; 16], ..request(&[VT], "") };
    let cases = [
        ("other", request(&[VT], ""), Reason::UnknownInquiry),
        ("someone", unknown, Reason::UnknownInquiry),
        ("someone", request(&[], ""), Reason::TargetsNone),
        ("someone", request(&[OWN], ""), Reason::UnknownAgency),
        ("someone", request(&[VT], "Sanne is ziek"), Reason::ReminderWord),
    ];
    for (who, request, reason) in cases {
        assert_eq!(reminds(&scene, who, &request).await, Err(reason));
    }
    for _ in 0..REMINDERS_MAX {
        assert_eq!(reminds(&scene, "someone", &request(&[VT], "")).await, Ok(line(true)));
    }
    let over = reminds(&scene, "someone", &request(&[VT], "")).await.unwrap();
    assert_eq!(over, Line { taken: false, refused: "FOLLOW_UPS_MADE".into() });
}

#[tokio::test]
async fn after_the_term_nobody_is_reminded_and_what_was_is_forgotten_with_its_replies() {
    let scene = asked().await;
    reminds(&scene, "someone", &request(&[VT], "")).await.unwrap();
    let end = scene.clock.now().plus_ms(86_400_000);
    scene.clock.set(end.plus_ms(1));
    let late = reminds(&scene, "someone", &request(&[VT], "")).await;
    assert_eq!(late, Err(Reason::QuestionExpired));
    tend(&scene.agency).await.unwrap();
    let rows = async || scene.agency.store.scan(b"n/fu/", None, 10).await.unwrap().len();
    assert!(rows().await > 0);
    scene.clock.set(end.plus_ms(REPLIES_KEPT_MS + 1));
    tend(&scene.agency).await.unwrap();
    assert_eq!(rows().await, 0);
}
