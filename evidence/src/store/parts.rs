//! Bodies that are longer than a value: split into parts that live and die in one batch.
//!
//! Under the body's own key stands a head: the body itself when it fits, else its length and
//! digest. The parts stand elsewhere, under [`PREFIX`], so that a scan over the caller's keys
//! meets heads only.

use std::fmt;

use grondslag_core::id::Digest;

use super::{Batch, Store, StoreError};
use crate::limits::{BODY_BYTES_MAX, BODY_KEY_BYTES_MAX, REREAD_MAX, VALUE_BYTES_MAX};

/// Keys that begin so are parts of bodies; leave them to this module.
pub const PREFIX: &[u8] = b"p/";

/// What a part's key has beside the body's: the prefix and the part's number.
pub(crate) const PART_KEY_BYTES: usize = PREFIX.len() + NUMBER_BYTES;

const NUMBER_BYTES: usize = 2;
const WHOLE: u8 = 0;
const SPLIT: u8 = 1;

/// Adds a body to a batch. It expects the key to be free: to replace a body, first add
/// [`delete_body`] to the same batch.
///
/// # Errors
/// [`StoreError::TooLarge`] for a body or key over its limit.
pub fn put_body(batch: Batch, key: &[u8], body: &[u8]) -> Result<Batch, StoreError> {
    if key.len() > BODY_KEY_BYTES_MAX {
        return Err(StoreError::TooLarge("key"));
    }
    if body.len() > BODY_BYTES_MAX {
        return Err(StoreError::TooLarge("body"));
    }
    let batch = batch.expect_absent(key);
    if body.len() < VALUE_BYTES_MAX {
        return Ok(batch.put(key, [&[WHOLE], body].concat()));
    }
    let head = Head { bytes: body.len(), digest: Digest::of(body) };
    let parts = (0_u16..).zip(body.chunks(VALUE_BYTES_MAX));
    let batch = batch.put(key, head.encode());
    Ok(parts.fold(batch, |batch, (number, part)| batch.put(part_key(key, number), part)))
}

/// A body as it was read, and what must still stand there for it to be the one.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// The body.
    pub body: Vec<u8>,
    head: Digest,
    count: u16,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A body may speak of a person.
        write!(f, "Seen({} bytes, …)", self.body.len())
    }
}

/// Reads a body; `None` when there is none.
///
/// # Errors
/// [`StoreError::Corrupt`] when parts are missing or altered; else those of the store.
pub async fn read_body(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(found(store, key).await?.map(|found| found.body))
}

/// Reads a body that is to be replaced or removed by [`delete_seen`] if nobody else does first.
///
/// # Errors
/// As [`read_body`].
pub async fn read_seen(store: &dyn Store, key: &[u8]) -> Result<Option<Seen>, StoreError> {
    let found = found(store, key).await?;
    Ok(found.map(|Found { body, value, count }| Seen { body, head: Digest::of(&value), count }))
}

/// A body, the value under its own key, and how many parts it has besides.
struct Found {
    body: Vec<u8>,
    value: Vec<u8>,
    count: u16,
}

async fn found(store: &dyn Store, key: &[u8]) -> Result<Option<Found>, StoreError> {
    for _ in 0..REREAD_MAX {
        let Some(value) = store.get(key).await? else {
            return Ok(None);
        };
        let (body, count) = match Shape::parse(&value)? {
            Shape::Whole(body) => (Some(body.to_vec()), 0),
            Shape::Split(head) => (join(store, key, &head).await?, head.count()),
        };
        if let Some(body) = body {
            return Ok(Some(Found { body, value, count }));
        }
        // Replaced while it was read, or damaged: the head tells.
        if store.get(key).await?.as_ref() == Some(&value) {
            return Err(StoreError::Corrupt);
        }
    }
    Err(StoreError::Conflict { step: 0 })
}

/// Adds the removal of a body to a batch, which then expects the body to be the one that was
/// read. Whoever writes what follows from a body uses this and not [`delete_body`], which expects
/// what stands there by then.
pub fn delete_seen(batch: Batch, key: &[u8], seen: &Seen) -> Batch {
    remove(batch, key, seen.head, seen.count)
}

/// Adds the removal of a body to a batch, which then expects the body to be the one found now; a
/// body that is not there is no error.
///
/// # Errors
/// Those of the store.
pub async fn delete_body(store: &dyn Store, batch: Batch, key: &[u8]) -> Result<Batch, StoreError> {
    let Some(value) = store.get(key).await? else {
        return Ok(batch.expect_absent(key));
    };
    let count = match Shape::parse(&value)? {
        Shape::Whole(_) => 0,
        Shape::Split(head) => head.count(),
    };
    Ok(remove(batch, key, Digest::of(&value), count))
}

fn remove(batch: Batch, key: &[u8], head: Digest, count: u16) -> Batch {
    let batch = batch.expect_digest(key, head).delete(key);
    (0..count).fold(batch, |batch, number| batch.delete(part_key(key, number)))
}

enum Shape<'a> {
    Whole(&'a [u8]),
    Split(Head),
}

struct Head {
    bytes: usize,
    digest: Digest,
}

impl<'a> Shape<'a> {
    fn parse(value: &'a [u8]) -> Result<Self, StoreError> {
        match value.split_first() {
            Some((&WHOLE, body)) => Ok(Self::Whole(body)),
            Some((&SPLIT, head)) => Head::parse(head).map(Self::Split),
            _ => Err(StoreError::Corrupt),
        }
    }
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Self, StoreError> {
        let (length, digest) = bytes.split_first_chunk().ok_or(StoreError::Corrupt)?;
        let bytes = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let digest = Digest::from_slice(digest).map_err(|_| StoreError::Corrupt)?;
        if bytes > BODY_BYTES_MAX { Err(StoreError::Corrupt) } else { Ok(Self { bytes, digest }) }
    }

    fn encode(&self) -> Vec<u8> {
        let bytes = u32::try_from(self.bytes).unwrap_or(u32::MAX);
        [&[SPLIT], bytes.to_be_bytes().as_slice(), self.digest.as_bytes()].concat()
    }

    fn count(&self) -> u16 {
        u16::try_from(self.bytes.div_ceil(VALUE_BYTES_MAX)).unwrap_or(u16::MAX)
    }
}

/// The body behind a head, or `None` when the parts found are not its own.
async fn join(store: &dyn Store, key: &[u8], head: &Head) -> Result<Option<Vec<u8>>, StoreError> {
    let mut body = Vec::with_capacity(head.bytes);
    for number in 0..head.count() {
        let Some(part) = store.get(&part_key(key, number)).await? else {
            return Ok(None);
        };
        body.extend_from_slice(&part);
    }
    let own = body.len() == head.bytes && Digest::of(&body) == head.digest;
    Ok(own.then_some(body))
}

fn part_key(key: &[u8], number: u16) -> Vec<u8> {
    [PREFIX, key, number.to_be_bytes().as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn body(n: usize) -> Vec<u8> {
        (0..n).map(|i| u8::try_from(i % 251).unwrap()).collect()
    }

    async fn put(store: &dyn Store, key: &[u8], body: &[u8]) {
        store.commit(put_body(Batch::new(), key, body).unwrap()).await.unwrap();
    }

    #[tokio::test]
    async fn bodies_of_every_length_come_back_whole() {
        let store = MemoryStore::default();
        let edge = VALUE_BYTES_MAX;
        for n in [0, 1, edge - 1, edge, edge + 1, 3 * edge, 65_536, BODY_BYTES_MAX] {
            let key = n.to_be_bytes();
            put(&store, &key, &body(n)).await;
            assert_eq!(read_body(&store, &key).await.unwrap(), Some(body(n)), "{n}");
        }
        assert_eq!(read_body(&store, b"none").await, Ok(None));
    }

    #[test]
    fn a_body_or_key_over_its_limit_is_refused() {
        let long = vec![0; BODY_BYTES_MAX + 1];
        let refused = put_body(Batch::new(), b"k", &long);
        assert_eq!(refused.unwrap_err(), StoreError::TooLarge("body"));
        let key = vec![b'k'; BODY_KEY_BYTES_MAX + 1];
        let refused = put_body(Batch::new(), &key, b"");
        assert_eq!(refused.unwrap_err(), StoreError::TooLarge("key"));
    }

    #[tokio::test]
    async fn a_body_is_replaced_by_a_shorter_one_without_leaving_parts() {
        let store = MemoryStore::default();
        put(&store, b"k", &body(65_536)).await;
        let again = put_body(Batch::new(), b"k", b"x").unwrap();
        assert_eq!(store.commit(again).await, Err(StoreError::Conflict { step: 0 }));
        let batch = delete_body(&store, Batch::new(), b"k").await.unwrap();
        store.commit(put_body(batch, b"k", b"short").unwrap()).await.unwrap();
        assert_eq!(read_body(&store, b"k").await.unwrap(), Some(b"short".to_vec()));
        assert!(store.scan(PREFIX, None, 10).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_removal_holds_only_for_the_body_that_was_seen() {
        let store = MemoryStore::default();
        put(&store, b"k", &body(7_000)).await;
        let stale = delete_body(&store, Batch::new(), b"k").await.unwrap();
        let batch = delete_body(&store, Batch::new(), b"k").await.unwrap();
        store.commit(put_body(batch, b"k", &body(8_000)).unwrap()).await.unwrap();
        assert_eq!(store.commit(stale).await, Err(StoreError::Conflict { step: 0 }));
        assert_eq!(read_body(&store, b"k").await.unwrap(), Some(body(8_000)));
    }

    #[tokio::test]
    async fn what_follows_from_a_body_is_written_only_while_that_body_stands() {
        let store = MemoryStore::default();
        for length in [3, 8_000] {
            put(&store, b"k", &body(length)).await;
            let one = read_seen(&store, b"k").await.unwrap().unwrap();
            let two = one.clone();
            assert_eq!(one.body, body(length));
            let batch = delete_seen(Batch::new(), b"k", &one);
            store.commit(put_body(batch, b"k", &body(9_000)).unwrap()).await.unwrap();
            // Both had read the same: the second one does not overwrite the first, nor bring the
            // body back once it is gone.
            let late = || put_body(delete_seen(Batch::new(), b"k", &two), b"k", b"late").unwrap();
            assert_eq!(store.commit(late()).await, Err(StoreError::Conflict { step: 0 }));
            assert_eq!(read_body(&store, b"k").await.unwrap(), Some(body(9_000)));
            store.commit(delete_body(&store, Batch::new(), b"k").await.unwrap()).await.unwrap();
            assert_eq!(store.commit(late()).await, Err(StoreError::Conflict { step: 0 }));
            assert!(store.scan(b"", None, 10).await.unwrap().is_empty());
        }
        assert_eq!(read_seen(&store, b"none").await, Ok(None));
    }

    #[tokio::test]
    async fn a_missing_or_altered_part_is_corrupt() {
        let store = MemoryStore::default();
        put(&store, b"k", &body(20_000)).await;
        store.commit(Batch::new().put(part_key(b"k", 1), "other")).await.unwrap();
        assert_eq!(read_body(&store, b"k").await, Err(StoreError::Corrupt));
        store.commit(Batch::new().delete(part_key(b"k", 1))).await.unwrap();
        assert_eq!(read_body(&store, b"k").await, Err(StoreError::Corrupt));
    }
}
