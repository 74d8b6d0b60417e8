//! How long the node answers on leaves that no quorum of witnesses covers yet.
//!
//! Once the node answered on a leaf, the witnesses have some seconds to cosign a head that covers
//! it. When they did not, nothing more is answered until such a head comes. Time here is
//! monotonic: a clock that is set does not move it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{GRACE_STEP_MS, GRACE_STEPS_MAX};

/// Answers that wait to be covered.
#[derive(Debug)]
pub(super) struct Grace {
    longest: Duration,
    /// Leaves that a quorum covers: those with a lower index.
    covered: u64,
    /// The oldest first; indexes never go down.
    waiting: VecDeque<Waiting>,
}

/// Answers of about one moment.
#[derive(Debug)]
struct Waiting {
    /// The highest leaf among them.
    index: u64,
    /// When the first of them left.
    since: Instant,
}

impl Grace {
    /// With so many leaves covered.
    pub(super) fn new(longest: Duration, covered: u64) -> Self {
        Self { longest, covered, waiting: VecDeque::new() }
    }

    /// An answer on this leaf is about to leave.
    pub(super) fn answered(&mut self, index: u64, now: Instant) {
        if index < self.covered {
            return;
        }
        let step = Duration::from_millis(GRACE_STEP_MS);
        let full = self.waiting.len() >= GRACE_STEPS_MAX;
        match self.waiting.back_mut() {
            // Answers of one moment count as the first of them, which is stricter.
            Some(last) if full || now.duration_since(last.since) < step => {
                last.index = last.index.max(index);
            }
            last => {
                let index = last.map_or(index, |last| last.index.max(index));
                self.waiting.push_back(Waiting { index, since: now });
            }
        }
    }

    /// A quorum covers so many leaves.
    pub(super) fn cover(&mut self, size: u64) {
        self.covered = self.covered.max(size);
        while self.waiting.front().is_some_and(|first| first.index < self.covered) {
            self.waiting.pop_front();
        }
    }

    /// Whether an answer waited too long.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.waiting.front().is_some_and(|first| now.duration_since(first.since) >= self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn an_answer_waits_for_a_minute_and_not_longer() {
        let (mut grace, start) = (Grace::new(LONGEST, 0), Instant::now());
        assert!(!grace.is_late(start + seconds(10_000)), "nothing was answered");
        grace.answered(7, start);
        assert!(!grace.is_late(start + LONGEST - Duration::from_millis(1)));
        assert!(grace.is_late(start + LONGEST));
        grace.cover(7);
        assert!(grace.is_late(start + LONGEST), "the leaf itself is not covered");
        grace.cover(8);
        assert!(!grace.is_late(start + seconds(10_000)));
        grace.cover(3);
        assert_eq!(grace.covered, 8, "what is covered stays so");
        grace.answered(7, start);
        assert!(!grace.is_late(start + seconds(10_000)), "it was covered already");
    }

    #[test]
    fn every_answer_has_its_own_time() {
        let (mut grace, start) = (Grace::new(LONGEST, 0), Instant::now());
        grace.answered(1, start);
        grace.answered(5, start + seconds(30));
        grace.cover(2);
        assert!(!grace.is_late(start + seconds(89)));
        assert!(grace.is_late(start + seconds(90)));
        // An answer on an older leaf than the last waits as long as that one's cover does.
        let mut grace = Grace::new(LONGEST, 0);
        grace.answered(5, start);
        grace.answered(1, start + seconds(30));
        grace.cover(2);
        assert!(grace.is_late(start + LONGEST));
        grace.cover(6);
        assert!(!grace.is_late(start + seconds(10_000)));
    }

    #[test]
    fn answers_that_nobody_covers_take_no_more_room_than_a_bound() {
        let (mut grace, start) = (Grace::new(LONGEST, 0), Instant::now());
        for number in 0..100_000 {
            grace.answered(number, start + Duration::from_millis(number * 10));
        }
        assert!(grace.waiting.len() <= GRACE_STEPS_MAX, "{}", grace.waiting.len());
        assert!(grace.is_late(start + LONGEST));
        grace.cover(99_999);
        assert!(grace.is_late(start + seconds(10_000)), "the last one still waits");
        grace.cover(100_000);
        assert!(grace.waiting.is_empty());
    }
}
