//! Decisions as the desk lists them, for the privacy officer: all, of one question, or on one
//! person.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::{Opened, Opening, find, open};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::v1;
use grondslag_subject::Bsn;
use prost::Message as _;
use zeroize::Zeroizing;

use super::{BY_SUBJECT, DecisionFact, DecisionLine, DecisionRecord, subject_entry, target_key};
use crate::agency::Agency;
use crate::limits::DECISIONS_PAGE_MAX;
use crate::processing::DataSubject;
use crate::recorded::{Kind, append, found_after, found_under};

/// Decisions in ledger order, as [`decisions`] gives them, for the privacy officer. That somebody
/// looked, and at what, is recorded before they are shown.
///
/// # Errors
/// The reason why ledger or store cannot be read or written: nothing is shown then.
pub(crate) async fn decisions_shown(
    agency: &Agency,
    reader: &StaffId,
    from: u64,
    limit: usize,
    only: Option<TargetId>,
) -> Result<Vec<v1::DecisionRecord>, Reason> {
    let found = decisions(agency, from, limit, only).await?;
    // With the openings in it, it tells later whether this is what was shown.
    let shown = v1::ListDecisionsResponse { decisions: found, refusal: None };
    let digest = Digest::of(&Zeroizing::new(shown.encode_to_vec()));
    let body = Kind::DecisionsShown
        .canonical()
        .text(reader.as_str())
        .text("listed")
        .number(from)
        .number(u64::try_from(limit).unwrap_or(u64::MAX))
        .bytes(only.as_ref().map_or(&[], |id| id.as_bytes().as_slice()))
        .bytes(digest.as_bytes());
    append(agency, Kind::DecisionsShown, body, Batch::new()).await?;
    Ok(shown.decisions)
}

/// Decisions in ledger order, from an index on: at most `limit`, and only the one on `only` when
/// that is given. What was forgotten is not listed.
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
    let wanted = match only {
        Some(id) => match leads_to(agency.store.as_ref(), &target_key(&id)).await? {
            Some(commitment) => Some(commitment),
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    // One leaf alone commits to what a key leads to: nothing is read behind it.
    let limit = if wanted.is_some() { limit.min(1) } else { limit };
    let mut found = Vec::new();
    let mut next = from;
    while found.len() < limit {
        let page = agency.ledger.read(next, DECISIONS_PAGE_MAX).await;
        let page = page.map_err(LedgerError::reason)?;
        let Some(last) = page.last() else { break };
        next = last.index.saturating_add(1);
        for leaf in page.iter().filter(|leaf| is_decision(&leaf.leaf, wanted.as_ref())) {
            if found.len() >= limit {
                break;
            }
            let opened = open(agency.store.as_ref(), &leaf.leaf).await;
            if let Opening::Opened(opened) = opened.map_err(StoreError::reason)? {
                found.push(to_wire(Some(leaf.index), &opened)?);
            }
        }
    }
    Ok(found)
}

/// Decisions on one person, newest first and without their place in the ledger: "who asked us".
/// That somebody looked is recorded first.
///
/// # Errors
/// The reason why ledger or store cannot be read or written.
pub(crate) async fn decisions_on(
    agency: &Agency,
    reader: &StaffId,
    number: &Bsn,
    limit: usize,
) -> Result<Vec<v1::DecisionRecord>, Reason> {
    let subject = DataSubject::of(number.expose())?;
    let body = Kind::DecisionsShown
        .canonical()
        .text(reader.as_str())
        .text("on")
        .bytes(subject.id.as_bytes())
        .text(&subject.salt);
    append(agency, Kind::DecisionsShown, body, Batch::new()).await?;
    let (found, _) = on_subject(agency, number.expose(), limit.min(DECISIONS_PAGE_MAX)).await?;
    found.iter().map(|opened| to_wire(None, opened)).collect()
}

/// What is kept of the decisions on one person, newest first, and whether there may be more: at
/// most `limit` of them.
///
/// # Errors
/// The reason why the store cannot be read.
pub(crate) async fn on_subject(
    agency: &Agency,
    digits: &str,
    limit: usize,
) -> Result<(Vec<Opened>, bool), Reason> {
    let prefix = [BY_SUBJECT, &subject_entry(&agency.secret, digits)].concat();
    found_under(agency.store.as_ref(), &prefix, limit).await
}

/// What was decided on a question, as far as it is kept.
///
/// # Errors
/// The reason why the store cannot be read.
pub(crate) async fn on_target(
    agency: &Agency,
    target: &TargetId,
) -> Result<Option<DecisionRecord>, Reason> {
    let store = agency.store.as_ref();
    let Some(commitment) = leads_to(store, &target_key(target)).await? else { return Ok(None) };
    let opened = find(store, &commitment).await.map_err(StoreError::reason)?;
    let record = opened.map(|opened| DecisionRecord::parse(&opened.body));
    record.map(|record| record.ok_or(Reason::StoreCorrupt)).transpose()
}

/// A page of what is kept of the decisions on one person, newest first, and where to go on.
///
/// # Errors
/// The reason why the store cannot be read.
pub(crate) async fn page_on_subject(
    agency: &Agency,
    digits: &str,
    after: Option<&[u8]>,
) -> Result<(Vec<Opened>, Option<Vec<u8>>), Reason> {
    let prefix = [BY_SUBJECT, &subject_entry(&agency.secret, digits)].concat();
    found_after(agency.store.as_ref(), &prefix, after, DECISIONS_PAGE_MAX).await
}

/// Which record a key leads to.
async fn leads_to(store: &dyn Store, key: &[u8]) -> Result<Option<Digest>, Reason> {
    let value = store.get(key).await.map_err(StoreError::reason)?;
    let digest = value.map(|value| Digest::from_slice(&value).map_err(|_| Reason::StoreCorrupt));
    digest.transpose()
}

fn is_decision(leaf: &[u8], wanted: Option<&Digest>) -> bool {
    let committed = grondslag_evidence::records::committed(leaf);
    committed.is_some_and(|(kind, commitment)| {
        kind == Kind::Decision.label() && wanted.is_none_or(|wanted| *wanted == commitment)
    })
}

fn to_wire(index: Option<u64>, opened: &Opened) -> Result<v1::DecisionRecord, Reason> {
    let record = DecisionRecord::parse(&opened.body).ok_or(Reason::StoreCorrupt)?;
    let until = match opened.until {
        grondslag_evidence::records::Until::At(end) => end,
        grondslag_evidence::records::Until::Told => Timestamp::from_ms(i64::MAX),
    };
    Ok(v1::DecisionRecord {
        index: index.unwrap_or_default(),
        target_id: record.target_id.as_bytes().to_vec(),
        decided_at_ms: record.decided_at.ms(),
        asker_oin: record.asker.to_string(),
        role: record.role.to_string(),
        purpose: record.purpose.to_string(),
        lines: record.lines.iter().map(v1::DecisionLine::from).collect(),
        facts: record.facts_once().into_iter().map(v1::DecisionFact::from).collect(),
        policy_bundle: record.bundle.as_bytes().to_vec(),
        outcome: record.outcome.to_string(),
        kept_until_ms: until.ms(),
        alarm: record.alarm.map(|reason| reason.code().to_owned()).unwrap_or_default(),
        opening: Some(v1::RecordOpening {
            kind: opened.kind.clone(),
            salt: opened.salt.to_vec(),
            body: opened.body.clone(),
        }),
    })
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
