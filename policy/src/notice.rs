//! The codes of notices: what carries news about a person from one agency to another (domain
//! 4a.30). Everything else about them is a row of the table.

/// What a notice is to the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes {
    /// The rule that opens it.
    pub rule: &'static str,
    /// What for.
    pub purpose: &'static str,
    /// What is delivered.
    pub category: &'static str,
}

/// A consent that was given, changed or withdrawn, to the parties that it names.
pub const CONSENT: Codes = Codes { rule: "R43", purpose: "D25", category: "G32" };
/// A request of somebody about their data to who holds it, and the answer and the repair after it.
pub const RIGHTS: Codes = Codes { rule: "R44", purpose: "D26", category: "G33" };
/// Every sort of notice.
pub const ALL: [Codes; 2] = [CONSENT, RIGHTS];
