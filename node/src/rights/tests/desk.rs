//! What the practice's own people do with requests.

use grondslag_core::reason::Reason;
use grondslag_evidence::store::Store as _;

use super::*;
use crate::answers::answering::Stop;
use crate::fixture::{GI, UNKNOWN, VT};
use crate::notices::outbox::under_way;
use crate::rights::{state, tend};

#[tokio::test]
async fn while_it_may_be_another_childs_file_nothing_of_it_is_told() {
    let practice = Practice::new().await;
    let question = practice.scene.question(&Ask::guardian(&["G05"]));
    let agency = &practice.scene.agency;
    assert!(answer(agency, question.clone()).await.is_ok());
    assert!(answer(agency, question.clone()).await.is_ok(), "the same again, while nothing is new");
    let id = practice.lodge("false_match").await.unwrap();
    // The answer of before is not given once more.
    let again = answer(agency, question).await.err();
    assert_eq!(again, Some(Stop::Refused(Reason::ConsentChanged)));
    let neutral = practice.ask(&Ask::guardian(&["G05"]).id(2)).await;
    assert_eq!(neutral, Outcome::Neutraal, "also where a law gives the right to it");
    let granted = practice.decide(&practice.colleague, &id, ("granted", "")).await;
    assert_eq!(granted, Err(Reason::StillOnFile));
    let refused = practice.decide(&practice.colleague, &id, ("refused", "accurate")).await;
    assert_eq!(refused, Ok(vec![]));
    assert_eq!(practice.ask(&Ask::guardian(&["G05"]).id(3)).await, Outcome::Verstrekt);
}

#[tokio::test]
async fn whoever_was_given_another_childs_data_is_told_and_nobody_else() {
    let practice = Practice::new().await;
    practice.ask(&Ask::guardian(&["G05"])).await;
    practice.ask(&Ask::guardian(&["G05"]).id(2)).await;
    // Refused, and so nothing to take back.
    practice.ask(&Ask { facts: vec![], ..Ask::veilig_thuis(&["G16"]).id(3) }).await;
    let id = practice.lodge("false_match").await.unwrap();
    practice.scene.shelf.numbers.lock().unwrap().clear();
    let told = practice.decide(&practice.colleague, &id, ("granted", "")).await;
    assert_eq!(told, Ok(vec![GI.to_owned()]));
    let one = practice.one(&id).await;
    assert_eq!(
        (one.told_oins.as_slice(), one.waiting_oins.as_slice()),
        (&[GI.into()][..], &[GI.into()][..])
    );
    let waiting = under_way(practice.scene.store.as_ref()).await.unwrap();
    assert_eq!(waiting.len(), 1);
    assert_ne!(told, Ok(vec![VT.to_owned()]));
    let again = practice.decide(&practice.colleague, &id, ("granted", "")).await;
    assert_eq!(again, Err(Reason::RequestSettled));
}

#[tokio::test]
async fn a_breach_is_assessed_within_three_days_of_its_finding() {
    let practice = Practice::new().await;
    let id = practice.lodge("false_match").await.unwrap();
    let assess = async |reported| {
        let request = v1::AssessBreachRequest {
            request_id: id.as_bytes().to_vec(),
            role: "ha.fg".into(),
            reported,
            text: "Eén organisatie kreeg het; zij heeft het gewist en niemand anders zag het."
                .into(),
        };
        practice.counter().assess(&practice.officer, request).await
    };
    practice.pass(72 * HOUR_MS - 1);
    assert_eq!(state(&practice.scene.agency).await.unwrap().overdue, 0);
    practice.pass(1);
    assert_eq!(state(&practice.scene.agency).await.unwrap().overdue, 1);
    assert_eq!(assess(true).await, Ok(()));
    assert_eq!(state(&practice.scene.agency).await.unwrap().overdue, 0);
    assert_eq!(assess(false).await, Err(Reason::NoBreach));
    assert_eq!(practice.one(&id).await.breach, "reported");
    // Nobody else's data can have gone out.
    let other = practice.lodge("correction").await.unwrap();
    assert_eq!(practice.one(&other).await.breach_due_ms, 0);
}

#[tokio::test]
async fn an_objection_stops_what_rests_on_consent_and_no_duty() {
    let practice = Practice::new().await;
    practice.scene.shelf.fact("secrecy_consent", "given");
    let consented = |id| Ask {
        role: "gi.jeugdbeschermer",
        purpose: "D02",
        facts: vec![],
        ..Ask::guardian(&["G16"]).id(id)
    };
    assert_eq!(practice.ask(&consented(1)).await, Outcome::Verstrekt, "the control");
    let id = practice.lodge("objection").await.unwrap();
    assert_eq!(practice.ask(&consented(2)).await, Outcome::Neutraal);
    let duty = practice.ask(&Ask::guardian(&["G05"]).id(3)).await;
    assert_eq!(duty, Outcome::Verstrekt, "a guardian under a supervision order");
    practice.decide(&practice.colleague, &id, ("granted", "")).await.unwrap();
    assert_eq!(practice.ask(&consented(4)).await, Outcome::Neutraal, "it holds once granted");
    assert_eq!(practice.close(&id).await, Err(Reason::RequestOwn), "nobody lifts it alone");
    practice.close_as(&practice.colleague, DOCTOR, &id).await.unwrap();
    assert_eq!(practice.ask(&consented(5)).await, Outcome::Verstrekt, "taken back");
    let other = v1::LodgeRequestRequest { categories: vec!["G05".into()], ..wanted("objection") };
    practice.lodge_as(&practice.doctor, other).await.unwrap();
    assert_eq!(practice.ask(&consented(6)).await, Outcome::Verstrekt, "of other data");
}

/// Where registers differ a human decides: an objection does not settle that for the asker.
#[tokio::test]
async fn an_objection_opens_nothing_that_was_held() {
    let practice = Practice::new().await;
    practice.scene.shelf.fact("secrecy_consent", "given");
    practice.scene.shelf.fact("secrecy_consent", "withdrawn");
    assert_eq!(practice.ask(&Ask::guardian(&["G05"])).await, Outcome::InBeoordelingTot);
    practice.lodge("objection").await.unwrap();
    assert_eq!(practice.ask(&Ask::guardian(&["G05"]).id(2)).await, Outcome::InBeoordelingTot);
}

#[tokio::test]
async fn a_colleague_decides_on_a_ground_that_the_law_knows() {
    let practice = Practice::new().await;
    let id = practice.lodge("correction").await.unwrap();
    let own = practice.decide(&practice.doctor, &id, ("granted", "")).await;
    assert_eq!(own, Err(Reason::RequestOwn));
    for (decided, ground) in
        [("refused", ""), ("granted", "accurate"), ("refused", "other_interest")]
    {
        let bad = practice.decide(&practice.colleague, &id, (decided, ground)).await;
        assert_eq!(bad, Err(Reason::RefusalGroundBad), "{decided} {ground}");
    }
    let unknown = practice.decide(&practice.colleague, &id, ("perhaps", "")).await;
    assert_eq!(unknown, Err(Reason::Malformed));
    let statement = practice.lodge("statement").await.unwrap();
    for ground in ["accurate", "other_interest", "statutory_duty", "unfounded"] {
        let refused = practice.decide(&practice.colleague, &statement, ("refused", ground)).await;
        assert_eq!(refused, Err(Reason::RefusalGroundBad), "a client's statement is added");
    }
    assert_eq!(practice.decide(&practice.colleague, &statement, ("granted", "")).await, Ok(vec![]));
    let nothing = RequestId::new([7; 16]);
    let missing = practice.decide(&practice.colleague, &nothing, ("granted", "")).await;
    assert_eq!(missing, Err(Reason::UnknownRequest));
}

#[tokio::test]
async fn it_is_decided_within_a_month_and_extended_once() {
    let practice = Practice::new().await;
    let id = practice.lodge("correction").await.unwrap();
    let extend = async || {
        let request = v1::ExtendRequestRequest {
            request_id: id.as_bytes().to_vec(),
            role: DOCTOR.into(),
            text: "De behandelaar van toen is met verlof en komt over een maand terug.".into(),
        };
        practice.counter().extend(&practice.colleague, request).await
    };
    practice.scene.clock.set(Timestamp::parse("2026-10-15T08:59").unwrap());
    assert_eq!(state(&practice.scene.agency).await.unwrap().overdue, 0);
    assert_eq!(extend().await, Timestamp::parse("2026-12-15T09:00").map_err(|_| Reason::Internal));
    assert_eq!(state(&practice.scene.agency).await.unwrap().overdue, 0);
    assert_eq!(extend().await, Err(Reason::RequestExtended));
    practice.decide(&practice.colleague, &id, ("granted", "")).await.unwrap();
    assert_eq!(extend().await, Err(Reason::RequestSettled));
    assert_eq!(practice.close(&id).await, Err(Reason::RequestSettled));
    let late = practice.lodge("correction").await.unwrap();
    assert_eq!(practice.close(&late).await, Err(Reason::RequestOpen));
    practice.pass(100 * 24 * HOUR_MS);
    let request = v1::ExtendRequestRequest {
        request_id: late.as_bytes().to_vec(),
        role: DOCTOR.into(),
        text: MENDED.into(),
    };
    let extended = practice.counter().extend(&practice.colleague, request).await;
    assert_eq!(extended, Err(Reason::RequestExtended), "the term is over");
}

#[tokio::test]
async fn a_file_is_destroyed_before_that_is_granted() {
    let practice = Practice::new().await;
    practice.ask(&Ask::guardian(&["G05"])).await;
    let id = practice.lodge("destruction").await.unwrap();
    let granted = practice.decide(&practice.colleague, &id, ("granted", "")).await;
    assert_eq!(granted, Err(Reason::StillOnFile));
    practice.scene.shelf.numbers.lock().unwrap().clear();
    let granted = practice.decide(&practice.colleague, &id, ("granted", "")).await;
    assert_eq!(granted, Ok(vec![GI.to_owned()]));
    let kept = practice.lodge("destruction").await.unwrap();
    let refused = practice.decide(&practice.colleague, &kept, ("refused", "other_interest")).await;
    assert_eq!(refused, Ok(vec![]), "what others need is kept, and nobody is told of it");
}

#[tokio::test]
async fn who_may_not_and_what_is_wrong_is_refused_and_nothing_is_written() {
    let practice = Practice::new().await;
    let of = |change: &dyn Fn(&mut v1::LodgeRequestRequest)| {
        let mut request = wanted("correction");
        change(&mut request);
        request
    };
    for (request, reason) in [
        (of(&|one| one.subject = UNKNOWN.into()), Reason::NotOnFile),
        (of(&|one| one.subject = "1".into()), Reason::BsnInvalid),
        (of(&|one| one.right = "anything".into()), Reason::Malformed),
        (of(&|one| one.asked_by = "neighbour".into()), Reason::Malformed),
        (of(&|one| one.text = "te kort".into()), Reason::TextTooShort),
        (of(&|one| one.text = format!("{WRONG} Xanthe Quirijn")), Reason::TextNamesPerson),
        (of(&|one| one.text = format!("{WRONG} {KNOWN}")), Reason::TextNamesPerson),
        (of(&|one| one.text = WRONG.repeat(40)), Reason::TextTooLong),
        (of(&|one| one.text = "حياة طويلة ".repeat(100)), Reason::TextTooLong),
        (of(&|one| one.categories = vec!["G99".into()]), Reason::UnknownCategory),
        (of(&|one| one.role = "ha.nobody".into()), Reason::RoleNotHeld),
        (of(&|one| one.holder_oin = GI.into()), Reason::Malformed),
        (of(&|one| one.target_id = vec![9; 16]), Reason::NotOnFile),
        (of(&|one| one.target_id = vec![9]), Reason::Malformed),
    ] {
        assert_eq!(practice.lodge_as(&practice.doctor, request).await, Err(reason));
    }
    let officers = of(&|one| one.role = "ha.fg".into());
    let lodged = practice.lodge_as(&practice.officer, officers).await;
    assert_eq!(lodged, Err(Reason::RequestRole), "who watches does not act");
    assert_eq!(practice.list().await.len(), 0);
    practice.lodge("correction").await.unwrap();
    let request = v1::ListRequestsRequest { role: "ha.fg".into(), all: false };
    assert_eq!(practice.counter().list(&practice.officer, request).await.unwrap().len(), 1);
}

#[tokio::test]
async fn requests_about_one_person_are_bounded() {
    let practice = Practice::new().await;
    for _ in 0..crate::limits::REQUESTS_OPEN_MAX.1 {
        practice.lodge("correction").await.unwrap();
    }
    assert_eq!(practice.lodge("correction").await, Err(Reason::RequestsFull));
}

/// Who was given data after the statement was added hears of it all the same, once.
#[tokio::test]
async fn a_statement_reaches_who_was_given_the_data_later() {
    let practice = Practice::new().await;
    let id = practice.lodge("statement").await.unwrap();
    assert_eq!(practice.decide(&practice.colleague, &id, ("granted", "")).await, Ok(vec![]));
    practice.ask(&Ask::guardian(&["G05"])).await;
    let agency = &practice.scene.agency;
    let waiting = async || under_way(practice.scene.store.as_ref()).await.unwrap().len();
    tend(agency).await.unwrap();
    assert_eq!(waiting().await, 1);
    tend(agency).await.unwrap();
    assert_eq!(waiting().await, 1, "once");
    // A correction is what others have no longer.
    let other = practice.lodge("correction").await.unwrap();
    practice.decide(&practice.colleague, &other, ("granted", "")).await.unwrap();
    practice.ask(&Ask::guardian(&["G05"]).id(2)).await;
    tend(agency).await.unwrap();
    assert_eq!(waiting().await, 3);
}

#[tokio::test]
async fn what_is_over_is_forgotten_with_the_number_and_what_stands_is_not() {
    let practice = Practice::new().await;
    let done = practice.lodge("correction").await.unwrap();
    practice.decide(&practice.colleague, &done, ("refused", "accurate")).await.unwrap();
    let objection = practice.lodge("objection").await.unwrap();
    practice.decide(&practice.colleague, &objection, ("granted", "")).await.unwrap();
    let open = practice.lodge("destruction").await.unwrap();
    let kept = async || {
        let rows = practice.scene.store.scan(b"rq/", None, 100).await.unwrap();
        rows.into_iter()
            .filter(|pair| pair.value.windows(9).any(|at| at == KNOWN.as_bytes()))
            .count()
    };
    practice.scene.clock.set(practice.now().plus_calendar(5, 0).plus_ms(-1));
    tend(&practice.scene.agency).await.unwrap();
    assert_eq!(kept().await, 3);
    practice.pass(1);
    tend(&practice.scene.agency).await.unwrap();
    assert_eq!(kept().await, 2);
    let left: Vec<_> = practice.list().await.into_iter().map(|one| one.request_id).collect();
    assert!(
        left.contains(&objection.as_bytes().to_vec()) && left.contains(&open.as_bytes().to_vec())
    );
    // One that is damaged keeps nobody from the others.
    let damaged =
        grondslag_evidence::store::Batch::new().put([b"rq/".as_slice(), &[9; 16]].concat(), b"?");
    practice.scene.agency.store.commit(damaged).await.unwrap();
    assert_eq!(practice.list().await.len(), 2);
    assert_eq!(tend(&practice.scene.agency).await, Ok(1), "the operator hears of it");
}
