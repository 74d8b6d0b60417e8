//! Where in a file a problem stands. Looked up afterwards, in what is wrong only: rows in memory
//! know no lines.

use std::collections::BTreeMap;
use std::iter;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Problem;
use crate::parse::line_of;

/// Looks up the line of each problem that has none yet.
pub(crate) fn find(problems: &mut [Problem], files: &BTreeMap<String, String>) {
    let mut parsed: BTreeMap<String, Option<Spanned<DeTable<'_>>>> = BTreeMap::new();
    for problem in problems.iter_mut().filter(|problem| problem.line.is_none()) {
        let Some(text) = files.get(&problem.file) else { continue };
        let table = parsed.entry(problem.file.clone()).or_insert_with(|| DeTable::parse(text).ok());
        let Some(table) = table else { continue };
        problem.line = offset(table.get_ref(), problem).map(|at| line_of(text, at));
    }
}

/// The byte at which a problem begins: its value, else its column, else its entry.
fn offset(file: &DeTable<'_>, problem: &Problem) -> Option<usize> {
    let path: Vec<&str> = problem.column.iter().flat_map(|column| column.split('.')).collect();
    let value = problem.value.as_deref();
    if problem.row.is_empty() {
        return within(file, &path, value);
    }
    let mut found = None;
    let mut last = |entry: &DeTable<'_>, start: usize| {
        found = Some(within(entry, &path, value).unwrap_or(start));
    };
    entries(file, &problem.row, &mut last);
    // What is there once has no id: its key names it.
    let whole: Vec<&str> = iter::once(problem.row.as_str()).chain(path).collect();
    found.or_else(|| within(file, &whole, value))
}

/// Every entry with this id; of two with the same id the last one is the one too many.
fn entries(table: &DeTable<'_>, id: &str, found: &mut impl FnMut(&DeTable<'_>, usize)) {
    let own = table.iter().find(|(key, _)| key.get_ref() == "id");
    if let Some((_, value)) = own.filter(|(_, value)| is_word(value.get_ref(), id)) {
        found(table, value.span().start);
    }
    for value in table.values() {
        match value.get_ref() {
            DeValue::Table(inner) => entries(inner, id, found),
            DeValue::Array(items) => {
                for item in items.iter().filter_map(|item| item.get_ref().as_table()) {
                    entries(item, id, found);
                }
            }
            _ => {}
        }
    }
}

/// A column of an entry: a key of its own, or one of its conditions, facts or expectations.
fn within(entry: &DeTable<'_>, path: &[&str], value: Option<&str>) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let here = entry.iter().find(|(key, _)| key.get_ref() == first);
    let inner = || {
        let mut tables = entry.values().filter_map(|value| value.get_ref().as_table());
        tables.find_map(|table| within(table, path, value))
    };
    let Some((key, found)) = here else { return inner() };
    let deeper = found.get_ref().as_table().and_then(|table| within(table, rest, value));
    let word = value.and_then(|value| word(found, value));
    deeper.or(word).or(Some(key.span().start))
}

fn word(value: &Spanned<DeValue<'_>>, given: &str) -> Option<usize> {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().find_map(|item| word(item, given)),
        DeValue::Table(table) => table.values().find_map(|item| word(item, given)),
        other => is_word(other, given).then(|| value.span().start),
    }
}

fn is_word(value: &DeValue<'_>, given: &str) -> bool {
    matches!(value, DeValue::String(word) if word == given)
}
