//! What people of the stories see of who asked about them or their child.

use grondslag_core::clock::Timestamp;
use grondslag_core::sighting::{Authority, Document};
use serde::Deserialize;

use super::{Number, moment};

/// An own view.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct OwnView {
    /// Its number: `F9.o1`.
    pub(in crate::demo) id: String,
    /// When.
    #[serde(deserialize_with = "moment")]
    pub(in crate::demo) at: Timestamp,
    /// Whose it is: municipality, person, role.
    pub(in crate::demo) agency: String,
    pub(in crate::demo) staff: String,
    pub(in crate::demo) role: String,
    /// About whom. Never printed.
    pub(in crate::demo) subject: Number,
    /// Who sees first who it is, and in which role.
    pub(in crate::demo) seen_by: String,
    pub(in crate::demo) seen_role: String,
    /// Who sees it second and approves, and in which role.
    pub(in crate::demo) approver: String,
    pub(in crate::demo) approver_role: String,
    /// What both saw.
    pub(in crate::demo) document: Document,
    /// For a child: where it stands that they may ask.
    #[serde(default)]
    pub(in crate::demo) authority: Option<Authority>,
    /// Both looked, and nothing speaks against naming agencies.
    pub(in crate::demo) names_checked: bool,
    /// Whether the names of agencies must be left out.
    pub(in crate::demo) unnamed: bool,
    /// Words that must be nowhere in it.
    #[serde(default)]
    pub(in crate::demo) never: Vec<String>,
    /// What must be seen, newest first: day, who asked, who was asked, purpose, and of every
    /// category what came of it.
    pub(in crate::demo) expect: Vec<String>,
}
