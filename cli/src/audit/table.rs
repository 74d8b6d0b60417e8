//! Decisions as a table (RFC 4180), for a spreadsheet.
//!
//! A cell that begins as a formula does is made text with an apostrophe: what stands in a record
//! is partly another agency's word, and a spreadsheet would run it. A Dutch one may take `;` for
//! the end of a cell, and some take a line's end or a tab for one within quotes too: what follows
//! one is treated as the beginning of a cell.

use grondslag_core::answer::Basis;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;

use super::decision::Decision;
use crate::exit::Failure;

/// The columns.
const COLUMNS: [&str; 18] = [
    "party",
    "ledger",
    "index",
    "target_id",
    "decided_at",
    "asker",
    "asker_role",
    "purpose",
    "target",
    "category",
    "outcome",
    "tier",
    "rules",
    "legal_source",
    "reason",
    "shown",
    "policy",
    "engine",
];
/// How a formula begins.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// What some spreadsheets take for the end of a cell.
const ENDS: [char; 4] = [';', '\t', '\r', '\n'];
/// Between several values of one cell.
const BETWEEN: &str = " ";

/// What was decided on one category.
struct Ruled {
    category: String,
    outcome: &'static str,
    tier: String,
    basis: Basis,
    reason: Option<Reason>,
    shown: &'static str,
}

/// The head of the table.
pub(super) fn head() -> Result<String, Failure> {
    line(&COLUMNS.map(str::to_owned))
}

/// A line per category of a decision.
pub(super) fn rows(
    party: &Oin,
    (ledger, index): (&str, u64),
    decision: &Decision,
) -> Result<Vec<String>, Failure> {
    let (role, purpose, target, policy, engine) = match decision {
        Decision::Broker(record) => {
            let header = &record.asked.header;
            let policy = format!("{}@{}", record.bundle, record.version);
            (&header.role, &header.purpose, &record.leaf.target, policy, &record.engine)
        }
        Decision::Holder(record) => {
            let policy = format!("{}@{}", record.bundle, record.version);
            (&record.role, &record.purpose, party, policy, &record.engine)
        }
    };
    let rows = ruled(decision).into_iter().map(|one| {
        line(&[
            party.to_string(),
            ledger.to_owned(),
            index.to_string(),
            decision.target_id().to_string(),
            decision.decided_at().to_string(),
            decision.asker().to_string(),
            role.to_string(),
            purpose.to_string(),
            target.to_string(),
            one.category,
            one.outcome.to_owned(),
            one.tier,
            joined(&one.basis.rows),
            joined(&one.basis.grounds),
            one.reason.map(Reason::code).unwrap_or_default().to_owned(),
            one.shown.to_owned(),
            policy.clone(),
            engine.clone(),
        ])
    });
    rows.collect()
}

fn ruled(decision: &Decision) -> Vec<Ruled> {
    match decision {
        Decision::Broker(record) => {
            let rulings = record.leaf.rulings.iter().zip(&record.rests_on);
            let rulings = rulings.map(|(ruling, (basis, reason))| Ruled {
                category: ruling.category.to_string(),
                outcome: ruling.verdict.word(),
                tier: ruling.cap.to_string(),
                basis: basis.clone(),
                reason: *reason,
                shown: "",
            });
            rulings.collect()
        }
        Decision::Holder(record) => {
            let lines = record.lines.iter().map(|line| Ruled {
                category: line.category.to_string(),
                outcome: line.outcome.word(),
                tier: line.tier.to_string(),
                basis: line.basis.clone(),
                reason: None,
                shown: line.shown.word(),
            });
            lines.collect()
        }
    }
}

fn joined<T: ToString>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(BETWEEN)
}

/// One line of the table, without its end.
fn line(cells: &[String]) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: String| Failure::new(Reason::Internal, error);
    writer
        .write_record(cells.iter().map(|cell| defused(cell)))
        .map_err(|error| failed(error.to_string()))?;
    let bytes = writer.into_inner().map_err(|error| failed(error.to_string()))?;
    let mut text = String::from_utf8(bytes).map_err(|error| failed(error.to_string()))?;
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}

fn defused(cell: &str) -> String {
    let parts = cell.split_inclusive(ENDS);
    // Within a line that is cut at other places than ours, a quote opens no text.
    let is_formula = |part: &str| part.trim_start_matches([' ', '"']).starts_with(FORMULA);
    let parts = parts.map(|part| {
        let quote = if is_formula(part) { "'" } else { "" };
        format!("{quote}{part}")
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_text() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+31", "'+31"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("G05", "G05"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a\nb", "\"a\nb\""),
            ("=a,b", "\"'=a,b\""),
            ("a;=1+1", "a;'=1+1"),
            ("a; =1+1;b", "a;' =1+1;b"),
            ("a;\"=1", "\"a;'\"\"=1\""),
            ("a\n@sum", "\"a\n'@sum\""),
            ("a\r\n-1", "\"a\r\n'-1\""),
            ("a\t+31", "a\t'+31"),
        ] {
            assert_eq!(line(&[cell.to_owned()]).unwrap(), written, "{cell}");
        }
    }

    #[test]
    fn the_head_names_every_column_once() {
        let head = head().unwrap();
        assert_eq!(head.trim_end().split(',').count(), COLUMNS.len());
        let mut names = COLUMNS.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), COLUMNS.len());
    }
}
