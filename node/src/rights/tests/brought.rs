//! What other agencies bring to the practice, and what it brings to them.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Kind as Party, Role};
use grondslag_core::id::{Digest, InquiryId, TargetId};
use grondslag_core::rights::{AskedBy, Decided, Right};
use grondslag_evidence::store::Batch;
use grondslag_subject::Bsn;

use super::*;
use crate::fixture::{GI, OWN, UNKNOWN, VT, key_of, oin};
use crate::notices::outbox::{self, News, under_way};
use crate::own_view::asked::{Question, asked_key};
use crate::own_view::strangers;
use crate::recorded::{Kind, entry_under, term};
use crate::rights::message::{Message, Says};

fn message(id: u8, at: Timestamp, says: Says) -> Message {
    let role = Role::parse("gi.jeugdbeschermer").unwrap();
    Message { id: RequestId::new([id; 16]), case: RequestId::new([id; 16]), at, role, says }
}

fn request(target: u8, at: Timestamp) -> Says {
    Says::Request {
        right: Right::Correction,
        by: AskedBy::YoungPerson,
        target: TargetId::new([target; 16]),
        text: WRONG.into(),
        lodged_at: at,
    }
}

fn repair(targets: Vec<TargetId>) -> Says {
    Says::Repair { right: Right::FalseMatch, targets, text: MENDED.into() }
}

fn notice(number: u8, notice: v1::SignedNotice) -> Ask {
    Ask {
        role: "gi.jeugdbeschermer",
        purpose: "D26",
        kind: "Q18",
        facts: vec![],
        notice: Some(notice),
        ..Ask::guardian(&["G33"]).id(number)
    }
}

impl Practice {
    /// The guardian brings it, and what alarm it gave.
    async fn bring(&self, number: u8, message: &Message) -> String {
        let signed = message.sign(&oin(GI), KNOWN, &key_of(GI)).unwrap();
        self.bring_signed(&notice(number, signed)).await
    }

    async fn bring_signed(&self, ask: &Ask) -> String {
        assert_eq!(self.ask(ask).await, Outcome::Neutraal, "a notice is answered with nothing");
        self.alarm().await
    }

    /// The practice's own question to the guardian about somebody.
    async fn asked(&self, subject: &str) -> (InquiryId, TargetId) {
        let (agency, at) = (&self.scene.agency, self.now());
        let inquiry = InquiryId::new([42; 16]);
        let record = Question {
            inquiry,
            staff: "arts-1".to_owned().try_into().unwrap(),
            asked_at: at,
            role: Role::parse(DOCTOR).unwrap(),
            purpose: "D01".to_owned().try_into().unwrap(),
            targets: vec![(oin(GI), vec![Category::parse("G05").unwrap()])],
        };
        let body = serde_json::to_vec(&record).unwrap();
        let keys = [asked_key(&agency.secret, subject, at, &Digest::new([1; 32]))];
        let number = Bsn::parse(subject).unwrap();
        let state = strangers::put(Batch::new(), &agency.secret, &number, at);
        let entry = entry_under(agency, Kind::Asked, &body, term(false), (&keys, state)).unwrap();
        agency.ledger.append(entry).await.unwrap();
        (inquiry, TargetId::derive(&inquiry, &oin(GI)))
    }
}

#[tokio::test]
async fn a_request_about_a_question_that_was_put_is_a_case_and_its_answer_goes_back() {
    let practice = Practice::new().await;
    let asked = practice.now();
    practice.ask(&Ask::guardian(&["G05", "G16"])).await;
    let lodged = message(9, asked.plus_ms(500), request(1, asked));
    assert_eq!(practice.bring(2, &lodged).await, "");
    assert_eq!(practice.bring(3, &lodged).await, "", "the same that comes again changes nothing");
    let cases = practice.list().await;
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].side.as_str(), cases[0].other_oin.as_str()), ("holder", GI));
    assert_eq!(cases[0].categories, ["G05"], "what was given of it");
    assert_eq!(cases[0].due_ms, asked.plus_months(1).ms(), "since the person came with it");
    let id = RequestId::from_slice(&cases[0].request_id).unwrap();
    practice.decide(&practice.doctor, &id, ("granted", "")).await.unwrap();
    let waiting = under_way(practice.scene.store.as_ref()).await.unwrap();
    let answers = waiting.iter().filter_map(|(_, one)| match &one.news {
        News::Right(message) => match &message.says {
            Says::Answer { request, decided, .. } => Some((*request, *decided, one.to.clone())),
            _ => None,
        },
        News::Consent(_) => None,
    });
    let expected = (RequestId::new([9; 16]), Some(Decided::Granted), BTreeSet::from([oin(GI)]));
    assert_eq!(answers.collect::<Vec<_>>(), [expected]);
}

/// Who has no line of an own view learns not even by time that somebody is known here.
#[tokio::test]
async fn a_request_about_no_question_in_which_content_was_given_is_none() {
    let practice = Practice::new().await;
    let at = practice.now();
    practice.ask(&Ask::guardian(&["G05"])).await;
    // Refused, in review, about nobody here, an own view, and a notice: each has a number.
    practice.ask(&Ask { facts: vec![], ..Ask::guardian(&["G16"]).id(2) }).await;
    practice.ask(&Ask::veilig_thuis(&["G16"]).id(3)).await;
    practice.ask(&Ask::guardian(&["G05"]).about(UNKNOWN).id(4)).await;
    let notice_about = message(9, at, request(1, at)).sign(&oin(GI), UNKNOWN, &key_of(GI));
    practice.ask(&notice(5, notice_about.unwrap())).await;
    for (number, target) in [(12, 8), (13, 2), (14, 3), (15, 4), (16, 5)] {
        let brought = practice.bring(number, &message(9, at, request(target, at))).await;
        assert_eq!(brought, "NOT_ON_FILE", "{target}");
    }
    assert_eq!(practice.list().await.len(), 0);
    assert_eq!(practice.bring(20, &message(9, at, request(1, at))).await, "", "the control");
    assert_eq!(practice.list().await.len(), 1);
}

/// Else one message would silence a child, for a duty too.
#[tokio::test]
async fn what_another_agency_calls_somebody_elses_file_stops_nothing_by_itself() {
    let practice = Practice::new().await;
    let at = practice.now();
    practice.ask(&Ask::guardian(&["G05"])).await;
    let says = Says::Request {
        right: Right::FalseMatch,
        by: AskedBy::CustodyHolder,
        target: TargetId::new([1; 16]),
        text: WRONG.into(),
        lodged_at: at,
    };
    assert_eq!(practice.bring(2, &message(9, at, says)).await, "");
    assert_eq!(practice.ask(&Ask::guardian(&["G05"]).id(3)).await, Outcome::Verstrekt);
    // A file is another's as a whole, whatever the line was about.
    assert!(practice.list().await[0].categories.is_empty());
}

/// Nobody there could decide on it.
#[tokio::test]
async fn where_no_role_decides_a_request_is_none() {
    let mut practice = Practice::new().await;
    let at = practice.now();
    practice.ask(&Ask::guardian(&["G05"])).await;
    practice.scene.agency.kind = Party::parse("pol").unwrap();
    let brought = practice.bring(2, &message(9, at, request(1, at))).await;
    assert_eq!(brought, "ROLE_NOT_ADMITTED");
    assert_eq!(practice.list().await.len(), 0);
}

/// What others bring takes no place of the agency's own people, and is not lost.
#[tokio::test]
async fn what_is_brought_beyond_its_places_is_not_acknowledged() {
    let practice = Practice::new().await;
    let at = practice.now();
    practice.ask(&Ask::guardian(&["G05"])).await;
    let brought = u8::try_from(crate::limits::REQUESTS_OPEN_MAX.0).unwrap();
    for number in 0..brought {
        let one = message(100 + number, at, request(1, at));
        assert_eq!(practice.bring(10 + number, &one).await, "");
    }
    let one_more = message(99, at, request(1, at)).sign(&oin(GI), KNOWN, &key_of(GI)).unwrap();
    let question = practice.scene.question(&notice(99, one_more));
    assert!(answer(&practice.scene.agency, question).await.is_err(), "it is brought again");
    assert!(practice.lodge("objection").await.is_ok());
    assert_eq!(practice.list().await.len(), usize::from(brought) + 1);
}

#[tokio::test]
async fn what_is_forged_altered_of_another_or_of_later_is_not_believed() {
    let practice = Practice::new().await;
    let at = practice.now();
    practice.ask(&Ask::guardian(&["G05"])).await;
    let good = message(9, at, request(1, at));
    let (own, key) = (oin(GI), key_of(GI));
    let forged = good.sign(&own, KNOWN, &key_of(VT)).unwrap();
    let by_another = good.sign(&oin(VT), KNOWN, &key).unwrap();
    let other_person = good.sign(&own, UNKNOWN, &key).unwrap();
    let mut altered = good.sign(&own, KNOWN, &key).unwrap();
    let place = altered.content.iter().rposition(|byte| *byte == b'9').unwrap();
    altered.content[place] = b'8';
    let later = at.plus_ms(HOUR_MS);
    let later = message(9, later, request(1, later)).sign(&own, KNOWN, &key).unwrap();
    let backwards = message(9, at, request(1, at.plus_ms(1))).sign(&own, KNOWN, &key).unwrap();
    let mut other_role = good.clone();
    other_role.role = Role::parse("gi.jeugdreclasseerder").unwrap();
    let other_role = other_role.sign(&own, KNOWN, &key).unwrap();
    let nothing = message(9, at, repair(vec![])).sign(&own, KNOWN, &key).unwrap();
    for (number, (signed, reason)) in (10_u8..).zip([
        (forged, "STATEMENT_INVALID"),
        (by_another, "STATEMENT_INVALID"),
        (other_role, "STATEMENT_INVALID"),
        (altered, "STATEMENT_INVALID"),
        (other_person, "SUBJECT_MISMATCH"),
        (later, "QUESTION_FROM_FUTURE"),
        (backwards, "TIMES_INVALID"),
        (nothing, "MALFORMED"),
        (v1::SignedNotice::default(), "STATEMENT_INVALID"),
    ]) {
        assert_eq!(practice.bring_signed(&notice(number, signed)).await, reason);
    }
    assert_eq!(practice.list().await.len(), 0);
    assert_eq!(practice.bring(99, &good).await, "", "the control");
    assert_eq!(practice.list().await.len(), 1);
}

#[tokio::test]
async fn a_repair_is_shown_to_who_asked_and_only_of_what_was_asked() {
    let practice = Practice::new().await;
    let (inquiry, target) = practice.asked(KNOWN).await;
    let at = practice.now();
    let strange = repair(vec![TargetId::derive(&inquiry, &oin(OWN))]);
    assert_eq!(practice.bring(1, &message(8, at, strange)).await, "NOT_ON_FILE");
    assert_eq!(practice.bring(2, &message(9, at, repair(vec![target]))).await, "");
    let cases = practice.list().await;
    assert_eq!(cases.len(), 1);
    assert_eq!((cases[0].side.as_str(), cases[0].right.as_str()), ("receiver", "false_match"));
    assert_eq!(cases[0].given_in[0].inquiry_id, inquiry.as_bytes());
    assert_eq!(cases[0].given_in[0].staff_id, "arts-1");
    let id = RequestId::from_slice(&cases[0].request_id).unwrap();
    let decided = practice.decide(&practice.colleague, &id, ("granted", "")).await;
    assert_eq!(decided, Err(Reason::UnknownRequest), "who received the data does not decide");
    practice.close(&id).await.unwrap();
    assert_eq!(practice.close(&id).await, Err(Reason::RequestSettled));
    assert_eq!(practice.one(&id).await.state, "closed");
    // The same once more changes nothing; another repair of the same data is to be looked at.
    assert_eq!(practice.bring(3, &message(10, at, repair(vec![target]))).await, "");
    assert_eq!(practice.one(&id).await.state, "closed");
    let later = practice.now();
    assert_eq!(practice.bring(4, &message(11, later, repair(vec![target]))).await, "");
    assert_eq!(practice.one(&id).await.state, "open");
    assert_eq!(practice.list().await.len(), 1, "one case for each question");
}

/// A practice that asked about somebody who is no client of it is told too.
#[tokio::test]
async fn a_repair_reaches_who_asked_about_a_stranger_and_leaves_no_more_than_a_miss() {
    let practice = Practice::new().await;
    practice.scene.agency.index.tend(true).await.unwrap();
    let (_, target) = practice.asked(UNKNOWN).await;
    practice.scene.agency.index.tend(true).await.unwrap();
    let at = practice.now();
    let brought = message(9, at, repair(vec![target]));
    let size = async || practice.scene.agency.ledger.size().await.unwrap();
    let bring = async |number, of: &'static str| {
        let signed = brought.sign(&oin(GI), of, &key_of(GI)).unwrap();
        let before = size().await;
        practice.bring_signed(&notice(number, signed).about(of)).await;
        size().await - before
    };
    let miss = bring(1, "999940028").await;
    assert_eq!(practice.list().await.len(), 0);
    assert_eq!(bring(2, UNKNOWN).await, miss);
    assert_eq!(practice.list().await.len(), 1);
}

#[tokio::test]
async fn what_became_of_a_request_counts_from_who_holds_the_data_alone() {
    let practice = Practice::new().await;
    let elsewhere = |holder: &str| v1::LodgeRequestRequest {
        holder_oin: holder.into(),
        target_id: vec![1; 16],
        ..wanted("correction")
    };
    let strange = elsewhere("00000099000000009000");
    let lodged = practice.lodge_as(&practice.doctor, strange).await;
    assert_eq!(lodged, Err(Reason::UnknownAgency));
    let unmet = practice.lodge_as(
        &practice.doctor,
        v1::LodgeRequestRequest { subject: UNKNOWN.into(), ..elsewhere(GI) },
    );
    assert_eq!(unmet.await, Err(Reason::NotOnFile), "its answer could not come back");
    let to_vt = practice.lodge_as(&practice.doctor, elsewhere(VT)).await.unwrap();
    let id = practice.lodge_as(&practice.doctor, elsewhere(GI)).await.unwrap();
    assert_eq!(practice.one(&id).await.waiting_oins, [GI]);
    let at = practice.now();
    let answer = |request, decided, due| Says::Answer {
        request,
        decided,
        ground: None,
        text: MENDED.into(),
        due,
    };
    let granted = |request| answer(request, Some(Decided::Granted), at);
    assert_eq!(practice.bring(1, &message(1, at, granted(to_vt))).await, "UNKNOWN_REQUEST");
    let nothing = RequestId::new([3; 16]);
    assert_eq!(practice.bring(2, &message(2, at, granted(nothing))).await, "UNKNOWN_REQUEST");
    for number in [3, 6] {
        let longer = answer(id, None, at.plus_calendar(9, 0));
        assert_eq!(practice.bring(number, &message(number, at, longer)).await, "");
    }
    let extended = practice.one(&id).await;
    assert_eq!(extended.state, "extended");
    assert_eq!(extended.due_ms, at.plus_months(3).ms(), "no longer than by law");
    assert_eq!(practice.bring(4, &message(4, at, granted(id))).await, "");
    assert_eq!(practice.one(&id).await.decided, "granted");
    let refused = answer(id, Some(Decided::Refused), at);
    assert_eq!(practice.bring(5, &message(5, at, refused)).await, "");
    assert_eq!(practice.one(&id).await.decided, "granted", "the first stands");
    practice.close(&id).await.unwrap();
    // One to which nobody answers is closed too, and its notice goes with it.
    practice.close(&to_vt).await.unwrap();
    outbox::tidy(&practice.scene.agency).await.unwrap();
    assert_eq!(under_way(practice.scene.store.as_ref()).await.unwrap().len(), 0);
}
