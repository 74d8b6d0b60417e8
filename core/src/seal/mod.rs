//! Sealing: what only one reader may read (HPKE, RFC 9180).
//!
//! A sealed message is `suite (2 bytes, big-endian) | encapsulated key | ciphertext` and always of
//! the length that its sender was told, whatever it holds: the plaintext is its own length, itself,
//! and zeros. What it is about is bound to it as [`About`], so that it opens nowhere else. A long
//! answer is several parts under one encapsulated key, in order, the last one marked.

mod about;
mod file;
mod keys;
mod parts;

pub use about::{About, Label};
pub use file::{FileOpener, FileSealer};
pub use keys::{SealKey, SealSecret, Suite};
pub use parts::{Opener, Sealer};

use rand_core::CryptoRng;

use crate::reason::Reason;

/// Why something was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Not a key of a suite that is known here.
    #[error("not a seal key of a known suite")]
    Key,
    /// The content does not fit the length that the message must have.
    #[error("the content does not fit its message")]
    TooLarge,
    /// Sealed for another reader or about something else, altered, reordered or cut short.
    #[error("the sealed message cannot be opened")]
    Unopened,
    /// The last part has not come.
    #[error("the last part is missing")]
    Truncated,
}

impl SealError {
    /// The stable reason.
    pub const fn reason(self) -> Reason {
        match self {
            Self::TooLarge => Reason::TooLarge,
            Self::Key | Self::Unopened | Self::Truncated => Reason::SealInvalid,
        }
    }
}

/// Seals one message of exactly `bytes` bytes.
///
/// # Errors
/// [`SealError::TooLarge`] when the content does not fit, [`SealError::Key`] for an unusable key.
pub fn seal(
    to: &SealKey,
    about: &About<'_>,
    content: &[u8],
    bytes: usize,
    rng: &mut impl CryptoRng,
) -> Result<Vec<u8>, SealError> {
    Sealer::new(to, about.label, rng)?.part(about, content, bytes)
}

/// Opens one message.
///
/// # Errors
/// [`SealError::Unopened`] for anything but what was sealed for this reader about this.
pub fn open(secret: &SealSecret, about: &About<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (mut opener, first) = Opener::new(secret, about.label, sealed)?;
    let content = opener.part(about, first)?;
    opener.finish()?;
    Ok(content)
}

/// Bytes of content that fit a message of `bytes` under a key.
pub fn room(to: &SealKey, bytes: usize) -> usize {
    bytes.saturating_sub(to.suite().overhead())
}

#[cfg(test)]
mod tests;
