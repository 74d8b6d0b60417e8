//! Rules that officers bring, sign and follow, and what the office refuses.

use std::sync::Arc;

use grondslag_core::clock::{Clock as _, Timestamp};
use grondslag_core::limits::OFFICERS_MAX;
use grondslag_policy::publish::Entry as Entering;
use grondslag_proto::head::FoundingLeaf;
use grondslag_proto::v1;
use grondslag_runtime::rules::testing::{draft, files, signature, signed};

use super::proposals::Proposals;
use super::*;
use crate::limits::{LOST_BROUGHT_MS_MAX, LOST_MADE_MS_MAX, PROPOSALS_OF_ONE_MAX, REST_MS};
use crate::restore::Foundings;
use crate::restore::tests::signed as founding;
use crate::route::tests::{ASKER, Scene, oin, question, scene};

const HOUR: i64 = 3_600_000;

/// Rules under another version, in force from an hour on.
fn planned(scene: &Scene, version: &str) -> Publication {
    let now = scene.clock.now();
    let when = (Entering::Planned, now, now.plus_ms(HOUR));
    draft(&scene.broker.rules, scene.root.fingerprint(), files(version), when)
}

async fn take(scene: &Scene, publication: Publication) -> Result<Outcome, Reason> {
    let done = scene.broker.office.take(&scene.broker, &oin(ASKER), publication).await;
    done.map_err(|refused| refused.reason)
}

async fn sign(scene: &Scene, waits: &Publication, by: u8) -> Result<Outcome, Reason> {
    let (digest, signature) = (waits.manifest.digest(), signature(waits, by));
    let done = scene.broker.office.sign(&scene.broker, &oin(ASKER), &digest, signature).await;
    done.map_err(|refused| refused.reason)
}

async fn waiting(scene: &Scene) -> usize {
    Proposals(scene.broker.store.as_ref()).all().await.unwrap().len()
}

#[tokio::test]
async fn rules_wait_for_a_colleague_and_are_published_when_they_sign() {
    let scene = scene(&[]).await;
    let rules = &scene.broker.rules;
    let draft = signed(planned(&scene, "1.1.0"), &[1]);
    let (digest, size) = (draft.manifest.digest(), scene.broker.ledger.size().await.unwrap());
    assert_eq!(take(&scene, draft.clone()).await, Ok(Outcome::Waits(digest)));
    assert_eq!(take(&scene, draft.clone()).await, Ok(Outcome::Waits(digest)), "brought again");
    assert_eq!((waiting(&scene).await, *rules.newest().borrow()), (1, 0));
    assert_eq!(sign(&scene, &draft, 1).await, Ok(Outcome::Waits(digest)), "the author, again");
    assert_eq!(sign(&scene, &draft, 9).await, Err(Reason::OfficerUnknown));
    let other = planned(&scene, "1.2.0");
    assert_eq!(sign(&scene, &other, 2).await, Err(Reason::UnknownProposal));
    assert_eq!(sign(&scene, &draft, 2).await, Ok(Outcome::Published(digest, 1)));
    assert_eq!((waiting(&scene).await, *rules.newest().borrow()), (0, 1));
    // That they wait, that they were approved, and that they were published.
    assert_eq!(scene.broker.ledger.size().await, Ok(size + 3));
    let forged = signed(draft.clone(), &[8, 9]);
    assert_eq!(take(&scene, forged).await, Ok(Outcome::Published(digest, 1)), "known");
    assert_eq!(scene.broker.ledger.size().await, Ok(size + 3), "nothing more comes of it");
    assert_eq!(rules.now().version(), "1.0.0");
    scene.clock.set(scene.clock.now().plus_ms(HOUR));
    assert_eq!(rules.now().version(), "1.1.0");
}

/// Whoever brings a proposal again with an officer's signature many times crowds nobody out.
#[tokio::test]
async fn a_signature_counts_once_however_often_it_is_brought() {
    let scene = scene(&[]).await;
    let draft = planned(&scene, "1.1.0");
    let many = signed(draft.clone(), &[1; OFFICERS_MAX]);
    assert!(matches!(take(&scene, many.clone()).await, Ok(Outcome::Waits(_))));
    assert!(matches!(take(&scene, many).await, Ok(Outcome::Waits(_))));
    assert!(matches!(sign(&scene, &draft, 2).await, Ok(Outcome::Published(_, 1))));
}

#[tokio::test]
async fn of_two_drafts_one_is_published_and_the_other_is_told_to_start_from_it() {
    let scene = scene(&[]).await;
    let (one, two) = (planned(&scene, "1.1.0"), planned(&scene, "1.2.0"));
    for draft in [&one, &two] {
        take(&scene, signed(draft.clone(), &[1])).await.unwrap();
    }
    assert_eq!(waiting(&scene).await, 2);
    assert!(matches!(sign(&scene, &one, 2).await, Ok(Outcome::Published(..))));
    assert_eq!(waiting(&scene).await, 0);
    assert_eq!(sign(&scene, &two, 2).await, Err(Reason::UnknownProposal));
    assert_eq!(take(&scene, signed(two, &[1, 2])).await, Err(Reason::PolicyRebase));
}

#[tokio::test]
async fn what_is_wrong_is_refused_before_it_waits_and_one_officer_leaves_room_for_others() {
    let scene = scene(&[]).await;
    assert_eq!(take(&scene, planned(&scene, "1.1.0")).await, Err(Reason::OfficersTooFew));
    let now = scene.clock.now();
    let region = scene.root.fingerprint();
    let late = (Entering::Planned, now, now.plus_ms(-1));
    let late = draft(&scene.broker.rules, region, files("1.1.0"), late);
    assert_eq!(take(&scene, signed(late, &[1])).await, Err(Reason::PolicyMoment));
    let when = (Entering::Planned, now, now.plus_ms(HOUR));
    let elsewhere = draft(&scene.broker.rules, Digest::of(b"x"), files("1.1.0"), when);
    assert_eq!(take(&scene, signed(elsewhere, &[1])).await, Err(Reason::RegionMismatch));
    let mut altered = signed(planned(&scene, "1.1.0"), &[1]);
    altered.files.insert("pack.toml".into(), "version = \"2\"".into());
    assert_eq!(take(&scene, altered).await, Err(Reason::PolicyAltered));
    assert_eq!(waiting(&scene).await, 0);
    for number in 0..PROPOSALS_OF_ONE_MAX {
        let draft = signed(planned(&scene, &format!("1.1.{number}")), &[1]);
        assert!(take(&scene, draft).await.is_ok(), "{number}");
    }
    let more = signed(planned(&scene, "1.2.0"), &[1]);
    assert_eq!(take(&scene, more).await, Err(Reason::ProposalsFull));
    let of_another = signed(planned(&scene, "1.2.0"), &[2]);
    assert!(matches!(take(&scene, of_another).await, Ok(Outcome::Waits(_))));
    assert!(matches!(
        take(&scene, signed(planned(&scene, "1.3.0"), &[1, 2])).await,
        Ok(Outcome::Published(..))
    ));
    assert_eq!(waiting(&scene).await, 0, "what can no longer be published makes room");
}

#[tokio::test]
async fn an_officer_alone_narrows_at_once_and_a_question_on_its_way_is_decided_by_that() {
    let scene = scene(&[]).await;
    let asked = question(&scene, &["G16"], |_| {});
    let (now, region) = (scene.clock.now(), scene.root.fingerprint());
    let first = scene.broker.rules.now().bundle();
    scene.clock.set(now.plus_ms(5));
    let at_once = (Entering::Emergency, now.plus_ms(5), now.plus_ms(5));
    let narrow = draft(&scene.broker.rules, region, files("1.0.1"), at_once);
    assert!(matches!(take(&scene, signed(narrow, &[2])).await, Ok(Outcome::Published(_, 1))));
    let rules = &scene.broker.rules;
    let second = rules.now().bundle();
    assert_ne!(first, second);
    assert_eq!(rules.asked_under(now), first);
    assert_eq!(rules.of_question(now, now.plus_ms(5)).unwrap().bundle(), second);
    // It was asked before, names the rules of then, and is taken.
    assert!(scene.route(asked).await.is_ok());
    let stale = question(&scene, &["G16"], |header| header.bundle = first);
    assert_eq!(scene.route(stale).await.unwrap_err(), Reason::PolicyStale);
}

#[tokio::test]
async fn whoever_follows_is_told_of_everything_that_is_published() {
    let scene = scene(&[]).await;
    let (events, mut received) = tokio::sync::mpsc::channel(4);
    let broker = Arc::clone(&scene.broker);
    let passing = tokio::spawn(async move { service::pass_on(&broker, 0, &events).await });
    let mut told = async || -> (u64, Vec<u8>) {
        let mut bytes = Vec::new();
        loop {
            let v1::WatchPublicationsResponse { number, piece, last, .. } =
                received.recv().await.unwrap().unwrap();
            bytes.extend(piece);
            if last {
                return (number, bytes);
            }
        }
    };
    let one = signed(planned(&scene, "1.1.0"), &[1, 2]);
    take(&scene, one.clone()).await.unwrap();
    assert_eq!(told().await, (1, one.encode().unwrap()));
    let (later, region) = (scene.clock.now().plus_ms(2 * HOUR), scene.root.fingerprint());
    let when = (Entering::Planned, scene.clock.now(), later);
    let two = signed(draft(&scene.broker.rules, region, files("1.2.0"), when), &[1, 2]);
    take(&scene, two.clone()).await.unwrap();
    assert_eq!(told().await, (2, two.encode().unwrap()));
    drop(received);
    assert_eq!(passing.await.unwrap(), Ok(()));

    // Whoever comes later is told what the region began with first.
    let (events, mut received) = tokio::sync::mpsc::channel(64);
    let broker = Arc::clone(&scene.broker);
    tokio::spawn(async move { service::pass_on(&broker, 0, &events).await });
    assert_eq!(received.recv().await.unwrap().unwrap().number, 0);
}

/// A scene whose broker was restored a while ago, and the moment of that.
async fn restored(ago: i64) -> (Scene, Timestamp) {
    let mut scene = scene(&[]).await;
    let at = scene.clock.now().plus_ms(-ago);
    let leaf = FoundingLeaf { signed: founding(at), recorded_at: at, index: 0 };
    Arc::get_mut(&mut scene.broker).unwrap().foundings = Foundings::of(leaf);
    (scene, at)
}

/// Rules that were made and came into force then.
fn made(scene: &Scene, entry: Entering, at: Timestamp) -> Publication {
    let region = scene.root.fingerprint();
    draft(&scene.broker.rules, region, files("1.1.0"), (entry, at, at))
}

/// Nodes went by rules that a restore lost: the office says that it lacks them, and takes them back
/// although their moment has passed.
#[tokio::test]
async fn what_a_restore_lost_is_asked_for_and_taken_back_and_nothing_that_was_made_since() {
    let (scene, at) = restored(HOUR).await;
    let lost = signed(made(&scene, Entering::Planned, at), &[1, 2]);
    let digest = lost.manifest.digest();
    let (events, mut received) = tokio::sync::mpsc::channel(4);
    assert_eq!(service::pass_on(&scene.broker, 1, &events).await, Ok(()));
    let told = received.recv().await.unwrap().unwrap();
    assert_eq!((told.number, told.lacks, told.last), (0, true, false));

    let early = at.plus_ms(-LOST_MADE_MS_MAX - 1);
    for (moment, what) in [(at.plus_ms(1), "made since"), (early, "made long before")] {
        let other = signed(made(&scene, Entering::Planned, moment), &[1, 2]);
        assert_eq!(take(&scene, other).await, Err(Reason::PolicyMoment), "{what}");
    }
    let alone = Publication { signatures: vec![signature(&lost, 1)], ..lost.clone() };
    assert_eq!(take(&scene, alone).await, Err(Reason::PolicyMoment));
    let forged = signed(lost.clone(), &[1, 9]);
    assert_eq!(take(&scene, forged).await, Err(Reason::OfficerUnknown));
    let twice = signed(lost.clone(), &[1, 1]);
    assert_eq!(take(&scene, twice).await, Err(Reason::PolicyMoment), "one officer is not two");
    assert_eq!(scene.broker.rules.now().version(), "1.0.0");

    let size = scene.broker.ledger.size().await.unwrap();
    assert_eq!(take(&scene, lost.clone()).await, Ok(Outcome::Published(digest, 1)));
    assert_eq!(take(&scene, lost).await, Ok(Outcome::Published(digest, 1)), "by another node");
    assert_eq!(scene.broker.rules.now().version(), "1.1.0");
    let size_now = scene.broker.ledger.size().await;
    assert_eq!(size_now, Ok(size + 2), "leaves say so and who brought it, once");
}

#[tokio::test]
async fn without_a_restore_or_long_after_one_nothing_was_lost() {
    let never = scene(&[]).await;
    let past = never.clock.now().plus_ms(-HOUR);
    let of_past = signed(made(&never, Entering::Planned, past), &[1, 2]);
    assert_eq!(take(&never, of_past).await, Err(Reason::PolicyMoment));
    let (scene, at) = restored(LOST_BROUGHT_MS_MAX + 1).await;
    let late = signed(made(&scene, Entering::Planned, at), &[1, 2]);
    assert_eq!(take(&scene, late).await, Err(Reason::PolicyMoment));
}

/// One officer's word never keeps a broker from deciding.
#[tokio::test]
async fn rules_that_are_brought_back_and_cannot_be_applied_block_nothing() {
    let (scene, at) = restored(HOUR).await;
    let mut newer = made(&scene, Entering::Emergency, at);
    newer.manifest.engine = "grondslag-policy 99.0.0".to_owned();
    assert_eq!(take(&scene, signed(newer, &[1])).await, Err(Reason::PolicyEngine));
    assert_eq!(scene.broker.rules.ready(scene.clock.now()), Ok(()));
    assert_eq!(scene.broker.rules.blocked(), None);
}

/// Whatever it lost comes first: rules in its place would be refused by all who have it.
#[tokio::test]
async fn a_restored_office_takes_nothing_new_until_it_heard_what_it_lost() {
    let (scene, _) = restored(0).await;
    let new = signed(planned(&scene, "1.2.0"), &[1]);
    assert_eq!(take(&scene, new.clone()).await, Err(Reason::PolicyGap));
    assert_eq!(sign(&scene, &new, 2).await, Err(Reason::PolicyGap));
    scene.clock.set(scene.clock.now().plus_ms(REST_MS));
    assert!(matches!(take(&scene, new).await, Ok(Outcome::Waits(_))));
}
