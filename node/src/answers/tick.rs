//! Answers leave on a tick, counted from the arrival of their question, so that time does not
//! tell a look-up that found something from one that did not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// When answers leave, and how many missed the first moment.
#[derive(Debug)]
pub(crate) struct Tick {
    every: Duration,
    late: AtomicU64,
}

impl Tick {
    /// At every multiple of `every` since a question arrived; zero is at once.
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, late: AtomicU64::new(0) }
    }

    /// Answers that left at a later tick than the first, since this process started: their number
    /// should stay zero, for a tick that work often misses hides nothing.
    pub(crate) fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// Waits for the next multiple since `arrived`.
    pub(super) async fn until_next(&self, arrived: Instant) {
        if let Some(leaves) = self.leaves(arrived.elapsed()) {
            sleep_until(arrived + leaves).await;
        }
    }

    /// When an answer leaves whose work took so long; a late one is counted.
    fn leaves(&self, work: Duration) -> Option<Duration> {
        let leaves = next(work, self.every)?;
        if leaves > self.every {
            self.late.fetch_add(1, Ordering::Relaxed);
        }
        Some(leaves)
    }
}

/// The first multiple of `tick` behind `elapsed`; none without a tick.
fn next(elapsed: Duration, tick: Duration) -> Option<Duration> {
    let passed = elapsed.as_nanos().checked_div(tick.as_nanos())?;
    let passed = u32::try_from(passed).unwrap_or(u32::MAX);
    Some(tick.saturating_mul(passed.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_tick_is_always_behind_and_no_tick_means_at_once() {
        let ms = Duration::from_millis;
        assert_eq!(next(ms(0), ms(100)), Some(ms(100)));
        assert_eq!(next(ms(99), ms(100)), Some(ms(100)));
        assert_eq!(next(ms(100), ms(100)), Some(ms(200)));
        assert_eq!(next(ms(5), ms(0)), None);
    }

    #[test]
    fn work_that_misses_its_tick_leaves_at_the_next_one_and_is_counted() {
        let ms = Duration::from_millis;
        let tick = Tick::new(ms(100));
        for (work, leaves, late) in [(0, 100, 0), (99, 100, 0), (101, 200, 1), (350, 400, 2)] {
            assert_eq!((tick.leaves(ms(work)), tick.late()), (Some(ms(leaves)), late));
        }
        assert_eq!(Tick::new(ms(0)).leaves(ms(5)), None);
    }
}
