//! A practice over the years.

use std::collections::BTreeMap;

use grondslag_core::answer::About as Whose;
use grondslag_core::clock::Clock as _;
use grondslag_core::id::{InquiryId, StaffId};
use grondslag_core::tier::Tier;
use grondslag_evidence::records::{Opening, check, open};
use grondslag_evidence::store::faulty::Fault;
use grondslag_evidence::store::{Batch, Store as _};

use super::*;
use crate::answers::{put_for_tests, slots};
use crate::asks::follow::{Followed, forget_followed};
use crate::fixture::{Ask, KNOWN, Scene, UNKNOWN, moment};
use crate::own_rules::OwnRules;
use crate::recorded::Kind;

/// How many decisions can still be opened, and how many leaves there are.
async fn opened(scene: &Scene) -> (usize, u64) {
    let decisions = scene.records(Kind::Decision).await.len();
    (decisions, scene.agency.ledger.size().await.unwrap())
}

/// A question every month for seven years, one of them with break glass, and the daily round.
#[tokio::test]
async fn five_years_on_openings_go_the_tree_stays_whole_and_every_gap_has_its_proof() {
    let scene = Scene::new().await;
    scene.shelf.record("G05", Whose::Child, &[(Tier::T1, "Betrokken.")]);
    let start = moment("2026-09-15T09:00");
    let mut asked = Vec::new();
    let mut leaves = BTreeMap::new();
    for month in 0..84_u8 {
        let now = start.plus_calendar(0, u32::from(month) * 30);
        scene.clock.set(now);
        let subject = if month % 2 == 0 { KNOWN } else { UNKNOWN };
        let mut question = scene.question(&Ask::guardian(&["G05"]).id(month).about(subject));
        if month == 3 {
            question.header.break_glass = true;
            scene.seal_anew(&mut question);
        }
        put_for_tests(&scene.agency, question).await;
        asked.push(now);
        scene.agency.forget().await.unwrap();
        assert_eq!(scene.agency.forget().await, Ok(None), "once a day");
        // Every decision whose five years are not over can be opened; the one with break glass
        // has ten.
        let kept = asked.iter().enumerate().filter(|(month, asked)| {
            let years = if *month == 3 { 10 } else { 5 };
            asked.plus_calendar(years, 0) > now
        });
        assert_eq!(opened(&scene).await.0, kept.count(), "month {month}");
        // No leaf that was ever there changes.
        for record in scene.agency.ledger.read(0, 1_000).await.unwrap() {
            let before = leaves.entry(record.index).or_insert_with(|| record.clone());
            assert_eq!(*before, record);
        }
    }
    // A term counts from a moment just before the leaf of what is kept.
    let pack = scene.agency.pack();
    let retention = pack.retention();
    let least = |_: &str, at: Timestamp| retention.least_end(Kept::Decision, at.plus_ms(-1_000));
    let (store, ledger) = (scene.store.as_ref(), &scene.agency.ledger);
    let checked = check(store, ledger, &least).await.unwrap();
    assert_eq!(checked.findings, Vec::new());
    assert!(checked.forgotten > 20 && checked.deletions > 20);
    let state = scene.agency.retention().await.unwrap();
    let forgotten: u64 = state.forgotten.values().sum();
    assert_eq!((forgotten, state.leaves), (checked.forgotten, checked.deletions));
    assert_eq!((state.done_at, state.failed), (Some(scene.clock.now()), None));
    // Ten years on the last one goes.
    scene.clock.set(start.plus_calendar(20, 0));
    scene.agency.forget().await.unwrap();
    let (open_still, size) = opened(&scene).await;
    assert_eq!((open_still, size), (0, u64::try_from(leaves.len()).unwrap() + 1));
    for record in scene.agency.ledger.read(0, 1_000).await.unwrap() {
        let opening = open(scene.store.as_ref(), &record.leaf).await.unwrap();
        assert!(!matches!(opening, Opening::Opened(_)), "{}", record.index);
    }
    for room in [b"d/".as_slice(), b"w/"] {
        assert!(scene.store.scan(room, None, 10).await.unwrap().is_empty());
    }
}

/// Whatever is recorded of a question with break glass is kept as long as the decision on it.
#[tokio::test]
async fn the_end_of_a_question_with_break_glass_is_kept_as_long_as_its_decision() {
    let scene = Scene::new().await;
    let mut question = scene.question(&Ask::guardian(&["G05"]));
    question.header.break_glass = true;
    let end = question.header.times.answer_by;
    scene.seal_anew(&mut question);
    put_for_tests(&scene.agency, question).await;
    scene.clock.set(end.plus_ms(60_000));
    // What is recorded stands before the broker is given anything.
    let _ = slots::tend(&scene.agency).await;
    let kept = async || {
        let of = async |kind| scene.records(kind).await.len();
        (of(Kind::Decision).await, of(Kind::Ended).await)
    };
    for (years, left) in [(0, (1, 1)), (9, (1, 1)), (11, (0, 0))] {
        scene.clock.set(end.plus_calendar(years, 1));
        scene.agency.forget().await.unwrap();
        assert_eq!(kept().await, left, "{years}");
    }
}

/// What a question is followed with binds to the child: it goes after its term, and one that cannot
/// be read keeps no other; nor does a line of an own question.
#[tokio::test]
async fn rows_that_are_none_keep_no_others_from_being_forgotten() {
    let scene = Scene::new().await;
    let (store, end) = (scene.store.as_ref(), scene.clock.now());
    let staff = StaffId::parse("arts-1").unwrap();
    let (answer_by, targets, informs) = (end, vec![], None);
    let (break_glass, escalation) = (false, false);
    let followed = Followed { staff, answer_by, break_glass, escalation, targets, informs };
    let batch = followed.put(Batch::new(), &InquiryId::new([9; 16])).unwrap();
    let line = [b"n/i/".as_slice(), &(u64::MAX - 1).to_be_bytes(), &[9; 16]].concat();
    let batch = batch.put(line, b"{}").put(b"n/i/x", b"{}").put(b"n/f/0123456789abcdef", b"x");
    store.commit(batch).await.unwrap();
    let rows = async |room: &[u8]| store.scan(room, None, 10).await.unwrap().len();
    assert_eq!((rows(b"n/f/").await, rows(b"n/i/").await), (2, 2));
    let over = end.plus_calendar(1, 0);
    forget_followed(store, over).await.unwrap();
    scene.agency.forget().await.unwrap();
    assert_eq!((rows(b"n/f/").await, rows(b"n/i/").await), (1, 1));
    assert_eq!(scene.records(Kind::Alarm).await.len(), 1, "the line");
}

#[tokio::test]
async fn a_round_that_fails_shows_and_the_next_turn_goes_on() {
    let scene = Scene::new().await;
    put_for_tests(&scene.agency, scene.question(&Ask::guardian(&["G05"]))).await;
    scene.clock.set(scene.clock.now().plus_calendar(6, 0));
    for fault in [Fault::Lost, Fault::Landed] {
        scene.store.fail_commit(1, fault);
        assert_eq!(scene.agency.forget().await, Err(Reason::StoreUnwritable), "{fault:?}");
        let failed = scene.agency.retention().await.unwrap().failed;
        assert_eq!(failed, Some(Reason::StoreUnwritable));
    }
    scene.agency.forget().await.unwrap().unwrap();
    let state = scene.agency.retention().await.unwrap();
    assert_eq!((state.failed, state.leaves), (None, 1));
    let checked = check(scene.store.as_ref(), &scene.agency.ledger, &|_, at| at).await.unwrap();
    assert_eq!((checked.forgotten, checked.findings), (1, Vec::new()));
}

#[tokio::test]
async fn the_rules_in_force_are_recorded_when_they_change_and_only_then() {
    let mut scene = Scene::new().await;
    let size = async |scene: &Scene| scene.agency.ledger.size().await.unwrap();
    let before = size(&scene).await;
    for _ in 0..2 {
        scene.agency.settle_rules().await.unwrap();
    }
    assert_eq!(size(&scene).await, before, "they are those of the start");
    let text = "[[row]]\nid = \"L1\"\noutcome = \"hold\"\nlegal = [\"avg-5-1-c\"]\n\
                text.nl = \"Eerst kijken.\"\ntext.en = \"Look first.\"\n";
    let (pack, kind) = (scene.agency.pack(), scene.agency.kind.clone());
    scene.agency.own_rules = Some(OwnRules::new(kind, "local.toml".into(), text.into()));
    scene.agency.settle_rules().await.unwrap();
    assert_eq!(size(&scene).await, before + 1);
    let leaf = scene.agency.ledger.read(before, 1).await.unwrap().remove(0).leaf;
    let overlay = scene.agency.overlay_on(&pack).unwrap().unwrap().digest();
    assert_eq!(leaf, pack.leaf(Some(overlay)));
    assert_eq!(grondslag_policy::Pack::told_in(&leaf), Some((pack.bundle(), Some(overlay))));
    assert!(leaf.windows(32).any(|part| part == pack.bundle().as_bytes()));
}
