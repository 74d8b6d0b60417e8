//! The change of one row, as an officer says it.

use std::collections::BTreeMap;

use serde::Serialize;
use toml_edit::{DocumentMut, Table, Value};

use super::toml_row::{copied, find, list, not, put, put_in, said, take};
use crate::fault::{Fault, PackError, Problem};
use crate::pack::Pack;

/// One condition of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Only these values.
    Only(String, Vec<String>),
    /// Every value but these.
    Not(String, Vec<String>),
    /// Any value: the column is taken out.
    Any(String),
}

/// What a row says besides its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// What it does.
    Outcome,
    /// Up to where.
    Tier,
    /// In force, proposed or off.
    Status,
    /// The term of the reply.
    Deadline,
    /// The subject is told.
    Notify,
    /// Its grounds.
    Legal,
    /// What must be done with the answer.
    Obligations,
    /// Its sentence in Dutch.
    TextNl,
    /// Its sentence in English.
    TextEn,
    /// Its open legal question in Dutch.
    NoteNl,
    /// Its open legal question in English.
    NoteEn,
}

/// A change of one row.
#[derive(Debug, Clone, Default)]
pub struct Edit {
    /// The row.
    pub row: String,
    /// It stays as it is; a copy of it under this id is changed.
    pub copy_as: Option<String>,
    /// It is taken away.
    pub remove: bool,
    /// Conditions that are set.
    pub conditions: Vec<Condition>,
    /// What else it says; an empty text takes the key away.
    pub keys: Vec<(Key, String)>,
}

/// What one key said, and says now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The key as it is written in the file, such as `when.purpose`.
    pub key: String,
    /// Before; nothing when it was not there.
    pub from: Option<String>,
    /// Now; nothing when it was taken away.
    pub to: Option<String>,
}

/// A change that loads.
#[derive(Debug)]
pub struct Edited {
    /// The file that it is in.
    pub file: String,
    /// That file's new text.
    pub text: String,
    /// What it changes.
    pub changes: Vec<Change>,
    /// The rules as they were.
    pub before: Pack,
    /// The rules with the change.
    pub after: Pack,
    /// Every file, with the change.
    pub files: BTreeMap<String, String>,
}

impl Key {
    /// Where it stands in a row: the table inside it, and the key.
    const fn place(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Outcome => (None, "outcome"),
            Self::Tier => (None, "tier_max"),
            Self::Status => (None, "status"),
            Self::Deadline => (None, "deadline"),
            Self::Notify => (None, "notify"),
            Self::Legal => (None, "legal"),
            Self::Obligations => (None, "obligations"),
            Self::TextNl => (Some("text"), "nl"),
            Self::TextEn => (Some("text"), "en"),
            Self::NoteNl => (Some("note"), "nl"),
            Self::NoteEn => (Some("note"), "en"),
        }
    }

    fn value(self, text: &str) -> Value {
        match self {
            Self::Legal | Self::Obligations => {
                let words = text.split(',').map(|word| word.trim().to_owned());
                list(&words.collect::<Vec<_>>())
            }
            Self::Notify => match text {
                "true" => true.into(),
                "false" => false.into(),
                other => other.into(),
            },
            _ => text.into(),
        }
    }
}

impl Edit {
    /// Changes the rules in memory.
    ///
    /// # Errors
    /// [`PackError`] when the rules do not load, before or after, or the row or a column is not
    /// there. A line is not named: the changed text stands nowhere.
    pub fn of(&self, files: &BTreeMap<String, String>) -> Result<Edited, PackError> {
        let before = Pack::from_files(files)?;
        let row = before.rows().iter().find(|row| row.id.as_str() == self.row);
        let Some(row) = row else {
            let known = before.rows().iter().map(|row| row.id.as_str());
            return Err(one(Problem::unknown(("table", ""), "row", &self.row, known)));
        };
        self.columns_are_known(&before, &row.file)?;
        let file = row.file.to_string();
        let (text, changes) = self.changed(&file, files)?;
        let mut files = files.clone();
        files.insert(file.clone(), text.clone());
        let after = Pack::from_files(&files).map_err(without_lines)?;
        Ok(Edited { file, text, changes, before, after, files })
    }

    fn columns_are_known(&self, pack: &Pack, file: &str) -> Result<(), PackError> {
        let columns = self.conditions.iter().map(Condition::column);
        let unknown = columns.filter(|column| pack.catalogue().column(column).is_none());
        let problems = unknown
            .map(|column| Problem::no_column((file, &self.row), column, pack.catalogue()))
            .collect::<Vec<_>>();
        if problems.is_empty() { Ok(()) } else { Err(PackError { problems }) }
    }

    fn changed(
        &self,
        file: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<(String, Vec<Change>), PackError> {
        let text = files.get(file).map_or("", String::as_str);
        let syntax = |detail: &str| one(Problem::new(file, &self.row, Fault::Syntax, detail));
        let mut document: DocumentMut = text.parse().map_err(|_| syntax("toml_edit"))?;
        let Some((rows, at)) = find(&mut document, &self.row) else {
            return Err(syntax("[[rule.row]]"));
        };
        let old = rows.get(at).cloned().unwrap_or_default();
        if self.remove {
            rows.remove(at);
            return Ok((document.to_string(), differences(&old, &Table::new())));
        }
        let at = match &self.copy_as {
            None => at,
            Some(id) => {
                rows.push(copied(&old, id));
                rows.len() - 1
            }
        };
        let Some(row) = rows.get_mut(at) else { return Err(syntax("[[rule.row]]")) };
        self.conditions.iter().for_each(|condition| condition.put(row));
        for (key, text) in &self.keys {
            match (key.place(), text.as_str()) {
                ((outer, key), "") => drop(take(row, outer, key)),
                ((None, name), text) => put(row, name, key.value(text)),
                ((Some(outer), name), text) => put_in(row, outer, name, key.value(text)),
            }
        }
        let base = if self.copy_as.is_some() { Table::new() } else { old };
        let changes = differences(&base, row);
        Ok((document.to_string(), changes))
    }
}

impl Condition {
    fn column(&self) -> &str {
        match self {
            Self::Only(column, _) | Self::Not(column, _) | Self::Any(column) => column,
        }
    }

    fn put(&self, row: &mut Table) {
        match self {
            Self::Only(column, values) => put_in(row, "when", column, list(values)),
            Self::Not(column, values) => put_in(row, "when", column, not(values)),
            Self::Any(column) => drop(take(row, Some("when"), column)),
        }
    }
}

/// Every key that says something else, in the order of the row.
fn differences(old: &Table, new: &Table) -> Vec<Change> {
    let mut keys: Vec<(Option<String>, String)> = Vec::new();
    for (outer, item) in old.iter().chain(new.iter()) {
        let inner = item.as_table_like().filter(|_| matches!(outer, "when" | "text" | "note"));
        let found: Vec<_> = match inner {
            None => vec![(None, outer.to_owned())],
            Some(inner) => {
                inner.iter().map(|(key, _)| (Some(outer.to_owned()), key.to_owned())).collect()
            }
        };
        for key in found {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    let changes = keys.into_iter().filter_map(|(outer, key)| {
        let (from, to) = (said(old, outer.as_deref(), &key), said(new, outer.as_deref(), &key));
        let name = outer.map_or_else(|| key.clone(), |outer| format!("{outer}.{key}"));
        (from != to).then_some(Change { key: name, from, to })
    });
    changes.collect()
}

fn without_lines(mut error: PackError) -> PackError {
    error.problems.iter_mut().for_each(|problem| problem.line = None);
    error
}

fn one(problem: Problem) -> PackError {
    PackError { problems: vec![problem] }
}
