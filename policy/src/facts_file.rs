//! Facts as JSON: an object of column -> value or list of values, or a list of such objects.
//!
//! ```json
//! { "requester_role": "gem.lokaalteam", "purpose": "D01", "category": "G05",
//!   "target_kind": "jha", "case_fact": "stated", "age_band": ["lt12", "12-15"] }
//! ```
//!
//! `requester_role`, `purpose`, `category` and `target_kind` must be named. The other visible
//! columns have the defaults of an ordinary question, the requester's kind follows from the role,
//! a sealed column that is not named counts as nobody having stated it, and a setting as the pack
//! says. Unknown keys and values are refused.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::catalogue::Visibility;
use crate::facts::{FactError, Facts, Value};
use crate::limits::FACT_SETS_MAX;
use crate::pack::Pack;

/// Columns that a question must name.
const REQUIRED: [&str; 4] = ["requester_role", "purpose", "category", "target_kind"];

/// What an ordinary question says of the other visible columns.
const DEFAULTS: [(&str, &str); 5] = [
    ("query_kind", "Q02"),
    ("urgency", "standard"),
    ("approvals", "none"),
    ("break_glass", "no"),
    ("level", "person"),
];

/// One or more sets of facts, as the file had them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsFile {
    /// The sets, at least the one of a file that is an object.
    pub sets: Vec<Facts>,
    /// The file was a list: the answer is one too.
    pub is_list: bool,
}

impl FactsFile {
    /// Reads a JSON facts file.
    ///
    /// # Errors
    /// [`FactError`] for another shape, an unknown column or value (with the nearest known one),
    /// or a missing column.
    pub fn parse(pack: &Pack, json: &str) -> Result<Self, FactError> {
        let json: Json =
            serde_json::from_str(json).map_err(|error| FactError::Shape(error.to_string()))?;
        let (items, is_list) = match json {
            Json::Array(items) => (items, true),
            one => (vec![one], false),
        };
        if items.len() > FACT_SETS_MAX {
            return Err(FactError::Shape(format!("more than {FACT_SETS_MAX}")));
        }
        let sets = items.iter().map(|item| read(pack, item)).collect::<Result<_, _>>()?;
        Ok(Self { sets, is_list })
    }
}

fn read(pack: &Pack, json: &Json) -> Result<Facts, FactError> {
    let object = json.as_object().ok_or_else(|| FactError::Shape("no object".to_owned()))?;
    let named: Result<BTreeMap<_, _>, _> = object
        .iter()
        .map(|(column, words)| Ok((column.clone(), words_of(column, words)?)))
        .collect();
    pack.facts_from(&named?)
}

fn words_of(column: &str, json: &Json) -> Result<Vec<String>, FactError> {
    let shape = || FactError::Shape(column.to_owned());
    let word = |json: &Json| json.as_str().map(str::to_owned).ok_or_else(shape);
    match json {
        Json::Array(list) => list.iter().map(word).collect(),
        one => word(one).map(|word| vec![word]),
    }
}

impl Pack {
    /// Facts from names: column -> values, completed as a facts file is.
    ///
    /// # Errors
    /// As [`FactsFile::parse`].
    pub fn facts_from(&self, named: &BTreeMap<String, Vec<String>>) -> Result<Facts, FactError> {
        let missing = REQUIRED.into_iter().filter(|column| !named.contains_key(*column));
        let missing: Vec<String> = missing.map(str::to_owned).collect();
        let mut facts = self.facts();
        self.assume(&mut facts);
        // The role goes first, so that a requester kind that is named stands.
        let (roles, others): (Vec<_>, Vec<_>) =
            named.iter().partition(|(column, _)| *column == "requester_role");
        for (column, values) in roles.into_iter().chain(others) {
            self.set_many(&mut facts, column, values)?;
        }
        if missing.is_empty() { Ok(facts) } else { Err(FactError::Missing { columns: missing }) }
    }

    /// Fills in what an ordinary question leaves unsaid.
    fn assume(&self, facts: &mut Facts) {
        for (column, value) in DEFAULTS {
            // A pack without the column, or without the value, has nothing to assume.
            let _ = self.set(facts, column, value);
        }
        let columns = self.catalogue().columns().iter().enumerate();
        for (at, column) in columns.filter(|(_, c)| c.visibility == Visibility::Sealed) {
            if let Some(value) = column.when_absent() {
                facts.set(Value::new(at, value));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::pack;

    const ASK: &str =
        r#""requester_role": "gem.lokaalteam", "purpose": "D01", "target_kind": "jha""#;

    #[test]
    fn an_ordinary_question_needs_four_columns_and_decides() {
        let pack = pack();
        let file = FactsFile::parse(&pack, &format!("{{{ASK}, \"category\": \"G05\"}}")).unwrap();
        assert!(!file.is_list);
        assert!(file.sets[0].is_single());
    }

    #[test]
    fn a_list_of_objects_is_a_list_of_facts() {
        let pack = pack();
        let one = format!("{{{ASK}, \"category\": [\"G05\", \"G06\"]}}");
        let file = FactsFile::parse(&pack, &format!("[{one}, {one}]")).unwrap();
        assert!(file.is_list);
        assert_eq!(file.sets.len(), 2);
        assert!(!file.sets[0].is_single(), "two categories");
    }

    #[test]
    fn unknown_words_are_refused_with_the_nearest_known_one() {
        let pack = pack();
        let parse = |more: &str| {
            let json = format!("{{{ASK}, \"category\": \"G05\", {more}}}");
            FactsFile::parse(&pack, &json).unwrap_err().to_string()
        };
        assert_eq!(
            parse(r#""urgensy": "acute""#),
            "\"urgensy\" is not a column of the table; did you mean \"urgency\"?"
        );
        assert_eq!(
            parse(r#""urgency": "akute""#),
            "\"akute\" is not a value of urgency; did you mean \"acute\"?"
        );
        assert!(parse(r#""urgency": 3"#).contains("urgency"));
        assert!(parse(r#""urgency": []"#).contains("exactly one"));
    }

    #[test]
    fn columns_that_a_question_must_name_are_listed() {
        let error = FactsFile::parse(&pack(), r#"{"purpose": "D01"}"#).unwrap_err();
        assert_eq!(error.to_string(), "missing: requester_role, category, target_kind");
        assert!(FactsFile::parse(&pack(), "3").is_err());
        assert!(FactsFile::parse(&pack(), "{").is_err());
    }
}
