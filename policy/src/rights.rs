//! The codes of a notice about somebody's rights: a request about their data on its way to who holds
//! it, and the answer and the repair on their way back. Everything else about it is a row of the
//! table.

/// The rule that opens it.
pub const RULE: &str = "R44";
/// What for.
pub const PURPOSE: &str = "D26";
/// What is delivered.
pub const CATEGORY: &str = "G33";
