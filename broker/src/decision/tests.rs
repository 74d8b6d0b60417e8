//! Decisions of a broker that are read back and taken again.

use grondslag_core::catalogue::{Category, RowId};
use grondslag_core::clock::Clock as _;
use grondslag_core::id::Pseudonym;
use grondslag_core::tier::{Tier, Urgency, Verdict};
use grondslag_evidence::records::{Opening, Until, commit_with_annex, forget_due, open};
use grondslag_policy::{NotAgain, What};
use grondslag_proto::question::Evidence;
use serde_json::json;

use super::*;
use crate::route::tests::{ASKER, BROKER, SCHOOL, Scene, oin, question, scene};

/// One category that is refused and one that is let through.
async fn asked() -> (Scene, Evidence) {
    let scene = scene(&[]).await;
    let (_, _, decided) = scene.route(question(&scene, &["G16", "G05"], |_| {})).await.unwrap();
    (scene, decided[0].evidence.clone())
}

async fn opened(scene: &Scene, evidence: &Evidence) -> Opening {
    let leaves = scene.broker.ledger.read(evidence.index, 1).await.unwrap();
    open(scene.broker.store.as_ref(), &leaves[0].leaf).await.unwrap()
}

async fn record() -> (Scene, DecisionRecord) {
    let (scene, evidence) = asked().await;
    let Opening::Opened(opened) = opened(&scene, &evidence).await else { panic!("no opening") };
    let record = DecisionRecord::read(&opened).unwrap();
    (scene, record)
}

#[tokio::test]
async fn a_decision_is_read_back_with_all_that_it_was_taken_on_and_is_the_same_again() {
    let (scene, record) = record().await;
    assert_eq!(record.again(&scene.broker.rules.now()), Ok(Vec::new()));
    assert_eq!(record.asked.header.asker, oin(ASKER));
    assert_eq!(record.leaf.rulings[0].verdict, Verdict::Refuse);
    assert_ne!(record.leaf.rulings[1].verdict, Verdict::Refuse);
    assert_eq!(record.rests_on[0].1, Some(Reason::NoRule));
    let told = |name: &str| {
        let Column { value, standing } = &record.columns[name];
        (value.as_str(), standing.as_str())
    };
    assert_eq!(told("requester_kind"), ("gi", "certified"));
    assert_eq!(told("target_kind"), ("sch", "verified"));
    assert_eq!(told("purpose"), ("D09", "claimed"));
}

/// Every field is changed once, and the change is named.
#[tokio::test]
async fn whatever_changes_in_a_record_is_found_when_it_is_decided_again() {
    type Change = fn(&mut DecisionRecord);
    let (scene, record) = record().await;
    let changes: [(&str, Change); 16] = [
        ("outcome", |r| r.leaf.rulings[0].verdict = Verdict::Permit),
        ("outcome", |r| r.leaf.rulings[1].verdict = Verdict::Refuse),
        ("tier", |r| r.leaf.rulings[1].cap = Tier::T5),
        ("tier", |r| r.leaf.rulings[0].cap = Tier::T1),
        ("rows", |r| r.rests_on[0].0.rows.push(RowId::parse("R05.1").unwrap())),
        ("rows", |r| r.rests_on.truncate(1)),
        ("reason", |r| r.rests_on[0].1 = Some(Reason::NoBsnRight)),
        ("reason", |r| r.rests_on[1].1 = Some(Reason::NoRule)),
        ("categories", |r| r.leaf.rulings[0].category = Category::parse("G06").unwrap()),
        ("categories", |r| drop(r.asked.categories.pop())),
        ("version", |r| r.version.push('x')),
        ("columns", |r| r.asked.header.urgency = Urgency::Acute),
        ("columns", |r| r.columns.get_mut("urgency").unwrap().value = "acute".into()),
        ("columns", |r| r.columns.get_mut("approvals").unwrap().value = "mandated".into()),
        ("columns", |r| r.columns.get_mut("purpose").unwrap().standing = "verified".into()),
        ("outcome", |r| drop(r.columns.remove("target_kind"))),
    ];
    for (number, (what, change)) in changes.into_iter().enumerate() {
        let mut changed = record.clone();
        change(&mut changed);
        let found = changed.again(&scene.broker.rules.now()).unwrap();
        assert!(found.iter().any(|one| one.what.word() == what), "{number} {what}: {found:?}");
    }
    let mut other = record.clone();
    let bundle = Digest::new([1; 32]);
    other.bundle = bundle;
    assert_eq!(other.again(&scene.broker.rules.now()), Err(NotAgain::Bundle(bundle)));
}

/// What decides nothing is held by digests: the ledger's leaf, the decision's own, the header's.
#[tokio::test]
async fn what_stands_beside_a_decision_cannot_be_changed_without_the_leaf_showing_it() {
    let (scene, evidence) = asked().await;
    let Opening::Opened(opened) = opened(&scene, &evidence).await else { panic!("no opening") };
    assert!(DecisionRecord::read(&opened).is_ok());
    for at in 0..opened.annex.len() {
        let mut altered = opened.clone();
        altered.annex[at] ^= 1;
        assert_eq!(DecisionRecord::read(&altered), Err(RecordError::Altered), "{at}");
    }
    let mut without = opened.clone();
    without.annex.clear();
    assert_eq!(DecisionRecord::read(&without), Err(RecordError::Altered));

    // A broker that writes another header beside a leaf of its own.
    let mut leaf = Leaf::parse(&opened.body).unwrap();
    leaf.header = Digest::new([9; 32]);
    let mut other = opened.clone();
    other.body = leaf.canonical();
    assert_eq!(DecisionRecord::read(&other), Err(RecordError::OtherHeader));
    leaf.on = Digest::of(b"no record");
    (other.body, other.annex) = (leaf.canonical(), b"no record".to_vec());
    assert_eq!(DecisionRecord::read(&other), Err(RecordError::Unreadable));
    other.body = b"no leaf".to_vec();
    assert_eq!(DecisionRecord::read(&other), Err(RecordError::Body));
}

#[tokio::test]
async fn a_target_without_a_card_is_recorded_with_the_reason_and_is_the_same_again() {
    let scene = scene(&[]).await;
    let question = question(&scene, &["G16", "G05"], |_| {});
    let (_, targets, decided) = scene.route(question).await.unwrap();
    let Opening::Opened(opened) = opened(&scene, &decided[0].evidence).await else {
        panic!("no opening")
    };
    let record = DecisionRecord::read(&opened).unwrap();
    let mut target = targets[0].clone();
    target.card = Err(Reason::CrlExpired);
    let rulings = crate::route::decide::shut(&target.part.categories, Reason::CrlExpired);
    let on = DecidedOn {
        pack: &scene.broker.rules.now(),
        target: &target,
        rulings: &rulings,
        span: [1; 8],
    };
    let annex = on.canonical(&record.asked.header);
    let rulings = rulings.iter().map(|named| named.ruling.clone()).collect();
    let leaf = Leaf { on: Digest::of(&annex), rulings, ..record.leaf };
    let mut other = opened;
    (other.body, other.annex) = (leaf.canonical(), annex);
    let mut record = DecisionRecord::read(&other).unwrap();
    assert_eq!(record.again(&scene.broker.rules.now()), Ok(Vec::new()));
    record.leaf.rulings[0].verdict = Verdict::Permit;
    assert_eq!(record.again(&scene.broker.rules.now()).unwrap()[0].what, What::Outcome);
}

/// Invariant 3: what is kept of a decision is what the broker saw, and goes with its term.
#[tokio::test]
async fn invariant_03_a_record_is_small_holds_no_inquiry_and_is_forgotten_whole() {
    let (scene, evidence) = asked().await;
    let Opening::Opened(opened) = opened(&scene, &evidence).await else { panic!("no opening") };
    let whole = opened.annex.len() + opened.body.len();
    assert!(whole < 2_000, "{whole}: one value of the store");
    // The id of the inquiry is sixteen times 3.
    assert!(!opened.annex.windows(16).any(|window| window == [3; 16]));
    let Until::At(end) = opened.until else { panic!("no term") };
    forget_due(scene.broker.store.as_ref(), &scene.broker.ledger, end).await.unwrap();
    assert!(matches!(self::opened(&scene, &evidence).await, Opening::Forgotten { .. }));
    assert!(scene.clock.now() < end);
}

#[tokio::test]
async fn the_exports_tell_the_columns_and_no_data_subject() {
    let (_, record) = record().await;
    let adl = record.adl(&oin(BROKER));
    assert_eq!(adl["attributes"]["grondslag.target"], json!(SCHOOL));
    assert_eq!(adl["span_id"].as_str().unwrap().len(), 16);
    let body = &adl["body"];
    assert_eq!(body["adl.core.request"]["subject"]["id"], json!(ASKER));
    let told = json!([{ "value": "sch", "standing": "verified" }]);
    assert_eq!(body["adl.core.information"]["target_kind"], told);
    let decisions = body["adl.core.response"]["evaluations"].as_array().unwrap();
    assert_eq!(
        (&decisions[0]["decision"], &decisions[1]["decision"]),
        (&json!(false), &json!(true))
    );
    let ldv = record.ldv(&oin(BROKER));
    assert!(ldv["attributes"].get("dpl.core.data_subject_id").is_none());
    let pseudonym = Pseudonym::new([4; 16]).to_string();
    assert!(adl.to_string().contains(&pseudonym) && !ldv.to_string().contains(&pseudonym));
}

#[test]
fn a_record_too_large_for_the_store_is_refused() {
    let made = commit_with_annex(Leaf::KIND, b"", &vec![0; 2 << 20], [1; 32], Until::Told);
    assert!(made.is_err());
}
