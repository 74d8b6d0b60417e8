//! The decision table in memory: rows as regions, found by bit sets.

use std::fmt;
use std::str::FromStr;

use grondslag_core::clock::Timestamp;
use serde::{Serialize, Serializer};

pub(crate) mod index;
pub(crate) mod read;
mod row;

pub(crate) use index::{Reached, RowSet, Table};
pub use row::{Effect, Row, Rule};

/// A term of the law, as written in a row: `30min`, `2h`, `5wd`, `14d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// Minutes.
    Minutes(u16),
    /// Hours.
    Hours(u16),
    /// Working days.
    WorkingDays(u16),
    /// Calendar days.
    Days(u16),
}

/// A term was not written as a number and `min`, `h`, `wd` or `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a term is a number and min, h, wd or d, such as 2h or 5wd")]
pub struct TermError;

impl Term {
    /// For comparing terms only: a working day counts as a day.
    fn minutes_about(self) -> u32 {
        match self {
            Self::Minutes(n) => n.into(),
            Self::Hours(n) => u32::from(n) * 60,
            Self::WorkingDays(n) | Self::Days(n) => u32::from(n) * 1_440,
        }
    }

    /// The shorter of two terms.
    #[must_use]
    pub fn shorter(self, other: Self) -> Self {
        if other.minutes_about() < self.minutes_about() { other } else { self }
    }
}

impl FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or(TermError)?;
        let number = number.parse().map_err(|_| TermError)?;
        match unit {
            "min" => Ok(Self::Minutes(number)),
            "h" => Ok(Self::Hours(number)),
            "wd" => Ok(Self::WorkingDays(number)),
            "d" => Ok(Self::Days(number)),
            _ => Err(TermError),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(n) => write!(f, "{n}min"),
            Self::Hours(n) => write!(f, "{n}h"),
            Self::WorkingDays(n) => write!(f, "{n}wd"),
            Self::Days(n) => write!(f, "{n}d"),
        }
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// When a row counts: from a moment, until before a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Window {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Window {
    pub(crate) fn always(self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Holds at every moment that the other one does.
    pub(crate) fn holds_during(self, other: Self) -> bool {
        self.from.is_none_or(|from| other.from.is_some_and(|other| from <= other))
            && self.until.is_none_or(|until| other.until.is_some_and(|other| other <= until))
    }

    /// The moments at which it begins and ends to hold.
    pub(crate) fn bounds(self) -> impl Iterator<Item = Timestamp> {
        [self.from, self.until].into_iter().flatten()
    }

    pub(crate) fn holds(self, on: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_reads_back_as_it_was_written() {
        for text in ["30min", "2h", "5wd", "14d"] {
            assert_eq!(text.parse::<Term>().unwrap().to_string(), text);
        }
        for bad in ["", "h", "2", "2 h", "-2h", "2weeks", "99999h"] {
            assert_eq!(bad.parse::<Term>(), Err(TermError), "{bad}");
        }
    }

    #[test]
    fn the_shorter_term_wins() {
        assert_eq!(Term::WorkingDays(3).shorter(Term::Hours(2)), Term::Hours(2));
        assert_eq!(Term::Hours(2).shorter(Term::WorkingDays(3)), Term::Hours(2));
    }

    #[test]
    fn a_window_begins_at_its_start_and_ends_before_its_end() {
        let at = Timestamp::from_ms;
        let window = Window { from: Some(at(10)), until: Some(at(20)) };
        assert!(!window.holds(at(9)) && window.holds(at(10)));
        assert!(window.holds(at(19)) && !window.holds(at(20)));
        assert!(Window::default().always() && Window::default().holds(at(0)));
    }
}
