//! Answers leave on a tick, counted from the arrival of their question, so that time does not
//! tell a look-up that found something from one that did not.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Waits for the next multiple of `tick` since `arrived`.
pub(super) async fn until_next(arrived: Instant, tick: Duration) {
    if let Some(wait) = next(arrived.elapsed(), tick) {
        sleep_until(arrived + wait).await;
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
}
