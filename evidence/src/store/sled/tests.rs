use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::limits::VALUE_BYTES_MAX;
use crate::store::{Backend, Config, MemoryStore, conformance, open};

#[tokio::test(flavor = "multi_thread")]
async fn sled_keeps_every_promise_of_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let next = AtomicU64::new(0);
    let make = || async {
        let path = folder.path().join(next.fetch_add(1, Ordering::SeqCst).to_string());
        Arc::new(SledStore::open(path).await.unwrap()) as Arc<dyn Store>
    };
    conformance::suite(make).await;
}

/// A disk that counts syncs, can hold one up, fail it, and be nearly full.
#[derive(Default)]
struct Script {
    syncs: AtomicU64,
    failing: AtomicU64,
    used: AtomicU64,
    gate: Mutex<Option<mpsc::Receiver<()>>>,
}

struct ScriptedDisk(Arc<Script>);

const DISK_BYTES: u64 = 2 * FREE_BYTES_MIN;

impl Disk for ScriptedDisk {
    fn sync(&self, file: &File) -> io::Result<()> {
        if let Some(gate) = self.0.gate.lock().unwrap().as_ref() {
            gate.recv().unwrap();
        }
        self.0.syncs.fetch_add(1, Ordering::SeqCst);
        match self.0.failing.load(Ordering::SeqCst) {
            0 => file.sync_data(),
            _ => Err(io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error())),
        }
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(DISK_BYTES - self.0.used.load(Ordering::SeqCst))
    }
}

async fn scripted() -> (TempDir, Arc<SledStore>, Arc<Script>) {
    let folder = tempfile::tempdir().unwrap();
    let script = Arc::new(Script::default());
    let disk = Box::new(ScriptedDisk(Arc::clone(&script)));
    let store = SledStore::open_on(folder.path().join("store"), disk).await.unwrap();
    (folder, Arc::new(store), script)
}

#[tokio::test]
async fn every_commit_is_synced_and_a_conflict_needs_no_sync() {
    let (_folder, store, script) = scripted().await;
    for n in 1..=5 {
        store.commit(Batch::new().put("k", n.to_string())).await.unwrap();
        assert_eq!(script.syncs.load(Ordering::SeqCst), n);
    }
    let conflict = store.commit(Batch::new().expect_absent("k").put("k", "6")).await;
    assert_eq!(conflict, Err(StoreError::Conflict { step: 0 }));
    assert_eq!(script.syncs.load(Ordering::SeqCst), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acknowledged_or_shown_before_its_sync() {
    let (_folder, store, script) = scripted().await;
    store.commit(Batch::new().put("k", "old").put("gone", "x")).await.unwrap();
    let (open_gate, gate) = mpsc::channel();
    *script.gate.lock().unwrap() = Some(gate);
    let writer = Arc::clone(&store);
    let batch = Batch::new().put("k", "new").delete("gone").put("more", "y");
    let mut commit = tokio::spawn(async move { writer.commit(batch).await });
    // Wait until the batch is applied: from then on only the sync is missing.
    while store.shared.applied(b"k").unwrap() != Some(b"new".to_vec()) {
        tokio::task::yield_now().await;
    }
    let patience = std::time::Duration::from_millis(20);
    assert!(tokio::time::timeout(patience, &mut commit).await.is_err());
    assert_eq!(store.get(b"k").await, Ok(Some(b"old".to_vec())));
    assert_eq!(store.get(b"more").await, Ok(None));
    let keys = |page: Vec<Pair>| page.into_iter().map(|pair| pair.key).collect::<Vec<_>>();
    assert_eq!(keys(store.scan(b"", None, 10).await.unwrap()), [b"gone".to_vec(), b"k".to_vec()]);
    open_gate.send(()).unwrap();
    assert_eq!(commit.await.unwrap(), Ok(()));
    assert_eq!(store.get(b"k").await, Ok(Some(b"new".to_vec())));
    assert_eq!(keys(store.scan(b"", None, 10).await.unwrap()), [b"k".to_vec(), b"more".to_vec()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_queued_during_a_commit_shares_the_next_one() {
    let (_folder, store, script) = scripted().await;
    let (open_gate, gate) = mpsc::channel();
    *script.gate.lock().unwrap() = Some(gate);
    let spawn = |key: String| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.commit(Batch::new().put(key, "")).await })
    };
    let first = spawn("first".into());
    while store.shared.applied(b"first").unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    let others: Vec<_> = (0..40).map(|n| spawn(format!("{n}"))).collect();
    let queue = store.jobs.as_ref().unwrap();
    while queue.max_capacity() - queue.capacity() < 40 {
        tokio::task::yield_now().await;
    }
    (0..2).for_each(|_| open_gate.send(()).unwrap());
    assert_eq!(first.await.unwrap(), Ok(()));
    for other in others {
        assert_eq!(other.await.unwrap(), Ok(()));
    }
    assert_eq!(script.syncs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn after_a_failed_write_the_store_refuses_until_it_is_opened_again() {
    let (folder, store, script) = scripted().await;
    store.commit(Batch::new().put("k", "durable")).await.unwrap();
    script.failing.store(1, Ordering::SeqCst);
    let failed = store.commit(Batch::new().put("k", "lost?")).await.unwrap_err();
    assert_eq!(failed.reason(), Reason::StoreUnwritable);
    script.failing.store(0, Ordering::SeqCst);
    assert_eq!(store.commit(Batch::new().put("other", "")).await, Err(failed));
    assert_eq!(store.get(b"k").await, Ok(Some(b"durable".to_vec())));
    let health = store.health().await;
    assert_eq!((health.writable, health.reason), (false, Some(Reason::StoreUnwritable)));
    drop(store);
    let store = SledStore::open(folder.path().join("store")).await.unwrap();
    assert_eq!(store.commit(Batch::new().put("k", "again")).await, Ok(()));
}

#[tokio::test]
async fn too_little_free_space_refuses_before_writing_and_only_as_long_as_it_lasts() {
    let (_folder, store, script) = scripted().await;
    script.used.store(DISK_BYTES - FREE_BYTES_MIN, Ordering::SeqCst);
    assert_eq!(store.commit(Batch::new().put("edge", "")).await, Ok(()));
    script.used.fetch_add(1, Ordering::SeqCst);
    assert_eq!(store.commit(Batch::new().put("k", "")).await, Err(StoreError::Full));
    assert_eq!(store.health().await.reason, Some(Reason::StoreFull));
    assert_eq!(store.get(b"k").await, Ok(None));
    script.used.store(0, Ordering::SeqCst);
    assert_eq!(store.commit(Batch::new().put("k", "")).await, Ok(()));
}

#[tokio::test]
async fn the_longest_values_never_become_blob_files() {
    let (folder, store, _script) = scripted().await;
    for round in 0..8_u8 {
        for n in 0..60_u8 {
            let key = vec![n; crate::limits::KEY_BYTES_MAX];
            let value = vec![round ^ n; VALUE_BYTES_MAX];
            store.commit(Batch::new().put(key, value)).await.unwrap();
        }
    }
    assert!(!holds_anything(&folder.path().join("store/sled/blobs")).unwrap());
}

// === opening ===

fn oin(n: u8) -> Oin {
    Oin::parse(&format!("0000009900000000{n}000")).unwrap()
}

fn config(path: &Path) -> Config {
    Config { path: path.to_owned(), owner: oin(1), backend: Backend::Sled }
}

async fn refused(config: Config) -> Reason {
    open(config).await.unwrap_err().reason()
}

#[tokio::test]
async fn what_was_committed_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/store");
    for n in 0..3 {
        let store = open(config(&path)).await.unwrap();
        let batch = match n {
            0 => Batch::new().expect_absent("n"),
            n => Batch::new().expect_value("n", (n - 1).to_string()),
        };
        store.commit(batch.put("n", n.to_string())).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_in_use_is_refused_and_free_again_once_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(config(folder.path())).await.unwrap();
    assert_eq!(refused(config(folder.path())).await, Reason::StoreInUse);
    drop(store);
    assert!(open(config(folder.path())).await.is_ok());
}

#[tokio::test]
async fn another_owner_and_a_newer_format_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(config(folder.path())).await.unwrap());
    let foreign = Config { owner: oin(2), ..config(folder.path()) };
    assert_eq!(refused(foreign).await, Reason::StoreForeign);
    let store = open(config(folder.path())).await.unwrap();
    store.commit(Batch::new().put("!/format", 2_u32.to_be_bytes())).await.unwrap();
    drop(store);
    assert_eq!(refused(config(folder.path())).await, Reason::StoreNewer);
    let raw = SledStore::open(folder.path().to_owned()).await.unwrap();
    assert_eq!(raw.get(b"!/owner").await, Ok(Some(oin(1).as_str().into())));
}

#[tokio::test]
async fn a_path_that_cannot_hold_a_folder_is_unwritable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(refused(config(&file)).await, Reason::StoreUnwritable);
    assert_eq!(refused(config(&file.join("below"))).await, Reason::StoreUnwritable);
    // A folder where the lock file should stand: taking the folder fails, whoever we are.
    let occupied = folder.path().join("occupied");
    fs::create_dir_all(occupied.join("lock")).unwrap();
    assert_eq!(refused(config(&occupied)).await, Reason::StoreUnwritable);
}

#[tokio::test]
async fn a_store_with_a_blob_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(config(folder.path())).await.unwrap());
    let blob = folder.path().join("sled/blobs/1");
    fs::write(&blob, "x").unwrap();
    assert_eq!(refused(config(folder.path())).await, Reason::StoreCorrupt);
    fs::remove_file(blob).unwrap();
    assert!(open(config(folder.path())).await.is_ok());
}

#[tokio::test]
async fn a_blob_file_that_appears_while_serving_stops_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(config(folder.path())).await.unwrap();
    fs::write(folder.path().join("sled/blobs/1"), "x").unwrap();
    assert_eq!(store.commit(Batch::new().put("k", "")).await, Err(StoreError::Corrupt));
    assert_eq!(store.commit(Batch::new().put("l", "")).await, Err(StoreError::Corrupt));
}

#[tokio::test]
async fn a_store_that_was_made_and_is_now_empty_is_corrupt_not_new() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(config(folder.path())).await.unwrap());
    fs::remove_dir_all(folder.path().join("sled")).unwrap();
    assert_eq!(refused(config(folder.path())).await, Reason::StoreCorrupt);
}

#[tokio::test]
async fn overwritten_bytes_are_corrupt() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(config(folder.path())).await.unwrap();
    for n in 0..50_u8 {
        store.commit(Batch::new().put([n], vec![n; VALUE_BYTES_MAX])).await.unwrap();
    }
    drop(store);
    let db = folder.path().join("sled/db");
    let length = usize::try_from(fs::metadata(&db).unwrap().len()).unwrap();
    fs::write(&db, vec![0xff; length]).unwrap();
    assert_eq!(refused(config(folder.path())).await, Reason::StoreCorrupt);
}

#[tokio::test]
async fn debug_output_of_a_store_shows_no_pair() {
    let (_folder, store, _script) = scripted().await;
    store.commit(Batch::new().put("noor", "terpstra")).await.unwrap();
    let text = format!("{store:?}");
    assert!(!text.contains("noor") && !text.contains("terpstra") && text.contains("SledStore"));
}

// === memory and sled agree ===

#[derive(Debug, Clone)]
enum Op {
    Put(u8, u8),
    Delete(u8),
    Absent(u8),
    Value(u8, u8),
}

fn op() -> impl Strategy<Value = Op> {
    // Few keys and values, so that operations meet; empty keys are out of bounds.
    let (key, value) = (0..6_u8, 0..3_u8);
    prop_oneof![
        4 => (key.clone(), value.clone()).prop_map(|(key, value)| Op::Put(key, value)),
        2 => key.clone().prop_map(Op::Delete),
        1 => key.clone().prop_map(Op::Absent),
        2 => (key, value).prop_map(|(key, value)| Op::Value(key, value)),
    ]
}

fn batch_of(ops: &[Op]) -> Batch {
    ops.iter().fold(Batch::new(), |batch, op| match *op {
        Op::Put(key, value) => batch.put([key], [value]),
        Op::Delete(key) => batch.delete([key]),
        Op::Absent(key) => batch.expect_absent([key]),
        Op::Value(key, value) => batch.expect_value([key], [value]),
    })
}

async fn agree(batches: &[Vec<Op>], reopen_at: usize) {
    let folder = tempfile::tempdir().unwrap();
    let model = MemoryStore::default();
    let mut store = SledStore::open(folder.path().to_owned()).await.unwrap();
    for (n, ops) in batches.iter().enumerate() {
        if n == reopen_at {
            drop(store);
            store = SledStore::open(folder.path().to_owned()).await.unwrap();
        }
        assert_eq!(store.commit(batch_of(ops)).await, model.commit(batch_of(ops)).await);
        let ours = store.scan(b"", None, 10).await.unwrap();
        assert!(ours == model.scan(b"", None, 10).await.unwrap(), "after batch {n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..Default::default()
    })]
    #[test]
    fn memory_and_sled_agree_on_any_list_of_batches(
        batches in prop::collection::vec(prop::collection::vec(op(), 0..6), 1..24),
        reopen_at in 0..24_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(agree(&batches, reopen_at));
    }
}
