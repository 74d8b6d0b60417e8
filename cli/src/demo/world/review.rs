//! What people of the stories decide on questions that wait for them, and what the asker hears.

use grondslag_core::clock::Timestamp;
use serde::Deserialize;

use super::moment;

/// A step of a review.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct ReviewStep {
    /// Its number: `F7.v1`.
    pub(in crate::demo) id: String,
    /// When.
    #[serde(deserialize_with = "moment")]
    pub(in crate::demo) at: Timestamp,
    /// The question.
    pub(in crate::demo) of: String,
    /// Who: agency, person, role.
    pub(in crate::demo) agency: String,
    pub(in crate::demo) staff: String,
    pub(in crate::demo) role: String,
    /// What.
    #[serde(rename = "do")]
    pub(in crate::demo) what: ReviewDo,
    /// What is given: `G08 T3`.
    #[serde(default)]
    pub(in crate::demo) give: Vec<(String, String)>,
    /// What is refused; of an acceptance, what is missing.
    #[serde(default)]
    pub(in crate::demo) withhold: Vec<String>,
    /// On what ground.
    #[serde(default)]
    pub(in crate::demo) ground: String,
    /// Why.
    #[serde(default)]
    pub(in crate::demo) text: String,
    /// What must come of it: how the question stands, or a reason code; of a look of the asker,
    /// what each agency said later: `ha-dewierde G08 content T3`; of a joint file how many agencies
    /// stand where: `given 5`; of a reminder whether it came; of an acceptance, whether that came
    /// and what follows at the old holder.
    pub(in crate::demo) expect: Vec<String>,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::demo) enum ReviewDo {
    /// Somebody decides.
    Decide,
    /// A second person confirms.
    Confirm,
    /// The asker looks what came.
    Hear,
    /// The asker of an escalation looks at the joint file.
    File,
    /// The asker reminds the first whom it asked.
    Remind,
    /// The new holder of a case accepts it; what is withheld is what is missing.
    Accept,
}
