//! Following what is published, by the word of a broker that may lie.

use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use grondslag_core::clock::Clock as _;
use grondslag_core::reason::Reason;
use grondslag_policy::publish::{Entry, Publication};
use grondslag_proto::v1;
use grondslag_runtime::rules::Rules;
use grondslag_runtime::rules::testing::{draft, files, signed};
use grondslag_runtime::rules::travel;

use super::follow::follow_once;
use super::{OfficeLink, Publications};
use crate::fixture::{RULES_REGION, Scene};

const HOUR: i64 = 3_600_000;

/// An office that sends what it was told to, whatever it was asked for.
#[derive(Debug)]
struct Told(Mutex<Vec<v1::WatchPublicationsResponse>>);

impl Told {
    fn of(publications: &[&Publication]) -> Self {
        let all = publications.iter().flat_map(|one| {
            let pieces = travel::pieces(&one.encode().unwrap());
            let (number, count) = (one.manifest.number, pieces.len());
            let pieces = pieces.into_iter().enumerate();
            pieces.map(move |(at, piece)| v1::WatchPublicationsResponse {
                number,
                piece,
                last: at + 1 == count,
            })
        });
        Self(Mutex::new(all.collect()))
    }
}

#[async_trait]
impl OfficeLink for Told {
    async fn watch_publications(&self, _: u64) -> Result<Publications, Reason> {
        let told = std::mem::take(&mut *self.0.lock().unwrap());
        Ok(futures_util::stream::iter(told.into_iter().map(Ok)).boxed())
    }

    async fn propose(&self, _: Vec<u8>) -> Result<v1::PolicyOutcome, Reason> {
        Err(Reason::Unreachable)
    }

    async fn proposals(&self) -> Result<Vec<v1::Proposal>, Reason> {
        Err(Reason::Unreachable)
    }

    async fn proposal(&self, _: Vec<u8>) -> Result<Vec<u8>, Reason> {
        Err(Reason::Unreachable)
    }

    async fn sign(&self, _: v1::SignProposalRequest) -> Result<v1::PolicyOutcome, Reason> {
        Err(Reason::Unreachable)
    }
}

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
    told.0.lock().unwrap().pop();
    assert_eq!(follow(rules, &told).await, Err(Reason::DeadlinePassed), "it was cut off");
    let mixed = Told::of(&[&honest]);
    mixed.0.lock().unwrap().first_mut().unwrap().number = 7;
    assert_eq!(follow(rules, &mixed).await, Err(Reason::Malformed));
    let size = scene.agency.ledger.size().await.unwrap();
    assert_eq!(follow(rules, &Told::of(&[&honest, &honest])).await, Ok(()));
    assert_eq!(*rules.newest().borrow(), 1);
    assert_eq!(scene.agency.ledger.size().await, Ok(size + 1), "a leaf tells of it, once");
}
