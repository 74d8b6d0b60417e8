//! Import: an agency's whole register from three kinds of files.
//!
//! # Schema
//! CSV (RFC 4180; a comma, or a semicolon where the header has no comma) or JSON Lines with the
//! same names, UTF-8, with or without a byte order mark. Every CSV file names all its columns, in
//! any order; in JSON Lines an empty field may be left out. Several files of a kind are read one
//! after another.
//!
//! Clients: `client` (the agency's own file number), `bsn` (empty: not enrolled, found by nobody
//! else), `given_names`, `prefix`, `family_name`, `birth_date`, `from`, `until`.
//!
//! Records: `client`, `category` (`G05`), `about` (`child`, `parent`, `other`), `dated`, `source`,
//! `t1` to `t5`: what that tier *adds*, with marks `{place:…}`, `{third:…}`, `{reporter:…}` around
//! what may have to be left out.
//!
//! Facts: `client`, `column`, `value`, `from`, `until`, `for_kind`, `for_purposes`,
//! `for_categories`: lists separated by spaces, empty for all.
//!
//! `birth_date` is `YYYY-MM-DD`. `from`, `until` and `dated` are such a date or a moment
//! (`YYYY-MM-DDTHH:MM`, Dutch time, or RFC 3339). A date in `from` or `dated` counts from its
//! midnight, a date in `until` as a whole day; a moment in `until` is the first at which it no
//! longer holds. `until` may be empty.
//!
//! # Promise
//! The files replace the register as a whole, in one commit, or nothing changes. A row that is
//! wrong refuses the import, with its file, line and column, unless bad rows are to be skipped:
//! then each is reported. A file that is not UTF-8, or whose header is wrong, always refuses it.

mod check;
mod columns;
mod csv_rows;
mod input;
mod json_rows;
mod problem;
mod stage;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Mode;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Store, StoreError};

use self::check::Check;
use self::columns::Table;
use self::input::{Bad, Input, NoRow};
pub use self::problem::{Fault, Problem};
use self::stage::Stage;
use super::SourceFault;
use crate::limits::{IMPORT_FILES_MAX, IMPORT_PROBLEMS_MAX, IMPORT_ROWS_MAX};
use crate::secret::NodeSecret;

/// The files of one import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Clients. Without any, every record is one of an unknown client.
    pub clients: Vec<PathBuf>,
    /// Records.
    pub records: Vec<PathBuf>,
    /// What the agency's own register says.
    pub facts: Vec<PathBuf>,
}

/// What an import is held against.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Mode of the process: which service numbers it admits.
    pub mode: Mode,
    /// Whether this kind of party may process service numbers, by law or as assumed.
    pub bsn_right: bool,
    /// The catalogue.
    pub vocabulary: &'a dyn Vocabulary,
    /// Leave bad rows out instead of refusing the import.
    pub skip_bad: bool,
    /// The present moment: the register covers every client registered before it.
    pub as_of: Timestamp,
}

/// What the catalogue of the policy knows.
pub trait Vocabulary: Sync {
    /// Whether there is such a data category.
    fn category_exists(&self, category: &Category) -> bool;
    /// Whether there is such a kind of party.
    fn kind_exists(&self, kind: &Kind) -> bool;
    /// Whether there is such a purpose.
    fn purpose_exists(&self, purpose: &Purpose) -> bool;
    /// Whether there is such a sealed column, with such a value, that a holder may state.
    fn fact_value_exists(&self, column: &str, value: &str) -> bool;
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Bytes read of all files.
    pub bytes_done: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Clients imported, those without a number included.
    pub clients: u64,
    /// Records imported.
    pub records: u64,
    /// Facts imported.
    pub facts: u64,
    /// Bad rows that were left out, in order; at most a hundred.
    pub skipped: Vec<Problem>,
    /// Bad rows that were left out and are not listed.
    pub skipped_further: u64,
}

/// Why nothing was imported; the register is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The files are not right.
    #[error("{}", Listed(problems, *further))]
    Refused {
        /// What is wrong, in order; at most a hundred.
        problems: Vec<Problem>,
        /// Problems that are not listed.
        further: u64,
    },
    /// A file is missing, or not for this process.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// More files than one import takes.
    #[error("an import takes at most {IMPORT_FILES_MAX} files")]
    TooManyFiles,
    /// Another import took over.
    #[error("another import began; this one was left")]
    Overtaken,
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(StoreError),
    /// What stands in the store is not what was written.
    #[error("the register in the store is damaged")]
    Damaged,
    /// The system has no randomness to give.
    #[error("the system gives no random bytes")]
    Random,
}

impl ImportError {
    /// The stable reason: of wrong files the encoding or the header if that is it, else that rows
    /// are bad; each problem has a reason of its own.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Refused { problems, .. } => match problems.first().map(|p| p.fault.reason()) {
                Some(whole @ (Reason::ImportEncoding | Reason::ImportHeaderBad)) => whole,
                _ => Reason::ImportRowBad,
            },
            Self::Unreadable { .. } => Reason::FileUnreadable,
            Self::TooManyFiles => Reason::TooLarge,
            Self::Overtaken => Reason::Busy,
            Self::Store(error) => error.reason(),
            Self::Damaged => Reason::StoreCorrupt,
            Self::Random => Reason::Internal,
        }
    }
}

impl From<StoreError> for ImportError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self::Overtaken,
            other => Self::Store(other),
        }
    }
}

impl From<SourceFault> for ImportError {
    fn from(fault: SourceFault) -> Self {
        match fault {
            SourceFault::Store(error) => error.into(),
            SourceFault::NotReady | SourceFault::Changed | SourceFault::Damaged => Self::Damaged,
        }
    }
}

struct Listed<'a>(&'a [Problem], u64);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.1.saturating_add(u64::try_from(self.0.len()).unwrap_or(u64::MAX));
        match self.0.first() {
            Some(first) if total > 1 => write!(f, "{first} (and {} more)", total - 1),
            Some(first) => first.fmt(f),
            None => f.write_str("nothing to import"),
        }
    }
}

/// Replaces the register by what stands in the files: all of it, in one commit, or nothing.
///
/// # Errors
/// [`ImportError`]; the register is then as it was.
pub async fn import(
    store: &Arc<dyn Store>,
    secret: &NodeSecret,
    files: &Files,
    terms: &Terms<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, ImportError> {
    let inputs = open(files)?;
    let bytes_total = inputs.iter().map(|input| input.bytes).sum();
    let stage = Stage::begin(store.clone()).await?;
    let mut run = Run {
        terms,
        check: Check::new(terms, secret),
        stage,
        report: Report::default(),
        progress: Progress { rows: 0, bytes_done: 0, bytes_total },
        ended: false,
    };
    for input in inputs {
        run.read(input, progress).await?;
    }
    progress(run.progress);
    run.finish().await
}

fn open(files: &Files) -> Result<Vec<Input>, ImportError> {
    let kinds = [
        (&files.clients, Table::Clients),
        (&files.records, Table::Records),
        (&files.facts, Table::Facts),
    ];
    let paths = kinds.iter().flat_map(|(paths, table)| paths.iter().map(move |p| (p, *table)));
    let inputs: Vec<_> = paths.take(IMPORT_FILES_MAX + 1).collect();
    if inputs.len() > IMPORT_FILES_MAX {
        return Err(ImportError::TooManyFiles);
    }
    inputs.into_iter().map(|(path, table)| Input::open(path, table)).collect()
}

struct Run<'a> {
    terms: &'a Terms<'a>,
    check: Check<'a>,
    stage: Stage,
    /// Its list of skipped rows is, until the end, the list of all problems.
    report: Report,
    progress: Progress,
    /// A problem that no setting lets pass.
    ended: bool,
}

impl Run<'_> {
    async fn read(
        &mut self,
        mut input: Input,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), ImportError> {
        let before = self.progress.bytes_done;
        while !self.ended {
            let due = match self.row(&mut input) {
                Ok(due) => due,
                Err(NoRow::End) => break,
                Err(NoRow::Bad(bad)) => {
                    self.note(&input, bad);
                    false
                }
                Err(NoRow::Io(source)) => return Err(input.unreadable(source)),
            };
            if due {
                self.stage.flush().await?;
                self.progress.bytes_done = before.saturating_add(input.bytes_done());
                progress(self.progress);
            }
        }
        self.progress.bytes_done = before.saturating_add(input.bytes);
        Ok(())
    }

    /// Reads, checks and stages one row; says whether a commit is due.
    fn row(&mut self, input: &mut Input) -> Result<bool, NoRow> {
        let row = input.next()?;
        self.progress.rows = self.progress.rows.saturating_add(1);
        if self.progress.rows > IMPORT_ROWS_MAX {
            return Err(Bad::at(row.line, Fault::TooManyRows).into());
        }
        let checked = self.check.row(input.table, &row)?;
        let count = match input.table {
            Table::Clients => &mut self.report.clients,
            Table::Records => &mut self.report.records,
            Table::Facts => &mut self.report.facts,
        };
        *count = count.saturating_add(1);
        if self.refused() {
            return Ok(false);
        }
        self.stage.add(&checked).map_err(|_| Bad::at(row.line, Fault::RowTooLong).into())
    }

    fn note(&mut self, input: &Input, bad: Bad) {
        self.ended |= bad.fault.ends_file();
        // A client whose row is listed already refuses the import; its records add nothing.
        if bad.fault == Fault::ClientRefused && !self.terms.skip_bad {
            return;
        }
        if bad.fault.ends_file() {
            // What ended the reading is what must be mended first.
            self.report.skipped.insert(0, input.problem(bad));
        } else if self.report.skipped.len() < IMPORT_PROBLEMS_MAX {
            self.report.skipped.push(input.problem(bad));
        } else {
            self.report.skipped_further = self.report.skipped_further.saturating_add(1);
        }
    }

    /// True when the import will be refused: rows are still checked, and no longer staged.
    fn refused(&self) -> bool {
        self.ended || (!self.terms.skip_bad && !self.report.skipped.is_empty())
    }

    async fn finish(self) -> Result<Report, ImportError> {
        if self.refused() {
            if self.stage.abandon().await.is_err() {
                tracing::warn!("rows of the refused import are not yet removed");
            }
            let Report { skipped: problems, skipped_further: further, .. } = self.report;
            return Err(ImportError::Refused { problems, further });
        }
        self.stage.publish(self.terms.as_of, self.check.unnumbered).await?;
        Ok(self.report)
    }
}
