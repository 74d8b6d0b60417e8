//! Values as they are typed.

use grondslag_core::clock::{TimeError, Timestamp};
use jiff::civil::Date;

/// Length of `YYYY-MM-DD`.
const DATE_LEN: usize = 10;

/// The first moment that lies outside: a date counts as a whole day.
pub(crate) fn until(text: &str) -> Result<Timestamp, TimeError> {
    if text.len() != DATE_LEN {
        return Timestamp::parse(text);
    }
    let date: Date = text.parse().map_err(|_| TimeError)?;
    Timestamp::start_of(date.tomorrow().map_err(|_| TimeError)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_counts_as_a_whole_day_and_a_moment_as_itself() {
        let next = Timestamp::parse("2029-01-01T00:00").unwrap();
        assert_eq!(until("2028-12-31"), Ok(next));
        assert_eq!(until("2029-01-01T00:00"), Ok(next));
        for bad in ["", "2028-02-31", "31-12-2028", "tomorrow"] {
            assert_eq!(until(bad), Err(TimeError), "{bad}");
        }
    }
}
