//! A practice's records of what it was asked.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::answer::About as Whose;
use grondslag_core::clock::Clock as _;
use grondslag_evidence::records::{check, committed, forget_due, matches};
use grondslag_evidence::store::{Pair, Store as _};
use grondslag_policy::{NotAgain, Overlay};
use grondslag_proto::question::TargetQuestion;
use serde_json::json;

use super::super::answering::answer;
use super::*;
use crate::fixture::{Ask, CANARY, GI, KNOWN, Scene, UNKNOWN, attest, sign};
use crate::own_rules::OwnRules;
use crate::processing::SUBJECT_TYPE;

async fn scene() -> Scene {
    let scene = Scene::new().await;
    let texts = [(Tier::T1, "Een zorgpartij is betrokken."), (Tier::T5, "Heel dossier.")];
    scene.shelf.record("G05", Whose::Child, &texts);
    scene.shelf.record("G05", Whose::Parent, &texts);
    scene.shelf.record("G16", Whose::Child, &[(Tier::T4, "Astma.")]);
    scene
}

/// A change of a record.
type Change<'a> = &'a dyn Fn(&mut DecisionRecord);

async fn put(scene: &Scene, ask: &Ask) {
    answer(&scene.agency, scene.question(ask)).await.unwrap();
}

async fn read(scene: &Scene) -> Vec<DecisionRecord> {
    let bodies = scene.records(Kind::Decision).await;
    bodies.iter().map(|body| DecisionRecord::parse(body).unwrap()).collect()
}

/// Every pair of the store that was not there before.
async fn stored(scene: &Scene) -> BTreeMap<Vec<u8>, usize> {
    let mut all = BTreeMap::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page: Vec<Pair> = scene.store.scan(b"", after.as_deref(), 1_000).await.unwrap();
        let Some(last) = page.last() else { return all };
        after = Some(last.key.clone());
        all.extend(page.into_iter().map(|pair| (pair.key, pair.value.len())));
    }
}

/// What keys begin with before their ids.
const ROOMS: [&str; 17] = [
    "a/",
    "ax/",
    "d/",
    "ib/",
    "im/",
    "iq/",
    "l/node/e/",
    "l/node/s",
    "p/a/",
    "p/iq/",
    "p/t/o/",
    "s/",
    "sd/",
    "t/d/",
    "t/o/",
    "w/",
    "wh/h/",
];

/// Sizes of the new keys and values, by what the key begins with.
async fn grown(scene: &Scene, ask: &Ask) -> Vec<(String, usize, usize)> {
    grown_by(scene, scene.question(ask)).await
}

async fn grown_by(scene: &Scene, question: TargetQuestion) -> Vec<(String, usize, usize)> {
    let before = stored(scene).await;
    answer(&scene.agency, question).await.unwrap();
    let after = stored(scene).await;
    let new = after.into_iter().filter(|(key, size)| before.get(key) != Some(size));
    let mut shape: Vec<_> = new
        .map(|(key, size)| {
            // By name: an id may begin with any byte, be it a letter or a stroke.
            let room = ROOMS.iter().find(|room| key.starts_with(room.as_bytes()));
            let room = room.unwrap_or_else(|| panic!("{key:?}"));
            // What waits for a person, and what does not, differ in a letter.
            let room = if *room == "im/" { "ib/" } else { *room };
            (room.to_owned(), key.len(), size)
        })
        .collect();
    shape.sort();
    shape
}

#[tokio::test]
async fn invariant_04_hit_and_miss_leave_as_many_keys_and_bytes() {
    let all = ["G05", "G16", "G24", "G10", "G06", "G07", "G08", "G09", "G11"];
    for (round, count) in [1, 3, 7, 9].into_iter().enumerate() {
        let scene = scene().await;
        let ask = |id, subject| Ask::guardian(&all[..count]).id(id).about(subject);
        let mut shapes = Vec::new();
        for (id, subject) in (1..).zip([KNOWN, UNKNOWN, CANARY]) {
            shapes.push(grown(&scene, &ask(id, subject)).await);
        }
        assert_eq!(shapes[0], shapes[1], "{round}");
        assert_eq!(shapes[0], shapes[2], "{round}");
        let bodies = scene.records(Kind::Decision).await;
        assert!(bodies.iter().all(|body| body.len() == bodies[0].len()));
        assert_eq!(bodies[0].len(), length(count));
        let used = bodies[0].iter().rposition(|byte| *byte != b' ').unwrap();
        assert!(used > length(count) / 4 && used < length(count) * 4 / 5, "{used}: room enough");
        let leaves = scene.agency.ledger.read(0, 100).await.unwrap();
        let leaves: Vec<_> = leaves.iter().filter(|leaf| is_decision(&leaf.leaf)).collect();
        assert!(leaves.iter().all(|leaf| leaf.leaf.len() == leaves[0].leaf.len()));
        assert_eq!(leaves.len(), 3);
    }
}

/// Only of a known child is the detail opened, so that a spoiled one alarms there alone: neither
/// the record's length nor anything else that is stored may tell the one from the other.
#[tokio::test]
async fn invariant_04_an_alarm_leaves_as_many_keys_and_bytes_as_a_miss() {
    for categories in [&["G05"][..], &["G05", "G24", "G16"]] {
        let scene = scene().await;
        let mut shapes = Vec::new();
        for (id, subject) in [(1, UNKNOWN), (2, KNOWN)] {
            let ask = Ask::guardian(categories).id(id).about(subject);
            let mut question = scene.question(&ask);
            scene.put_detail(&mut question, &[0xff]);
            sign(&mut question);
            attest(&mut question, |_| {});
            shapes.push(grown_by(&scene, question).await);
        }
        assert_eq!(shapes[0], shapes[1], "{categories:?}");
        let bodies = scene.records(Kind::Decision).await;
        let alarms = read(&scene).await.into_iter().map(|one| one.alarm);
        let alarms: Vec<_> = alarms.flatten().collect();
        assert_eq!((bodies.len(), alarms), (2, vec![Reason::Malformed]), "{categories:?}");
        assert!(bodies.iter().all(|body| body.len() == length(categories.len())));
    }
}

fn is_decision(leaf: &[u8]) -> bool {
    committed(leaf).is_some_and(|(kind, _)| kind == Kind::Decision.label())
}

#[tokio::test]
async fn no_leaf_tells_anything_of_question_or_child() {
    let scene = scene().await;
    put(&scene, &Ask::guardian(&["G05"])).await;
    let target = TargetId::new([1; 16]);
    for record in scene.agency.ledger.read(0, 100).await.unwrap() {
        let holds = |word: &[u8]| record.leaf.windows(word.len()).any(|part| part == word);
        if committed(&record.leaf).is_some() {
            assert!(!holds(target.as_bytes()) && !holds(GI.as_bytes()) && !holds(b"D09"));
            let known = [Digest::of(target.as_bytes()), Digest::of(KNOWN.as_bytes())];
            assert!(known.iter().all(|digest| !holds(digest.as_bytes())));
        }
    }
}

#[tokio::test]
async fn a_hit_has_one_data_subject_and_a_miss_or_made_up_one_has_none() {
    let scene = scene().await;
    for (id, subject) in [(1, KNOWN), (2, UNKNOWN), (3, CANARY)] {
        put(&scene, &Ask::guardian(&["G05"]).id(id).about(subject)).await;
    }
    let records = read(&scene).await;
    assert!(records[0].processing.subject.as_ref().unwrap().is(KNOWN));
    assert!(records[1].processing.subject.is_none() && records[2].processing.subject.is_none());
    for record in &records {
        assert_eq!(record.processing.trace_id, record.target_id);
        assert_ne!(record.processing.span_id, record.span_id);
        assert_eq!(record.span_id.len(), 16);
    }
    let body = scene.records(Kind::Decision).await.remove(0);
    assert!(!body.windows(9).any(|part| part == KNOWN.as_bytes()));
    let ldv = records[0].processing.ldv();
    let attributes = &ldv["attributes"];
    assert_eq!(attributes["dpl.core.data_subject_id_type"], SUBJECT_TYPE);
    let activity = "urn:grondslag:rvva:00000099000000001000:D09";
    assert_eq!(attributes["dpl.core.processing_activity_id"], activity);
    let processor = attributes["dpl.core.foreign_operation.processor"].as_str().unwrap();
    assert!(processor.starts_with("https://"), "{processor}");
}

/// Field for field as standards 2.2 has them.
#[tokio::test]
async fn a_decision_has_the_fields_of_the_decision_log_at_level_four() {
    let scene = scene().await;
    put(&scene, &Ask::guardian(&["G05", "G24"])).await;
    let record = read(&scene).await.remove(0);
    let adl = record.adl();
    let keys = |value: &serde_json::Value| {
        value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>()
    };
    let fields = [
        "attributes",
        "body",
        "event_name",
        "resource",
        "span_id",
        "status",
        "timestamp",
        "trace_id",
    ];
    assert_eq!(keys(&adl), fields.map(String::from).into());
    let of = ["configuration", "information", "policies", "request", "response"];
    assert_eq!(keys(&adl["body"]), of.map(|name| format!("adl.core.{name}")).into());
    assert_eq!(adl["trace_id"], json!("01".repeat(16)));
    assert_eq!(
        (&adl["event_name"], &adl["status"]),
        (&json!("adl.access_evaluations"), &json!("Ok"))
    );
    let pack = &scene.agency.pack();
    let policies = format!("{}@{}", pack.bundle(), pack.version());
    assert_eq!(adl["body"]["adl.core.policies"]["grondslag"], policies);
    let response = &adl["body"]["adl.core.response"]["evaluations"];
    assert_eq!((&response[0]["decision"], &response[1]["decision"]), (&json!(true), &json!(false)));
    let known = &adl["body"]["adl.core.information"];
    assert_eq!(known["measure"], json!([{ "value": "ots", "standing": "certified" }]));
    assert_eq!(known["age_band"], json!([{ "value": "lt12", "standing": "verified" }]));
    assert_eq!(known["purpose"], json!([{ "value": "D09", "standing": "claimed" }]));
    assert_eq!(known["requester_kind"], json!([{ "value": "gi", "standing": "certified" }]));
    // No user and no child.
    let text = adl.to_string();
    assert!(!text.contains(KNOWN) && !text.contains(&hex::encode([4; 16])));
}

#[tokio::test]
async fn every_decision_can_be_taken_again_and_a_changed_record_is_found() {
    let scene = scene().await;
    scene.shelf.fact("severity", "concern");
    let asks = [
        Ask::guardian(&["G05", "G16", "G24", "G10"]),
        Ask::veilig_thuis(&["G05", "G24"]),
        Ask::guardian(&["G05"]).about(UNKNOWN),
        Ask::guardian(&["G05"]).about(CANARY),
    ];
    for (id, ask) in (1..).zip(asks) {
        put(&scene, &ask.id(id)).await;
    }
    let pack = &scene.agency.pack();
    let records = read(&scene).await;
    assert_eq!(records.len(), 4);
    for record in &records {
        assert_eq!(record.again(pack, None), Ok(Vec::new()), "{record:?}");
    }
    // The positive control: each change of what was decided, or on what, shows.
    let what = |change: Change<'_>| {
        let mut record = records[0].clone();
        change(&mut record);
        let found = record.again(pack, None).unwrap();
        found.iter().map(|difference| difference.what.word()).collect::<Vec<_>>()
    };
    let file = |record: &mut DecisionRecord, change: &dyn Fn(&mut FileRuling)| {
        change(&mut record.lines[0].on.as_mut().unwrap().files[0]);
    };
    let changes: &[(&str, Change<'_>)] = &[
        ("outcome", &|r| r.lines[0].outcome = Ruled::Refuse),
        ("outcome", &|r| file(r, &|file| file.verdict = Verdict::Review)),
        ("tier", &|r| r.lines[0].tier = Tier::T1),
        ("tier", &|r| file(r, &|file| file.tier = Tier::T5)),
        ("tier", &|r| r.lines[0].cap = Tier::T2),
        ("rows", &|r| r.lines[0].basis.rows.clear()),
        ("rows", &|r| file(r, &|file| file.rows.clear())),
        ("grounds", &|r| r.lines[0].basis.grounds.clear()),
        ("reason", &|r| file(r, &|file| file.reason = Some(Reason::FactsConflict))),
        ("outcome", &|r| r.lines[0].on.as_mut().unwrap().held = true),
        ("outcome", &|r| r.lines[0].on = None),
        ("outcome", &|r| drop(r.visible.insert("purpose".into(), "D99".into()))),
        ("outcome", &|r| {
            for fact in r.facts.iter_mut().flatten().filter(|fact| fact.column == "measure") {
                fact.value = "none".into();
            }
        }),
        ("facts", &|r| r.facts.clear()),
        ("facts", &|r| drop(r.visible.remove("purpose"))),
        ("nameable", &|r| r.naming.as_mut().unwrap().nameable = false),
    ];
    for (expected, change) in changes {
        assert!(what(change).contains(expected), "{expected}: {:?}", what(change));
    }
    let mut missed = records[2].clone();
    missed.lines[0].outcome = Ruled::Permit;
    assert_eq!(missed.again(pack, None).unwrap()[0].what.word(), "outcome");
}

#[tokio::test]
async fn a_decision_is_not_taken_again_with_other_rules() {
    let mut scene = scene().await;
    let text = "[[row]]\nid = \"L1\"\noutcome = \"hold\"\nlegal = [\"avg-5-1-c\"]\n\
                text.nl = \"Eerst kijken.\"\ntext.en = \"Look first.\"\n\
                when.category = [\"G05\"]\n";
    let (pack, kind) = (scene.agency.pack(), scene.agency.kind.clone());
    let overlay = || Overlay::load(&pack, &kind, "local.toml", text).unwrap();
    put(&scene, &Ask::guardian(&["G05"])).await;
    scene.agency.own_rules = Some(OwnRules::new(kind.clone(), "local.toml".into(), text.into()));
    put(&scene, &Ask::guardian(&["G05"]).id(2)).await;
    let records = read(&scene).await;
    assert_eq!(records[0].again(&pack, Some(&overlay())), Err(NotAgain::Overlay));
    assert_eq!(records[1].again(&pack, None), Err(NotAgain::Overlay));
    assert_eq!(records[1].again(&pack, Some(&overlay())), Ok(Vec::new()));
    let other = DecisionRecord { bundle: Digest::of(b"other"), ..records[0].clone() };
    let bundle = other.bundle;
    assert_eq!(other.again(&pack, None), Err(NotAgain::Bundle(bundle)));
}

#[tokio::test]
async fn who_asked_about_a_child_is_listed_for_the_officer_and_the_look_is_recorded() {
    let scene = scene().await;
    for (id, subject) in [(1, KNOWN), (2, UNKNOWN), (3, KNOWN), (4, CANARY)] {
        scene.clock.set(scene.clock.now().plus_ms(1_000));
        put(&scene, &Ask::guardian(&["G05"]).id(id).about(subject)).await;
    }
    let officer = grondslag_core::id::StaffId::parse("officer").unwrap();
    let on = async |number: &str| {
        let number = grondslag_subject::Bsn::parse(number).unwrap();
        let listed = decisions_on(&scene.agency, &officer, &number, 10).await.unwrap();
        listed.iter().map(|decision| decision.target_id[0]).collect::<Vec<_>>()
    };
    assert_eq!(on(KNOWN).await, [3, 1], "newest first");
    assert_eq!(on(UNKNOWN).await, Vec::<u8>::new(), "whom the practice does not know");
    let looks = scene.records(Kind::DecisionsShown).await;
    assert_eq!(looks.len(), 2);
    assert!(looks.iter().all(|look| !look.windows(9).any(|part| part == KNOWN.as_bytes())));
    // Every decision stands in the index, and only those on the child are found by the child.
    assert_eq!(scene.store.scan(BY_SUBJECT, None, 10).await.unwrap().len(), 4);
}

#[tokio::test]
async fn an_officer_gets_the_opening_and_can_hold_it_against_the_leaf() {
    let scene = scene().await;
    put(&scene, &Ask::guardian(&["G05"])).await;
    let decision = decisions(&scene.agency, 0, 10, None).await.unwrap().remove(0);
    let opening = decision.opening.unwrap();
    let leaf = scene.agency.ledger.read(decision.index, 1).await.unwrap().remove(0).leaf;
    let salt: [u8; 32] = opening.salt.try_into().unwrap();
    assert!(matches(&leaf, &salt, &opening.body));
    let five_years = scene.clock.now().plus_calendar(5, 0);
    assert_eq!(decision.kept_until_ms, five_years.ms());
}

#[tokio::test]
async fn a_decision_is_forgotten_with_all_that_leads_to_it() {
    let scene = scene().await;
    put(&scene, &Ask::guardian(&["G05"])).await;
    put(&scene, &Ask::guardian(&["G05"]).id(2).about(UNKNOWN)).await;
    let (store, ledger) = (scene.store.as_ref(), &scene.agency.ledger);
    let end = scene.clock.now().plus_calendar(5, 0);
    assert_eq!(forget_due(store, ledger, end.plus_ms(-1)).await.unwrap().count(), 0);
    assert_eq!(forget_due(store, ledger, end).await.unwrap().count(), 2);
    assert!(decisions(&scene.agency, 0, 10, None).await.unwrap().is_empty());
    let only = Some(TargetId::new([1; 16]));
    assert!(decisions(&scene.agency, 0, 10, only).await.unwrap().is_empty());
    for room in [BY_TARGET, BY_SUBJECT] {
        assert!(store.scan(room, None, 10).await.unwrap().is_empty());
    }
    let checked = check(store, ledger, &|_, at| at).await.unwrap();
    assert_eq!((checked.forgotten, checked.findings), (2, Vec::new()));
}
