//! What is larger than a body of the store may be, cut into pieces. The pieces are written first;
//! they count from the moment that their head is there.

use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::limits::{BODY_BYTES_MAX, SCAN_PAGE_MAX};
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use grondslag_policy::limits::ENCODED_BYTES_MAX;

/// As [`put`], of what is written once: a second one does not count.
///
/// # Errors
/// As [`put`].
pub async fn put_once(store: &dyn Store, key: &[u8], bytes: &[u8]) -> Result<Batch, Reason> {
    let head = put(store, key, bytes).await?;
    Ok(Batch::new().expect_absent(head_key(key)).then(head))
}

/// Writes the pieces; what makes them count is given back. They stand under the digest of the
/// whole, so that those of another whole are not touched.
///
/// # Errors
/// `TOO_LARGE`, or why the store did not take them.
pub async fn put(store: &dyn Store, key: &[u8], bytes: &[u8]) -> Result<Batch, Reason> {
    if bytes.len() > ENCODED_BYTES_MAX {
        return Err(Reason::TooLarge);
    }
    let (mut count, digest) = (0_u16, Digest::of(bytes));
    for piece in bytes.chunks(BODY_BYTES_MAX) {
        // Some may be there of a try that was cut off.
        let key = piece_key(key, &digest, count);
        let batch = parts::delete_body(store, Batch::new(), &key).await;
        let batch = parts::put_body(batch.map_err(StoreError::reason)?, &key, piece);
        store.commit(batch.map_err(StoreError::reason)?).await.map_err(StoreError::reason)?;
        count = count.saturating_add(1);
    }
    let head = [count.to_be_bytes().as_slice(), digest.as_bytes()].concat();
    Ok(Batch::new().put(head_key(key), head))
}

/// Reads them; none while there is no head.
///
/// # Errors
/// `STORE_CORRUPT` when a piece is missing or altered, or why the store cannot be read.
pub async fn get(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, Reason> {
    let Some((count, digest)) = head(store, key).await? else { return Ok(None) };
    let mut bytes = Vec::new();
    for piece in 0..count {
        let body = parts::read_body(store, &piece_key(key, &digest, piece)).await;
        bytes.extend(body.map_err(StoreError::reason)?.ok_or(Reason::StoreCorrupt)?);
    }
    if Digest::of(&bytes) == digest { Ok(Some(bytes)) } else { Err(Reason::StoreCorrupt) }
}

/// Removes them: the head goes with the batch that is given back, and the pieces with
/// [`sweep`] after it.
pub fn delete(key: &[u8]) -> Batch {
    Batch::new().delete(head_key(key))
}

/// Removes the pieces of what has no head any more.
///
/// # Errors
/// Why the store did not take it.
pub async fn sweep(store: &dyn Store, key: &[u8]) -> Result<(), Reason> {
    let prefix = [key, b"p"].concat();
    loop {
        let page = store.scan(&prefix, None, SCAN_PAGE_MAX).await.map_err(StoreError::reason)?;
        if page.is_empty() {
            return Ok(());
        }
        for pair in page {
            let batch = parts::delete_body(store, Batch::new(), &pair.key).await;
            let batch = batch.map_err(StoreError::reason)?;
            store.commit(batch).await.map_err(StoreError::reason)?;
        }
    }
}

async fn head(store: &dyn Store, key: &[u8]) -> Result<Option<(u16, Digest)>, Reason> {
    let head = store.get(&head_key(key)).await.map_err(StoreError::reason)?;
    let Some(head) = head else { return Ok(None) };
    let (count, digest) = head.split_first_chunk().ok_or(Reason::StoreCorrupt)?;
    let digest = Digest::from_slice(digest).map_err(|_| Reason::StoreCorrupt)?;
    Ok(Some((u16::from_be_bytes(*count), digest)))
}

fn head_key(key: &[u8]) -> Vec<u8> {
    [key, b"h"].concat()
}

fn piece_key(key: &[u8], of: &Digest, piece: u16) -> Vec<u8> {
    [key, b"p", of.as_bytes(), piece.to_be_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use grondslag_evidence::store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn what_was_cut_counts_when_its_head_is_there_and_reads_back_whole() {
        let store = MemoryStore::default();
        let bytes = vec![b'x'; BODY_BYTES_MAX + 1];
        let head = put(&store, b"k", &bytes).await.unwrap();
        assert_eq!(get(&store, b"k").await, Ok(None), "cut off before its head was written");
        put(&store, b"k", &bytes).await.unwrap();
        store.commit(head).await.unwrap();
        assert_eq!(get(&store, b"k").await, Ok(Some(bytes.clone())));
        put(&store, b"k", b"another that was cut off").await.unwrap();
        assert_eq!(get(&store, b"k").await, Ok(Some(bytes.clone())), "untouched");
        let again = put_once(&store, b"k", &bytes).await.unwrap();
        assert!(store.commit(again).await.is_err(), "what is there stays");
        let piece = piece_key(b"k", &Digest::of(&bytes), 1);
        let batch = parts::delete_body(&store, Batch::new(), &piece).await.unwrap();
        store.commit(batch).await.unwrap();
        assert_eq!(get(&store, b"k").await, Err(Reason::StoreCorrupt));
        store.commit(delete(b"k")).await.unwrap();
        assert_eq!(get(&store, b"k").await, Ok(None));
        sweep(&store, b"k").await.unwrap();
        assert!(store.scan(b"", None, 10).await.unwrap().is_empty());
        let large = vec![b' '; ENCODED_BYTES_MAX + 1];
        assert_eq!(put(&store, b"k", &large).await, Err(Reason::TooLarge));
    }
}
