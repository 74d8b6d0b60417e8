//! Where a ledger stands in its store, and how a leaf is written there.
//!
//! `l/<name>/s` holds the size, `l/<name>/e/<index>` a leaf; numbers are big-endian, so that the
//! order of the keys is the order of the ledger.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

use super::{LedgerError, Record};
use crate::limits::LEDGER_NAME_MAX;
use crate::store::{Pair, Store, StoreError};

/// Keys that begin so belong to ledgers.
pub(super) const PREFIX: &[u8] = b"l/";

/// Bytes of a stored leaf that are not the leaf: form, what it is about, when.
pub(super) const HEAD_BYTES: usize = 1 + Digest::LEN + 8;

/// Form of a stored leaf.
const FORM: u8 = 1;

/// The keys of one ledger.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    size: Vec<u8>,
    entries: Vec<u8>,
}

impl Keys {
    pub(super) fn of(name: &str) -> Result<Self, LedgerError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if name.is_empty() || name.len() > LEDGER_NAME_MAX || !name.bytes().all(allowed) {
            return Err(LedgerError::Name);
        }
        let own = [PREFIX, name.as_bytes()].concat();
        Ok(Self {
            size: [&own, b"/s".as_slice()].concat(),
            entries: [&own, b"/e/".as_slice()].concat(),
        })
    }

    pub(super) fn size_key(&self) -> &[u8] {
        &self.size
    }

    /// What all leaves begin with.
    pub(super) fn entries(&self) -> &[u8] {
        &self.entries
    }

    pub(super) fn entry_key(&self, index: u64) -> Vec<u8> {
        [self.entries.as_slice(), &index.to_be_bytes()].concat()
    }

    /// The durable size.
    pub(super) async fn size(&self, store: &dyn Store) -> Result<u64, StoreError> {
        match store.get(&self.size).await? {
            None => Ok(0),
            Some(bytes) => {
                bytes.try_into().map(u64::from_be_bytes).map_err(|_| StoreError::Corrupt)
            }
        }
    }

    /// The leaf in a pair, which must be the one at `index`.
    pub(super) fn record(&self, index: u64, pair: &Pair) -> Result<Record, StoreError> {
        if pair.key != self.entry_key(index) {
            return Err(StoreError::Corrupt);
        }
        decode(index, &pair.value).ok_or(StoreError::Corrupt)
    }
}

pub(super) fn encode(about: &Digest, recorded_at: Timestamp, leaf: &[u8]) -> Vec<u8> {
    [&[FORM], about.as_bytes().as_slice(), &recorded_at.ms().to_be_bytes(), leaf].concat()
}

fn decode(index: u64, value: &[u8]) -> Option<Record> {
    let rest = value.strip_prefix(&[FORM])?;
    let (about, rest) = rest.split_first_chunk::<{ Digest::LEN }>()?;
    let (at, leaf) = rest.split_first_chunk()?;
    let recorded_at = Timestamp::from_ms(i64::from_be_bytes(*at));
    Some(Record { index, about: Digest::new(*about), recorded_at, leaf: leaf.to_vec() })
}
