//! Time as a value that is passed in.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Time zone of every term and slot: agencies keep Dutch office hours.
const ZONE: &str = "Europe/Amsterdam";
/// Length of `YYYY-MM-DD`.
const DATE_LEN: usize = 10;

/// A moment: milliseconds since the Unix epoch, UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(i64);

/// A moment or date was not written as RFC 3339, or lies outside the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a moment such as 2026-09-15T09:00:00+02:00 or 2026-09-15T09:00 (Dutch time)")]
pub struct TimeError;

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This moment plus (or minus) milliseconds, clamped at the ends of time.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this moment.
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Parses RFC 3339, or a civil date and time taken as Dutch time.
    ///
    /// # Errors
    /// [`TimeError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(moment.as_millisecond()));
        }
        let civil: jiff::civil::DateTime = text.parse().map_err(|_| TimeError)?;
        let zoned = civil.to_zoned(zone()).map_err(|_| TimeError)?;
        Ok(Self(zoned.timestamp().as_millisecond()))
    }

    /// The first moment that lies outside a term: a date counts as a whole day, a moment as
    /// itself.
    ///
    /// # Errors
    /// [`TimeError`] for neither.
    pub fn parse_until(text: &str) -> Result<Self, TimeError> {
        match parse_date(text) {
            Ok(date) => Self::start_of(date.tomorrow().map_err(|_| TimeError)?),
            Err(TimeError) => Self::parse(text),
        }
    }

    /// The calendar date in the Netherlands.
    pub fn date(self) -> Date {
        self.zoned().date()
    }

    /// The hour of the day in the Netherlands, 0 to 23.
    pub fn hour(self) -> u8 {
        self.zoned().hour().unsigned_abs()
    }

    /// Dutch date and time, for people: `2026-09-15 09:00`.
    pub fn local(self) -> String {
        self.zoned().strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The next moment at which it is one of these full hours in the Netherlands. A day has at
    /// least one of them.
    #[must_use]
    pub fn next_hour_of(self, hours: &[i8]) -> Self {
        let today = self.date();
        let days = [Some(today), today.tomorrow().ok()];
        let moments = days.into_iter().flatten().flat_map(|date| {
            let at = move |hour: &i8| date.at(*hour, 0, 0, 0).to_zoned(zone()).ok();
            hours.iter().filter_map(at)
        });
        let moments = moments.map(|zoned| Self(zoned.timestamp().as_millisecond()));
        let later = moments.filter(|moment| *moment > self).min();
        later.unwrap_or(self.plus_ms(24 * 3_600_000))
    }

    /// This moment so many years and days later on the Dutch calendar, at the same time of day;
    /// clamped at the end of the calendar. A day that the month does not have is its last.
    #[must_use]
    pub fn plus_calendar(self, years: u16, days: u32) -> Self {
        let span = jiff::Span::new().try_years(years).and_then(|span| span.try_days(days));
        let later = span.and_then(|span| self.zoned().checked_add(span));
        later.map_or(Self(i64::MAX), |later| Self(later.timestamp().as_millisecond()))
    }

    /// This moment so many months later on the Dutch calendar, as [`Timestamp::plus_calendar`].
    #[must_use]
    pub fn plus_months(self, months: u8) -> Self {
        let span = jiff::Span::new().try_months(months);
        let later = span.and_then(|span| self.zoned().checked_add(span));
        later.map_or(Self(i64::MAX), |later| Self(later.timestamp().as_millisecond()))
    }

    /// Start of a Dutch calendar date.
    ///
    /// # Errors
    /// [`TimeError`] outside the calendar.
    pub fn start_of(date: Date) -> Result<Self, TimeError> {
        let zoned = date.to_zoned(zone()).map_err(|_| TimeError)?;
        Ok(Self(zoned.timestamp().as_millisecond()))
    }

    fn zoned(self) -> jiff::Zoned {
        let end = if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(end).to_zoned(zone())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.zoned().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    }
}

fn zone() -> TimeZone {
    // The zone is bundled; UTC only if the bundle itself were damaged, which shifts terms by two
    // hours at most and stops nothing.
    TimeZone::get(ZONE).unwrap_or(TimeZone::UTC)
}

/// Parses a date written as `YYYY-MM-DD`, and nothing longer: a parser of dates would take a date
/// with a time too.
///
/// # Errors
/// [`TimeError`] for anything else.
pub fn parse_date(text: &str) -> Result<Date, TimeError> {
    if text.len() == DATE_LEN { text.parse().map_err(|_| TimeError) } else { Err(TimeError) }
}

/// Whole years from birth to a date: the age that age bands are computed from.
pub fn age_on(birth: Date, on: Date) -> u16 {
    let years = on.year() - birth.year();
    let before_birthday = (on.month(), on.day()) < (birth.month(), birth.day());
    u16::try_from(years - i16::from(before_birthday)).unwrap_or(0)
}

/// Where dates come from. Timeouts, grace and ticks use monotonic time instead (design 4).
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment. It never goes back within one process.
    fn now(&self) -> Timestamp;
}

/// A clock that moves only when told: for tests.
#[derive(Debug, Default)]
pub struct SetClock(AtomicI64);

impl SetClock {
    /// A clock that stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.ms()))
    }

    /// Moves the clock; unlike a real one it may go back, which is what a test wants to try.
    pub fn set(&self, to: Timestamp) {
        self.0.store(to.ms(), Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_birthday_counts_from_its_own_day() {
        assert_eq!(age_on(date("2010-03-11"), date("2026-03-10")), 15);
        assert_eq!(age_on(date("2010-03-11"), date("2026-03-11")), 16);
        assert_eq!(age_on(date("2012-02-29"), date("2024-02-28")), 11);
        assert_eq!(age_on(date("2026-01-01"), date("2025-01-01")), 0);
    }

    #[test]
    fn civil_time_is_dutch_time_in_summer_and_winter() {
        let summer = Timestamp::parse("2026-06-02T10:15").unwrap();
        assert_eq!(summer, Timestamp::parse("2026-06-02T08:15:00Z").unwrap());
        let winter = Timestamp::parse("2026-01-15T10:15").unwrap();
        assert_eq!(winter, Timestamp::parse("2026-01-15T09:15:00Z").unwrap());
        assert_eq!(summer.to_string(), "2026-06-02T10:15:00+02:00");
        assert_eq!((summer.hour(), winter.hour()), (10, 10));
        assert!(Timestamp::parse("soon").is_err());
    }

    #[test]
    fn years_and_days_are_those_of_the_calendar() {
        let at = |text| Timestamp::parse(text).unwrap();
        let start = at("2028-02-29T09:00");
        assert_eq!(start.plus_calendar(5, 0), at("2033-02-28T09:00"));
        assert_eq!(start.plus_calendar(0, 30), at("2028-03-30T09:00"));
        assert_eq!(start.plus_calendar(0, 0), start);
        assert_eq!(start.plus_calendar(u16::MAX, 0), Timestamp::from_ms(i64::MAX));
    }

    #[test]
    fn a_date_counts_as_a_whole_day_and_a_moment_as_itself() {
        let next = Timestamp::parse("2029-01-01T00:00").unwrap();
        assert_eq!(Timestamp::parse_until("2028-12-31"), Ok(next));
        assert_eq!(Timestamp::parse_until("2029-01-01T00:00"), Ok(next));
        for bad in ["", "2028-02-31", "31-12-2028", "tomorrow"] {
            assert_eq!(Timestamp::parse_until(bad), Err(TimeError), "{bad}");
        }
    }

    #[test]
    fn a_date_has_no_time() {
        assert_eq!(parse_date("2028-12-31"), Ok(date("2028-12-31")));
        for bad in ["2028-12-31T10:15", "20281231", "2028-02-31", "31-12-2028"] {
            assert_eq!(parse_date(bad), Err(TimeError), "{bad}");
        }
    }
}
