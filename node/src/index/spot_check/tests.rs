//! Spot checks of a practice that keeps to the protocol, and of one that does not.

use grondslag_core::clock::Clock as _;
use grondslag_evidence::store::{Batch, parts};

use super::*;
use crate::fixture::{CANARY, KNOWN, Scene, Trouble, UNKNOWN};
use crate::index::keys;
use crate::index::tests::{come, numbers};
use crate::limits::BULK_POINTS_MIN;
use crate::own_view::asked::asked_key;
use crate::own_view::strangers;

const EPOCH: u32 = 1;
const SEED: [u8; 32] = [7; 32];

fn wish(batches: usize, count: usize, drawn_by: [u8; 32]) -> Wish {
    Wish { epoch: EPOCH, batches, drawn_by, count }
}

fn all() -> usize {
    usize::try_from(BULK_POINTS_MIN).unwrap()
}

/// How many positions of a check are what.
fn tally(batches: &[OpenedBatch]) -> BTreeMap<Verdict, usize> {
    let mut found = BTreeMap::new();
    for opening in batches.iter().flat_map(|batch| &batch.openings) {
        *found.entry(opening.verdict).or_default() += 1;
    }
    found
}

async fn opened(scene: &Scene, wish: Wish) -> (BTreeMap<Verdict, usize>, Broker) {
    let (batches, broker) = scene.agency.index.open(&wish).await.unwrap();
    (tally(&batches), broker)
}

/// A practice whose first run has a number at every place: 255 clients and the canary.
async fn full() -> Scene {
    let scene = Scene::with(&numbers(all() - 1)).await;
    assert_eq!(scene.agency.index.recorded(EPOCH).await.unwrap().len(), 1);
    scene
}

/// Writes another batch 0 than the one that was enrolled.
async fn plant(scene: &Scene, change: impl FnOnce(&mut KeptBatch)) {
    let (store, key) = (scene.agency.store.as_ref(), keys::batch(EPOCH, 0));
    let mut kept = KeptBatch::read(store, EPOCH, 0).await.unwrap().unwrap();
    change(&mut kept);
    let batch = parts::delete_body(store, Batch::new(), &key).await.unwrap();
    scene.agency.store.commit(batch).await.unwrap();
    let body = serde_json::to_vec(&kept).unwrap();
    let batch = parts::put_body(Batch::new(), &key, &body).unwrap();
    scene.agency.store.commit(batch).await.unwrap();
}

/// Whose place it is, by its number.
fn place(kept: &KeptBatch, number: &str) -> usize {
    let found = hex::encode(Found::Person(crate::fixture::subject_key(number)).bytes());
    kept.places.iter().position(|place| *place == found).unwrap()
}

#[tokio::test]
async fn an_honest_practice_opens_client_canary_and_padding_as_what_they_are() {
    let scene = Scene::new().await;
    let (batches, broker) = scene.agency.index.open(&wish(1, all(), SEED)).await.unwrap();
    let counts =
        BTreeMap::from([(Verdict::Client, 1), (Verdict::Canary, 1), (Verdict::Padding, all() - 2)]);
    assert_eq!((tally(&batches), broker), (counts, Broker::Agrees));
    let openings = || batches.iter().flat_map(|batch| &batch.openings);
    let client = openings().find(|opening| opening.verdict == Verdict::Client).unwrap();
    assert_eq!(client.shown, Shown::Client(grondslag_subject::Bsn::parse(KNOWN).unwrap()));
    assert_eq!(client.dossier.as_ref().unwrap().0.as_str(), "HA-1");
    let canary = openings().find(|opening| opening.verdict == Verdict::Canary).unwrap();
    assert!(matches!(&canary.shown, Shown::Canary(canary) if canary.expose() == CANARY));
    assert_eq!(batches[0].noted, Some(scene.agency.index.recorded(EPOCH).await.unwrap()[0].digest));
}

/// An officer sees how many are enrolled because somebody asked about them.
#[tokio::test]
async fn who_was_asked_about_opens_as_that_and_as_no_client() {
    let scene = Scene::new().await;
    let (agency, number) = (&scene.agency, grondslag_subject::Bsn::parse(UNKNOWN).unwrap());
    let asked = strangers::put(Batch::new(), &agency.secret, &number, scene.clock.now());
    agency.store.commit(asked).await.unwrap();
    agency.index.tend(true).await.unwrap();
    // With no question behind it somebody was enrolled who should not be.
    let (counts, _) = opened(&scene, wish(2, all() + 4, SEED)).await;
    assert_eq!((counts.get(&Verdict::Stranger), counts[&Verdict::NoDossier]), (None, 1));
    let at = scene.clock.now();
    let question = asked_key(&agency.secret, UNKNOWN, at, &Digest::of(b"a question"));
    agency.store.commit(Batch::new().put(question, [])).await.unwrap();
    let (batches, _) = agency.index.open(&wish(2, all() + 4, SEED)).await.unwrap();
    let counts = tally(&batches);
    assert_eq!((counts[&Verdict::Client], counts[&Verdict::Stranger]), (1, 1));
    assert!(!counts.contains_key(&Verdict::NoDossier));
    let mut openings = batches.iter().flat_map(|batch| &batch.openings);
    let stranger = openings.find(|one| one.verdict == Verdict::Stranger).unwrap();
    assert_eq!((&stranger.shown, &stranger.dossier), (&Shown::Stranger(number), &None));
}

/// One node of which 13 of 256 places (5.1 %) are of people it has no dossier of, and a hundred
/// officers, each with a seed of their own.
#[tokio::test]
async fn a_check_of_sixty_finds_five_percent_foreign_entries_in_nine_of_ten_draws() {
    let scene = full().await;
    let mut found = 0;
    for share in [0, 13] {
        let gone = &numbers(share);
        scene.shelf.numbers.lock().unwrap().retain(|number| !gone.contains(number));
        for seed in 0..100_u8 {
            let (counts, _) = opened(&scene, wish(1, 60, [seed; 32])).await;
            assert_eq!(counts.values().sum::<usize>(), 60);
            let foreign = counts.get(&Verdict::NoDossier).copied().unwrap_or_default();
            assert!(share > 0 || foreign == 0, "the control");
            found += usize::from(foreign > 0);
        }
    }
    assert!(found >= 90, "{found} of 100");
}

#[tokio::test]
async fn a_foreign_entry_does_not_open_as_padding_nor_as_somebody_elses_dossier() {
    for lie in ["padding", "another client", "none"] {
        let scene = full().await;
        let (foreign, own) = (&numbers(2)[0], &numbers(2)[1]);
        scene.shelf.numbers.lock().unwrap().retain(|number| number != foreign);
        plant(&scene, |kept| {
            let (at, other) = (place(kept, foreign), place(kept, own));
            match lie {
                "padding" => kept.places[at].clear(),
                "another client" => kept.places[at] = kept.places[other].clone(),
                _ => {}
            }
        })
        .await;
        let (counts, _) = opened(&scene, wish(1, all(), SEED)).await;
        let verdict = if lie == "none" { Verdict::NoDossier } else { Verdict::NotOpening };
        let unsound: Vec<_> = counts.iter().filter(|(verdict, _)| !verdict.is_sound()).collect();
        assert_eq!(unsound, [(&verdict, &1)], "{lie}");
    }
}

/// A node that swaps in points that open well is found by the digest in its own ledger, and one
/// that lost the batch has nothing to show.
#[tokio::test]
async fn a_batch_other_than_the_one_in_the_ledger_does_not_open() {
    let scene = Scene::new().await;
    let padding = |kept: &mut KeptBatch| {
        let enrolment = Enrolment::new([3; 32]);
        let points = (0..kept.places.len()).map(|position| {
            let position = u64::try_from(position).unwrap();
            enrolment.blind(position, None).unwrap().bytes()
        });
        kept.points = hex::encode(points.collect::<Vec<_>>().concat());
        kept.seed = hex::encode([3; 32]);
        kept.places.fill(String::new());
    };
    plant(&scene, padding).await;
    let (counts, _) = opened(&scene, wish(1, 60, SEED)).await;
    assert_eq!(counts, BTreeMap::from([(Verdict::NotOpening, 60)]));
    for damage in ["cut", "no hex"] {
        plant(&scene, |kept| match damage {
            "cut" => kept.points.truncate(64),
            _ => kept.points = "zz".into(),
        })
        .await;
        let (counts, _) = opened(&scene, wish(1, 60, SEED)).await;
        assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [Verdict::NotOpening], "{damage}");
    }
    let store = scene.agency.store.as_ref();
    let gone = parts::delete_body(store, Batch::new(), &keys::batch(EPOCH, 0)).await.unwrap();
    scene.agency.store.commit(gone).await.unwrap();
    let (batches, _) = scene.agency.index.open(&wish(1, 60, SEED)).await.unwrap();
    assert_eq!(tally(&batches), BTreeMap::from([(Verdict::NotOpening, 60)]));
    assert!(batches[0].points.is_empty());
}

#[tokio::test]
async fn more_or_other_batches_at_the_broker_are_seen() {
    let scene = Scene::new().await;
    let taken = || scene.listing.holder.taken.lock().unwrap();
    let honest = taken().clone();
    let check = async || opened(&scene, wish(1, 9, SEED)).await.1;
    assert_eq!(check().await, Broker::Agrees, "the control");
    let first = honest[&(EPOCH, 0)];
    taken().insert((EPOCH, 1), (first.0, 4));
    assert_eq!(check().await, Broker::Differs, "a batch that the node does not list");
    *taken() = honest.clone();
    taken().insert((EPOCH, 0), (Digest::new([0; 32]), first.1));
    assert_eq!(check().await, Broker::Differs, "another batch under its number");
    taken().clear();
    assert_eq!(check().await, Broker::Differs, "a batch that the broker does not know");
    *taken() = honest;
    *scene.listing.holder.trouble.lock().unwrap() = Some(Trouble::NotSent);
    assert_eq!(check().await, Broker::Unreached);
}

#[tokio::test]
async fn a_batch_under_way_does_not_make_the_ledgers_differ() {
    for trouble in [Trouble::NotSent, Trouble::AnswerLost] {
        let scene = Scene::new().await;
        come(&scene, &numbers(1)[0]);
        *scene.listing.holder.trouble.lock().unwrap() = Some(trouble);
        assert!(scene.agency.index.tend(true).await.is_err());
        assert_eq!(opened(&scene, wish(1, 9, SEED)).await.1, Broker::Agrees, "{trouble:?}");
        scene.agency.index.tend(true).await.unwrap();
        let (counts, broker) = opened(&scene, wish(3, 1_000, SEED)).await;
        assert_eq!((counts[&Verdict::Client], broker), (2, Broker::Agrees), "{trouble:?}");
    }
}

/// The points are kept as they were sent: that somebody left changes who is shown, not the batch.
#[tokio::test]
async fn who_left_the_register_has_no_dossier_and_the_batch_is_still_whole() {
    let scene = Scene::new().await;
    scene.shelf.numbers.lock().unwrap().clear();
    let (counts, broker) = opened(&scene, wish(1, all(), SEED)).await;
    assert_eq!((counts[&Verdict::NoDossier], broker), (1, Broker::Agrees));
    assert_eq!(counts.get(&Verdict::NotOpening), None);
}

#[tokio::test]
async fn what_was_not_listed_is_not_opened() {
    let scene = Scene::new().await;
    let index = &scene.agency.index;
    let why = async |wish: Wish| index.open(&wish).await.err();
    assert_eq!(why(wish(2, 60, SEED)).await, Some(Reason::Malformed));
    assert_eq!(why(wish(0, 60, SEED)).await, Some(Reason::NotReady));
    assert_eq!(why(Wish { epoch: 2, ..wish(1, 60, SEED) }).await, Some(Reason::EpochStale));
    assert_eq!(index.recorded(2).await, Err(Reason::EpochStale));
    index.forget(EPOCH).await.unwrap();
    assert_eq!(why(wish(1, 60, SEED)).await, Some(Reason::EpochStale), "its batches are gone");
}
