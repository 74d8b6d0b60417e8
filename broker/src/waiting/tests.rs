//! What waits, for how long, and for whom; with nodes that only pretend to be far away.

use grondslag_core::catalogue::QueryKind;
use grondslag_core::clock::Clock as _;
use grondslag_core::id::{InquiryId, TargetId};
use grondslag_core::inquiry::{Header, RawInquiry};
use grondslag_core::limits::SLOT_GRACE_MS;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::question::TargetQuestion;
use tokio::sync::mpsc;

use super::*;
use crate::deliver::{follow, take};
use crate::nodes::Heard;
use crate::route::fanout::{Event, State};
use crate::route::service::{Routes, delivering};
use crate::route::tests::{ASKER, SCHOOL, Scene, attempted, oin, plenty, question, reply_to};

const WAITS: State = State::Pending(Reason::QuestionWaits);

fn away() -> Heard {
    Heard::Lost(Reason::Unreachable)
}

/// A term of some slots.
fn long(header: &mut Header) {
    header.times.answer_by = header.times.asked_at.plus_ms(24 * 3_600_000);
}

impl Scene {
    fn wished(&self, id: u8, attempt: u8, change: impl FnOnce(&mut Header)) -> RawInquiry {
        let RawInquiry { header, parts, .. } = question(self, &["G05"], change);
        attempted(self, InquiryId::new([id; 16]), attempt, header, parts[0].1.clone())
    }

    /// Puts a question, and says how it was closed and how many replies came.
    async fn puts(&self, raw: RawInquiry) -> Result<(State, usize), Reason> {
        let (events, mut received) = mpsc::channel(16);
        self.puts_to(raw, events).await?;
        let (mut state, mut replies) = (None, 0);
        while let Some(event) = received.recv().await {
            match event {
                Event::Decided(_) => {}
                Event::Replied(..) => replies += 1,
                Event::Closed(_, closed) => state = Some(closed),
            }
        }
        Ok((state.unwrap(), replies))
    }

    async fn puts_to(&self, raw: RawInquiry, events: mpsc::Sender<Event>) -> Result<(), Reason> {
        let inquiry = grondslag_core::inquiry::Inquiry::parse(raw, self.clock.now())?;
        let notice_id = if inquiry.header().kind.is_notice() { vec![7; 16] } else { vec![] };
        let wire = v1::AskRequest { notice_id, ..(&inquiry).into() };
        let routed = Routes::new(Arc::clone(&self.broker)).route(&oin(ASKER), wire).await?;
        crate::route::carry::carry_out(Arc::clone(&self.broker), routed, events).await;
        Ok(())
    }

    async fn rows(&self) -> usize {
        self.broker.store.scan(b"bw/", None, 1_000).await.unwrap().len()
    }

    fn hears(&self, heard: &[Heard]) {
        self.nodes.instead.lock().unwrap().extend_from_slice(heard);
    }

    fn calls_made(&self) -> usize {
        self.nodes.asked.lock().unwrap().len()
    }

    /// The school opens `Deliver`, and what waits is brought to the end.
    async fn opens(&self) {
        self.opened().await;
        while self.broker.waiting.held().bringing.contains(&oin(SCHOOL)) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn opened(&self) {
        let told = delivering(Arc::clone(&self.broker), oin(SCHOOL), tokio_stream::empty()).await;
        assert!(told.is_ok());
    }

    /// What an agency hears that follows: numbers of replies, and how the school stands.
    async fn follows(&self, who: &str, id: u8) -> Result<(Vec<u32>, Option<State>), Reason> {
        let inquiry = InquiryId::new([id; 16]);
        let followed = follow(&self.broker, &oin(who), &inquiry, SCHOOL, 0).await?;
        let numbers = followed.replies.iter().map(|reply| reply.reply_no).collect();
        Ok((numbers, followed.state))
    }

    /// As the broker is after it was killed: what its memory held is gone.
    async fn restarted(&mut self) {
        let waiting = Waiting::open(Arc::clone(&self.broker.store)).await.unwrap();
        Arc::get_mut(&mut self.broker).unwrap().waiting = waiting;
    }
}

#[tokio::test]
async fn a_question_to_a_node_that_is_away_waits_and_is_brought_once_when_it_is_back() {
    for heard in [
        away(),
        Heard::Late,
        Heard::Lost(Reason::Internal),
        Heard::Refused(Reason::Busy),
        Heard::Refused(Reason::WitnessLate),
    ] {
        let scene = plenty(&[]).await;
        scene.hears(std::slice::from_ref(&heard));
        assert_eq!(scene.puts(scene.wished(1, 1, long)).await, Ok((WAITS, 0)), "{heard:?}");
        assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![], Some(WAITS))), "{heard:?}");
        scene.opens().await;
        assert_eq!((scene.calls_made(), scene.rows().await), (2, 0), "{heard:?}");
        assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], None)), "{heard:?}");
        scene.opens().await;
        assert_eq!(scene.calls_made(), 2, "once: {heard:?}");
    }
}

/// The row is there before anything leaves, so whoever is killed from then on loses nothing.
#[tokio::test]
async fn a_question_is_kept_before_its_node_is_asked_and_its_reply_for_who_has_gone() {
    let scene = plenty(&[]).await;
    scene.store.fail_commit(4, Fault::Lost);
    let failed = scene.puts(scene.wished(1, 1, long)).await;
    assert!(failed.unwrap_err().is_fault(), "the rules, the decision, the step, and then this");
    assert_eq!(scene.calls_made(), 0, "nothing leaves that is not kept");

    let (events, received) = mpsc::channel(1);
    drop(received);
    scene.puts_to(scene.wished(2, 1, long), events).await.unwrap();
    assert_eq!((scene.calls_made(), scene.rows().await), (1, 0));
    assert_eq!(scene.follows(ASKER, 2).await, Ok((vec![1], None)));
}

#[tokio::test]
async fn what_waits_is_brought_after_the_broker_was_killed() {
    let mut scene = plenty(&[]).await;
    scene.hears(&[away()]);
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    scene.restarted().await;
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![], Some(WAITS))));
    resume(&scene.broker);
    scene.opens().await;
    assert_eq!((scene.calls_made(), scene.rows().await), (2, 0));
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], None)));
}

/// As when the broker is killed after its node answered: the reply stands, or the question does.
#[tokio::test]
async fn a_reply_that_could_not_be_kept_is_fetched_again() {
    for fault in [Fault::Lost, Fault::Landed] {
        let mut scene = plenty(&[]).await;
        scene.store.fail_commit(5, fault);
        assert_eq!(scene.puts(scene.wished(1, 1, long)).await, Ok((State::Replied, 1)));
        scene.restarted().await;
        scene.opens().await;
        let calls = if fault == Fault::Lost { 2 } else { 1 };
        assert_eq!((scene.calls_made(), scene.rows().await), (calls, 0), "{fault:?}");
        assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], None)), "{fault:?}");
    }
}

#[tokio::test]
async fn it_waits_until_its_answer_is_due_and_no_longer() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    let due = scene.clock.now().plus_ms(24 * 3_600_000);
    sweep(&scene.broker, due).await.unwrap();
    assert_eq!(scene.rows().await, 1);
    scene.clock.set(due.plus_ms(1));
    let over = State::Unreachable(Reason::Unreachable);
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![], Some(over))));
    let calls = scene.calls_made();
    scene.opens().await;
    assert_eq!((scene.calls_made(), scene.rows().await), (calls, 0), "it is not even brought");

    scene.clock.set(due.plus_ms(-1));
    scene.puts(scene.wished(2, 1, |_| {})).await.unwrap();
    sweep(&scene.broker, due.plus_ms(600_000)).await.unwrap();
    assert_eq!((scene.rows().await, scene.broker.waiting.nodes().len()), (0, 0));
    scene.clock.set(due.plus_ms(600_000 + SLOT_GRACE_MS));
    let late = State::Unreachable(Reason::DeadlinePassed);
    assert_eq!(scene.follows(ASKER, 2).await, Ok((vec![], Some(late))));
}

#[tokio::test]
async fn what_a_node_says_for_good_ends_the_wait_and_its_asker_hears_why() {
    for (heard, reason) in [
        (Heard::Refused(Reason::ReplayConflict), Reason::ReplayConflict),
        (Heard::Refused(Reason::SealInvalid), Reason::SealInvalid),
        (Heard::Refused(Reason::ConsentChanged), Reason::ConsentChanged),
        (Heard::Refused(Reason::AskedBeforeRestore), Reason::AskedBeforeRestore),
        (Heard::Lost(Reason::Malformed), Reason::AnswerInvalid),
    ] {
        let scene = plenty(&[]).await;
        let heard = match heard {
            // Of another length than all have.
            Heard::Lost(Reason::Malformed) => Heard::Reply(crate::route::tests::reply(
                TargetId::derive(&InquiryId::new([1; 16]), &oin(SCHOOL)),
            )),
            heard => heard,
        };
        scene.hears(&[heard, away()]);
        assert_eq!(scene.puts(scene.wished(1, 1, long)).await, Ok((WAITS, 0)));
        scene.opens().await;
        assert_eq!((scene.calls_made(), scene.rows().await), (2, 0), "{reason}");
        let over = State::Unreachable(reason);
        assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![], Some(over))), "{reason}");
    }
}

/// The asker puts it once more; the first attempt is brought by itself only when it does not.
#[tokio::test]
async fn a_second_attempt_takes_the_place_of_the_first() {
    let scene = plenty(&[]).await;
    scene.hears(&[away(), Heard::Refused(Reason::NotReady)]);
    let first = State::Unreachable(Reason::NotReady);
    assert_eq!(scene.puts(scene.wished(1, 1, long)).await, Ok((first, 0)));
    scene.opens().await;
    assert_eq!(scene.calls_made(), 1, "a second attempt may come");
    let again = scene.wished(1, 2, |header| {
        long(header);
        header.times.asked_at = header.times.asked_at.plus_ms(300);
    });
    let asked_at = again.header.times.asked_at;
    assert_eq!(scene.puts(again.clone()).await, Ok((WAITS, 0)));
    assert_eq!(scene.rows().await, 1);
    scene.opens().await;
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], None)));
    let id = TargetId::derive(&InquiryId::new([1; 16]), &oin(SCHOOL));
    let (of, _) = crate::deliver::first(&scene.broker, &id).await.unwrap().unwrap();
    assert_eq!(of, asked_at);
    let calls = scene.calls_made();
    assert_eq!(scene.puts(again).await, Ok((State::Replied, 1)), "as it was answered");
    assert_eq!(scene.calls_made(), calls);
}

#[tokio::test]
async fn without_a_second_attempt_the_first_is_brought_and_then_there_is_none() {
    let scene = plenty(&[]).await;
    scene.hears(&[Heard::Refused(Reason::NotReady)]);
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    // As when the time for it has passed.
    scene.broker.waiting.held().places.clear();
    scene.opens().await;
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], None)));
    let again = scene.puts(scene.wished(1, 2, |header| {
        long(header);
        header.times.asked_at = header.times.asked_at.plus_ms(300);
    }));
    assert_eq!(again.await, Err(Reason::ReplayConflict));
}

#[tokio::test]
async fn neither_a_notice_nor_an_own_view_waits() {
    let notice: fn(&mut Header) = |header| {
        header.purpose = grondslag_core::catalogue::Purpose::parse("D25").unwrap();
        header.kind = QueryKind::parse(QueryKind::NOTICE).unwrap();
    };
    let own_view: fn(&mut Header) = |header| {
        header.kind = QueryKind::parse(QueryKind::OWN_VIEW).unwrap();
    };
    for (category, change) in [("G32", notice), ("G05", own_view)] {
        let scene = plenty(&[(SCHOOL, away())]).await;
        let RawInquiry { header, parts, .. } = question(&scene, &[category], change);
        let id = InquiryId::new([1; 16]);
        let raw = attempted(&scene, id, 1, header, parts[0].1.clone());
        let (state, _) = scene.puts(raw).await.unwrap();
        assert!(matches!(state, State::Unreachable(_) | State::NotAsked(_)), "{state:?}");
        assert_eq!(scene.rows().await, 0, "{category}");
    }
}

#[tokio::test]
async fn more_than_may_wait_is_not_reached_and_says_so_and_is_answered_all_the_same() {
    let scene = plenty(&[]).await;
    let many = (0..WAITING_OF_NODE_MAX).map(|n| {
        let id = TargetId::new(std::array::from_fn(|at| n.to_be_bytes().get(at).map_or(9, |b| *b)));
        Mark::new(id, Urgency::Standard, scene.clock.now())
    });
    scene.broker.waiting.held().nodes.insert(oin(SCHOOL), many.collect());
    scene.hears(&[away()]);
    let full = State::Unreachable(Reason::WaitingFull);
    assert_eq!(scene.puts(scene.wished(1, 1, long)).await, Ok((full, 0)));
    assert_eq!(scene.rows().await, 0);
    assert_eq!(scene.puts(scene.wished(2, 1, long)).await, Ok((State::Replied, 1)));
    assert_eq!(scene.follows(ASKER, 2).await, Ok((vec![1], None)));
    scene.broker.waiting.held().nodes.clear();
    scene.hears(&[away()]);
    assert_eq!(scene.puts(scene.wished(3, 1, long)).await, Ok((WAITS, 0)), "there is room");
}

#[tokio::test]
async fn nobody_but_its_asker_learns_that_a_question_waits() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    let unknown = Err(Reason::UnknownInquiry);
    assert_eq!(scene.follows(SCHOOL, 1).await, unknown);
    assert_eq!(scene.follows(ASKER, 2).await, unknown, "the same as for what is not");
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![], Some(WAITS))));
}

/// A node that got its question late owed nothing in the slots before.
#[tokio::test]
async fn a_slot_before_the_first_reply_is_not_missed_and_one_after_is() {
    let scene = plenty(&[]).await;
    scene.hears(&[away()]);
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    // The slot of noon has passed.
    scene.clock.set(scene.clock.now().plus_ms(3 * 3_600_000));
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![], Some(WAITS))));
    scene.opens().await;
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], None)));
    // That of four o'clock has too.
    scene.clock.set(scene.clock.now().plus_ms(4 * 3_600_000));
    let missed = State::Unreachable(Reason::DeadlinePassed);
    assert_eq!(scene.follows(ASKER, 1).await, Ok((vec![1], Some(missed))));
}

/// What is urgent comes first; one that fails by itself keeps no other from coming.
#[tokio::test]
async fn one_question_that_fails_keeps_no_other_from_coming() {
    let scene = plenty(&[]).await;
    scene.hears(&[away(), away(), away()]);
    for (id, urgency) in [(1, Urgency::Standard), (2, Urgency::Acute), (3, Urgency::Urgent)] {
        let put = scene.wished(id, 1, |header| {
            long(header);
            header.urgency = urgency;
        });
        scene.puts(put).await.unwrap();
    }
    let order = scene.broker.waiting.due(&oin(SCHOOL));
    assert_eq!(order.iter().map(|mark| mark.rank).collect::<Vec<_>>(), [0, 1, 2]);
    scene.hears(&[Heard::Lost(Reason::Internal)]);
    scene.opens().await;
    assert_eq!(scene.rows().await, 1);
    assert_eq!(scene.follows(ASKER, 2).await, Ok((vec![], Some(WAITS))));
    for id in [1, 3] {
        assert_eq!(scene.follows(ASKER, id).await, Ok((vec![1], None)));
    }
    let calls = scene.calls_made();
    scene.opens().await;
    assert_eq!(scene.calls_made(), calls, "it is left alone for a while");
}

/// A node that cannot answer anybody yet is asked one question, not all of them.
#[tokio::test]
async fn a_node_that_is_not_ready_is_tried_with_one_question_until_it_is() {
    let scene = plenty(&[]).await;
    scene.hears(&vec![away(); 5]);
    for id in 1..=5 {
        scene.puts(scene.wished(id, 1, long)).await.unwrap();
    }
    scene.hears(&vec![Heard::Refused(Reason::NotReady); 3]);
    scene.opens().await;
    assert_eq!((scene.calls_made(), scene.rows().await), (5 + 3 + 5, 0));
}

#[tokio::test]
async fn while_a_notice_waits_for_a_node_nothing_else_is_brought() {
    let scene = plenty(&[]).await;
    scene.hears(&[away()]);
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    let notice = |header: &mut Header| {
        header.purpose = grondslag_core::catalogue::Purpose::parse("D25").unwrap();
        header.kind = QueryKind::parse(QueryKind::NOTICE).unwrap();
    };
    let bring = async |id: u8| {
        let RawInquiry { header, parts, .. } = question(&scene, &["G32"], notice);
        let raw = attempted(&scene, InquiryId::new([id; 16]), 1, header, parts[0].1.clone());
        scene.puts(raw).await.unwrap()
    };
    scene.hears(&[away()]);
    bring(2).await;
    scene.opened().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!((scene.calls_made(), scene.rows().await), (2, 1));
    bring(3).await;
    scene.opens().await;
    assert_eq!(scene.rows().await, 0, "then it is");
}

#[tokio::test]
async fn a_reply_is_kept_once_and_no_later_one_takes_its_number() {
    let scene = plenty(&[]).await;
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    let id = TargetId::derive(&InquiryId::new([1; 16]), &oin(SCHOOL));
    let (_, first) = crate::deliver::first(&scene.broker, &id).await.unwrap().unwrap();
    let other = grondslag_proto::reply::Reply { signature: [9; 64], ..first.clone() };
    let refused = take(&scene.broker, &oin(SCHOOL), other).await;
    assert_eq!(refused, Err(Reason::ReplayConflict));
    let (_, kept) = crate::deliver::first(&scene.broker, &id).await.unwrap().unwrap();
    assert!(kept == first);
}

/// What stands in the store is what the target gets, and says nothing that the broker may not see.
#[tokio::test]
async fn invariant_03_what_waits_holds_the_hidden_number_under_its_targets_seal_alone() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    let raw = scene.wished(1, 1, long);
    let (inquiry, one, two) = (raw.id, raw.hidden.one.bytes(), raw.hidden.two[0].bytes());
    scene.puts(raw).await.unwrap();
    let all = scene.broker.store.scan(b"", None, 1_000).await.unwrap();
    for secret in [inquiry.as_bytes().as_slice(), &one, &two] {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret);
        assert!(!all.iter().any(|pair| holds(&pair.key) || holds(&pair.value)));
    }
}

#[tokio::test]
async fn a_node_that_left_the_epoch_behind_does_not_come_back_to_it() {
    let scene = plenty(&[]).await;
    scene.puts(scene.wished(1, 1, long)).await.unwrap();
    let id = TargetId::derive(&InquiryId::new([1; 16]), &oin(SCHOOL));
    let (_, reply) = crate::deliver::first(&scene.broker, &id).await.unwrap().unwrap();
    let question = |epoch| {
        let mut raw = question(&scene, &["G05"], long);
        raw.header.epoch = epoch;
        let part = raw.parts[0].1.clone();
        let evidence = scene.nodes.proved.lock().unwrap()[0].clone();
        let (target, pair) = (oin(SCHOOL), vec![]);
        TargetQuestion { id, header: raw.header, target, part, pair, evidence }
    };
    let stale = Heard::Refused(Reason::EpochStale);
    assert_eq!(Outcome::of(&question(1), stale.clone(), 2), Outcome::Over(Reason::EpochStale));
    assert_eq!(Outcome::of(&question(2), stale, 2), Outcome::Missed(Reason::EpochStale));
    assert!(reply == reply_to(&question(1)));
}
