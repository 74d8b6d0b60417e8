//! What is unusual, at its edges, and who learns of it.

use grondslag_core::clock::Timestamp;
use grondslag_evidence::store::faulty::Fault;

use super::*;
use crate::fixture::{Scene, moment};

fn tally(change: impl FnOnce(&mut Tally)) -> Tally {
    let mut tally = Tally {
        staff: StaffId::parse("one").unwrap(),
        purpose: "D04".to_owned().try_into().unwrap(),
        day: moment("2026-09-15").date(),
        questions: 0,
        targets: 0,
        replies: 0,
        neutral: 0,
        night: 0,
        break_glass: 0,
        over_budget: 0,
    };
    change(&mut tally);
    tally
}

fn found(change: impl FnOnce(&mut Tally)) -> Vec<&'static str> {
    flags(&tally(change), 200).into_iter().map(Flag::word).collect()
}

#[test]
fn a_day_is_unusual_from_a_stated_number_on_and_not_before() {
    let none: [&str; 0] = [];
    assert_eq!(found(|_| {}), none);
    assert_eq!(found(|it| it.questions = 160), none);
    assert_eq!(found(|it| it.questions = 161), ["over_80_percent"]);
    assert_eq!(found(|it| it.night = 4), none);
    assert_eq!(found(|it| it.night = 5), ["night"]);
    assert_eq!(found(|it| it.break_glass = 1), ["break_glass"]);
}

#[test]
fn answers_that_mostly_say_nothing_are_the_mark_of_trying_numbers() {
    let none: [&str; 0] = [];
    let silent = |questions, replies, neutral| {
        found(|it| (it.questions, it.replies, it.neutral) = (questions, replies, neutral))
    };
    assert_eq!(silent(9, 10, 10), none, "too few questions");
    assert_eq!(silent(10, 0, 0), none, "nobody answered");
    assert_eq!(silent(10, 10, 7), none);
    assert_eq!(silent(10, 10, 8), ["mostly_neutral"]);
    assert_eq!(silent(10, 1, 1), ["mostly_neutral"]);
}

async fn keep(scene: &Scene, key: u8, tally: &Tally) {
    let day = u64::try_from(Timestamp::start_of(tally.day).unwrap().ms()).unwrap();
    let key = [b"n/b/p/".as_slice(), &(u64::MAX - day).to_be_bytes(), &[key; 32]].concat();
    let batch = Batch::new().put(key, serde_json::to_vec(tally).unwrap());
    scene.agency.store.commit(batch).await.unwrap();
}

async fn read(scene: &Scene, days: u32) -> v1::ListPatternsResponse {
    let reader = StaffId::parse("officer").unwrap();
    patterns(&scene.agency, &reader, days).await.unwrap()
}

#[tokio::test]
async fn what_has_a_flag_stands_first_and_then_the_newest() {
    let scene = Scene::new().await;
    let (today, before) = (moment("2026-09-15").date(), moment("2026-09-09").date());
    let of = |staff: &str, day, night| {
        let staff = StaffId::parse(staff).unwrap();
        tally(|it| (it.staff, it.day, it.night) = (staff, day, night))
    };
    for (key, tally) in
        [of("b", today, 0), of("a", before, 9), of("a", today, 0)].iter().enumerate()
    {
        keep(&scene, u8::try_from(key).unwrap(), tally).await;
    }
    let listed = |it: v1::ListPatternsResponse| -> Vec<String> {
        it.patterns.iter().map(|one| format!("{} {}", one.staff_id, one.day)).collect()
    };
    // The seventh day is the last of the default.
    let week = ["a 2026-09-09", "a 2026-09-15", "b 2026-09-15"];
    assert_eq!(listed(read(&scene, 0).await), week);
    assert_eq!(listed(read(&scene, u32::MAX).await), week);
    assert_eq!(listed(read(&scene, 6).await), week[1..]);
}

#[tokio::test]
async fn a_list_is_cut_at_its_bound_and_says_so() {
    let mut scene = Scene::new().await;
    scene.agency.budget = crate::config::AsksSection::default();
    let day = moment("2026-09-15").date();
    let start = u64::try_from(Timestamp::start_of(day).unwrap().ms()).unwrap();
    for n in 0..=PATTERNS_MAX {
        let night = if n == PATTERNS_MAX { 9 } else { 0 };
        let tally = tally(|it| it.night = night);
        let number = u32::try_from(n).unwrap().to_be_bytes();
        let key = [b"n/b/p/".as_slice(), &(u64::MAX - start).to_be_bytes(), &number].concat();
        let batch = Batch::new().put(key, serde_json::to_vec(&tally).unwrap());
        scene.agency.store.commit(batch).await.unwrap();
    }
    let listed = read(&scene, 1).await;
    assert_eq!((listed.patterns.len(), listed.left_out), (PATTERNS_MAX, 1));
    assert_eq!(listed.patterns[0].flags, ["night"], "what has a flag is not what is left out");
}

#[tokio::test]
async fn that_somebody_read_them_is_recorded_before_they_are_given() {
    let scene = Scene::new().await;
    let before = scene.agency.ledger.size().await.unwrap();
    read(&scene, 0).await;
    let leaves = scene.agency.ledger.read(before, 10).await.unwrap();
    assert_eq!(leaves.len(), 1);
    let holds = |bytes: &[u8]| bytes.windows(7).any(|part| part == b"officer");
    assert!(!holds(&leaves[0].leaf), "it stands behind the leaf");
    assert!(holds(&scene.records(Kind::PatternsShown).await[0]));
    scene.store.fail_commit(1, Fault::Lost);
    let reader = StaffId::parse("officer").unwrap();
    let failed = patterns(&scene.agency, &reader, 0).await;
    assert_eq!(failed, Err(Reason::StoreUnwritable));
}
