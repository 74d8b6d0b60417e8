//! In what two outcomes differ that both open something.

use std::collections::BTreeSet;

use grondslag_core::catalogue::Ground;
use grondslag_core::tier::{Tier, Verdict};
use serde::Serialize;

use super::joint::Content;
use crate::table::{Effect, Term};

/// What a pack says of every point of a region, where it opens it.
pub(crate) struct Opened {
    pub(crate) verdict: Verdict,
    pub(crate) tier: Tier,
    pub(crate) notify: bool,
    pub(crate) duty: bool,
    pub(crate) deadline: Option<Term>,
    pub(crate) obligations: BTreeSet<String>,
    pub(crate) grounds: BTreeSet<Ground>,
}

impl Opened {
    /// The one fixed meaning of the table (policy A), of rows that hold a region wholly, one of
    /// which opens it and none of which denies.
    pub(crate) fn of(rows: &[&Content]) -> Self {
        let rows = || rows.iter().copied();
        let opens = rows().filter(|row| row.effect.opens());
        let looked_at = rows().any(|row| matches!(row.effect, Effect::Hold | Effect::Review));
        let terms = rows().filter_map(|row| row.deadline);
        Self {
            verdict: if looked_at { Verdict::Review } else { Verdict::Permit },
            tier: opens.map(|row| row.tier).min().unwrap_or(Tier::T0),
            notify: rows().any(|row| row.notify),
            duty: rows().any(|row| row.duty),
            deadline: terms.reduce(Term::shorter),
            obligations: rows().flat_map(|row| row.obligations.iter().cloned()).collect(),
            grounds: rows().flat_map(|row| row.legal.iter().cloned()).collect(),
        }
    }
}

/// From one value to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Step<T> {
    /// What it was.
    pub from: T,
    /// What it becomes.
    pub to: T,
}

/// Words that came and went.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Swap<T: Ord> {
    /// Those that came.
    pub added: BTreeSet<T>,
    /// Those that went.
    pub removed: BTreeSet<T>,
}

/// In what two outcomes differ; what they share is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Delta {
    /// A person looks at it, or no longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Step<Verdict>>,
    /// Up to where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Step<Tier>>,
    /// The subject is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Step<bool>>,
    /// The reply is a legal duty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duty: Option<Step<bool>>,
    /// The term of the reply, as a row writes it (`2h`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Step<Option<String>>>,
    /// What must be done with the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obligations: Option<Swap<String>>,
    /// The articles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal: Option<Swap<Ground>>,
}

impl Delta {
    /// `None` where nothing differs.
    pub(super) fn between(before: &Opened, after: &Opened) -> Option<Self> {
        let term = |term: Option<Term>| term.map(|term| term.to_string());
        let delta = Self {
            verdict: step(before.verdict, after.verdict),
            tier: step(before.tier, after.tier),
            notify: step(before.notify, after.notify),
            duty: step(before.duty, after.duty),
            deadline: step(term(before.deadline), term(after.deadline)),
            obligations: swap(&before.obligations, &after.obligations),
            legal: swap(&before.grounds, &after.grounds),
        };
        (delta != Self::default()).then_some(delta)
    }

    /// The second outcome gives no more than the first, under no fewer conditions. That the
    /// articles are others does not matter here; that a reply is no longer due does.
    pub(super) fn narrows(&self) -> bool {
        self.verdict.as_ref().is_none_or(|step| step.to > step.from)
            && self.tier.as_ref().is_none_or(|step| step.to < step.from)
            && self.notify.as_ref().is_none_or(|step| step.to)
            && self.duty.as_ref().is_none_or(|step| step.to)
            && self.obligations.as_ref().is_none_or(|swap| swap.removed.is_empty())
    }
}

fn step<T: PartialEq>(from: T, to: T) -> Option<Step<T>> {
    (from != to).then_some(Step { from, to })
}

fn swap<T: Ord + Clone>(before: &BTreeSet<T>, after: &BTreeSet<T>) -> Option<Swap<T>> {
    let added: BTreeSet<T> = after.difference(before).cloned().collect();
    let removed: BTreeSet<T> = before.difference(after).cloned().collect();
    (!added.is_empty() || !removed.is_empty()).then_some(Swap { added, removed })
}
