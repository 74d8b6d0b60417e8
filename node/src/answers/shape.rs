//! From decisions to what may be shown (domain 4a.23).
//!
//! Content may always be shown: it was permitted. That something was refused, is in review or is
//! absent tells that the child is known, so it is named only to an asker who may know that; to
//! everybody else it is neutral, as it is when the child is not known.

use grondslag_core::answer::{Basis, Record};
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_policy::{Minimised, Permit, Ruled};

use super::decide::{CategoryDecided, Decided, Found};
use super::record::{DecisionLine, Ruled as RuledAs, Shown};
use super::release::{Closed, Draft, Mismatch};
use super::verify::Attested;

/// Lines that say nothing, for a child who is not known here.
pub(super) fn miss(attested: &Attested) -> (Draft, Vec<DecisionLine>) {
    let start = (Draft::of(attested.statement()), Vec::new());
    attested.let_through().fold(start, |(draft, mut lines), ruling| {
        let category = ruling.category.clone();
        lines.push(DecisionLine {
            category: category.clone(),
            outcome: RuledAs::Miss,
            tier: Tier::T0,
            basis: Basis::default(),
            shown: Shown::Neutral,
            cap: ruling.cap,
            on: None,
        });
        (draft.close(Closed::Neutral(category)), lines)
    })
}

/// Lines that say nothing, of a notice about a child who is known here: what was decided stands in
/// the record alone.
pub(super) fn silent(attested: &Attested, decided: Decided) -> (Draft, Vec<DecisionLine>) {
    let start = (Draft::of(attested.statement()), Vec::new());
    decided.categories.into_iter().fold(start, |(draft, mut lines), category| {
        lines.push(line(&category));
        (draft.close(Closed::Neutral(category.category)), lines)
    })
}

/// What is recorded of one category while nothing of it is shown.
fn line(category: &CategoryDecided) -> DecisionLine {
    let verdict = category.verdict();
    DecisionLine {
        category: category.category.clone(),
        outcome: verdict.into(),
        tier: category.tier(),
        basis: category.basis(verdict),
        shown: Shown::Neutral,
        cap: category.cap,
        on: Some(category.on()),
    }
}

/// Lines for a child who is known here.
///
/// # Errors
/// [`Mismatch`] when a permit is of another question: a fault.
pub(super) fn known(
    attested: &Attested,
    decided: Decided,
    found: &Found,
    now: Timestamp,
) -> Result<(Draft, Vec<DecisionLine>), Mismatch> {
    let answer_by = attested.header().times.answer_by;
    let nameable = decided.naming.nameable;
    let mut draft = Draft::of(attested.statement());
    let mut lines = Vec::new();
    for category in decided.categories {
        let mut line = line(&category);
        let shape = Shape::of(category, &found.records, now);
        (draft, line.shown) = shape.add_to(draft, &line, nameable, answer_by)?;
        lines.push(line);
    }
    Ok((draft, lines))
}

/// What there is to show of one category, before it is asked whether it may be named.
enum Shape {
    Content(Vec<(Permit, Minimised)>),
    NoRecord,
    Refused(Reason),
    Review(Basis),
    /// Records exist, and none of their text is within the tier.
    Nothing,
}

impl Shape {
    fn of(decided: CategoryDecided, records: &[Record], now: Timestamp) -> Self {
        let verdict = decided.verdict();
        let reason = decided.with(Verdict::Refuse).find_map(|decision| decision.reason);
        let review = decided.basis(Verdict::Review);
        let reviewed = decided.with(Verdict::Review).next().is_some();
        let absent = !records.iter().any(|record| record.category == decided.category);
        let content = content(decided, records, now);
        match verdict {
            Verdict::Permit if !content.is_empty() => Self::Content(content),
            Verdict::Permit | Verdict::Review if reviewed => Self::Review(review),
            Verdict::Permit | Verdict::Review if absent => Self::NoRecord,
            Verdict::Permit | Verdict::Review => Self::Nothing,
            Verdict::Refuse => Self::Refused(reason.unwrap_or(Reason::NoRule)),
        }
    }

    fn add_to(
        self,
        draft: Draft,
        line: &DecisionLine,
        nameable: bool,
        until: Timestamp,
    ) -> Result<(Draft, Shown), Mismatch> {
        let (category, basis) = (line.category.clone(), line.basis.clone());
        let named = match self {
            Self::Content(parts) => {
                return Ok((draft.give(&category, basis, parts)?, Shown::Content));
            }
            Self::NoRecord => (Closed::NoRecord(category, basis), Shown::NoRecord),
            Self::Refused(reason) => (Closed::Refused(category, basis, reason), Shown::Refused),
            Self::Review(basis) => (Closed::Review(category, basis, until), Shown::Review),
            Self::Nothing => (Closed::Neutral(category), Shown::Neutral),
        };
        let (closed, shown) =
            if nameable { named } else { (Closed::Neutral(line.category.clone()), Shown::Neutral) };
        Ok((draft.close(closed), shown))
    }
}

/// The permitted files, minimised; those of which nothing is left, left out.
fn content(
    decided: CategoryDecided,
    records: &[Record],
    now: Timestamp,
) -> Vec<(Permit, Minimised)> {
    let permits = decided.rulings.into_iter().filter_map(|(_, ruled)| match ruled {
        Ruled::Permit(permit) => Some(permit),
        Ruled::Review(_) | Ruled::Refuse(_) => None,
    });
    permits
        .map(|permit| {
            let minimised = permit.minimise(records, &[], now);
            (permit, minimised)
        })
        .filter(|(_, minimised)| !minimised.entries().is_empty())
        .collect()
}
