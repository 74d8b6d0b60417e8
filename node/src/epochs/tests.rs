//! What a node believes of the epoch that its broker publishes.

use std::collections::BTreeMap;

use ed25519_dalek::SigningKey;
use grondslag_core::blind::Factors;
use grondslag_core::blind::inbound::Place;
use grondslag_core::clock::Clock as _;
use grondslag_core::statement::sign;

use super::*;
use crate::fixture::{BROKER, GI, OWN, Scene, VT, key_of, oin};

async fn refresh(scene: &Scene) -> Result<bool, Reason> {
    let broker = scene.agency.directory.card(&oin(BROKER)).unwrap();
    scene.agency.epochs.refresh(scene.agency.broker_link.as_ref(), &broker).await
}

fn inbound(scene: &Scene, who: &str) -> Result<Arc<InboundKey>, Reason> {
    scene.agency.epochs.inbound(&scene.agency.directory.card(&oin(who)).unwrap())
}

/// Key holders beside the broker that are expected.
fn holders(scene: &Scene, who: &[&str]) -> Holders {
    let oins = who.iter().map(|who| oin(who)).collect();
    Holders::new(oins, Arc::clone(&scene.agency.directory))
}

#[tokio::test]
async fn a_holder_that_is_expected_is_not_left_out_and_one_without_a_card_stops_all() {
    let scene = Scene::new().await;
    let broker = scene.agency.directory.card(&oin(BROKER)).unwrap();
    let (link, card) = (scene.agency.broker_link.as_ref(), scene.agency.directory.card(&oin(VT)));
    let (card, nobody) = (card.unwrap(), "00000099000000007000");
    for (who, refused) in [
        (&[][..], None),
        (&[GI], Some(Reason::InboundKeyUnproven)),
        (&[nobody], Some(Reason::KeyHolderUnreachable)),
    ] {
        let epochs = Epochs::new(crate::fixture::REGION.into(), holders(&scene, who));
        epochs.refresh(link, &broker).await.unwrap();
        assert_eq!(epochs.inbound(&card).err(), refused);
        let own = epochs.links(1, &oin(VT)).unwrap();
        assert_eq!(epochs.check_own(&own, &oin(VT), &card.keys().unwrap().own).err(), refused);
    }
}

#[tokio::test]
async fn a_proved_key_is_used_and_one_that_nobody_proved_is_not() {
    let scene = Scene::new().await;
    assert_eq!(refresh(&scene).await, Ok(false), "nothing changed");
    assert!(inbound(&scene, VT).is_ok());
    // From now on the broker publishes a key of which it may know the secret.
    scene.listing.holder.unproven.lock().unwrap().push(oin(VT));
    assert_eq!(refresh(&scene).await, Ok(true));
    for _ in 0..2 {
        assert_eq!(inbound(&scene, VT).err(), Some(Reason::InboundKeyUnproven));
        assert!(inbound(&scene, GI).is_ok());
    }
    // It is not remembered once the broker proves it.
    scene.listing.holder.unproven.lock().unwrap().clear();
    assert_eq!(refresh(&scene).await, Ok(true));
    assert!(inbound(&scene, VT).is_ok());
}

#[tokio::test]
async fn what_the_broker_did_not_sign_is_refused_and_the_last_stays() {
    let scene = Scene::new().await;
    *scene.listing.holder.epochs.lock().unwrap() = Some((2, None));
    *scene.listing.holder.signer.lock().unwrap() = Some(VT);
    assert_eq!(refresh(&scene).await, Err(Reason::StatementInvalid));
    assert_eq!(scene.agency.epochs.current(), Ok(1));
    assert!(inbound(&scene, VT).is_ok());
    *scene.listing.holder.signer.lock().unwrap() = None;
    assert_eq!(refresh(&scene).await, Ok(true));
    assert_eq!(scene.agency.epochs.current(), Ok(2));
}

#[tokio::test]
async fn an_epoch_does_not_come_back() {
    let scene = Scene::new().await;
    *scene.listing.holder.epochs.lock().unwrap() = Some((3, None));
    assert_eq!(refresh(&scene).await, Ok(true));
    *scene.listing.holder.epochs.lock().unwrap() = Some((2, None));
    assert_eq!(refresh(&scene).await, Err(Reason::EpochStale));
    assert_eq!(scene.agency.epochs.current(), Ok(3));
}

#[tokio::test]
async fn keys_of_another_epoch_or_region_are_not_proved() {
    let scene = Scene::new().await;
    let card = scene.agency.directory.card(&oin(VT)).unwrap();
    let elsewhere = Epochs::new("vierveen".into(), holders(&scene, &[]));
    let broker = scene.agency.directory.card(&oin(BROKER)).unwrap();
    let link = scene.agency.broker_link.as_ref();
    assert_eq!(elsewhere.refresh(link, &broker).await, Err(Reason::StatementInvalid));
    assert_eq!(elsewhere.inbound(&card).err(), Some(Reason::NotReady));
    // The same links, published once more as those of the next epoch.
    let mut keys = EpochKeys::try_from(link.show_epoch().await.unwrap()).unwrap();
    keys.current = 2;
    keys.nodes.iter_mut().for_each(|node| node.epoch = 2);
    let held = Held { keys, verified: BTreeMap::new(), read_at: Instant::now() };
    *scene.agency.epochs.held.lock().unwrap() = Some(held);
    assert_eq!(inbound(&scene, VT).err(), Some(Reason::InboundKeyUnproven));
}

#[tokio::test]
async fn the_epoch_is_read_when_it_is_not_known_when_it_switches_and_until_it_holds_ourselves() {
    let scene = Scene::new().await;
    let (epochs, now) = (&scene.agency.epochs, scene.clock.now());
    assert!(!epochs.is_due(&oin(OWN), now));
    assert!(epochs.is_due(&oin("00000099000000007000"), now));
    assert!(Epochs::new("drieveen".into(), holders(&scene, &[])).is_due(&oin(OWN), now));
    let switch_at = now.plus_ms(1_000);
    *scene.listing.holder.epochs.lock().unwrap() = Some((1, Some((2, switch_at))));
    refresh(&scene).await.unwrap();
    assert_eq!(epochs.next(), Some((2, switch_at)));
    assert!(!epochs.is_due(&oin(OWN), switch_at.plus_ms(-1)));
    assert!(epochs.is_due(&oin(OWN), switch_at));
}

/// A holder renews the key of its card; the links that it signed anew come before its card does.
#[tokio::test]
async fn what_was_thought_of_a_holders_link_does_not_outlive_the_holders_key() {
    let scene = Scene::new().await;
    let card = scene.agency.directory.card(&oin(VT)).unwrap();
    let (node, region, new) = (oin(VT), crate::fixture::REGION, SigningKey::from_bytes(&[77; 32]));
    let link = scene.agency.broker_link.as_ref();
    let mut keys = EpochKeys::try_from(link.show_epoch().await.unwrap()).unwrap();
    let (far, mut rng) = (Factors::random(&mut crate::fixture::rng()), crate::fixture::rng());
    for keys in keys.nodes.iter_mut().filter(|keys| keys.node == node) {
        let near = keys.links[0];
        let place = Place { region, epoch: 1, node: &node, number: 1 };
        let (inbound, proof) = far.inbound(&place, &near.inbound, &mut rng).unwrap();
        let shuffled = far.shuffled(None).unwrap();
        let mut link = Link { inbound, proof, shuffled, signature: None };
        link.signature = Some(sign(&new, &link.signed_bytes(&place, &near.inbound)));
        keys.links = vec![near, link];
    }
    let epochs = Epochs::new(region.into(), holders(&scene, &[GI]));
    let held = Held { keys, verified: BTreeMap::new(), read_at: Instant::now() };
    *epochs.held.lock().unwrap() = Some(held);
    assert_eq!(epochs.inbound(&card).err(), Some(Reason::InboundKeyUnproven), "an old card");
    let renew = |signed: &[u8; 32], seq| {
        let change = |card: &mut grondslag_core::card::Card| {
            (card.sign_key, card.seq) = (*signed, seq);
        };
        scene.region.card(GI, "gi", change, Some(&key_of(GI)))
    };
    let mut cards = scene.listing.cards.lock().unwrap().clone();
    cards.retain(|signed| signed.card.oin != oin(GI));
    cards.push(renew(&new.verifying_key().to_bytes(), 2));
    scene.listing.set(cards);
    scene.agency.directory.refresh(scene.listing.as_ref()).await.unwrap();
    assert!(epochs.inbound(&card).is_ok(), "its new card has come");
}
