//! What is written down in consent registers, and what happens in the stories at all.

use grondslag_core::clock::Timestamp;
use serde::Deserialize;

use super::{Number, OwnView, Question, ReviewStep, RightStep, moment};

/// Something that is written down in a consent register.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Act {
    /// Its number: `F4.a1`.
    pub(in crate::demo) id: String,
    /// When.
    #[serde(deserialize_with = "moment")]
    pub(in crate::demo) at: Timestamp,
    /// Who writes: agency, person, role.
    pub(in crate::demo) agency: String,
    pub(in crate::demo) staff: String,
    pub(in crate::demo) role: String,
    /// About whom. Never printed.
    pub(in crate::demo) subject: Number,
    /// What.
    #[serde(rename = "do")]
    pub(in crate::demo) what: ActKind,
    /// Whose word: `child`, or name and date of birth as at the command line.
    #[serde(default)]
    pub(in crate::demo) by: Option<String>,
    /// Who holds custody.
    #[serde(default)]
    pub(in crate::demo) custody: Vec<String>,
    /// In what it was seen.
    #[serde(default)]
    pub(in crate::demo) seen_in: String,
    /// Since when, where that is not now.
    #[serde(default)]
    pub(in crate::demo) from: Option<String>,
    /// Who may give: the agency itself when it is left out.
    #[serde(default)]
    pub(in crate::demo) holder: Vec<String>,
    /// Who may receive.
    #[serde(default)]
    pub(in crate::demo) to: Vec<String>,
    /// What.
    #[serde(default)]
    pub(in crate::demo) categories: Vec<String>,
    /// What for.
    #[serde(default)]
    pub(in crate::demo) purpose: String,
    /// Which one is taken back, by its number in the file; every yes when it is left out.
    #[serde(default)]
    pub(in crate::demo) of: Option<String>,
    /// What must come of it: `given`, `partial`, ... at the agency itself, `written`, or a reason
    /// code.
    pub(in crate::demo) expect: String,
}

/// What is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum ActKind {
    /// Who holds custody.
    Custody,
    /// A yes.
    Give,
    /// A no.
    Refuse,
    /// Taking back a yes.
    Withdraw,
    /// Taking back a no.
    Lift,
    /// Telling the person of a question.
    Inform,
}

/// What happens in the stories.
#[derive(Debug, Clone, Copy)]
pub(in crate::demo) enum Event<'a> {
    /// Something is written down.
    Act(&'a Act),
    /// Something is asked.
    Question(&'a Question),
    /// Somebody sees who asked about them or their child.
    OwnView(&'a OwnView),
    /// A step of a request about data.
    Right(&'a RightStep),
    /// A step of a review.
    Review(&'a ReviewStep),
}

impl Event<'_> {
    /// When.
    pub(in crate::demo) const fn at(&self) -> Timestamp {
        match self {
            Self::Act(act) => act.at,
            Self::Question(question) => question.at,
            Self::OwnView(own_view) => own_view.at,
            Self::Right(step) => step.at,
            Self::Review(step) => step.at,
        }
    }
}
