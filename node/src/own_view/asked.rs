//! What this node's own people asked, found again by whom it was about.
//!
//! `wq/<person, keyed><newest first><digest of the question>` leads to the record that a question
//! went out, and `wc/<inquiry id><digest of the record>` to that of what came of it. Neither record
//! holds the person: who has the node's secret finds them by a number, and nobody finds a number by
//! them.

use std::collections::BTreeMap;

use grondslag_core::access_log::{LogCategory, LogLine, LogOutcome};
use grondslag_core::answer::{Basis, Line};
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::StoreError;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::limits::LOG_LOOKED_THROUGH_MAX;
use crate::recorded::found_under;
use crate::secret::{INDEX_LEN, NodeSecret};

/// Own questions, by whom they were about and newest first.
const BY_SUBJECT: &[u8] = b"wq/";
/// What came of an own question, by its number.
const CAME: &[u8] = b"wc/";
/// Label of the index of persons.
const SUBJECT_INDEX: &str = "grondslag/own-questions/v1";

/// The record that a question went out.
#[derive(Serialize, Deserialize)]
pub(crate) struct AskedRecord {
    /// The question.
    pub(crate) inquiry: InquiryId,
    /// Digest of what was signed.
    pub(crate) digest: Digest,
    /// Who asked.
    pub(crate) staff: StaffId,
    /// When.
    pub(crate) asked_at: Timestamp,
    /// In which role.
    pub(crate) role: Role,
    /// What for.
    pub(crate) purpose: Purpose,
    /// Whom, and what of each.
    pub(crate) targets: Vec<(Oin, Vec<Category>)>,
}

/// What one agency's answer came to, category by category.
pub(crate) type Came = BTreeMap<Oin, Vec<LogCategory>>;

/// The part of a closed question's record that is looked at here.
#[derive(Deserialize)]
struct Told {
    came: Came,
}

/// Where the record that a question went out is found again. A draft that the broker did not take
/// goes out once more under its number, so that the number alone would not do.
pub(crate) fn asked_key(
    secret: &NodeSecret,
    digits: &str,
    asked_at: Timestamp,
    question: &Digest,
) -> Vec<u8> {
    let newest_first = u64::MAX - u64::try_from(asked_at.ms()).unwrap_or(0);
    [&prefix(secret, digits), newest_first.to_be_bytes().as_slice(), question.as_bytes()].concat()
}

/// Where the record of what came of a question is found again.
pub(crate) fn came_key(inquiry: &InquiryId, record: &[u8]) -> Vec<u8> {
    [CAME, inquiry.as_bytes(), Digest::of(record).as_bytes()].concat()
}

fn prefix(secret: &NodeSecret, digits: &str) -> Vec<u8> {
    let entry: [u8; INDEX_LEN] = secret.index(SUBJECT_INDEX, digits);
    [BY_SUBJECT, &entry].concat()
}

/// What an answer says of one category, as the person concerned is told it: nothing of what was
/// given, and of silence no more than that it was silence.
pub(crate) fn came_of(category: &Category, line: Option<&Line>) -> LogCategory {
    let (outcome, basis) = match line {
        Some(Line::Content { basis, .. }) => (LogOutcome::Given, basis.clone()),
        Some(Line::NoRecord { basis, .. }) => (LogOutcome::NothingOnFile, basis.clone()),
        Some(Line::Refused { basis, .. }) => (LogOutcome::Refused, basis.clone()),
        Some(Line::Review { basis, .. }) => (LogOutcome::InReview, basis.clone()),
        Some(Line::Neutral { .. }) | None => (LogOutcome::NoAnswer, Basis::default()),
    };
    LogCategory { category: category.clone(), outcome, grounds: basis.grounds }
}

/// Whether any question about a person is kept.
///
/// # Errors
/// Those of the store.
pub(super) async fn is_kept(agency: &Agency, digits: &str) -> Result<bool, Reason> {
    let page = agency.store.scan(&prefix(&agency.secret, digits), None, 1).await;
    Ok(!page.map_err(StoreError::reason)?.is_empty())
}

/// Lines of what this node's own people asked about a person, and whether there may be older ones.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(super) async fn lines(agency: &Agency, digits: &str) -> Result<(Vec<LogLine>, bool), Reason> {
    let store = agency.store.as_ref();
    let limit = LOG_LOOKED_THROUGH_MAX;
    let found = found_under(store, &prefix(&agency.secret, digits), limit).await?;
    let more = found.len() >= limit;
    let mut lines = Vec::new();
    for opened in found {
        let asked: AskedRecord =
            serde_json::from_slice(&opened.body).map_err(|_| Reason::StoreCorrupt)?;
        let came = came(agency, &asked.inquiry).await?;
        lines.extend(lines_of(agency, asked, &came));
    }
    Ok((lines, more))
}

/// What came of a question; nothing while it is on its way.
async fn came(agency: &Agency, inquiry: &InquiryId) -> Result<Came, Reason> {
    let found = found_under(agency.store.as_ref(), &[CAME, inquiry.as_bytes()].concat(), 1).await?;
    let told = found.first().map(|opened| serde_json::from_slice(&opened.body));
    let told: Option<Told> = told.transpose().map_err(|_| Reason::StoreCorrupt)?;
    Ok(told.map(|told| told.came).unwrap_or_default())
}

/// A line for each agency that was asked; of an own view one for all, with what it came to.
fn lines_of(agency: &Agency, asked: AskedRecord, came: &Came) -> Vec<LogLine> {
    let AskedRecord { inquiry, asked_at, role, purpose, targets, .. } = asked;
    let is_own_view = targets.iter().flat_map(|(_, asked)| asked).any(Category::is_access_log);
    let (targets, came) =
        if is_own_view { summed_up(&agency.oin, targets, came) } else { (targets, came.clone()) };
    let line = |(holder, categories): (Oin, Vec<Category>)| LogLine {
        at: asked_at,
        asker: agency.oin.clone(),
        role: role.clone(),
        purpose: purpose.clone(),
        target_id: TargetId::derive(&inquiry, &holder),
        categories: match came.get(&holder) {
            Some(came) => came.clone(),
            None => categories.iter().map(|category| came_of(category, None)).collect(),
        },
        holder,
    };
    targets.into_iter().map(line).collect()
}

/// An own view as if it were asked of this agency alone: somebody looked, and saw something or
/// nothing.
fn summed_up(
    own: &Oin,
    targets: Vec<(Oin, Vec<Category>)>,
    came: &Came,
) -> (Vec<(Oin, Vec<Category>)>, Came) {
    let lines = came.values().flatten();
    let best = lines.min_by_key(|line| line.outcome).cloned();
    let categories = targets.into_iter().next().map(|(_, categories)| categories);
    let came = [(own.clone(), best.into_iter().collect())].into();
    (vec![(own.clone(), categories.unwrap_or_default())], came)
}
