//! What the authority did, one JSON object per line, never rewritten.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use serde::{Deserialize, Serialize};

use crate::authority::AuthorityError;
use crate::file::{self, FileError};
use crate::limits::REGISTER_BYTES_MAX;
use crate::x509::Serial;

/// File of the register.
const REGISTER_FILE: &str = "register.jsonl";

/// One act of the authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A certificate was issued.
    Issued {
        /// When.
        at: Timestamp,
        /// Its serial number.
        serial: Serial,
        /// The agency.
        oin: Oin,
        /// The agency's name.
        name: String,
        /// SHA-256 of the certificate.
        fingerprint: Digest,
        /// Valid until.
        not_after: Timestamp,
        /// The certificate that it renews.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        renews: Option<Serial>,
    },
    /// A certificate was revoked.
    Revoked {
        /// When.
        at: Timestamp,
        /// Its serial number.
        serial: Serial,
    },
    /// A list of revoked certificates was made.
    Listed {
        /// When.
        at: Timestamp,
        /// Its number.
        number: u64,
        /// Valid until.
        next_update: Timestamp,
    },
    /// An agency was admitted to kinds.
    Admitted {
        /// When.
        at: Timestamp,
        /// The agency.
        oin: Oin,
        /// The kinds.
        kinds: Vec<Kind>,
        /// Valid until.
        valid_until: Timestamp,
    },
}

/// The open register. While it is open, no other process works with this authority.
#[derive(Debug)]
pub(crate) struct Register {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
}

impl Register {
    pub(crate) fn path_in(dir: &Path) -> PathBuf {
        dir.join(REGISTER_FILE)
    }

    pub(crate) fn open(dir: &Path) -> Result<Self, AuthorityError> {
        let path = Self::path_in(dir);
        let opened = OpenOptions::new().read(true).append(true).open(&path);
        let file = opened.map_err(|source| file::unreadable(&path, source))?;
        // Held until the register is dropped: two operators at once would give two lists one
        // number.
        file.lock().map_err(|source| file::unreadable(&path, source))?;
        let entries = entries(&file, &path)?;
        Ok(Self { path, file, entries })
    }

    /// Writes one act durably; only then may it have an effect.
    pub(crate) fn append(&mut self, entry: Entry) -> Result<(), AuthorityError> {
        let mut line =
            serde_json::to_vec(&entry).map_err(|_| AuthorityError::Register { line: 0 })?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_all());
        written.map_err(|source| file::unwritable(&self.path, source))?;
        self.entries.push(entry);
        Ok(())
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// When a certificate was revoked, if it was.
    pub(crate) fn revoked_at(&self, of: &Serial) -> Option<Timestamp> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Revoked { at, serial } if serial == of => Some(*at),
            _ => None,
        })
    }

    /// Certificates that have not expired: serial number and OIN.
    pub(crate) fn unexpired(&self, now: Timestamp) -> impl Iterator<Item = (&Serial, &Oin)> {
        self.entries.iter().filter_map(move |entry| match entry {
            Entry::Issued { serial, oin, not_after, .. } if *not_after > now => Some((serial, oin)),
            _ => None,
        })
    }

    /// Number of the next list of revoked certificates.
    pub(crate) fn next_list_number(&self) -> u64 {
        let last = self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Listed { number, .. } => Some(*number),
            _ => None,
        });
        last.unwrap_or(0).saturating_add(1)
    }
}

fn entries(file: &File, path: &Path) -> Result<Vec<Entry>, AuthorityError> {
    let mut text = String::new();
    let read = file.take(REGISTER_BYTES_MAX.saturating_add(1)).read_to_string(&mut text);
    let len = read.map_err(|source| file::unreadable(path, source))?;
    if u64::try_from(len).unwrap_or(u64::MAX) > REGISTER_BYTES_MAX {
        let (path, bytes_max) = (path.to_owned(), REGISTER_BYTES_MAX);
        return Err(FileError::TooLarge { path, bytes_max }.into());
    }
    let parse = |(index, line)| {
        serde_json::from_str(line)
            .map_err(|_| AuthorityError::Register { line: usize::saturating_add(index, 1) })
    };
    text.lines().enumerate().map(parse).collect()
}
