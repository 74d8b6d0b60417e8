//! Words of a review by a person at the holder (domain 4a.29).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tier::{UnknownWord, words};

words!(
    /// Who at the holder is to act on a question that waits: a term that passes climbs.
    Stage, "professional, manager, director, officer", {
        /// A professional, within the inner term.
        Professional = "professional",
        /// Who leads them.
        Manager = "manager",
        /// Who answers for the agency.
        Director = "director",
        /// The agency's own data protection officer is told too.
        Officer = "officer",
    }
);
