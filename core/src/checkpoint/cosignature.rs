//! Cosignatures: a witness says that, as of a moment, this was the largest consistent head of
//! that log it had seen (c2sp.org/tlog-cosignature, Ed25519).

use super::note::NoteSignature;
use super::{CheckpointError, Origin};
use crate::clock::Timestamp;

/// Length of what stands behind the key id: time and signature.
const BYTES: usize = 72;
const MS: i64 = 1_000;

/// One witness's signature under a checkpoint; not verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    name: Origin,
    id: [u8; 4],
    seconds: u64,
    signature: [u8; 64],
}

impl Cosignature {
    pub(super) fn new(name: Origin, id: [u8; 4], seconds: u64, signature: [u8; 64]) -> Self {
        Self { name, id, seconds, signature }
    }

    /// Reads the line that it is in a note, without its newline.
    ///
    /// # Errors
    /// [`CheckpointError`] for another line or length, or a time beyond the calendar.
    pub fn parse(line: &str) -> Result<Self, CheckpointError> {
        NoteSignature::parse(line).and_then(|line| Self::of(&line).ok_or(CheckpointError::NotANote))
    }

    /// The line, without its newline.
    pub fn line(&self) -> String {
        self.as_signature().line()
    }

    /// Who cosigned, by its own word.
    pub fn name(&self) -> &Origin {
        &self.name
    }

    /// When, by its own word; in whole seconds.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_ms(i64::try_from(self.seconds).unwrap_or(i64::MAX).saturating_mul(MS))
    }

    pub(super) fn seconds(&self) -> u64 {
        self.seconds
    }

    pub(super) fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    pub(super) fn as_signature(&self) -> NoteSignature {
        let bytes = self.seconds.to_be_bytes().into_iter().chain(self.signature).collect();
        NoteSignature { name: self.name.clone(), id: self.id, bytes }
    }

    /// A signature line as a cosignature, if it has the length of one and a time that a
    /// [`Timestamp`] holds.
    pub(super) fn of(line: &NoteSignature) -> Option<Self> {
        let bytes: &[u8; BYTES] = line.bytes.as_slice().try_into().ok()?;
        let (seconds, signature) = bytes.split_first_chunk()?;
        let seconds = u64::from_be_bytes(*seconds);
        i64::try_from(seconds).ok()?.checked_mul(MS)?;
        Some(Self::new(line.name.clone(), line.id, seconds, signature.try_into().ok()?))
    }
}

/// Whole seconds since the epoch, as a cosignature states them.
pub(super) fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.ms().div_euclid(MS)).unwrap_or(0)
}
