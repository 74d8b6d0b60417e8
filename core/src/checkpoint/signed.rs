//! A checkpoint in its note, with the log's signature and those of witnesses.

use std::fmt;

use ed25519_dalek::SigningKey;

use super::cosignature;
use super::note::{Note, NoteSignature};
use super::{Checkpoint, CheckpointError, Cosignature, Origin, SignatureType, VerifierKey};
use crate::clock::Timestamp;
use crate::limits::{NOTE_BYTES_MAX, SIGNATURES_MAX};
use crate::statement;

/// A checkpoint with signatures. None of them holds until it is verified:
/// [`SignedCheckpoint::verify`] for the log's, [`SignedCheckpoint::cosigned_by`] for a witness's.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    // INVARIANT: `note.text` is `checkpoint.text()`.
    checkpoint: Checkpoint,
    pub(super) note: Note,
}

impl SignedCheckpoint {
    pub(super) fn assertion(checkpoint: Checkpoint, note: Note) -> Self {
        Self { checkpoint, note }
    }

    /// Reads a note; signatures of unknown keys are kept.
    ///
    /// # Errors
    /// [`CheckpointError`] for anything that [`SignedCheckpoint::note`] would not have written.
    pub fn parse(note: &str) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        Ok(Self { checkpoint: Checkpoint::parse(&note.text)?, note })
    }

    /// What it says, whoever signed it.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note, byte for byte as it was read.
    pub fn note(&self) -> String {
        self.note.written()
    }

    /// Whether the log signed it: its key under its own name. Strict Ed25519.
    ///
    /// # Errors
    /// [`CheckpointError::Unsigned`] when this key signed nothing here,
    /// [`CheckpointError::BadSignature`] when it did and one signature does not hold.
    pub fn verify(&self, log_key: &[u8; 32]) -> Result<(), CheckpointError> {
        let name = self.checkpoint.origin.clone();
        let vkey = VerifierKey::new(name, SignatureType::Ed25519, *log_key);
        self.note.verify(&vkey)
    }

    /// The log's signature by this key, whether or not it holds: what has to travel of a note whose
    /// reader knows the rest.
    pub fn signature(&self, log_key: &[u8; 32]) -> Option<[u8; 64]> {
        let name = self.checkpoint.origin.clone();
        let vkey = VerifierKey::new(name, SignatureType::Ed25519, *log_key);
        let line = self.note.signatures.iter().find(|line| vkey.is_named_by(line))?;
        line.bytes.as_slice().try_into().ok()
    }

    /// What a witness signs: the header line of its format, the time, and the checkpoint.
    pub fn cosignature_message(&self, seconds: u64) -> Vec<u8> {
        format!("cosignature/v1\ntime {seconds}\n{}", self.note.text).into_bytes()
    }

    /// Cosigns under a witness's name. The caller has verified the log's signature, and that this
    /// head follows from the last one it cosigned, which it has stored durably.
    pub fn cosign(&self, name: &Origin, key: &SigningKey, at: Timestamp) -> Cosignature {
        let seconds = cosignature::seconds(at);
        let public = key.verifying_key().to_bytes();
        let vkey = VerifierKey::new(name.clone(), SignatureType::Cosignature, public);
        let signature = statement::sign(key, &self.cosignature_message(seconds));
        Cosignature::new(name.clone(), vkey.id(), seconds, signature)
    }

    /// The same with a witness's cosignature, in place of an older one of that name and key.
    ///
    /// # Errors
    /// [`CheckpointError::TooLarge`] when there is no room for another.
    pub fn with(mut self, cosignature: &Cosignature) -> Result<Self, CheckpointError> {
        let new = cosignature.as_signature();
        self.note.signatures.retain(|old| old.name != new.name || old.id != new.id);
        if self.note.signatures.len() >= SIGNATURES_MAX {
            return Err(CheckpointError::TooLarge);
        }
        self.note.signatures.push(new);
        if self.note().len() > NOTE_BYTES_MAX {
            return Err(CheckpointError::TooLarge);
        }
        Ok(self)
    }

    /// The same with the log's own signatures alone.
    #[must_use]
    pub fn bare(&self) -> Self {
        let mut bare = self.clone();
        bare.note.signatures.retain(|line| line.name == self.checkpoint.origin);
        bare
    }

    /// What witnesses signed, by their own word; none of it is verified. A line that is neither
    /// the log's own nor a cosignature is passed over, and counts in
    /// [`SignedCheckpoint::signatures`].
    pub fn cosignatures(&self) -> impl Iterator<Item = Cosignature> + '_ {
        let foreign = |line: &&NoteSignature| line.name != self.checkpoint.origin;
        self.note.signatures.iter().filter(foreign).filter_map(Cosignature::of)
    }

    /// How many signature lines there are, the log's own with them.
    pub fn signatures(&self) -> usize {
        self.note.signatures.len()
    }

    /// When this witness cosigned, if it did and every signature line of this name and key holds;
    /// the newest time if there are several.
    pub fn cosigned_by(&self, name: &str, key: &[u8; 32]) -> Option<Timestamp> {
        let name = Origin::parse(name).ok()?;
        let vkey = VerifierKey::new(name, SignatureType::Cosignature, *key);
        let lines = self.note.signatures.iter().filter(|line| vkey.is_named_by(line));
        let times = lines.map(|line| {
            let cosignature = Cosignature::of(line)?;
            let message = self.cosignature_message(cosignature.seconds());
            let held = statement::verify(key, &message, cosignature.signature());
            held.ok().map(|()| cosignature.at())
        });
        times.collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

impl Note {
    /// Whether a key signed the text, plainly.
    pub(super) fn verify(&self, vkey: &VerifierKey) -> Result<(), CheckpointError> {
        let mut lines = self.signatures.iter().filter(|line| vkey.is_named_by(line)).peekable();
        lines.peek().ok_or(CheckpointError::Unsigned)?;
        lines.try_for_each(|line| {
            let signature = line.bytes.as_slice().try_into();
            let signature = signature.map_err(|_| CheckpointError::BadSignature)?;
            statement::verify(&vkey.key, self.text.as_bytes(), signature)
                .map_err(|_| CheckpointError::BadSignature)
        })
    }
}

impl fmt::Debug for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (head, signatures) = (&self.checkpoint, self.note.signatures.len());
        write!(f, "SignedCheckpoint({} {}, {signatures} signatures)", head.origin, head.size)
    }
}
