//! Words of officers as words of Cedar.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Names of types that mean something else in Cedar.
const TAKEN: [&str; 9] =
    ["Action", "Bool", "Boolean", "Entity", "Extension", "Long", "Record", "Set", "String"];

/// A string of Cedar. What is not printable Latin is escaped: an officer's text then ends no
/// string, and no letter is taken for another one.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            ' '..='~' | '\u{c0}'..='\u{17f}' => out.push(letter),
            _ => out.extend(letter.escape_unicode()),
        }
    }
    out.push('"');
    out
}

/// A type name per column: `requester_kind` becomes `RequesterKind`. Where two would be called
/// alike, or the name is taken, the column's place is added.
pub(super) fn type_names<'a>(ids: impl Iterator<Item = &'a str>, tier: &str) -> Vec<String> {
    let mut seen = BTreeSet::from([tier.to_owned()]);
    seen.extend(TAKEN.map(str::to_owned));
    let names = ids.enumerate().map(|(at, id)| {
        let mut name = camel(id);
        while !seen.insert(name.clone()) {
            let _ = write!(name, "_{at}");
        }
        name
    });
    names.collect()
}

fn camel(id: &str) -> String {
    let words = id.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let name: String = words.map(capital).collect();
    // A type begins with a letter.
    if name.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        name
    } else {
        format!("Column{name}")
    }
}
