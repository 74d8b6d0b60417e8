//! A practice's part of a child's log.

use grondslag_core::access_log::{LogEntry, LogHead, LogLine, LogOutcome};
use grondslag_core::answer::{About, Basis, Line};
use grondslag_core::catalogue::{Category, Ground, Role};
use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::id::{Digest, InquiryId, Oin};
use grondslag_core::limits::{CATEGORIES_MAX, GROUNDS_MAX, LOG_LINES_MAX};
use grondslag_core::tier::Tier;
use grondslag_evidence::records::check;
use grondslag_evidence::store::{Batch, Store as _};
use grondslag_subject::Bsn;

use super::asked::{Came, Question, asked_key, came_key, came_of};
use super::log::{self, Whose};
use super::strangers;
use crate::answers::record::on_subject;
use crate::answers::{decisions, put_for_tests};
use crate::fixture::{Ask, GI, KNOWN, OWN, Scene, UNKNOWN, VT, oin};
use crate::recorded::{Kind, entry_under, term};
use crate::records::SubjectKey;

async fn entries(scene: &Scene, digits: &str) -> Vec<LogEntry> {
    let whose =
        Whose { about: About::Child, shielded: false, to_parent: true, now: scene.clock.now() };
    let records = log::records(&scene.agency, digits, whose).await.unwrap();
    let entry = |record: &grondslag_core::answer::Record| {
        assert!(record.category.is_access_log());
        let (tier, layer) = record.layers.first_key_value().unwrap();
        assert_eq!((*tier, record.layers.len()), (Tier::T3, 1));
        LogEntry::parse(&layer.without(&[]).0).unwrap()
    };
    records.iter().map(entry).collect()
}

async fn lines(scene: &Scene, digits: &str) -> Vec<LogLine> {
    let mut entries = entries(scene, digits).await.into_iter();
    assert!(matches!(entries.next(), Some(LogEntry::Head(_))));
    let line = |entry| match entry {
        LogEntry::Line(line) => line,
        LogEntry::Head(_) => panic!("one head"),
    };
    entries.map(line).collect()
}

async fn put(scene: &Scene, ask: &Ask) {
    put_for_tests(&scene.agency, scene.question(ask)).await;
    scene.clock.set(scene.clock.now().plus_ms(1_000));
}

async fn scene() -> Scene {
    let scene = Scene::new().await;
    scene.shelf.record("G05", About::Child, &[(Tier::T1, "Een zorgpartij is betrokken.")]);
    scene
}

/// A question of the practice's own people to these agencies, about a child.
async fn asks(scene: &Scene, number: u8, role: &str, to: &[Oin], came: Option<&Came>) {
    asks_about(scene, KNOWN, number, role, to, came).await;
}

async fn asks_about(
    scene: &Scene,
    subject: &str,
    number: u8,
    role: &str,
    to: &[Oin],
    came: Option<&Came>,
) {
    asks_for(scene, subject, number, (role, "D01"), to, came).await;
}

async fn asks_for(
    scene: &Scene,
    subject: &str,
    number: u8,
    (role, purpose): (&str, &str),
    to: &[Oin],
    came: Option<&Came>,
) {
    let (agency, at) = (&scene.agency, scene.clock.now());
    let (inquiry, asked) = (InquiryId::new([number; 16]), vec![Category::parse("G05").unwrap()]);
    let record = Question {
        inquiry,
        staff: "arts-1".to_owned().try_into().unwrap(),
        asked_at: at,
        role: Role::parse(role).unwrap(),
        purpose: purpose.to_owned().try_into().unwrap(),
        targets: to.iter().map(|to| (to.clone(), asked.clone())).collect(),
    };
    let body = serde_json::to_vec(&record).unwrap();
    let key = [asked_key(&agency.secret, subject, at, &Digest::new([number; 32]))];
    let of = (Kind::Asked, body, key);
    let came = came.map(|came| serde_json::to_vec(&serde_json::json!({ "came": came })).unwrap());
    let came = came.map(|body| {
        let key = came_key(&inquiry, &body);
        (Kind::Closed, body, [key])
    });
    for (kind, body, keys) in [Some(of), came].into_iter().flatten() {
        let entry = entry_under(agency, kind, &body, term(false), (&keys, Batch::new())).unwrap();
        agency.ledger.append(entry).await.unwrap();
    }
    scene.clock.set(at.plus_ms(1_000));
}

#[tokio::test]
async fn what_was_asked_is_told_newest_first_with_what_was_decided() {
    let scene = scene().await;
    put(&scene, &Ask::guardian(&["G05"]).id(1)).await;
    put(&scene, &Ask::guardian(&["G05", "G24"]).id(2)).await;
    put(&scene, &Ask::guardian(&["G05"]).id(3).about(UNKNOWN)).await;
    let told = lines(&scene, KNOWN).await;
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0].asker, &told[0].holder), (&oin(GI), &oin(OWN)));
    assert_eq!(told[0].target_id.as_bytes(), &[2; 16]);
    assert!(told[0].at > told[1].at);
    let came: Vec<_> = told[0].categories.iter().map(|one| one.outcome).collect();
    assert_eq!(came, [LogOutcome::Given, LogOutcome::Refused]);
    assert!(told[0].categories[0].grounds.iter().any(|ground| ground.as_str() == "jw-7.3.11-4"));
    assert_eq!(lines(&scene, UNKNOWN).await, [], "who is not known here has no log here");
}

#[tokio::test]
async fn a_purpose_of_which_the_person_was_not_told_leaves_no_trace() {
    let scene = scene().await;
    put(&scene, &Ask::guardian(&["G05"]).id(1)).await;
    let before = lines(&scene, KNOWN).await;
    put(&scene, &Ask::veilig_thuis(&["G05"]).id(2)).await;
    asks(&scene, 3, "ha.arts", &[oin(VT)], None).await;
    let after = lines(&scene, KNOWN).await;
    assert_eq!(after.len(), before.len() + 1, "that the practice itself asked is told");
    assert_eq!(after[1..], before);
}

/// A repair goes to Veilig Thuis too: a line of it would tell that Veilig Thuis asked.
#[tokio::test]
async fn that_a_repair_was_delivered_leaves_no_trace_on_either_side() {
    let scene = scene().await;
    let repair = Ask {
        role: "gi.jeugdbeschermer",
        purpose: "D26",
        kind: "Q18",
        facts: vec![],
        notice: Some(grondslag_proto::v1::SignedNotice::default()),
        ..Ask::guardian(&["G33"]).id(1)
    };
    put(&scene, &repair).await;
    asks_for(&scene, KNOWN, 2, ("ha.arts", "D26"), &[oin(VT)], None).await;
    let size = decisions(&scene.agency, 0, 10, None).await.unwrap().len();
    assert_eq!(size, 1, "it was put");
    let (found, _) = on_subject(&scene.agency, KNOWN, 10).await.unwrap();
    assert!(found.is_empty(), "it takes no place of a line");
    assert_eq!(lines(&scene, KNOWN).await, []);
}

#[tokio::test]
async fn what_the_practice_asked_is_told_with_what_came_of_it() {
    let scene = scene().await;
    let category = Category::parse("G05").unwrap();
    let came = Came::from([(oin(GI), vec![came_of(&scene.agency.pack(), &category, None)])]);
    asks(&scene, 1, "ha.arts", &[oin(GI)], Some(&came)).await;
    asks(&scene, 2, "ha.arts", &[oin(GI), oin(VT)], None).await;
    let told = lines(&scene, KNOWN).await;
    assert_eq!(told.len(), 3);
    let outcomes: Vec<_> = told.iter().map(|line| line.categories[0].outcome).collect();
    let not_recorded = LogOutcome::NotRecorded;
    assert_eq!(outcomes, [not_recorded, not_recorded, LogOutcome::NoAnswer]);
    assert!(told.iter().all(|line| line.asker == oin(OWN)));
    assert_eq!(lines(&scene, UNKNOWN).await, []);
}

/// That a shelter asked, or was asked, tells where a child may be.
#[tokio::test]
async fn a_shelter_is_in_no_log_on_either_side() {
    let scene = scene().await;
    asks(&scene, 1, "vo.hulpverlener", &[oin(GI)], None).await;
    // Whoever is in no directory may be one.
    asks(&scene, 2, "ha.arts", &[oin("00000099000000009000"), oin(GI)], None).await;
    let told = lines(&scene, KNOWN).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].holder, oin(GI));
}

/// Another agency's words are kept with a question, and told for years: they break no log.
#[tokio::test]
async fn what_others_answer_does_not_break_the_log_of_a_child() {
    let scene = scene().await;
    let known: Vec<Ground> =
        scene.agency.pack().catalogue().grounds().iter().map(|entry| entry.id.clone()).collect();
    let made_up = (0..300).map(|number| Ground::parse(&format!("{number:048}")).unwrap());
    let grounds: Vec<Ground> = made_up.chain(known.into_iter().cycle().take(300)).collect();
    let category = Category::parse("G05").unwrap();
    let basis = Basis { rows: Vec::new(), grounds };
    let line = Line::NoRecord { category: category.clone(), basis };
    let came = came_of(&scene.agency.pack(), &category, Some(&line));
    assert_eq!(came.grounds.len(), GROUNDS_MAX);
    // As long as a question can make it.
    let came = Came::from([(oin(GI), vec![came; CATEGORIES_MAX])]);
    asks(&scene, 1, "ha.arts", &[oin(GI)], Some(&came)).await;
    let told = lines(&scene, KNOWN).await;
    assert_eq!((told.len(), told[0].categories.len()), (1, CATEGORIES_MAX));
}

#[tokio::test]
async fn a_long_log_says_that_there_are_older_lines() {
    let scene = scene().await;
    let many = vec![oin(GI); LOG_LINES_MAX];
    asks(&scene, 1, "ha.arts", &many, None).await;
    let head = |more| LogEntry::Head(LogHead { shielded: false, more });
    let whole = entries(&scene, KNOWN).await;
    assert_eq!((whole.len(), &whole[0]), (LOG_LINES_MAX + 1, &head(false)));
    asks(&scene, 2, "ha.arts", &[oin(GI)], None).await;
    let cut = entries(&scene, KNOWN).await;
    assert_eq!((cut.len(), &cut[0]), (LOG_LINES_MAX + 1, &head(true)));
}

#[tokio::test]
async fn who_was_asked_about_and_is_no_client_is_met_for_an_own_view_and_for_nothing_else() {
    let scene = scene().await;
    let number = Bsn::parse(UNKNOWN).unwrap();
    let enrol = async || scene.agency.index.tend(true).await.unwrap();
    enrol().await;
    let entries = async || scene.store.scan(b"x/", None, 1_000).await.unwrap().len();
    let before = entries().await;
    let known = strangers::put(Batch::new(), &scene.agency.secret, &number, scene.clock.now());
    scene.agency.store.commit(known).await.unwrap();
    asks_about(&scene, UNKNOWN, 1, "ha.arts", &[oin(GI)], None).await;
    enrol().await;
    assert!(entries().await > before, "enrolled");
    // To whoever asks anything else they are not known here.
    put(&scene, &Ask::guardian(&["G05"]).about(UNKNOWN).id(7)).await;
    let shown = decisions(&scene.agency, 0, 10, None).await.unwrap();
    assert!(shown.iter().flat_map(|one| &one.lines).all(|line| line.outcome == "miss"));
    assert_eq!(lines(&scene, UNKNOWN).await.len(), 1);
    // When no question about them is kept any more they are forgotten.
    strangers::tidy(&scene.agency).await.unwrap();
    let key = SubjectKey::of(&scene.agency.secret, &number);
    assert!(strangers::find(scene.agency.store.as_ref(), &key).await.unwrap().is_some());
    let asked = scene.store.scan(b"wq/", None, 10).await.unwrap();
    let gone = asked.into_iter().fold(Batch::new(), |gone, pair| gone.delete(pair.key));
    scene.agency.store.commit(gone).await.unwrap();
    strangers::tidy(&scene.agency).await.unwrap();
    assert!(strangers::find(scene.agency.store.as_ref(), &key).await.unwrap().is_none());
}

#[tokio::test]
async fn a_damaged_record_is_an_error_and_never_a_shorter_log() {
    let scene = scene().await;
    let (agency, at) = (&scene.agency, Timestamp::from_ms(1));
    let keys = [asked_key(&agency.secret, KNOWN, at, &Digest::new([1; 32]))];
    let entry = entry_under(agency, Kind::Asked, b"{}", term(false), (&keys, Batch::new()));
    agency.ledger.append(entry.unwrap()).await.unwrap();
    let whose =
        Whose { about: About::Child, shielded: false, to_parent: true, now: scene.clock.now() };
    let read = log::records(agency, KNOWN, whose).await;
    assert_eq!(read, Err(grondslag_core::reason::Reason::StoreCorrupt));
}

/// What this agency asked about somebody goes with its records, and then their number: in the row
/// of that day, and a row that is none keeps it from nobody.
#[tokio::test]
async fn whom_this_agency_asked_about_is_gone_with_the_last_question_about_them() {
    let scene = scene().await;
    let number = Bsn::parse(UNKNOWN).unwrap();
    let known = strangers::put(Batch::new(), &scene.agency.secret, &number, scene.clock.now());
    let bad = [b"wp/".as_slice(), &[0; 16]].concat();
    scene.agency.store.commit(known.put(bad.as_slice(), b"12345678no number")).await.unwrap();
    let category = Category::parse("G05").unwrap();
    let came = [(oin(GI), vec![came_of(&scene.agency.pack(), &category, None)])].into();
    let asked = scene.clock.now();
    asks_about(&scene, UNKNOWN, 1, "ha.arts", &[oin(GI)], Some(&came)).await;
    let left = async || {
        scene.agency.forget().await.unwrap();
        let mut rows = 0;
        for room in [b"wq/".as_slice(), b"wc/", b"wp/"] {
            rows += scene.store.scan(room, None, 10).await.unwrap().len();
        }
        (rows, scene.holds(UNKNOWN).await)
    };
    scene.clock.set(asked.plus_calendar(5, 0).plus_ms(-86_400_000));
    assert_eq!(left().await, (4, true));
    scene.clock.set(asked.plus_calendar(5, 1));
    assert_eq!(left().await, (1, false), "the row that is none stays");
    assert!(scene.store.get(&bad).await.unwrap().is_some());
    let alarms = scene.records(Kind::Alarm).await;
    assert_eq!(alarms.len(), 2, "one a day");
    assert!(!String::from_utf8_lossy(&alarms[0]).contains(UNKNOWN));
    let (store, ledger) = (scene.store.as_ref(), &scene.agency.ledger);
    let checked = check(store, ledger, &|_, at| at).await.unwrap();
    assert!(checked.findings.is_empty() && checked.forgotten >= 2, "each has its proof");
}
