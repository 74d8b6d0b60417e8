//! What is kept of a decision: a commitment in the ledger, and behind it the record for the
//! privacy officer. Both are without content, and a miss tells nothing about whom was asked.
//!
//! One record has both shapes: that of the Authorization Decision Log (standards 2.2), with what
//! is needed to decide again ([`again`]), and that of Logboek Dataverwerkingen (standards 1), with
//! the data subject on a hit and none on a miss. The trace id of both is the target id.
//!
//! INVARIANT: a hit and a miss leave one leaf of one size and the same number of keys, as long as
//! the question decides how long the record may be: it is filled up with spaces to a length that
//! follows from the number of categories alone. Both stand in the index of whom was asked about;
//! on a miss the entry is random and leads nobody there.

pub(crate) mod again;
mod export;
mod list;
mod retaken;

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::answer::{About, Basis, Outcome};
use grondslag_core::catalogue::{self, Category, Purpose, Role, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_evidence::records::Committed;
use grondslag_policy::Pack;
use serde::{Deserialize, Serialize};

use super::verify::Attested;
use crate::agency::Agency;
use crate::limits::{RECORD_BYTES, RECORD_CATEGORIES};
use crate::processing::{DataSubject, Processing};
use crate::random::random;
use crate::recorded::{self, Kind};
use crate::rows;
use crate::secret::{INDEX_LEN, NodeSecret};

#[cfg(test)]
pub(crate) use self::list::decisions;
pub(crate) use self::list::{
    decisions_on, decisions_shown, on_subject, on_target, page_on_subject,
};

/// Decision records, by target id.
const BY_TARGET: &[u8] = b"d/";
/// Decision records, by whom was asked about and newest first.
const BY_SUBJECT: &[u8] = b"w/";
/// Label of that index.
const SUBJECT_INDEX: &str = "grondslag/asked-about/v1";

/// What was decided on one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruled {
    /// May be released.
    Permit,
    /// A person decides.
    Review,
    /// May not be released.
    Refuse,
    /// The child is not known here.
    Miss,
}

/// What the asker was shown of one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Content.
    Content,
    /// Permitted, and there is no record.
    NoRecord,
    /// Refused, by name and article.
    Refused,
    /// A professional decides.
    Review,
    /// Nothing that may be told.
    Neutral,
}

impl Ruled {
    /// The word as written in files and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Review => "review",
            Self::Refuse => "refuse",
            Self::Miss => "miss",
        }
    }
}

impl Shown {
    /// The word as written in files and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::NoRecord => "no_record",
            Self::Refused => "refused",
            Self::Review => "review",
            Self::Neutral => "neutral",
        }
    }
}

impl From<Verdict> for Ruled {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Permit => Self::Permit,
            Verdict::Review => Self::Review,
            Verdict::Refuse => Self::Refuse,
        }
    }
}

/// The decision on one category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionLine {
    /// The category.
    pub category: Category,
    /// What was decided.
    pub outcome: Ruled,
    /// Up to where; `T0` when refused or missed.
    pub tier: Tier,
    /// Rows and grounds that decided, whether or not they were named to the asker.
    pub basis: Basis,
    /// What the asker was shown.
    pub shown: Shown,
    /// The broker's cap.
    pub cap: Tier,
    /// On what it was decided; absent on a miss, where nothing is.
    pub on: Option<DecidedOn>,
}

/// On what one category was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedOn {
    /// Which of the record's sets of facts.
    pub facts: usize,
    /// The facts contradicted each other: a permit became a review.
    pub held: bool,
    /// The decision on each file under the category.
    pub files: Vec<FileRuling>,
}

/// The decision on the file of one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRuling {
    /// Whose file.
    pub about: About,
    /// What was decided.
    pub verdict: Verdict,
    /// Up to where.
    pub tier: Tier,
    /// The rows that decided.
    pub rows: Vec<RowId>,
    /// Why it was refused, or became a review.
    pub reason: Option<Reason>,
}

/// One fact that decided.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(String, String, String)", into = "(String, String, String)")]
pub struct DecisionFact {
    /// The column.
    pub column: String,
    /// The value that counted.
    pub value: String,
    /// `claimed`, `verified`, `certified`, or `absent` when nobody stated it.
    pub standing: String,
}

/// Whether what depends on the child could be named, and on what that was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Naming {
    /// Which of the record's sets of facts.
    pub facts: usize,
    /// All that the register said was understood.
    pub understood: bool,
    /// It could.
    pub nameable: bool,
}

impl From<(String, String, String)> for DecisionFact {
    fn from((column, value, standing): (String, String, String)) -> Self {
        Self { column, value, standing }
    }
}

impl From<DecisionFact> for (String, String, String) {
    fn from(fact: DecisionFact) -> Self {
        (fact.column, fact.value, fact.standing)
    }
}

impl fmt::Debug for DecisionFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The column is from the catalogue; its value speaks of a person.
        write!(f, "DecisionFact({}, …)", self.column)
    }
}

/// What was decided on a question, before it is a record.
#[derive(Debug, Clone, Default)]
pub(super) struct Ruling {
    /// Per category that the broker let through.
    pub(super) lines: Vec<DecisionLine>,
    /// The sealed facts, as sets: categories with the same facts share one.
    pub(super) facts: Vec<Vec<DecisionFact>>,
    /// Whether anything of the child could be named; absent on a miss.
    pub(super) naming: Option<Naming>,
    /// What was wrong with the detail of a question about a known child.
    pub(super) alarm: Option<Reason>,
}

/// One decision of this node on another's question, without content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The question as this node knows it: the trace id.
    pub target_id: TargetId,
    /// This decision, 8 random bytes in hexadecimal.
    pub span_id: String,
    /// When it was decided: the logical time of the rules.
    pub decided_at: Timestamp,
    /// The asker.
    pub asker: Oin,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// Asked alone in acute danger.
    pub break_glass: bool,
    /// Digest of the asker's statement.
    pub statement: Digest,
    /// Digest of the header with this node's categories.
    pub header: Digest,
    /// Digest of the sealed detail.
    pub detail: Digest,
    /// The columns that the broker saw too, with their values.
    pub visible: BTreeMap<String, String>,
    /// Per category that the broker let through.
    pub lines: Vec<DecisionLine>,
    /// The sealed facts that decided, as sets; none on a miss.
    pub facts: Vec<Vec<DecisionFact>>,
    /// Whether anything of the child could be named; absent on a miss.
    pub naming: Option<Naming>,
    /// What was wrong with the detail: that it was opened at all tells that the child is known, so
    /// that the alarm stands here, and not in a leaf of its own that the next proof to anybody
    /// would count.
    pub alarm: Option<Reason>,
    /// Digest of the rules in force.
    pub bundle: Digest,
    /// Their version, as their authors write it.
    pub version: String,
    /// Digest of the node's own rules, if it has any.
    pub overlay: Option<Digest>,
    /// What decided: name and version.
    pub engine: String,
    /// The outcome that was replied.
    pub outcome: Outcome,
    /// The processing that it was.
    pub processing: Processing,
}

impl fmt::Debug for DecisionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecisionRecord({}, …)", self.target_id)
    }
}

impl DecisionRecord {
    /// The kind of record that it is in the ledger.
    pub const KIND: &'static str = Kind::Decision.label();

    /// Reads the body of a record.
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The facts that decided, each once.
    pub fn facts_once(&self) -> Vec<&DecisionFact> {
        let mut facts: Vec<&DecisionFact> = self.facts.iter().flatten().collect();
        facts.sort();
        facts.dedup();
        facts
    }

    /// The record as it is committed to, found again by its question and by whom was asked about.
    ///
    /// # Errors
    /// `TOO_LARGE` beyond the store's limits; `INTERNAL` without randomness.
    pub(super) fn commit(
        &self,
        agency: &Agency,
        number: Option<&str>,
    ) -> Result<Committed, Reason> {
        let body = self.body()?;
        let noise: [u8; INDEX_LEN] = random()?;
        // The same work with and without a number.
        let entry = match number {
            Some(digits) => subject_entry(&agency.secret, digits),
            None => subject_entry(&agency.secret, &hex::encode(noise)),
        };
        let keys = [target_key(&self.target_id), self.subject_key(&entry)];
        let term = (recorded::term(self.break_glass), self.decided_at);
        recorded::record(&agency.pack(), Kind::Decision, &body, term, &keys)
    }

    /// JSON, filled up to the length that a question with so many categories has.
    fn body(&self) -> Result<Vec<u8>, Reason> {
        rows::padded(self, length(self.lines.len()))
    }

    fn subject_key(&self, entry: &[u8; INDEX_LEN]) -> Vec<u8> {
        let ms = u64::try_from(self.decided_at.ms()).unwrap_or(0);
        let newest_first = (u64::MAX - ms).to_be_bytes();
        [BY_SUBJECT, entry, &newest_first, self.target_id.as_bytes()].concat()
    }
}

/// Whose data a decision processed, and what is done with the number on a miss so that it takes
/// as long.
///
/// # Errors
/// `INTERNAL` without randomness.
pub(super) fn data_subject(number: Option<&str>) -> Result<Option<DataSubject>, Reason> {
    match number {
        Some(digits) => DataSubject::of(digits).map(Some),
        None => DataSubject::of("").map(|_of_nobody| None),
    }
}

/// Length of the record of a question with so many categories.
const fn length(categories: usize) -> usize {
    RECORD_BYTES.saturating_mul(1 + categories / RECORD_CATEGORIES)
}

/// Where somebody stands in the index of whom was asked about.
fn subject_entry(secret: &NodeSecret, digits: &str) -> [u8; INDEX_LEN] {
    secret.index(SUBJECT_INDEX, digits)
}

fn target_key(id: &TargetId) -> Vec<u8> {
    [BY_TARGET, id.as_bytes()].concat()
}

/// What is the same for every record of a question, whatever was decided.
pub(super) fn visible(
    pack: &Pack,
    kind: &catalogue::Kind,
    attested: &Attested,
) -> BTreeMap<String, String> {
    let facts = pack.visible(attested.header(), kind, Some(attested.approvals()));
    // The question's words were checked before the look-up.
    facts.map(|facts| pack.told(&facts)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
