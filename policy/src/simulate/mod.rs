//! Decisions that were taken, taken again under a draft: which of last quarter's questions would
//! have come out otherwise (issue "policy office", point 3).
//!
//! Whoever has records hands them over one at a time, and only counts and a few examples stay, so
//! that a year goes through as a day does. Nothing is read here; no person is in what is counted.
//!
//! A question is decided twice, and so are its records: the broker says what could be allowed, on
//! what it sees, and each holder what is, on the facts of the child. A holder that did not know
//! the child decided nothing. What the broker refused never reached a holder: what a draft opens
//! there is known no further than "could".

mod case;
mod side;
mod tally;
#[cfg(test)]
mod tests;
mod told;

use std::fmt;

use grondslag_core::answer::About;
use grondslag_core::catalogue::{Category, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use serde::Serialize;

use crate::facts::FactError;
use crate::overlay::Overlay;

use case::{Case, Told};
pub use side::Side;
pub use tally::{Count, Example, Flips, Part};
pub(crate) use told::moment;
pub use told::{Simulated, Skipped};

/// Whose decision it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The broker's: could it be allowed.
    Broker,
    /// A holder's, of a child that it knows.
    Holder,
}

/// A column and its value, as a record tells them.
pub type Word<'a> = (&'a str, &'a str);

/// Decisions on one question to one agency, as their record tells them. They are in words, for
/// the draft may know other values.
#[derive(Clone)]
pub struct Recorded<'a> {
    /// Who decided.
    pub by: By,
    /// The question as its target knows it.
    pub id: TargetId,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// Who asked.
    pub asker: &'a Oin,
    /// Who was asked.
    pub holder: &'a Oin,
    /// What for.
    pub purpose: &'a Purpose,
    /// The columns that the broker saw too.
    pub visible: Vec<Word<'a>>,
    /// The sealed facts as sets; the broker has none.
    pub sealed: Vec<Vec<Word<'a>>>,
    /// The categories that were decided on.
    pub lines: Vec<Line<'a>>,
}

/// One category.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// The category.
    pub category: &'a Category,
    /// At a holder, on what it was decided.
    pub on: Option<On>,
}

/// On what a holder decided one category.
#[derive(Clone)]
pub struct On {
    /// Which of the sets of sealed facts.
    pub facts: usize,
    /// The facts contradicted each other: a permit became a review.
    pub held: bool,
    /// Whose files were under the category.
    pub about: Vec<About>,
}

/// Rules, and the party's own beside them.
#[derive(Debug, Clone, Copy)]
pub struct Under<'a> {
    /// The region's rules.
    pub side: &'a Side<'a>,
    /// The node's own, as they fit these rules.
    pub overlay: Option<&'a Overlay>,
}

impl fmt::Debug for Recorded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What was decided on is about a person.
        f.write_str("Recorded(…)")
    }
}

impl fmt::Debug for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("On(…)")
    }
}

/// Takes decisions again, and counts.
#[derive(Debug, Default)]
pub struct Simulation {
    on: Option<Timestamp>,
    broker: Flips,
    holders: Flips,
}

impl Simulation {
    /// Decides under the draft as of each decision's own moment; with `on`, as of that moment: a
    /// row that begins next year counts in no decision of last year.
    pub fn new(on: Option<Timestamp>) -> Self {
        Self { on, ..Self::default() }
    }

    /// Takes the decisions of one record again, under the rules in force then and under the draft.
    ///
    /// # Errors
    /// [`FactError`] when the record cannot be decided under the rules of then: it is no record of
    /// theirs, and nothing of it was counted. Words that the draft does not know are no error:
    /// the draft refuses what it does not know.
    pub fn take(
        &mut self,
        recorded: &Recorded<'_>,
        then: Under<'_>,
        draft: Under<'_>,
    ) -> Result<(), FactError> {
        let told = Told::of(recorded, then.side)?;
        let by = recorded.by;
        let before = Case { told: &told, under: then, by, on: recorded.decided_at };
        let came = recorded.lines.iter().map(|line| before.decide(line));
        let came = came.collect::<Result<Vec<_>, _>>()?;
        // Most drafts change rows alone, and then the facts are the same.
        let other = (!then.side.pack().has_same_frame(draft.side.pack()))
            .then(|| Told::of(recorded, draft.side));
        let on = self.on.unwrap_or(recorded.decided_at);
        let after = match &other {
            None => Ok(Case { told: &told, under: draft, by, on }),
            Some(Ok(told)) => Ok(Case { told, under: draft, by, on }),
            Some(Err(error)) => Err(error),
        };
        let flips = match recorded.by {
            By::Broker => &mut self.broker,
            By::Holder => &mut self.holders,
        };
        for (line, was) in recorded.lines.iter().zip(came) {
            let becomes = match &after {
                Ok(after) => after.decide(line),
                Err(error) => Err((*error).clone()),
            };
            flips.add(recorded, line.category, (then, was), (draft, becomes));
        }
        Ok(())
    }

    /// What became of the broker's decisions, and of holders'.
    pub fn finish(self) -> (Flips, Flips) {
        (self.broker, self.holders)
    }
}
