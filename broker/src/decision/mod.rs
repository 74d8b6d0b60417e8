//! What the broker keeps of a decision, enough to take it again.
//!
//! What the ledger commits to, and what travels as evidence, is the leaf: target, digest of the
//! header, rulings. Beside it, in the same record and forgotten with it, stands what the digests
//! are of and what the broker added to it: the header itself, every column with its value and
//! standing, and per category the rows and grounds that a refusal rests on. The leaf holds the
//! digest of all that, so that nothing of it can be changed without the ledger showing it.
//!
//! INVARIANT: it holds what the broker saw and nothing else (invariant 3). The inquiry id is not
//! in it; who reads the broker's store can still join the targets of one question, by staff
//! pseudonym and moment.

mod again;
mod export;
mod retaken;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::answer::Basis;
use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::catalogue::Kind;
use grondslag_core::id::Digest;
use grondslag_core::inquiry::{AskedOf, Header};
use grondslag_core::limits::CATEGORIES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{Leaf, NamedRuling};
use grondslag_evidence::records::Opened;
use grondslag_policy::limits::{COLUMNS_MAX, ROWS_MAX};
use grondslag_policy::{ENGINE, Pack, standing};
use serde::Serialize;

use crate::route::verify::Target;

/// Label of what stands beside a leaf.
const LABEL: &str = "grondslag/decided-on/v1";
/// Label of one column in it.
const COLUMN: &str = "grondslag/decided-on-column/v1";
/// Label of what one ruling rests on.
const RESTS_ON: &str = "grondslag/rests-on/v1";

/// One decision of the broker, with all that it was taken on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRecord {
    /// What the ledger commits to.
    pub leaf: Leaf,
    /// This decision, 8 random bytes: a trace's id alone does not tell two records apart.
    pub span: [u8; 8],
    /// What was asked of the target, as far as the broker sees.
    pub asked: AskedOf,
    /// The columns as they were filled; none for a target without a card, on which nothing is
    /// decided by rule.
    pub columns: BTreeMap<String, Column>,
    /// Per ruling of the leaf what a refusal rests on.
    pub rests_on: Vec<(Basis, Option<Reason>)>,
    /// Digest of the rules that decided: those of the header, or stricter ones since.
    pub bundle: Digest,
    /// Their version, as their authors write it.
    pub version: String,
    /// What decided: name and version.
    pub engine: String,
}

/// One column as it counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its value.
    pub value: String,
    /// `claimed`, `verified` or `certified`.
    pub standing: String,
}

/// A record is not what its leaf says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// What the ledger commits to is no decision.
    #[error("what was committed to is no decision")]
    Body,
    /// What stands beside it is not what the decision holds the digest of.
    #[error("what it was decided on is not what the decision names")]
    Altered,
    /// It is, and it cannot be read.
    #[error("what it was decided on cannot be read")]
    Unreadable,
    /// The header is not the one that the decision names.
    #[error("the header is not the one that the decision names")]
    OtherHeader,
}

impl RecordError {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Body => "body_unreadable",
            Self::Altered => "decided_on_altered",
            Self::Unreadable => "decided_on_unreadable",
            Self::OtherHeader => "other_header",
        }
    }
}

/// What stands beside the leaf of a decision.
pub(crate) struct DecidedOn<'a> {
    /// The rules.
    pub pack: &'a Pack,
    /// What was asked of whom.
    pub target: &'a Target,
    /// What was decided.
    pub rulings: &'a [NamedRuling],
    /// 8 random bytes.
    pub span: [u8; 8],
}

impl DecidedOn<'_> {
    /// Its bytes.
    pub(crate) fn canonical(&self, header: &Header) -> Vec<u8> {
        let part = &self.target.part;
        let columns = self.columns(header);
        let columns: Vec<Vec<u8>> = columns.iter().map(column).collect();
        let rests_on: Vec<Vec<u8>> = self.rulings.iter().map(rests_on).collect();
        Canonical::new(LABEL)
            .bytes(&self.span)
            .bytes(&header.canonical(&part.categories, &part.approvals))
            .list(columns.iter())
            .list(rests_on.iter())
            .bytes(self.pack.bundle().as_bytes())
            .text(self.pack.version())
            .text(ENGINE)
            .finish()
    }

    fn columns(&self, header: &Header) -> BTreeMap<String, String> {
        let Ok(card) = &self.target.card else { return BTreeMap::new() };
        let approvals = Some(self.target.approvals);
        let facts = self.pack.visible(header, &card.card().kind, approvals);
        // The question's words were checked before anything was decided.
        facts.map(|facts| self.pack.told(&facts)).unwrap_or_default()
    }
}

impl DecisionRecord {
    /// Reads a record of the broker's ledger that was opened: it matched its commitment. Holds what
    /// stands beside the leaf against the leaf.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn read(opened: &Opened) -> Result<Self, RecordError> {
        let leaf = Leaf::parse(&opened.body).map_err(|_| RecordError::Body)?;
        if Digest::of(&opened.annex) != leaf.on {
            return Err(RecordError::Altered);
        }
        let record = Self::parse(leaf, &opened.annex).map_err(|_| RecordError::Unreadable)?;
        let AskedOf { header, categories, approvals } = &record.asked;
        if header.digest(categories, approvals) != record.leaf.header {
            return Err(RecordError::OtherHeader);
        }
        Ok(record)
    }

    fn parse(leaf: Leaf, bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, LABEL)?;
        let record = Self {
            leaf,
            span: reader.array()?,
            asked: AskedOf::parse(reader.bytes()?)?,
            columns: reader
                .list(COLUMNS_MAX)?
                .into_iter()
                .map(parse_column)
                .collect::<Result<_, _>>()?,
            rests_on: reader
                .list(CATEGORIES_MAX)?
                .into_iter()
                .map(parse_rests_on)
                .collect::<Result<_, _>>()?,
            bundle: Digest::new(reader.array()?),
            version: reader.text()?.to_owned(),
            engine: reader.text()?.to_owned(),
        };
        reader.end()?;
        Ok(record)
    }

    /// The kind of the target, by its card; none when it had none.
    fn target_kind(&self) -> Option<Kind> {
        Kind::parse(&self.columns.get("target_kind")?.value).ok()
    }
}

fn column((name, value): (&String, &String)) -> Vec<u8> {
    Canonical::new(COLUMN).text(name).text(value).text(standing(name)).finish()
}

fn parse_column(bytes: &[u8]) -> Result<(String, Column), NotCanonical> {
    let mut reader = Reader::new(bytes, COLUMN)?;
    let name = reader.text()?.to_owned();
    let (value, standing) = (reader.text()?.to_owned(), reader.text()?.to_owned());
    reader.end()?;
    Ok((name, Column { value, standing }))
}

fn rests_on(named: &NamedRuling) -> Vec<u8> {
    let reason = named.reason.map(Reason::code).unwrap_or_default();
    let Basis { rows, grounds } = &named.basis;
    Canonical::new(RESTS_ON).list(rows.iter()).list(grounds.iter()).text(reason).finish()
}

fn parse_rests_on(bytes: &[u8]) -> Result<(Basis, Option<Reason>), NotCanonical> {
    let mut reader = Reader::new(bytes, RESTS_ON)?;
    let basis = Basis { rows: reader.words(ROWS_MAX)?, grounds: reader.words(ROWS_MAX)? };
    let reason = match reader.text()? {
        "" => None,
        code => Some(code.parse().map_err(|_| NotCanonical)?),
    };
    reader.end()?;
    Ok((basis, reason))
}

impl fmt::Debug for DecidedOn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecidedOn({:?}, …)", self.target.id)
    }
}
