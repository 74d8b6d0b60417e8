//! Cuts a region of one pack into the pieces that are open in one way.

use std::collections::BTreeSet;

use grondslag_core::catalogue::Ground;
use grondslag_core::tier::{Tier, Verdict};

use crate::compare::NotComparable;
use crate::compare::joint::{Content, Joint};
use crate::region::{Region, cut};
use crate::table::{Effect, Term};

/// What is said of every point of an open piece.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outcome {
    pub(super) verdict: Verdict,
    pub(super) tier: Tier,
    pub(super) notify: bool,
    pub(super) duty: bool,
    pub(super) deadline: Option<String>,
    pub(super) obligations: BTreeSet<String>,
    pub(super) grounds: BTreeSet<Ground>,
}

impl Outcome {
    /// The one fixed meaning of the table, of rows that hold a piece wholly and none of which
    /// denies.
    pub(super) fn of<'a>(rows: impl Iterator<Item = &'a Content> + Clone) -> Self {
        let opens = rows.clone().filter(|row| row.effect.opens());
        let looked_at = rows.clone().any(|row| matches!(row.effect, Effect::Hold | Effect::Review));
        let terms = rows.clone().filter_map(|row| row.deadline);
        Self {
            verdict: if looked_at { Verdict::Review } else { Verdict::Permit },
            tier: opens.map(|row| row.tier).min().unwrap_or(Tier::T0),
            notify: rows.clone().any(|row| row.notify),
            duty: rows.clone().any(|row| row.duty),
            deadline: terms.reduce(Term::shorter).map(|term| term.to_string()),
            obligations: rows.clone().flat_map(|row| row.obligations.iter().cloned()).collect(),
            grounds: rows.flat_map(|row| row.legal.iter().cloned()).collect(),
        }
    }
}

/// A region with the rows that hold it wholly and those that may hold a part of it.
struct Cell {
    region: Region,
    whole: Vec<usize>,
    partly: Vec<usize>,
}

/// Every piece of `base` that is open, with the rows that hold it.
pub(super) fn open(
    joint: &Joint,
    base: &Region,
    steps_max: usize,
) -> Result<Vec<(Region, Vec<usize>)>, NotComparable> {
    let mut found = Vec::new();
    let partly = (0..joint.rows.len()).collect();
    let mut stack = vec![Cell { region: *base, whole: Vec::new(), partly }];
    let mut steps = 0;
    while let Some(cell) = stack.pop() {
        steps += 1;
        if steps > steps_max {
            return Err(NotComparable::TooMany);
        }
        if cell.region.is_empty() {
            continue;
        }
        let cell = sorted(joint, cell);
        let effect = |at: &usize| joint.rows.get(*at).map(|row| row.content.effect);
        let opens = |at: &usize| effect(at).is_some_and(Effect::opens);
        let denied = cell.whole.iter().any(|at| effect(at) == Some(Effect::Deny));
        if denied || !cell.whole.iter().chain(&cell.partly).any(opens) {
            continue;
        }
        // What opens first, so that nothing is cut that stays refused; then what denies.
        let rank = |at: &&usize| match effect(at) {
            Some(Effect::Permit | Effect::Review) => 0,
            Some(Effect::Deny) => 1,
            Some(Effect::Hold | Effect::Lower) | None => 2,
        };
        match cell.partly.iter().min_by_key(rank).and_then(|at| joint.rows.get(*at)) {
            None => found.push((cell.region, cell.whole)),
            Some(along) => {
                let mut keep = |region: Region| {
                    let (whole, partly) = (cell.whole.clone(), cell.partly.clone());
                    stack.push(Cell { region, whole, partly });
                };
                keep(cell.region.meet(&along.content.region));
                cut(cell.region, &along.content.region, keep);
            }
        }
    }
    Ok(found)
}

/// Moves the rows that hold the region wholly, and drops those that hold nothing of it.
fn sorted(joint: &Joint, mut cell: Cell) -> Cell {
    let mut partly = Vec::with_capacity(cell.partly.len());
    for at in cell.partly {
        let Some(row) = joint.rows.get(at) else { continue };
        if row.content.region.contains(&cell.region) {
            cell.whole.push(at);
        } else if row.content.region.intersects(&cell.region) {
            partly.push(at);
        }
    }
    cell.partly = partly;
    cell
}
