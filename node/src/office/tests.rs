//! Following what is published, by the word of a broker that may lie; and drafts held against what
//! was decided here.

use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::publish::{Entry, Publication};
use grondslag_policy::simulate::{Simulated, Skipped};
use grondslag_runtime::rules::Rules;
use grondslag_runtime::rules::testing::{draft, files, signed};
use tokio::sync::mpsc;

use super::follow::follow_once;
use super::simulate::{Period, simulate};
use crate::answers::put_for_tests as put;
use crate::fixture::{Ask, REFUSED, RULES_REGION, Scene, Told, UNKNOWN};
use crate::own_rules::OwnRules;

const HOUR: i64 = 3_600_000;

fn planned(scene: &Scene, version: &str) -> Publication {
    let now = scene.clock.now();
    let when = (Entry::Planned, now, now.plus_ms(HOUR));
    draft(&scene.agency.rules, RULES_REGION, files(version), when)
}

async fn follow(rules: &Rules, told: &Told) -> Result<(), Reason> {
    follow_once(rules, told).await.map_err(|refused| refused.reason)
}

#[tokio::test]
async fn a_node_takes_what_officers_signed_and_nothing_on_the_word_of_its_broker() {
    let scene = Scene::new().await;
    let rules = &scene.agency.rules;
    let honest = signed(planned(&scene, "1.1.0"), &[1, 2]);
    let alone = signed(planned(&scene, "1.1.0"), &[1]);
    let forged = signed(planned(&scene, "1.1.0"), &[1, 9]);
    let mut altered = honest.clone();
    altered.files.insert("pack.toml".into(), "version = \"1.1.0\"\n# altered".into());
    for (lie, reason) in [
        (alone, Reason::OfficersTooFew),
        (forged, Reason::OfficerUnknown),
        (altered, Reason::PolicyAltered),
    ] {
        assert_eq!(follow(rules, &Told::of(&[&lie])).await, Err(reason));
        assert_eq!(*rules.newest().borrow(), 0);
    }
    let told = Told::of(&[&honest]);
    told.pieces.lock().unwrap().pop();
    assert_eq!(follow(rules, &told).await, Err(Reason::DeadlinePassed), "it was cut off");
    let mixed = Told::of(&[&honest]);
    mixed.pieces.lock().unwrap().first_mut().unwrap().number = 7;
    assert_eq!(follow(rules, &mixed).await, Err(Reason::Malformed));
    let size = scene.agency.ledger.size().await.unwrap();
    assert_eq!(follow(rules, &Told::of(&[&honest, &honest])).await, Ok(()));
    assert_eq!(*rules.newest().borrow(), 1);
    assert_eq!(scene.agency.ledger.size().await, Ok(size + 1), "a leaf tells of it, once");
}

#[tokio::test]
async fn an_office_that_lost_rules_gets_them_back_in_order_from_what_it_has() {
    let scene = Scene::new().await;
    let rules = &scene.agency.rules;
    let mut all = Vec::new();
    for version in ["1.1.0", "1.2.0", REFUSED] {
        scene.clock.set(scene.clock.now().plus_ms(HOUR));
        all.push(signed(planned(&scene, version), &[1, 2]));
        follow(rules, &Told::of(&[all.last().unwrap()])).await.unwrap();
    }
    let office = Told::lacking(3);
    assert_eq!(follow(rules, &office).await, Err(Reason::Malformed), "it has them all");
    assert!(office.brought.lock().unwrap().is_empty());
    let office = Told::lacking(1);
    assert_eq!(follow(rules, &office).await, Err(Reason::PolicyMoment), "told, and tried again");
    assert_eq!(*office.brought.lock().unwrap(), all[1..2]);
    assert_eq!(*rules.newest().borrow(), 3, "what counts here goes on to count");
}

/// What a draft comes to over everything that was decided here, and how far it said to be.
async fn retaken(scene: &Scene, draft: &Pack, since: Timestamp) -> (Simulated, Vec<u64>) {
    let (told, mut heard) = mpsc::channel(64);
    let period = Period { since, on: None };
    let (found, _) = simulate(&scene.agency, draft, period, &told).await.unwrap();
    drop(told);
    let mut leaves = Vec::new();
    while let Some(event) = heard.recv().await {
        leaves.push(event.unwrap().leaves);
    }
    (found, leaves)
}

#[tokio::test]
async fn a_draft_is_held_against_what_was_decided_here_and_what_is_left_out_is_counted() {
    let scene = Scene::new().await;
    let began = scene.clock.now();
    let known = Ask::guardian(&["G16", "G24"]);
    put(&scene.agency, scene.question(&known)).await;
    scene.clock.set(began.plus_ms(HOUR));
    let miss = Ask { subject: UNKNOWN, target_id: 2, ..Ask::guardian(&["G16"]) };
    put(&scene.agency, scene.question(&miss)).await;
    let (same, leaves) = retaken(&scene, &Pack::builtin().unwrap(), began).await;
    assert_eq!((same.holders.decisions, same.holders.all.sum()), (2, 0));
    assert_eq!(same.skipped, Skipped { undecided: 1, ..Skipped::default() });
    assert_eq!(leaves, [scene.agency.ledger.size().await.unwrap()]);

    let mut files = Pack::builtin_files();
    files.remove("table/gecertificeerde-instelling.toml").unwrap();
    let draft = Pack::from_files(&files).unwrap();
    let (closed, _) = retaken(&scene, &draft, began).await;
    assert_eq!((closed.holders.all.closes, closed.holders.all.opens), (1, 0));
    assert_eq!(closed.holders.per_agency[&scene.agency.oin].closes, 1);
    assert_eq!(closed.draft.bundle, draft.bundle());
    let json = serde_json::to_vec(&closed).unwrap();
    assert_eq!(serde_json::from_slice::<Simulated>(&json).unwrap(), closed, "as it travels");

    let (later, _) = retaken(&scene, &draft, began.plus_ms(1)).await;
    assert_eq!((later.holders.decisions, later.skipped.undecided), (0, 1));
    let period = Period { since: began, on: None };
    let (told, heard) = mpsc::channel(1);
    drop(heard);
    let unheard = simulate(&scene.agency, &draft, period, &told).await;
    assert_eq!(unheard, Err(Reason::Busy), "it goes on for nobody");
}

#[tokio::test]
async fn what_was_decided_with_own_rules_is_taken_again_with_them_or_counted_as_left_out() {
    let mut scene = Scene::new().await;
    let began = scene.clock.now();
    let hold = |category: &str| {
        let text = format!(
            "[[row]]\nid = \"L1\"\noutcome = \"hold\"\nlegal = [\"avg-5-1-c\"]\ntext.nl = \"a\"\n\
             text.en = \"b\"\nwhen.category = [\"{category}\"]\n"
        );
        Some(OwnRules::new(scene.agency.kind.clone(), "own.toml".into(), text))
    };
    let (own, other) = (hold("G05"), hold("G24"));
    scene.agency.own_rules = own;
    put(&scene.agency, scene.question(&Ask::guardian(&["G05"]))).await;
    let builtin = Pack::builtin().unwrap();
    let (same, _) = retaken(&scene, &builtin, began).await;
    assert_eq!((same.holders.decisions, same.holders.all.sum()), (1, 0), "held as it was");
    assert_eq!(same.skipped, Skipped::default());

    scene.agency.own_rules = other;
    let (gone, _) = retaken(&scene, &builtin, began).await;
    assert_eq!(gone.skipped, Skipped { no_rules: 1, ..Skipped::default() }, "not those of then");
    assert_eq!(gone.holders.decisions, 0);
}
