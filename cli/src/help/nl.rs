//! The Dutch of every help text.

/// English, as in the code, and Dutch.
pub(super) const TEXTS: &[(&str, &str)] = &[];
