//! Evidence that something is durable, for crates that must not depend on the ledger.

use crate::id::Digest;

/// Evidence that a fact is durable. The ledger's receipt alone is such evidence: a test counts who
/// implements it.
pub trait Durable {
    /// What the fact is about.
    fn about(&self) -> Digest;
}
