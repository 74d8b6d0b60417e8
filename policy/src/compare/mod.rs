//! What a draft changes: the exact regions of questions that it opens, closes or decides
//! otherwise (policy A, "diff").
//!
//! The answer is about outcomes, not about text: a table that is written otherwise and decides
//! the same gives no difference at all.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::RowId;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;

use crate::limits::{REGIONS_MAX, WALK_STEPS_MAX};
use crate::pack::Pack;
use crate::region::{Region, merged};

pub(crate) mod cell;
pub(crate) mod delta;
pub(crate) mod joint;
mod left_out;
mod shown;
mod walk;

pub use delta::{Delta, Step, Swap};
use joint::Joint;
pub use left_out::LeftOut;
pub use shown::{ChangeShown, ColumnShown, ComparisonShown, RegionShown};
use walk::{Part, Parting};

/// Two packs that cannot be held against each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// Together they know more values of a column than a set holds.
    #[error("together the two packs have more than 64 values of {column}")]
    Values {
        /// The column.
        column: String,
    },
    /// Together they have too many columns.
    #[error("together the two packs have more than 32 columns")]
    Columns,
    /// The tables differ in so many places that the regions cannot be listed.
    #[error("the tables differ in too many places to list; compare in smaller steps")]
    TooMany,
}

impl NotComparable {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Values { .. } | Self::Columns => Reason::PolicyInvalid,
            Self::TooMany => Reason::TooLarge,
        }
    }
}

/// One way in which two packs part, with everything it is about.
#[derive(Debug)]
pub struct Change {
    parting: Parting,
    /// The rows of the first pack that make the difference and that the second does not have.
    pub before: BTreeSet<RowId>,
    /// The rows of the second pack that make the difference and that the first does not have.
    pub after: BTreeSet<RowId>,
    regions: Vec<Region>,
}

/// The difference between two packs at one moment.
#[derive(Debug)]
pub struct Comparison {
    joint: Joint,
    /// What both packs say cannot occur.
    impossible: Vec<(LeftOut, Region)>,
    /// Refused before, open after.
    pub newly_permitted: Vec<Change>,
    /// Open before, refused after.
    pub newly_refused: Vec<Change>,
    /// Open in both, with another outcome.
    pub changed: Vec<Change>,
}

impl Comparison {
    /// Holds two packs against each other with the rows that are in force at a moment.
    ///
    /// # Errors
    /// [`NotComparable`]; nothing is left out silently.
    pub fn of(before: &Pack, after: &Pack, on: Timestamp) -> Result<Self, NotComparable> {
        let joint = Joint::new([before, after], on)?;
        let parts = walk::parts(&joint, WALK_STEPS_MAX)?;
        let changes = grouped(parts);
        if changes.iter().map(|change| change.regions.len()).sum::<usize>() > REGIONS_MAX {
            return Err(NotComparable::TooMany);
        }
        let (newly_permitted, others): (Vec<_>, Vec<_>) =
            changes.into_iter().partition(|change| change.parting == Parting::NewlyPermitted);
        let (newly_refused, changed) =
            others.into_iter().partition(|change| change.parting == Parting::NewlyRefused);
        let impossible = left_out::of_both([before, after], &joint);
        Ok(Self { joint, impossible, newly_permitted, newly_refused, changed })
    }

    /// Both decide alike everywhere.
    pub fn is_empty(&self) -> bool {
        self.changes().next().is_none()
    }

    /// The second pack opens something that the first refuses.
    pub fn widens(&self) -> bool {
        !self.newly_permitted.is_empty()
    }

    /// Nowhere is the second pack less strict: it opens nothing, no tier is higher, nothing that a
    /// person looked at is given without, and every obligation stays (design 5, emergency stop).
    pub fn only_narrows(&self) -> bool {
        self.newly_permitted.is_empty() && self.changed.iter().all(Change::narrows)
    }

    /// Whether every reply that is still due is due by the same term.
    pub(crate) fn keeps_terms(&self) -> bool {
        self.changed.iter().all(|change| match &change.parting {
            Parting::Changed(delta) => delta.deadline.is_none(),
            Parting::NewlyPermitted | Parting::NewlyRefused => true,
        })
    }

    fn changes(&self) -> impl Iterator<Item = &Change> {
        self.newly_permitted.iter().chain(&self.newly_refused).chain(&self.changed)
    }
}

impl Change {
    fn narrows(&self) -> bool {
        match &self.parting {
            Parting::NewlyPermitted => false,
            Parting::NewlyRefused => true,
            Parting::Changed(delta) => delta.narrows(),
        }
    }
}

/// One change per way of parting and rows that cause it, with its regions merged.
fn grouped(parts: Vec<Part>) -> Vec<Change> {
    let mut groups: BTreeMap<_, Vec<Region>> = BTreeMap::new();
    for Part { parting, rows, region } in parts {
        groups.entry((rows, parting)).or_default().push(region);
    }
    let changes = groups.into_iter().map(|(([before, after], parting), regions)| Change {
        parting,
        before,
        after,
        regions: merged(regions),
    });
    changes.collect()
}

#[cfg(test)]
mod tests;
