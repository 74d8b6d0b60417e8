//! What is counted.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::{Category, Purpose, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use serde::{Deserialize, Serialize};

use crate::decide::Judged;
use crate::facts::FactError;
use crate::limits::{COUNTED_MAX, EXAMPLES_MAX, ROWS_SHOWN_MAX};
use crate::table::Row;

use super::case::refused;
use super::told::moment;
use super::{Recorded, Under};

/// What became of the decisions of one sort of party.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flips {
    /// Decisions that were taken again: one per question, agency and category.
    pub decisions: u64,
    /// All that come out otherwise.
    #[serde(flatten)]
    pub all: Count,
    /// Per rule that makes the difference; a decision may rest on several.
    pub per_rule: BTreeMap<String, Count>,
    /// Per purpose.
    pub per_purpose: BTreeMap<Purpose, Count>,
    /// Per agency that was asked.
    pub per_agency: BTreeMap<Oin, Count>,
    /// Per agency that asked.
    pub per_asker: BTreeMap<Oin, Count>,
}

/// How many come out otherwise, and some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Refused then, open under the draft.
    pub opens: u64,
    /// Open then, refused under the draft.
    pub closes: u64,
    /// Open in both, with another verdict or tier.
    pub otherwise: u64,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// One decision that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// The question as its target knows it.
    pub target_id: TargetId,
    /// When it was decided.
    #[serde(with = "moment")]
    pub decided_at: Timestamp,
    /// Who asked.
    pub asker: Oin,
    /// Who was asked.
    pub agency: Oin,
    /// What for.
    pub purpose: Purpose,
    /// The category.
    pub category: Category,
    /// As it was decided.
    pub before: Part,
    /// As the draft decides.
    pub after: Part,
}

/// One side of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The verdict.
    pub verdict: Verdict,
    /// Up to where.
    pub tier: Tier,
    /// The first rows that decide.
    pub rows: Vec<RowId>,
    /// Why it is refused.
    pub reason: Option<Reason>,
}

/// Which way a decision goes.
#[derive(Debug, Clone, Copy)]
enum Way {
    Opens,
    Closes,
    Otherwise,
}

impl Flips {
    /// Holds a decision against the one under the draft.
    pub(super) fn add(
        &mut self,
        recorded: &Recorded<'_>,
        category: &Category,
        (then, was): (Under<'_>, Judged),
        (draft, becomes): (Under<'_>, Result<Judged, FactError>),
    ) {
        self.decisions = self.decisions.saturating_add(1);
        let becomes = becomes.unwrap_or_else(|error| refused(error.reason()));
        let Some(way) = Way::of(&was, &becomes) else { return };
        let (was, becomes) = (Written::of(then, &was), Written::of(draft, &becomes));
        let example = || Example {
            target_id: recorded.id,
            decided_at: recorded.decided_at,
            asker: recorded.asker.clone(),
            agency: recorded.holder.clone(),
            purpose: recorded.purpose.clone(),
            category: category.clone(),
            before: was.part.clone(),
            after: becomes.part.clone(),
        };
        self.all.add(way, &example);
        for rule in was.making_the_difference(&becomes) {
            count(&mut self.per_rule, &rule.to_owned(), way, &example);
        }
        count(&mut self.per_purpose, recorded.purpose, way, &example);
        count(&mut self.per_agency, recorded.holder, way, &example);
        count(&mut self.per_asker, recorded.asker, way, &example);
    }
}

impl Flips {
    /// The same, without any question by its number.
    #[must_use]
    pub fn without_examples(mut self) -> Self {
        let counts = self.per_rule.values_mut().chain(self.per_purpose.values_mut());
        let counts = counts.chain(self.per_agency.values_mut()).chain(self.per_asker.values_mut());
        counts.chain([&mut self.all]).for_each(|count| count.examples.clear());
        self
    }
}

impl Count {
    /// How many come out otherwise.
    pub fn sum(&self) -> u64 {
        self.opens.saturating_add(self.closes).saturating_add(self.otherwise)
    }

    fn add(&mut self, way: Way, example: &impl Fn() -> Example) {
        let count = match way {
            Way::Opens => &mut self.opens,
            Way::Closes => &mut self.closes,
            Way::Otherwise => &mut self.otherwise,
        };
        *count = count.saturating_add(1);
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example());
        }
    }
}

fn count<K: Ord + Clone>(
    counts: &mut BTreeMap<K, Count>,
    of: &K,
    way: Way,
    example: &impl Fn() -> Example,
) {
    if let Some(known) = counts.get_mut(of) {
        return known.add(way, example);
    }
    if counts.len() < COUNTED_MAX {
        counts.entry(of.clone()).or_default().add(way, example);
    }
}

impl Way {
    fn of(was: &Judged, becomes: &Judged) -> Option<Self> {
        let (before, after) = (was.verdict, becomes.verdict);
        match (before == Verdict::Refuse, after == Verdict::Refuse) {
            (true, true) => None,
            (true, false) => Some(Self::Opens),
            (false, true) => Some(Self::Closes),
            (false, false) => {
                ((before, was.tier) != (after, becomes.tier)).then_some(Self::Otherwise)
            }
        }
    }
}

/// One side, with every row that decides.
struct Written<'a> {
    part: Part,
    rows: BTreeMap<&'a RowId, &'a Row>,
}

impl<'a> Written<'a> {
    fn of(under: Under<'a>, judged: &Judged) -> Self {
        let region = under.side.pack().table.pick(judged.rows.region);
        let local = under.overlay.into_iter();
        let local = local.flat_map(|overlay| overlay.table.pick(judged.rows.local));
        let rows: Vec<&'a Row> = region.chain(local).collect();
        let part = Part {
            verdict: judged.verdict,
            tier: judged.tier,
            rows: rows.iter().take(ROWS_SHOWN_MAX).map(|row| row.id.clone()).collect(),
            reason: judged.reason,
        };
        Self { part, rows: rows.into_iter().map(|row| (&row.id, row)).collect() }
    }

    /// The rules of rows that decide on one side only; of those on both, the ones that say
    /// something else. Where neither is so it is the catalogue that changed, and all are named.
    fn making_the_difference<'b>(&'b self, other: &'b Written<'_>) -> BTreeSet<&'b str> {
        let parts = |a: &'b Row, b: Option<&&Row>| b.is_none_or(|b| !says_the_same(a, b));
        let one = self.rows.values().filter(|row| parts(row, other.rows.get(&row.id)));
        let two = other.rows.values().filter(|row| parts(row, self.rows.get(&row.id)));
        let rules: BTreeSet<&str> = one.chain(two).map(|row| &*row.rule).collect();
        if !rules.is_empty() {
            return rules;
        }
        self.rows.values().chain(other.rows.values()).map(|row| &*row.rule).collect()
    }
}

fn says_the_same(a: &Row, b: &Row) -> bool {
    (a.effect, a.tier_max, a.window) == (b.effect, b.tier_max, b.window) && a.region == b.region
}
