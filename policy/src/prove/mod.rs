//! What holds of a draft for every question that can be asked: the standing invariants of policy
//! A, and that it opens nothing that the rules in force refuse.
//!
//! Nothing is tried out: a region of the table is cut by every row that matters until nothing is
//! left (then it holds) or something is, which is then the answer.

use grondslag_core::catalogue::RowId;
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use serde::Serialize;

use crate::compare::joint::Joint;
use crate::compare::{ChangeShown, Comparison, NotComparable, RegionShown};
use crate::fault::{Fault, Problem};
use crate::pack::Pack;
use crate::region::Region;
use crate::table::Row;

pub(crate) mod invariants;

/// A row that breaks an invariant, and where.
pub(crate) struct Breach<'a> {
    row: &'a Row,
    fault: Fault,
    detail: String,
    regions: Vec<Region>,
}

impl Breach<'_> {
    /// As the check of the rules says it.
    pub(crate) fn problem(&self) -> Problem {
        Problem::new(&self.row.file, self.row.id.as_str(), self.fault, self.detail.as_str())
    }
}

/// A standing invariant, and whether it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Invariant {
    /// Its code.
    pub id: &'static str,
    /// For every question that can be asked.
    pub holds: bool,
    /// What it says.
    pub sentence: Text,
    /// Where it does not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<BreachShown>,
}

/// A row that breaks an invariant, as people read it.
#[derive(Debug, Clone, Serialize)]
pub struct BreachShown {
    /// The row.
    pub row: RowId,
    /// What the row says.
    pub text: Text,
    /// The particulars: codes, the same in every language.
    pub detail: String,
    /// Exactly where.
    pub regions: Vec<RegionShown>,
}

/// What is proved of a draft.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// Every standing invariant.
    pub invariants: Vec<Invariant>,
    /// It opens something that the rules in force refuse.
    pub widens: bool,
    /// What it opens.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub newly_permitted: Vec<ChangeShown>,
}

impl Proof {
    /// Proves a draft against the rules in force, at a moment.
    ///
    /// # Errors
    /// [`NotComparable`] when the two cannot be held against each other.
    pub fn of(in_force: &Pack, draft: &Pack, on: Timestamp) -> Result<Self, NotComparable> {
        let comparison = Comparison::of(in_force, draft, on)?;
        Ok(Self {
            invariants: held(draft, on)?,
            widens: comparison.widens(),
            newly_permitted: comparison.opened_shown(),
        })
    }

    /// Every standing invariant holds.
    pub fn is_sound(&self) -> bool {
        self.invariants.iter().all(|invariant| invariant.holds)
    }
}

fn held(pack: &Pack, on: Timestamp) -> Result<Vec<Invariant>, NotComparable> {
    let joint = Joint::new([pack, pack], on)?;
    let breaches = invariants::breaches(pack);
    let shown = |breach: &Breach<'_>| BreachShown {
        row: breach.row.id.clone(),
        text: breach.row.text.clone(),
        detail: breach.detail.clone(),
        regions: breach.regions.iter().map(|region| joint.shown_of(pack, region)).collect(),
    };
    let held = invariants::ALL.iter().map(|standing| {
        let of: Vec<_> = breaches.iter().filter(|breach| breach.fault == standing.fault).collect();
        let sentence = Text { nl: standing.nl.to_owned(), en: standing.en.to_owned() };
        let breaches: Vec<BreachShown> = of.into_iter().map(shown).collect();
        Invariant { id: standing.id, holds: breaches.is_empty(), sentence, breaches }
    });
    Ok(held.collect())
}

#[cfg(test)]
mod tests;
