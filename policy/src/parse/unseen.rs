//! Characters that a reader does not see, or that turn what is read around.
//!
//! A pack is read by people before they sign it. What they cannot see has no place in it, written
//! out or as an escape of TOML (Unicode UAX 9, UTR 36 and UTS 39).

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::line_of;
use crate::fault::{Fault, Problem};

/// Turns the direction of text, takes no place, or looks like nothing.
pub(crate) fn is_unseen(one: char) -> bool {
    matches!(
        one,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}'
            | '\u{e0000}'..='\u{10ffff}'
    )
}

/// The first unseen character of a file, if it has one.
pub(crate) fn first(file: &str, text: &str) -> Option<Problem> {
    let problem = |one: char, at: usize| {
        let code = format!("U+{:04X}", u32::from(one));
        Problem::new(file, "", Fault::Unseen, "").given(&code).on_line(line_of(text, at))
    };
    let ends_line = |at: usize| text.as_bytes().get(at + 1) == Some(&b'\n');
    let mut chars = text.char_indices();
    let hidden = chars.find(|(at, one)| match one {
        '\n' | '\t' => false,
        '\r' => !ends_line(*at),
        one => one.is_control() || is_unseen(*one),
    });
    if let Some((at, one)) = hidden {
        return Some(problem(one, at));
    }
    // Only an escape can still hide one.
    let table = text.contains('\\').then(|| DeTable::parse(text).ok()).flatten()?;
    let (one, at) = in_table(table.get_ref())?;
    Some(problem(one, at))
}

fn in_table(table: &DeTable<'_>) -> Option<(char, usize)> {
    table.iter().find_map(|(key, value)| in_text(key).or_else(|| in_value(value)))
}

fn in_value(value: &Spanned<DeValue<'_>>) -> Option<(char, usize)> {
    match value.get_ref() {
        DeValue::String(text) => hidden(text).map(|one| (one, value.span().start)),
        DeValue::Array(items) => items.iter().find_map(in_value),
        DeValue::Table(table) => in_table(table),
        _ => None,
    }
}

fn in_text(key: &Spanned<Cow<'_, str>>) -> Option<(char, usize)> {
    hidden(key.get_ref()).map(|one| (one, key.span().start))
}

fn hidden(text: &str) -> Option<char> {
    text.chars().find(|one| (one.is_control() && *one != '\n') || is_unseen(*one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<(String, usize)> {
        let problem = first("a.toml", text)?;
        assert_eq!((problem.file.as_str(), problem.fault), ("a.toml", Fault::Unseen));
        Some((problem.value?, problem.line?))
    }

    #[test]
    fn what_is_not_seen_is_named_by_code_point_and_line() {
        for (text, code, line) in [
            ("a = 'x'\nb = 'x\u{202e}y'", "U+202E", 2),
            ("# a remark\u{2066}\n", "U+2066", 1),
            ("\u{feff}a = 'x'", "U+FEFF", 1),
            ("\n\na = 'x\u{2028}y'", "U+2028", 3),
            ("a = 'x\u{200b}'", "U+200B", 1),
            ("a = 'x\u{3164}'", "U+3164", 1),
            ("a = 'x\u{85}'", "U+0085", 1),
            ("a = 'x\u{7f}'", "U+007F", 1),
            ("a = 'x'\rb = 'y'", "U+000D", 1),
            ("a = 'x'\nb = [\"\\u202e\"]", "U+202E", 2),
            ("a = 'x'\n\"\\u200b\" = 1", "U+200B", 2),
            ("\n\na = [{ b = \"\\U000E0041\" }]", "U+E0041", 3),
            ("a = \"\\b\"", "U+0008", 1),
            ("a = \"\\r\"", "U+000D", 1),
        ] {
            assert_eq!(found(text), Some((code.to_owned(), line)), "{text:?}");
        }
    }

    #[test]
    fn ordinary_text_of_any_language_is_let_through() {
        for text in [
            "a = 'één ≠ twee – “ja” € \u{a0}'\n\tb = \"l\\n\\\"x\\\"\"\r\n",
            "a = 'Україна العربية 中文'",
            "a = '''\nover two\nlines'''",
        ] {
            assert_eq!(found(text), None, "{text:?}");
        }
    }
}
