//! The codes of a consent notice (domain 4a.30): what carries a consent that was given, changed or
//! withdrawn to the parties that it names. Everything else about it is a row of the table.

/// The rule that opens it.
pub const RULE: &str = "R43";
/// What for.
pub const PURPOSE: &str = "D25";
/// What is delivered.
pub const CATEGORY: &str = "G32";
