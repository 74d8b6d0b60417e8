//! The heads of the broker's ledger, as this node saw them.
//!
//! A question comes with a checkpoint and a proof that its tree begins with that of a head seen
//! before. The largest head is remembered: in memory at once, and in the store with the next answer,
//! so that a broker that goes back or shows another history is caught. What contradicts it is kept
//! as proof, and from then on nothing is taken until an operator acts.
//!
//! The broker proves from what it sent last, so that of several questions on their way each builds
//! on the one before it; one that comes before its turn waits for it a moment.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::watch::{Contradiction, Unfit, follows};
use grondslag_evidence::store::{Batch, Store, StoreError};
use tokio::sync::watch;

use crate::limits::{HEAD_BYTES_MAX, HEAD_WAIT_MS, HEADS_KEPT_MAX};

/// Heads, by size: the last of them is the largest that an answer was given on.
const HEADS: &[u8] = b"w/h/";
/// What contradicted the head that was held.
const CONTRADICTION: &[u8] = b"w/contradiction";

/// What this node knows of the broker's ledger.
pub(crate) struct Heads {
    store: Arc<dyn Store>,
    /// The name of the ledger that it follows.
    origin: Origin,
    /// Held for moments, never over an await.
    seen: Mutex<Seen>,
    /// The size of the head, for who waits for it.
    size: watch::Sender<u64>,
}

#[derive(Default)]
struct Seen {
    head: Option<SignedCheckpoint>,
    /// Sizes of the heads that stand in the store.
    stored: Vec<u64>,
    /// What stopped it.
    contradiction: Option<Contradiction>,
}

/// A head that is shown, and what is to prove that it follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShownHead<'a> {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It does not begin at the head that this node has, which is of this size.
    Mismatch(u64),
    /// It is not signed by the broker, or of another ledger.
    Invalid,
    /// It contradicts a head of before, or one did: an operator must act.
    Fork,
}

impl NotTaken {
    /// The stable reason.
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Mismatch(_) => Reason::HeadMismatch,
            Self::Invalid => Reason::AttestationInvalid,
            Self::Fork => Reason::LedgerFork,
        }
    }
}

impl Heads {
    /// Reads what was seen before.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn open(store: Arc<dyn Store>, origin: Origin) -> Result<Self, StoreError> {
        let kept = store.get(CONTRADICTION).await?;
        let contradiction = kept.map(|bytes| Contradiction::parse(&bytes)).transpose();
        let mut seen = Seen {
            contradiction: contradiction.map_err(|_| StoreError::Corrupt)?,
            ..Seen::default()
        };
        for pair in store.scan(HEADS, None, HEADS_KEPT_MAX).await? {
            let note = String::from_utf8(pair.value).map_err(|_| StoreError::Corrupt)?;
            let head = SignedCheckpoint::parse(&note).map_err(|_| StoreError::Corrupt)?;
            seen.stored.push(head.checkpoint().size);
            // In the order of their sizes: the last is the largest.
            seen.head = Some(head).filter(|head| head.checkpoint().origin == origin);
        }
        let (size, _) = watch::channel(seen.size());
        Ok(Self { store, origin, seen: Mutex::new(seen), size })
    }

    /// The name of the ledger that it follows.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Size of the largest head that was taken; 0 for none.
    pub(crate) fn size(&self) -> u64 {
        *self.size.borrow()
    }

    /// The largest head that was taken.
    pub(crate) fn head(&self) -> Option<SignedCheckpoint> {
        self.seen().head.clone()
    }

    /// Whether something contradicted the head that was held.
    pub(crate) fn is_stopped(&self) -> bool {
        self.seen().contradiction.is_some()
    }

    /// What contradicted the head that was held.
    pub(crate) fn contradiction(&self) -> Option<Contradiction> {
        self.seen().contradiction.clone()
    }

    /// Waits a moment for the head of this size, when what builds on it came before it.
    pub(crate) async fn reached(&self, size: u64) {
        let mut sizes = self.size.subscribe();
        let wait = Duration::from_millis(HEAD_WAIT_MS);
        // Whether it came or not: taking the next head finds out.
        let _ = tokio::time::timeout(wait, sizes.wait_for(|seen| *seen >= size)).await;
    }

    /// Takes a head that follows from the one that was taken last.
    ///
    /// # Errors
    /// [`NotTaken`]; a contradiction is remembered, and [`Heads::keep_contradiction`] makes it last.
    pub(crate) fn take(&self, shown: ShownHead<'_>) -> Result<(), NotTaken> {
        let mut seen = self.seen();
        if seen.contradiction.is_some() {
            return Err(NotTaken::Fork);
        }
        let new = shown.head.checkpoint();
        let is_short = shown.head.note().len() <= HEAD_BYTES_MAX;
        if !is_short || new.origin != self.origin || shown.head.verify(shown.key).is_err() {
            return Err(NotTaken::Invalid);
        }
        let held = seen.size();
        let proof = match new.size {
            size if size == held => &[],
            size if size > held && shown.from == held => shown.proof,
            _ => return Err(NotTaken::Mismatch(held)),
        };
        match follows(seen.head.as_ref(), shown.head, proof, shown.key) {
            Ok(()) => {
                seen.head = Some(shown.head.clone());
                self.size.send_replace(new.size);
                Ok(())
            }
            Err(Unfit::NotTheLogs) => Err(NotTaken::Invalid),
            Err(Unfit::Contradiction(contradiction)) => {
                seen.contradiction = Some(*contradiction);
                Err(NotTaken::Fork)
            }
        }
    }

    /// Adds to the batch of an answer the head that it is given on. Older ones go; each has a key of
    /// its own, so that of two answers the later commit never brings back the older head.
    pub(crate) fn put(&self, batch: Batch) -> Batch {
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

    /// Makes a contradiction last, once it was met.
    ///
    /// # Errors
    /// Why the store did not take it: it stands in memory until then.
    pub(crate) async fn keep_contradiction(&self) -> Result<(), Reason> {
        let Some(contradiction) = self.contradiction() else { return Ok(()) };
        let batch = Batch::new().put(CONTRADICTION, contradiction.canonical());
        self.store.commit(batch).await.map_err(StoreError::reason)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Every change is one assignment.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.checkpoint().size)
    }
}

impl fmt::Debug for Heads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Heads({}, {})", self.origin, self.size())
    }
}

fn key_of(size: u64) -> Vec<u8> {
    [HEADS, &size.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests;
