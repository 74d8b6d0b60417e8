use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{Checkpoint, Origin};
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_core::seal::{SealKey, SealSecret, Suite};
use rand_core::UnwrapErr;
use tempfile::TempDir;

use super::*;
use crate::audit::LEDGERS;
use crate::generation;
use crate::health::StoreHealth;
use crate::ledger::testing::signer;
use crate::ledger::{self, Entry, Ledger, LedgerHead, Tiles};
use crate::store::{self, Backend, Batch, Capture, Config, MemoryStore, Pair, Store, StoreError};

const NAME: &str = "audit";
/// What all accounts hold together, at every moment.
const SUM: u64 = 1_000;
const ACCOUNTS: u64 = 2_000;

fn oin(n: u8) -> Oin {
    Oin::parse(&format!("0000009900000000{n}000")).unwrap()
}

fn keys() -> (SealSecret, SealKey) {
    let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
    let public = secret.public().unwrap();
    (secret, public)
}

fn account(n: u64) -> Vec<u8> {
    format!("account/{:06}", n % ACCOUNTS).into_bytes()
}

fn entry(n: u64, state: Batch) -> Entry {
    let leaf = format!("leaf {n}").into_bytes();
    Entry { about: Digest::of(&leaf), leaf, state }
}

/// A store on disk with a ledger.
struct Bench {
    temp: TempDir,
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
}

impl Bench {
    async fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("store");
        let store = store::open(Config { path, owner: oin(1), backend: Backend::Sled });
        let store = store.await.unwrap();
        let ledger = ledger::Means {
            store: Arc::clone(&store),
            clock: Arc::new(SetClock::at(Timestamp::from_ms(7))),
            name: NAME,
            tiles: Arc::new(Tiles::folder(temp.path().join("store").join(LEDGERS).join(NAME))),
            signer: signer(NAME, 1).unwrap(),
        };
        let ledger = Arc::new(Ledger::open(ledger).await.unwrap());
        Self { temp, store, ledger }
    }

    async fn append(&self, leaves: u64) {
        for from in (0..leaves).step_by(100) {
            let entries = (from..leaves.min(from + 100)).map(|n| entry(n, Batch::new()));
            self.ledger.append_many(entries.collect()).await.unwrap();
        }
        // The filer comes after.
        while ledger::filed_bundles(self.store.as_ref()).await.unwrap().get(NAME).copied()
            != Some(leaves / 256).filter(|full| *full > 0)
        {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    fn folder(&self) -> PathBuf {
        self.temp.path().join("backups")
    }

    async fn write(&self, key: &SealKey) -> Result<Written, BackupError> {
        self.write_by(key, &signer(NAME, 1).unwrap().key).await
    }

    async fn write_by(&self, key: &SealKey, by: &SigningKey) -> Result<Written, BackupError> {
        let (tiles, folder) = (self.temp.path().join("store").join(LEDGERS), self.folder());
        let means = Means {
            process: "broker",
            oin: &oin(1),
            store: self.store.as_ref(),
            tiles: Some(&tiles),
            key,
            signer: by,
            folder: &folder,
            at: Timestamp::from_ms(7),
        };
        write(means, &|_| {}).await
    }
}

async fn put_back(file: &Path, secret: &SealSecret, folder: &Path) -> Result<Put, BackupError> {
    let key = signer(NAME, 1).unwrap().key.verifying_key().to_bytes();
    let origin = |name: &str| Origin::parse(&format!("{name}/1")).ok();
    let into = Place { folder, oin: &oin(1), origin: &origin, keys: &[key] };
    restore(file, secret, into, &|_| {}).await
}

async fn opened(folder: &Path) -> Arc<dyn Store> {
    let config = Config { path: folder.to_owned(), owner: oin(1), backend: Backend::Sled };
    store::open(config).await.unwrap()
}

/// Moves one from an account to another, with a leaf, until it is told to stop.
async fn transfer(ledger: Arc<Ledger>, store: Arc<dyn Store>, from: u64, stop: Arc<AtomicBool>) {
    let mut n = from;
    while !stop.load(Ordering::SeqCst) {
        // Far apart, so that no page has both.
        let (giver, taker) = (account(n), account(n + ACCOUNTS / 2));
        let held = |value: Option<Vec<u8>>| u64::from_be_bytes(value.unwrap().try_into().unwrap());
        let giving = held(store.get(&giver).await.unwrap());
        let taking = held(store.get(&taker).await.unwrap());
        if let Some(less) = giving.checked_sub(1) {
            let state = Batch::new()
                .expect_value(giver.as_slice(), giving.to_be_bytes())
                .expect_value(taker.as_slice(), taking.to_be_bytes())
                .put(giver, less.to_be_bytes())
                .put(taker, (taking + 1).to_be_bytes());
            // Another may have been first.
            let _ = ledger.append(entry(n, state)).await;
        }
        n += 4;
    }
}

/// Four who move amounts between accounts while the backup is made; what is put back is one moment:
/// the sum is what it always was, and the ledger walks clean.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_store_in_use_is_one_moment_of_it() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(600).await;
    for from in (0..ACCOUNTS).step_by(500) {
        let each = (from..from + 500).fold(Batch::new(), |batch, n| {
            let amount = if n < 100 { SUM / 100 } else { 0_u64 };
            batch.put(account(n), amount.to_be_bytes())
        });
        bench.store.commit(each).await.unwrap();
    }
    let stop = Arc::new(AtomicBool::new(false));
    let movers: Vec<_> = (0..4)
        .map(|from| {
            let (ledger, store) = (Arc::clone(&bench.ledger), Arc::clone(&bench.store));
            tokio::spawn(transfer(ledger, store, from, Arc::clone(&stop)))
        })
        .collect();
    let mut grew = false;
    for round in 0..5 {
        let written = bench.write(&public).await.unwrap();
        let folder = bench.temp.path().join(format!("back-{round}"));
        let put = put_back(&written.file, &secret, &folder).await.unwrap();
        let began = written.header.ledgers[0].head.checkpoint().size;
        assert_eq!(put.header, written.header);
        assert_eq!(put.records, written.records);
        assert!(put.ledgers[NAME] >= began, "{put:?}");
        grew |= put.ledgers[NAME] > began;
        let store = opened(&folder).await;
        let mut sum = 0;
        for pair in store.scan(b"account/", None, 1_000).await.unwrap() {
            sum += u64::from_be_bytes(pair.value.try_into().unwrap());
        }
        for pair in store.scan(b"account/", Some(&account(999)), 1_000).await.unwrap() {
            sum += u64::from_be_bytes(pair.value.try_into().unwrap());
        }
        assert_eq!(sum, SUM, "round {round}");
        let restored = generation::restored(store.as_ref()).await.unwrap().unwrap();
        assert_eq!(restored.ledgers, put.ledgers);
    }
    stop.store(true, Ordering::SeqCst);
    for mover in movers {
        mover.await.unwrap();
    }
    assert!(grew, "nothing was written during a backup: this test shows nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_altered_or_is_for_another_is_refused_and_leaves_nothing() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(700).await;
    let filler = (0..60).fold(Batch::new(), |batch, n| batch.put(account(n), vec![7; 4 * 1024]));
    bench.store.commit(filler).await.unwrap();
    let written = bench.write(&public).await.unwrap();
    let whole = fs::read(&written.file).unwrap();
    assert_eq!(whole.len() as u64, written.bytes);
    let (bad, into) = (bench.temp.path().join("bad"), bench.temp.path().join("into"));
    let refused = async |bytes: &[u8], secret: &SealSecret, what: &str| {
        fs::write(&bad, bytes).unwrap();
        let error = put_back(&bad, secret, &into).await.unwrap_err();
        assert_eq!(error.reason(), Reason::BackupUnopened, "{what}");
        assert!(!into.exists() && !bench.temp.path().join("into.restoring").exists(), "{what}");
    };
    for at in (0..whole.len() - 64).step_by(whole.len() / 25) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        refused(&flipped, &secret, &format!("byte {at}")).await;
    }
    let part = crate::limits::BACKUP_PART_BYTES;
    for cut in [0, 10, 100, whole.len() / 2, whole.len() - part, whole.len() - 1] {
        refused(&whole[..cut], &secret, &format!("cut at {cut}")).await;
    }
    refused(&[whole.as_slice(), &[0]].concat(), &secret, "one byte more").await;
    let (whole, signature) = whole.split_at(whole.len() - 64);
    let parts = whole.len() - 2 * part;
    let last = [&whole[parts + part..], &whole[parts..parts + part]].concat();
    let swapped = [&whole[..parts], &last, signature].concat();
    refused(&swapped, &secret, "two parts swapped").await;
    refused(whole, &keys().0, "another key").await;
    put_back(&written.file, &secret, &into).await.unwrap();
}

/// The public key lies beside the process: whoever has it can seal a store of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_the_party_did_not_sign_is_not_put_back() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(10).await;
    let into = bench.temp.path().join("into");
    let refused = async |file: &Path| {
        let error = put_back(file, &secret, &into).await.unwrap_err();
        assert_eq!(error.reason(), Reason::BackupInvalid);
        assert!(matches!(error, BackupError::Unsigned), "{error}");
        assert!(!into.exists());
    };
    let forged = bench.write_by(&public, &SigningKey::from_bytes(&[9; 32])).await.unwrap();
    refused(&forged.file).await;
    let mut altered = fs::read(&bench.write(&public).await.unwrap().file).unwrap();
    *altered.last_mut().unwrap() ^= 1;
    let file = bench.temp.path().join("altered");
    fs::write(&file, altered).unwrap();
    refused(&file).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_holds_the_ledgers_that_it_names_and_one_at_least() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(10).await;
    let written = bench.write(&public).await.unwrap();
    let folder = bench.temp.path().join("into");
    let put = put_back(&written.file, &secret, &folder).await.unwrap();
    let (store, origin) = (opened(&folder).await, signer(NAME, 1).unwrap().origin);
    let by = signer(NAME, 1).unwrap().key;
    let (key, of) = (by.verifying_key().to_bytes(), |_: &str| Some(origin.clone()));
    let into = Place { folder: &folder, oin: &oin(1), origin: &of, keys: &[key] };
    let said = |name: &str, size: u64, root: Digest| {
        let head = Checkpoint { origin: origin.clone(), size, root }.sign(&by);
        let ledgers = vec![LedgerHead { name: name.to_owned(), head }];
        Header { ledgers, ..put.header.clone() }
    };
    let root = put.header.ledgers[0].head.checkpoint().root;
    for (header, holds) in [
        (said(NAME, 10, root), true),
        (said(NAME, 10, Digest::new([1; 32])), false),
        (said(NAME, 11, root), false),
        (said("other", 10, root), false),
    ] {
        let walked = restore::walk(&store, &folder, &into, &header).await;
        let refused = walked.is_err_and(|error| error.reason() == Reason::BackupInvalid);
        assert_eq!(refused, !holds, "{header:?}");
    }
    // Nothing at all, signed as it should be.
    let empty = Means {
        process: "broker",
        oin: &oin(1),
        store: &MemoryStore::default(),
        tiles: None,
        key: &public,
        signer: &by,
        folder: &bench.folder(),
        at: Timestamp::from_ms(8),
    };
    let empty = write(empty, &|_| {}).await.unwrap();
    let nowhere = bench.temp.path().join("nowhere");
    let error = put_back(&empty.file, &secret, &nowhere).await.unwrap_err();
    assert_eq!(error.reason(), Reason::BackupInvalid, "{error}");
    assert!(!nowhere.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_goes_only_into_an_empty_folder_of_its_own_organisation() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(10).await;
    let written = bench.write(&public).await.unwrap();
    let folder = bench.temp.path().join("full");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine"), "1").unwrap();
    let error = put_back(&written.file, &secret, &folder).await.unwrap_err();
    assert_eq!(error.reason(), Reason::FileExists);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    let empty = bench.temp.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let origin = |name: &str| Origin::parse(&format!("{name}/1")).ok();
    let into = Place { folder: &empty, oin: &oin(2), origin: &origin, keys: &[] };
    let error = restore(&written.file, &secret, into, &|_| {}).await.unwrap_err();
    assert_eq!(error.reason(), Reason::StoreForeign);
    // A ledger that the party's key did not sign.
    let into = Place { folder: &empty, oin: &oin(1), origin: &origin, keys: &[[7; 32]] };
    let error = restore(&written.file, &secret, into, &|_| {}).await.unwrap_err();
    assert_eq!(error.reason(), Reason::BackupInvalid);
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);
    put_back(&written.file, &secret, &empty).await.unwrap();
}

/// A leaf that was altered before the backup was made, in the store and in a tile.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_ledger_that_does_not_hold_is_not_put_back() {
    let (secret, public) = keys();
    for tile in [false, true] {
        let bench = Bench::new().await;
        bench.append(600).await;
        if tile {
            let file = bench.temp.path().join("store/ledger/audit/tile/entries/001");
            let mut bytes = fs::read(&file).unwrap();
            bytes[60] ^= 1;
            fs::write(&file, bytes).unwrap();
        } else {
            let key = [b"l/audit/e/".as_slice(), &599_u64.to_be_bytes()].concat();
            let mut value = bench.store.get(&key).await.unwrap().unwrap();
            *value.last_mut().unwrap() ^= 1;
            bench.store.commit(Batch::new().put(key, value)).await.unwrap();
        }
        let written = bench.write(&public).await.unwrap();
        let into = bench.temp.path().join("into");
        let error = put_back(&written.file, &secret, &into).await.unwrap_err();
        assert_eq!(error.reason(), Reason::BackupInvalid, "{error}");
        assert!(!into.exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_cannot_be_made_leaves_nothing() {
    let (bench, (_, public)) = (Bench::new().await, keys());
    bench.append(300).await;
    let capture = bench.store.capture().unwrap();
    assert_eq!(bench.write(&public).await.unwrap_err().reason(), Reason::StoreInUse);
    drop(capture);
    // A tile that is missing.
    fs::remove_file(bench.temp.path().join("store/ledger/audit/tile/0/000")).unwrap();
    assert_eq!(bench.write(&public).await.unwrap_err().reason(), Reason::StoreCorrupt);
    assert_eq!(fs::read_dir(bench.folder()).unwrap().count(), 0);
}

/// A store in which rows change as soon as the first page of them was read.
#[derive(Debug)]
struct Changing<'a>(&'a dyn Store, AtomicBool);

#[async_trait::async_trait]
impl Store for Changing<'_> {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        let page = self.0.scan(prefix, after, limit).await?;
        // The pages of a backup, and not those in which it looks for ledgers.
        if prefix.is_empty() && !self.1.swap(true, Ordering::SeqCst) {
            let change = Batch::new().delete("a/gone").put("a/new", "2").put("a/other", "2");
            self.0.commit(change).await?;
        }
        Ok(page)
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.0.commit(batch).await
    }

    fn capture(&self) -> Result<Capture, StoreError> {
        self.0.capture()
    }

    async fn health(&self) -> StoreHealth {
        self.0.health().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_went_during_a_backup_are_gone_where_it_is_put_back() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(10).await;
    let rows = ["a/gone", "a/other", "a/same"].into_iter();
    let rows = rows.fold(Batch::new(), |batch, key| batch.put(key, "1"));
    bench.store.commit(rows).await.unwrap();
    let changing = Changing(bench.store.as_ref(), AtomicBool::new(false));
    let means = Means {
        process: "broker",
        oin: &oin(1),
        store: &changing,
        tiles: None,
        key: &public,
        signer: &signer(NAME, 1).unwrap().key,
        folder: &bench.folder(),
        at: Timestamp::from_ms(7),
    };
    let written = write(means, &|_| {}).await.unwrap();
    assert!(changing.1.load(Ordering::SeqCst));
    let folder = bench.temp.path().join("into");
    put_back(&written.file, &secret, &folder).await.unwrap();
    let rows = opened(&folder).await.scan(b"a/", None, 10).await.unwrap();
    let rows: Vec<_> = rows.into_iter().map(|pair| (pair.key, pair.value)).collect();
    let row = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
    assert_eq!(rows, [row("a/new", "2"), row("a/other", "2"), row("a/same", "1")]);
}

#[tokio::test]
async fn the_wish_for_a_backup_is_told_of() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path();
    assert!(wish(folder).is_none() && outcome(folder).unwrap().is_none());
    fs::write(folder.join(NOW_FILE), "").unwrap();
    let seen = wish(folder);
    assert!(seen.is_some());
    let reason = Some(Reason::StoreFull);
    let what = Outcome { at: Timestamp::from_ms(1), file: None, bytes: 0, reason };
    // Who asks while a backup is made asks for another one.
    std::thread::sleep(std::time::Duration::from_millis(20));
    fs::write(folder.join(NOW_FILE), "").unwrap();
    told(folder, &what, seen).unwrap();
    assert!(wish(folder).is_some());
    told(folder, &what, None).unwrap();
    assert!(wish(folder).is_some());
    told(folder, &what, wish(folder)).unwrap();
    assert!(wish(folder).is_none());
    assert_eq!(outcome(folder).unwrap(), Some(what));
    fs::write(folder.join("broker-1.backup"), "").unwrap();
    fs::write(folder.join("broker-2.backup"), "").unwrap();
    assert_eq!(newest(folder).unwrap(), Some(folder.join("broker-2.backup")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_restores_into_one_folder_the_second_is_refused_and_takes_nothing_away() {
    let (bench, (secret, public)) = (Bench::new().await, keys());
    bench.append(10).await;
    let written = bench.write(&public).await.unwrap();
    let into = bench.temp.path().join("into");
    let (beside, lock) = ("into.restoring", "into.restoring.lock");
    let [beside, lock] = [beside, lock].map(|name| bench.temp.path().join(name));
    let first = fs::File::create(&lock).unwrap();
    first.try_lock().unwrap();
    fs::create_dir(&beside).unwrap();
    fs::write(beside.join("half"), "").unwrap();
    let error = put_back(&written.file, &secret, &into).await.unwrap_err();
    assert_eq!(error.reason(), Reason::StoreInUse);
    assert!(beside.join("half").exists() && !into.exists());
    drop(first);
    // One that was cut short is no obstacle.
    put_back(&written.file, &secret, &into).await.unwrap();
    assert!(!beside.exists());
}
