//! The hash tree of RFC 6962, section 2.1: hashes, which subtrees a proof is made of, and the
//! verifying of proofs. Pure: whoever keeps the hashes looks them up by [`Subtree`].
//!
//! A leaf is hashed behind a zero byte and an inner node behind a one, so that neither can be
//! taken for the other.

mod proof;
mod tree;

use sha2::{Digest as _, Sha256};

pub use self::proof::{ProofError, verify_consistency, verify_inclusion};
pub use self::tree::{Frontier, Range, Subtree, consistency_ranges, inclusion_ranges, range_root};
use crate::id::Digest;

/// A tree at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Hash over all of them.
    pub root: Digest,
}

impl TreeHead {
    /// The tree without a leaf.
    pub fn empty() -> Self {
        Self { size: 0, root: Digest::of(&[]) }
    }
}

/// The hash of a leaf: SHA-256 of a zero byte and the leaf.
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::new(Sha256::new().chain_update([0]).chain_update(leaf).finalize().into())
}

/// The hash of an inner node: SHA-256 of a one and the hashes of its two halves.
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    let hash = Sha256::new().chain_update([1]).chain_update(left.as_bytes());
    Digest::new(hash.chain_update(right.as_bytes()).finalize().into())
}

#[cfg(test)]
mod tests;
