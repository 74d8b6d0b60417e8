//! An overview on the screen, and as JSON.

use grondslag_core::clock::Timestamp;
use grondslag_proto::v1;
use serde_json::{Value, json};

use crate::output::{Output, bold, dim, yellow};

/// Said where there is no line: it says nothing about whether anybody asked.
pub(super) const NOTHING: (&str, &str) = (
    "Er zijn geen gegevens die wij u mogen laten zien. Dat zegt niet of er iets is gevraagd.",
    "There is nothing that we may show you. That does not say whether anybody asked.",
);

/// Prints the overview.
pub(super) fn print(view: &v1::OwnView, out: Output) {
    for line in &view.lines {
        out.line(&bold(&line.sentence));
        out.line(&format!("    {}  {}  {}", line.role, line.purpose, line.time));
        for one in &line.categories {
            let came = if one.outcome.is_empty() {
                String::new()
            } else {
                format!("  {}", one.outcome_label)
            };
            out.line(&format!("    {}{came}", one.label));
            if !one.grounds.is_empty() {
                out.line(&dim(&format!("      {}", one.grounds.join("; "))));
            }
        }
        out.line(&dim(&format!("    {}", hex::encode(&line.target_id))));
    }
    if view.lines.is_empty() {
        out.line(&dim(out.tr(NOTHING.0, NOTHING.1)));
    }
    if !view.not_reached.is_empty() {
        let lead = out.tr("Niet bereikt:", "Not reached:");
        out.line(&yellow(&format!("{lead} {}", view.not_reached.join(", "))));
    }
    for note in &view.notes {
        out.note(&dim(note));
    }
}

/// The overview as JSON.
pub(crate) fn view_json(view: &v1::OwnView) -> Value {
    json!({
        "made_at": Timestamp::from_ms(view.made_at_ms),
        "made_on": view.made_on,
        "lines": view.lines.iter().map(line_json).collect::<Vec<_>>(),
        "not_reached": view.not_reached,
        "unnamed": view.unnamed,
        "more": view.more,
        "notes": view.notes,
    })
}

fn line_json(line: &v1::OwnViewLine) -> Value {
    json!({
        "day": line.day,
        "time": line.time,
        "asker": line.asker,
        "role": line.role,
        "holder": line.holder,
        "purpose": line.purpose,
        "purpose_code": line.purpose_code,
        "categories": line.categories.iter().map(category_json).collect::<Vec<_>>(),
        "sentence": line.sentence,
        "audit_prove": { "question": hex::encode(&line.target_id), "ledgers": line.ledger_oins },
    })
}

fn category_json(one: &v1::OwnViewCategory) -> Value {
    json!({
        "code": one.code,
        "label": one.label,
        "outcome": one.outcome,
        "outcome_label": one.outcome_label,
        "grounds": one.grounds,
    })
}
