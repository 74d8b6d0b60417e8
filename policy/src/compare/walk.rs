//! Cuts the space of all questions into the regions where two packs decide otherwise.
//!
//! A region is cut along the rows that lie partly in it, until every row that still matters holds
//! it wholly or not at all. Where only rows are left that both packs have, nothing can differ and
//! the region is dropped unseen, so the work goes with what was changed, not with the table.

use std::collections::BTreeSet;

use grondslag_core::catalogue::RowId;

use super::NotComparable;
use super::cell::Cell;
use super::delta::{Delta, Opened};
use super::joint::{Content, Joint, JointRow, Side};
use crate::region::Region;
use crate::table::Effect;

/// How the packs part on a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Parting {
    /// Refused before, open after.
    NewlyPermitted,
    /// Open before, refused after.
    NewlyRefused,
    /// Open in both, with another outcome.
    Changed(Box<Delta>),
}

/// A region on which the packs part in one way, because of the same rows.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) parting: Parting,
    /// The rows that only one pack has and that make the difference.
    pub(super) rows: [BTreeSet<RowId>; 2],
    pub(super) region: Region,
}

/// What is sure of one pack on a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sure {
    Refused,
    Open,
    Not,
}

/// Every region on which the packs part.
pub(super) fn parts(joint: &Joint, steps_max: usize) -> Result<Vec<Part>, NotComparable> {
    let mut found = Vec::new();
    let mut stack = vec![Cell::of(joint.everything(), joint)];
    let mut steps = 0;
    while let Some(cell) = stack.pop() {
        steps += 1;
        if steps > steps_max {
            return Err(NotComparable::TooMany);
        }
        let region = joint.kinds.possible(&cell.region);
        if region.is_empty() {
            continue;
        }
        let seen = Seen::new(joint, Cell { region, ..cell });
        if seen.cannot_differ() {
            continue;
        }
        match seen.next_cut() {
            Some(row) => seen.cell.cut_along(row, joint, &mut stack),
            None => found.extend(seen.part()),
        }
    }
    Ok(found)
}

/// A cell of which it is known which rows matter.
struct Seen<'a> {
    joint: &'a Joint,
    cell: Cell,
    sure: [Sure; 2],
}

impl<'a> Seen<'a> {
    fn new(joint: &'a Joint, cell: Cell) -> Self {
        let cell = cell.sorted(joint);
        let mut seen = Self { joint, cell, sure: [Sure::Not; 2] };
        seen.sure = Side::BOTH.map(|side| seen.sure_of(side));
        seen
    }

    fn rows<'b>(&'b self, of: &'b [usize]) -> impl Iterator<Item = &'a JointRow> + 'b {
        of.iter().filter_map(|at| self.joint.rows.get(*at))
    }

    fn whole(&self, side: Side) -> impl Iterator<Item = &'a JointRow> + '_ {
        self.rows(&self.cell.whole).filter(move |row| row.is_in(side))
    }

    fn partly(&self, side: Side) -> impl Iterator<Item = &'a JointRow> + '_ {
        self.rows(&self.cell.partly).filter(move |row| row.is_in(side))
    }

    fn sure_of(&self, side: Side) -> Sure {
        let opens = |row: &JointRow| row.content.effect.opens();
        let denies = |row: &JointRow| row.content.effect == Effect::Deny;
        let opened = self.whole(side).any(opens);
        if self.whole(side).any(denies) || (!opened && !self.partly(side).any(opens)) {
            Sure::Refused
        } else if opened && !self.partly(side).any(denies) {
            Sure::Open
        } else {
            Sure::Not
        }
    }

    /// Both refuse, or only rows are left that both have.
    fn cannot_differ(&self) -> bool {
        let mut left = self.rows(&self.cell.whole).chain(self.rows(&self.cell.partly));
        self.sure == [Sure::Refused; 2] || left.all(JointRow::is_common)
    }

    /// The row to cut along next, or none when everything is decided.
    fn next_cut(&self) -> Option<usize> {
        let both_open = self.sure == [Sure::Open; 2];
        let matters = |at: usize| {
            let row = self.joint.rows.get(at)?;
            let counts = Side::BOTH.into_iter().any(|side| {
                row.is_in(side)
                    && match self.sure.get(side.at()) {
                        Some(Sure::Not) => row.content.effect != Effect::Hold,
                        Some(Sure::Open) => both_open,
                        _ => false,
                    }
            });
            let rank = match row.content.effect {
                _ if !row.is_common() => 0,
                Effect::Deny => 1,
                Effect::Permit | Effect::Review => 2,
                Effect::Hold | Effect::Lower => 3,
            };
            counts.then_some((rank, at))
        };
        let ranked = self.cell.partly.iter().filter_map(|at| matters(*at));
        ranked.min().map(|(_, at)| at)
    }

    fn part(&self) -> Option<Part> {
        let parting = match self.sure {
            [Sure::Refused, Sure::Open] => Parting::NewlyPermitted,
            [Sure::Open, Sure::Refused] => Parting::NewlyRefused,
            _ => {
                let [before, after] = Side::BOTH.map(|side| self.opened(side));
                Parting::Changed(Box::new(Delta::between(&before, &after)?))
            }
        };
        let rows = Side::BOTH.map(|side| self.because(side, &parting));
        Some(Part { parting, rows, region: self.cell.region })
    }

    fn opened(&self, side: Side) -> Opened {
        let rows: Vec<&Content> = self.whole(side).map(|row| &row.content).collect();
        Opened::of(&rows)
    }

    /// The rows of one pack alone that make the difference: what opens where it opens, what denies
    /// where it refuses.
    fn because(&self, side: Side, parting: &Parting) -> BTreeSet<RowId> {
        let counts = |row: &&JointRow| match (parting, side) {
            (Parting::Changed(_), _) => true,
            (Parting::NewlyPermitted, Side::After) | (Parting::NewlyRefused, Side::Before) => {
                row.content.effect.opens()
            }
            (Parting::NewlyPermitted, Side::Before) | (Parting::NewlyRefused, Side::After) => {
                row.content.effect == Effect::Deny
            }
        };
        let own = self.whole(side).filter(|row| !row.is_common());
        own.filter(counts).filter_map(|row| row.id(side).cloned()).collect()
    }
}
