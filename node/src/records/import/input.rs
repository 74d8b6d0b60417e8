//! Opening an import file: its encoding, its delimiter, its size.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ImportError;
use super::columns::{Row, Table};
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::problem::{Fault, Problem};
use crate::limits::IMPORT_HEAD_BYTES;

/// What UTF-8 files of some programs begin with.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// An import file whose header is known to be right.
pub(super) struct Input {
    pub(super) table: Table,
    pub(super) bytes: u64,
    path: PathBuf,
    rows: Rows,
}

enum Rows {
    Csv(CsvRows),
    Json(JsonRows),
}

/// Something wrong while reading: at a line, perhaps at a column.
pub(super) struct Bad {
    pub(super) line: u64,
    pub(super) column: Option<String>,
    pub(super) fault: Fault,
}

/// Why there is no next row.
pub(super) enum NoRow {
    End,
    Bad(Bad),
    Io(io::Error),
}

impl From<Bad> for NoRow {
    fn from(bad: Bad) -> Self {
        Self::Bad(bad)
    }
}

impl Bad {
    pub(super) fn at(line: u64, fault: Fault) -> Self {
        Self { line, column: None, fault }
    }
}

impl Input {
    /// Opens a file: JSON Lines when its name ends in `.jsonl` or `.ndjson`, else CSV.
    pub(super) fn open(path: &Path, table: Table) -> Result<Self, ImportError> {
        let (bytes, head, reader) = Text::open(path).map_err(|error| unreadable(path, error))?;
        let json = path.extension().is_some_and(|end| end == "jsonl" || end == "ndjson");
        let rows = match check_head(&head) {
            Err(fault) => Err(NoRow::Bad(Bad::at(1, fault))),
            Ok(()) if json => Ok(Rows::Json(JsonRows::new(reader, table))),
            Ok(()) => CsvRows::new(reader, table, delimiter(&head)).map(Rows::Csv),
        };
        match rows {
            Ok(rows) => Ok(Self { table, bytes, path: path.to_owned(), rows }),
            Err(NoRow::Io(source)) => Err(unreadable(path, source)),
            Err(NoRow::End) => Err(refused(path, Bad::at(1, Fault::NoHeader))),
            Err(NoRow::Bad(bad)) => Err(refused(path, bad)),
        }
    }

    /// The next row.
    pub(super) fn next(&mut self) -> Result<Row, NoRow> {
        match &mut self.rows {
            Rows::Csv(rows) => rows.next(),
            Rows::Json(rows) => rows.next(),
        }
    }

    /// Bytes read so far.
    pub(super) fn bytes_done(&self) -> u64 {
        let done = match &self.rows {
            Rows::Csv(rows) => rows.bytes_done(),
            Rows::Json(rows) => rows.bytes_done(),
        };
        done.min(self.bytes)
    }

    /// A problem of this file.
    pub(super) fn problem(&self, bad: Bad) -> Problem {
        problem(&self.path, bad)
    }

    /// That this file could not be read on.
    pub(super) fn unreadable(&self, source: io::Error) -> ImportError {
        unreadable(&self.path, source)
    }
}

fn unreadable(path: &Path, source: io::Error) -> ImportError {
    ImportError::Unreadable { path: path.to_owned(), source }
}

fn refused(path: &Path, bad: Bad) -> ImportError {
    ImportError::Refused { problems: vec![problem(path, bad)], further: 0 }
}

fn problem(path: &Path, Bad { line, column, fault }: Bad) -> Problem {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Problem { file, line, column, fault }
}

fn check_head(head: &[u8]) -> Result<(), Fault> {
    // Text has no zero bytes; UTF-16 has one in every plain letter.
    let marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    if marked || head.contains(&0) { Err(Fault::Utf16) } else { Ok(()) }
}

/// Dutch spreadsheets write a semicolon where others write a comma.
fn delimiter(head: &[u8]) -> u8 {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if line.contains(&b';') && !line.contains(&b',') { b';' } else { b',' }
}

/// The bytes of a file behind its mark, counted, and held to an allowance: a row that never ends
/// must not fill the memory.
pub(super) struct Text {
    inner: Chain<Cursor<Vec<u8>>, File>,
    meter: Meter,
}

/// What was read, and what may be. Shared by the reader and by whoever knows where rows end.
#[derive(Clone, Default)]
pub(super) struct Meter(Arc<(AtomicU64, AtomicU64)>);

impl Meter {
    pub(super) fn done(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    pub(super) fn allow(&self, bytes: u64) {
        self.0.1.store(bytes, Ordering::Relaxed);
    }
}

impl Text {
    fn open(path: &Path) -> io::Result<(u64, Vec<u8>, Self)> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut head = Vec::new();
        file.by_ref().take(IMPORT_HEAD_BYTES).read_to_end(&mut head)?;
        let text = head.strip_prefix(BOM).unwrap_or(&head).to_vec();
        let inner = Cursor::new(text.clone()).chain(file);
        Ok((bytes, text, Self { inner, meter: Meter::default() }))
    }

    pub(super) fn meter(&self) -> Meter {
        self.meter.clone()
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (done, allowed) = &*self.meter.0;
        if done.load(Ordering::Relaxed) > allowed.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(buffer)?;
        done.fetch_add(u64::try_from(read).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_separates_only_where_no_comma_does() {
        assert_eq!(delimiter(b"client;bsn\nx,y"), b';');
        assert_eq!(delimiter(b"client,bsn\nx;y"), b',');
        assert_eq!(delimiter(b"client;a,b"), b',');
        assert_eq!(delimiter(b""), b',');
    }

    #[test]
    fn utf_16_is_told_by_its_mark_or_its_zero_bytes() {
        assert_eq!(check_head(b"\xff\xfec\0"), Err(Fault::Utf16));
        assert_eq!(check_head(b"c\0l\0"), Err(Fault::Utf16));
        assert_eq!(check_head(b"client"), Ok(()));
    }
}
