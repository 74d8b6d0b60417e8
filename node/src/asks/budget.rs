//! Budgets against enumeration at the asker's own node: how many questions one person, and the
//! agency, may ask for one purpose on one day (protocol 1.3, point 9).
//!
//! Over the budget only a question with a second person goes out; it counts too, and alarms the
//! privacy officer: two people may flood others as well as one. What is
//! counted of a person is kept for a month, so that the privacy officer sees unusual patterns
//! (`patterns`): numbers only, and no child.
//!
//! INVARIANT: the counts go up in the batch that records the question as asked, and that batch
//! expects the counts that were read: no question goes out uncounted, and none is lost in a count.

use grondslag_core::answer::{Answer, Line};
use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Purpose;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, StaffId};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError};
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::inquiries::Summary;
use crate::agency::Agency;
use crate::limits::{NIGHT, PAGE, PATTERN_DAYS_MAX, SWEEP_STEPS, TALLIES_MAX};

/// Tallies, newest day first: `n/b/p/<2^64 - 1 - start of the day, big-endian><digest>`.
const PERSONS: &[u8] = b"n/b/p/";
/// Counts of the whole agency, likewise.
const AGENCY: &[u8] = b"n/b/a/";

/// What one person asked for one purpose on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// Who.
    pub staff: StaffId,
    /// What for.
    pub purpose: Purpose,
    /// When: the date in the Netherlands.
    pub day: Date,
    /// Questions asked.
    pub questions: u64,
    /// Agencies that they went to, in all.
    pub targets: u64,
    /// Answers that came before their question was closed.
    pub replies: u64,
    /// Those that said nothing.
    pub neutral: u64,
    /// Questions asked at night.
    pub night: u64,
    /// Questions asked with break glass.
    pub break_glass: u64,
    /// Questions over the budget, which a second person approved.
    pub over_budget: u64,
}

/// A question that was counted: where its answers are counted too.
#[derive(Debug)]
pub(crate) struct Counted {
    key: Vec<u8>,
    /// It is over the budget, and went out because a second person approved it.
    pub(super) over_budget: bool,
}

/// What the answers to a question came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    replies: u64,
    neutral: u64,
}

/// Counts a question that is about to be asked: the writes, which belong in the batch that records
/// it.
///
/// # Errors
/// `BUDGET_EXCEEDED` when a count is full and nobody approved the question; why the counts could
/// not be read.
pub(crate) async fn count(
    agency: &Agency,
    inquiry: &Inquiry,
    summary: &Summary,
) -> Result<(Batch, Counted), Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let (staff, purpose, day) = (&summary.staff, &summary.purpose, now.date());
    let (key, whole) = (key(PERSONS, day, Some(staff), purpose)?, key(AGENCY, day, None, purpose)?);
    let seen = store.get(&key).await.map_err(StoreError::reason)?;
    let mut tally = match &seen {
        Some(value) => Tally::parse(value)?,
        None => Tally::new(staff.clone(), purpose.clone(), day),
    };
    let seen_whole = store.get(&whole).await.map_err(StoreError::reason)?;
    let asked = seen_whole.as_deref().map_or(Ok(0), number)?;
    // A notice learns nothing: it is counted, and a withdrawal is never held up by counts.
    let is_notice = inquiry.header().kind.is_notice();
    let many = tally.questions >= agency.budget.person() || asked >= agency.budget.agency();
    let full = many && !is_notice;
    if full && !approved(inquiry) {
        return Err(Reason::BudgetExceeded);
    }
    tally.add(inquiry, now, full);
    let batch = replace(Batch::new(), &key, seen, tally.encode()?);
    let asked = asked.saturating_add(1).to_be_bytes().to_vec();
    Ok((replace(batch, &whole, seen_whole, asked), Counted { key, over_budget: full }))
}

/// Counts the answers to a question that is closed: the writes. A tally that is gone by then is
/// no error.
///
/// # Errors
/// Why the tally could not be read.
pub(crate) async fn count_answers(
    agency: &Agency,
    counted: &Counted,
    said: Said,
) -> Result<Batch, Reason> {
    let seen = agency.store.get(&counted.key).await.map_err(StoreError::reason)?;
    let Some(value) = seen else { return Ok(Batch::new()) };
    let mut tally = Tally::parse(&value)?;
    tally.replies = tally.replies.saturating_add(said.replies);
    tally.neutral = tally.neutral.saturating_add(said.neutral);
    Ok(replace(Batch::new(), &counted.key, Some(value), tally.encode()?))
}

/// The tallies of the last days, today included, newest day first. At most
/// [`TALLIES_MAX`]: then the flag says that there are more.
///
/// # Errors
/// Why they could not be read.
pub(crate) async fn tallies(
    store: &dyn Store,
    now: Timestamp,
    days: u32,
) -> Result<(Vec<Tally>, bool), Reason> {
    let end = until(PERSONS, now, days)?;
    let mut all = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while all.len() < TALLIES_MAX {
        let page = store.scan(PERSONS, after.as_deref(), PAGE).await.map_err(StoreError::reason)?;
        let recent = page.iter().take_while(|pair| pair.key < end);
        let recent = recent.map(|pair| Tally::parse(&pair.value));
        let before = all.len();
        all.extend(recent.collect::<Result<Vec<_>, _>>()?);
        if all.len() - before < PAGE {
            return Ok((all, false));
        }
        after = page.into_iter().next_back().map(|pair| pair.key);
    }
    Ok((all, true))
}

/// Forgets counts that are older than anybody may ask for, and says how many.
///
/// # Errors
/// Those of the store.
pub(crate) async fn forget_old(store: &dyn Store, now: Timestamp) -> Result<usize, Reason> {
    let mut forgotten = 0;
    for prefix in [PERSONS, AGENCY] {
        let end = until(prefix, now, PATTERN_DAYS_MAX)?;
        loop {
            let page = store.scan(prefix, Some(&end), SWEEP_STEPS).await;
            let page = page.map_err(StoreError::reason)?;
            if page.is_empty() {
                break;
            }
            forgotten += page.len();
            let batch = page.into_iter().fold(Batch::new(), |batch, pair| batch.delete(pair.key));
            store.commit(batch).await.map_err(StoreError::reason)?;
        }
    }
    Ok(forgotten)
}

impl Said {
    /// Of answers that were opened.
    pub(crate) fn of<'a>(answers: impl Iterator<Item = &'a Answer>) -> Self {
        answers.fold(Self::default(), |said, answer| {
            let silent = answer.lines.iter().all(|line| matches!(line, Line::Neutral { .. }));
            Self {
                replies: said.replies.saturating_add(1),
                neutral: said.neutral.saturating_add(silent.into()),
            }
        })
    }
}

impl Tally {
    fn new(staff: StaffId, purpose: Purpose, day: Date) -> Self {
        let none = 0;
        Self {
            staff,
            purpose,
            day,
            questions: none,
            targets: none,
            replies: none,
            neutral: none,
            night: none,
            break_glass: none,
            over_budget: none,
        }
    }

    fn add(&mut self, inquiry: &Inquiry, now: Timestamp, over_budget: bool) {
        let targets = u64::try_from(inquiry.parts().len()).unwrap_or(u64::MAX);
        let (from, until) = NIGHT;
        let night = now.hour() >= from || now.hour() < until;
        self.questions = self.questions.saturating_add(1);
        self.targets = self.targets.saturating_add(targets);
        self.night = self.night.saturating_add(night.into());
        self.break_glass = self.break_glass.saturating_add(inquiry.header().break_glass.into());
        self.over_budget = self.over_budget.saturating_add(over_budget.into());
    }

    fn parse(value: &[u8]) -> Result<Self, Reason> {
        serde_json::from_slice(value).map_err(|_| Reason::StoreCorrupt)
    }

    fn encode(&self) -> Result<Vec<u8>, Reason> {
        serde_json::to_vec(self).map_err(|_| Reason::Internal)
    }
}

/// Every part carries a second person's approval. They were checked when they were given, and are
/// again by broker and holder.
fn approved(inquiry: &Inquiry) -> bool {
    inquiry.parts().iter().all(|(_, part)| !part.approvals.is_empty())
}

fn number(value: &[u8]) -> Result<u64, Reason> {
    value.try_into().map(u64::from_be_bytes).map_err(|_| Reason::StoreCorrupt)
}

/// Writes a value, if what was seen still stands there.
fn replace(batch: Batch, key: &[u8], seen: Option<Vec<u8>>, value: Vec<u8>) -> Batch {
    let batch = match seen {
        Some(seen) => batch.expect_value(key, seen),
        None => batch.expect_absent(key),
    };
    batch.put(key, value)
}

fn key(
    prefix: &[u8],
    day: Date,
    staff: Option<&StaffId>,
    purpose: &Purpose,
) -> Result<Vec<u8>, Reason> {
    let bytes = Canonical::new("grondslag/tally/v1")
        .text(staff.map_or("", StaffId::as_str))
        .text(purpose.as_str())
        .finish();
    Ok([day_key(prefix, day)?.as_slice(), Digest::of(&bytes).as_bytes()].concat())
}

/// Everything of the last days, today included, lies before this key, and nothing else does.
fn until(prefix: &[u8], now: Timestamp, days: u32) -> Result<Vec<u8>, Reason> {
    let back = Span::new().try_days(i64::from(days)).map_err(|_| Reason::Internal)?;
    day_key(prefix, now.date().saturating_sub(back))
}

fn day_key(prefix: &[u8], day: Date) -> Result<Vec<u8>, Reason> {
    let start = Timestamp::start_of(day).map_err(|_| Reason::Internal)?;
    let ms = u64::try_from(start.ms()).unwrap_or(0);
    Ok([prefix, &(u64::MAX - ms).to_be_bytes()].concat())
}

#[cfg(test)]
mod tests;
