//! Schools that send what they owe, and schools that do not.

use grondslag_core::clock::Clock as _;
use grondslag_core::id::InquiryId;
use grondslag_core::inquiry::Header;
use grondslag_core::metrics::Count;
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::Store as _;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::*;
use crate::deliver::{first, take};
use crate::metrics::report;
use crate::nodes::Heard;
use crate::route::tests::{ASKER, SCHOOL, Scene, attempted, oin, plenty, question};
use crate::waiting;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// An urgent question at 10:00 whose answer is due at 16:00, so with slots from 11:00 on.
fn six_slots(header: &mut Header) {
    header.urgency = Urgency::Urgent;
    header.times.answer_by = header.times.asked_at.plus_ms(6 * HOUR_MS);
}

fn a_day_of_acute_slots(header: &mut Header) {
    header.urgency = Urgency::Acute;
    header.times.answer_by = header.times.asked_at.plus_ms(24 * HOUR_MS);
}

impl Scene {
    /// Puts a question to the school, and gives the id under which it has it.
    async fn owes(&self, id: u8) -> TargetId {
        self.owes_until(id, six_slots).await
    }

    async fn owes_until(&self, id: u8, term: fn(&mut Header)) -> TargetId {
        let raw = question(self, &["G05"], term);
        let raw = attempted(self, InquiryId::new([id; 16]), 1, raw.header, raw.parts[0].1.clone());
        let target = TargetId::derive(&raw.id, &oin(SCHOOL));
        self.ask(raw).await;
        target
    }

    /// The broker runs on until so long after the question was put.
    async fn runs_until(&self, after_ms: i64) {
        let until = began().plus_ms(after_ms);
        while self.clock.now() < until {
            self.clock.set(self.clock.now().plus_ms(MINUTE_MS).min(until));
            self.broker.presence.keep(self.store.as_ref(), self.clock.now()).await.unwrap();
        }
    }

    /// The school sends its next message so long after the question was put.
    async fn sends(&self, id: &TargetId, number: u32, after_ms: i64) {
        self.runs_until(after_ms).await;
        let reply = first(&self.broker, id).await.unwrap().unwrap().1;
        let bytes = v1::Reply::from(reply.clone()).encoded_len();
        let numbered = Reply { reply_no: number, ..reply };
        let reply = Reply { body: vec![7; numbered.body_bytes(bytes)], ..numbered };
        take(&self.broker, &oin(SCHOOL), reply).await.unwrap();
    }

    /// What is recorded of the school once every term has ended.
    async fn recorded(&self) -> Vec<Option<u32>> {
        self.recorded_at(7 * HOUR_MS).await
    }

    async fn recorded_at(&self, after_ms: i64) -> Vec<Option<u32>> {
        self.runs_until(after_ms).await;
        waiting::sweep(&self.broker, self.clock.now()).await.unwrap();
        count(&self.broker).await.unwrap();
        assert_eq!(self.store.scan(DUE, None, 10).await.unwrap().len(), 0, "all are settled");
        let leaves = self.broker.ledger.read(0, 100).await.unwrap();
        let silent = leaves.iter().filter_map(|record| Silent::parse(&record.leaf));
        silent.map(|silent| silent.missed).collect()
    }
}

fn began() -> Timestamp {
    Timestamp::parse("2026-06-15T10:00").unwrap()
}

#[tokio::test]
async fn slots_that_passed_without_a_message_are_a_leaf_once_the_term_has_ended() {
    // When a message comes, in minutes after the question; and how many slots it leaves empty.
    for (sent, missed) in [
        (vec![60, 120, 180, 240, 300, 360], vec![]),
        (vec![61, 121, 181, 241, 300, 361], vec![]),
        (vec![60, 120, 240, 300, 360], vec![Some(1)]),
        (vec![240, 300, 360], vec![Some(3)]),
        (vec![60, 120, 180], vec![Some(3)]),
        (vec![60, 120, 180, 240, 300], vec![Some(1)]),
        // What comes after its moment comes too late for who waits.
        (vec![60, 120, 185, 240, 300, 360], vec![Some(1)]),
        (vec![], vec![Some(6)]),
    ] {
        let scene = plenty(&[]).await;
        let id = scene.owes(1).await;
        for (minute, number) in sent.iter().zip(2..) {
            scene.sends(&id, number, minute * MINUTE_MS + 1_000).await;
        }
        assert_eq!(scene.recorded().await, missed, "{sent:?}");
        assert_eq!(scene.recorded().await, missed, "once: {sent:?}");
        let all = missed.iter().flatten().map(|slots| u64::from(*slots)).sum::<u64>();
        assert_eq!(scene.broker.silences.of(&oin(SCHOOL)), all, "{sent:?}");
    }
}

#[tokio::test]
async fn nothing_is_counted_before_a_term_has_ended_and_its_last_message_may_be_late() {
    let scene = plenty(&[]).await;
    scene.owes(1).await;
    scene.runs_until(6 * HOUR_MS + SLOT_GRACE_MS).await;
    count(&scene.broker).await.unwrap();
    assert_eq!(scene.store.scan(DUE, None, 10).await.unwrap().len(), 1);
    assert_eq!(scene.recorded().await, [Some(6)]);
}

#[tokio::test]
async fn what_passed_while_the_broker_was_away_is_nobodys_silence() {
    let scene = plenty(&[]).await;
    let id = scene.owes(1).await;
    scene.sends(&id, 2, HOUR_MS + 1_000).await;
    scene.runs_until(3 * HOUR_MS / 2).await;
    // It is killed at 11:30, and is back at 14:30.
    scene.clock.set(began().plus_ms(9 * HOUR_MS / 2));
    scene.sends(&id, 3, 5 * HOUR_MS + 1_000).await;
    assert_eq!(scene.recorded().await, [Some(1)], "the last one alone");
}

/// A node that says its highest numbers at once has none left to say later, and missed it all.
#[tokio::test]
async fn numbers_that_a_node_skips_hide_no_slot() {
    let scene = plenty(&[]).await;
    let id = scene.owes(1).await;
    scene.sends(&id, REPLIES_MAX - 1, HOUR_MS + 1_000).await;
    scene.sends(&id, REPLIES_MAX, 6 * HOUR_MS + 1_000).await;
    assert_eq!(scene.recorded().await, [Some(4)]);
}

/// Of a term with more slots than numbers the last number waits for the end, also when a node began
/// a slot earlier than the broker heard.
#[tokio::test]
async fn who_has_used_its_numbers_owes_the_end_of_the_term_alone() {
    let scene = plenty(&[]).await;
    let id = scene.owes_until(1, a_day_of_acute_slots).await;
    for number in 2..REPLIES_MAX {
        let slot = i64::from(number - 1) * 5 * MINUTE_MS;
        scene.sends(&id, number, slot + 1_000).await;
    }
    scene.sends(&id, REPLIES_MAX, 24 * HOUR_MS + 1_000).await;
    assert_eq!(scene.recorded_at(25 * HOUR_MS).await, []);
}

#[tokio::test]
async fn nobody_is_silent_toward_an_asker_that_was_shut_out_or_while_shut_out_itself() {
    for who in [ASKER, SCHOOL] {
        let scene = plenty(&[]).await;
        scene.owes(1).await;
        crate::admin::suspend(scene.broker.directory.operator_folder(), &oin(who)).unwrap();
        scene.broker.directory.refresh().await.unwrap();
        assert_eq!(scene.recorded().await, [], "{who}");
    }
}

#[tokio::test]
async fn who_was_never_reached_is_told_as_that() {
    let scene = plenty(&[(SCHOOL, Heard::Lost(Reason::Unreachable))]).await;
    scene.owes(1).await;
    assert_eq!(scene.recorded().await, [None]);
    assert_eq!(scene.broker.silences.of(&oin(SCHOOL)), 1);
    assert_eq!(scene.recorded().await, [None], "once");

    let scene = plenty(&[(SCHOOL, Heard::Late)]).await;
    scene.owes(1).await;
    scene.clock.set(began().plus_ms(7 * HOUR_MS));
    assert_eq!(scene.recorded().await, [], "the broker itself was away");
}

/// What an asker, the rules or the broker itself brought about is not the node's silence.
#[tokio::test]
async fn who_says_no_or_not_yet_owes_nothing() {
    for heard in [
        Heard::Refused(Reason::RoleNotHeld),
        Heard::Refused(Reason::PolicyStale),
        Heard::Refused(Reason::CardInvalid),
        Heard::Lost(Reason::Internal),
        Heard::OtherHead(7),
    ] {
        let scene = plenty(&[(SCHOOL, heard.clone())]).await;
        scene.owes(1).await;
        assert_eq!(scene.recorded().await, [], "{heard:?}");
        assert_eq!(scene.broker.silences.of(&oin(SCHOOL)), 0, "{heard:?}");
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_read_keeps_no_other_from_being_counted() {
    let scene = plenty(&[]).await;
    let damaged = scene.owes(1).await;
    scene.owes(2).await;
    let batch = Batch::new().put(open_key(&damaged), b"?".to_vec());
    scene.store.commit(batch).await.unwrap();
    scene.runs_until(7 * HOUR_MS).await;
    count(&scene.broker).await.unwrap();
    let left = scene.store.scan(DUE, None, 10).await.unwrap();
    assert!(left.len() == 1 && left[0].key.ends_with(damaged.as_bytes()));
    assert_eq!(scene.broker.silences.of(&oin(SCHOOL)), 6);
}

#[tokio::test]
async fn the_report_of_a_month_names_who_missed_how_much() {
    let scene = plenty(&[]).await;
    let june = "2026-06".parse().unwrap();
    scene.owes(1).await;
    scene.owes(2).await;
    assert_eq!(scene.recorded().await, [Some(6), Some(6)]);
    assert_eq!(report(&scene.broker, june).await.unwrap_err(), Reason::PeriodBad);
    scene.clock.set(Timestamp::parse("2026-07-02").unwrap());
    let told = report(&scene.broker, june).await.unwrap();
    let missed = (format!("slots.missed.{SCHOOL}"), Count::Exact(12));
    assert_eq!(told.counts, BTreeMap::from([missed]));
    let may = report(&scene.broker, "2026-05".parse().unwrap()).await.unwrap();
    assert_eq!(may.counts, BTreeMap::new());
}
