//! Time of certificates: always system time, whatever the region's clock says (design 4).

use grondslag_core::clock::Timestamp;
use rustls::pki_types::UnixTime;

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// The system's time, which certificates and lists of revoked certificates are judged by. For
/// nothing else: dates of questions and terms come from a `Clock`.
pub fn tls_now() -> Timestamp {
    // A clock beyond the year 292 million cannot be; clamped, everything has expired.
    let ms = i64::try_from(UnixTime::now().as_secs().saturating_mul(1_000)).unwrap_or(i64::MAX);
    Timestamp::from_ms(ms)
}

/// Whole days from `now` to `until`; negative once it has passed.
pub fn days_left(until: Timestamp, now: Timestamp) -> i64 {
    until.since_ms(now).div_euclid(DAY_MS)
}

/// This moment plus whole days.
pub(crate) fn plus_days(from: Timestamp, days: u16) -> Timestamp {
    from.plus_ms(i64::from(days).saturating_mul(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_left_are_whole_and_turn_negative_when_time_is_up() {
        let now = Timestamp::from_ms(0);
        assert_eq!(days_left(plus_days(now, 7), now), 7);
        assert_eq!(days_left(now.plus_ms(DAY_MS - 1), now), 0);
        assert_eq!(days_left(now.plus_ms(-1), now), -1);
    }
}
