//! A verified question that waits for a person: what is kept of it, and the same question again.
//!
//! It is kept as it came, but for the proofs, which were held against the broker's ledger once: the
//! next time that ledger may have gone on, and keys on cards may have been renewed.

use grondslag_core::reason::Reason;
use grondslag_core::statement::{self, Leaf};
use grondslag_core::tier::Approvals;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::v1;
use prost::Message as _;

use super::{Against, Attested, Held, asker_card, open_pair};
use crate::limits::STORED_BYTES;

/// The approvals in a byte, then the question, filled up: where the broker's ledger stands changes
/// its length by a few bytes.
pub(super) fn encode(question: &TargetQuestion, approvals: Approvals) -> Vec<u8> {
    let mut wire = v1::AnswerQuestion::from(question);
    if let Some(attestation) = &mut wire.attestation {
        (attestation.proof, attestation.consistency) = (Vec::new(), Vec::new());
    }
    let place = Approvals::ALL.iter().position(|one| *one == approvals);
    let mut stored = vec![place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)];
    stored.extend(wire.encode_length_delimited_to_vec());
    stored.resize(stored.len().next_multiple_of(STORED_BYTES), 0);
    stored
}

impl Attested {
    /// What to keep of this question; as long for every child.
    pub(in crate::answers) fn stored(&self) -> &[u8] {
        &self.stored
    }

    /// The question again.
    ///
    /// INVARIANT: called with what was read under a key that only the commit of a decision's leaf
    /// writes: it was verified then, and nothing of that is verified again but what changes. The
    /// asker must still be of the region, in its role.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for bytes that are no question; why the asker's card does not hold any
    /// more; `SEAL_INVALID` when the key is gone, as it is some time after the term.
    pub(in crate::answers) fn from_stored(
        stored: &[u8],
        against: &Against<'_>,
    ) -> Result<Self, Reason> {
        let corrupt = |_| Reason::StoreCorrupt;
        let (place, wire) = stored.split_first().ok_or(Reason::StoreCorrupt)?;
        let approvals = Approvals::ALL.get(usize::from(*place)).ok_or(Reason::StoreCorrupt)?;
        let wire =
            v1::AnswerQuestion::decode_length_delimited(wire).map_err(|_| Reason::StoreCorrupt)?;
        let question = TargetQuestion::try_from(wire).map_err(corrupt)?;
        let leaf = Leaf::parse(&question.evidence.leaf).map_err(|_| Reason::StoreCorrupt)?;
        let TargetQuestion { id, header, target, part, .. } = &question;
        let statement = statement::ask_digest(id, target, header, part);
        let asker = asker_card(header, against)?;
        let seal_key = asker.keys()?.seal.clone();
        let turned = open_pair(&question, against)?;
        let (approvals, stored) = (*approvals, stored.to_vec());
        Ok(Self::of(question, leaf, Held { turned, seal_key, approvals, statement, stored }))
    }
}
