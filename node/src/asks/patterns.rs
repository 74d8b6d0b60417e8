//! Unusual patterns in what the agency's own people asked, for its privacy officer: who may be
//! trying numbers, asks at night, or breaks the glass. Counts only, and no child.
//!
//! A flag is a reason to talk with somebody, not a finding: a busy day looks like it too.

use std::cmp::Reverse;

use grondslag_core::id::StaffId;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;
use grondslag_proto::v1;

use super::budget::{Tally, tallies};
use crate::agency::Agency;
use crate::glass;
use crate::limits::{
    BUSY_PERCENT, NEUTRAL_PERCENT, NEUTRAL_QUESTIONS_MIN, NIGHT_QUESTIONS_MIN, PATTERN_DAYS,
    PATTERN_DAYS_MAX, PATTERNS_MAX,
};
use crate::recorded::{Kind, append};

/// What makes a tally unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flag {
    /// Much of the person's budget was used.
    Over80Percent,
    /// Most answers said nothing: the mark of trying numbers.
    MostlyNeutral,
    /// Several questions at night.
    Night,
    /// Asked alone in acute danger.
    BreakGlass,
}

impl Flag {
    /// The word as shown.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Over80Percent => "over_80_percent",
            Self::MostlyNeutral => "mostly_neutral",
            Self::Night => "night",
            Self::BreakGlass => "break_glass",
        }
    }
}

/// What is unusual about a tally, under a budget of so many questions.
pub(crate) fn flags(tally: &Tally, budget: u64) -> Vec<Flag> {
    let busy = is_above(tally.questions, budget, BUSY_PERCENT);
    let silent = tally.replies > 0 && !is_below(tally.neutral, tally.replies, NEUTRAL_PERCENT);
    let all = [
        (busy, Flag::Over80Percent),
        (silent && tally.questions >= NEUTRAL_QUESTIONS_MIN, Flag::MostlyNeutral),
        (tally.night >= NIGHT_QUESTIONS_MIN, Flag::Night),
        (tally.break_glass > 0, Flag::BreakGlass),
    ];
    all.into_iter().filter_map(|(found, flag)| found.then_some(flag)).collect()
}

/// The last days' tallies, those with a flag first, and then newest first. That somebody read them
/// is recorded before they are given. 0 days means the default; more than the most means the most.
///
/// # Errors
/// Why they could not be read, or that they were read could not be recorded.
pub(crate) async fn patterns(
    agency: &Agency,
    reader: &StaffId,
    days: u32,
) -> Result<v1::ListPatternsResponse, Reason> {
    let days = if days == 0 { PATTERN_DAYS } else { days.min(PATTERN_DAYS_MAX) };
    let (tallies, more) = tallies(agency.store.as_ref(), agency.clock.now(), days).await?;
    let budget = agency.budget.person();
    let mut found: Vec<(Tally, Vec<Flag>)> = tallies
        .into_iter()
        .map(|tally| {
            let flags = flags(&tally, budget);
            (tally, flags)
        })
        .collect();
    found.sort_by(|(one, one_flags), (other, other_flags)| {
        let plain = one_flags.is_empty().cmp(&other_flags.is_empty());
        let newest = Reverse(one.day).cmp(&Reverse(other.day));
        let person = one.staff.cmp(&other.staff).then_with(|| one.purpose.cmp(&other.purpose));
        plain.then(newest).then(person)
    });
    let left_out = found.len().saturating_sub(PATTERNS_MAX).saturating_add(more.into());
    found.truncate(PATTERNS_MAX);
    let glass = glass::counts(agency).await?;
    record_read(agency, reader, days).await?;
    Ok(v1::ListPatternsResponse {
        patterns: found.iter().map(|(tally, flags)| to_wire(tally, flags)).collect(),
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        refusal: None,
        glass,
    })
}

async fn record_read(agency: &Agency, reader: &StaffId, days: u32) -> Result<(), Reason> {
    let body = Kind::PatternsShown.canonical().text(reader.as_str()).number(days.into());
    append(agency, Kind::PatternsShown, body, Batch::new()).await?;
    Ok(())
}

fn to_wire(tally: &Tally, flags: &[Flag]) -> v1::Pattern {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    v1::Pattern {
        staff_id: tally.staff.as_str().to_owned(),
        purpose: tally.purpose.to_string(),
        day: tally.day.to_string(),
        questions: count(tally.questions),
        targets: count(tally.targets),
        replies: count(tally.replies),
        neutral: count(tally.neutral),
        night: count(tally.night),
        break_glass: count(tally.break_glass),
        over_budget: count(tally.over_budget),
        flags: flags.iter().map(|flag| flag.word().to_owned()).collect(),
    }
}

fn is_above(part: u64, whole: u64, percent: u64) -> bool {
    part.saturating_mul(100) > whole.saturating_mul(percent)
}

fn is_below(part: u64, whole: u64, percent: u64) -> bool {
    part.saturating_mul(100) < whole.saturating_mul(percent)
}

#[cfg(test)]
mod tests;
