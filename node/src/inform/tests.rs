//! A practice that has to tell people that it asked about them.

use grondslag_core::answer::{Basis, Outcome};
use grondslag_core::catalogue::{Category, RowId};
use grondslag_core::clock::Clock as _;
use grondslag_core::tier::Tier;
use grondslag_evidence::records::check;
use grondslag_evidence::store::faulty::Fault;
use grondslag_proto::v1;

use super::service::Tasks;
use super::*;
use crate::fixture::{KNOWN, Scene};
use crate::recorded::Kind;
use crate::staff::Caller;

const ID: [u8; 16] = [1; 16];
const DOCTOR: &str = "ha.arts";
const DAY_MS: i64 = 24 * 3_600_000;

async fn scene() -> Scene {
    Scene::new().await.with_own_card().await
}

fn task(scene: &Scene, purpose: &str) -> Task {
    task_of(scene, purpose, Kept::Decision)
}

fn task_of(scene: &Scene, purpose: &str, term: Kept) -> Task {
    let of = (InquiryId::new(ID), StaffId::parse("arts-1").unwrap());
    let role = (Role::parse(DOCTOR).unwrap(), Purpose::parse(purpose).unwrap());
    let asked = (scene.clock.now(), term);
    Task::new(&scene.agency.pack(), of, role, KNOWN.to_owned(), asked)
}

async fn keep(scene: &Scene, task: &Task) {
    scene.agency.store.commit(task.put(Batch::new()).unwrap()).await.unwrap();
}

async fn list(scene: &Scene, caller: &Caller, role: &str) -> Result<Vec<v1::ToInform>, Reason> {
    let request = v1::ListToInformRequest { role: role.to_owned(), all: true };
    Tasks { agency: &scene.agency }.list(caller, request).await
}

async fn done(scene: &Scene, caller: &Caller, how: &str) -> Result<(), Reason> {
    tells(scene, caller, how, "parents").await
}

async fn tells(scene: &Scene, caller: &Caller, how: &str, told: &str) -> Result<(), Reason> {
    let role = caller.person.roles().iter().next().unwrap().to_string();
    let (inquiry_id, how, told) = (ID.to_vec(), how.to_owned(), told.to_owned());
    let request = v1::RecordInformedRequest { inquiry_id, role, how, told };
    Tasks { agency: &scene.agency }.done(caller, request).await
}

async fn postpone(scene: &Scene, caller: &Caller, reason: &str, days: i64) -> Result<(), Reason> {
    let role = caller.person.roles().iter().next().unwrap().to_string();
    let review_ms = scene.clock.now().plus_ms(days * DAY_MS).ms();
    let (inquiry_id, reason) = (ID.to_vec(), reason.to_owned());
    let request = v1::PostponeInformingRequest { inquiry_id, role, reason, review_ms };
    Tasks { agency: &scene.agency }.postpone(caller, request).await
}

async fn told(scene: &Scene, to_parent: bool) -> bool {
    is_told(scene.agency.store.as_ref(), &InquiryId::new(ID), to_parent).await.unwrap()
}

fn answer(rows: &[&str]) -> Answer {
    let rows = rows.iter().map(|row| RowId::parse(row).unwrap()).collect();
    let line = Line::Content {
        category: Category::parse("G05").unwrap(),
        tier: Tier::T3,
        basis: Basis { rows, grounds: Vec::new() },
        entries: Vec::new(),
    };
    Answer {
        outcome: Outcome::Verstrekt,
        lines: vec![line],
        subject_tag: [0; 32],
        index_as_of: Timestamp::from_ms(0),
        holds_unnumbered_records: false,
        unwitnessed: false,
        answer_by: Timestamp::from_ms(0),
        duty_phone: String::new(),
    }
}

#[tokio::test]
async fn it_is_owed_where_a_rule_says_so_and_where_nobody_says_by_which_rule() {
    let scene = scene().await;
    let pack = scene.agency.pack();
    // R05.1 permits with notice, R03.1 without.
    for (rows, owed) in [(&["R05.1"][..], true), (&["R03.1"], false), (&[], true)] {
        assert_eq!(Task::is_owed_for(&pack, &answer(rows)), owed, "{rows:?}");
    }
    assert!(Task::is_owed_for(&pack, &answer(&["R03.1", "R99.9"])), "a rule that is not known");
    let neutral = Line::Neutral { category: Category::parse("G05").unwrap() };
    let nothing = Answer { lines: vec![neutral], ..answer(&[]) };
    assert!(!Task::is_owed_for(&pack, &nothing));
    for (purpose, owed) in [("D05", true), ("D12", true), ("D03", false), ("D98", true)] {
        assert_eq!(task(&scene, purpose).is_owed_in_any_case(&pack), owed, "{purpose}");
    }
}

#[tokio::test]
async fn an_answer_makes_one_task_and_changes_none_that_stands() {
    let scene = scene().await;
    let (agency, task) = (&scene.agency, task(&scene, "D03"));
    let made = with_answer(agency, Some(&task), &answer(&["R05.1"])).await.unwrap();
    assert_eq!(made.len(), 1);
    agency.store.commit(made).await.unwrap();
    let again = with_answer(agency, Some(&task), &answer(&["R05.1"])).await.unwrap();
    assert!(again.is_empty());
    assert!(with_answer(agency, None, &answer(&["R05.1"])).await.unwrap().is_empty());
}

#[tokio::test]
async fn whoever_works_in_the_role_tells_and_says_how() {
    let scene = scene().await;
    keep(&scene, &task(&scene, "D05")).await;
    let doctor = scene.caller("arts-1", &[DOCTOR]).await;
    let nurse = scene.caller("poh-1", &["ha.poh-ggz"]).await;
    assert_eq!(list(&scene, &nurse, "ha.poh-ggz").await, Ok(Vec::new()));
    assert_eq!(list(&scene, &nurse, DOCTOR).await, Err(Reason::RoleNotHeld));
    assert_eq!(done(&scene, &nurse, "spoken").await, Err(Reason::UnknownInquiry));
    let listed = list(&scene, &doctor, DOCTOR).await.unwrap();
    assert_eq!((listed.len(), &*listed[0].subject, &*listed[0].state), (1, KNOWN, "open"));
    assert_eq!(listed[0].due_ms, listed[0].asked_at_ms + 28 * DAY_MS);
    assert_eq!(done(&scene, &doctor, "by pigeon").await, Err(Reason::Malformed));
    assert!(!told(&scene, true).await);
    done(&scene, &doctor, "spoken").await.unwrap();
    assert!(told(&scene, true).await);
    assert_eq!(done(&scene, &doctor, "written").await, Err(Reason::InformedAlready));
    let listed = list(&scene, &doctor, DOCTOR).await.unwrap();
    assert_eq!(
        (&*listed[0].state, &*listed[0].how, &*listed[0].told),
        ("done", "spoken", "parents")
    );
    // Every look and what was done is a leaf, and none says of whom.
    assert_eq!(scene.records(Kind::ToInformShown).await.len(), 3);
    let informed = scene.records(Kind::Informed).await;
    assert_eq!(informed.len(), 1);
    assert!(!String::from_utf8_lossy(&informed[0]).contains(KNOWN));
}

#[tokio::test]
async fn it_is_put_off_by_whom_the_rules_let_with_a_reason_and_a_day_within_bounds() {
    let scene = scene().await;
    keep(&scene, &task(&scene, "D05")).await;
    let doctor = scene.caller("arts-1", &[DOCTOR]).await;
    let officer = scene.caller("fg-1", &["ha.fg"]).await;
    let why = "Vertellen brengt het kind nu in gevaar.";
    assert_eq!(postpone(&scene, &doctor, why, 30).await, Err(Reason::RoleNotHeld));
    for (reason, days, refused) in [
        ("Te gevaarlijk.", 30, Reason::TextTooShort),
        ("Vertellen brengt het kind 999940004 nu in gevaar.", 30, Reason::TextNamesPerson),
        (why, 0, Reason::ReviewDate),
        (why, -1, Reason::ReviewDate),
        (why, 93, Reason::ReviewDate),
    ] {
        assert_eq!(postpone(&scene, &officer, reason, days).await, Err(refused), "{reason} {days}");
    }
    postpone(&scene, &officer, why, 60).await.unwrap();
    let listed = list(&scene, &officer, "ha.fg").await.unwrap();
    assert_eq!((&*listed[0].state, &*listed[0].reason), ("postponed", why));
    assert!(!told(&scene, true).await);
    assert_eq!(done(&scene, &doctor, "spoken").await, Err(Reason::InformPostponed));
    let open = |overdue| ToDo { open: 1, overdue };
    scene.clock.set(scene.clock.now().plus_ms(59 * DAY_MS));
    assert_eq!(state(&scene.agency).await, Ok(open(0)), "the day to look again counts");
    scene.clock.set(scene.clock.now().plus_ms(DAY_MS));
    assert_eq!(state(&scene.agency).await, Ok(open(1)));
    done(&scene, &officer, "written").await.unwrap();
    assert_eq!(state(&scene.agency).await, Ok(ToDo::default()));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done_and_a_task_ends_with_its_question() {
    let scene = scene().await;
    let task = task(&scene, "D05");
    keep(&scene, &task).await;
    let doctor = scene.caller("arts-1", &[DOCTOR]).await;
    scene.store.fail_commit(1, Fault::Lost);
    assert!(done(&scene, &doctor, "spoken").await.is_err());
    tidy(&scene.agency).await.unwrap();
    assert_eq!(state(&scene.agency).await.unwrap().open, 1);
    scene.clock.set(task.until);
    tidy(&scene.agency).await.unwrap();
    assert_eq!(state(&scene.agency).await, Ok(ToDo::default()));
}

/// What was told to a child, or to one who acts for it, is not told to its parents by that.
#[tokio::test]
async fn a_parents_view_opens_when_the_parents_were_told() {
    for (told_to, opens) in [("young_person", false), ("representative", false), ("parents", true)]
    {
        let scene = scene().await;
        keep(&scene, &task(&scene, "D06")).await;
        let doctor = scene.caller("arts-1", &[DOCTOR]).await;
        tells(&scene, &doctor, "spoken", told_to).await.unwrap();
        assert_eq!((told(&scene, false).await, told(&scene, true).await), (true, opens));
    }
}

/// What stands in the own view already is not hidden by putting it off.
#[tokio::test]
async fn only_what_is_hidden_until_then_can_be_put_off() {
    let scene = scene().await;
    keep(&scene, &task(&scene, "D03")).await;
    let officer = scene.caller("fg-1", &["ha.fg"]).await;
    let why = "Vertellen brengt het kind nu in gevaar.";
    assert_eq!(postpone(&scene, &officer, why, 30).await, Err(Reason::InformShown));
}

#[tokio::test]
async fn a_question_that_did_not_leave_is_owed_to_nobody() {
    let scene = scene().await;
    keep(&scene, &task(&scene, "D05")).await;
    did_not_leave(&scene.agency, &InquiryId::new(ID)).await.unwrap();
    assert_eq!(state(&scene.agency).await, Ok(ToDo::default()));
    // One that somebody did something with stays.
    keep(&scene, &task(&scene, "D05")).await;
    let doctor = scene.caller("arts-1", &[DOCTOR]).await;
    done(&scene, &doctor, "spoken").await.unwrap();
    did_not_leave(&scene.agency, &InquiryId::new(ID)).await.unwrap();
    assert!(told(&scene, true).await);
}

/// The number goes when somebody says that the person was told, and the row with its question.
#[tokio::test]
async fn whom_it_was_about_is_kept_until_they_were_told_and_no_longer() {
    let scene = scene().await;
    let task = task(&scene, "D05");
    keep(&scene, &task).await;
    let doctor = scene.caller("arts-1", &[DOCTOR]).await;
    assert!(scene.holds(KNOWN).await);
    done(&scene, &doctor, "spoken").await.unwrap();
    assert!(!scene.holds(KNOWN).await, "not in the row, and not in what was recorded");
    let listed = list(&scene, &doctor, DOCTOR).await.unwrap();
    assert_eq!((&*listed[0].subject, &*listed[0].state), ("", "done"));
    assert!(told(&scene, true).await, "an own view still tells of it");
    scene.clock.set(task.until);
    scene.agency.forget().await.unwrap();
    assert!(scene.store.get(&key(&task.inquiry)).await.unwrap().is_none());
}

/// One that nobody was told of goes too: the question that it is about is no longer kept.
#[tokio::test]
async fn a_task_that_nobody_did_goes_with_the_number_in_it() {
    let scene = scene().await;
    let task = task(&scene, "D05");
    keep(&scene, &task).await;
    scene.clock.set(task.until.plus_ms(-1));
    scene.agency.forget().await.unwrap();
    assert!(scene.holds(KNOWN).await);
    scene.clock.set(task.until.plus_ms(DAY_MS));
    scene.agency.forget().await.unwrap();
    assert!(!scene.holds(KNOWN).await);
}

/// Five years, and ten of a question with break glass; each goes with a leaf that says so.
#[tokio::test]
async fn what_was_done_is_kept_as_long_as_the_question_and_goes_with_proof() {
    for (term, years) in [(Kept::Decision, 5), (Kept::BreakGlass, 10)] {
        let scene = scene().await;
        keep(&scene, &task_of(&scene, "D05", term)).await;
        let officer = scene.caller("fg-1", &["ha.fg"]).await;
        let why = "Vertellen brengt het kind nu in gevaar.";
        postpone(&scene, &officer, why, 60).await.unwrap();
        done(&scene, &officer, "spoken").await.unwrap();
        let left = async || {
            scene.agency.forget().await.unwrap();
            let postponed = scene.records(Kind::InformPostponed).await.len();
            (postponed, scene.records(Kind::Informed).await.len(), scene.holds(why).await)
        };
        let done_at = scene.clock.now();
        scene.clock.set(done_at.plus_calendar(years, 0).plus_ms(-DAY_MS));
        assert_eq!(left().await, (1, 1, true), "{years}");
        scene.clock.set(done_at.plus_calendar(years, 0));
        assert_eq!(left().await, (0, 0, false), "{years}");
        let least = |_: &str, at| at;
        let checked = check(scene.store.as_ref(), &scene.agency.ledger, &least).await.unwrap();
        assert!(checked.findings.is_empty() && checked.forgotten >= 2, "each has its proof");
    }
}

/// It stays where it is, alarms once a day, and nothing of a person is said.
#[tokio::test]
async fn a_row_that_is_none_keeps_no_other_from_going() {
    let scene = scene().await;
    let task = task(&scene, "D05");
    keep(&scene, &task).await;
    let bad = [TASKS, &[0; 16]].concat();
    let row = format!("{{\"digits\":\"{KNOWN}\"");
    scene.agency.store.commit(Batch::new().put(bad.as_slice(), row)).await.unwrap();
    assert_eq!(state(&scene.agency).await, Err(Reason::StoreCorrupt));
    let doctor = scene.caller("arts-1", &[DOCTOR]).await;
    assert_eq!(list(&scene, &doctor, DOCTOR).await.unwrap().len(), 1, "it hides no other");
    scene.clock.set(task.until);
    for _ in 0..2 {
        scene.agency.forget().await.unwrap();
    }
    assert!(scene.store.get(&key(&task.inquiry)).await.unwrap().is_none(), "the rest was done");
    assert!(scene.store.get(&bad).await.unwrap().is_some());
    let alarms = scene.records(Kind::Alarm).await;
    assert_eq!(alarms.len(), 1, "once a day");
    let told = String::from_utf8_lossy(&alarms[0]);
    assert!(told.contains("STORE_CORRUPT") && !told.contains(KNOWN));
}
