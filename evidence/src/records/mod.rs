//! Records that can be forgotten while the ledger stays whole.
//!
//! Leaves last for ever and are shown to auditors; what is known of people may not. So the leaf of
//! a record holds a commitment alone: SHA-256 over label, kind, a salt of 32 random bytes and the
//! body. Salt and body, the *opening*, stand in the store beside the ledger, written in the same
//! batch, with the moment at which their term ends. Forgetting deletes the opening: without the
//! salt the commitment can be matched to nothing, not even by who knows the body.
//!
//! Life of a record: [`commit`] makes leaf and opening; the caller appends them as one entry;
//! [`open`] reads the body back and holds it against the leaf; [`reterm`] moves the end of its
//! term; [`forget_due`] deletes what is over and appends, in the same batch, the leaf that says
//! which commitments went, which [`Job`] does once a day; [`check`] walks a whole ledger and names
//! what does not fit.
//!
//! INVARIANT: every commitment in a ledger either has an opening that matches it, or stands in
//! exactly one leaf of deletion behind it. Neither can be lost without the other showing it.
//!
//! Deleted bytes leave the store's files when the store next rewrites the segment they stand in;
//! until then a reader of the raw disk could find them.

mod check;
mod forget;
mod job;
mod kept;

use std::fmt;

use grondslag_core::canonical::{Canonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

pub use self::check::{Checked, Finding, LeastTerm, Problem, check};
pub use self::forget::{Forgotten, Round, forget_due};
pub use self::job::{Job, Standing, Totals};
use self::kept::{Kept, due_key, opening_key};
use crate::ledger::{Entry, entry_hash};
use crate::limits::{KIND_BYTES_MAX, RECORD_KEYS_MAX};
use crate::store::parts::{delete_seen, put_body, read_body, read_seen};
use crate::store::{Batch, Store, StoreError};

/// Keys that begin so belong to this module.
pub const PREFIX: &[u8] = b"t/";

/// Label of a leaf that holds a commitment.
const LEAF: &str = "grondslag/leaf/committed/v1";
/// Label of what a commitment is the digest of.
const COMMITMENT: &str = "grondslag/commitment/v1";

/// When the retention term of a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// From this moment on it may be forgotten.
    At(Timestamp),
    /// The term has not begun to run, as with a consent that still stands: it is kept until
    /// [`reterm`] gives it an end.
    Told,
}

impl Until {
    /// The one that ends first.
    #[must_use]
    pub fn sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::At(one), Self::At(other)) => Self::At(one.min(other)),
            (Self::Told, until) | (until, Self::Told) => until,
        }
    }
}

/// A record, ready to be appended.
pub struct Committed {
    /// The ledger's leaf: kind and commitment.
    pub leaf: Vec<u8>,
    /// The commitment.
    pub commitment: Digest,
    /// Writes the opening; commit it with the leaf.
    pub state: Batch,
}

/// What stands behind a leaf.
#[derive(Clone, PartialEq, Eq)]
pub enum Opening {
    /// The leaf commits to this.
    Opened(Opened),
    /// The leaf commits to something of this kind of which the store has no opening. That it was
    /// forgotten, and not lost, is what [`check`] holds against the leaves of deletion.
    Forgotten {
        /// The kind of record.
        kind: String,
        /// The commitment.
        commitment: Digest,
    },
    /// The leaf holds no commitment: it stands in clear.
    Clear,
}

/// A record that was opened: it matched its leaf.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The kind of record.
    pub kind: String,
    /// The commitment.
    pub commitment: Digest,
    /// What was recorded.
    pub body: Vec<u8>,
    /// What stands beside it, unchecked: the body says how to hold it against itself.
    pub annex: Vec<u8>,
    /// The salt, with which somebody else can hold the body against the leaf.
    pub salt: [u8; 32],
    /// When its term ends.
    pub until: Until,
}

/// Makes a record: its leaf, and the writes of its opening. `kind` is a label such as
/// `grondslag/record/answer/v1`, at most [`KIND_BYTES_MAX`]; the salt must be random and new.
///
/// # Errors
/// [`StoreError::TooLarge`] for a kind or body over its limit.
pub fn commit(
    kind: &str,
    body: &[u8],
    salt: [u8; 32],
    until: Until,
) -> Result<Committed, StoreError> {
    commit_indexed(kind, body, salt, until, &[])
}

/// Makes a record with an annex: bytes that stand beside the body and are forgotten with it, and
/// that are not part of what travels as its opening. The commitment covers the body alone, so the
/// body must hold the annex's digest, and whoever reads the annex holds it against that.
///
/// # Errors
/// [`StoreError::TooLarge`] for a kind, or for body and annex together, over its limit.
pub fn commit_with_annex(
    kind: &str,
    body: &[u8],
    annex: &[u8],
    salt: [u8; 32],
    until: Until,
) -> Result<Committed, StoreError> {
    commit_with_annex_indexed(kind, (body, annex), salt, until, &[])
}

/// Makes a record with an annex that is found again under keys of the caller's own.
///
/// # Errors
/// As [`commit_with_annex`] and [`commit_indexed`].
pub fn commit_with_annex_indexed(
    kind: &str,
    (body, annex): (&[u8], &[u8]),
    salt: [u8; 32],
    until: Until,
    keys: &[Vec<u8>],
) -> Result<Committed, StoreError> {
    write(&Kept { until, kind, salt, keys: keys.to_vec(), body, annex })
}

/// Makes a record that is found again under keys of the caller's own, such as by whom it is about:
/// each comes to hold the commitment, must be free, and goes when the record is forgotten. Keys
/// are not part of what is committed to.
///
/// # Errors
/// [`StoreError::TooLarge`] for a kind, body, key or number of keys over its limit.
pub fn commit_indexed(
    kind: &str,
    body: &[u8],
    salt: [u8; 32],
    until: Until,
    keys: &[Vec<u8>],
) -> Result<Committed, StoreError> {
    write(&Kept { until, kind, salt, keys: keys.to_vec(), body, annex: &[] })
}

fn write(kept: &Kept<'_>) -> Result<Committed, StoreError> {
    if kept.kind.len() > KIND_BYTES_MAX {
        return Err(StoreError::TooLarge("kind"));
    }
    if kept.keys.len() > RECORD_KEYS_MAX {
        return Err(StoreError::TooLarge("keys"));
    }
    let commitment = commitment(kept.kind, &kept.salt, kept.body);
    let state = put_body(Batch::new(), &opening_key(&commitment), &kept.encode())?;
    let state = kept.keys.iter().fold(mark(state, kept.until, &commitment), |state, key| {
        state.expect_absent(key.as_slice()).put(key.as_slice(), commitment.as_bytes())
    });
    Ok(Committed { leaf: leaf(kept.kind, &commitment), commitment, state })
}

/// What a leaf commits to: its kind and its commitment; `None` for a leaf in clear.
pub fn committed(leaf: &[u8]) -> Option<(&str, Digest)> {
    let mut reader = Reader::new(leaf, LEAF).ok()?;
    let kind = reader.text().ok().filter(|kind| kind.len() <= KIND_BYTES_MAX)?;
    let commitment = Digest::new(reader.array().ok()?);
    reader.end().ok()?;
    Some((kind, commitment))
}

/// True when `body` and `salt` are what a leaf of this kind commits to: for who holds no store.
pub fn matches(leaf: &[u8], salt: &[u8; 32], body: &[u8]) -> bool {
    committed(leaf).is_some_and(|(kind, found)| commitment(kind, salt, body) == found)
}

/// The hash in the tree of the entry that [`Committed::entry`] makes of such a record: for who is
/// shown salt, body and the moment at which it was recorded.
pub fn hash_of(kind: &str, salt: &[u8; 32], body: &[u8], recorded_at: Timestamp) -> Digest {
    let about = commitment(kind, salt, body);
    hash_about(&about, kind, &about, recorded_at)
}

/// The same for an entry about something else, of which only the commitment is shown.
pub fn hash_about(
    about: &Digest,
    kind: &str,
    commitment: &Digest,
    recorded_at: Timestamp,
) -> Digest {
    entry_hash(about, recorded_at, &leaf(kind, commitment))
}

/// Reads what stands behind a leaf, and holds it against the leaf.
///
/// # Errors
/// [`StoreError::Corrupt`] for an opening that does not match; else those of the store.
pub async fn open(store: &dyn Store, leaf: &[u8]) -> Result<Opening, StoreError> {
    let Some((kind, commitment)) = committed(leaf) else {
        return Ok(Opening::Clear);
    };
    match find(store, &commitment).await? {
        Some(opened) if opened.kind == kind => Ok(Opening::Opened(opened)),
        Some(_) => Err(StoreError::Corrupt),
        None => Ok(Opening::Forgotten { kind: kind.to_owned(), commitment }),
    }
}

/// Reads the record behind a commitment; `None` when there is no opening, or no longer.
///
/// # Errors
/// [`StoreError::Corrupt`] for an opening that does not match; else those of the store.
pub async fn find(store: &dyn Store, commitment: &Digest) -> Result<Option<Opened>, StoreError> {
    let Some(stored) = read_body(store, &opening_key(commitment)).await? else {
        return Ok(None);
    };
    let kept = Kept::parse(&stored).filter(|kept| kept.holds(commitment));
    let Kept { until, kind, salt, body, annex, .. } = kept.ok_or(StoreError::Corrupt)?;
    let (kind, body, annex) = (kind.to_owned(), body.to_vec(), annex.to_vec());
    Ok(Some(Opened { kind, commitment: *commitment, body, annex, salt, until }))
}

/// Adds to a batch that a record's term ends at another moment, later or earlier. The batch then
/// expects the record to be as it was found. Without an opening there is no term to move, and
/// the answer is `None`.
///
/// # Errors
/// [`StoreError::Corrupt`] for an opening that does not match; else those of the store.
pub async fn reterm(
    store: &dyn Store,
    batch: Batch,
    commitment: &Digest,
    until: Until,
) -> Result<Option<Batch>, StoreError> {
    let key = opening_key(commitment);
    let Some(seen) = read_seen(store, &key).await? else {
        return Ok(None);
    };
    let kept = Kept::parse(&seen.body).filter(|kept| kept.holds(commitment));
    let kept = kept.ok_or(StoreError::Corrupt)?;
    let batch = delete_seen(batch, &key, &seen);
    let batch = match kept.until {
        Until::At(end) => batch.delete(due_key(end, commitment)),
        Until::Told => batch,
    };
    let batch = put_body(batch, &key, &Kept { until, ..kept }.encode())?;
    Ok(Some(mark(batch, until, commitment)))
}

impl Committed {
    /// The entry of this record, `about` the commitment itself: what it is about then says no
    /// more than the leaf does. `more` is committed with it, and stands first in its state, so
    /// that a conflict there is at the caller's own step.
    pub fn entry(self, more: Batch) -> Entry {
        let about = self.commitment;
        Entry { about, leaf: self.leaf, state: more.then(self.state) }
    }
}

/// The commitment to a record of this kind: for who is shown salt and body.
pub fn commitment(kind: &str, salt: &[u8; 32], body: &[u8]) -> Digest {
    Canonical::new(COMMITMENT).text(kind).bytes(salt).bytes(body).digest()
}

/// The ledger's leaf of a record of this kind.
pub fn leaf(kind: &str, commitment: &Digest) -> Vec<u8> {
    Canonical::new(LEAF).text(kind).bytes(commitment.as_bytes()).finish()
}

/// A record whose term has an end stands in the index of ends, in order of time.
fn mark(batch: Batch, until: Until, commitment: &Digest) -> Batch {
    match until {
        Until::At(end) => batch.put(due_key(end, commitment), []),
        Until::Told => batch,
    }
}

impl fmt::Debug for Committed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Committed({}, …)", self.commitment)
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may speak of a person, and the salt is what is destroyed to forget it.
        write!(f, "Opened({}, {}, …)", self.kind, self.commitment)
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened(opened) => opened.fmt(f),
            Self::Forgotten { kind, commitment } => write!(f, "Forgotten({kind}, {commitment})"),
            Self::Clear => f.write_str("Clear"),
        }
    }
}

#[cfg(test)]
mod tests;
