//! How long the law gives: default terms by urgency (domain 5).

use grondslag_core::clock::Timestamp;
use grondslag_core::limits::ANSWER_TERM_MS_MAX;
use grondslag_core::tier::Urgency;
use jiff::civil::Weekday;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Working days of a standard question.
const STANDARD_DAYS: u32 = 5;
/// The same of an escalation.
const ESCALATED_DAYS: u32 = 3;

/// When the answer is due: the asker's own term in minutes, else two hours when acute, a day when
/// urgent, five working days otherwise. Public holidays count as working days.
pub(crate) fn answer_by(now: Timestamp, urgency: Urgency, minutes: u32) -> Timestamp {
    if minutes > 0 {
        let term = i64::from(minutes).saturating_mul(60_000).min(ANSWER_TERM_MS_MAX);
        return now.plus_ms(term);
    }
    match urgency {
        Urgency::Acute => now.plus_ms(2 * HOUR_MS),
        Urgency::Urgent => now.plus_ms(DAY_MS),
        Urgency::Standard => working_days_after(now, STANDARD_DAYS),
    }
}

/// When an escalation is due: as any question, but within three working days (domain 5, Q04). It
/// has no term of the asker's own: a short one would make others late, a long one outlive the file.
pub(crate) fn escalated(now: Timestamp, urgency: Urgency) -> Timestamp {
    match urgency {
        Urgency::Acute | Urgency::Urgent => answer_by(now, urgency, 0),
        Urgency::Standard => working_days_after(now, ESCALATED_DAYS),
    }
}

/// So many working days later. Public holidays count as working days.
pub(crate) fn working_days_after(now: Timestamp, days: u32) -> Timestamp {
    let mut at = now;
    let mut left = days;
    while left > 0 {
        at = at.plus_ms(DAY_MS);
        let weekend = matches!(at.date().weekday(), Weekday::Saturday | Weekday::Sunday);
        left -= u32::from(!weekend);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn five_working_days_pass_over_a_weekend() {
        let thursday = at("2026-06-25T10:00");
        assert_eq!(answer_by(thursday, Urgency::Standard, 0), at("2026-07-02T10:00"));
    }

    #[test]
    fn urgent_and_acute_count_hours() {
        let now = at("2026-06-27T10:00");
        assert_eq!(answer_by(now, Urgency::Acute, 0), at("2026-06-27T12:00"));
        assert_eq!(answer_by(now, Urgency::Urgent, 0), at("2026-06-28T10:00"));
    }

    #[test]
    fn an_escalation_is_due_within_three_working_days() {
        let friday = at("2026-06-26T10:00");
        assert_eq!(escalated(friday, Urgency::Standard), at("2026-07-01T10:00"));
        assert_eq!(escalated(friday, Urgency::Acute), at("2026-06-26T12:00"));
    }

    #[test]
    fn an_own_term_counts_up_to_the_bound() {
        let now = at("2026-06-25T10:00");
        assert_eq!(answer_by(now, Urgency::Standard, 30), now.plus_ms(1_800_000));
        assert_eq!(answer_by(now, Urgency::Standard, u32::MAX), now.plus_ms(ANSWER_TERM_MS_MAX));
    }
}
