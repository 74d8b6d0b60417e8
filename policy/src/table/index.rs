//! Finds the rows that match facts with one AND per column.
//!
//! Per column and value the index holds the set of rows that allow it, so a decision costs one AND
//! a column for every 64 rows.

use grondslag_core::clock::Timestamp;

use super::{Effect, Row};
use crate::catalogue::{Catalogue, Status};
use crate::limits::ROWS_MAX;
use crate::region::Region;

const WORDS: usize = ROWS_MAX / 64;

/// A set of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowSet([u64; WORDS]);

impl RowSet {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    fn add(&mut self, row: usize) {
        if let Some(word) = self.0.get_mut(row / 64) {
            *word |= 1 << (row % 64);
        }
    }

    #[must_use]
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= b);
        self
    }

    #[must_use]
    pub(crate) fn or(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a |= b);
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a &= !b);
        self
    }

    /// Keeps what the other has too; both have nothing beyond so many words.
    fn keep(&mut self, other: &Self, words: usize) {
        self.0.iter_mut().zip(&other.0).take(words).for_each(|(a, b)| *a &= b);
    }

    /// Adds what the other has, which has nothing beyond so many words.
    fn join(&mut self, other: &Self, words: usize) {
        self.0.iter_mut().zip(&other.0).take(words).for_each(|(a, b)| *a |= b);
    }

    pub(crate) fn any(&self) -> bool {
        self.0.iter().any(|word| *word != 0)
    }

    /// The numbers of the rows, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + use<> {
        let words = self.0.into_iter().enumerate();
        words.flat_map(|(at, word)| bits(word).map(move |bit| at * 64 + bit))
    }
}

/// The numbers of the bits that are set, ascending.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = word.trailing_zeros() as usize;
        word &= word.wrapping_sub(1);
        (bit < 64).then_some(bit)
    })
}

/// The rows that hold something of facts that are sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reached {
    /// Rows that hold at least one point.
    pub(crate) some: RowSet,
    /// Rows that hold every point.
    pub(crate) every: RowSet,
}

/// The rows that one column lets through.
#[derive(Debug, Clone)]
struct ByValue {
    full: u64,
    /// Per value, the rows that allow it.
    allowing: Vec<RowSet>,
    /// The rows that allow every value.
    free: RowSet,
}

/// Rows with their index.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    rows: Vec<Row>,
    /// How many words of a set have rows at all: the others need no look.
    words: usize,
    columns: Vec<ByValue>,
    all: RowSet,
    always: RowSet,
    /// Rows with a first or last day.
    dated: Vec<usize>,
    pub(crate) permits: RowSet,
    pub(crate) reviews: RowSet,
    pub(crate) holds: RowSet,
    pub(crate) denies: RowSet,
    pub(crate) lowers: RowSet,
}

impl Table {
    /// Indexes at most [`ROWS_MAX`] rows; the reader has refused more.
    pub(crate) fn new(rows: Vec<Row>, catalogue: &Catalogue) -> Self {
        let numbered = || rows.iter().enumerate().take(ROWS_MAX);
        let pick = |keep: &dyn Fn(&Row) -> bool| {
            let mut set = RowSet::EMPTY;
            let kept = numbered().filter(|(_, row)| keep(row));
            kept.for_each(|(at, _)| set.add(at));
            set
        };
        let by_value = |column: usize, full: u64| ByValue {
            full,
            allowing: (0..full.count_ones())
                .map(|value| pick(&|row| row.region.of(column) >> value & 1 == 1))
                .collect(),
            free: pick(&|row| row.region.of(column) == full),
        };
        let in_force = |row: &Row| row.status == Status::InForce;
        let of = |effect: Effect| pick(&|row| row.effect == effect);
        Self {
            columns: catalogue
                .everything()
                .sets()
                .take(catalogue.columns().len())
                .enumerate()
                .map(|(column, full)| by_value(column, full))
                .collect(),
            all: pick(&|_| true),
            always: pick(&|row| in_force(row) && row.window.always()),
            dated: numbered()
                .filter(|(_, row)| in_force(row) && !row.window.always())
                .map(|(at, _)| at)
                .collect(),
            permits: of(Effect::Permit),
            reviews: of(Effect::Review),
            holds: of(Effect::Hold),
            denies: of(Effect::Deny),
            lowers: of(Effect::Lower),
            words: rows.len().min(ROWS_MAX).div_ceil(64),
            rows,
        }
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows of a set, in the table's order.
    pub(crate) fn pick(&self, set: RowSet) -> impl Iterator<Item = &Row> {
        set.iter().filter_map(|at| self.rows.get(at))
    }

    pub(crate) fn in_force(&self, on: Timestamp) -> RowSet {
        let mut set = self.always;
        let dated = self.dated.iter().copied();
        dated
            .filter(|at| self.rows.get(*at).is_some_and(|row| row.window.holds(on)))
            .for_each(|at| set.add(at));
        set
    }

    /// The rows in force that hold a single point; `Err` with the first column that has no or
    /// more than one value.
    pub(crate) fn matching(&self, facts: &Region, on: Timestamp) -> Result<RowSet, usize> {
        let mut set = self.in_force(on);
        for (at, (column, mask)) in self.columns.iter().zip(facts.sets()).enumerate() {
            let value = mask.trailing_zeros() as usize;
            let allowing = column.allowing.get(value).filter(|_| mask.is_power_of_two());
            set.keep(allowing.ok_or(at)?, self.words);
        }
        Ok(set)
    }

    /// The rows in force that hold some point of the facts, and those that hold every one.
    pub(crate) fn reached(&self, facts: &Region, on: Timestamp) -> Reached {
        let (mut some, mut every) = (self.in_force(on), self.all);
        for (column, mask) in self.columns.iter().zip(facts.sets()) {
            if mask == column.full {
                // A row allows at least one value, so every row holds some.
                every.keep(&column.free, self.words);
            } else if mask.is_power_of_two() {
                // The two are the same; a value that the column does not have is held by no row.
                let value = mask.trailing_zeros() as usize;
                let allowing = column.allowing.get(value).unwrap_or(&RowSet::EMPTY);
                some.keep(allowing, self.words);
            } else {
                let mut any = RowSet::EMPTY;
                for rows in column.of(mask) {
                    any.join(rows, self.words);
                    every.keep(rows, self.words);
                }
                some.keep(&any, self.words);
            }
        }
        every.keep(&some, self.words);
        Reached { some, every }
    }
}

impl ByValue {
    fn of(&self, mask: u64) -> impl Iterator<Item = &RowSet> {
        bits(mask).filter_map(|value| self.allowing.get(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_set_lists_its_rows_in_order_across_words() {
        let mut set = RowSet::EMPTY;
        for row in [1_023, 0, 64, 63] {
            set.add(row);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 1_023]);
        assert!(set.any() && !RowSet::EMPTY.any());
        set.add(ROWS_MAX);
        assert_eq!(set.iter().count(), 4, "a row beyond the bound is no row");
    }
}
