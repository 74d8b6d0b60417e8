//! What is refused at the desk, each with its reason.

use grondslag_core::answer::About;
use grondslag_evidence::store::Store as _;
use grondslag_evidence::store::faulty::Fault;
use serde_json::Value;

use super::*;
use crate::fixture::UNKNOWN;
use crate::recorded::Kind;

type Change = fn(&mut v1::ConsentStatement, Timestamp);

fn changed(now: Timestamp, change: Change) -> Wire {
    let mut statement = yes(mother());
    change(&mut statement, now);
    Wire::Statement(statement)
}

#[tokio::test]
async fn a_consent_that_cannot_count_is_refused_with_its_reason() {
    let practice = Practice::new().await.with_parents().await;
    let cases: &[(Reason, Change)] = &[
        (Reason::ConsentCapacity, |said, _| said.speaker = Some(named("Jan", "Vos", "1960-01-01"))),
        (Reason::ConsentCapacity, |said, _| said.speaker = Some(child())),
        (Reason::ConsentCapacity, |said, _| said.capacity = "representative".into()),
        (Reason::ConsentCapacity, |said, _| said.capacity = "grandmother".into()),
        (Reason::ConsentBackdated, |said, now| said.from_ms = now.plus_ms(-1).ms()),
        (Reason::ConsentBackdated, |said, now| said.said_at_ms = now.plus_ms(1).ms()),
        (Reason::ConsentBackdated, |said, now| {
            said.said_at_ms = now.plus_ms(-8 * 86_400_000).ms();
        }),
        (Reason::ConsentTerm, |said, now| said.until_ms = now.ms()),
        (Reason::ConsentTerm, |said, now| said.until_ms = now.plus_calendar(5, 0).ms()),
        (Reason::ConsentScope, |said, _| said.categories.clear()),
        (Reason::ConsentScope, |said, _| said.purpose.clear()),
        (Reason::ConsentScope, |said, _| (said.to_oins.clear(), said.to_kinds.clear()).0),
        (Reason::ConsentPurpose, |said, _| said.purpose = "D09".into()),
        (Reason::ConsentPurpose, |said, _| said.purpose = "D20".into()),
        (Reason::ConsentNoGround, |said, _| said.kind = "ground".into()),
        (Reason::ConsentEvidence, |said, _| said.how = "written".into()),
        (Reason::UnknownPurpose, |said, _| said.purpose = "D77".into()),
        (Reason::UnknownCategory, |said, _| said.categories = vec!["G99".into()]),
        (Reason::UnknownAgency, |said, _| said.to_oins = vec!["00000099000000009000".into()]),
        (Reason::UnknownAgency, |said, _| said.to_oins = vec!["12".into()]),
        (Reason::ConsentScope, |said, _| said.to_kinds = vec!["bank".into()]),
        (Reason::Malformed, |said, _| said.speaker = None),
        (Reason::Malformed, |said, _| said.speaker = Some(named("", "", "1990-04-02"))),
        (Reason::Malformed, |said, _| said.speaker = Some(named("Iris", "Vos", "2 april"))),
        (Reason::Malformed, |said, _| said.evidence = vec![1; 31]),
        (Reason::TooLarge, |said, _| said.plan = "x".repeat(500)),
        (Reason::TooLarge, |said, _| said.notice = "x".repeat(5_000)),
        (Reason::TargetsTooMany, |said, _| said.to_kinds = vec!["gem".into(); 65]),
    ];
    for (reason, change) in cases {
        let refused = practice.put(changed(practice.now(), *change)).await;
        assert_eq!(refused.map(drop), Err(*reason), "{reason}");
    }
    assert_eq!(practice.list().await.len(), 1, "nothing of it was written down");
    assert!(practice.put(Wire::Statement(yes(mother()))).await.is_ok(), "the control");
}

#[tokio::test]
async fn who_may_not_write_or_speak_of_whom_is_refused_first() {
    let practice = Practice::new().await;
    let put = |role, subject| practice.put_as(role, subject, custody(&[mother()]));
    for (role, subject, reason) in [
        ("ha.fg", KNOWN, Reason::ConsentRole),
        ("ha.assistent", KNOWN, Reason::RoleNotHeld),
        ("gi.jeugdbeschermer", KNOWN, Reason::RoleNotHeld),
        ("", KNOWN, Reason::UnknownRole),
        ("ha.arts", UNKNOWN, Reason::ClientUnknown),
        ("ha.arts", "123456789", Reason::BsnInvalid),
        ("ha.arts", "111222333", Reason::BsnNotAdmitted),
    ] {
        assert_eq!(put(role, subject).await.map(drop), Err(reason), "{role} {subject}");
    }
}

#[tokio::test]
async fn without_custody_on_file_no_parent_can_say_yes() {
    let practice = Practice::new().await;
    let said = practice.put(Wire::Statement(yes(mother()))).await;
    assert_eq!(said.map(drop), Err(Reason::CustodyUnknown));
    practice.put(custody(&[])).await.unwrap();
    let said = practice.put(Wire::Statement(yes(mother()))).await;
    assert_eq!(said.map(drop), Err(Reason::CustodyUnknown), "unsettled");
    practice.pass(1);
    practice.put(custody(&[mother()])).await.unwrap();
    let told = practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    assert_eq!(told.standing[0].consent, "given", "one holds it alone");
    let other = practice.put(Wire::Statement(yes(father()))).await;
    assert_eq!(other.map(drop), Err(Reason::ConsentCapacity));
}

/// 15, without the parents: it counts for a part under the medical law, and a parent's word alone
/// is not asked under it either.
#[tokio::test]
async fn a_fifteen_year_old_alone_is_not_enough_and_is_told_who_else() {
    let practice = Practice::new().await.aged(15).with_parents().await;
    let told = practice.put(Wire::Statement(yes(child()))).await.unwrap();
    assert_eq!(told.standing[0].consent, "partial");
    assert_eq!(told.standing[0].view, "agrees");
    assert!(told.who.contains("everybody with custody"), "{}", told.who);
}

/// Who cannot weigh their interests: at 17 those with custody, at 18 a representative.
#[tokio::test]
async fn who_cannot_decide_is_represented() {
    let practice = Practice::new().await.aged(17).with_parents().await;
    let judged = |representative: Option<v1::Speaker>| {
        Wire::Ability(v1::AbilityJudged {
            weighs: false,
            representative,
            seen_in: "oordeel kinderarts".into(),
            from_ms: moment("2026-09-01").ms(),
            until_ms: 0,
        })
    };
    let early = practice.put(Wire::Statement(yes(mother()))).await;
    assert_eq!(early.map(drop), Err(Reason::ConsentCapacity), "at 17 they decide themselves");
    practice.put(judged(None)).await.unwrap();
    assert!(practice.put(Wire::Statement(yes(mother()))).await.is_ok());
    let practice = practice.aged(18);
    let mentor = named("Ans", "Mentor", "1970-01-01");
    let as_mentor =
        v1::ConsentStatement { capacity: "representative".into(), ..yes(mentor.clone()) };
    let unknown = practice.put(Wire::Statement(as_mentor.clone())).await;
    assert_eq!(unknown.map(drop), Err(Reason::ConsentCapacity));
    practice.pass(1);
    practice.put(judged(Some(mentor))).await.unwrap();
    let told = practice.put(Wire::Statement(as_mentor)).await.unwrap();
    assert_eq!(told.standing[0].consent, "given");
}

#[tokio::test]
async fn a_situation_names_its_source_and_ends_where_the_next_one_began() {
    let practice = Practice::new().await;
    let at = |from: &str, until: Option<&str>, seen_in: &str, holders: &[v1::Speaker]| {
        Wire::Custody(v1::CustodySituation {
            holders: holders.to_vec(),
            seen_in: seen_in.into(),
            from_ms: moment(from).ms(),
            until_ms: until.map_or(0, |until| moment(until).ms()),
        })
    };
    let of_many: Vec<_> =
        (0..5).map(|day| named("Iris", "Vos", &format!("1990-04-0{}", day + 1))).collect();
    let put = |act| practice.put(act);
    for (act, reason) in [
        (at("2020-01-01", None, " ", &[mother()]), Reason::ConsentSource),
        (at("2020-01-01", Some("2019-01-01"), "register", &[mother()]), Reason::ConsentTerm),
        (at("2020-01-01", None, "register", &[child()]), Reason::ConsentCapacity),
        (at("2020-01-01", None, "register", &of_many), Reason::TooLarge),
        (
            at(
                "2020-01-01",
                None,
                "register",
                &[v1::Speaker {
                    agency_oin: "00000099000000009000".into(),
                    ..v1::Speaker::default()
                }],
            ),
            Reason::UnknownAgency,
        ),
    ] {
        assert_eq!(put(act).await.map(drop), Err(reason));
    }
    put(at("2022-01-01", None, "beschikking", &[mother()])).await.unwrap();
    let open = put(at("2020-01-01", None, "register", &[mother(), father()])).await;
    assert_eq!(open.map(drop), Err(Reason::ConsentTerm), "it would come back later");
    let closed = at("2020-01-01", Some("2022-01-01"), "register", &[mother(), father()]);
    assert!(put(closed).await.is_ok());
    let measure = |value: &str, court_reference: &str| {
        Wire::Measure(v1::CourtMeasure {
            value: value.into(),
            court_reference: court_reference.into(),
            from_ms: moment("2026-05-12").ms(),
            until_ms: 0,
        })
    };
    assert_eq!(put(measure("ots", "")).await.map(drop), Err(Reason::ConsentSource));
    assert_eq!(put(measure("huisarrest", "C/1")).await.map(drop), Err(Reason::UnknownFact));
}

#[tokio::test]
async fn only_what_stands_there_is_taken_back_and_only_by_whom_it_is() {
    let practice = Practice::new().await.with_parents().await;
    let unknown = Err(Reason::ConsentUnknown);
    assert_eq!(practice.put(taken_back(mother(), &[])).await.map(drop), unknown);
    let yes = practice.put(Wire::Statement(yes(mother()))).await.unwrap().id;
    assert_eq!(practice.put(taken_back(father(), &yes)).await.map(drop), unknown);
    assert_eq!(practice.put(taken_back(mother(), &[7; 16])).await.map(drop), unknown);
    assert_eq!(practice.put(taken_back(mother(), &[7; 3])).await.map(drop), unknown);
    let lift = |id: &[u8]| lifted(mother(), id);
    assert_eq!(practice.put(lift(&yes)).await.map(drop), unknown, "a yes is no objection");
    assert_eq!(practice.put(lift(&[])).await.map(drop), unknown, "it is named");
    practice.pass(1);
    let no = practice.put(Wire::Statement(no(mother()))).await.unwrap().id;
    assert_eq!(practice.put(taken_back(mother(), &no)).await.map(drop), unknown);
    for other in [[].as_slice(), &[7; 16]] {
        assert_eq!(practice.put(lift(other)).await.map(drop), unknown, "{other:?}");
    }
    assert!(practice.put(lift(&no)).await.is_ok());
    assert!(practice.put(taken_back(mother(), &[])).await.is_ok(), "every yes of hers");
    let states: Vec<String> = practice.list().await.into_iter().map(|one| one.state).collect();
    let states: Vec<&str> = states.iter().map(String::as_str).filter(|s| !s.is_empty()).collect();
    assert_eq!(states, ["dpv:ConsentWithdrawn", "dpv:ConsentUnknown"]);
}

#[tokio::test]
async fn a_yes_is_taken_back_where_it_was_given_also_when_the_child_has_left() {
    let practice = Practice::new().await.with_parents().await;
    let id = practice.put(Wire::Statement(yes(mother()))).await.unwrap().id;
    let no_id = practice.put(Wire::Statement(no(father()))).await.unwrap().id;
    let clients = std::mem::take(&mut *practice.scene.shelf.numbers.lock().unwrap());
    for act in [
        Wire::Statement(yes(mother())),
        Wire::Statement(no(mother())),
        custody(&[mother()]),
        taken_back(father(), &id),
        lifted(father(), &no_id),
    ] {
        let told = practice.put(act).await.map(drop);
        assert_eq!(told, Err(Reason::ClientUnknown), "as if nothing stood here");
    }
    let of_another = practice.put_as("ha.arts", UNKNOWN, taken_back(mother(), &[])).await;
    assert_eq!(of_another.map(drop), Err(Reason::ClientUnknown));
    assert_eq!(
        practice.put(taken_back(mother(), &id)).await.map(|told| told.who),
        Ok(String::new())
    );
    *practice.scene.shelf.numbers.lock().unwrap() = clients;
    let states: Vec<String> = practice.list().await.into_iter().map(|one| one.state).collect();
    assert!(states.contains(&"dpv:ConsentWithdrawn".to_owned()), "{states:?}");
}

#[tokio::test]
async fn the_receipt_tells_what_was_said_and_holds_no_number() {
    let practice = Practice::new().await.with_parents().await;
    practice.scene.shelf.record("G05", About::Child, &[]);
    let told = practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    assert!(!told.receipt.contains(KNOWN) && !told.notice.contains(KNOWN));
    let receipt: Value = serde_json::from_str(&told.receipt).unwrap();
    assert_eq!(receipt["schema_version"], "ISO/IEC TS 27560:2023");
    assert_eq!(receipt["event"]["event_state"], "dpv:ConsentGiven");
    assert_eq!(receipt["event"]["entity_id"], "Iris Vos 1990-04-02");
    let notice = &receipt["processing"]["privacy_notice"];
    assert_eq!(notice["text"], told.notice);
    let digest = Digest::of(told.notice.as_bytes()).to_string();
    assert_eq!(notice["sha256"], digest);
    let purposes = receipt["processing"]["purposes"].as_array().unwrap();
    assert_eq!(purposes.len(), 1, "one purpose per record");
    assert_eq!(purposes[0]["recipient_third_parties"].as_array().unwrap().len(), 3);
    let again = practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    assert!(again.receipt.contains("dpv:ConsentGiven"), "at the same moment none is earlier");
    practice.pass(1);
    let renewed = practice.put(Wire::Statement(yes(mother()))).await.unwrap();
    assert!(renewed.receipt.contains("dpv:RenewedConsentGiven"));
}

#[tokio::test]
async fn a_preview_writes_nothing_and_shows_the_text() {
    let practice = Practice::new().await.with_parents().await;
    let request = v1::RecordActRequest {
        subject: KNOWN.into(),
        role: "ha.arts".into(),
        act: Some(Wire::Statement(yes(mother()))),
        preview: true,
    };
    let register = Register { agency: &practice.scene.agency };
    let told = register.record(&practice.doctor, request).await.unwrap();
    assert!(told.id.is_empty() && told.notice.contains("take this back at any time"));
    assert_eq!(practice.list().await.len(), 1);
}

#[tokio::test]
async fn who_looks_is_recorded_first_and_no_number_stands_in_a_key() {
    let practice = Practice::new().await.with_parents().await;
    assert_eq!(practice.scene.records(Kind::ConsentsShown).await.len(), 0);
    practice.list().await;
    assert_eq!(practice.scene.records(Kind::ConsentsShown).await.len(), 1);
    practice.scene.store.fail_commit(1, Fault::Lost);
    let request = v1::ListActsRequest { subject: KNOWN.into(), role: "ha.arts".into() };
    let register = Register { agency: &practice.scene.agency };
    let listed = register.list(&practice.doctor, request).await;
    assert_eq!(listed.map(drop), Err(Reason::StoreUnwritable), "what is not recorded is not shown");
    let all = practice.scene.store.scan(b"", None, 1_000).await.unwrap();
    assert!(all.len() > 10);
    for pair in all {
        assert!(!pair.key.windows(9).any(|part| part == KNOWN.as_bytes()));
    }
}
