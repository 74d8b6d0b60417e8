//! Reading TOML entry by entry, so that an error names the entry and not only the file.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use crate::fault::{Fault, Problem, Problems};

/// Parses a file; what is not TOML becomes an empty table and a problem.
pub(crate) fn table(file: &str, text: &str, problems: &mut Problems) -> toml::Table {
    match toml::from_str(text) {
        Ok(table) => table,
        Err(error) => {
            let line = error.span().map_or(0, |span| line_of(text, span.start));
            let detail = format!("line {line}: {}", error.message());
            problems.push(Problem::new(file, "", Fault::Syntax, detail));
            toml::Table::new()
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
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
            problems.push(Problem::new(file, "", Fault::Field, detail));
            Vec::new()
        }
    };
    let mut seen = BTreeSet::new();
    let mut read = Vec::with_capacity(items.len());
    for item in items {
        let id = id_of(&item);
        if !seen.insert(id.clone()) {
            problems.push(Problem::new(file, &id, Fault::DuplicateId, name));
        }
        match item.try_into() {
            Ok(entry) => read.push(entry),
            Err(error) => {
                problems.push(Problem::new(file, &id, Fault::Field, one_line(&error)));
            }
        }
    }
    read
}

/// The `id` of a table, for messages.
pub(crate) fn id_of(item: &toml::Value) -> String {
    let id = item.get("id").and_then(toml::Value::as_str);
    id.unwrap_or("?").to_owned()
}

pub(crate) fn one_line(error: &toml::de::Error) -> String {
    error.message().lines().collect::<Vec<_>>().join(" ")
}

/// Refuses what no reader took out of the table.
pub(crate) fn no_other_keys(file: &str, table: &toml::Table, problems: &mut Problems) {
    for key in table.keys() {
        problems.push(Problem::new(file, "", Fault::Field, format!("\"{key}\"")));
    }
}

/// Turns the direction of text, or takes no place (Unicode UAX 9 and UTR 36).
pub(crate) fn is_unseen(one: char) -> bool {
    matches!(
        one,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}
