//! Where a ledger stands in its store, and how an entry is written there.
//!
//! `l/<name>/s` holds the head: when its last entry was recorded, and the signed checkpoint over
//! all of them. `l/<name>/t` says how many bundles stand in files, and the root over those.
//! `l/<name>/e/<index>` holds an entry that stands in no file yet; numbers are big-endian, so that
//! the order of the keys is the order of the ledger.

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

use super::{LedgerError, Record};
use crate::limits::LEDGER_NAME_MAX;
use crate::store::{Pair, Store, StoreError};

/// Keys that begin so belong to ledgers.
pub(super) const PREFIX: &[u8] = b"l/";

/// Bytes of an entry that are not the leaf: form, what it is about, when.
pub(super) const HEAD_BYTES: usize = 1 + Digest::LEN + 8;

/// Form of an entry, and of what is kept beside the entries.
const FORM: u8 = 1;

/// The keys of one ledger.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    head: Vec<u8>,
    filed: Vec<u8>,
    entries: Vec<u8>,
}

/// The durable end of a ledger.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// When its last entry was recorded.
    pub(super) recorded_at: Timestamp,
    /// Over all entries.
    pub(super) checkpoint: SignedCheckpoint,
}

/// What stands in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filed {
    /// How many bundles.
    pub(super) bundles: u64,
    /// Root over their entries.
    pub(super) root: Digest,
}

impl Keys {
    pub(super) fn of(name: &str) -> Result<Self, LedgerError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || name.len() > LEDGER_NAME_MAX || !name.bytes().all(allowed) {
            return Err(LedgerError::Misuse("a name is 1 to 32 characters of a-z, 0-9 and -"));
        }
        let own = [PREFIX, name.as_bytes()].concat();
        Ok(Self {
            head: [&own, b"/s".as_slice()].concat(),
            filed: [&own, b"/t".as_slice()].concat(),
            entries: [&own, b"/e/".as_slice()].concat(),
        })
    }

    pub(super) fn head_key(&self) -> &[u8] {
        &self.head
    }

    pub(super) fn filed_key(&self) -> &[u8] {
        &self.filed
    }

    /// What all entries begin with.
    pub(super) fn entries(&self) -> &[u8] {
        &self.entries
    }

    pub(super) fn entry_key(&self, index: u64) -> Vec<u8> {
        [self.entries.as_slice(), &index.to_be_bytes()].concat()
    }

    /// Which entry a key is that of.
    pub(super) fn index_of(&self, key: &[u8]) -> Option<u64> {
        let index = key.strip_prefix(self.entries.as_slice())?;
        index.try_into().ok().map(u64::from_be_bytes)
    }

    /// The head's bytes, as an expectation repeats them; `None` before the first entry.
    pub(super) async fn head(&self, store: &dyn Store) -> Result<Option<Vec<u8>>, StoreError> {
        store.get(&self.head).await
    }

    pub(super) async fn filed(&self, store: &dyn Store) -> Result<Option<Filed>, StoreError> {
        let value = store.get(&self.filed).await?;
        value.map(|value| Filed::decode(&value).ok_or(StoreError::Corrupt)).transpose()
    }

    /// The entry in a pair, which must be the one at `index`.
    pub(super) fn entry(&self, index: u64, pair: Pair) -> Result<Vec<u8>, StoreError> {
        if pair.key == self.entry_key(index) { Ok(pair.value) } else { Err(StoreError::Corrupt) }
    }
}

impl Head {
    pub(super) fn encode(&self) -> Vec<u8> {
        let at = self.recorded_at.ms().to_be_bytes();
        [&[FORM], at.as_slice(), self.checkpoint.note().as_bytes()].concat()
    }

    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let (at, note) = value.strip_prefix(&[FORM])?.split_first_chunk()?;
        let recorded_at = Timestamp::from_ms(i64::from_be_bytes(*at));
        let checkpoint = SignedCheckpoint::parse(std::str::from_utf8(note).ok()?).ok()?;
        Some(Self { recorded_at, checkpoint })
    }
}

impl Filed {
    pub(super) fn encode(self) -> Vec<u8> {
        let bundles = self.bundles.to_be_bytes();
        [&[FORM], bundles.as_slice(), self.root.as_bytes().as_slice()].concat()
    }

    pub(super) fn decode(value: &[u8]) -> Option<Self> {
        let (bundles, root) = value.strip_prefix(&[FORM])?.split_first_chunk()?;
        let root = Digest::new(root.try_into().ok()?);
        Some(Self { bundles: u64::from_be_bytes(*bundles), root })
    }
}

/// An entry as it is hashed and kept.
pub(super) fn encode(about: &Digest, recorded_at: Timestamp, leaf: &[u8]) -> Vec<u8> {
    [&[FORM], about.as_bytes().as_slice(), &recorded_at.ms().to_be_bytes(), leaf].concat()
}

/// Reads an entry; `None` for what is none.
pub(super) fn decode(index: u64, entry: &[u8]) -> Option<Record> {
    let rest = entry.strip_prefix(&[FORM])?;
    let (about, rest) = rest.split_first_chunk::<{ Digest::LEN }>()?;
    let (at, leaf) = rest.split_first_chunk()?;
    let recorded_at = Timestamp::from_ms(i64::from_be_bytes(*at));
    Some(Record { index, about: Digest::new(*about), recorded_at, leaf: leaf.to_vec() })
}
