//! Terms: who is to act when, more time, and a term that ends.

use grondslag_core::answer::{Line, Outcome};

use super::*;
use crate::answers::inbox::schedule::Schedule;

const HOUR_MS: i64 = 3_600_000;

impl Practice {
    async fn stage(&self) -> String {
        climb(&self.scene.agency).await.unwrap();
        self.listed(false).await.remove(0).stage
    }

    /// So many tenths of an hour after the question came, of a term of a day.
    async fn at_hour(&self, put: &Put, tenths: i64) -> String {
        let from = put.question.header.times.asked_at;
        self.scene.clock.set(from.plus_ms(tenths * HOUR_MS / 10));
        self.stage().await
    }
}

fn more(until: Timestamp) -> Change {
    Change::MoreTime(v1::MoreTime { until_ms: until.ms(), reason: WHY.into() })
}

#[tokio::test]
async fn a_question_that_waits_climbs_and_every_step_is_recorded_once() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    assert_eq!(practice.stage().await, "professional");
    // The inner term is 16.08 of 24 hours; a practice has nobody above it but its officer.
    for (tenths, stage, climbed) in
        [(160, "professional", 0), (161, "officer", 1), (170, "officer", 1), (239, "officer", 1)]
    {
        assert_eq!(practice.at_hour(&put, tenths).await, stage, "{tenths}");
        assert_eq!(practice.records(Record::Climbed).await, climbed, "{tenths}");
    }
    let state = state(&practice.scene.agency).await.unwrap();
    assert_eq!((state.open, state.overdue), (1, 1));
}

/// A clock that jumps, and a restart, lose no step: where it stands follows from the item.
#[tokio::test]
async fn a_restart_and_a_clock_that_jumps_lose_no_step() {
    let mut practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    assert_eq!(practice.at_hour(&put, 100).await, "professional");
    practice.scene.agency.climbing = Schedule::default();
    let damaged = practice.scene.agency.climbing.load(&practice.scene.agency).await.unwrap();
    assert_eq!(damaged, 0);
    assert_eq!(practice.at_hour(&put, 230).await, "officer");
    assert_eq!(practice.records(Record::Climbed).await, 1, "one for all that passed at once");
}

#[tokio::test]
async fn who_decided_is_not_reminded() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    practice.decides(&put, &[give("G05", "T1")]).await.unwrap();
    practice.scene.clock.set(put.question.header.times.answer_by.plus_ms(-1));
    climb(&practice.scene.agency).await.unwrap();
    assert_eq!(practice.records(Record::Climbed).await, 0);
    let state = state(&practice.scene.agency).await.unwrap();
    assert_eq!((state.open, state.overdue), (0, 0));
}

#[tokio::test]
async fn more_time_is_later_within_the_term_and_never_all_of_it() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::veilig_thuis(&["G05"])).await;
    let from = put.question.header.times.asked_at;
    let at = |tenths: i64| from.plus_ms(tenths * HOUR_MS / 10);
    let takes = async |until| practice.changes(&practice.doctor, &put, more(until)).await;
    for tenths in [-10, 10, 160, 217, 240, 400] {
        assert_eq!(takes(at(tenths)).await, Err(Reason::ReviewTerm), "{tenths}");
    }
    assert_eq!(takes(at(200)).await, Ok("waiting"));
    assert_eq!(practice.at_hour(&put, 199).await, "professional");
    // It goes on so, and no further than the rules leave free.
    assert_eq!(takes(at(216)).await, Ok("waiting"));
    assert_eq!(takes(at(216)).await, Err(Reason::ReviewTerm));
    assert_eq!(practice.at_hour(&put, 217).await, "officer");
    assert_eq!(practice.records(Record::ReviewChanged).await, 2);
    // What has climbed stays there.
    let other = practice.asked(&Ask::veilig_thuis(&["G05"]).id(2)).await;
    let from = other.question.header.times.asked_at;
    practice.scene.clock.set(from.plus_ms(17 * HOUR_MS));
    let late = practice.changes(&practice.doctor, &other, more(from.plus_ms(20 * HOUR_MS))).await;
    assert_eq!(late, Err(Reason::ReviewTerm));
}

#[tokio::test]
async fn a_term_that_ends_without_a_decision_is_said_to_have_ended_where_it_was_named() {
    let practice = Practice::new().await;
    let named = practice.asked(&Ask::guardian(&["G05", "G16"]).id(1)).await;
    let neutral = practice.asked(&Ask::veilig_thuis(&["G05"]).id(2)).await;
    for _ in 0..4 {
        practice.next_slot(&named).await;
    }
    let said = practice.said(&named);
    let [None, None, None, Some(answer)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(answer.outcome, Outcome::Verlopen);
    assert!(matches!(&answer.lines[..], [Line::Review { .. }]));
    assert_eq!(practice.said(&neutral), [None, None, None, None]);
    assert_eq!(practice.records(Record::Ended).await, 2);
    let late = practice.decides(&named, &[give("G16", "T3")]).await;
    assert_eq!(late, Err(Reason::UnknownReview));
}

/// What is decided in the last hour is said in the last slot, and nothing after it.
#[tokio::test]
async fn what_is_decided_last_is_said_in_the_last_slot() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    for _ in 0..3 {
        practice.next_slot(&put).await;
    }
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    practice.next_slot(&put).await;
    practice.turn().await;
    let said = practice.said(&put);
    assert_eq!(said.len(), 4, "one in every slot");
    assert!(said[3].is_some());
    assert_eq!(practice.records(Record::Ended).await, 1);
    assert_eq!(rows_under(&practice.scene, REVIEWS).await, 0);
}

/// A named line of which nothing was told lapses, also where another was told.
#[tokio::test]
async fn a_named_line_lapses_beside_one_that_was_told() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    practice.next_slot(&put).await;
    let told = find(practice.scene.store.as_ref(), &put.question.id).await.unwrap();
    let (mut item, _) = told.unwrap();
    assert!(!item.lapses(), "all that was named was told");
    let named = InReview { category: Category::parse("G18").unwrap(), ..item.lines[0].clone() };
    item.lines.push(InReview { named: false, ..named.clone() });
    assert!(!item.lapses(), "of what was not named nobody waits");
    item.lines.push(named);
    assert!(item.lapses());
    assert_eq!(item.lapsed().map(|line| line.category.as_str()).collect::<Vec<_>>(), ["G18"]);
}
