use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Digest;

use super::*;
use crate::ledger::audit::Against;
use crate::ledger::testing::signer;
use crate::ledger::{Entry, Leaves as _, Ledger, Means};
use crate::store::{Batch, Config};

fn oin(n: u8) -> Oin {
    Oin::parse(&format!("0000009900000000{n}000")).unwrap()
}

async fn made(folder: &Path, leaves: u64) {
    let config = Config { path: folder.to_owned(), owner: oin(1), backend: Backend::Sled };
    let store = store::open(config).await.unwrap();
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(7)));
    let tiles = Arc::new(Tiles::folder(folder.join(LEDGERS).join("audit")));
    let signer = signer("audit", 1).unwrap();
    let ledger = Ledger::open(Means { store, clock, name: "audit", tiles, signer }).await.unwrap();
    for n in 0..leaves {
        let leaf = n.to_be_bytes().to_vec();
        ledger.append(Entry { about: Digest::of(&leaf), leaf, state: Batch::new() }).await.unwrap();
    }
    ledger.close().await;
}

/// A link would lead an auditor to any file of its own, and a pipe holds it for ever.
#[tokio::test]
async fn a_store_with_a_link_or_a_pipe_in_it_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let (folder, into) = (temp.path().join("store"), temp.path().join("copy"));
    made(&folder, 1).await;
    fs::create_dir(&into).unwrap();
    let secret = temp.path().join("secret");
    fs::write(&secret, "of the auditor").unwrap();
    let (link, socket) = (folder.join("sled/blobs/link"), folder.join("sled/socket"));
    fs::create_dir_all(folder.join("sled/blobs")).unwrap();
    std::os::unix::fs::symlink(&secret, &link).unwrap();
    let take = async || Copied::take(&folder, &into, &oin(1)).await;
    assert_eq!(take().await.unwrap_err(), CopyError::Irregular);
    assert!(!into.join("sled/blobs/link").exists());
    fs::remove_file(&link).unwrap();
    let listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    assert_eq!(take().await.unwrap_err(), CopyError::Irregular);
    drop(listening);
    fs::remove_file(&socket).unwrap();
    let (tiles, away) = (folder.join(LEDGERS), folder.join("away"));
    fs::create_dir_all(&tiles).unwrap();
    fs::rename(&tiles, &away).unwrap();
    std::os::unix::fs::symlink(&away, &tiles).unwrap();
    assert_eq!(take().await.unwrap_err(), CopyError::Irregular);
    fs::remove_file(&tiles).unwrap();
    let (db, kept) = (folder.join("sled/db"), folder.join("sled/kept"));
    fs::rename(&db, &kept).unwrap();
    std::os::unix::fs::symlink(&kept, &db).unwrap();
    assert_eq!(take().await.unwrap_err(), CopyError::NotAStore);
}

/// Every file below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

#[tokio::test]
async fn a_store_is_looked_into_without_changing_a_byte_of_it() {
    let temp = tempfile::tempdir().unwrap();
    let (folder, into) = (temp.path().join("store"), temp.path().join("copy"));
    made(&folder, 300).await;
    fs::create_dir(&into).unwrap();
    let before = files(&folder);
    let copied = Copied::take(&folder, &into, &oin(1)).await.unwrap();
    let ledgers = copied.ledgers().await.unwrap();
    let [ledger] = ledgers.as_slice() else { panic!("{ledgers:?}") };
    assert_eq!((ledger.name(), ledger.len()), ("audit", 300));
    copied.store().commit(Batch::new().put("x", "1")).await.unwrap();
    assert_eq!(files(&folder), before);
    let config = Config { path: folder.clone(), owner: oin(1), backend: Backend::Sled };
    assert_eq!(
        store::open(config).await.unwrap_err(),
        StoreError::InUse,
        "while it is looked into"
    );
}

#[tokio::test]
async fn a_store_in_use_one_of_another_and_no_store_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let (folder, into) = (temp.path().join("store"), temp.path().join("copy"));
    fs::create_dir(&into).unwrap();
    let take = async |owner| Copied::take(&folder, &into, &owner).await.unwrap_err();
    assert_eq!(take(oin(1)).await, CopyError::NotAStore);
    made(&folder, 1).await;
    assert_eq!(take(oin(2)).await, CopyError::Store(StoreError::Foreign));
    let config = Config { path: folder.clone(), owner: oin(1), backend: Backend::Sled };
    let open = store::open(config).await.unwrap();
    assert_eq!(take(oin(1)).await, CopyError::Store(StoreError::InUse));
    drop(open);
}

/// A process that runs and writes nothing meanwhile; and one that never stops writing.
#[tokio::test]
async fn a_store_in_use_is_copied_between_two_writes_or_not_at_all() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("store");
    made(&folder, 30).await;
    let config = Config { path: folder.clone(), owner: oin(1), backend: Backend::Sled };
    let open = store::open(config).await.unwrap();
    open.commit(Batch::new().put("x", "1")).await.unwrap();
    let into = tempfile::tempdir().unwrap();
    let copied = Copied::take_running(&folder, into.path(), &oin(1)).await.unwrap();
    assert_eq!(copied.ledger("audit").await.unwrap().len(), 30);
    assert!(copied.store().get(b"x").await.unwrap().is_some());
    open.commit(Batch::new().put("y", "1")).await.unwrap();
    drop(copied);

    let busy = folder.join("sled/db");
    let bytes = fs::read(&busy).unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let writer = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            fs::write(&busy, &bytes).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    });
    let into = tempfile::tempdir().unwrap();
    let taken = Copied::take_running(&folder, into.path(), &oin(1)).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
    // A machine that stops the writer within a write leaves a moment of rest, and half a file.
    let refused = [StoreError::InUse, StoreError::Corrupt].map(CopyError::Store);
    assert!(refused.contains(&taken.unwrap_err()));
    drop(open);
}

/// What a folder's copy shows: its leaves as far as they are sound; nothing when it is refused or
/// something is found.
async fn shown(folder: &Path) -> Option<Vec<Vec<u8>>> {
    let into = tempfile::tempdir().unwrap();
    let copied = Copied::take(folder, into.path(), &oin(1)).await.ok()?;
    let ledger = copied.ledger("audit").await.unwrap();
    let signer = signer("audit", 1).unwrap();
    let (keys, sizes) = ([signer.key.verifying_key().to_bytes()], BTreeSet::new());
    let against = Against { origin: &signer.origin, keys: &keys, sizes: &sizes };
    let walked = ledger.walk(against, &|_| {}).await.unwrap();
    if walked.findings.count() > 0 {
        return None;
    }
    let records = ledger.read(0, usize::MAX).await.unwrap();
    Some(records.into_iter().map(|record| record.leaf).collect())
}

/// Whatever byte of the store's own file is changed: the store is refused, or something is found,
/// or what is there is a beginning of what was written. That a beginning is not all of it a kept
/// head says (`head_ahead`).
#[tokio::test]
async fn a_changed_byte_of_the_store_s_file_never_shows_another_history() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("store");
    made(&folder, 12).await;
    let whole = shown(&folder).await.unwrap();
    assert_eq!(whole.len(), 12);
    let db = folder.join("sled").join("db");
    let bytes = fs::read(&db).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let mut caught = 0;
    for at in used.iter().step_by(used.len() / CHANGES).copied() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x21;
        fs::write(&db, changed).unwrap();
        match shown(&folder).await {
            Some(leaves) => assert!(whole.starts_with(&leaves), "byte {at}"),
            None => caught += 1,
        }
    }
    assert!(caught > 0, "of {CHANGES} changes none was caught");
}

/// Changed bytes of a file: each opens a store.
const CHANGES: usize = 120;

/// Yesterday's copy of store and tiles is sound in itself: what was shown since says that it is
/// not all.
#[tokio::test]
async fn yesterdays_copy_of_a_whole_ledger_has_no_root_for_what_was_shown_since() {
    let temp = tempfile::tempdir().unwrap();
    let (today, yesterday) = (temp.path().join("today"), temp.path().join("yesterday"));
    made(&today, 300).await;
    copy_folder(&today, &yesterday).unwrap();
    made(&today, 300).await;
    let root_at = async |folder: &Path, size| {
        let into = tempfile::tempdir().unwrap();
        let copied = Copied::take(folder, into.path(), &oin(1)).await.unwrap();
        let ledger = copied.ledger("audit").await.unwrap();
        let signer = signer("audit", 1).unwrap();
        let (keys, sizes) = ([signer.key.verifying_key().to_bytes()], BTreeSet::from([size]));
        let against = Against { origin: &signer.origin, keys: &keys, sizes: &sizes };
        let walked = ledger.walk(against, &|_| {}).await.unwrap();
        assert_eq!(walked.findings.count(), 0);
        walked.roots.get(&size).copied()
    };
    assert_eq!(root_at(&yesterday, 300).await, root_at(&today, 300).await);
    assert!(root_at(&today, 600).await.is_some() && root_at(&yesterday, 600).await.is_none());
}
