//! Closed lists of words that people choose from.

use grondslag_core::lang::Text;
use serde::{Deserialize, Serialize};

/// One word of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// The word.
    pub id: String,
    /// Its name.
    pub label: Text,
}
