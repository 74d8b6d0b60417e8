//! Verifier keys: name, type and public key in one line of text (c2sp.org/signed-note).

use std::fmt;

use super::note::{NoteSignature, base64, from_base64};
use super::{CheckpointError, Origin};
use crate::id::Digest;

/// What a key signs: the type stands in its key id, so a signature of one type never counts as
/// one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureType {
    /// Plain Ed25519 over the text: a log.
    Ed25519,
    /// Ed25519 over time and text: a witness (c2sp.org/tlog-cosignature).
    Cosignature,
}

impl SignatureType {
    /// The byte that C2SP assigned.
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Ed25519, Self::Cosignature].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A public key with its name, as `name+key id+base64(type, key)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    /// Whose it is.
    pub name: Origin,
    /// What it signs.
    pub kind: SignatureType,
    /// Ed25519.
    pub key: [u8; 32],
}

impl VerifierKey {
    /// A key with a name.
    pub fn new(name: Origin, kind: SignatureType, key: [u8; 32]) -> Self {
        Self { name, kind, key }
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`CheckpointError::VerifierKey`] for another type, length or key id than its own.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let bad = CheckpointError::VerifierKey;
        let (name, rest) = text.split_once('+').ok_or(bad)?;
        // Base64 may hold a '+' of its own.
        let (_, encoded) = rest.split_once('+').ok_or(bad)?;
        let bytes = from_base64(encoded).ok_or(bad)?;
        let (kind, key) = bytes.split_first().ok_or(bad)?;
        let kind = SignatureType::from_byte(*kind).ok_or(bad)?;
        let key = key.try_into().map_err(|_| bad)?;
        let vkey = Self::new(Origin::parse(name)?, kind, key);
        if vkey.to_string() == text { Ok(vkey) } else { Err(bad) }
    }

    /// The first four bytes of `SHA-256(name, newline, type, key)`. It finds the signature of a
    /// key; that it is that key's only the signature shows.
    pub fn id(&self) -> [u8; 4] {
        let head = format!("{}\n", self.name);
        let bytes: Vec<u8> = [head.as_bytes(), &[self.kind.byte()], &self.key].concat();
        let mut id = [0; 4];
        id.iter_mut().zip(Digest::of(&bytes).as_bytes()).for_each(|(to, from)| *to = *from);
        id
    }

    /// Whether a line claims to be this key's.
    pub(super) fn is_named_by(&self, signature: &NoteSignature) -> bool {
        signature.name == self.name && signature.id == self.id()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = std::iter::once(self.kind.byte()).chain(self.key).collect();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id()), base64(&bytes))
    }
}
