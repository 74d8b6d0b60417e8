//! Checkpoints: what a log says of itself at one size, signed by the log and cosigned by witnesses.
//!
//! The formats are those of C2SP, so that tools of others can read them: signed notes
//! (c2sp.org/signed-note), checkpoints (c2sp.org/tlog-checkpoint), Ed25519 cosignatures
//! (c2sp.org/tlog-cosignature). Reading is stricter than they ask, and whatever is read is written
//! back byte for byte:
//! - extension lines are refused: our logs write none, and nobody could check what one says;
//! - names follow [`Origin`], also those of unknown signatures, which are kept;
//! - sizes are bounded by [`NOTE_BYTES_MAX`](crate::limits::NOTE_BYTES_MAX) and
//!   [`SIGNATURES_MAX`](crate::limits::SIGNATURES_MAX).

mod cosignature;
mod note;
mod origin;
mod signed;
#[cfg(test)]
mod tests;
mod vkey;

pub use cosignature::Cosignature;
pub use origin::Origin;
pub use signed::SignedCheckpoint;
pub use vkey::{SignatureType, VerifierKey};

use ed25519_dalek::SigningKey;

use crate::id::Digest;
use crate::statement;
use note::{Note, NoteSignature};

/// Why a checkpoint, a signature on one or a verifier key was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Longer than a note may be, or more signatures than one may have.
    #[error("the note is too long or has too many signatures")]
    TooLarge,
    /// Not text, an empty line, signature lines.
    #[error("not a signed note: text, an empty line, then signature lines")]
    NotANote,
    /// A name of a log or a key.
    #[error("a name is 1 to 128 characters without spaces, '+' and control characters")]
    Name,
    /// Not the three lines of a checkpoint in their one form.
    #[error("not a checkpoint: origin, size, root")]
    NotACheckpoint,
    /// Not a verifier key of a known type.
    #[error("not a verifier key of Ed25519")]
    VerifierKey,
    /// The key that was looked for signed nothing here.
    #[error("not signed by this key")]
    Unsigned,
    /// It signed, and the signature does not hold.
    #[error("the signature does not hold")]
    BadSignature,
}

/// A log's head: the root over its first `size` leaves.
///
/// ```
/// use grondslag_core::checkpoint::{Checkpoint, Origin};
/// use grondslag_core::id::Digest;
/// let origin = Origin::parse("example.com/log")?;
/// let head = Checkpoint { origin, size: 7, root: Digest::new([0; 32]) };
/// let text = "example.com/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
/// assert_eq!(head.text(), text);
/// assert_eq!(Checkpoint::parse(text)?, head);
/// # Ok::<(), grondslag_core::checkpoint::CheckpointError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many leaves.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Digest,
}

impl Checkpoint {
    /// The three lines that are signed, each with its newline.
    pub fn text(&self) -> String {
        let root = note::base64(self.root.as_bytes());
        format!("{}\n{}\n{root}\n", self.origin, self.size)
    }

    /// Reads the three lines.
    ///
    /// # Errors
    /// [`CheckpointError`] for anything that [`Checkpoint::text`] would not have written.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::NotACheckpoint)?;
        let mut lines = body.split('\n');
        let mut line = || lines.next().ok_or(CheckpointError::NotACheckpoint);
        let (origin, size, root) = (line()?, line()?, line()?);
        if lines.next().is_some() {
            return Err(CheckpointError::NotACheckpoint);
        }
        Ok(Self {
            origin: Origin::parse(origin)?,
            size: parse_size(size)?,
            root: parse_root(root)?,
        })
    }

    /// Signs it as the log, under the log's own name.
    pub fn sign(&self, key: &SigningKey) -> SignedCheckpoint {
        let signature = statement::sign(key, self.text().as_bytes());
        self.signed(&key.verifying_key().to_bytes(), &signature)
    }

    /// With the log's signature by this key, which travelled without its note; whether it holds
    /// [`SignedCheckpoint::verify`] says.
    pub fn signed(&self, log_key: &[u8; 32], signature: &[u8; 64]) -> SignedCheckpoint {
        let vkey = VerifierKey::new(self.origin.clone(), SignatureType::Ed25519, *log_key);
        let (name, bytes) = (self.origin.clone(), signature.to_vec());
        let signatures = vec![NoteSignature { name, id: vkey.id(), bytes }];
        SignedCheckpoint::assertion(self.clone(), Note { text: self.text(), signatures })
    }
}

/// A decimal without sign and leading zeroes.
fn parse_size(text: &str) -> Result<u64, CheckpointError> {
    let size: u64 = text.parse().map_err(|_| CheckpointError::NotACheckpoint)?;
    if size.to_string() == text { Ok(size) } else { Err(CheckpointError::NotACheckpoint) }
}

fn parse_root(text: &str) -> Result<Digest, CheckpointError> {
    let bytes = note::from_base64(text).ok_or(CheckpointError::NotACheckpoint)?;
    bytes.try_into().map(Digest::new).map_err(|_| CheckpointError::NotACheckpoint)
}
