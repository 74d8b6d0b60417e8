//! Rules as their files say them, changed in some places.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_policy::Pack;
use toml::{Table, Value};

/// The folder of the rows.
const TABLES: &str = "table/";
/// A day without a change of the clock.
const DAY_MS: i64 = 86_400_000;

/// A policy folder.
#[derive(Debug, Clone)]
pub(crate) struct Draft(BTreeMap<String, String>);

/// A row as its file has it.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) id: String,
    /// Column to values.
    pub(crate) when: BTreeMap<String, Words>,
    /// When it begins and ends to count.
    pub(crate) bounds: Vec<Timestamp>,
}

/// The values of a column that a row names.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    These(Vec<String>),
    Not(Vec<String>),
}

impl Words {
    pub(crate) fn hold(&self, value: &str) -> bool {
        let is = |word: &String| word == value;
        match self {
            Self::These(words) => words.iter().any(is),
            Self::Not(words) => !words.iter().any(is),
        }
    }
}

impl Draft {
    /// The rules that come with the program.
    pub(crate) fn builtin() -> Self {
        Self(Pack::builtin_files())
    }

    pub(crate) fn pack(&self) -> Pack {
        Pack::from_files(&self.0).unwrap()
    }

    /// With one row changed.
    pub(crate) fn with(mut self, id: &str, change: impl FnOnce(&mut Table)) -> Self {
        self.at_row(id, |rows, at| change(rows[at].as_table_mut().unwrap()));
        self
    }

    /// With a row that is written like another one, and then changed.
    pub(crate) fn with_another(
        mut self,
        like: &str,
        id: &str,
        change: impl FnOnce(&mut Table),
    ) -> Self {
        self.at_row(like, |rows, at| {
            let mut row = rows[at].as_table().unwrap().clone();
            row.insert("id".to_owned(), id.into());
            change(&mut row);
            rows.push(Value::Table(row));
        });
        self
    }

    /// Without a row.
    pub(crate) fn without(mut self, id: &str) -> Self {
        self.at_row(id, |rows, at| drop(rows.remove(at)));
        self
    }

    /// With an entry of the catalogue written like another one, under a code of its own.
    pub(crate) fn with_entry(mut self, list: &str, like: &str, id: &str) -> Self {
        let text = self.0.get_mut("catalogue.toml").unwrap();
        let mut catalogue: Table = text.parse().unwrap();
        let entries = catalogue[list].as_array_mut().unwrap();
        let mut entry =
            entries.iter().find(|entry| entry["id"].as_str() == Some(like)).unwrap().clone();
        entry.as_table_mut().unwrap().insert("id".to_owned(), id.into());
        entries.push(entry);
        *text = toml::to_string(&catalogue).unwrap();
        self
    }

    /// With another value for a setting of the pack.
    pub(crate) fn with_setting(mut self, column: &str, value: &str) -> Self {
        let text = self.0.get_mut("pack.toml").unwrap();
        let mut pack: Table = text.parse().unwrap();
        pack["settings"].as_table_mut().unwrap().insert(column.to_owned(), value.into());
        *text = toml::to_string(&pack).unwrap();
        self
    }

    fn at_row(&mut self, id: &str, change: impl FnOnce(&mut Vec<Value>, usize)) {
        for (_, text) in self.0.iter_mut().filter(|(path, _)| path.starts_with(TABLES)) {
            let mut table: Table = text.parse().unwrap();
            for rule in table["rule"].as_array_mut().unwrap() {
                let rows = rule["row"].as_array_mut().unwrap();
                if let Some(at) = rows.iter().position(|row| row["id"].as_str() == Some(id)) {
                    change(rows, at);
                    *text = toml::to_string(&table).unwrap();
                    return;
                }
            }
        }
        panic!("no row {id}");
    }

    /// Every row in force.
    pub(crate) fn rows(&self) -> Vec<Written> {
        let tables = self.0.iter().filter(|(path, _)| path.starts_with(TABLES));
        let tables = tables.map(|(_, text)| text.parse::<Table>().unwrap());
        let rules = tables.flat_map(|table| table["rule"].as_array().unwrap().clone());
        let rows = rules.flat_map(|rule| rule["row"].as_array().unwrap().clone());
        let in_force =
            rows.filter(|row| row.get("status").is_none_or(|it| it.as_str() == Some("in_force")));
        in_force.map(|row| written(&row)).collect()
    }
}

fn written(row: &Value) -> Written {
    let when = row.get("when").and_then(Value::as_table).cloned().unwrap_or_default();
    let moment = |key: &str, days: i64| {
        let midnight = format!("{}T00:00", row.get(key)?.as_str().unwrap());
        Some(Timestamp::parse(&midnight).unwrap().plus_ms(days * DAY_MS))
    };
    // The last day is one on which the row counts.
    let bounds = [moment("valid_from", 0), moment("valid_until", 1)].into_iter().flatten();
    Written {
        id: row["id"].as_str().unwrap().to_owned(),
        when: when.iter().map(|(column, value)| (column.clone(), words(value))).collect(),
        bounds: bounds.collect(),
    }
}

fn words(value: &Value) -> Words {
    match value {
        Value::Table(table) => Words::Not(list(&table["not"])),
        these => Words::These(list(these)),
    }
}

fn list(value: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().map_or_else(|| vec![word(value)], |all| all.iter().map(word).collect())
}

/// Says which values of a column a row is about.
pub(crate) fn when(row: &mut Table, column: &str, values: &[&str]) {
    let values: Vec<Value> = values.iter().map(|value| (*value).into()).collect();
    let when = row["when"].as_table_mut().unwrap();
    when.insert(column.to_owned(), values.into());
}
