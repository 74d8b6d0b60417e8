//! What changes, fails or is lost between a decision and what is said of it.

use grondslag_core::answer::{Line, Outcome};
use grondslag_evidence::store::faulty::Fault;

use super::*;
use crate::consent::store;

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
    let signer = practice.scene.question(&Ask::veilig_thuis(&categories).id(2)).header.role;
    let word = signer.as_str().as_bytes();
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
    *practice.scene.listing.delivered.lock().unwrap() = None;
    let header = &put.question.header;
    let next = next_slot(practice.scene.clock.now(), header.urgency, header.times.answer_by);
    practice.scene.clock.set(next.unwrap());
    for _ in 0..2 {
        let _away = slots::tend(&practice.scene.agency).await;
    }
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
async fn without_an_act_what_waited_for_the_broker_leaves() {
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    assert!(matches!(&said[0].as_ref().unwrap().lines[..], [Line::Content { .. }]));
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
    assert_eq!(practice.shows(&other).await.unwrap_err(), Reason::UnknownItem, "a miss");
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
        let again = practice.decides(&put, &[give("G16", "T3")]).await;
        assert_eq!(again, if landed { Err(Reason::ItemDecided) } else { Ok("decided") });
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
        assert_eq!(counts, (1, 1), "{fault:?}");
    }
}

/// A register that is not whole at the slot keeps what was decided until it is.
#[tokio::test]
async fn what_cannot_be_said_in_one_slot_is_said_in_the_next() {
    use crate::records::SourceFault;
    let practice = Practice::new().await;
    let put = practice.asked(&Ask::guardian(&["G16"])).await;
    practice.decides(&put, &[give("G16", "T3")]).await.unwrap();
    let ready = *practice.scene.shelf.ready.lock().unwrap();
    *practice.scene.shelf.ready.lock().unwrap() = Err(SourceFault::NotReady);
    practice.next_slot(&put).await;
    *practice.scene.shelf.ready.lock().unwrap() = ready;
    practice.next_slot(&put).await;
    let said = practice.said(&put);
    assert!(said[0].is_none() && said[1].is_some(), "{said:?}");
    let told = format!("{GI} {said:?}");
    assert!(!told.contains("Astma"), "an answer is not printed");
}
