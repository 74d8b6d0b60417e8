//! Facts: what is known of a case, as a set of values per column (design 6).
//!
//! At the holder every set has one value; at the broker a sealed column holds every value.

use std::fmt;

use grondslag_core::reason::Reason;

use crate::region::Region;

/// A value of a column, as an index. It belongs to the pack whose catalogue gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value {
    column: u8,
    value: u8,
}

impl Value {
    pub(crate) fn new(column: usize, value: usize) -> Self {
        // Columns and values are bounded by 32 and 64 at load.
        Self {
            column: u8::try_from(column).unwrap_or(u8::MAX),
            value: u8::try_from(value).unwrap_or(63),
        }
    }

    pub(crate) fn column(self) -> usize {
        self.column.into()
    }

    pub(crate) fn bit(self) -> u64 {
        1 << (self.value & 63)
    }
}

/// A set of values per column. Made by [`crate::Pack::facts`], which holds every value possible
/// and the pack's settings; copied freely.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Facts(Region);

impl Facts {
    pub(crate) fn new(region: Region) -> Self {
        Self(region)
    }

    /// Says that a column has exactly this value.
    pub fn set(&mut self, value: Value) {
        self.0.set(value.column(), value.bit());
    }

    /// The same facts, but with exactly this value.
    #[must_use]
    pub fn with(mut self, value: Value) -> Self {
        self.set(value);
        self
    }

    pub(crate) fn set_mask(&mut self, column: usize, mask: u64) {
        self.0.set(column, mask);
    }

    pub(crate) fn region(&self) -> &Region {
        &self.0
    }

    /// Every column has exactly one value.
    pub fn is_single(&self) -> bool {
        self.0.sets().all(u64::is_power_of_two)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Facts(…)")
    }
}

/// Facts that the table cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    /// No such column.
    #[error("\"{given}\" is not a column of the table{}", hint(.nearest.as_deref()))]
    Column {
        /// What was given.
        given: String,
        /// The column that looks most like it.
        nearest: Option<String>,
    },
    /// No such value.
    #[error("\"{given}\" is not a value of {column}{}", hint(.nearest.as_deref()))]
    Value {
        /// The column.
        column: String,
        /// What was given.
        given: String,
        /// The value that looks most like it.
        nearest: Option<String>,
    },
    /// A decision needs exactly one value.
    #[error("{column} needs exactly one value")]
    NotSingle {
        /// The column.
        column: String,
    },
    /// Columns that a question must name.
    #[error("missing: {}", .columns.join(", "))]
    Missing {
        /// The columns.
        columns: Vec<String>,
    },
    /// The file is not a JSON object, or a list of objects, of words and lists of words.
    #[error("a facts file is a JSON object, or a list of objects: column -> value or list ({0})")]
    Shape(String),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"))
}

impl FactError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Value { column, .. } => match column.as_str() {
                "requester_role" => Reason::UnknownRole,
                "purpose" => Reason::UnknownPurpose,
                "category" => Reason::UnknownCategory,
                "query_kind" => Reason::UnknownQueryKind,
                _ => Reason::UnknownFact,
            },
            Self::Column { .. } => Reason::UnknownFact,
            // Fail closed: a decision on half a case is no decision.
            Self::NotSingle { .. } => Reason::Internal,
            Self::Missing { .. } | Self::Shape(_) => Reason::Malformed,
        }
    }
}
