//! Cases that go from one holder to the next.

use std::sync::Arc;

use grondslag_core::answer::{About as Whose, Answer, Basis, Line, Outcome};
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Clock as _;
use grondslag_core::id::{InquiryId, Oin, StaffId, TargetId};
use grondslag_core::limits::FOLLOW_UP_BYTES;
use grondslag_core::seal::{self, About};
use grondslag_core::statement;
use grondslag_core::tier::{Tier, Urgency};
use grondslag_evidence::store::{Batch, Store as _, parts};
use grondslag_policy::retention::Kept;
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;
use grondslag_subject::Bsn;
use prost::Message as _;

use super::desk::Handovers;
use super::outgoing::{Outgoing, tend};
use super::*;
use crate::answers::put_for_tests;
use crate::caseload::put_on_board;
use crate::fixture::{Ask, GI, KNOWN, OWN, Scene, UNKNOWN, key_of, oin, rng};
use crate::follow_ups::take::take;
use crate::inform::Task;
use crate::limits::LAPSE_GRACE_MS;
use crate::recorded::{Kind, term};
use crate::records::SubjectKey;
use crate::rows;

/// A municipality whose case a guardianship agency takes over under a supervision order (R34.1).
async fn municipality() -> Scene {
    let mut scene = Scene::new().await;
    scene.agency.kind = grondslag_core::catalogue::Kind::parse("gem").unwrap();
    let mut scene = scene.with_own_card_as(&["gem"]).await;
    scene.agency.own = Arc::clone(&scene.shelf) as _;
    scene.shelf.record("G06", Whose::Child, &[(Tier::T3, "Het plan."), (Tier::T4, "Alles.")]);
    scene.shelf.fact("measure", "ots");
    scene
}

fn takes_over(subject: &'static str, id: u8) -> Ask {
    Ask {
        purpose: "D18",
        kind: "Q08",
        facts: vec![("measure", "ots"), ("case_fact", "certified")],
        ..Ask::guardian(&["G06"]).about(subject).id(id)
    }
}

async fn asked(scene: &Scene, ask: &Ask) -> TargetQuestion {
    let question = scene.question(ask);
    put_for_tests(&scene.agency, question.clone()).await;
    question
}

fn child() -> Bsn {
    Bsn::parse(KNOWN).unwrap()
}

/// The acceptance as its new holder sends it.
fn acceptance(scene: &Scene, question: &TargetQuestion, gaps: &[&str]) -> FollowUp {
    let (from, to, answer_by) = (oin(GI), oin(OWN), question.header.times.answer_by);
    let gaps = gaps.iter().map(ToString::to_string).collect();
    let accepted = Content::Accepted(v1::HandoverAccepted { done: vec!["plan".into()], gaps });
    let content = v1::FollowUpContent { content: Some(accepted) }.encode_to_vec();
    let (target_id, number, signature) = (question.id, 1, [0; 64]);
    let mut made = FollowUp { target_id, number, body: Vec::new(), signature };
    let about = About::follow_up(&made.fields([&from, &to], answer_by));
    let key = scene.agency.keys.seals.public().unwrap();
    made.body = seal::seal(&key, &about, &content, FOLLOW_UP_BYTES, &mut rng()).unwrap();
    let bytes = made.fields([&from, &to], answer_by).canonical();
    FollowUp { signature: statement::sign(&key_of(GI), &bytes), ..made }
}

async fn row(scene: &Scene, id: &TargetId) -> Outgoing {
    let (all, damaged) = outgoing::all(scene.agency.store.as_ref()).await.unwrap();
    assert_eq!(damaged, 0);
    all.into_iter().find(|one| one.id == *id).unwrap()
}

/// Whether the municipality may ask about the child for a purpose.
async fn may_ask(scene: &Scene, purpose: &str) -> Result<(), Reason> {
    let role = Role::parse("gem.lokaalteam").unwrap();
    let child = SubjectKey::of(&scene.agency.secret, &child());
    barred::check(&scene.agency, (&role, &Purpose::parse(purpose).unwrap()), &child).await
}

#[tokio::test]
async fn an_acceptance_takes_the_case_from_its_old_holder() {
    let scene = municipality().await;
    let case = put_on_board(&scene.agency, KNOWN, "serious", Urgency::Urgent).await;
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    assert!(row(&scene, &question.id).await.given_at.is_some());
    take(&scene.agency, acceptance(&scene, &question, &["besluit", "Sanne"])).await.unwrap();
    assert_eq!(may_ask(&scene, "D01").await, Ok(()), "until it was read");
    let waits = state(&scene.agency).await.unwrap();
    assert_eq!((waits.open, waits.overdue), (1, 0));
    tend(&scene.agency).await.unwrap();
    assert_eq!(state(&scene.agency).await.map(|now| now.open), Ok(0));
    let gone = row(&scene, &question.id).await;
    let accepted = gone.accepted.unwrap();
    let missing = ["gesprek", "gezin", "veiligheid", "besluit"];
    assert_eq!(accepted.done, ["plan"]);
    assert_eq!(accepted.gaps, missing, "what is not named is missing, and no other text is kept");
    assert_eq!(gone.digits, None, "the number goes");
    let place = [b"cl/".as_slice(), case.as_bytes()].concat();
    let case: serde_json::Value =
        rows::read(scene.agency.store.as_ref(), &place).await.unwrap().unwrap().0;
    assert_eq!((case["handed_to"].as_str(), case["digits"].is_null()), (Some(GI), true));
    assert_eq!(may_ask(&scene, "D01").await, Err(Reason::HandedOver));
    for open in ["D12", "D18", "D09"] {
        assert_eq!(may_ask(&scene, open).await, Ok(()), "{open}");
    }
    tend(&scene.agency).await.unwrap();
    assert_eq!(scene.records(Kind::HandedOver).await.len(), 1);
    // Brought again, for that it came was lost: taken, and nothing is written.
    let size = scene.agency.ledger.size().await.unwrap();
    take(&scene.agency, acceptance(&scene, &question, &["besluit", "Sanne"])).await.unwrap_err();
    assert_eq!(scene.agency.ledger.size().await.unwrap(), size);
}

/// Who got nothing of the plan takes nothing over, whatever they send.
#[tokio::test]
async fn who_was_given_nothing_takes_nothing_over() {
    let scene = municipality().await;
    let refused = Ask { facts: vec![], ..takes_over(KNOWN, 1) };
    let question = asked(&scene, &refused).await;
    assert_eq!(row(&scene, &question.id).await.given_at, None);
    take(&scene.agency, acceptance(&scene, &question, &[])).await.unwrap();
    tend(&scene.agency).await.unwrap();
    assert!(row(&scene, &question.id).await.accepted.is_none());
    // What a person gives afterwards does not make it so: it was accepted before anybody saw it.
    scene.clock.set(scene.clock.now().plus_ms(1));
    let gave = outgoing::gave(&scene.agency, Batch::new(), &question.id, 2).await.unwrap();
    scene.agency.store.commit(gave).await.unwrap();
    tend(&scene.agency).await.unwrap();
    assert!(row(&scene, &question.id).await.accepted.is_none());
    assert!(row(&scene, &question.id).await.given_at.is_some());
    // Nor does what did not leave after all.
    let back = outgoing::took_back(&scene.agency, Batch::new(), &question.id, 2).await.unwrap();
    scene.agency.store.commit(back).await.unwrap();
    assert_eq!(row(&scene, &question.id).await.given_at, None);
    assert_eq!(may_ask(&scene, "D01").await, Ok(()));
    assert_eq!(scene.records(Kind::HandedOver).await.len(), 0);
}

#[tokio::test]
async fn a_case_that_nobody_accepts_in_time_stays_and_its_number_goes() {
    let scene = municipality().await;
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    let term = question.header.times.answer_by;
    let due = accept_by(&scene.agency, scene.clock.now(), term);
    for (at, overdue) in [(due.plus_ms(-1), 0), (due, 1)] {
        scene.clock.set(at);
        assert_eq!(state(&scene.agency).await.unwrap().overdue, overdue);
    }
    // After the term it may still be accepted for a while, and that is settled.
    let end = ends_at(term);
    scene.clock.set(end.plus_ms(LAPSE_GRACE_MS));
    tend(&scene.agency).await.unwrap();
    assert!(row(&scene, &question.id).await.digits.is_some());
    scene.clock.set(end.plus_ms(LAPSE_GRACE_MS + 1));
    tend(&scene.agency).await.unwrap();
    let lapsed = row(&scene, &question.id).await;
    assert!(lapsed.digits.is_none() && lapsed.accepted.is_none());
    let holder = scene.caller("regisseur-1", &["gem.procesregisseur"]).await;
    let desk = Handovers { agency: &scene.agency };
    let (seen, _) = desk.list(&holder, "gem.procesregisseur").await.unwrap();
    assert_eq!((seen[0].reason.as_str(), seen[0].subject.as_str()), ("QUESTION_EXPIRED", ""));
    assert_eq!(may_ask(&scene, "D01").await, Ok(()));
}

/// Rows, leaves and what is said are the same whether the child is known or not: in the term, in
/// the days after it, and when all is over, accepted or not.
#[tokio::test]
async fn invariant_04_a_miss_leaves_and_says_what_a_hit_does() {
    let scene = municipality().await;
    let accepted = asked(&scene, &takes_over(KNOWN, 1)).await;
    let lapses = asked(&scene, &takes_over(KNOWN, 3)).await;
    let miss = asked(&scene, &takes_over(UNKNOWN, 2)).await;
    let lengths = async |prefix: &[u8]| {
        let rows = scene.store.scan(prefix, None, 10).await.unwrap();
        rows.iter().map(|row| row.value.len()).collect::<Vec<_>>()
    };
    assert_eq!(lengths(b"hg/").await, [lengths(b"hm/").await, lengths(b"hm/").await].concat());
    let size = async || scene.agency.ledger.size().await.unwrap();
    for question in [&accepted, &miss] {
        let before = size().await;
        take(&scene.agency, acceptance(&scene, question, &[])).await.unwrap();
        assert_eq!(size().await - before, 1);
    }
    tend(&scene.agency).await.unwrap();
    let (term, grace) = (miss.header.times.answer_by, LAPSE_GRACE_MS + 1);
    let end = ends_at(term);
    for (at, said) in [
        (term.plus_ms(1), Reason::ReplayConflict),
        (end.plus_ms(-1), Reason::ReplayConflict),
        (end, Reason::UnknownInquiry),
        (end.plus_ms(grace), Reason::UnknownInquiry),
        (end.plus_calendar(0, 60), Reason::UnknownInquiry),
    ] {
        scene.clock.set(at);
        // Another one under the number of one that was taken: before and after a turn.
        for _ in 0..2 {
            for question in [&accepted, &miss] {
                let came = take(&scene.agency, acceptance(&scene, question, &["plan"])).await;
                assert_eq!(came, Err(said), "{at:?}");
            }
            tend(&scene.agency).await.unwrap();
        }
    }
    let lapsed = take(&scene.agency, acceptance(&scene, &lapses, &[])).await;
    assert_eq!(lapsed, Err(Reason::UnknownInquiry));
    assert!(lengths(b"hm/").await.is_empty() && lengths(b"hg/").await.is_empty());
    assert_eq!(lengths(b"fu/").await.len(), 0);
}

/// What was taken in time is read after a crash, however late that is.
#[tokio::test]
async fn the_daily_round_takes_no_acceptance_away_that_nobody_has_read() {
    let scene = municipality().await;
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    take(&scene.agency, acceptance(&scene, &question, &[])).await.unwrap();
    scene.clock.set(ends_at(question.header.times.answer_by).plus_calendar(0, 3));
    assert_eq!(crate::follow_ups::take::tidy(&scene.agency).await, Ok(0));
    tend(&scene.agency).await.unwrap();
    assert!(row(&scene, &question.id).await.accepted.is_some());
    assert_eq!(may_ask(&scene, "D01").await, Err(Reason::HandedOver));
    tend(&scene.agency).await.unwrap();
    assert_eq!(scene.store.scan(b"fu/", None, 10).await.unwrap().len(), 0);
}

/// A damaged row of the board keeps no case from being handed over.
#[tokio::test]
async fn what_cannot_be_read_on_the_board_keeps_nothing() {
    let scene = municipality().await;
    let case = put_on_board(&scene.agency, KNOWN, "serious", Urgency::Urgent).await;
    let place = [b"cl/".as_slice(), case.as_bytes()].concat();
    let store = scene.agency.store.as_ref();
    let batch = parts::delete_body(store, Batch::new(), &place).await.unwrap();
    store.commit(batch).await.unwrap();
    let batch = parts::put_body(Batch::new(), &place, b"damaged").unwrap();
    store.commit(batch).await.unwrap();
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    take(&scene.agency, acceptance(&scene, &question, &[])).await.unwrap();
    tend(&scene.agency).await.unwrap();
    assert_eq!(may_ask(&scene, "D01").await, Err(Reason::HandedOver));
    assert_eq!(row(&scene, &question.id).await.digits, None);
}

#[tokio::test]
async fn a_handover_is_forgotten_with_the_decisions_of_its_time() {
    let scene = municipality().await;
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    take(&scene.agency, acceptance(&scene, &question, &[])).await.unwrap();
    tend(&scene.agency).await.unwrap();
    assert_eq!(tidy(&scene.agency).await, Ok(0));
    assert_eq!(may_ask(&scene, "D01").await, Err(Reason::HandedOver));
    scene.clock.set(ends_at(question.header.times.answer_by).plus_ms(LAPSE_GRACE_MS + 1));
    tend(&scene.agency).await.unwrap();
    assert!(row(&scene, &question.id).await.accepted.is_some(), "what came of it stays");
    let end = scene.agency.pack().retention().end(Kept::Decision, scene.clock.now());
    scene.clock.set(end.plus_calendar(0, 30));
    assert_eq!(tidy(&scene.agency).await, Ok(0));
    for rows in [b"hg/".as_slice(), b"ho/", b"hx/"] {
        assert!(scene.store.scan(rows, None, 10).await.unwrap().is_empty());
    }
}

/// What came of a question that takes over a case, at who asked.
#[tokio::test]
async fn only_a_plan_that_came_is_there_to_accept() {
    let scene = municipality().await;
    let (inquiry, from) = (InquiryId::new([5; 16]), oin(GI));
    let came = async |purpose: &str, line: Line| {
        let answer = Answer {
            outcome: Outcome::Neutraal,
            lines: vec![line],
            subject_tag: [1; 32],
            index_as_of: scene.clock.now(),
            holds_unnumbered_records: false,
            unwitnessed: false,
            answer_by: scene.clock.now(),
            duty_phone: "088".into(),
        };
        let of = (inquiry, StaffId::parse("someone").unwrap());
        let asks = (Role::parse("gem.lokaalteam").unwrap(), Purpose::parse(purpose).unwrap());
        let times = (scene.clock.now(), term(false));
        let task = Task::new(&scene.agency.pack(), of, asks, KNOWN.into(), times);
        let answered = (&from, &answer, scene.clock.now());
        let batch = incoming::with_answer(&scene.agency, Batch::new(), Some(&task), answered).await;
        scene.agency.store.commit(batch.unwrap()).await.unwrap();
        let id = TargetId::derive(&inquiry, &from);
        incoming::find(scene.agency.store.as_ref(), &id).await.unwrap().is_some()
    };
    let category = || Category::parse("G06").unwrap();
    let content = || Line::Content {
        category: category(),
        tier: Tier::T2,
        basis: Basis::default(),
        entries: Vec::new(),
    };
    assert!(!came("D18", Line::Neutral { category: category() }).await);
    assert!(!came("D01", content()).await, "another purpose takes over nothing");
    assert!(came("D18", content()).await);
    assert!(came("D18", content()).await, "and once");
}

#[tokio::test]
async fn a_privacy_officer_sees_handovers_without_whom_and_others_do_not_see_them() {
    let scene = municipality().await;
    asked(&scene, &takes_over(KNOWN, 1)).await;
    let holder = scene.caller("regisseur-1", &["gem.procesregisseur", "gem.doorzetter"]).await;
    let officer = scene.caller("fg-1", &["gem.fg"]).await;
    let desk = Handovers { agency: &scene.agency };
    let (seen, more) = desk.list(&holder, "gem.procesregisseur").await.unwrap();
    assert_eq!((seen.len(), more, seen[0].subject.as_str()), (1, false, KNOWN));
    assert_eq!(Oin::parse(&seen[0].oin).unwrap(), oin(GI));
    let (seen, _) = desk.list(&officer, "gem.fg").await.unwrap();
    assert_eq!(seen[0].subject, "");
    let other = desk.list(&holder, "gem.doorzetter").await;
    assert_eq!(other.unwrap_err(), Reason::HandoverRole);
    assert_eq!(scene.records(Kind::HandoversShown).await.len(), 2);
}
