//! Cuts a region of one pack into the pieces that are open in one way.

use crate::compare::NotComparable;
use crate::compare::cell::Cell;
use crate::compare::joint::Joint;
use crate::region::Region;
use crate::table::Effect;

/// Every piece of `base` that is open, with the rows that hold it.
pub(super) fn open(
    joint: &Joint,
    base: &Region,
    steps_max: usize,
) -> Result<Vec<(Region, Vec<usize>)>, NotComparable> {
    let mut found = Vec::new();
    let mut stack = vec![Cell::of(*base, joint)];
    let mut steps = 0;
    while let Some(cell) = stack.pop() {
        steps += 1;
        if steps > steps_max {
            return Err(NotComparable::TooMany);
        }
        if cell.region.is_empty() {
            continue;
        }
        let cell = cell.sorted(joint);
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
        match cell.partly.iter().min_by_key(rank) {
            None => found.push((cell.region, cell.whole)),
            Some(row) => cell.cut_along(*row, joint, &mut stack),
        }
    }
    Ok(found)
}
