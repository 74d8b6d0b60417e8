//! How long a decision takes on this machine, for the demo's figures. Never a timed test.

use std::hint::black_box;
use std::time::Instant;

use grondslag_core::clock::Timestamp;

use crate::facts::{Facts, Value};
use crate::pack::Pack;

mod figures;

pub use figures::{Figure, Unmeasured, figures};

/// When the decisions are taken.
const MOMENT: &str = "2026-09-15T09:00";
/// Facts that are tried.
const SAMPLES: usize = 4_096;
/// Decisions between two looks at the clock, so that looking does not count.
const BATCH: usize = 16;

/// Median nanoseconds of one decision on varied facts: points inside the table's own rows, every
/// third with one column changed at random, so that permits, reviews, denies and refusals occur.
pub fn decision_ns(pack: &Pack) -> u64 {
    let on = Timestamp::parse(MOMENT).unwrap_or_default();
    let samples = samples(pack, SAMPLES);
    let mut medians: Vec<u64> = samples
        .chunks_exact(BATCH)
        .map(|batch| {
            let start = Instant::now();
            for facts in batch {
                let _ = black_box(pack.decide(black_box(facts), on));
            }
            let spent = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            spent / BATCH as u64
        })
        .collect();
    medians.sort_unstable();
    medians.get(medians.len() / 2).copied().unwrap_or(0)
}

/// Single-valued facts, the same on every run.
pub(crate) fn samples(pack: &Pack, count: usize) -> Vec<Facts> {
    thrown(pack, count, &mut Dice(0x9e37_79b9_7f4a_7c15))
}

/// Single-valued facts, as the dice fall.
pub(crate) fn thrown(pack: &Pack, count: usize, dice: &mut Dice) -> Vec<Facts> {
    (0..count).map(|at| sample(pack, dice, at % 3 == 0)).collect()
}

fn sample(pack: &Pack, dice: &mut Dice, stray: bool) -> Facts {
    let rows = pack.rows();
    let row = rows.get(dice.below(rows.len()));
    let columns = pack.catalogue().columns();
    let astray = stray.then(|| dice.below(columns.len()));
    let mut facts = pack.facts();
    for (at, column) in columns.iter().enumerate() {
        let fixed = facts.region().of(at);
        if fixed.is_power_of_two() {
            continue;
        }
        let mask = row.map_or(column.full(), |row| row.region.of(at));
        let mask = if astray == Some(at) { column.full() } else { mask };
        facts.set(Value::new(at, dice.bit_of(mask)));
    }
    with_own_kind(pack, facts)
}

/// The requester's kind follows from the role.
fn with_own_kind(pack: &Pack, facts: Facts) -> Facts {
    let column = pack.catalogue().known().requester_role;
    let role = facts.region().of(column).trailing_zeros() as usize;
    let role = pack.catalogue().roles().get(role).map(|role| role.id.kind());
    let kind = role.and_then(|kind| pack.value("requester_kind", kind.as_str()).ok());
    kind.map_or(facts, |kind| facts.with(kind))
}

/// A small generator (xorshift): the figures need variety, not secrecy.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(1).max(1);
        usize::try_from(self.roll() % bound).unwrap_or(0)
    }

    /// The number of a random bit of a mask that has one.
    pub(crate) fn bit_of(&mut self, mask: u64) -> usize {
        let skip = self.below(mask.count_ones() as usize);
        let bits = (0..64).filter(|bit| mask >> bit & 1 == 1);
        bits.into_iter().nth(skip).unwrap_or(0)
    }
}
