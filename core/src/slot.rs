//! Reply slots: moments at which every node that was asked sends one message, whatever it has to
//! say (design 5). Acute: every five minutes; urgent: every hour; standard: at 08, 12 and 16
//! o'clock in the Netherlands; and the last one is the end of the term.

use crate::clock::Timestamp;
use crate::tier::Urgency;

const MINUTE_MS: i64 = 60_000;
const ACUTE_MS: i64 = 5 * MINUTE_MS;
const URGENT_MS: i64 = 60 * MINUTE_MS;
/// Hours of a standard slot.
const STANDARD_HOURS: [i8; 3] = [8, 12, 16];

/// The first slot after a moment; none once the term has ended.
pub fn next_slot(after: Timestamp, urgency: Urgency, answer_by: Timestamp) -> Option<Timestamp> {
    if after >= answer_by {
        return None;
    }
    let regular = match urgency {
        Urgency::Acute => next_multiple(after, ACUTE_MS),
        Urgency::Urgent => next_multiple(after, URGENT_MS),
        Urgency::Standard => after.next_hour_of(&STANDARD_HOURS),
    };
    Some(regular.min(answer_by))
}

/// The last slot at or before a moment, if one has passed since `asked_at`.
pub fn last_slot(
    asked_at: Timestamp,
    now: Timestamp,
    urgency: Urgency,
    answer_by: Timestamp,
) -> Option<Timestamp> {
    let mut last = None;
    let mut at = asked_at;
    while let Some(slot) = next_slot(at, urgency, answer_by) {
        if slot > now {
            break;
        }
        (last, at) = (Some(slot), slot);
    }
    last
}

/// How many slots of a question lie after a moment and up to another.
pub fn slots_between(
    after: Timestamp,
    until: Timestamp,
    urgency: Urgency,
    answer_by: Timestamp,
) -> u32 {
    let (mut count, mut at) = (0_u32, after);
    while let Some(slot) = next_slot(at, urgency, answer_by).filter(|slot| *slot <= until) {
        (count, at) = (count.saturating_add(1), slot);
    }
    count
}

fn next_multiple(after: Timestamp, step_ms: i64) -> Timestamp {
    let passed = after.ms().div_euclid(step_ms);
    Timestamp::from_ms(passed.saturating_add(1).saturating_mul(step_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn slots_that_passed_are_counted_up_to_the_end_of_the_term() {
        let due = at("2026-06-20T12:00");
        let passed =
            |until: &str, urgency| slots_between(at("2026-06-20T09:00"), at(until), urgency, due);
        assert_eq!(passed("2026-06-20T09:59", Urgency::Urgent), 0);
        assert_eq!(passed("2026-06-20T10:00", Urgency::Urgent), 1);
        assert_eq!(passed("2026-06-20T10:04", Urgency::Acute), 12);
        assert_eq!(passed("2026-07-20T09:00", Urgency::Urgent), 3);
        assert_eq!(passed("2026-06-20T08:00", Urgency::Urgent), 0);
    }

    #[test]
    fn slots_follow_the_urgency_and_end_with_the_term() {
        let due = at("2026-06-20T10:00");
        let next = |after: &str, urgency| next_slot(at(after), urgency, due);
        assert_eq!(next("2026-06-15T10:00", Urgency::Acute), Some(at("2026-06-15T10:05")));
        assert_eq!(next("2026-06-15T10:04:59", Urgency::Acute), Some(at("2026-06-15T10:05")));
        assert_eq!(next("2026-06-15T10:30", Urgency::Urgent), Some(at("2026-06-15T11:00")));
        assert_eq!(next("2026-06-15T10:30", Urgency::Standard), Some(at("2026-06-15T12:00")));
        assert_eq!(next("2026-06-15T16:00", Urgency::Standard), Some(at("2026-06-16T08:00")));
        assert_eq!(next("2026-06-20T08:00", Urgency::Standard), Some(due));
        assert_eq!(next("2026-06-20T10:00", Urgency::Standard), None);
    }

    #[test]
    fn standard_slots_keep_dutch_time_when_the_clocks_change() {
        let due = at("2026-11-01T10:00");
        let next = next_slot(at("2026-10-24T16:00"), Urgency::Standard, due).unwrap();
        assert_eq!(next, at("2026-10-25T08:00"));
        assert_eq!(next.since_ms(at("2026-10-24T16:00")), 17 * 60 * MINUTE_MS);
    }

    #[test]
    fn the_last_slot_is_the_newest_that_has_passed() {
        let (asked, due) = (at("2026-06-15T10:00"), at("2026-06-15T12:00"));
        let last = |now: &str| last_slot(asked, at(now), Urgency::Acute, due);
        assert_eq!(last("2026-06-15T10:04"), None);
        assert_eq!(last("2026-06-15T10:17"), Some(at("2026-06-15T10:15")));
        assert_eq!(last("2026-06-16T10:00"), Some(due));
    }
}
