//! The broker's evidence of a decision, held against the broker's key alone: for the target, which
//! then holds its checkpoint against the heads that it saw, and for the asker.

use grondslag_core::id::{Digest, TargetId};
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{self, Leaf};
use grondslag_evidence::records;
use grondslag_proto::question::Evidence;

/// Holds evidence against the broker's key: it signed the attestation and the checkpoint, and the
/// checkpoint's tree holds the entry that commits to the decision. Gives the decision.
///
/// # Errors
/// `ATTESTATION_INVALID` for whatever does not hold.
pub(crate) fn proved_leaf(
    id: &TargetId,
    evidence: &Evidence,
    broker_key: &[u8; 32],
) -> Result<Leaf, Reason> {
    let leaf = || -> Option<Leaf> {
        let Evidence { leaf, salt, recorded_at, index, .. } = evidence;
        let entry: Digest = records::hash_of(Leaf::KIND, salt, leaf, *recorded_at);
        let bytes = statement::attestation_bytes(id, &entry, *index, &evidence.pair);
        statement::verify(broker_key, &bytes, &evidence.signature).ok()?;
        evidence.checkpoint.verify(broker_key).ok()?;
        let head = evidence.checkpoint.checkpoint().tree();
        verify_inclusion(&entry, *index, &head, &evidence.proof).ok()?;
        Leaf::parse(leaf).ok()
    };
    leaf().ok_or(Reason::AttestationInvalid)
}
