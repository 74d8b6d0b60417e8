//! A person's name and date of birth.

use std::fmt;

use grondslag_core::clock::{age_on, parse_date};
use jiff::civil::Date;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::limits::NAME_CHARS_MAX;

/// A name as the register writes it. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Name {
    given: String,
    prefix: String,
    family: String,
}

/// A name without any part, too long, or with a control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has at least a given or a family name, of at most 200 characters each, on one line"
)]
pub struct NameError;

impl Name {
    /// Takes given names, the prefix ("van der") and the family name; any two may be empty.
    ///
    /// # Errors
    /// [`NameError`] when given and family name are both empty, or a part is too long or not
    /// plain text.
    pub fn parse(given: &str, prefix: &str, family: &str) -> Result<Self, NameError> {
        let parts = [given, prefix, family].map(str::trim);
        let plain = |part: &&str| {
            part.chars().count() <= NAME_CHARS_MAX && !part.chars().any(char::is_control)
        };
        let [given, prefix, family] = parts;
        if !parts.iter().all(plain) || (given.is_empty() && family.is_empty()) {
            return Err(NameError);
        }
        Ok(Self { given: given.to_owned(), prefix: prefix.to_owned(), family: family.to_owned() })
    }

    /// Given names, separated by spaces.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The prefix of the family name, often empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The family name without its prefix.
    pub fn family(&self) -> &str {
        &self.family
    }

    /// The whole name, for a screen of the agency that holds it.
    pub fn expose(&self) -> String {
        let parts = [&self.given, &self.prefix, &self.family].map(String::as_str);
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(…)")
    }
}

/// A date of birth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BirthDate(Date);

/// Not a calendar date written as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date of birth is written YYYY-MM-DD")]
pub struct BirthDateError;

impl BirthDate {
    /// Parses `YYYY-MM-DD`. Whether it lies in the past is for whoever knows the date to say.
    ///
    /// # Errors
    /// [`BirthDateError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BirthDateError> {
        parse_date(text).map(Self).map_err(|_| BirthDateError)
    }

    /// Whole years on a date: what age bands are computed from. Before birth it is 0.
    pub fn age_on(self, date: Date) -> u16 {
        age_on(self.0, date)
    }

    /// The date itself.
    pub fn expose(self) -> Date {
        self.0
    }
}

impl From<Date> for BirthDate {
    fn from(date: Date) -> Self {
        Self(date)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_needs_a_given_or_a_family_name_on_one_line() {
        assert!(Name::parse("Noor", "", "").is_ok());
        assert!(Name::parse("", "", "Terpstra").is_ok());
        assert_eq!(Name::parse(" ", "van", ""), Err(NameError));
        assert_eq!(Name::parse("No\nor", "", ""), Err(NameError));
        assert!(Name::parse(&"é".repeat(200), "", "").is_ok());
        assert_eq!(Name::parse(&"é".repeat(201), "", ""), Err(NameError));
    }

    #[test]
    fn a_whole_name_has_single_spaces_and_debug_shows_none_of_it() {
        let name = Name::parse(" Lotte ", "de", "Wit").unwrap();
        assert_eq!(name.expose(), "Lotte de Wit");
        assert_eq!(Name::parse("Noor", "", "Terpstra").unwrap().expose(), "Noor Terpstra");
        assert_eq!(format!("{name:?}"), "Name(…)");
    }

    #[test]
    fn a_date_of_birth_is_a_calendar_date_and_does_not_show() {
        let birth = BirthDate::parse("2010-03-11").unwrap();
        assert_eq!(birth.age_on("2026-03-10".parse().unwrap()), 15);
        assert_eq!(birth.age_on("2026-03-11".parse().unwrap()), 16);
        assert_eq!(format!("{birth:?}"), "BirthDate(…)");
        for bad in ["", "2010-02-30", "11-03-2010", "2010-3-11", "2010-03-11T10:00"] {
            assert_eq!(BirthDate::parse(bad), Err(BirthDateError), "{bad}");
        }
    }
}
