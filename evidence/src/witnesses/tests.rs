use ed25519_dalek::SigningKey;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::operators::Operator;

use super::*;
use crate::ledger::testing;
use crate::store::MemoryStore;
use crate::store::faulty::{Fault, FaultyStore};

const REGION: [u8; 32] = [7; 32];

fn oin(number: u64) -> Oin {
    Oin::parse(&format!("00000099{number:09}000")).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// A list of some witnesses, signed by these (organisation, key).
fn signed(region: [u8; 32], seq: u64, witnesses: u64, by: &[(u64, u8)]) -> SignedWitnessList {
    let witnesses = (1..=witnesses).map(oin).collect();
    let list = WitnessList { region: Digest::new(region), seq, witnesses };
    let document = list.canonical();
    let signatures =
        by.iter().map(|(org, seed)| Operator::sign(&oin(*org), &key(*seed), &document));
    SignedWitnessList { signatures: signatures.collect(), list }
}

fn good(seq: u64, witnesses: u64) -> SignedWitnessList {
    signed(REGION, seq, witnesses, &[(1, 1), (2, 2)])
}

struct Scene {
    dir: tempfile::TempDir,
    store: Arc<FaultyStore>,
    ledger: Arc<Ledger>,
    operators: Operators,
}

impl Scene {
    async fn new() -> Self {
        let store = Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())));
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(5)));
        let ledger = Arc::new(testing::open(store.clone(), clock, "test").await.unwrap());
        let operators = [(1, 1), (2, 2), (1, 3)].map(|(org, n)| Operator::new(oin(org), &key(n)));
        let dir = tempfile::tempdir().unwrap();
        Self { dir, store, ledger, operators: Operators::new(operators.into()) }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("witnesses.json")
    }

    fn put(&self, list: &SignedWitnessList) {
        std::fs::write(self.file(), serde_json::to_vec(list).unwrap()).unwrap();
    }

    async fn open(&self) -> Result<NamedWitnesses, Reason> {
        let means = Means {
            region: Digest::new(REGION),
            operators: self.operators.clone(),
            file: self.file(),
            store: self.store.clone(),
            ledger: self.ledger.clone(),
        };
        NamedWitnesses::open(means).await
    }

    async fn leaves(&self) -> u64 {
        self.ledger.size().await.unwrap()
    }
}

fn counts(named: &NamedWitnesses) -> (u64, usize) {
    let current = named.current();
    (current.list().seq, current.list().witnesses.len())
}

#[tokio::test]
async fn a_list_counts_once_it_is_recorded_and_a_newer_one_takes_its_place() {
    let scene = Scene::new().await;
    scene.put(&good(1, 3));
    let named = scene.open().await.unwrap();
    assert_eq!((counts(&named), scene.leaves().await), ((1, 3), 1));
    let leaf = scene.ledger.read(0, 1).await.unwrap().remove(0);
    assert_eq!(leaf.leaf, super::leaf(&good(1, 3).list));
    assert_eq!(named.refresh().await, Ok(false));

    scene.put(&good(4, 5));
    assert_eq!(named.refresh().await, Ok(true));
    assert_eq!((counts(&named), scene.leaves().await), ((4, 5), 2));
    assert_eq!(named.refresh().await, Ok(false));
    assert_eq!(scene.leaves().await, 2, "nothing changed, no leaf");

    // After a start the same list counts, without another leaf, and without its file too.
    assert_eq!(counts(&scene.open().await.unwrap()), (4, 5));
    std::fs::remove_file(scene.file()).unwrap();
    assert_eq!(counts(&scene.open().await.unwrap()), (4, 5));
    assert_eq!(scene.leaves().await, 2);
}

#[tokio::test]
async fn what_does_not_hold_is_refused_by_name_and_the_last_list_counts() {
    let scene = Scene::new().await;
    let bad = [
        (signed(REGION, 5, 3, &[(1, 1)]), Reason::OperatorsTooFew),
        (signed(REGION, 5, 3, &[(1, 1), (1, 3)]), Reason::OperatorsSameOrganisation),
        (signed(REGION, 5, 3, &[(1, 1), (3, 9)]), Reason::OperatorUnknown),
        (signed([8; 32], 5, 3, &[(1, 1), (2, 2)]), Reason::RegionMismatch),
        (good(5, 2), Reason::WitnessesTooFew),
        (
            SignedWitnessList { list: good(6, 3).list, ..good(5, 3) },
            Reason::OperatorSignatureInvalid,
        ),
    ];
    for (list, reason) in &bad {
        scene.put(list);
        assert_eq!(scene.open().await.unwrap_err(), *reason, "as the first list");
    }
    assert_eq!(scene.leaves().await, 0);

    scene.put(&good(2, 3));
    let named = scene.open().await.unwrap();
    let stale = [(good(1, 3), Reason::WitnessListStale), (good(2, 4), Reason::WitnessListStale)];
    for (list, reason) in bad.iter().chain(&stale) {
        scene.put(list);
        assert_eq!(named.refresh().await, Err(*reason));
        assert_eq!(named.refresh().await, Ok(false), "said once");
        assert_eq!(counts(&named), (2, 3));
        assert_eq!(counts(&scene.open().await.unwrap()), (2, 3), "after a start too");
    }
    assert_eq!(scene.leaves().await, 1);
}

#[tokio::test]
async fn a_file_that_is_missing_too_long_or_no_list_is_named() {
    let scene = Scene::new().await;
    assert_eq!(scene.open().await.unwrap_err(), Reason::FileUnreadable);
    std::fs::write(scene.file(), "{}").unwrap();
    assert_eq!(scene.open().await.unwrap_err(), Reason::Malformed);
    let most = usize::try_from(WITNESS_FILE_BYTES_MAX).unwrap();
    std::fs::write(scene.file(), vec![b' '; most + 1]).unwrap();
    assert_eq!(scene.open().await.unwrap_err(), Reason::TooLarge);
}

#[tokio::test]
async fn operators_of_one_organisation_name_nobody() {
    let mut scene = Scene::new().await;
    scene.put(&good(1, 3));
    let all = scene.operators.all().to_vec();
    scene.operators = Operators::new(vec![all[0].clone(), all[2].clone()]);
    assert_eq!(scene.open().await.unwrap_err(), Reason::OperatorsSameOrganisation);
    scene.operators = Operators::default();
    assert_eq!(scene.open().await.unwrap_err(), Reason::OperatorsTooFew);
}

/// A list that operators signed who are no longer pinned is not relied upon after a start.
#[tokio::test]
async fn a_kept_list_still_needs_its_operators() {
    let mut scene = Scene::new().await;
    scene.put(&good(1, 3));
    scene.open().await.unwrap();
    let mut all = scene.operators.all().to_vec();
    all[1] = Operator::new(oin(5), &key(5));
    scene.operators = Operators::new(all);
    assert_eq!(scene.open().await.unwrap_err(), Reason::OperatorUnknown);
    let by = [(1, 1), (5, 5)];
    scene.put(&signed(REGION, 1, 4, &by));
    assert_eq!(scene.open().await.unwrap_err(), Reason::WitnessListStale, "it never goes back");
    scene.put(&signed(REGION, 2, 4, &by));
    assert_eq!(counts(&scene.open().await.unwrap()), (2, 4));
}

/// Without the commit the old list counts; the next look tries again, whether or not the write
/// had landed.
#[tokio::test]
async fn a_list_that_is_not_recorded_does_not_count_yet() {
    for fault in [Fault::Lost, Fault::Landed] {
        let scene = Scene::new().await;
        scene.put(&good(1, 3));
        let named = scene.open().await.unwrap();
        scene.put(&good(2, 4));
        scene.store.fail_commit(1, fault);
        assert!(named.refresh().await.unwrap_err().is_fault());
        assert_eq!(counts(&named), (1, 3));
        assert_eq!(named.refresh().await, Ok(true));
        assert_eq!(counts(&named), (2, 4));
    }
}
