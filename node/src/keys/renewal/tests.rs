//! A seal key and an index live one epoch, and the term of the questions of it.

use grondslag_core::clock::Clock as _;
use grondslag_core::seal::About;

use super::*;
use crate::fixture::{Ask, Scene};

async fn epoch(scene: &Scene, epoch: u32) {
    *scene.listing.holder.epochs.lock().unwrap() = Some((epoch, None));
    scene.agency.refresh_epoch().await.unwrap();
}

#[tokio::test]
async fn a_new_epoch_has_a_new_seal_key_and_the_same_epoch_keeps_it() {
    let scene = Scene::new().await;
    let seals = &scene.agency.keys.seals;
    let first = seals.public().unwrap();
    assert_eq!(seals.numbers(), [1], "the first epoch's is that of the init");
    epoch(&scene, 1).await;
    assert_eq!(seals.numbers(), [1]);
    epoch(&scene, 2).await;
    epoch(&scene, 2).await;
    assert_eq!(seals.numbers(), [1, 2]);
    assert_ne!(seals.public().unwrap().bytes(), first.bytes());
}

#[tokio::test]
async fn the_old_key_and_index_are_gone_after_the_last_term_and_no_sooner() {
    let scene = Scene::new().await;
    // Sealed under the first key, about a child of the first index.
    let question = scene.question(&Ask::guardian(&["G05"]));
    let opens = || {
        let to = scene.agency.oin.clone();
        let about = About::detail(question.id, &question.header, &to);
        scene.agency.keys.seals.open(&about, &question.part.detail).is_ok()
    };
    epoch(&scene, 2).await;
    let index = async || {
        let prefix = [b"x/".as_slice(), &1_u32.to_be_bytes(), b"/"].concat();
        scene.agency.store.scan(&prefix, None, 1).await.unwrap().len()
    };
    let until = scene.clock.now().plus_ms(ANSWER_TERM_MS_MAX + CLOCK_SKEW_MS_MAX);
    scene.clock.set(until);
    epoch(&scene, 2).await;
    assert!(opens());
    assert_eq!(index().await, 1);
    scene.clock.set(until.plus_ms(1));
    epoch(&scene, 2).await;
    assert_eq!(index().await, 0);
    scene.clock.set(until.plus_ms(REPLIES_KEPT_MS));
    epoch(&scene, 2).await;
    assert!(opens(), "what came in the last slot can still be read");
    scene.clock.set(until.plus_ms(REPLIES_KEPT_MS + 1));
    epoch(&scene, 2).await;
    assert!(!opens(), "destroyed");
    assert_eq!(scene.agency.keys.seals.numbers(), [2]);
}
