//! Measures that another agency certified.

use grondslag_core::answer::{About, Outcome};
use grondslag_core::catalogue::Kind as Party;
use grondslag_core::id::ConsentId;
use grondslag_core::tier::Tier;
use grondslag_evidence::records::Until;
use grondslag_policy::retention::Kept;
use grondslag_proto::v1::situation::Situation;

use super::*;
use crate::answers::answering::answer;
use crate::answers::decisions;
use crate::consent::certified::Stated;
use crate::consent::import::Outcome as Became;
use crate::consent::store::{acts_of, entry_of};
use crate::fixture::{Ask, UNKNOWN, key_of, oin, opened};
use crate::recorded::Kind;

const DAY_MS: i64 = 86_400_000;

type Change = fn(&mut v1::CertifyMeasureRequest, Timestamp);

/// A supervision order of a year that began in May, certified by the GI a moment ago.
fn ots(id: u8, at: Timestamp) -> Stated {
    let id = ConsentId::new([id; 16]);
    Stated {
        id,
        by: oin(GI),
        role: Role::parse("gi.jeugdbeschermer").unwrap(),
        subject: Stated::subject_of(&id, KNOWN),
        measure: "ots".into(),
        court_reference: "C/19/2026/101".into(),
        from: moment("2026-05-12"),
        until: Some(moment("2027-05-12")),
        made_at: at,
        valid_until: at.plus_ms(31 * DAY_MS),
    }
}

fn file(stated: &Stated) -> Vec<u8> {
    stated.clone().sign(&key_of(GI)).to_json().unwrap()
}

fn entered(from: Timestamp, until: Option<Timestamp>) -> Wire {
    Wire::Measure(v1::CourtMeasure {
        value: "ots".into(),
        court_reference: "C/19/2026/101".into(),
        from_ms: from.ms(),
        until_ms: until.map_or(0, Timestamp::ms),
    })
}

impl Practice {
    async fn enter(&self, file: Vec<u8>) -> Result<Vec<u8>, Reason> {
        self.put(Wire::Certified(file)).await.map(|told| told.id)
    }

    /// What a GI gets that states no measure itself, and the fact on which it was decided.
    async fn asked(&self, target: u8) -> (Outcome, String, String) {
        let ask = Ask { facts: vec![], ..Ask::guardian(&["G05"]).id(target) };
        let question = self.scene.question(&ask);
        let (sealed, _) = answer(&self.scene.agency, question.clone()).await.unwrap();
        let outcome = opened(&sealed.into_reply(), &question).outcome;
        let decided = decisions(&self.scene.agency, 0, 1_000, None).await.unwrap();
        let facts = decided.into_iter().next_back().unwrap().facts;
        let fact = facts.into_iter().find(|fact| fact.column == "measure").unwrap();
        (outcome, fact.value, fact.standing)
    }

    async fn is_given(&self, target: u8) -> bool {
        self.asked(target).await.0 == Outcome::Verstrekt
    }

    /// Until when each measure is kept, in order.
    async fn terms(&self) -> Vec<Until> {
        let agency = &self.scene.agency;
        let entry = entry_of(&agency.secret, KNOWN);
        let acts = acts_of(agency.store.as_ref(), &entry).await.unwrap();
        let mut acts: Vec<_> =
            acts.iter().map(|one| (one.written.recorded_at, one.until)).collect();
        acts.sort_by_key(|(recorded, _)| *recorded);
        acts.into_iter().map(|(_, until)| until).collect()
    }
}

async fn practice() -> Practice {
    let practice = Practice::new().await;
    practice.scene.shelf.record("G05", About::Child, &[(Tier::T1, "Een zorgpartij.")]);
    practice
}

#[tokio::test]
async fn a_certified_measure_counts_as_such_and_is_shown_with_who_certified_it() {
    let practice = practice().await;
    assert!(!practice.is_given(1).await);
    let id = practice.enter(file(&ots(1, practice.now()))).await.unwrap();
    let asked = practice.asked(2).await;
    assert_eq!(asked, (Outcome::Verstrekt, "ots".into(), "certified".into()));
    let acts = practice.list().await;
    let [act] = acts.as_slice() else { panic!("{}", acts.len()) };
    assert_eq!((act.id.as_slice(), act.certified_by_oin.as_str()), (id.as_slice(), GI));
    assert!(act.told.contains("certified by Fictie gi"), "{}", act.told);
    assert_eq!(act.staff_id, "dokter", "who entered it");
    practice.scene.clock.set(moment("2027-05-12"));
    assert!(!practice.is_given(3).await, "it ends by itself");
    // The control: what somebody entered by what they saw is verified, not certified.
    practice.put(entered(moment("2027-05-12"), None)).await.unwrap();
    let asked = practice.asked(4).await;
    assert_eq!(asked, (Outcome::Verstrekt, "ots".into(), "verified".into()));
}

#[tokio::test]
async fn what_is_forged_expired_of_another_child_or_of_who_may_not_is_refused_with_its_reason() {
    let practice = practice().await;
    let now = practice.now();
    let role = |role: &str| Role::parse(role).unwrap();
    let of = |change: &dyn Fn(&mut Stated)| {
        let mut stated = ots(1, now);
        change(&mut stated);
        file(&stated)
    };
    let by = |agency: &str, role: Role| Stated { by: oin(agency), role, ..ots(1, now) };
    let vt = by(VT, role("vt.onderzoeker")).sign(&key_of(VT)).to_json().unwrap();
    let as_gi = by(VT, role("gi.jeugdbeschermer")).sign(&key_of(VT)).to_json().unwrap();
    let nobody = by("00000099000000009000", role("gi.jeugdbeschermer"));
    let subject = |digits: &str| Stated::subject_of(&ConsentId::new([1; 16]), digits);
    let cases: Vec<(Reason, Vec<u8>)> = vec![
        (Reason::StatementInvalid, ots(1, now).sign(&key_of(VT)).to_json().unwrap()),
        (Reason::NotCompetent, vt),
        (Reason::RoleNotAdmitted, as_gi),
        (Reason::RoleNotAdmitted, of(&|it| it.role = role("rvdk.raadsonderzoeker"))),
        (Reason::NotCompetent, of(&|it| it.role = role("gi.jeugdreclasseerder"))),
        (Reason::NotCompetent, of(&|it| it.measure = "none".into())),
        (Reason::NotCompetent, of(&|it| it.measure = "otz".into())),
        (Reason::UnknownAgency, file(&nobody)),
        (Reason::StatementExpired, of(&|it| it.valid_until = now)),
        (Reason::StatementExpired, of(&|it| it.valid_until = now.plus_ms(31 * DAY_MS + 1))),
        (Reason::StatementExpired, of(&|it| it.made_at = now.plus_ms(31_000))),
        (Reason::StatementSubject, of(&|it| it.subject = subject(UNKNOWN))),
        (Reason::ConsentTerm, of(&|it| it.until = Some(it.from))),
        (Reason::ConsentSource, of(&|it| it.court_reference = " ".into())),
        (Reason::Malformed, b"{}".to_vec()),
        (Reason::Malformed, vec![]),
        (Reason::TooLarge, vec![b' '; 4_097]),
    ];
    for (at, (reason, file)) in cases.into_iter().enumerate() {
        assert_eq!(practice.enter(file).await.map(drop), Err(reason), "case {at}");
    }
    assert!(practice.list().await.is_empty(), "nothing was written down");
    assert!(practice.enter(of(&|_| ())).await.is_ok(), "the control");
}

/// Every field is signed: none can be changed in the file.
#[tokio::test]
async fn a_statement_that_was_altered_anywhere_is_refused() {
    let practice = practice().await;
    let good = file(&ots(1, practice.now()));
    let read: serde_json::Value = serde_json::from_slice(&good).unwrap();
    let fields = read["statement"].as_object().unwrap().clone();
    assert_eq!(fields.len(), 10);
    for (field, value) in fields {
        let mut altered = read.clone();
        altered["statement"][&field] = match &value {
            serde_json::Value::Number(ms) => (ms.as_i64().unwrap() + 1).into(),
            serde_json::Value::String(_) if field == "by" => VT.into(),
            serde_json::Value::String(_) if field == "role" => "gi.jeugdreclasseerder".into(),
            serde_json::Value::String(text) if field.ends_with("id") || field == "subject" => {
                let first = if text.starts_with('0') { "1" } else { "0" };
                format!("{first}{}", text.get(1..).unwrap()).into()
            }
            other => format!("{}x", other.as_str().unwrap()).into(),
        };
        let altered = serde_json::to_vec(&altered).unwrap();
        let refused = practice.enter(altered).await.map(drop);
        assert_eq!(refused, Err(Reason::StatementInvalid), "{field}");
    }
    let mut open = read.clone();
    open["statement"]["until"] = serde_json::Value::Null;
    let refused = practice.enter(serde_json::to_vec(&open).unwrap()).await.map(drop);
    assert_eq!(refused, Err(Reason::StatementInvalid), "without its end");
    // No end is not the end of time zero: an ended one does not become one without end.
    let zero = Stated { until: Some(Timestamp::from_ms(0)), ..ots(2, practice.now()) };
    let mut zero: serde_json::Value = serde_json::from_slice(&file(&zero)).unwrap();
    zero["statement"]["until"] = serde_json::Value::Null;
    let refused = practice.enter(serde_json::to_vec(&zero).unwrap()).await.map(drop);
    assert_eq!(refused, Err(Reason::StatementInvalid), "an end that was taken away");
    assert!(practice.enter(good).await.is_ok(), "the control");
}

#[tokio::test]
async fn a_statement_is_entered_once_and_never_after_a_newer_one() {
    let practice = practice().await;
    let first = ots(1, practice.now());
    let id = practice.enter(file(&first)).await.unwrap();
    assert_eq!(practice.enter(file(&first)).await.unwrap(), id);
    practice.pass(DAY_MS);
    // The court ended it: the GI says so.
    let ended = Some(practice.now());
    let second = Stated { until: ended, ..ots(2, practice.now()) };
    practice.enter(file(&second)).await.unwrap();
    assert!(!practice.is_given(1).await);
    let other = Stated { subject: Stated::subject_of(&ConsentId::new([3; 16]), KNOWN), ..first };
    let other = Stated { id: ConsentId::new([3; 16]), ..other };
    assert_eq!(practice.enter(file(&other)).await.map(drop), Err(Reason::StatementExpired));
    assert!(!practice.is_given(2).await);
    assert_eq!(practice.list().await.len(), 2);
}

/// The court's order began earlier than the GI had first said, and ends earlier.
#[tokio::test]
async fn a_newer_statement_replaces_one_that_began_later() {
    let practice = practice().await;
    let (started, ends) = (moment("2026-08-12"), moment("2028-01-01"));
    let first = Stated { from: started, until: Some(ends), ..ots(1, practice.now()) };
    practice.enter(file(&first)).await.unwrap();
    assert!(practice.is_given(1).await);
    practice.pass(DAY_MS);
    let over = practice.now();
    practice.enter(file(&Stated { until: Some(over), ..ots(2, over) })).await.unwrap();
    assert!(!practice.is_given(2).await);
    let pack = practice.scene.agency.pack();
    assert_eq!(practice.terms().await, [Until::At(pack.retention().end(Kept::Consent, over)); 2]);
}

/// The term of each runs from its own end: neither an extension nor what was over moves another's.
#[tokio::test]
async fn statements_that_end_where_the_next_begins_leave_each_other() {
    let practice = practice().await;
    let pack = practice.scene.agency.pack();
    let mut expected = Vec::new();
    let years = [("2027-05-12", "2028-05-12"), ("2026-05-12", "2027-05-12")];
    for (number, (from, until)) in (1..).zip(years) {
        let (from, until) = (moment(from), moment(until));
        let stated = Stated { from, until: Some(until), ..ots(number, practice.now()) };
        practice.enter(file(&stated)).await.unwrap();
        expected.push(Until::At(pack.retention().end(Kept::Consent, until)));
        practice.pass(DAY_MS);
    }
    assert!(practice.is_given(1).await);
    assert_eq!(practice.terms().await, expected);
    practice.scene.clock.set(moment("2027-05-12"));
    assert!(practice.is_given(2).await, "the extension");
}

/// What was over long before goes by its own term, whatever was certified since.
#[tokio::test]
async fn a_measure_of_another_time_is_not_kept_for_what_was_certified_since() {
    let practice = practice().await;
    practice.put(entered(moment("2024-01-01"), Some(moment("2025-01-01")))).await.unwrap();
    let before = practice.terms().await;
    practice.pass(1);
    practice.enter(file(&Stated { until: None, ..ots(1, practice.now()) })).await.unwrap();
    practice.pass(1);
    practice.put(entered(moment("2026-06-01"), None)).await.unwrap();
    assert_eq!(practice.terms().await, [before[0], Until::Told, Until::Told]);
}

/// A file that says what is certified already adds nothing to it.
#[tokio::test]
async fn what_a_file_says_of_a_certified_measure_stands_there_already() {
    let practice = practice().await;
    practice.enter(file(&ots(1, practice.now()))).await.unwrap();
    let Wire::Measure(measure) = entered(moment("2026-05-12"), Some(moment("2027-05-12"))) else {
        panic!();
    };
    let situation = |measure| v1::Situation { situation: Some(Situation::Measure(measure)) };
    let longer = v1::CourtMeasure { until_ms: 0, ..measure.clone() };
    let put = async |measure| {
        let request = v1::RecordSituationsRequest {
            subject: KNOWN.into(),
            role: "ha.arts".into(),
            situations: vec![situation(measure)],
            preview: false,
        };
        let register = Register { agency: &practice.scene.agency };
        register.situations(&practice.doctor, request).await.unwrap()
    };
    assert_eq!(put(measure).await, [Became::Stands]);
    assert!(matches!(put(longer).await.as_slice(), [Became::New(Some(_))]), "the control");
}

#[tokio::test]
async fn what_staff_enter_against_a_certified_measure_does_not_count_silently() {
    let practice = practice().await;
    practice.enter(file(&ots(1, practice.now()))).await.unwrap();
    practice.pass(DAY_MS);
    practice.put(entered(moment("2026-05-12"), Some(practice.now()))).await.unwrap();
    let (outcome, value, standing) = practice.asked(1).await;
    assert_ne!(outcome, Outcome::Verstrekt, "the strictest counts");
    assert_eq!((value.as_str(), standing.as_str()), ("none", "verified"));
    assert_eq!(practice.terms().await.windows(2).filter(|two| two[0] == two[1]).count(), 1);
    // Somebody looks again and enters that it goes on: both say the same.
    practice.pass(DAY_MS);
    practice.put(entered(practice.now(), Some(moment("2027-05-12")))).await.unwrap();
    let asked = practice.asked(2).await;
    assert_eq!(asked, (Outcome::Verstrekt, "ots".into(), "certified".into()));
}

/// Also the other way round: it goes on longer than was certified, and an extension does not.
#[tokio::test]
async fn a_measure_does_not_go_on_past_its_certified_end_but_by_a_new_one() {
    let practice = practice().await;
    practice.enter(file(&ots(1, practice.now()))).await.unwrap();
    practice.pass(1);
    practice.put(entered(moment("2026-06-01"), None)).await.unwrap();
    assert!(practice.is_given(1).await, "now both say that it holds");
    assert_eq!(practice.terms().await, [Until::Told; 2], "neither outlives the other");
    practice.scene.clock.set(moment("2027-05-12"));
    let (outcome, value, _) = practice.asked(2).await;
    assert!(outcome != Outcome::Verstrekt && value == "none");
    practice.put(entered(moment("2027-05-12"), None)).await.unwrap();
    assert!(practice.is_given(3).await, "an extension begins where the first one ends");
}

#[tokio::test]
async fn what_was_entered_before_gives_way_to_a_statement_and_is_forgotten_with_it() {
    let practice = practice().await;
    practice.put(entered(moment("2026-06-01"), None)).await.unwrap();
    assert_eq!(practice.terms().await, [Until::Told]);
    practice.pass(1);
    practice.enter(file(&ots(1, practice.now()))).await.unwrap();
    assert_eq!(practice.asked(1).await.2, "certified");
    let terms = practice.terms().await;
    assert!(terms[0] == terms[1] && terms[0] != Until::Told, "{terms:?}");
    practice.scene.clock.set(moment("2027-05-12"));
    let (_, value, standing) = practice.asked(2).await;
    assert_eq!((value.as_str(), standing.as_str()), ("none", "absent"), "no dispute: it ended");
}

/// What the agency imported once, or a guardian says, is held against an end that stands here.
#[tokio::test]
async fn a_measure_that_ended_is_not_opened_again_by_what_was_imported() {
    let practice = practice().await;
    practice.scene.shelf.fact("measure", "ots");
    assert!(practice.is_given(1).await, "the control");
    practice.enter(file(&ots(1, practice.now()))).await.unwrap();
    assert!(practice.is_given(2).await);
    practice.scene.clock.set(moment("2027-05-12"));
    assert!(!practice.is_given(3).await);
}

/// What has no end of its own ended when another came in its place.
#[tokio::test]
async fn measures_that_go_together_have_a_term_once_each_has_ended_or_was_replaced() {
    let practice = practice().await;
    practice.enter(file(&Stated { until: None, ..ots(1, practice.now()) })).await.unwrap();
    practice.pass(1);
    practice.put(entered(moment("2026-05-12"), Some(moment("2027-05-12")))).await.unwrap();
    assert_eq!(practice.terms().await, [Until::Told; 2]);
    practice.pass(1);
    practice.enter(file(&ots(2, practice.now()))).await.unwrap();
    let terms = practice.terms().await;
    assert!(terms[0] != Until::Told && terms.iter().all(|term| *term == terms[0]), "{terms:?}");
}

/// A guardianship agency at its own desk.
async fn guardian() -> (Practice, Caller) {
    let mut scene = Scene::new().await;
    scene.agency.kind = Party::parse("gi").unwrap();
    let mut scene = scene.with_own_card().await;
    scene.agency.own = Arc::clone(&scene.shelf) as _;
    let doctor = scene.caller("voogd", &["gi.jeugdbeschermer", "gi.fg"]).await;
    let other = scene.caller("reclassering", &["gi.jeugdreclasseerder"]).await;
    (Practice { scene, doctor }, other)
}

impl Practice {
    async fn certify(
        &self,
        role: &str,
        change: impl FnOnce(&mut v1::CertifyMeasureRequest),
    ) -> Result<Vec<u8>, Reason> {
        let Wire::Measure(measure) = entered(moment("2026-05-12"), Some(moment("2027-05-12")))
        else {
            panic!();
        };
        let mut request = v1::CertifyMeasureRequest {
            subject: KNOWN.into(),
            role: role.into(),
            measure: Some(measure),
            valid_until_ms: 0,
        };
        change(&mut request);
        let register = Register { agency: &self.scene.agency };
        register.certify(&self.doctor, request).await.map(|made| made.file)
    }
}

#[tokio::test]
async fn a_statement_names_nobody_is_recorded_first_and_can_be_entered() {
    let (practice, _) = guardian().await;
    let file = practice.certify("gi.jeugdbeschermer", |_| ()).await.unwrap();
    let text = String::from_utf8(file.clone()).unwrap();
    assert!(!text.contains(KNOWN) && !text.contains("voogd\""), "{text}");
    let again = practice.certify("gi.jeugdbeschermer", |_| ()).await.unwrap();
    let subject = |file: &[u8]| {
        let read: serde_json::Value = serde_json::from_slice(file).unwrap();
        read["statement"]["subject"].as_str().unwrap().to_owned()
    };
    assert_ne!(subject(&file), subject(&again), "two files of one child do not show it");
    let records = practice.scene.records(Kind::Certified).await;
    assert_eq!(records.len(), 2);
    let holds = |record: &[u8]| record.windows(KNOWN.len()).any(|part| part == KNOWN.as_bytes());
    assert!(!records.iter().any(|record| holds(record)), "no number stands in the record");
    let act = Wire::Certified(file);
    assert!(practice.put_as("gi.jeugdbeschermer", KNOWN, act).await.is_ok());
}

#[tokio::test]
async fn who_may_not_certify_or_of_whom_gets_no_statement() {
    let (practice, other) = guardian().await;
    let now = practice.now();
    let cases: &[(&str, Reason, Change)] = &[
        ("gi.fg", Reason::NotCompetent, |_, _| ()),
        ("ha.arts", Reason::RoleNotHeld, |_, _| ()),
        ("", Reason::UnknownRole, |_, _| ()),
        ("gi.jeugdbeschermer", Reason::ClientUnknown, |it, _| it.subject = UNKNOWN.into()),
        ("gi.jeugdbeschermer", Reason::BsnInvalid, |it, _| it.subject = "123456789".into()),
        ("gi.jeugdbeschermer", Reason::BsnNotAdmitted, |it, _| it.subject = "111222333".into()),
        ("gi.jeugdbeschermer", Reason::Malformed, |it, _| it.measure = None),
        ("gi.jeugdbeschermer", Reason::NotCompetent, |it, _| {
            it.measure.as_mut().unwrap().value = "jeugdreclassering".into();
        }),
        ("gi.jeugdbeschermer", Reason::ConsentSource, |it, _| {
            it.measure.as_mut().unwrap().court_reference.clear();
        }),
        ("gi.jeugdbeschermer", Reason::ConsentTerm, |it, _| {
            it.measure.as_mut().unwrap().until_ms = moment("2026-01-01").ms();
        }),
        ("gi.jeugdbeschermer", Reason::ConsentTerm, |it, now| it.valid_until_ms = now.ms()),
        ("gi.jeugdbeschermer", Reason::ConsentTerm, |it, now| {
            it.valid_until_ms = now.plus_ms(32 * DAY_MS).ms();
        }),
    ];
    for (at, (role, reason, change)) in cases.iter().enumerate() {
        let refused = practice.certify(role, |request| change(request, now)).await;
        assert_eq!(refused.map(drop), Err(*reason), "case {at}");
    }
    let probation = Practice { scene: practice.scene, doctor: other };
    let refused = probation.certify("gi.jeugdreclasseerder", |_| ()).await;
    assert_eq!(refused.map(drop), Err(Reason::NotCompetent), "not what they carry out");
    assert!(probation.scene.records(Kind::Certified).await.is_empty());
}
