//! Evidence of others, held against their key alone. The broker's of a decision: for the target,
//! which then holds its checkpoint against the heads that it saw, and for the asker. A node's of an
//! answer: for the asker.

use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{self, Leaf};
use grondslag_evidence::records;
use grondslag_proto::content::Proved;
use grondslag_proto::question::Evidence;

use crate::limits::RESTORES_MAX;
use crate::recorded::Kind;

/// The ledger of a node, in its store and in the name of its log.
pub const LEDGER: &str = "node";

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

/// Whose ledger an answer must stand in, and as the answer to what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AnswerTo<'a> {
    /// Digest of the statement that the node was sent.
    pub(crate) statement: &'a Digest,
    /// What the node's record of it is.
    pub(crate) kind: Kind,
    /// The region's name.
    pub(crate) region: &'a str,
    /// The node.
    pub(crate) from: &'a Oin,
    /// The key on its card.
    pub(crate) key: &'a [u8; 32],
    /// When it can have been recorded: not before the question, and not later than now.
    pub(crate) between: (Timestamp, Timestamp),
}

/// Holds an answer against the key of the node that gave it: the node signed a checkpoint, and the
/// checkpoint's tree holds the entry of this very answer to this very question. Gives the hash of
/// that entry.
///
/// # Errors
/// `RECEIPT_INVALID` for whatever does not hold.
pub(crate) fn proved_answer(proved: &Proved, to: &AnswerTo<'_>) -> Result<Digest, Reason> {
    let entry = || -> Option<Digest> {
        let proof = &proved.proof;
        let (from, to_now) = to.between;
        let from = from.plus_ms(-CLOCK_SKEW_MS_MAX);
        let timely = (from..=to_now.plus_ms(CLOCK_SKEW_MS_MAX)).contains(&proof.recorded_at);
        let numbered = (1..=RESTORES_MAX).contains(&proof.log);
        let origin = Origin::of_member(to.region, to.from, LEDGER, proof.log).ok()?;
        let head = proof.head(origin);
        statement::verify(to.key, head.text().as_bytes(), &proof.signature).ok()?;
        let about = proof.about(to.statement, &proved.answer);
        let label = to.kind.label();
        let entry = records::hash_about(&about, label, &proof.commitment, proof.recorded_at);
        verify_inclusion(&entry, proof.index, &head.tree(), &proof.path).ok()?;
        (numbered && timely).then_some(entry)
    };
    entry().ok_or(Reason::ReceiptInvalid)
}
