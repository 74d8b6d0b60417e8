//! What people of the stories ask about their own data, and what agencies do with it.

use grondslag_core::clock::Timestamp;
use grondslag_core::rights::{AskedBy, Decided, Right};
use serde::Deserialize;

use super::{Number, moment};

/// A step of a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct RightStep {
    /// Its number: `F6.r1`.
    pub(in crate::demo) id: String,
    /// When.
    #[serde(deserialize_with = "moment")]
    pub(in crate::demo) at: Timestamp,
    /// Who: agency, person, role.
    pub(in crate::demo) agency: String,
    pub(in crate::demo) staff: String,
    pub(in crate::demo) role: String,
    /// About whom. Never printed.
    pub(in crate::demo) subject: Number,
    /// What.
    #[serde(rename = "do")]
    pub(in crate::demo) what: RightDo,
    /// What is asked.
    pub(in crate::demo) right: Right,
    /// Who asks.
    #[serde(default)]
    pub(in crate::demo) by: Option<AskedBy>,
    /// What is said.
    #[serde(default)]
    pub(in crate::demo) text: String,
    /// Who holds the data, when that is another agency.
    #[serde(default)]
    pub(in crate::demo) holder: Option<String>,
    /// Of another agency's data: the own view, and the line of it as its expectation says it.
    #[serde(default)]
    pub(in crate::demo) line: Option<(String, String)>,
    /// What the agency has to do with it, where it has two such requests.
    #[serde(default)]
    pub(in crate::demo) side: String,
    /// What becomes of it.
    #[serde(default)]
    pub(in crate::demo) decided: Option<Decided>,
    /// A breach is reported.
    #[serde(default)]
    pub(in crate::demo) reported: bool,
    /// What must come of it: `written`, the agencies that are told, or a reason code; of a look:
    /// side and state.
    pub(in crate::demo) expect: String,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum RightDo {
    /// A request is written down.
    Lodge,
    /// Somebody looks at what came.
    Look,
    /// Somebody decides.
    Decide,
    /// Nothing is left to do.
    Close,
    /// A breach is assessed.
    Assess,
}
