//! What replaying a decision record comes to: the decision is taken again with the rules that the
//! record names, and where the two part is named. Broker and node replay records of their own.

use std::fmt;

use grondslag_core::id::Digest;

/// Where a record and the decision taken again part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The category, or `naming`, or `record` for what is of no category.
    pub of: String,
    /// What differs: `outcome`, `tier`, `rows`, `grounds`, `reason`, `nameable`, `facts`,
    /// `columns`, `categories`, `version`.
    pub what: &'static str,
    /// As the record tells it.
    pub recorded: String,
    /// As it is decided now.
    pub again: String,
}

/// A record cannot be decided again with these rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAgain {
    /// It was decided with another bundle.
    #[error("it was decided with the rules {0}")]
    Bundle(Digest),
    /// It was decided with other rules of the node's own, or with none.
    #[error("it was decided with other rules of the node's own")]
    Overlay,
}

/// The differences of one record, as they are found.
#[derive(Debug, Default)]
pub struct Differences(Vec<Difference>);

impl Differences {
    /// Holds what is recorded against what is decided again.
    pub fn hold<T: PartialEq + fmt::Debug>(
        &mut self,
        of: &str,
        what: &'static str,
        recorded: &T,
        again: &T,
    ) {
        if recorded != again {
            self.add(of, what, recorded, again);
        }
    }

    /// Adds one.
    pub fn add(
        &mut self,
        of: &str,
        what: &'static str,
        recorded: &impl fmt::Debug,
        again: &impl fmt::Debug,
    ) {
        let (recorded, again) = (format!("{recorded:?}"), format!("{again:?}"));
        self.0.push(Difference { of: of.to_owned(), what, recorded, again });
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}
