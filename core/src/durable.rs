//! That something lasts, as who may not look into a ledger can demand it.

use crate::id::Digest;

/// Evidence that a fact is durable. The ledger's receipt alone is such evidence: a test counts who
/// implements it.
pub trait Durable {
    /// What the fact is about.
    fn about(&self) -> Digest;
}
