//! Attestations: the broker's word that a decision stands in its ledger, with the evidence.

use ed25519_dalek::SigningKey;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::statement::{attestation_bytes, sign};
use grondslag_proto::question::Evidence;

/// Attests a durable decision. The index says where it stands; it comes from a ledger receipt or
/// from the ledger itself.
pub(crate) fn attest(
    key: &SigningKey,
    id: &TargetId,
    leaf: &[u8],
    index: u64,
    blind: &[u8],
) -> Evidence {
    let signature = sign(key, &attestation_bytes(id, &Digest::of(leaf), index, blind));
    Evidence { leaf: leaf.to_vec(), index, signature }
}
