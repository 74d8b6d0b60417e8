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
use grondslag_evidence::store::{Batch, Store as _};
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
use crate::caseload::{is_handed_over, put_on_board};
use crate::fixture::{Ask, GI, KNOWN, OWN, Scene, UNKNOWN, key_of, oin, rng};
use crate::follow_ups::take::take;
use crate::inform::Task;
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
    let key = [b"hg/".as_slice(), id.as_bytes()].concat();
    rows::read(scene.agency.store.as_ref(), &key).await.unwrap().unwrap().0
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
    assert_eq!((accepted.done, accepted.gaps), (vec!["plan".into()], vec!["besluit".into()]));
    assert_eq!(gone.digits, None, "the number goes");
    assert_eq!(is_handed_over(&scene.agency, &case).await, Ok(true));
    assert_eq!(may_ask(&scene, "D01").await, Err(Reason::HandedOver));
    for open in ["D12", "D18"] {
        assert_eq!(may_ask(&scene, open).await, Ok(()), "{open}");
    }
    tend(&scene.agency).await.unwrap();
    assert_eq!(scene.records(Kind::HandedOver).await.len(), 1);
    assert!(scene.store.scan(b"fu/", None, 10).await.unwrap().is_empty());
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
    assert_eq!(may_ask(&scene, "D01").await, Ok(()));
    assert_eq!(scene.records(Kind::HandedOver).await.len(), 0);
}

#[tokio::test]
async fn a_case_that_nobody_accepts_in_time_stays_and_its_number_goes() {
    let scene = municipality().await;
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    let end = ends_at(question.header.times.answer_by);
    // After the term it may still be accepted for a while.
    scene.clock.set(end);
    tend(&scene.agency).await.unwrap();
    assert!(row(&scene, &question.id).await.digits.is_some());
    scene.clock.set(end.plus_ms(1));
    let late = take(&scene.agency, acceptance(&scene, &question, &[])).await;
    assert!(matches!(late, Err(Reason::QuestionExpired | Reason::CardInvalid)), "{late:?}");
    tend(&scene.agency).await.unwrap();
    let lapsed = row(&scene, &question.id).await;
    assert!(lapsed.digits.is_none() && lapsed.accepted.is_none());
    assert_eq!(may_ask(&scene, "D01").await, Ok(()));
}

/// A row and an acceptance look the same whether the child is known or not.
#[tokio::test]
async fn invariant_04_a_miss_leaves_what_a_hit_leaves() {
    let scene = municipality().await;
    let hit = asked(&scene, &takes_over(KNOWN, 1)).await;
    let miss = asked(&scene, &takes_over(UNKNOWN, 2)).await;
    let lengths = async |prefix: &[u8]| {
        let rows = scene.store.scan(prefix, None, 10).await.unwrap();
        rows.iter().map(|row| row.value.len()).collect::<Vec<_>>()
    };
    assert_eq!(lengths(b"hg/").await, lengths(b"hm/").await);
    let size = async || scene.agency.ledger.size().await.unwrap();
    let before = size().await;
    take(&scene.agency, acceptance(&scene, &miss, &[])).await.unwrap();
    let between = size().await;
    take(&scene.agency, acceptance(&scene, &hit, &[])).await.unwrap();
    assert_eq!((between - before, size().await - between), (1, 1));
    scene.clock.set(ends_at(miss.header.times.answer_by).plus_ms(1));
    tend(&scene.agency).await.unwrap();
    assert!(lengths(b"hm/").await.is_empty());
    assert_eq!(scene.store.scan(b"fu/", None, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_handover_is_forgotten_with_the_decisions_of_its_time() {
    let scene = municipality().await;
    let question = asked(&scene, &takes_over(KNOWN, 1)).await;
    take(&scene.agency, acceptance(&scene, &question, &[])).await.unwrap();
    tend(&scene.agency).await.unwrap();
    assert_eq!(tidy(&scene.agency).await, Ok(0));
    assert_eq!(may_ask(&scene, "D01").await, Err(Reason::HandedOver));
    let end = scene.agency.pack().retention().end(Kept::Decision, scene.clock.now());
    scene.clock.set(end.plus_calendar(0, 30));
    assert_eq!(tidy(&scene.agency).await, Ok(0));
    for rows in [b"hg/".as_slice(), b"hx/"] {
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
