//! How an opening and the end of its term stand in the store.
//!
//! `t/o/<commitment>` holds an opening as a body of `store::parts`, `t/d/<end><commitment>`
//! nothing: its key says when which opening may go. Ends are big-endian, so that the order of the
//! keys is the order of time.

use std::fmt;

use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

use super::{Until, commitment};
use crate::limits::RECORD_KEYS_MAX;

/// Ends of terms.
pub(super) const DUE: &[u8] = b"t/d/";
/// Openings.
pub(super) const OPENINGS: &[u8] = b"t/o/";

/// Label of a stored opening.
const OPENING: &str = "grondslag/opening/v1";

/// An opening as it is stored.
pub(super) struct Kept<'a> {
    pub(super) until: Until,
    pub(super) kind: &'a str,
    pub(super) salt: [u8; 32],
    /// Keys of the caller's own that lead to the record, and go with it.
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) body: &'a [u8],
    /// What stands beside the body; the body holds its digest.
    pub(super) annex: &'a [u8],
}

impl<'a> Kept<'a> {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (told, end) = match self.until {
            Until::At(end) => (false, end.ms()),
            Until::Told => (true, 0),
        };
        Canonical::new(OPENING)
            .flag(told)
            .signed(end)
            .text(self.kind)
            .bytes(&self.salt)
            .list(self.keys.iter())
            .bytes(self.body)
            .bytes(self.annex)
            .finish()
    }

    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let read = || -> Result<Self, NotCanonical> {
            let mut reader = Reader::new(bytes, OPENING)?;
            let told = reader.array::<1>()?;
            let end = Timestamp::from_ms(reader.signed()?);
            let until = match told {
                [0] => Until::At(end),
                [1] if end.ms() == 0 => Until::Told,
                _ => return Err(NotCanonical),
            };
            let (kind, salt) = (reader.text()?, reader.array()?);
            let keys = reader.list(RECORD_KEYS_MAX)?.into_iter().map(<[u8]>::to_vec).collect();
            let (body, annex) = (reader.bytes()?, reader.bytes()?);
            reader.end()?;
            Ok(Self { until, kind, salt, keys, body, annex })
        };
        read().ok()
    }

    /// True when it is what was committed to.
    pub(super) fn holds(&self, to: &Digest) -> bool {
        commitment(self.kind, &self.salt, self.body) == *to
    }
}

impl fmt::Debug for Kept<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The body may speak of a person, and the salt is what is destroyed to forget it.
        write!(f, "Kept({}, …)", self.kind)
    }
}

pub(super) fn opening_key(commitment: &Digest) -> Vec<u8> {
    [OPENINGS, commitment.as_bytes()].concat()
}

/// Which opening a key of [`OPENINGS`] is that of.
pub(super) fn parse_opening(key: &[u8]) -> Option<Digest> {
    Digest::from_slice(key.strip_prefix(OPENINGS)?).ok()
}

pub(super) fn due_key(end: Timestamp, commitment: &Digest) -> Vec<u8> {
    // An end before 1970 is over in any case.
    let ms = u64::try_from(end.ms()).unwrap_or(0);
    [DUE, &ms.to_be_bytes(), commitment.as_bytes()].concat()
}

/// When which opening may go.
pub(super) fn parse_due(key: &[u8]) -> Option<(Timestamp, Digest)> {
    let (ms, commitment) = key.strip_prefix(DUE)?.split_first_chunk::<8>()?;
    let ms = i64::try_from(u64::from_be_bytes(*ms)).ok()?;
    Some((Timestamp::from_ms(ms), Digest::from_slice(commitment).ok()?))
}
