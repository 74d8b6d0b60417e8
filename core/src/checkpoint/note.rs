//! Signed notes: a text, an empty line, and one line per signature (c2sp.org/signed-note).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{CheckpointError, Origin};
use crate::limits::{NOTE_BYTES_MAX, SIGNATURES_MAX};

/// What a signature line begins with: em dash, space.
const LINE_START: &str = "\u{2014} ";
/// Length of the key id before every signature.
const ID_LEN: usize = 4;

/// A text with signatures, none of which is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// With its last newline; this is what is signed.
    pub(super) text: String,
    pub(super) signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoteSignature {
    pub(super) name: Origin,
    pub(super) id: [u8; ID_LEN],
    pub(super) bytes: Vec<u8>,
}

impl Note {
    /// Reads a note.
    pub(super) fn parse(note: &str) -> Result<Self, CheckpointError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(CheckpointError::TooLarge);
        }
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(CheckpointError::NotANote);
        }
        let (text, lines) = note.rsplit_once("\n\n").ok_or(CheckpointError::NotANote)?;
        let lines = lines.strip_suffix('\n').ok_or(CheckpointError::NotANote)?;
        if text.is_empty() {
            return Err(CheckpointError::NotANote);
        }
        if lines.split('\n').count() > SIGNATURES_MAX {
            return Err(CheckpointError::TooLarge);
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: format!("{text}\n"), signatures })
    }

    /// The note, byte for byte as it was read.
    pub(super) fn written(&self) -> String {
        let lines = self.signatures.iter().map(|signature| format!("{}\n", signature.line()));
        let mut note = format!("{}\n", self.text);
        note.extend(lines);
        note
    }
}

impl NoteSignature {
    /// Reads one line, without its newline.
    pub(super) fn parse(line: &str) -> Result<Self, CheckpointError> {
        let rest = line.strip_prefix(LINE_START).ok_or(CheckpointError::NotANote)?;
        let (name, signature) = rest.split_once(' ').ok_or(CheckpointError::NotANote)?;
        let bytes = from_base64(signature).ok_or(CheckpointError::NotANote)?;
        let (id, bytes) = bytes.split_first_chunk().ok_or(CheckpointError::NotANote)?;
        if bytes.is_empty() {
            return Err(CheckpointError::NotANote);
        }
        Ok(Self { name: Origin::parse(name)?, id: *id, bytes: bytes.to_vec() })
    }

    /// The line, without its newline.
    pub(super) fn line(&self) -> String {
        let bytes: Vec<u8> = self.id.iter().chain(&self.bytes).copied().collect();
        format!("{LINE_START}{} {}", self.name, base64(&bytes))
    }
}

/// Standard base64 with padding (RFC 4648, section 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes, if the text is their one encoding: this engine refuses missing padding and bits that
/// are left over.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}
