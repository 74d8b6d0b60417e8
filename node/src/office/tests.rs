//! Following what is published, by the word of a broker that may lie.

use grondslag_core::clock::Clock as _;
use grondslag_core::reason::Reason;
use grondslag_policy::publish::{Entry, Publication};
use grondslag_runtime::rules::Rules;
use grondslag_runtime::rules::testing::{draft, files, signed};

use super::follow::follow_once;
use crate::fixture::{REFUSED, RULES_REGION, Scene, Told};

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
    assert_eq!(follow(rules, &office).await, Ok(()), "it has them all");
    assert!(office.brought.lock().unwrap().is_empty());
    let office = Told::lacking(1);
    assert_eq!(follow(rules, &office).await, Err(Reason::PolicyMoment), "told, and tried again");
    assert_eq!(*office.brought.lock().unwrap(), all[1..2]);
    assert_eq!(*rules.newest().borrow(), 3, "what counts here goes on to count");
}
