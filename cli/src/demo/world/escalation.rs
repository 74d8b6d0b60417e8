//! What makes a question of a story an escalation.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The case that it belongs to, and what bears that it is serious. The severity stands among the
/// question's facts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::demo) struct Escalation {
    /// What the case is about.
    pub(in crate::demo) nature: String,
    /// Why a professional judged it so.
    pub(in crate::demo) judged: String,
    /// What bears it.
    pub(in crate::demo) criteria: Vec<String>,
    /// Why an agency is asked, where that differs from what the question says.
    #[serde(default)]
    pub(in crate::demo) why: BTreeMap<String, String>,
}
