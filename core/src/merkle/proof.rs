//! Verifying proofs (RFC 9162, sections 2.1.3.2 and 2.1.4.2; the proofs are those of RFC 6962).

use super::{TreeHead, node_hash};
use crate::id::Digest;
use crate::limits::PROOF_HASHES_MAX;

/// A proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the proof does not hold")]
pub struct ProofError;

/// Verifies that a leaf with this hash stands at `index` of a tree.
///
/// # Errors
/// [`ProofError`] when it is not proved.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    head: &TreeHead,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if index >= head.size || proof.len() > PROOF_HASHES_MAX {
        return Err(ProofError);
    }
    let mut place = Place { node: index, last: head.size.saturating_sub(1) };
    let mut root = *leaf;
    for hash in proof {
        root = if place.climb()? { node_hash(hash, &root) } else { node_hash(&root, hash) };
    }
    if place.last == 0 && root == head.root { Ok(()) } else { Err(ProofError) }
}

/// Verifies that a tree begins with all of an older one.
///
/// # Errors
/// [`ProofError`] when it is not proved.
pub fn verify_consistency(
    old: &TreeHead,
    new: &TreeHead,
    proof: &[Digest],
) -> Result<(), ProofError> {
    if old.size == 0 || old.size == new.size {
        let known = if old.size == new.size { *new } else { TreeHead::empty() };
        return if proof.is_empty() && *old == known { Ok(()) } else { Err(ProofError) };
    }
    if old.size > new.size || proof.len() > PROOF_HASHES_MAX {
        return Err(ProofError);
    }
    let mut hashes = proof.iter();
    // A complete old tree is itself a subtree of the new one and is not repeated in the proof.
    let first =
        if old.size.is_power_of_two() { old.root } else { *hashes.next().ok_or(ProofError)? };
    let mut place = Place { node: old.size.saturating_sub(1), last: new.size.saturating_sub(1) };
    while place.node & 1 == 1 {
        place.up();
    }
    let (mut old_root, mut new_root) = (first, first);
    for hash in hashes {
        if place.climb()? {
            old_root = node_hash(hash, &old_root);
            new_root = node_hash(hash, &new_root);
        } else {
            new_root = node_hash(&new_root, hash);
        }
    }
    let proved = place.last == 0 && old_root == old.root && new_root == new.root;
    if proved { Ok(()) } else { Err(ProofError) }
}

/// A node on its way up, and the last node of its level.
struct Place {
    node: u64,
    last: u64,
}

impl Place {
    /// One level up past a hash of the proof: true when that hash stands to the left.
    fn climb(&mut self) -> Result<bool, ProofError> {
        if self.last == 0 {
            return Err(ProofError);
        }
        let left = self.node & 1 == 1 || self.node == self.last;
        if left {
            // The last node of a level that has no right half goes up as it is.
            while self.node & 1 == 0 && self.node != 0 {
                self.up();
            }
        }
        self.up();
        Ok(left)
    }

    fn up(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }
}
