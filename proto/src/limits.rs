//! Every bound of this crate, in one place (invariant 10).

/// Longest text on a card.
pub const CARD_TEXT_BYTES_MAX: usize = 256;
/// Longest certificate, key or signature on a card.
pub const CARD_BYTES_MAX: usize = 8_192;
/// Most rows or grounds that one basis names.
pub const BASIS_MAX: usize = 256;
