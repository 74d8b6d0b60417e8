//! Reading a backup, record by record.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use grondslag_core::seal::{FileOpener, SealSecret};

use super::format::{Header, MAGIC, Record, Running, SIGNATURE_BYTES, WHAT};
use super::{BackupError, at};
use crate::limits::{BACKUP_HEADER_BYTES_MAX, BACKUP_PART_BYTES};

/// What a backup says of itself, read without a key: nobody vouches for it.
///
/// # Errors
/// [`BackupError`] for a file that is no backup.
pub fn header(file: &Path) -> Result<Header, BackupError> {
    let mut from = BufReader::new(File::open(file).map_err(at(file))?);
    read_header(&mut from).map_err(told(file))
}

/// The records of a backup. Nothing is to be relied upon before [`Record::End`] came, which is the
/// last.
pub(super) struct Records {
    from: BufReader<File>,
    opener: Option<FileOpener>,
    secret: SealSecret,
    header: Header,
    /// Keys of the party: one of them signed the backup.
    keys: Vec<[u8; 32]>,
    /// What was read so far, for that signature.
    running: Running,
    /// The next part as it stands in the file; the signature behind the last.
    next: Vec<u8>,
    /// Opened, and not read as a record yet.
    waiting: Vec<u8>,
    /// Where in that the next record begins.
    begins: usize,
    count: u64,
    ended: bool,
}

impl Records {
    pub(super) fn open(
        file: &Path,
        secret: &SealSecret,
        keys: &[[u8; 32]],
    ) -> Result<Self, BackupError> {
        let mut from = BufReader::new(File::open(file).map_err(at(file))?);
        let header = read_header(&mut from).map_err(told(file))?;
        let next = part(&mut from).map_err(at(file))?;
        Ok(Self {
            from,
            opener: None,
            secret: secret.clone(),
            keys: keys.to_vec(),
            running: Running::new(header.digest()),
            header,
            next,
            waiting: Vec::new(),
            begins: 0,
            count: 0,
            ended: false,
        })
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The next record; nothing behind the last.
    pub(super) fn next(&mut self) -> Result<Option<Record>, BackupError> {
        while !self.ended {
            let rest = self.waiting.get(self.begins..).unwrap_or_default();
            let read = Record::decode(rest).map_err(|_| BackupError::Unopened)?;
            let Some((record, taken)) = read else {
                self.more()?;
                continue;
            };
            self.begins = self.begins.saturating_add(taken);
            if let Record::End(count) = record {
                // Whatever stands behind it was not written by us.
                let signature = <&[u8; SIGNATURE_BYTES]>::try_from(self.next.as_slice());
                let signature = signature.map_err(|_| BackupError::Unopened)?;
                if self.begins != self.waiting.len() || count != self.count {
                    return Err(BackupError::Unopened);
                }
                if !self.running.is_signed(&self.keys, signature) {
                    return Err(BackupError::Unsigned);
                }
                self.ended = true;
            }
            self.count = self.count.saturating_add(1);
            return Ok(Some(record));
        }
        Ok(None)
    }

    /// Opens one part more.
    fn more(&mut self) -> Result<(), BackupError> {
        let sealed = std::mem::take(&mut self.next);
        if sealed.len() != BACKUP_PART_BYTES {
            return Err(BackupError::Unopened);
        }
        self.running.add(&sealed);
        let next = part(&mut self.from);
        self.next = next.map_err(|_| BackupError::Unopened)?;
        let last = self.next.len() == SIGNATURE_BYTES;
        let content = if let Some(opener) = &mut self.opener {
            opener.part(&sealed, last)?
        } else {
            let about = (WHAT, self.header.digest());
            let (mut opener, first) = FileOpener::new(&self.secret, about, &sealed)?;
            let content = opener.part(first, last)?;
            self.opener = Some(opener);
            content
        };
        self.waiting.drain(..self.begins);
        self.begins = 0;
        self.waiting.extend(content);
        Ok(())
    }
}

fn read_header(from: &mut impl Read) -> io::Result<Header> {
    let wrong = || io::Error::from(io::ErrorKind::InvalidData);
    let mut magic = [0; MAGIC.len()];
    from.read_exact(&mut magic)?;
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| wrong())?;
    if magic != MAGIC || length > BACKUP_HEADER_BYTES_MAX {
        return Err(wrong());
    }
    let mut header = vec![0; length];
    from.read_exact(&mut header)?;
    Header::parse(&header).map_err(|_| wrong())
}

/// One part, or what there is of it.
fn part(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut part = Vec::with_capacity(BACKUP_PART_BYTES);
    let most = u64::try_from(BACKUP_PART_BYTES).unwrap_or(u64::MAX);
    from.take(most).read_to_end(&mut part)?;
    Ok(part)
}

/// A file that ends too early is no other fault than one that was altered.
fn told(file: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let told = at(file);
    move |error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => BackupError::Unopened,
        _ => told(error),
    }
}
