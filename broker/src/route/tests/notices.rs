//! Consent notices: one that its target missed comes before everything else.

mod silent;

use grondslag_core::statement::waiting_bytes;
use grondslag_proto::question::NoticeId;
use grondslag_proto::v1;
use grondslag_proto::v1::deliver_response::Event as Told;
use tokio_stream::StreamExt as _;

use super::*;
use crate::deliver::opening;
use crate::notices::Notice;
use crate::route::carry::{Routed, carry_out};
use crate::route::service::{Routes, delivering};

const ID: [u8; 16] = [0xA7; 16];

/// A request about data waits, and holds other questions back, as a consent does.
#[tokio::test]
async fn a_notice_about_somebodys_rights_waits_as_one_of_a_consent() {
    let scene = plenty(&[]).await;
    let about_rights = |header: &mut Header| {
        is_notice(header);
        header.purpose = Purpose::parse("D26").unwrap();
    };
    scene.hear(&[away()]);
    let wire = |inquiry| scene.wire(inquiry, &ID, &["G33"], about_rights);
    scene.carried(wire(1)).await;
    assert_eq!((scene.waiting().await, scene.kept().await), (1, 1));
    assert_eq!(scene.carried(wire(2)).await.0, [State::Replied]);
    assert_eq!((scene.waiting().await, scene.kept().await), (0, 0));
    // Neither goes with what the other brings.
    for (inquiry, category) in [(3, "G32"), (4, "G12")] {
        let mixed = scene.wire(inquiry, &ID, &[category], about_rights);
        assert_eq!(scene.routed(mixed).await.err(), Some(Reason::Malformed), "{category}");
    }
    let mixed = scene.wire(5, &ID, &["G33"], is_notice);
    assert_eq!(scene.routed(mixed).await.err(), Some(Reason::Malformed));
}

fn is_notice(header: &mut Header) {
    header.purpose = Purpose::parse("D25").unwrap();
    header.kind = QueryKind::parse(QueryKind::NOTICE).unwrap();
}

impl Scene {
    /// A question as it comes off the wire.
    fn wire(
        &self,
        inquiry: u8,
        notice_id: &[u8],
        categories: &[&str],
        change: Change,
    ) -> v1::AskRequest {
        let raw = question(self, categories, change);
        let RawInquiry { header, parts, .. } = raw;
        self.wired(
            sealed(self, InquiryId::new([inquiry; 16]), header, parts[0].1.clone()),
            notice_id,
        )
    }

    fn wired(&self, raw: RawInquiry, notice_id: &[u8]) -> v1::AskRequest {
        let inquiry = Inquiry::parse(raw, self.clock.now()).unwrap();
        v1::AskRequest { notice_id: notice_id.to_vec(), ..(&inquiry).into() }
    }

    async fn routed(&self, wire: v1::AskRequest) -> Result<Routed, Reason> {
        Routes::new(Arc::clone(&self.broker)).route(&oin(ASKER), wire).await
    }

    /// Asks it, and says how each target was closed and how many replies came.
    async fn carried(&self, wire: v1::AskRequest) -> (Vec<State>, usize) {
        let (events, mut received) = mpsc::channel(16);
        carry_out(Arc::clone(&self.broker), self.routed(wire).await.unwrap(), events).await;
        let (mut states, mut replies) = (Vec::new(), 0);
        while let Some(event) = received.recv().await {
            match event {
                Event::Decided(_) => {}
                Event::Replied(..) => replies += 1,
                Event::Closed(_, state) => states.push(state),
            }
        }
        (states, replies)
    }

    /// The notice, asked in an inquiry of its own.
    async fn bring(&self, inquiry: u8) -> State {
        self.carried(self.wire(inquiry, &ID, &["G32"], is_notice)).await.0[0]
    }

    /// A question that is no notice.
    async fn other(&self, inquiry: u8) -> State {
        self.carried(self.wire(inquiry, &[], &["G05"], |_| {})).await.0[0]
    }

    /// The next deliveries are heard so, the last one first.
    fn hear(&self, heard: &[Heard]) {
        self.nodes.instead.lock().unwrap().extend_from_slice(heard);
    }

    /// How often a node was called.
    fn calls(&self) -> usize {
        self.nodes.asked.lock().unwrap().len()
    }

    /// How many wait for the school, as it hears it.
    async fn waiting(&self) -> u32 {
        opening(&self.broker, &oin(SCHOOL)).await.unwrap().count
    }

    /// How many wait for it in the store.
    async fn kept(&self) -> usize {
        self.broker.store.scan(b"bn/", None, 1_000).await.unwrap().len()
    }
}

fn away() -> Heard {
    Heard::Lost(Reason::Unreachable)
}

#[tokio::test]
async fn a_notice_that_its_target_missed_waits_whatever_the_reason() {
    for heard in [away(), Heard::Late, Heard::Refused(Reason::NotReady)] {
        let scene = plenty(&[(SCHOOL, heard.clone())]).await;
        scene.bring(1).await;
        assert_eq!((scene.waiting().await, scene.kept().await), (1, 1), "{heard:?}");
    }
}

/// A reply, a rule that forbids it, and a term that had ended when it arrived.
#[tokio::test]
async fn a_notice_that_was_answered_or_does_not_come_any_more_does_not_wait() {
    let over = Heard::Refused(Reason::QuestionExpired);
    let forbidden: Change = |header| {
        is_notice(header);
        header.level = Level::Aggregate;
    };
    for (says, change, state) in [
        (None, is_notice as Change, State::Replied),
        (Some(over), is_notice, State::Unreachable(Reason::QuestionExpired)),
        (None, forbidden, State::NotAsked(Reason::NoRule)),
    ] {
        let says: Vec<_> = says.into_iter().map(|heard| (SCHOOL, heard)).collect();
        let scene = plenty(&says).await;
        let (states, _) = scene.carried(scene.wire(1, &ID, &["G32"], change)).await;
        assert_eq!(states, [state]);
        assert_eq!((scene.waiting().await, scene.kept().await), (0, 0), "{state:?}");
        assert_ne!(scene.other(2).await, State::Unreachable(Reason::NotReady));
    }
}

#[tokio::test]
async fn a_node_that_delivers_is_first_told_how_many_wait_and_the_broker_signs_it() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.bring(1).await;
    scene.carried(scene.wire(2, &[8; 16], &["G32"], is_notice)).await;
    let (broker, key) = (&scene.broker, key(9).verifying_key().to_bytes());
    let message = v1::DeliverRequest { reply: Some(v1::Reply::default()) };
    for (who, expected, brings) in [(SCHOOL, 2, 1), (SCHOOL, 2, 0), (ASKER, 0, 0)] {
        // A node that brings nothing hears this alone, and the stream ends.
        let brought = tokio_stream::iter(vec![Ok(message.clone()); brings]);
        let told = delivering(Arc::clone(broker), oin(who), brought).await;
        let told: Vec<_> = told.unwrap_or_else(|status| panic!("{status}")).collect().await;
        let [Ok(v1::DeliverResponse { event: Some(Told::Waiting(waiting)) }), rest @ ..] =
            told.as_slice()
        else {
            panic!("{}", told.len())
        };
        assert_eq!(rest.len(), brings);
        let (count, as_of) = (waiting.count, Timestamp::from_ms(waiting.as_of_ms));
        assert_eq!((count, as_of), (expected, scene.clock.now()));
        let signature = waiting.signature.as_slice().try_into().unwrap();
        let signed = |who, count| verify(&key, &waiting_bytes(&oin(who), count, as_of), &signature);
        assert!(signed(who, count).is_ok() && signed(who, count + 1).is_err());
    }
}

#[tokio::test]
async fn while_a_notice_waits_its_target_gets_nothing_else_and_the_decision_is_recorded() {
    let scene = plenty(&[]).await;
    scene.hear(&[away()]);
    scene.bring(1).await;
    let (calls, (size, _)) = (scene.calls(), scene.sizes().await);
    let wire = scene.wire(2, &[], &["G05"], |_| {});
    let (states, replies) = scene.carried(wire.clone()).await;
    assert_eq!(
        (states.as_slice(), replies),
        ([State::Unreachable(Reason::NotReady)].as_slice(), 0)
    );
    assert_eq!((scene.calls(), scene.sizes().await.0), (calls, size + 1));
    // It may be put once more, as when the node itself says so.
    let RawInquiry { id, header, parts, .. } = RawInquiry::try_from(wire.clone()).unwrap();
    let again = attempted(&scene, id, 2, header, parts[0].1.clone());
    let again = scene.carried(scene.wired(again, &[])).await;
    assert_eq!((again.0[0], scene.calls()), (State::Pending(Reason::QuestionWaits), calls));
    // Once the notice was answered, the same question goes on from its record.
    let size = scene.sizes().await.0;
    assert_eq!(scene.bring(3).await, State::Replied);
    assert_eq!(scene.carried(wire).await, (vec![State::Replied], 1));
    assert_eq!(scene.sizes().await.0, size + 1, "that of the notice");
}

#[tokio::test]
async fn a_notice_asked_anew_and_answered_lets_questions_through() {
    let scene = plenty(&[]).await;
    scene.hear(&[away(), away()]);
    scene.bring(1).await;
    scene.bring(2).await;
    assert_eq!((scene.waiting().await, scene.kept().await), (1, 1), "one number, one notice");
    let answered = scene.carried(scene.wire(3, &ID, &["G32"], is_notice)).await;
    assert_eq!(answered, (vec![State::Replied], 1));
    assert_eq!((scene.waiting().await, scene.kept().await), (0, 0));
    assert_eq!(scene.other(4).await, State::Replied);
}

#[tokio::test]
async fn another_notice_and_that_of_another_asker_keep_waiting() {
    let scene = plenty(&[]).await;
    let raw = question(&scene, &["G32"], |header| {
        is_notice(header);
        header.asker = oin("00000099000000003000");
    });
    let inquiry = Inquiry::parse(raw, scene.clock.now()).unwrap();
    let other = Notice::of(&inquiry, NoticeId::new(ID)).unwrap();
    let (missed, replied) = (State::Unreachable(Reason::Unreachable), State::Replied);
    let note = async |state| {
        let states = [(oin(SCHOOL), state)];
        scene.broker.notices.note(&other, &states, scene.clock.now()).await.unwrap();
    };
    note(missed).await;
    scene.hear(&[away(), away()]);
    scene.bring(1).await;
    scene.carried(scene.wire(2, &[8; 16], &["G32"], is_notice)).await;
    assert_eq!(scene.waiting().await, 3);
    assert_eq!(scene.bring(3).await, State::Replied);
    assert_eq!((scene.waiting().await, scene.kept().await), (2, 2));
    scene.carried(scene.wire(4, &[8; 16], &["G32"], is_notice)).await;
    assert_eq!(scene.other(5).await, State::Unreachable(Reason::NotReady));
    note(replied).await;
    assert_eq!((scene.other(6).await, scene.kept().await), (State::Replied, 0));
}

#[tokio::test]
async fn one_notice_waits_only_for_those_that_missed_it() {
    const CARE: &str = "00000099000000004000";
    let scene = plenty(&[(CARE, away())]).await;
    scene.admit_as(CARE, "jha").await;
    let care = inbound(&scene.broker, EPOCH, CARE).await.unwrap();
    let RawInquiry { header, parts, .. } = question(&scene, &["G32"], is_notice);
    let part = parts[0].1.clone();
    let both = vec![(oin(SCHOOL), part.clone()), (oin(CARE), part)];
    let keys = [&scene.inbound, &care];
    let raw = hidden_under(&keys, InquiryId::new([1; 16]), 1, header, both);
    let routed = scene.routed(scene.wired(raw, &ID)).await.unwrap();
    let (events, _received) = mpsc::channel(16);
    let before = scene.store.commits();
    carry_out(Arc::clone(&scene.broker), routed, events).await;
    assert_eq!(scene.store.commits(), before + 1);
    assert_eq!((scene.waiting().await, scene.other(2).await), (0, State::Replied));
    assert_eq!(opening(&scene.broker, &oin(CARE)).await.unwrap().count, 1);
}

#[tokio::test]
async fn a_restart_keeps_what_waits() {
    let mut scene = plenty(&[]).await;
    scene.hear(&[away()]);
    scene.bring(1).await;
    let store = Arc::clone(&scene.broker.store);
    Arc::get_mut(&mut scene.broker).unwrap().notices = Notices::open(store).await.unwrap();
    assert_eq!(scene.waiting().await, 1);
    assert_eq!(scene.other(2).await, State::Unreachable(Reason::NotReady));
    assert_eq!((scene.bring(3).await, scene.waiting().await), (State::Replied, 0));
}

#[tokio::test]
async fn a_notice_needs_a_number_of_the_right_length_and_nothing_else_has_one() {
    let scene = plenty(&[]).await;
    let before = scene.sizes().await;
    let plain: Change = |_| {};
    for (id, category, change) in [
        (&[][..], "G32", is_notice as Change),
        (&[1; 15], "G32", is_notice),
        (&[1; 17], "G32", is_notice),
        (&ID, "G05", plain),
        (&[1; 1], "G05", plain),
    ] {
        let refused = scene.routed(scene.wire(1, id, &[category], change)).await;
        assert_eq!(refused.err(), Some(Reason::Malformed), "{id:?} {category}");
    }
    assert_eq!((scene.sizes().await, scene.calls()), (before, 0));
}

/// Else whatever is called a notice would go to a target that does not know yet what was withdrawn.
#[tokio::test]
async fn nothing_else_is_asked_as_a_notice() {
    let scene = plenty(&[]).await;
    let other_purpose: Change = |header| {
        is_notice(header);
        header.purpose = Purpose::parse("D09").unwrap();
    };
    for (categories, change) in [
        (&["G32"][..], other_purpose),
        (&["G05"], is_notice),
        (&["G32", "G05"], is_notice),
        (&["G32", "G32"], is_notice),
    ] {
        let refused = scene.routed(scene.wire(1, &ID, categories, change)).await;
        assert_eq!(refused.err(), Some(Reason::Malformed), "{categories:?}");
    }
}

#[tokio::test]
async fn a_notice_goes_to_its_end_when_its_sender_leaves() {
    for (heard, expected) in [(vec![], 0), (vec![away()], 1)] {
        let scene = plenty(&[]).await;
        scene.hear(&heard);
        let routed = scene.routed(scene.wire(1, &ID, &["G32"], is_notice)).await.unwrap();
        let (events, received) = mpsc::channel(1);
        drop(received);
        carry_out(Arc::clone(&scene.broker), routed, events).await;
        assert_eq!((scene.calls(), scene.waiting().await), (1, expected));
    }
}

/// The commit fails, with and without the write having landed.
#[tokio::test]
async fn nobody_is_told_how_a_notice_ended_before_that_is_durable() {
    for (fault, first, then) in [(Fault::Lost, 0, 1), (Fault::Landed, 1, 0)] {
        let scene = plenty(&[]).await;
        scene.hear(&[away()]);
        scene.store.fail_commit_of(b"bn/", fault);
        let told = scene.carried(scene.wire(1, &ID, &["G32"], is_notice)).await;
        assert_eq!(told, (vec![], 0), "{fault:?}");
        assert_eq!(scene.waiting().await, first, "{fault:?}");
        scene.hear(&[away()]);
        assert_eq!(scene.bring(2).await, State::Unreachable(Reason::Unreachable));
        assert_eq!(scene.waiting().await, 1);
        scene.store.fail_commit_of(b"bn/", fault);
        let told = scene.carried(scene.wire(3, &ID, &["G32"], is_notice)).await;
        assert_eq!(told, (vec![], 0), "{fault:?}");
        assert_eq!(scene.waiting().await, then, "{fault:?}");
        let other = if then == 0 { State::Replied } else { State::Unreachable(Reason::NotReady) };
        assert_eq!(scene.other(4).await, other);
        assert_eq!((scene.bring(5).await, scene.waiting().await), (State::Replied, 0));
    }
}

/// Two questions of one person a day, here.
#[tokio::test]
async fn a_notice_is_counted_as_any_question_and_never_held_up_by_the_count() {
    let scene = scene(&[(SCHOOL, away())]).await;
    for inquiry in 1..4_u8 {
        scene.bring(inquiry).await;
        let counts = scene.broker.store.scan(b"qb/", None, 10).await.unwrap();
        let expected = u64::from(inquiry).to_be_bytes();
        assert!(counts.len() == 2 && counts.iter().all(|pair| pair.value.ends_with(&expected)));
    }
    assert_eq!((scene.calls(), scene.waiting().await), (3, 1));
}

#[tokio::test]
async fn what_is_kept_is_two_agencies_and_a_random_number_and_no_more() {
    let scene = plenty(&[(SCHOOL, away())]).await;
    scene.bring(1).await;
    scene.clock.set(scene.clock.now().plus_ms(1_000));
    scene.bring(2).await;
    let kept = scene.broker.store.scan(b"bn/", None, 10).await.unwrap();
    let key = [b"bn/", SCHOOL.as_bytes(), b"/", ASKER.as_bytes(), b"/", &ID].concat();
    let [pair] = kept.as_slice() else { panic!("{}", kept.len()) };
    assert!(pair.key == key && pair.value.is_empty());
}
