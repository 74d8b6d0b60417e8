use std::collections::BTreeMap;
use std::sync::Arc;

use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Digest;

use super::*;
use crate::ledger::testing::signer;
use crate::ledger::{Entry, Ledger, Means};
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
