//! The stamp: which format a store has, and whose it is.

use grondslag_core::id::Oin;

use super::{Batch, Store, StoreError};

/// Format of this version. It goes up when an older program could no longer read the store.
const FORMAT: u32 = 1;

/// Keys that begin with `!` are the store's own.
const FORMAT_KEY: &[u8] = b"!/format";
const OWNER_KEY: &[u8] = b"!/owner";

/// Stamps an empty store, or holds the stamp of a store against this version and this owner.
pub(super) async fn hold(store: &dyn Store, owner: &Oin) -> Result<(), StoreError> {
    match store.get(FORMAT_KEY).await? {
        None => make(store, owner).await,
        Some(format) => {
            hold_format(&format)?;
            hold_owner(store.get(OWNER_KEY).await?, owner)
        }
    }
}

async fn make(store: &dyn Store, owner: &Oin) -> Result<(), StoreError> {
    // Something without a stamp is not ours to take over.
    if !store.scan(b"", None, 1).await?.is_empty() {
        return Err(StoreError::Corrupt);
    }
    let batch = Batch::new()
        .expect_absent(FORMAT_KEY)
        .put(FORMAT_KEY, FORMAT.to_be_bytes())
        .put(OWNER_KEY, owner.as_str());
    store.commit(batch).await
}

fn hold_format(bytes: &[u8]) -> Result<(), StoreError> {
    let format = bytes.try_into().map(u32::from_be_bytes).map_err(|_| StoreError::Corrupt)?;
    match format {
        FORMAT => Ok(()),
        newer if newer > FORMAT => Err(StoreError::Newer),
        _ => Err(StoreError::Corrupt),
    }
}

fn hold_owner(found: Option<Vec<u8>>, owner: &Oin) -> Result<(), StoreError> {
    match found {
        Some(found) if found == owner.as_str().as_bytes() => Ok(()),
        Some(_) => Err(StoreError::Foreign),
        None => Err(StoreError::Corrupt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn oin(n: u8) -> Oin {
        Oin::parse(&format!("0000009900000000{n}000")).unwrap()
    }

    #[tokio::test]
    async fn a_store_is_stamped_once_and_opens_again_for_its_owner_only() {
        let store = MemoryStore::default();
        assert_eq!(hold(&store, &oin(1)).await, Ok(()));
        assert_eq!(hold(&store, &oin(1)).await, Ok(()));
        assert_eq!(hold(&store, &oin(2)).await, Err(StoreError::Foreign));
    }

    #[tokio::test]
    async fn a_newer_format_is_refused_whoever_owns_it() {
        let store = MemoryStore::default();
        hold(&store, &oin(1)).await.unwrap();
        let newer = Batch::new().put(FORMAT_KEY, (FORMAT + 1).to_be_bytes());
        store.commit(newer).await.unwrap();
        assert_eq!(hold(&store, &oin(1)).await, Err(StoreError::Newer));
        assert_eq!(hold(&store, &oin(2)).await, Err(StoreError::Newer));
    }

    #[tokio::test]
    async fn a_damaged_stamp_and_bytes_without_a_stamp_are_corrupt() {
        let store = MemoryStore::default();
        store.commit(Batch::new().put("x", "1")).await.unwrap();
        assert_eq!(hold(&store, &oin(1)).await, Err(StoreError::Corrupt));
        store.commit(Batch::new().put(FORMAT_KEY, "one")).await.unwrap();
        assert_eq!(hold(&store, &oin(1)).await, Err(StoreError::Corrupt));
        store.commit(Batch::new().put(FORMAT_KEY, FORMAT.to_be_bytes())).await.unwrap();
        assert_eq!(hold(&store, &oin(1)).await, Err(StoreError::Corrupt));
    }
}
