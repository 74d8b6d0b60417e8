//! A row of the table.

use std::sync::Arc;

use grondslag_core::catalogue::{Ground, RowId};
use grondslag_core::lang::Text;
use grondslag_core::tier::Tier;
use serde::{Deserialize, Serialize};

use super::{Term, Window};
use crate::catalogue::Status;
use crate::region::Region;

/// What a row does where it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Permits, up to a tier.
    Permit,
    /// A person decides, up to a tier.
    Review,
    /// Turns what is open into review; opens nothing.
    Hold,
    /// Refuses, whatever else permits.
    Deny,
    /// Lowers the tier; only in an overlay.
    Lower,
}

impl Effect {
    /// Opens something: a permit or a review row.
    pub fn opens(self) -> bool {
        matches!(self, Self::Permit | Self::Review)
    }
}

/// A rule: a family of rows.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its code (`R05`).
    pub id: String,
    /// Its name.
    pub title: Text,
    /// The file it stands in, relative to the policy folder.
    pub file: Arc<str>,
}

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its code (`R05.1`; `local/...` in an overlay).
    pub id: RowId,
    /// The rule it belongs to; empty in an overlay.
    pub rule: Arc<str>,
    /// The file it stands in, relative to the policy folder.
    pub file: Arc<str>,
    /// What it does.
    pub effect: Effect,
    /// Up to where; without it the category's default.
    pub tier_max: Option<Tier>,
    /// The subject is told.
    pub notify: bool,
    /// The reply is a legal duty.
    pub duty: bool,
    /// The term of the reply.
    pub deadline: Option<Term>,
    /// What must be done with the answer, by code.
    pub obligations: Vec<String>,
    /// The grounds it rests on.
    pub legal: Vec<Ground>,
    /// Only rows in force count.
    pub status: Status,
    /// Open legal question.
    pub note: Option<Arc<Text>>,
    /// One sentence that a civil servant understands.
    pub text: Text,
    /// Its condition lists categories; without one, or with `not`, a new category is in it too.
    pub(crate) names_categories: bool,
    pub(crate) window: Window,
    pub(crate) region: Region,
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Region(…)")
    }
}
