//! What replaying a decision record comes to: the decision is taken again with the rules that the
//! record names, and where the two part is named. Broker and node replay records of their own.

use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use serde::Serialize;
use serde_json::Value;

/// What of a decision differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The verdict.
    Outcome,
    /// The tier.
    Tier,
    /// The rules that it rests on.
    Rows,
    /// The legal grounds of those.
    Grounds,
    /// Why it was refused.
    Reason,
    /// Whether a professional may be named.
    Nameable,
    /// With what is recorded nothing can be decided.
    Facts,
    /// The columns that it was decided on.
    Columns,
    /// The categories that were asked.
    Categories,
    /// The version of the rules.
    Version,
}

impl What {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Outcome,
        Self::Tier,
        Self::Rows,
        Self::Grounds,
        Self::Reason,
        Self::Nameable,
        Self::Facts,
        Self::Columns,
        Self::Categories,
        Self::Version,
    ];

    /// The stable word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Outcome => "outcome",
            Self::Tier => "tier",
            Self::Rows => "rows",
            Self::Grounds => "grounds",
            Self::Reason => "reason",
            Self::Nameable => "nameable",
            Self::Facts => "facts",
            Self::Columns => "columns",
            Self::Categories => "categories",
            Self::Version => "version",
        }
    }
}

/// Where a record and the decision taken again part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The category, or `naming`, or `record` for what is of no category.
    pub of: String,
    /// What differs.
    pub what: What,
    /// As the record tells it, in the words of a record; nothing when it tells none.
    pub recorded: Option<String>,
    /// As it is decided now.
    pub again: Option<String>,
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
    pub fn hold<T: PartialEq + Serialize>(
        &mut self,
        of: &str,
        what: What,
        recorded: &T,
        again: &T,
    ) {
        if recorded != again {
            let (recorded, again) = (told(recorded), told(again));
            self.0.push(Difference { of: of.to_owned(), what, recorded, again });
        }
    }

    /// Nothing can be decided with what is recorded.
    pub fn undecided(&mut self, of: &str, why: Reason) {
        let again = Some(why.code().to_owned());
        self.0.push(Difference { of: of.to_owned(), what: What::Facts, recorded: None, again });
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}

/// A value in the words of a record.
fn told(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::Null) | Err(_) => None,
        Ok(Value::String(word)) => Some(word),
        Ok(other) => Some(other.to_string()),
    }
}
