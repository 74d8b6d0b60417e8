//! What is kept of a decision: a leaf in the ledger, and a record for the privacy officer. Both
//! are without content, and a miss tells nothing about whom was asked.

use std::fmt;

use grondslag_core::answer::{Basis, Outcome};
use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{put_body, read_body};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::v1;
use serde::{Deserialize, Serialize};

use super::verify::Attested;
use crate::agency::Agency;
use crate::limits::DECISIONS_PAGE_MAX;

/// Label of the leaves that this module writes.
const LEAF: &str = "grondslag/leaf/answer/v1";
/// Decision records, by target id.
const RECORDS: &[u8] = b"d/";

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
}

/// One fact that decided.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DecisionFact {
    /// The column.
    pub column: String,
    /// The value that counted.
    pub value: String,
    /// `claimed`, `verified`, `certified`, or `absent` when nobody stated it.
    pub standing: String,
}

impl fmt::Debug for DecisionFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The column is from the catalogue; its value speaks of a person.
        write!(f, "DecisionFact({}, …)", self.column)
    }
}

/// One decision of this node on another's question, without content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DecisionRecord {
    /// The question as this node knows it.
    pub target_id: TargetId,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The asker.
    pub asker: Oin,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// Per category that the broker let through.
    pub lines: Vec<DecisionLine>,
    /// The facts that decided; none on a miss.
    pub facts: Vec<DecisionFact>,
    /// Digest of the rules in force.
    pub bundle: Digest,
    /// The outcome that was replied.
    pub outcome: Outcome,
}

impl DecisionRecord {
    pub(super) fn of(
        attested: &Attested,
        lines: Vec<DecisionLine>,
        facts: Vec<DecisionFact>,
        outcome: Outcome,
        now: Timestamp,
    ) -> Self {
        let header = attested.header();
        Self {
            target_id: attested.target_id(),
            decided_at: now,
            asker: header.asker.clone(),
            role: header.role.clone(),
            purpose: header.purpose.clone(),
            lines,
            facts,
            bundle: header.bundle,
            outcome,
        }
    }

    /// The ledger's leaf: of one size, whatever was decided, so that neither its length nor a bound
    /// on it tells a hit from a miss. The salt keeps its hash from being guessed by somebody who
    /// knows the question.
    pub(super) fn leaf(&self, attested: &Attested, salt: [u8; 16]) -> Vec<u8> {
        let lines: Vec<Vec<u8>> = self.lines.iter().map(DecisionLine::canonical).collect();
        let facts: Vec<Vec<u8>> = self.facts.iter().map(DecisionFact::canonical).collect();
        let decided = Canonical::new("grondslag/answer-decided/v1")
            .list(lines.iter())
            .list(facts.iter())
            .finish();
        Canonical::new(LEAF)
            .bytes(&salt)
            .bytes(self.target_id.as_bytes())
            .text(self.asker.as_str())
            .bytes(attested.header_digest().as_bytes())
            .bytes(attested.detail_digest().as_bytes())
            .bytes(Digest::of(&decided).as_bytes())
            .bytes(self.bundle.as_bytes())
            .signed(self.decided_at.ms())
            .finish()
    }

    /// Adds the record to the batch of its leaf.
    ///
    /// # Errors
    /// `TOO_LARGE` beyond the store's limits.
    pub(super) fn keep(&self, batch: Batch) -> Result<Batch, StoreError> {
        let json = serde_json::to_vec(self).map_err(|_| StoreError::TooLarge("record"))?;
        put_body(batch, &key(&self.target_id), &json)
    }
}

impl DecisionLine {
    fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/answer-line/v1")
            .text(self.category.as_str())
            .text(self.outcome.word())
            .text(self.tier.word())
            .list(self.basis.rows.iter())
            .text(self.shown.word())
            .finish()
    }
}

impl DecisionFact {
    fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/answer-fact/v1")
            .text(&self.column)
            .text(&self.value)
            .text(&self.standing)
            .finish()
    }
}

/// Which question a leaf of the node's ledger decides; the ledger holds other leaves too.
fn target_of(leaf: &[u8]) -> Option<TargetId> {
    let read = || -> Result<TargetId, NotCanonical> {
        let mut reader = Reader::new(leaf, LEAF)?;
        let _salt: [u8; 16] = reader.array()?;
        Ok(TargetId::new(reader.array()?))
    };
    read().ok()
}

fn key(id: &TargetId) -> Vec<u8> {
    [RECORDS, id.as_bytes()].concat()
}

/// Decisions in ledger order, from an index on: at most `limit`, and only the one on `only` when
/// that is given.
///
/// # Errors
/// The reason why ledger or store cannot be read.
pub(crate) async fn decisions(
    agency: &Agency,
    from: u64,
    limit: usize,
    only: Option<TargetId>,
) -> Result<Vec<v1::DecisionRecord>, Reason> {
    let limit = limit.min(DECISIONS_PAGE_MAX);
    let mut found = Vec::new();
    let mut next = from;
    while found.len() < limit {
        let page = agency.ledger.read(next, DECISIONS_PAGE_MAX).await;
        let page = page.map_err(LedgerError::reason)?;
        let Some(last) = page.last() else { break };
        next = last.index.saturating_add(1);
        for leaf in page {
            let Some(id) = target_of(&leaf.leaf) else {
                continue;
            };
            if found.len() < limit && only.is_none_or(|only| only == id) {
                let record = read(agency.store.as_ref(), &id).await;
                found.push(record.map_err(StoreError::reason)?.to_wire(leaf.index));
            }
        }
    }
    Ok(found)
}

async fn read(store: &dyn Store, id: &TargetId) -> Result<DecisionRecord, StoreError> {
    let body = read_body(store, &key(id)).await?;
    let body = body.ok_or(StoreError::Corrupt)?;
    serde_json::from_slice(&body).map_err(|_| StoreError::Corrupt)
}

impl DecisionRecord {
    /// The record as the desk shows it.
    pub(super) fn to_wire(&self, index: u64) -> v1::DecisionRecord {
        v1::DecisionRecord {
            index,
            target_id: self.target_id.as_bytes().to_vec(),
            decided_at_ms: self.decided_at.ms(),
            asker_oin: self.asker.to_string(),
            role: self.role.to_string(),
            purpose: self.purpose.to_string(),
            lines: self.lines.iter().map(v1::DecisionLine::from).collect(),
            facts: self.facts.iter().map(v1::DecisionFact::from).collect(),
            policy_bundle: self.bundle.as_bytes().to_vec(),
            outcome: self.outcome.to_string(),
        }
    }
}

impl From<&DecisionLine> for v1::DecisionLine {
    fn from(line: &DecisionLine) -> Self {
        Self {
            category: line.category.to_string(),
            outcome: line.outcome.word().to_owned(),
            tier: line.tier.to_string(),
            basis: Some((&line.basis).into()),
            shown: line.shown.word().to_owned(),
        }
    }
}

impl From<&DecisionFact> for v1::DecisionFact {
    fn from(fact: &DecisionFact) -> Self {
        Self {
            column: fact.column.clone(),
            value: fact.value.clone(),
            standing: fact.standing.clone(),
        }
    }
}
