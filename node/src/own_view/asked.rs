//! What this node's own people asked, found again by whom it was about.
//!
//! `wq/<person, keyed><newest first><digest>` leads to the record that a question went out (digest
//! of what was signed), or of a notice to the record that it was closed (digest of that record),
//! and `wc/<inquiry id><digest of the record>` to the record of what came of it. No record holds
//! the person: who has the node's secret finds them by a number, and nobody finds a number by them.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::access_log::{LogCategory, LogLine, LogOutcome};
use grondslag_core::answer::{Basis, Line};
use grondslag_core::catalogue::{Category, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId, TargetId};
use grondslag_core::limits::GROUNDS_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Store, StoreError};
use grondslag_policy::Pack;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::asks::inquiries::Summary;
use crate::inform;
use crate::limits::{LOG_LOOKED_THROUGH_MAX, OWN_QUESTIONS_MAX, PAGE};
use crate::recorded::{found_after, found_under};
use crate::secret::{INDEX_LEN, NodeSecret};

/// Own questions, by whom they were about and newest first.
const BY_SUBJECT: &[u8] = b"wq/";
/// What came of an own question, by its number.
const CAME: &[u8] = b"wc/";
/// Label of the index of persons.
const SUBJECT_INDEX: &str = "grondslag/own-questions/v1";

/// What the record behind a person's place says of a question.
#[derive(Serialize, Deserialize)]
pub(crate) struct Question {
    /// The question.
    pub(crate) inquiry: InquiryId,
    /// Who asked.
    pub(crate) staff: StaffId,
    /// When.
    pub(crate) asked_at: Timestamp,
    /// In which role.
    pub(crate) role: Role,
    /// What for.
    pub(crate) purpose: Purpose,
    /// Whom, and what of each; of a notice, those that took it.
    pub(crate) targets: Vec<(Oin, Vec<Category>)>,
}

impl Question {
    /// What is said of one that went to these, or of a notice that these took.
    pub(crate) fn of(summary: &Summary, targets: Vec<(Oin, Vec<Category>)>) -> Self {
        Self {
            inquiry: summary.id,
            staff: summary.staff.clone(),
            asked_at: summary.asked_at,
            role: summary.role.clone(),
            purpose: summary.purpose.clone(),
            targets,
        }
    }
}

/// What one agency's answer came to, category by category.
pub(crate) type Came = BTreeMap<Oin, Vec<LogCategory>>;

/// Whether the person was told of a question already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told(pub(super) bool);

/// The part of a closed question's record that is looked at here.
#[derive(Deserialize)]
struct Closed {
    came: Came,
}

/// Where the record that a question went out, or that a notice was taken, is found again, by a
/// digest of its own. A draft that the broker did not take goes out once more under its number, so
/// that the number alone would not do.
pub(crate) fn asked_key(
    secret: &NodeSecret,
    digits: &str,
    asked_at: Timestamp,
    own: &Digest,
) -> Vec<u8> {
    let newest_first = u64::MAX - u64::try_from(asked_at.ms()).unwrap_or(0);
    [&prefix(secret, digits), newest_first.to_be_bytes().as_slice(), own.as_bytes()].concat()
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
pub(crate) fn came_of(pack: &Pack, category: &Category, line: Option<&Line>) -> LogCategory {
    let (outcome, basis) = match line {
        Some(Line::Content { basis, .. }) => (LogOutcome::Given, basis.clone()),
        Some(Line::NoRecord { basis, .. }) => (LogOutcome::NothingOnFile, basis.clone()),
        // Whoever is sent on to another got nothing here.
        Some(Line::Refused { basis, .. } | Line::Referred { basis, .. }) => {
            (LogOutcome::Refused, basis.clone())
        }
        Some(Line::Review { basis, .. }) => (LogOutcome::InReview, basis.clone()),
        Some(Line::Neutral { .. }) | None => (LogOutcome::NoAnswer, Basis::default()),
    };
    // Another agency said so: only what the law knows is kept, and no more than a question has.
    let known =
        basis.grounds.into_iter().filter(|ground| pack.catalogue().ground(ground).is_some());
    LogCategory { category: category.clone(), outcome, grounds: known.take(GROUNDS_MAX).collect() }
}

fn not_recorded(category: Category) -> LogCategory {
    LogCategory { category, outcome: LogOutcome::NotRecorded, grounds: Vec::new() }
}

/// Whether any question about a person is kept.
///
/// # Errors
/// Those of the store.
pub(crate) async fn is_kept(
    store: &dyn Store,
    secret: &NodeSecret,
    digits: &str,
) -> Result<bool, StoreError> {
    Ok(!store.scan(&prefix(secret, digits), None, 1).await?.is_empty())
}

/// Lines of what this node's own people asked about a person, and whether there may be older ones.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(super) async fn lines(
    agency: &Agency,
    digits: &str,
    to_parent: bool,
) -> Result<(Vec<(LogLine, Told)>, bool), Reason> {
    let (store, pack) = (agency.store.as_ref(), agency.pack());
    let prefix = prefix(&agency.secret, digits);
    let (found, more) = found_under(store, &prefix, LOG_LOOKED_THROUGH_MAX).await?;
    let (mut lines, mut seen) = (Vec::new(), BTreeSet::new());
    for opened in found {
        let asked: Question =
            serde_json::from_slice(&opened.body).map_err(|_| Reason::StoreCorrupt)?;
        // A draft that went out twice is one question.
        if seen.insert(asked.inquiry) {
            let came = came(agency, &asked.inquiry).await?;
            let told = inform::is_told(store, &asked.inquiry, to_parent).await?;
            let own = lines_of(agency, &pack, asked, came.as_ref()).into_iter();
            lines.extend(own.map(|line| (line, Told(told))));
        }
    }
    Ok((lines, more))
}

/// The questions that this node's own people put to one agency about a person, of those that it
/// names as it knows them. At most so many of them are looked through as an agency asks in years.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of the store.
pub(crate) async fn questions(
    agency: &Agency,
    digits: &str,
    (to, named): (&Oin, &[TargetId]),
) -> Result<Vec<(TargetId, Question)>, Reason> {
    let (store, prefix) = (agency.store.as_ref(), prefix(&agency.secret, digits));
    let (mut questions, mut after, mut looked) = (Vec::new(), None::<Vec<u8>>, 0);
    while looked < OWN_QUESTIONS_MAX {
        let (page, next) = found_after(store, &prefix, after.as_deref(), PAGE).await?;
        looked += page.len();
        for opened in page {
            let asked: Question =
                serde_json::from_slice(&opened.body).map_err(|_| Reason::StoreCorrupt)?;
            let target = TargetId::derive(&asked.inquiry, to);
            if named.contains(&target) {
                questions.push((target, asked));
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(questions)
}

/// What came of a question, once it was closed.
async fn came(agency: &Agency, inquiry: &InquiryId) -> Result<Option<Came>, Reason> {
    let prefix = [CAME, inquiry.as_bytes()].concat();
    let (found, _) = found_under(agency.store.as_ref(), &prefix, 1).await?;
    let told = found.first().map(|opened| serde_json::from_slice(&opened.body));
    let told: Option<Closed> = told.transpose().map_err(|_| Reason::StoreCorrupt)?;
    Ok(told.map(|told| told.came))
}

/// A line for each agency that was asked; of an own view one for all, with what it came to.
fn lines_of(agency: &Agency, pack: &Pack, asked: Question, came: Option<&Came>) -> Vec<LogLine> {
    let Question { inquiry, asked_at, role, purpose, targets, .. } = asked;
    let is_own_view = targets.iter().flat_map(|(_, asked)| asked).any(Category::is_access_log);
    let targets = if is_own_view {
        let asked = targets.into_iter().next().map(|(_, asked)| asked).unwrap_or_default();
        vec![(agency.oin.clone(), asked)]
    } else {
        targets
    };
    let line = |(holder, categories): (Oin, Vec<Category>)| LogLine {
        at: asked_at,
        asker: agency.oin.clone(),
        role: role.clone(),
        purpose: purpose.clone(),
        target_id: TargetId::derive(&inquiry, &holder),
        categories: match (came, came.and_then(|came| came.get(&holder))) {
            (_, Some(came)) => came.clone(),
            (Some(_), None) => categories.iter().map(|one| came_of(pack, one, None)).collect(),
            // It is on its way, or the node ended before it was closed.
            (None, None) => categories.into_iter().map(not_recorded).collect(),
        },
        holder,
    };
    targets.into_iter().map(line).collect()
}
