//! Reading TOML entry by entry, so that an error names the entry and not only the file.

use std::collections::BTreeSet;

use grondslag_core::lang::Text;
use serde::de::DeserializeOwned;

use crate::fault::{Fault, Problem, Problems};
use crate::limits::FILE_BYTES_MAX;

mod entry;
mod unseen;

pub(crate) use entry::{Wrong, read};
pub(crate) use unseen::{first as first_unseen, is_unseen};

/// How well a statute was read.
const MARKS: [&str; 4] = ["V", "V-", "M", "U"];

/// Parses a file; what is not TOML becomes an empty table and a problem, and so does what is too
/// large to look at or not what a reader sees.
pub(crate) fn table(file: &str, text: &str, problems: &mut Problems) -> toml::Table {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > FILE_BYTES_MAX {
        problems.push(too_large(file, bytes, FILE_BYTES_MAX));
        return toml::Table::new();
    }
    if let Some(problem) = unseen::first(file, text) {
        problems.push(problem);
        return toml::Table::new();
    }
    match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            let problem = Problem::new(file, "", Fault::Syntax, one_line(&error));
            problems.push(problem.on_line(line));
            toml::Table::new()
        }
    }
}

/// A file, or all files of a folder, with too many bytes.
pub(crate) fn too_large(file: &str, bytes: u64, bytes_max: u64) -> Problem {
    Problem::new(file, "", Fault::TooMany, format!("{bytes} > {bytes_max} bytes"))
}

/// The line that a byte of a text stands on.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    let before = text.bytes().take(at);
    1 + before.filter(|byte| *byte == b'\n').count()
}

/// Takes the array `name` out of a table and reads its entries, each with an `id` of its own.
pub(crate) fn entries<T: DeserializeOwned>(
    file: &str,
    name: &str,
    table: &mut toml::Table,
    problems: &mut Problems,
) -> Vec<T> {
    let items = match table.remove(name) {
        None => Vec::new(),
        Some(toml::Value::Array(items)) => items,
        Some(_) => {
            let detail = format!("[[{name}]]");
            problems.push(Problem::new(file, "", Fault::Field, detail).at(name));
            Vec::new()
        }
    };
    let mut seen = BTreeSet::new();
    let mut read = Vec::with_capacity(items.len());
    for item in items {
        let id = id_of(&item);
        if !seen.insert(id.clone()) {
            problems.push(Problem::new(file, &id, Fault::DuplicateId, name).at("id").given(&id));
        }
        match entry::read(item) {
            Ok(entry) => read.push(entry),
            Err(wrong) => problems.push(wrong.problem(file, &id)),
        }
    }
    read
}

/// The `id` of a table, for messages.
pub(crate) fn id_of(item: &toml::Value) -> String {
    let id = item.get("id").and_then(toml::Value::as_str);
    id.unwrap_or("?").to_owned()
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().collect::<Vec<_>>().join(" ")
}

/// An entry says how well its statute was read, and has a note unless that was in the statute.
pub(crate) fn marked(
    (file, row): (&str, &str),
    mark: &str,
    note: Option<&Text>,
    problems: &mut Problems,
) {
    if !MARKS.contains(&mark) {
        problems.push(Problem::unknown((file, row), "mark", mark, MARKS.into_iter()));
    }
    if mark != "V" && note.is_none() {
        problems.push(Problem::new(file, row, Fault::MissingText, "").at("note"));
    }
}

/// Refuses what no reader took out of the table, which may hold these keys.
pub(crate) fn no_other_keys(
    file: &str,
    table: &toml::Table,
    allowed: &[&str],
    problems: &mut Problems,
) {
    for key in table.keys() {
        let problem = Problem::new(file, "", Fault::Field, "").at(key);
        problems.push(problem.may_be(allowed.iter().copied()));
    }
}
