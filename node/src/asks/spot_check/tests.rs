//! The desk of a practice's privacy officer.

use grondslag_core::canonical::Reader;
use grondslag_evidence::store::faulty::Fault;

use super::*;
use crate::fixture::{KNOWN, Scene};
use crate::recorded::Kind;

const SEED: [u8; 32] = [5; 32];

fn officer() -> StaffId {
    StaffId::parse("officer").unwrap()
}

fn request(count: u32) -> v1::OpenPositionsRequest {
    v1::OpenPositionsRequest { epoch: 1, batches: 1, seed: SEED.to_vec(), count }
}

async fn leaves(scene: &Scene) -> Vec<Vec<u8>> {
    let all = scene.agency.ledger.read(0, 500).await.unwrap();
    all.into_iter().map(|record| record.leaf).collect()
}

#[tokio::test]
async fn a_spot_check_is_recorded_with_who_when_seed_and_outcome_and_without_a_number() {
    let scene = Scene::new().await;
    let before = leaves(&scene).await.len();
    let events = open(&scene.agency, &officer(), request(256)).await.unwrap();
    let Some(Event::Closed(closed)) = &events.last().unwrap().event else {
        panic!("it is not closed: {events:?}");
    };
    assert_eq!((closed.clients, closed.canaries, closed.padding), (1, 1, 254));
    assert_eq!((closed.not_opening, closed.without_dossier), (0, 0));
    assert_eq!(closed.broker, "agree");
    let leaves = leaves(&scene).await;
    assert_eq!(leaves.len(), before + 1);
    assert_eq!(closed.ledger_index, u64::try_from(before).unwrap());
    let leaf = leaves.last().unwrap();
    let body = scene.records(Kind::SpotCheck).await.remove(0);
    let mut reader = Reader::new(&body, Kind::SpotCheck.label()).unwrap();
    assert_eq!(reader.text(), Ok("officer"));
    assert_eq!((reader.number(), reader.number()), (Ok(1), Ok(1)));
    assert_eq!((reader.array(), reader.number()), (Ok(SEED), Ok(256)));
    let counts = reader.list(6).unwrap();
    assert_eq!(counts, [1_u32, 1, 254, 0, 0, 0].map(u32::to_be_bytes));
    assert_eq!((reader.text(), reader.signed()), (Ok("agree"), Ok(scene.agency.clock.now().ms())));
    reader.end().unwrap();
    let holds = |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
    for word in [KNOWN, "HA-1"] {
        assert!(!holds(leaf, word) && !holds(&body, word), "{word}");
    }
    assert!(!holds(leaf, "officer"), "who it was stands behind the leaf, not in it");
}

#[tokio::test]
async fn nothing_is_shown_that_could_not_be_recorded() {
    let scene = Scene::new().await;
    scene.store.fail_commit(1, Fault::Lost);
    let shown = open(&scene.agency, &officer(), request(60)).await;
    assert!(shown.unwrap_err().is_fault());
    assert!(open(&scene.agency, &officer(), request(60)).await.is_ok());
}

#[tokio::test]
async fn no_position_too_many_and_a_seed_of_another_length_are_refused() {
    let scene = Scene::new().await;
    let size = leaves(&scene).await.len();
    let why = async |request| open(&scene.agency, &officer(), request).await.err();
    assert_eq!(why(request(0)).await, Some(Reason::Malformed));
    assert_eq!(why(request(SPOT_CHECK_POSITIONS_MAX + 1)).await, Some(Reason::TooLarge));
    let short = v1::OpenPositionsRequest { seed: vec![1; 31], ..request(60) };
    assert_eq!(why(short).await, Some(Reason::Malformed));
    for batches in [0, 2, u64::MAX] {
        let other = v1::OpenPositionsRequest { batches, ..request(60) };
        assert_eq!(why(other).await, Some(Reason::Malformed), "{batches}");
    }
    assert_eq!(leaves(&scene).await.len(), size, "nothing took place");
    let most = open(&scene.agency, &officer(), request(SPOT_CHECK_POSITIONS_MAX)).await;
    assert_eq!(most.unwrap().len(), 2, "one batch, and the end");
}

#[tokio::test]
async fn the_list_is_the_ledgers_and_of_an_epoch_that_is_kept() {
    let scene = Scene::new().await;
    let pages = list(&scene.agency, &officer(), 0).await.unwrap();
    assert_eq!(list(&scene.agency, &officer(), 1).await.unwrap(), pages);
    let batches: Vec<_> = pages.iter().flat_map(|page| &page.batches).collect();
    assert_eq!((batches.len(), batches[0].number, batches[0].points), (1, 0, 256));
    assert_eq!(list(&scene.agency, &officer(), 2).await, Err(Reason::EpochStale));
    scene.agency.epochs.forget();
    assert_eq!(list(&scene.agency, &officer(), 0).await, Err(Reason::NotReady));
}
