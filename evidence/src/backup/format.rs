//! What stands in a backup.
//!
//! First in clear: a line that says what the file is, the length of the header, and the header in
//! canonical bytes; every part behind it is bound to the header's digest. Then parts of one length.
//! Opened and joined they are records: a byte that says what it is, two lengths, and a name with
//! its content. Last, in clear, the signature of the party over the header and all parts as they
//! stand in the file: whoever has the public key can seal, so a seal does not say who made it.

use ed25519_dalek::SigningKey;
use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::statement;

use crate::ledger::LedgerHead;
use crate::limits::{BUNDLE_BYTES_MAX, LEDGERS_MAX};

/// What every backup begins with.
pub(super) const MAGIC: &[u8] = b"Grondslag backup, version 1\n";
/// What sort of file it is, toward the seal.
pub(super) const WHAT: &str = "backup";
/// Label of the header.
const HEADER: &str = "grondslag/backup/v1";
/// Label of what the party signs.
const SIGNED: &str = "grondslag/backup-signed/v1";
/// Bytes behind the last part.
pub(super) const SIGNATURE_BYTES: usize = 64;
/// Bytes of a record before its name and content.
pub(super) const FRAME_BYTES: usize = 9;

/// What a backup says of itself in clear. Believed once the whole file is read: the party signed it
/// too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What the process is, such as `broker`.
    pub process: String,
    /// Whose it is.
    pub oin: Oin,
    /// When it was begun, by the process's clock.
    pub at: Timestamp,
    /// The heads of its ledgers when it was begun: it holds these leaves, and perhaps some more.
    pub ledgers: Vec<LedgerHead>,
}

impl Header {
    pub(super) fn canonical(&self) -> Vec<u8> {
        let notes: Vec<String> = self.ledgers.iter().map(|one| one.head.note()).collect();
        Canonical::new(HEADER)
            .text(&self.process)
            .text(self.oin.as_str())
            .signed(self.at.ms())
            .list(self.ledgers.iter().map(|one| one.name.as_str()))
            .list(notes.iter())
            .finish()
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, HEADER)?;
        let process = reader.text()?.to_owned();
        let oin = Oin::parse(reader.text()?).map_err(|_| NotCanonical)?;
        let at = Timestamp::from_ms(reader.signed()?);
        let names = reader.list(LEDGERS_MAX)?;
        let notes = reader.list(LEDGERS_MAX)?;
        reader.end()?;
        if names.len() != notes.len() {
            return Err(NotCanonical);
        }
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| NotCanonical);
        let ledgers = names.into_iter().zip(notes).map(|(name, note)| {
            let head = SignedCheckpoint::parse(text(note)?).map_err(|_| NotCanonical)?;
            Ok(LedgerHead { name: text(name)?.to_owned(), head })
        });
        Ok(Self { process, oin, at, ledgers: ledgers.collect::<Result<_, _>>()? })
    }

    /// What the parts are bound to.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.canonical())
    }
}

/// What the party signs: the header's digest, and every sealed part folded into it in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running(Digest);

impl Running {
    pub(super) fn new(header: Digest) -> Self {
        Self(header)
    }

    pub(super) fn add(&mut self, sealed: &[u8]) {
        self.0 = Digest::of(&[self.0.as_bytes().as_slice(), sealed].concat());
    }

    fn canonical(self) -> Vec<u8> {
        Canonical::new(SIGNED).bytes(self.0.as_bytes()).finish()
    }

    pub(super) fn sign(self, key: &SigningKey) -> [u8; SIGNATURE_BYTES] {
        statement::sign(key, &self.canonical())
    }

    pub(super) fn is_signed(self, keys: &[[u8; 32]], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        keys.iter().any(|key| statement::verify(key, &self.canonical(), signature).is_ok())
    }
}

/// One thing in a backup.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Record {
    /// A row of the store.
    Put(Vec<u8>, Vec<u8>),
    /// A row that went during the backup.
    Delete(Vec<u8>),
    /// A file, by ledger and path, each behind the other with a slash between.
    Tile(Vec<u8>, Vec<u8>),
    /// Behind the last: how many there are before it.
    End(u64),
}

impl Record {
    pub(super) fn encode(&self, into: &mut Vec<u8>) {
        let number;
        let (kind, name, content): (u8, &[u8], &[u8]) = match self {
            Self::Put(key, value) => (1, key, value),
            Self::Delete(key) => (2, key, &[]),
            Self::Tile(path, bytes) => (3, path, bytes),
            Self::End(count) => {
                number = count.to_be_bytes();
                (4, &[], &number)
            }
        };
        into.push(kind);
        for part in [name, content] {
            // Rows and tiles are bounded far below this.
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            into.extend_from_slice(&length.to_be_bytes());
        }
        into.extend_from_slice(name);
        into.extend_from_slice(content);
    }

    /// Reads the first record, and how many bytes it takes; nothing when it is not whole yet.
    ///
    /// # Errors
    /// [`NotCanonical`] for what is none.
    pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, NotCanonical> {
        let Some((kind, rest)) = bytes.split_first() else { return Ok(None) };
        let Some((name, rest)) = rest.split_first_chunk() else { return Ok(None) };
        let Some((content, rest)) = rest.split_first_chunk() else { return Ok(None) };
        let length =
            |bytes: &[u8; 4]| usize::try_from(u32::from_be_bytes(*bytes)).map_err(|_| NotCanonical);
        let (name, content) = (length(name)?, length(content)?);
        let longest = usize::try_from(BUNDLE_BYTES_MAX).map_err(|_| NotCanonical)?;
        if name > longest || content > longest {
            return Err(NotCanonical);
        }
        let Some((name, rest)) = rest.split_at_checked(name) else { return Ok(None) };
        let Some((content, _)) = rest.split_at_checked(content) else { return Ok(None) };
        let taken = FRAME_BYTES.saturating_add(name.len()).saturating_add(content.len());
        let record = match kind {
            1 => Self::Put(name.to_vec(), content.to_vec()),
            2 if content.is_empty() => Self::Delete(name.to_vec()),
            3 => Self::Tile(name.to_vec(), content.to_vec()),
            4 if name.is_empty() => {
                Self::End(u64::from_be_bytes(content.try_into().map_err(|_| NotCanonical)?))
            }
            _ => return Err(NotCanonical),
        };
        Ok(Some((record, taken)))
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A row may speak of a person.
        f.write_str(match self {
            Self::Put(..) => "Put(…)",
            Self::Delete(_) => "Delete(…)",
            Self::Tile(..) => "Tile(…)",
            Self::End(_) => "End",
        })
    }
}
