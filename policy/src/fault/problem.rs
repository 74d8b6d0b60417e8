//! One thing that is wrong, and where.

use std::fmt;

use grondslag_core::lang::{Lang, Text};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::Fault;
use super::near::{by_likeness, nearest};
use crate::catalogue::Catalogue;
use crate::facts::FactError;
use crate::limits::ALLOWED_SHOWN_MAX;

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the policy folder.
    pub file: String,
    /// The line in it, where that is known.
    pub line: Option<usize>,
    /// The row, case or catalogue entry; empty when the whole file is meant.
    pub row: String,
    /// The column of the table, or the key of the entry.
    pub column: Option<String>,
    /// What was given there.
    pub value: Option<String>,
    /// What may be given there; empty when that is no closed list.
    pub allowed: Vec<String>,
    /// The allowed value that looks most like the one given.
    pub nearest: Option<String>,
    /// What is wrong.
    pub fault: Fault,
    /// Further particulars: ids and values, the same in every language.
    pub detail: String,
}

impl Problem {
    pub(crate) fn new(file: &str, row: &str, fault: Fault, detail: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            row: row.to_owned(),
            column: None,
            value: None,
            allowed: Vec::new(),
            nearest: None,
            fault,
            detail: detail.into(),
        }
    }

    /// An unknown word: `column` names the list it was looked up in.
    pub(crate) fn unknown<'a>(
        (file, row): (&str, &str),
        column: &str,
        given: &str,
        allowed: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self::new(file, row, Fault::UnknownValue, "").at(column).given(given).may_be(allowed)
    }

    /// A column that the table does not have.
    pub(crate) fn no_column((file, row): (&str, &str), given: &str, catalogue: &Catalogue) -> Self {
        let columns = catalogue.columns().iter().map(|column| column.id.as_str());
        Self::new(file, row, Fault::UnknownValue, "").at(given).may_be(columns)
    }

    /// Facts that the catalogue does not know.
    pub(crate) fn of_fact(at: (&str, &str), error: &FactError, catalogue: &Catalogue) -> Self {
        match error {
            FactError::Column { given, .. } => Self::no_column(at, given, catalogue),
            FactError::Value { column, given, .. } => {
                let values = catalogue.column(column).into_iter().flat_map(|column| &column.values);
                Self::unknown(at, column, given, values.map(|value| value.id.as_str()))
            }
            FactError::NotSingle { column } => {
                Self::new(at.0, at.1, Fault::Field, error.to_string()).at(column)
            }
            FactError::Missing { .. } | FactError::Shape(_) => {
                Self::new(at.0, at.1, Fault::MissingKey, error.to_string())
            }
        }
    }

    /// In this column, or at this key.
    #[must_use]
    pub(crate) fn at(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned()).filter(|column| !column.is_empty());
        self
    }

    /// On this line.
    #[must_use]
    pub(crate) fn on_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// With this value.
    #[must_use]
    pub(crate) fn given(mut self, value: &str) -> Self {
        self.value = Some(value.to_owned());
        self
    }

    /// Where only these values may stand; to be said after column and value.
    #[must_use]
    pub(crate) fn may_be<'a>(mut self, allowed: impl Iterator<Item = &'a str>) -> Self {
        self.allowed = allowed.map(str::to_owned).collect();
        let words = self.allowed.iter().map(String::as_str);
        self.nearest = self.word().and_then(|given| nearest(given, words));
        self
    }

    /// The word that was given: a value, or else the key itself.
    fn word(&self) -> Option<&str> {
        let key = || self.column.as_deref()?.rsplit('.').next();
        self.value.as_deref().or_else(key)
    }

    /// What is wrong, the nearest right value and what else may stand there, and what to do.
    pub fn sentence(&self, lang: Lang) -> String {
        let lead = self.fault.sentence(lang);
        let given = match (&self.column, &self.value) {
            (None, None) => String::new(),
            (Some(column), None) => format!(": {column}"),
            (None, Some(value)) => format!(": \"{value}\""),
            (Some(column), Some(value)) => format!(": {column} \"{value}\""),
        };
        let detail = match (self.detail.as_str(), given.is_empty()) {
            ("", _) => String::new(),
            (detail, true) => format!(": {detail}"),
            (detail, false) => format!(" ({detail})"),
        };
        let hint = match (&self.nearest, lang) {
            (None, _) => String::new(),
            (Some(word), Lang::Nl) => format!(" Bedoelt u \"{word}\"?"),
            (Some(word), Lang::En) => format!(" Did you mean \"{word}\"?"),
        };
        let advice = self.fault.advice(lang);
        format!("{lead}{given}{detail}.{hint}{} {advice}", self.allowed_in(lang))
    }

    /// The allowed values; of a long list the nearest few and how many more.
    fn allowed_in(&self, lang: Lang) -> String {
        let label = match lang {
            Lang::Nl => "Toegestaan",
            Lang::En => "Allowed",
        };
        if self.allowed.is_empty() {
            return String::new();
        }
        if self.allowed.len() <= ALLOWED_SHOWN_MAX {
            return format!(" {label}: {}.", self.allowed.join(", "));
        }
        let near = by_likeness(self.word().unwrap_or_default(), &self.allowed);
        let shown: Vec<&str> = near.into_iter().take(ALLOWED_SHOWN_MAX).collect();
        let more = self.allowed.len() - shown.len();
        let rest = match lang {
            Lang::Nl => format!("en nog {more}"),
            Lang::En => format!("and {more} more"),
        };
        format!(" {label}: {} {rest}.", shown.join(", "))
    }

    /// File, line and row, as people read a place.
    pub fn place(&self, lang: Lang) -> String {
        let line = self.line.map(|line| match lang {
            Lang::Nl => format!("regel {line}"),
            Lang::En => format!("line {line}"),
        });
        let parts = [Some(self.file.clone()), line, Some(self.row.clone())];
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(Lang::En), self.sentence(Lang::En))
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sentence = Text { nl: self.sentence(Lang::Nl), en: self.sentence(Lang::En) };
        let mut out = serializer.serialize_struct("Problem", 10)?;
        out.serialize_field("file", &self.file)?;
        out.serialize_field("line", &self.line)?;
        out.serialize_field("row", &self.row)?;
        out.serialize_field("column", &self.column)?;
        out.serialize_field("value", &self.value)?;
        out.serialize_field("allowed", &self.allowed)?;
        out.serialize_field("nearest", &self.nearest)?;
        out.serialize_field("reason", self.fault.code())?;
        out.serialize_field("detail", &self.detail)?;
        out.serialize_field("sentence", &sentence)?;
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_purposes(count: usize) -> Problem {
        let words: Vec<String> = (1..=count).map(|at| format!("D{at:02}")).collect();
        let words = words.iter().map(String::as_str);
        Problem::unknown(("table/a.toml", "R05.1"), "purpose", "D1", words).on_line(7)
    }

    #[test]
    fn a_problem_names_place_column_allowed_values_and_what_to_do_in_both_languages() {
        let problem = of_purposes(2);
        assert_eq!(
            problem.to_string(),
            "table/a.toml, line 7, R05.1: This value is not in the catalogue: purpose \"D1\". \
             Did you mean \"D01\"? Allowed: D01, D02. \
             Choose one of the allowed values, or add the value to catalogue.toml."
        );
        assert_eq!(problem.place(Lang::Nl), "table/a.toml, regel 7, R05.1");
        let dutch = problem.sentence(Lang::Nl);
        assert!(dutch.contains("Bedoelt u \"D01\"? Toegestaan: D01, D02. Kies "), "{dutch}");
    }

    #[test]
    fn a_long_list_is_short_in_text_and_whole_in_json() {
        let problem = of_purposes(64);
        let text = problem.sentence(Lang::En);
        assert!(text.contains("Allowed: D01, D10,") && text.contains(" and 56 more."), "{text}");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["allowed"].as_array().unwrap().len(), 64);
        assert_eq!(json["reason"], "UNKNOWN_VALUE");
        let place = [&json["file"], &json["row"], &json["column"], &json["value"]];
        assert_eq!(place, ["table/a.toml", "R05.1", "purpose", "D1"]);
        assert_eq!((&json["line"], &json["nearest"]), (&7.into(), &"D01".into()));
    }

    #[test]
    fn particulars_stand_behind_what_was_given() {
        let problem = Problem::new("pack.toml", "", Fault::Field, "a text");
        assert!(problem.to_string().contains("wrong form: a text. Write"), "{problem}");
        let at = problem.at("version").given("3");
        assert!(at.to_string().contains("wrong form: version \"3\" (a text). Write"), "{at}");
    }
}
