//! What a person sees when the broker or a node lies. The broker here signs whatever it is told
//! to, and the nodes answer "nothing that may be told" unless a test says otherwise.

mod late;
mod liar;
mod notices;

use grondslag_core::answer::Outcome;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Pseudonym, StaffId};
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::tier::{Level, Urgency};
use grondslag_core::watch::Contrast;
use grondslag_subject::Bsn;

use self::liar::{Liar, Lie};
use super::*;
use crate::asks::attested::decided;
use crate::asks::compose::header;
use crate::asks::inquiries::Stage;
use crate::asks::wish::Subject;
use crate::fixture::{BROKER, GI, KNOWN, OWN, Scene, VT, key_of, moment, oin, with_log};
use crate::limits::HEAD_WAIT_MS;
use crate::watch::Shown;

/// How many leaves of the broker's ledger the node saw before it asks.
const SEEN: u64 = 3;

/// Veilig Thuis is asked whether it knows the child; the ledger's size before and after.
async fn pursue(lie: Lie) -> (Vec<v1::DeskEvent>, u64) {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(lie, now, &agency);
    see_heads(&agency);
    let before = agency.ledger.size().await.unwrap();
    let agency = Arc::new(agency);
    let (events, mut received) = mpsc::channel(64);
    pursuit(&agency, now).run(events).await;
    let mut seen = Vec::new();
    while let Some(event) = received.recv().await {
        seen.push(event);
    }
    let written = agency.ledger.size().await.unwrap() - before;
    (seen, written)
}

/// The node sees the broker's ledger as it is before the question.
fn see_heads(agency: &Agency) {
    let head = with_log(|log, _| {
        for n in 0..SEEN {
            log.push(Digest::of(&[b"seen".as_slice(), &n.to_be_bytes()].concat()));
        }
        log.checkpoint()
    });
    let key = key_of(BROKER).verifying_key().to_bytes();
    let shown = Shown { head: &head, from: 0, proof: &[], key: &key };
    agency.watching.take_attested(shown).unwrap();
}

fn pursuit(agency: &Arc<Agency>, now: Timestamp) -> Pursuit {
    let category = |code: &str| Category::parse(code).unwrap();
    let wish = Wish {
        subject: Subject::Person(Bsn::parse(KNOWN).unwrap()),
        role: "gi.jeugdbeschermer".to_owned().try_into().unwrap(),
        purpose: "D09".to_owned().try_into().unwrap(),
        kind: "Q02".to_owned().try_into().unwrap(),
        urgency: Urgency::Standard,
        level: Level::Person,
        break_glass: false,
        grounds: vec![],
        targets: vec![(oin(VT), vec![category("G05")])],
        necessity: "Nodig om de veiligheid van het kind te beoordelen.".into(),
        reference: String::new(),
        facts: BTreeMap::from([("measure".into(), "ots".into())]),
        term_minutes: 0,
        carries: None,
        escalation: None,
    };
    let staff = Pseudonym::new([4; 16]);
    let header = header(agency, staff, &wish, now, now.plus_ms(86_400_000), &[]);
    let summary = Summary {
        id: InquiryId::new([5; 16]),
        asked_at: now,
        staff: StaffId::parse("someone").unwrap(),
        role: wish.role.clone(),
        purpose: wish.purpose.clone(),
        targets: 1,
        replied: 0,
        stage: Stage::Asked,
    };
    let agency = Arc::clone(agency);
    Pursuit { agency, wish, header, cosigned: vec![], summary, draft: None, lang: Lang::En }
}

fn line_of(events: &[v1::DeskEvent]) -> &v1::AgencyLine {
    let mut lines = events.iter().filter_map(|event| match &event.event {
        Some(v1::desk_event::Event::Line(line)) => Some(line),
        _ => None,
    });
    let line = lines.next().expect("a line");
    assert!(lines.next().is_none(), "one line per agency");
    line
}

#[tokio::test]
async fn an_honest_answer_is_shown_and_recorded() {
    let (events, written) = pursue(Lie::Nothing).await;
    let line = line_of(&events);
    assert_eq!((line.state.as_str(), line.reason.as_str()), ("replied", ""));
    assert_eq!(line.outcome, Outcome::Neutraal.word());
    let fortnight = moment("2026-09-15T09:00").plus_calendar(0, 14);
    assert_eq!(line.discard_by_ms, fortnight.ms(), "the term of a received answer");
    assert_eq!(written, 3, "asked, answered and closed");
}

#[tokio::test]
async fn what_is_not_proved_is_discarded_unseen_and_alarms() {
    for (lie, reason) in [
        (Lie::AnotherChild, "SUBJECT_MISMATCH"),
        (Lie::AnotherSigner, "ANSWER_INVALID"),
        (Lie::AnotherQuestion, "ANSWER_INVALID"),
        (Lie::SealedForAnother, "SEAL_INVALID"),
        (Lie::AnotherLength, "ANSWER_INVALID"),
        (Lie::AnotherCategory, "ANSWER_INVALID"),
        (Lie::Later, "ANSWER_INVALID"),
        (Lie::NoProof, "RECEIPT_INVALID"),
        (Lie::SaysNothing, "RECEIPT_INVALID"),
        (Lie::AnotherAnswerProved, "RECEIPT_INVALID"),
        (Lie::AnotherQuestionProved, "RECEIPT_INVALID"),
        (Lie::AnotherTree, "RECEIPT_INVALID"),
        (Lie::AnothersLedger, "RECEIPT_INVALID"),
        (Lie::AnotherRegion, "RECEIPT_INVALID"),
        (Lie::AnotherPlace, "RECEIPT_INVALID"),
        (Lie::AnotherRecord, "RECEIPT_INVALID"),
        (Lie::AnotherHeader, "HEADER_MISMATCH"),
        (Lie::AnotherAttester, "ATTESTATION_INVALID"),
        (Lie::AnotherLog, "ATTESTATION_INVALID"),
        (Lie::ShortTree, "ATTESTATION_INVALID"),
        (Lie::RefusesWhatIsAllowed, "BROKER_DECISION_MISMATCH"),
        (Lie::RefusesWithoutReason, "BROKER_DECISION_MISMATCH"),
        (Lie::LowersTheCap, "BROKER_DECISION_MISMATCH"),
        (Lie::AsksNobody, "BROKER_DECISION_MISMATCH"),
    ] {
        let (events, written) = pursue(lie).await;
        let line = line_of(&events);
        assert_eq!((line.state.as_str(), line.reason.as_str()), ("unreachable", reason), "{lie:?}");
        assert!(line.outcome.is_empty(), "{lie:?}");
        assert_eq!(written, 3, "asked, alarmed and closed: {lie:?}");
    }
}

/// No target is shown the tree that a refusal is attested in: the asker is the only one to see it.
#[tokio::test]
async fn a_tree_that_contradicts_what_was_seen_is_kept_and_stops_the_node() {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::TwoRoots, now, &agency);
    see_heads(&agency);
    let agency = Arc::new(agency);
    let before = agency.ledger.size().await.unwrap();
    let ask = async || {
        let (events, mut received) = mpsc::channel(64);
        pursuit(&agency, now).run(events).await;
        let mut seen = Vec::new();
        while let Some(event) = received.recv().await {
            seen.push(event);
        }
        assert_eq!(line_of(&seen).reason, "LEDGER_FORK");
        agency.ledger.size().await.unwrap() - before
    };
    assert_eq!(ask().await, 4, "asked, the contradiction, an alarm and closed");
    let found = agency.watching.fork().unwrap();
    assert_eq!(found.contrast(), Some(Contrast::TwoRoots));
    assert_eq!(ask().await, 6, "it is said once");
}

/// A founding may be on its way: what is attested behind it is not believed yet, and nobody lied.
#[tokio::test]
async fn a_decision_in_the_next_log_is_not_believed_before_its_founding_is_met() {
    let (events, written) = pursue(Lie::NextLog).await;
    let line = line_of(&events);
    assert_eq!((line.state.as_str(), line.reason.as_str()), ("unreachable", "NOT_READY"));
    assert!(line.outcome.is_empty());
    assert_eq!(written, 2, "asked and closed");
}

/// Also one that the rules do not bear out: it is evidence against the broker.
#[tokio::test]
async fn what_the_broker_attested_is_kept_with_its_proof_until_the_term_ends() {
    for lie in [Lie::Nothing, Lie::Shut, Lie::RefusesWhatIsAllowed] {
        let Scene { mut agency, clock, .. } = Scene::new().await;
        let now = grondslag_core::clock::Clock::now(clock.as_ref());
        agency.broker_link = Liar::new(lie, now, &agency);
        let agency = Arc::new(agency);
        let (events, mut received) = mpsc::channel(64);
        pursuit(&agency, now).run(events).await;
        while received.recv().await.is_some() {}
        let found = decided(agency.store.as_ref(), agency.ledger.as_ref(), 0).await.unwrap();
        let ([kept], Some(_)) = (found.0.as_slice(), found.1) else { panic!("{lie:?}") };
        with_log(|log, _| assert_eq!(kept.head, log.checkpoint(), "{lie:?}"));
        let tree = kept.head.checkpoint().tree();
        verify_inclusion(&kept.entry, kept.place, &tree, &kept.path).unwrap();
    }
}

/// A key that the broker did not prove may be one of which it knows the secret.
#[tokio::test]
async fn a_target_whose_key_was_not_proved_is_left_out_and_alarms_and_the_others_are_asked() {
    for (unproven, asked) in [(vec![GI], true), (vec![GI, VT], false)] {
        let Scene { mut agency, clock, listing, .. } = Scene::new().await;
        let now = grondslag_core::clock::Clock::now(clock.as_ref());
        listing.holder.unproven.lock().unwrap().extend(unproven.iter().map(|who| oin(who)));
        agency.refresh_epoch().await.unwrap();
        agency.broker_link = Liar::new(Lie::Nothing, now, &agency);
        let before = agency.ledger.size().await.unwrap();
        let agency = Arc::new(agency);
        let (events, mut received) = mpsc::channel(64);
        let mut pursuit = pursuit(&agency, now);
        let categories = pursuit.wish.targets[0].1.clone();
        pursuit.wish.targets.push((oin(GI), categories));
        pursuit.run(events).await;
        let mut lines = BTreeMap::new();
        while let Some(event) = received.recv().await {
            if let Some(v1::desk_event::Event::Line(line)) = event.event {
                lines.insert(line.oin, (line.state, line.reason));
            }
        }
        for who in &unproven {
            let (state, reason) = &lines[*who];
            assert_eq!((state.as_str(), reason.as_str()), ("unreachable", "INBOUND_KEY_UNPROVEN"));
        }
        let others = lines.values().filter(|(state, _)| state == "replied").count();
        assert_eq!(others, usize::from(asked));
        // Asked, answered and closed, and one alarm for each that is left out.
        let alarms = u64::try_from(unproven.len()).unwrap();
        let written = agency.ledger.size().await.unwrap() - before;
        assert_eq!(written, alarms + if asked { 3 } else { 0 });
    }
}

#[tokio::test]
async fn silence_is_shown_as_not_reached_and_never_as_nothing() {
    for lie in [Lie::Silence, Lie::EmptyReply] {
        let (events, _) = pursue(lie).await;
        let line = line_of(&events);
        assert_eq!(line.state, "unreachable", "{lie:?}");
        assert!(line.lines.is_empty() && line.outcome.is_empty());
    }
}

#[tokio::test]
async fn a_target_that_the_broker_cannot_deal_with_is_not_refused_by_rule() {
    let (events, written) = pursue(Lie::Shut).await;
    let line = line_of(&events);
    assert_eq!((line.state.as_str(), line.reason.as_str()), ("unreachable", "AGENCY_SUSPENDED"));
    assert!(line.lines.is_empty());
    assert_eq!(written, 2, "asked and closed; nobody lied");
}

#[tokio::test]
async fn a_flood_of_bad_decisions_alarms_once() {
    let (events, written) = pursue(Lie::Flood).await;
    assert_eq!(line_of(&events).reason, "HEADER_MISMATCH");
    assert_eq!(written, 3, "asked, alarmed and closed");
}

#[tokio::test]
async fn a_target_that_was_not_ready_is_asked_once_more() {
    let (events, _) = pursue(Lie::NotReadyOnce).await;
    assert_eq!(line_of(&events).state, "replied");
}

#[tokio::test]
async fn the_first_reply_counts_and_a_second_one_is_not_shown() {
    let (events, _) = pursue(Lie::Twice).await;
    assert_eq!(line_of(&events).outcome, Outcome::Neutraal.word());
}

#[tokio::test]
async fn invariant_06_a_question_that_cannot_be_recorded_does_not_go_out() {
    let Scene { mut agency, clock, store, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::Nothing, now, &agency);
    store.fail_commit(1, grondslag_evidence::store::faulty::Fault::Lost);
    let agency = Arc::new(agency);
    let (events, mut received) = mpsc::channel(64);
    pursuit(&agency, now).run(events).await;
    let first = received.recv().await.unwrap().event.unwrap();
    assert!(matches!(first, v1::desk_event::Event::Refusal(_)));
    assert!(received.recv().await.is_none());
    assert_eq!(agency.oin, oin(OWN));
}

/// Should this process end before the question is closed, its later replies can be fetched still.
#[tokio::test]
async fn a_question_can_be_followed_from_before_it_is_sent_and_anew_after() {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::AnotherChild, now, &agency);
    let agency = Arc::new(agency);
    let followed = async || agency.store.scan(b"n/f/", None, 10).await.unwrap().len();
    let (events, mut received) = mpsc::channel(1);
    let under_way = tokio::spawn(pursuit(&agency, now).run(events));
    assert!(received.recv().await.is_some(), "it started");
    assert_eq!(followed().await, 1);
    while received.recv().await.is_some() {}
    under_way.await.unwrap();
    assert_eq!(followed().await, 1, "of nobody who lied, and the person sees so");
    // The same question once more, as a draft that was not taken before.
    let (events, mut received) = mpsc::channel(64);
    pursuit(&agency, now).run(events).await;
    assert!(received.recv().await.is_some());
    assert_eq!(followed().await, 1);
}

/// A question about a made-up subject is judged as any other: what may just have been founded is
/// waited for.
#[tokio::test]
async fn a_canary_waits_for_the_founding_of_a_log_as_any_question_does() {
    let Scene { mut agency, clock, .. } = Scene::new().await;
    let now = grondslag_core::clock::Clock::now(clock.as_ref());
    agency.broker_link = Liar::new(Lie::NextLog, now, &agency);
    let agency = Arc::new(agency);
    agency.habits.note(&pursuit(&agency, now));
    let (began, before) = (Instant::now(), agency.ledger.size().await.unwrap());
    let tested = agency.test_mapping().await.unwrap().unwrap();
    assert!(began.elapsed() >= Duration::from_millis(HEAD_WAIT_MS), "{:?}", began.elapsed());
    assert!(tested.met.is_empty() && tested.wrong.is_empty(), "{tested:?}");
    assert_eq!(agency.ledger.size().await.unwrap() - before, 1, "asked, and nobody lied");
}
