//! The largest head of the broker's ledger that this node took.
//!
//! A question comes with a checkpoint and a proof that its tree begins with that of a head seen
//! before; so does what the broker shows by itself. The largest head is remembered: in memory at
//! once, and in the store with the answer, or the cosignature, that rests on it.
//!
//! The broker proves from what it sent last, so that of several questions on their way each builds
//! on the one before it; one that comes before its turn waits for it a moment.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::id::Digest;
use grondslag_core::watch::{Contradiction, Unfit, follows};
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::store::{Batch, Store, StoreError};
use tokio::sync::watch;

use super::size;
use crate::limits::{HEAD_BYTES_MAX, HEAD_WAIT_MS, HEADS_KEPT_MAX};

/// Heads, by size: the last of them is the largest that anything rests on.
const HEADS: &[u8] = b"wh/h/";

/// The largest head that was taken.
pub(super) struct Heads {
    /// Held for moments, never over an await.
    seen: Mutex<Seen>,
    /// The size of the head, for who waits for it.
    size: watch::Sender<u64>,
}

#[derive(Default)]
struct Seen {
    head: Option<SignedCheckpoint>,
    /// Sizes of the heads that stand in the store, or soon do.
    stored: Vec<u64>,
}

/// A head that is shown, and what is to prove that it follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    /// The head, not verified.
    pub(crate) head: &'a SignedCheckpoint,
    /// Size of the head at which the proof begins.
    pub(crate) from: u64,
    /// The proof.
    pub(crate) proof: &'a [Digest],
    /// The broker's key, from its card.
    pub(crate) key: &'a [u8; 32],
}

/// Why a head was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unjoined {
    /// The proof begins elsewhere than at the head that this node has, which is of this size.
    Elsewhere(u64),
    /// It is not signed by the broker, or of another ledger than the one followed.
    NotTheLogs,
    /// It contradicts the head that this node has.
    Contradiction(Box<Contradiction>),
}

impl Heads {
    /// Reads what was seen before of this log. An answer that was made ready before another log was
    /// followed, and kept after, brings back a head of the log before: that is none of this one.
    pub(super) async fn open(store: &dyn Store, log: &Origin) -> Result<Self, StoreError> {
        let mut seen = Seen::default();
        for pair in store.scan(HEADS, None, HEADS_KEPT_MAX).await? {
            let note = String::from_utf8(pair.value).map_err(|_| StoreError::Corrupt)?;
            let head = SignedCheckpoint::parse(&note).map_err(|_| StoreError::Corrupt)?;
            seen.stored.push(head.checkpoint().size);
            if head.checkpoint().origin == *log {
                // In the order of their sizes: the last is the largest.
                seen.head = Some(head);
            }
        }
        let (sizes, _) = watch::channel(size(seen.head.as_ref()));
        Ok(Self { seen: Mutex::new(seen), size: sizes })
    }

    /// Size of the head; 0 for none.
    pub(super) fn size(&self) -> u64 {
        *self.size.borrow()
    }

    /// The head.
    pub(super) fn head(&self) -> Option<SignedCheckpoint> {
        self.seen().head.clone()
    }

    /// Goes on with the head of another log, or with none of it yet.
    pub(super) fn start(&self, head: Option<SignedCheckpoint>) {
        let mut seen = self.seen();
        let size = size(head.as_ref());
        *seen = Seen { stored: head.iter().map(|head| head.checkpoint().size).collect(), head };
        self.size.send_replace(size);
    }

    /// Waits a moment for the head of this size, when what builds on it came before it.
    pub(super) async fn reached(&self, size: u64) {
        let mut sizes = self.size.subscribe();
        let wait = Duration::from_millis(HEAD_WAIT_MS);
        // Whether it came or not: taking the next head finds out.
        let _ = tokio::time::timeout(wait, sizes.wait_for(|seen| *seen >= size)).await;
    }

    /// Waits a moment until something holds that a head which comes may bring about.
    pub(super) async fn until(&self, holds: impl Fn() -> bool + Send) {
        let mut sizes = self.size.subscribe();
        let wait = Duration::from_millis(HEAD_WAIT_MS);
        let _ = tokio::time::timeout(wait, sizes.wait_for(|_| holds())).await;
    }

    /// Takes a head that follows from the one that was taken last.
    pub(super) fn take(&self, shown: Shown<'_>) -> Result<(), Unjoined> {
        let mut seen = self.seen();
        let (held, new) = (size(seen.head.as_ref()), shown.head.checkpoint().size);
        // It must fit the store, with the log's own signature and no other.
        if shown.head.note().len() > HEAD_BYTES_MAX {
            return Err(Unjoined::NotTheLogs);
        }
        let proof = match new {
            _ if new == held => &[],
            _ if shown.from == held => shown.proof,
            _ => return Err(Unjoined::Elsewhere(held)),
        };
        match follows(seen.head.as_ref(), shown.head, proof, shown.key) {
            Ok(()) => {
                seen.head = Some(shown.head.clone());
                self.size.send_replace(new);
                Ok(())
            }
            Err(Unfit::NotTheLogs) => Err(Unjoined::NotTheLogs),
            Err(Unfit::Contradiction(found)) => Err(Unjoined::Contradiction(found)),
        }
    }

    /// Adds to a batch the head that what it holds rests on. Older ones go; each has a key of its
    /// own, so that of two batches the later commit never brings back the older head.
    pub(super) fn put(&self, batch: Batch) -> Batch {
        let mut seen = self.seen();
        let Some(head) = seen.head.clone() else { return batch };
        let size = head.checkpoint().size;
        let (older, newer): (Vec<u64>, Vec<u64>) =
            seen.stored.iter().partition(|stored| **stored < size);
        seen.stored = newer;
        if !seen.stored.contains(&size) {
            seen.stored.push(size);
        }
        let batch = older.into_iter().fold(batch, |batch, size| batch.delete(key_of(size)));
        batch.put(key_of(size), head.note())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Every change is one assignment.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds to a batch that the node goes on from this head or from none, whatever it held.
pub(super) async fn go_on_from(
    store: &dyn Store,
    batch: Batch,
    head: Option<&SignedCheckpoint>,
) -> Result<Batch, StoreError> {
    let held = store.scan(HEADS, None, HEADS_KEPT_MAX).await?;
    let batch = held.into_iter().fold(batch, |batch, pair| batch.delete(pair.key));
    Ok(match head {
        Some(head) => batch.put(key_of(head.checkpoint().size), head.note()),
        None => batch,
    })
}

/// Every head of the broker's ledger that a node's store keeps, for who holds them against that
/// ledger: those taken, the covered one, and what the node cosigned last.
///
/// # Errors
/// Those of the store; what is no head is told as such.
pub async fn kept_heads(store: &dyn Store) -> Result<Vec<KeptHead>, StoreError> {
    let mut kept = Vec::new();
    for pair in store.scan(HEADS, None, HEADS_KEPT_MAX).await? {
        let note = String::from_utf8(pair.value).ok();
        let head = note.and_then(|note| SignedCheckpoint::parse(&note).ok());
        // Under the size of another head it is not what was kept.
        let head = head.filter(|head| pair.key == key_of(head.checkpoint().size));
        kept.push(KeptHead { place: "wh/h".to_owned(), head });
    }
    kept.extend(super::kept::kept_heads(store).await?);
    kept.extend(super::refound::kept_before(store).await?);
    Ok(kept)
}

impl fmt::Debug for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Heads({})", self.size())
    }
}

fn key_of(size: u64) -> Vec<u8> {
    [HEADS, &size.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests;
