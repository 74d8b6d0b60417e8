//! Words that the rules name, as a command lists them.

use grondslag_core::lang::Text;
use grondslag_policy::catalogue::Word;
use serde_json::{Value, json};

use crate::output::{Output, dim};

/// Tells words with their names, one to a line; they are given back for `--json`.
pub(crate) fn list(words: &[Word], out: Output) -> Vec<Value> {
    let each = words.iter().map(|word| {
        let label = word.label.in_lang(out.lang());
        out.line(&format!("    {:<16} {label}", word.id));
        json!({ "id": word.id, "label": label })
    });
    each.collect()
}

/// Tells what is not certain of them, if the rules say so.
pub(crate) fn note(note: Option<&Text>, out: Output) -> Option<String> {
    let note = note.map(|note| note.in_lang(out.lang()).to_owned());
    if let Some(note) = &note {
        out.line(&dim(&format!("? {note}")));
    }
    note
}
