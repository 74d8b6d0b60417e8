//! What changes, fails or is lost between a decision and what is said of it.

use grondslag_core::answer::{Line, Outcome};
use grondslag_evidence::store::faulty::Fault;

use super::*;
use crate::consent::store;
use crate::limits::OUTBOX_FRESH_MS;
use crate::restore::Standing;

impl Practice {
    /// The next slot comes while the broker is away.
    async fn slot_without_broker(&self, put: &Put) {
        *self.scene.listing.delivered.lock().unwrap() = None;
        let header = &put.question.header;
        let next = next_slot(self.scene.clock.now(), header.urgency, header.times.answer_by);
        self.scene.clock.set(next.unwrap());
        for _ in 0..2 {
            let _away = slots::tend(&self.scene.agency).await;
        }
    }
}

#[tokio::test]
async fn invariant_04_a_review_and_a_miss_leave_rows_of_the_same_length() {
    let practice = Practice::new().await;
    let categories = ["G05", "G06", "G08"];
    practice.asked(&Ask::veilig_thuis(&categories).id(1)).await;
    practice.asked(&Ask::veilig_thuis(&categories).id(2).about(UNKNOWN)).await;
    let length = async |prefix: &[u8], id: u8| {
        let row = key(prefix, &TargetId::new([id; 16]));
        let body = parts::read_body(practice.scene.store.as_ref(), &row);
        body.await.unwrap().map(|body| body.len())
    };
    let reviewed = (length(REVIEWS, 1).await, length(QUESTIONS, 1).await);
    let missed = (length(OTHERS, 2).await, length(QUESTIONS, 2).await);
    assert!(reviewed.0.is_some() && reviewed == missed, "{reviewed:?} {missed:?}");
    assert_eq!((length(OTHERS, 1).await, length(REVIEWS, 2).await), (None, None));
    // Nothing of a question about somebody who is not known here is kept.
    let row = key(QUESTIONS, &TargetId::new([2; 16]));
    let noise = parts::read_body(practice.scene.store.as_ref(), &row);
    let noise = noise.await.unwrap().unwrap();
    let role = practice.scene.question(&Ask::veilig_thuis(&categories).id(2)).header.role;
    let word = role.as_str().as_bytes();
    assert!(!noise.windows(word.len()).any(|part| part == word));
}

/// What rested on a consent is not said once it was withdrawn, whatever was decided before.
#[tokio::test]
async fn a_consent_that_is_withdrawn_after_the_decision_counts() {
    let practice = Practice::new().await;
    practice.scene.shelf.fact("secrecy_consent", "given");
    practice.scene.shelf.fact("known_to_staff", "yes");
    let put = practice.asked(&by_consent()).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    practice.changes(&practice.colleague, &put, Change::Confirmed(true)).await.unwrap();
    let shelf = &practice.scene.shelf;
    shelf.facts.lock().unwrap().retain(|fact| fact.column != "secrecy_consent");
    practice.scene.shelf.fact("secrecy_consent", "withdrawn");
    practice.next_slot(&put).await;
    assert_eq!(practice.said(&put), [None]);
    let told = released(&practice.scene.agency, &put.question.id).await.unwrap().unwrap();
    assert_eq!(told[0].outcome.word(), "refused");
}

/// A message that waits for a broker that is away does not leave after an act in the consent
/// register: nothing does in its place, and in the next slot it is decided anew.
#[tokio::test]
async fn what_waits_for_the_broker_does_not_leave_after_an_act_in_the_consent_register() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    practice.slot_without_broker(&put).await;
    assert_eq!(practice.records(Record::Released).await, 1);
    let act = store::raise(practice.scene.store.as_ref()).await.unwrap();
    practice.scene.store.commit(act).await.unwrap();
    *practice.scene.listing.delivered.lock().unwrap() = Some(Vec::new());
    practice.turn().await;
    assert_eq!(practice.said(&put), [None], "it says nothing");
    assert_eq!(practice.records(Record::Released).await, 2, "and that it did not leave stands");
    let told = released(&practice.scene.agency, &put.question.id).await.unwrap().unwrap();
    assert_eq!(told[0].outcome.word(), "in_review");
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    assert_eq!(said[1].as_ref().map(|answer| answer.outcome), Some(Outcome::Verstrekt));
}

#[tokio::test]
async fn without_an_act_what_waited_for_the_broker_leaves_unless_it_waited_for_long() {
    for (waited_ms, leaves) in [(0, true), (OUTBOX_FRESH_MS, true), (OUTBOX_FRESH_MS + 1, false)] {
        let practice = Practice::new().await;
        let put = practice.asked(&Ask::guardian(&["G16"])).await;
        practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
        practice.slot_without_broker(&put).await;
        practice.scene.clock.set(practice.scene.clock.now().plus_ms(waited_ms));
        *practice.scene.listing.delivered.lock().unwrap() = Some(Vec::new());
        practice.turn().await;
        let said: Vec<bool> = practice.said(&put).iter().map(Option::is_some).collect();
        assert_eq!(said, [leaves], "{waited_ms}");
    }
}

#[tokio::test]
async fn who_has_left_the_register_is_not_spoken_of() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    practice.scene.shelf.numbers.lock().unwrap().clear();
    practice.next_slot(&put).await;
    assert_eq!(practice.said(&put), [None]);
    let other = practice.asked(&Ask::guardian(&["G16"]).id(2)).await;
    assert_eq!(practice.shows(&other).await.unwrap_err(), Reason::UnknownReview, "a miss");
    // The asker was told of the review, and heard nothing: at the end they are told so.
    for _ in 0..3 {
        practice.next_slot(&put).await;
    }
    let said = practice.said(&put);
    assert_eq!(said[3].as_ref().map(|answer| answer.outcome), Some(Outcome::Verlopen));
}

/// A disk that fails at the decision or at what is said of it, be the write lost or its
/// acknowledgement: nothing is said that is not recorded, nothing is lost, and nothing said twice.
#[tokio::test]
async fn a_disk_that_fails_loses_no_decision_and_says_nothing_twice() {
    for fault in [Fault::Lost, Fault::Landed] {
        let practice = Practice::new().await;
        let put = practice.asked(&Ask::guardian(&["G16"])).await;
        practice.scene.store.fail_commit_of(REVIEWS, fault);
        assert!(practice.decides(&put, &[give("G16", "T3")]).await.is_err());
        let landed = fault == Fault::Landed;
        // It may stand already, and is then decided once more.
        let again = practice.decides(&put, &[give("G16", "T3")]).await;
        assert_eq!(again, Ok("decided"));
        let header = &put.question.header;
        let next = next_slot(practice.scene.clock.now(), header.urgency, header.times.answer_by);
        practice.scene.clock.set(next.unwrap());
        practice.scene.store.fail_commit_of(b"so/", fault);
        for _ in 0..3 {
            let _may_fail = slots::tend(&practice.scene.agency).await;
        }
        practice.next_slot(&put).await;
        let said: Vec<bool> = practice.said(&put).iter().map(Option::is_some).collect();
        // A slot that failed stays silent, and the next one says it.
        let expected = if landed { vec![true, false] } else { vec![false, true] };
        assert_eq!(said, expected, "{fault:?}");
        let counts =
            (practice.records(Record::Reviewed).await, practice.records(Record::Released).await);
        assert_eq!(counts, (1 + usize::from(landed), 1), "{fault:?}");
    }
}

/// What holds up a first answer holds up a later one, of a child who is known here and of one who
/// is not.
#[tokio::test]
async fn a_node_that_may_not_answer_sends_no_later_reply_either() {
    use crate::consent::CaughtUp;
    use crate::records::SourceFault;
    let mut practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"]).id(1)).await;
    let missed = practice.asked(&Ask::guardian(&["G16"]).id(2).about(UNKNOWN)).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    let asked_at = put.question.header.times.asked_at;
    let restored = Standing { asked_from: Some(asked_at.plus_ms(1)), ..Standing::default() };
    practice.scene.agency.restored = restored;
    assert_eq!(practice.shows(&put).await.unwrap_err(), Reason::AskedBeforeRestore);
    practice.scene.agency.restored = Standing { unconfirmed: true, ..Standing::default() };
    let header = &put.question.header;
    let next = next_slot(practice.scene.clock.now(), header.urgency, header.times.answer_by);
    practice.scene.clock.set(next.unwrap());
    let tends = async |practice: &Practice| slots::tend(&practice.scene.agency).await;
    assert_eq!(tends(&practice).await, Err(Reason::NotReady));
    practice.scene.agency.restored = Standing::default();
    practice.scene.agency.caught_up = CaughtUp::default();
    assert_eq!(tends(&practice).await, Err(Reason::NotReady));
    practice.scene.agency.caught_up = CaughtUp::with(0);
    let ready = *practice.scene.shelf.ready.lock().unwrap();
    *practice.scene.shelf.ready.lock().unwrap() = Err(SourceFault::NotReady);
    assert_eq!(tends(&practice).await, Err(Reason::NotReady));
    *practice.scene.shelf.ready.lock().unwrap() = ready;
    practice.turn().await;
    practice.turn().await;
    assert_eq!(practice.said(&missed), [None]);
    assert!(matches!(practice.said(&put).as_slice(), [Some(_)]));
}

/// Files that nobody saw when it was decided, and people who may not act any more.
#[tokio::test]
async fn a_decision_gives_what_was_seen_and_stands_while_its_people_may_act() {
    let practice = Practice::new().await;
    practice.scene.shelf.record("G18", Whose::Child, &[(Tier::T3, "Middelen.")]);
    let put = practice.asked(&Ask::guardian(&["G18"]).id(1)).await;
    practice.decides(&put, &[give("G18", "T3")]).await.unwrap();
    practice.scene.shelf.record("G18", Whose::Parent, &[(Tier::T3, "Van de ouder.")]);
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    let Some(Line::Content { entries, .. }) = said[0].as_ref().map(|one| &one.lines[0]) else {
        panic!("content")
    };
    assert!(entries.iter().all(|entry| entry.about == Whose::Child) && entries.len() == 1);
    let other = practice.asked(&Ask::guardian(&["G16"]).id(2)).await;
    practice.decides(&other, &[give("G16", "T3")]).await.unwrap();
    let id = StaffId::parse("arts-1").unwrap();
    practice.scene.agency.staff.revoke(&id).await.unwrap();
    practice.next_slot(&other).await;
    assert_eq!(practice.said(&other), [None]);
    let request = v1::ListItemsRequest { role: DOCTOR.into(), all: false };
    let (open, _) = practice.inbox().list(&practice.colleague, &request).await.unwrap();
    assert!(open.iter().any(|item| item.target_id == [2; 16]), "it is open again");
}

/// The rules want a second person since it was decided.
#[tokio::test]
async fn a_second_person_who_is_wanted_later_is_waited_for() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    assert_eq!(practice.decides(&put, &[give("G16", "T3")]).await, Ok("decided"));
    practice.scene.shelf.fact("known_to_staff", "yes");
    practice.next_slot(&put).await;
    assert_eq!(practice.said(&put), [None]);
    assert_eq!(practice.listed(false).await[0].state, "second");
    practice.changes(&practice.colleague, &put, Change::Confirmed(true)).await.unwrap();
    practice.next_slot(&put).await;
    assert!(practice.said(&put)[1].is_some());
}

/// A row that cannot be read keeps no other question from its slots, and goes with its term.
#[tokio::test]
async fn a_damaged_row_holds_up_nothing() {
    let practice = Practice::new().await;
    let damaged = practice.asked(&Ask::guardian(&["G16"]).id(1)).await;
    let whole = practice.asked(&Ask::guardian(&["G16"]).id(2)).await;
    practice.decides(&whole, &[give("G16", "T3")]).await.unwrap();
    let row = key(REVIEWS, &damaged.question.id);
    let seen = parts::read_seen(practice.scene.store.as_ref(), &row).await.unwrap().unwrap();
    let batch = parts::delete_seen(Batch::new(), &row, &seen);
    let batch = parts::put_body(batch, &row, b"{").unwrap();
    practice.scene.store.commit(batch).await.unwrap();
    assert_eq!(state(&practice.scene.agency).await.unwrap_err(), Reason::StoreCorrupt);
    for _ in 0..4 {
        practice.next_slot(&whole).await;
    }
    assert!(practice.said(&whole)[0].is_some());
    assert_eq!(practice.said(&damaged), [None, None, None, None]);
    assert_eq!(rows_under(&practice.scene, REVIEWS).await, 0);
}

/// A ledger begins anew after a restore: another leaf stands where the decision stood, or none.
#[tokio::test]
async fn a_decision_that_is_not_in_the_ledger_is_not_said_and_is_taken_again() {
    for leaf in [0, 1_000_000] {
        let practice = Practice::new().await;
        let put = practice.asked(&Ask::guardian(&["G16"])).await;
        practice.decides(&put, &[withhold("G16", "bw-7:457", true)]).await.unwrap();
        let store = practice.scene.store.as_ref();
        let (item, seen) = find(store, &put.question.id).await.unwrap().unwrap();
        let judged = item.judged.clone().map(|judged| Judged { leaf, ..judged });
        let moved = Item { judged, ..item };
        store.commit(moved.put_again(&seen).unwrap()).await.unwrap();
        practice.next_slot(&put).await;
        assert_eq!(practice.said(&put), [None], "{leaf}");
        assert_eq!(practice.listed(false).await[0].state, "waiting");
        practice.decides(&put, &[withhold("G16", "bw-7:457", true)]).await.unwrap();
        practice.next_slot(&put).await;
        assert!(practice.said(&put)[1].is_some(), "{leaf}");
    }
}
