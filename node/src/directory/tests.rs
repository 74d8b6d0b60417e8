use ed25519_dalek::SigningKey;
use grondslag_certs::authority;
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::SetClock;
use grondslag_evidence::store::MemoryStore;
use grondslag_proto::v1;

use super::*;
use crate::fixture::{BROKER, GI, Listing, OWN, TestRegion, means, moment, oin, rng, secrets_of};

struct Scene {
    region: TestRegion,
    means: Means,
}

async fn scene() -> Scene {
    let region = TestRegion::new();
    let clock = Arc::new(SetClock::at(moment("2026-09-15T09:00")));
    let store = Arc::new(MemoryStore::default());
    let means = means(&region.folder(OWN), store, clock).await;
    Scene { region, means }
}

impl Scene {
    async fn open(&self) -> Directory {
        Directory::open(self.means.clone()).await.unwrap()
    }

    fn own(&self, change: impl FnOnce(&mut OwnCard)) -> OwnCard {
        let (seal, own) = secrets_of(OWN);
        let mut own = OwnCard {
            kind: Kind::parse("ha").unwrap(),
            name: "Praktijk".into(),
            endpoint: "127.0.0.1:1".into(),
            duty_phone: "088".into(),
            sign_key: key(1),
            previous: None,
            seal_key: seal.public().unwrap().bytes().to_vec(),
            pseudonym_key: own.public(&oin(OWN), &mut rng()),
            admission: self.region.admission(OWN, &["ha"]),
        };
        change(&mut own);
        own
    }

    async fn changes(&self) -> u64 {
        self.means.ledger.size().await.unwrap()
    }
}

fn key(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

#[tokio::test]
async fn cards_are_verified_kept_and_there_again_after_a_restart() {
    let scene = scene().await;
    let directory = scene.open().await;
    let gi = scene.region.card(GI, "gi", |_| {}, None);
    let mut forged = scene.region.card(BROKER, "gem", |_| {}, None);
    forged.card.endpoint = "127.0.0.1:666".into();
    let listing = Listing::of(vec![gi, forged]);
    directory.refresh(&listing).await.unwrap();
    assert_eq!(directory.card(&oin(GI)).unwrap().card().name, "Fictie gi");
    assert_eq!(directory.named("FICTIE GI").unwrap().card().oin, oin(GI));
    assert_eq!(directory.card(&oin(BROKER)).err(), Some(Reason::CardInvalid));
    assert_eq!(directory.card(&oin(OWN)).err(), Some(Reason::UnknownAgency));
    assert_eq!(scene.changes().await, 1);
    directory.refresh(&listing).await.unwrap();
    assert_eq!(scene.changes().await, 1, "what did not change leaves no leaf");
    assert!(scene.open().await.card(&oin(GI)).is_ok());
}

#[tokio::test]
async fn a_key_changes_only_with_the_previous_signature_or_an_operator() {
    let scene = scene().await;
    let directory = scene.open().await;
    directory.refresh(&Listing::of(vec![scene.region.card(GI, "gi", |_| {}, None)])).await.unwrap();
    let held = || directory.card(&oin(GI)).unwrap().card().sign_key;
    let before = held();
    let new_key = |card: &mut grondslag_core::card::Card| {
        card.seq = 2;
        card.sign_key = key(77).verifying_key().to_bytes();
    };
    let stolen = scene.region.card(GI, "gi", new_key, None);
    let listing = Listing::of(vec![stolen.clone()]);
    directory.refresh(&listing).await.unwrap();
    assert_eq!(held(), before);
    assert_eq!(directory.refused()[&oin(GI)], Reason::CardKeyChanged);

    let accepted = scene.means.accepted.clone().unwrap();
    std::fs::create_dir(&accepted).unwrap();
    std::fs::write(accepted.join(stolen.card.digest().to_string()), "").unwrap();
    directory.refresh(&listing).await.unwrap();
    assert_eq!(held(), stolen.card.sign_key);
    assert!(directory.refused().is_empty());
    assert_eq!(scene.changes().await, 2);
}

#[tokio::test]
async fn a_directory_does_not_go_back_even_over_a_restart() {
    let scene = scene().await;
    let old = scene.region.card(GI, "gi", |_| {}, None);
    // The fixture's card key of this agency.
    let previous = SigningKey::from_bytes(&[4; 32]);
    let new = scene.region.card(GI, "gi", |card| card.seq = 2, Some(&previous));
    let directory = scene.open().await;
    directory.refresh(&Listing::of(vec![old.clone()])).await.unwrap();
    directory.refresh(&Listing::of(vec![new])).await.unwrap();
    let directory = scene.open().await;
    directory.refresh(&Listing::of(vec![old])).await.unwrap();
    assert_eq!(directory.card(&oin(GI)).unwrap().card().seq, 2);
    assert_eq!(directory.refused()[&oin(GI)], Reason::CardSeqBack);
}

#[tokio::test]
async fn our_own_card_counts_up_only_when_something_in_it_changed() {
    let scene = scene().await;
    let seq = |directory: &Directory| directory.card(&oin(OWN)).unwrap().card().seq;
    let directory = scene.open().await;
    directory.prepare(&scene.own(|_| {})).await.unwrap();
    assert_eq!(seq(&directory), 1);
    let directory = scene.open().await;
    let unchanged = scene.own(|_| {});
    directory.prepare(&unchanged).await.unwrap();
    assert_eq!(seq(&directory), 1);
    directory.prepare(&scene.own(|own| own.duty_phone = "112".into())).await.unwrap();
    assert_eq!(seq(&directory), 2);
    let replaced = |own: &mut OwnCard| own.sign_key = key(2);
    let unsigned = directory.prepare(&scene.own(replaced)).await;
    assert_eq!(unsigned, Err(Reason::CardKeyChanged));
    let with_previous = |own: &mut OwnCard| {
        replaced(own);
        own.previous = Some(key(1));
    };
    directory.prepare(&scene.own(with_previous)).await.unwrap();
    assert_eq!(seq(&directory), 3);
}

#[tokio::test]
async fn a_kind_without_admission_is_noticed_at_the_start() {
    let scene = scene().await;
    let directory = scene.open().await;
    let other = scene.own(|own| own.kind = Kind::parse("vt").unwrap());
    assert_eq!(directory.prepare(&other).await, Err(Reason::KindNotAdmitted));
}

#[tokio::test]
async fn our_card_is_offered_until_the_broker_holds_it() {
    let scene = scene().await;
    let directory = scene.open().await;
    let own = scene.own(|_| {});
    let listing = Listing::of(Vec::new());
    directory.keep_in_step(&own, &listing).await.unwrap();
    assert_eq!(listing.published.lock().unwrap().len(), 1);
    assert!(directory.is_published().await);
    let offered = listing.published.lock().unwrap()[0].clone();
    listing.set(vec![SignedCard::try_from(offered).unwrap()]);
    directory.keep_in_step(&own, &listing).await.unwrap();
    assert_eq!(listing.published.lock().unwrap().len(), 1, "it is held: nothing to offer");
    listing.set(Vec::new());
    directory.keep_in_step(&own, &listing).await.unwrap();
    assert_eq!(listing.published.lock().unwrap().len(), 2, "the broker lost it");
}

#[tokio::test]
async fn a_node_that_lost_its_store_counts_on_from_what_the_broker_remembers() {
    let scene = scene().await;
    let directory = scene.open().await;
    let listing = Listing::of(Vec::new());
    let remembers = v1::PublishCardResponse { reason: "CARD_SEQ_BACK".into(), seq: 7 };
    listing.answers.lock().unwrap().push(remembers);
    directory.keep_in_step(&scene.own(|_| {}), &listing).await.unwrap();
    let offered = listing.published.lock().unwrap().clone();
    assert_eq!(offered.iter().map(|card| card.seq).collect::<Vec<_>>(), [1, 8]);
    assert!(!offered[1].previous_signature.is_empty());
}

#[tokio::test]
async fn a_node_that_lost_its_store_counts_on_even_from_a_first_card() {
    let scene = scene().await;
    let directory = scene.open().await;
    let listing = Listing::of(Vec::new());
    let remembers = v1::PublishCardResponse { reason: "CARD_SEQ_BACK".into(), seq: 1 };
    listing.answers.lock().unwrap().push(remembers);
    directory.keep_in_step(&scene.own(|_| {}), &listing).await.unwrap();
    let offered = listing.published.lock().unwrap().clone();
    assert_eq!(offered.iter().map(|card| card.seq).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test]
async fn our_own_card_that_ended_is_counted_on_from_under_a_new_admission() {
    let scene = scene().await;
    scene.open().await.prepare(&scene.own(|_| {})).await.unwrap();
    let (folder, store) = (scene.region.folder(OWN), scene.means.store.clone());
    // When the fixture's admission has just ended.
    let now = moment("2046-01-01");
    let means = means(&folder, store, Arc::new(SetClock::at(now))).await;
    let directory = Directory::open(means).await.unwrap();
    assert!(directory.prepare(&scene.own(|_| {})).await.is_err());
    let (ca, kinds) = (folder.parent().unwrap().join("ca"), [Kind::parse("ha").unwrap()]);
    let longer = authority::admit(&ca, &oin(OWN), &kinds, now.plus_ms(1_000), now).unwrap();
    directory.prepare(&scene.own(|own| own.admission = longer)).await.unwrap();
    assert_eq!(directory.card(&oin(OWN)).unwrap().card().seq, 2);
}

#[tokio::test]
async fn questions_make_us_read_the_directory_a_bounded_number_of_times() {
    let scene = scene().await;
    let directory = scene.open().await;
    let listing = Listing::of(Vec::new());
    for _ in 0..DIRECTORY_GAP_READS_MAX {
        assert!(directory.refresh_for_question(&listing).await);
    }
    assert!(!directory.refresh_for_question(&listing).await);
    let reads = listing.reads.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(reads, usize::try_from(DIRECTORY_GAP_READS_MAX).unwrap());
}

#[test]
fn a_change_is_followed_up_soon_and_calm_makes_readings_rare() {
    let (shortest, longest) = crate::limits::DIRECTORY_REFRESH_MS;
    assert_eq!(own::calm_ms(false, 0), shortest);
    assert_eq!(own::calm_ms(false, shortest), 2 * shortest);
    assert_eq!(own::calm_ms(false, longest), longest);
    assert_eq!(own::calm_ms(true, longest), shortest);
}
