//! Every bound of this crate, in one place (invariant 10).

/// Longest part of a name, in characters; the longest Dutch surnames have some forty.
pub(crate) const NAME_CHARS_MAX: usize = 200;
