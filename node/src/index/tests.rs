//! The index of a practice whose key holder does what it should, or not.

use std::sync::Mutex;

use grondslag_core::clock::Clock as _;
use grondslag_evidence::store::Batch;
use grondslag_evidence::store::faulty::Fault;
use grondslag_subject::pseudonym::OpeningKey;

use super::*;
use crate::fixture::{CANARY, KNOWN, Scene, Trouble, UNKNOWN, moment, subject_key};
use crate::limits::{BULK_POINTS_MIN, HOUR_MS, HOURLY_POINTS_MIN};
use crate::own_view::strangers;
use crate::records::SourceFault;

/// Test numbers that pass the 11-proof, as many as are wanted.
pub(super) fn numbers(count: usize) -> Vec<String> {
    let passes = |number: &String| grondslag_subject::Bsn::parse(number).is_ok();
    let all = (999_900_000..).map(|number: u32| number.to_string()).filter(passes);
    all.filter(|number| number != UNKNOWN).take(count).collect()
}

async fn met(scene: &Scene, epoch: u32, number: &str) -> Option<Met> {
    let opening: &OpeningKey = &scene.agency.keys.opening;
    let pseudonym = opening.open(&scene.pair(epoch, number));
    scene.agency.index.find(epoch, &pseudonym).await.unwrap()
}

fn client(number: &str) -> Met {
    Met::Person(subject_key(number))
}

/// Points of every batch that arrived since the first run.
fn sizes(scene: &Scene) -> Vec<usize> {
    let batches = scene.listing.holder.batches.lock().unwrap();
    batches.iter().skip(1).map(|(_, _, points)| *points).collect()
}

fn hours_later(scene: &Scene, hours: i64) {
    scene.clock.set(scene.clock.now().plus_ms(hours * HOUR_MS));
}

fn troubled(scene: &Scene, trouble: Trouble) {
    *scene.listing.holder.trouble.lock().unwrap() = Some(trouble);
}

pub(super) fn come(scene: &Scene, number: &str) {
    scene.shelf.numbers.lock().unwrap().push(number.into());
}

/// Everything of the epoch in the store: entries and subjects, without state and batches.
async fn entries(scene: &Scene) -> usize {
    let mut count = 0;
    for kind in [b'e', b'c'] {
        let prefix = [keys::epoch_prefix(1).as_slice(), &[kind]].concat();
        count += scene.agency.store.scan(&prefix, None, 10_000).await.unwrap().len();
    }
    count
}

/// How many people were asked about in an hour is not to be seen at the key holder.
#[tokio::test]
async fn who_was_asked_about_takes_free_places_and_makes_no_batch() {
    let scene = Scene::new().await;
    let asked = numbers(3 * HOURLY_POINTS_MIN).into_iter().fold(Batch::new(), |batch, number| {
        let number = grondslag_subject::Bsn::parse(&number).unwrap();
        strangers::put(batch, &scene.agency.secret, &number, scene.clock.now())
    });
    scene.agency.store.commit(asked).await.unwrap();
    let before = entries(&scene).await;
    for hour in 1..=4 {
        hours_later(&scene, 1);
        scene.agency.index.tend(false).await.unwrap();
        assert_eq!(sizes(&scene), vec![HOURLY_POINTS_MIN; hour]);
        let enrolled = (entries(&scene).await - before) / 2;
        assert_eq!(enrolled, (hour * HOURLY_POINTS_MIN).min(3 * HOURLY_POINTS_MIN));
    }
    assert!(scene.agency.index.ready(1, None, scene.clock.now()).await.is_ok());
}

#[tokio::test]
async fn the_first_run_is_padded_and_meets_clients_and_canaries_as_what_they_are() {
    let scene = Scene::new().await;
    let batches = scene.listing.holder.batches.lock().unwrap().clone();
    let total = usize::try_from(BULK_POINTS_MIN).unwrap();
    assert_eq!(batches, [(1, 0, total)]);
    assert_eq!(met(&scene, 1, KNOWN).await, Some(client(KNOWN)));
    assert_eq!(met(&scene, 1, UNKNOWN).await, None);
    assert_eq!(met(&scene, 1, CANARY).await, Some(Met::Canary(subject_key(CANARY))));
    let progress = scene.agency.index.progress().await.unwrap().unwrap();
    assert_eq!((progress.done, progress.total), (BULK_POINTS_MIN, BULK_POINTS_MIN));
    assert_eq!(entries(&scene).await, 4, "padding is written nowhere");
}

#[tokio::test]
async fn a_first_run_shows_its_order_of_magnitude_alone() {
    let scene = Scene::new().await;
    *scene.shelf.numbers.lock().unwrap() = numbers(1_100);
    // The next epoch covers the whole register anew; one more than 1,100 is a canary.
    let next = Some((2, scene.clock.now().plus_ms(HOUR_MS)));
    *scene.listing.holder.epochs.lock().unwrap() = Some((1, next));
    scene.agency.refresh_epoch().await.unwrap();
    scene.agency.index.tend(false).await.unwrap();
    let batches = scene.listing.holder.batches.lock().unwrap().clone();
    assert_eq!(batches[1..], [(2, 0, 1_024), (2, 1, 1_024)]);
    assert_eq!(met(&scene, 2, &numbers(1_100)[1_099]).await, Some(client(&numbers(1_100)[1_099])));
    // Nobody has the same pseudonym in two epochs.
    let opening = &scene.agency.keys.opening;
    let of = |epoch| opening.open(&scene.pair(epoch, KNOWN)).expose();
    assert_ne!(of(1), of(2));
}

#[tokio::test]
async fn every_hour_has_a_batch_of_one_size_whether_or_not_anything_changed() {
    let scene = Scene::new().await;
    let index = &scene.agency.index;
    index.tend(false).await.unwrap();
    assert!(sizes(&scene).is_empty(), "not twice in an hour");
    hours_later(&scene, 1);
    index.tend(false).await.unwrap();
    come(&scene, UNKNOWN);
    index.tend(false).await.unwrap();
    assert_eq!(met(&scene, 1, UNKNOWN).await, None, "it waits for its hour");
    hours_later(&scene, 1);
    index.tend(false).await.unwrap();
    assert_eq!(met(&scene, 1, UNKNOWN).await, Some(client(UNKNOWN)));
    assert_eq!(sizes(&scene), [HOURLY_POINTS_MIN; 2]);
    // More changes than fit one batch: more of the same size.
    scene.shelf.numbers.lock().unwrap().extend(numbers(HOURLY_POINTS_MIN + 1));
    hours_later(&scene, 1);
    index.tend(false).await.unwrap();
    assert_eq!(sizes(&scene), [HOURLY_POINTS_MIN; 4]);
    assert_eq!(met(&scene, 1, &numbers(5)[4]).await, Some(client(&numbers(5)[4])));
}

#[tokio::test]
async fn who_left_the_register_is_not_met_any_more_and_may_come_back() {
    let scene = Scene::new().await;
    scene.shelf.numbers.lock().unwrap().clear();
    hours_later(&scene, 1);
    scene.agency.index.tend(false).await.unwrap();
    assert_eq!(met(&scene, 1, KNOWN).await, None);
    assert_eq!(entries(&scene).await, 2, "the canary's");
    come(&scene, KNOWN);
    scene.agency.index.tend(true).await.unwrap();
    assert_eq!(met(&scene, 1, KNOWN).await, Some(client(KNOWN)));
}

#[tokio::test]
async fn a_batch_that_was_cut_short_is_sent_again_as_it_was() {
    for trouble in [Trouble::NotSent, Trouble::AnswerLost] {
        let scene = Scene::new().await;
        let size = scene.agency.ledger.size().await.unwrap();
        come(&scene, UNKNOWN);
        hours_later(&scene, 1);
        troubled(&scene, trouble);
        let failed = scene.agency.index.tend(false).await;
        assert_eq!(failed, Err(Reason::Unreachable), "{trouble:?}");
        assert_eq!(met(&scene, 1, UNKNOWN).await, None);
        assert_eq!(scene.agency.ledger.size().await.unwrap(), size);
        // The holder refuses another batch under the same number, and this one is the same.
        scene.agency.index.tend(false).await.unwrap();
        assert_eq!(met(&scene, 1, UNKNOWN).await, Some(client(UNKNOWN)), "{trouble:?}");
        let batches = scene.listing.holder.batches.lock().unwrap().clone();
        let first: Vec<u64> = batches.iter().map(|(_, number, _)| *number).collect();
        let sent = if trouble == Trouble::AnswerLost { vec![0, 1, 1, 2] } else { vec![0, 1, 2] };
        assert_eq!(first, sent, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_client_who_leaves_while_their_batch_waits_does_not_hold_the_others_up() {
    let scene = Scene::new().await;
    for number in numbers(2) {
        come(&scene, &number);
    }
    hours_later(&scene, 1);
    troubled(&scene, Trouble::AnswerLost);
    assert_eq!(scene.agency.index.tend(false).await, Err(Reason::Unreachable));
    scene.shelf.numbers.lock().unwrap().retain(|number| *number != numbers(1)[0]);
    // The batch is not the same any more: its number is used up and the rest goes out anew.
    scene.agency.index.tend(false).await.unwrap();
    assert_eq!(met(&scene, 1, &numbers(2)[0]).await, None);
    assert_eq!(met(&scene, 1, &numbers(2)[1]).await, Some(client(&numbers(2)[1])));
}

/// Four batches; the third does not arrive, and the process ends.
#[tokio::test]
async fn a_run_that_was_cut_short_goes_on_where_it_was_and_says_how_far_it_is() {
    let scene = Scene::new().await;
    *scene.shelf.numbers.lock().unwrap() = numbers(2_100);
    let next = Some((2, scene.clock.now().plus_ms(HOUR_MS)));
    *scene.listing.holder.epochs.lock().unwrap() = Some((1, next));
    scene.agency.refresh_epoch().await.unwrap();
    let told = Mutex::new(Vec::new());
    let cut = async |index: &Index| {
        let tell = |at: Enrolled| {
            if at.epoch != 2 {
                return;
            }
            told.lock().unwrap().push((at.done, at.total));
            if at.done == 2_048 && told.lock().unwrap().len() == 3 {
                troubled(&scene, Trouble::AnswerLost);
            }
        };
        index.tend_telling(true, &tell).await
    };
    assert_eq!(cut(&scene.agency.index).await, Err(Reason::Unreachable));
    assert_eq!(*told.lock().unwrap(), [(0, 4_096), (1_024, 4_096), (2_048, 4_096)]);
    told.lock().unwrap().clear();
    // What memory held is gone; the store is all there is.
    let again = Index::new(scene.agency.index.means.clone());
    assert_eq!(cut(&again).await, Ok(()));
    let steps: Vec<u64> = told.lock().unwrap().iter().map(|(done, _)| *done).collect();
    assert_eq!(steps, [3_072, 4_096], "the rest, and no more");
    let batches = scene.listing.holder.batches.lock().unwrap().clone();
    let of_next: Vec<u64> =
        batches.iter().filter(|(epoch, ..)| *epoch == 2).map(|(_, number, _)| *number).collect();
    assert_eq!(of_next, [0, 1, 2, 2, 3], "the third was sent again as it was");
    let last = &numbers(2_100)[2_099];
    assert_eq!(met(&scene, 2, last).await, Some(client(last)));
}

#[tokio::test]
async fn at_once_does_not_wait_for_the_hour_and_tells_every_batch() {
    let scene = Scene::new().await;
    for number in numbers(5) {
        come(&scene, &number);
    }
    let told = Mutex::new(Vec::new());
    let tell = |at: Enrolled| told.lock().unwrap().push((at.done, at.total));
    scene.agency.index.tend_telling(true, &tell).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [(0, 8), (4, 8), (8, 8)]);
    assert_eq!(met(&scene, 1, &numbers(5)[4]).await, Some(client(&numbers(5)[4])));
}

#[tokio::test]
async fn a_store_that_does_not_take_what_came_back_loses_nobody() {
    for fault in [Fault::Lost, Fault::Landed] {
        let scene = Scene::new().await;
        come(&scene, UNKNOWN);
        hours_later(&scene, 1);
        // The batch itself, and then its entries with their leaf.
        for commit in [1, 2] {
            scene.store.fail_commit(commit, fault);
            assert!(scene.agency.index.tend(false).await.is_err(), "{commit} {fault:?}");
        }
        scene.agency.index.tend(false).await.unwrap();
        assert_eq!(met(&scene, 1, UNKNOWN).await, Some(client(UNKNOWN)), "{fault:?}");
    }
}

#[tokio::test]
async fn an_index_speaks_for_three_hours_and_no_longer() {
    let scene = Scene::new().await;
    let (index, then) = (&scene.agency.index, scene.clock.now());
    assert_eq!(index.ready(1, None, then.plus_ms(3 * HOUR_MS)).await, Ok(then));
    let late = then.plus_ms(3 * HOUR_MS + 1);
    assert_eq!(index.ready(1, None, late).await, Err(Reason::NotReady));
    assert_eq!(index.ready(2, None, then).await, Err(Reason::NotReady), "an epoch to come");
    scene.clock.set(late);
    index.tend(false).await.unwrap();
    assert_eq!(index.ready(1, None, late).await, Ok(late));
    assert_eq!(scene.agency.readiness().await, None);
    // A register that cannot speak brings nothing up to now.
    scene.clock.set(moment("2026-09-16T09:00"));
    *scene.shelf.ready.lock().unwrap() = Err(SourceFault::NotReady);
    assert_eq!(index.tend(false).await, Err(Reason::NotReady));
    assert_eq!(index.ready(1, None, scene.clock.now()).await, Err(Reason::NotReady));
}

#[tokio::test]
async fn what_a_lying_holder_made_of_a_batch_is_written_nowhere() {
    for trouble in [Trouble::OtherFactors, Trouble::Swapped, Trouble::OneTooMany] {
        let scene = Scene::new().await;
        let (before, size) = (entries(&scene).await, scene.agency.ledger.size().await.unwrap());
        come(&scene, UNKNOWN);
        hours_later(&scene, 1);
        troubled(&scene, trouble);
        let refused = scene.agency.index.tend(false).await;
        assert_eq!(refused, Err(Reason::BlindInvalid), "{trouble:?}");
        assert_eq!(entries(&scene).await, before, "{trouble:?}");
        assert_eq!(scene.agency.ledger.size().await.unwrap(), size, "{trouble:?}");
        assert_eq!(met(&scene, 1, UNKNOWN).await, None, "{trouble:?}");
        let as_of = scene.agency.index.ready(1, None, scene.clock.now()).await.unwrap();
        assert!(as_of < scene.clock.now(), "it is not whole since now");
        scene.agency.index.tend(false).await.unwrap();
        assert_eq!(met(&scene, 1, UNKNOWN).await, Some(client(UNKNOWN)), "{trouble:?}");
    }
}

#[tokio::test]
async fn an_epoch_is_forgotten_with_all_that_belongs_to_it() {
    let scene = Scene::new().await;
    scene.agency.index.forget(1).await.unwrap();
    let left = scene.agency.store.scan(&keys::epoch_prefix(1), None, 10).await.unwrap();
    assert!(left.is_empty());
    assert_eq!(met(&scene, 1, KNOWN).await, None);
}
