//! The content of a reply's body: an answer as it was encoded, with the proof that it stands in the
//! ledger of the node that gave it; or neither.

use grondslag_core::answered::AnswerProof;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::limits::PROOF_HASHES_MAX;
use grondslag_core::reason::Reason;
use prost::Message;

use crate::v1;

/// A node's answer and its proof.
#[derive(Clone, PartialEq, Eq)]
pub struct Proved {
    /// The answer, encoded: what is hashed is what stands here.
    pub answer: Vec<u8>,
    /// That it stands in the node's ledger.
    pub proof: AnswerProof,
}

impl std::fmt::Debug for Proved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proved({:?}, …)", self.proof)
    }
}

/// Encodes an answer with its proof.
pub fn encode(answer: Vec<u8>, proof: &AnswerProof) -> Vec<u8> {
    v1::AnswerContent { body: answer, proof: Some(proof.into()) }.encode_to_vec()
}

/// The content of a message that says nothing: it fills a slot.
pub fn nothing() -> Vec<u8> {
    Vec::new()
}

/// Decodes a content; `None` for one that says nothing.
///
/// # Errors
/// `RECEIPT_INVALID` for an answer without a proof or with one that is none; `MALFORMED` or
/// `TOO_LARGE`.
pub fn decode(content: &[u8]) -> Result<Option<Proved>, Reason> {
    let wire = v1::AnswerContent::decode(content).map_err(|_| Reason::Malformed)?;
    match (wire.body, wire.proof) {
        (body, None) if body.is_empty() => Ok(None),
        (_, None) => Err(Reason::ReceiptInvalid),
        (answer, Some(proof)) => Ok(Some(Proved { answer, proof: proof.try_into()? })),
    }
}

/// Bytes that a proof of so many hashes takes beside the answer, at most.
pub fn proof_bytes(hashes: usize) -> usize {
    let blank = v1::AnswerProof {
        salt: vec![0; 32],
        commitment: vec![0; Digest::LEN],
        recorded_at_ms: i64::MAX,
        index: u64::MAX,
        log: u64::MAX,
        size: u64::MAX,
        root: vec![0; Digest::LEN],
        signature: vec![0; 64],
        path: vec![0; Digest::LEN.saturating_mul(hashes)],
    };
    let content = v1::AnswerContent { body: Vec::new(), proof: Some(blank) };
    // Beside the answer stand its tag and its own length.
    content.encoded_len().saturating_add(1 + prost::length_delimiter_len(u32::MAX as usize))
}

impl From<&AnswerProof> for v1::AnswerProof {
    fn from(proof: &AnswerProof) -> Self {
        Self {
            salt: proof.salt.to_vec(),
            commitment: proof.commitment.as_bytes().to_vec(),
            recorded_at_ms: proof.recorded_at.ms(),
            index: proof.index,
            log: proof.log,
            size: proof.size,
            root: proof.root.as_bytes().to_vec(),
            signature: proof.signature.to_vec(),
            path: proof.path.iter().flat_map(|hash| *hash.as_bytes()).collect(),
        }
    }
}

impl TryFrom<v1::AnswerProof> for AnswerProof {
    type Error = Reason;

    fn try_from(wire: v1::AnswerProof) -> Result<Self, Reason> {
        fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Reason> {
            bytes.try_into().map_err(|_| Reason::ReceiptInvalid)
        }
        let (hashes, rest) = wire.path.as_chunks::<{ Digest::LEN }>();
        if !rest.is_empty() || hashes.len() > PROOF_HASHES_MAX {
            return Err(Reason::ReceiptInvalid);
        }
        Ok(Self {
            salt: array(&wire.salt)?,
            commitment: Digest::new(array(&wire.commitment)?),
            recorded_at: Timestamp::from_ms(wire.recorded_at_ms),
            index: wire.index,
            log: wire.log,
            size: wire.size,
            root: Digest::new(array(&wire.root)?),
            signature: array(&wire.signature)?,
            path: hashes.iter().map(|hash| Digest::new(*hash)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(hashes: usize) -> AnswerProof {
        AnswerProof {
            salt: [1; 32],
            commitment: Digest::of(b"record"),
            recorded_at: Timestamp::from_ms(i64::MAX),
            index: u64::MAX,
            log: 1,
            size: u64::MAX,
            root: Digest::of(b"root"),
            signature: [2; 64],
            path: vec![Digest::of(b"hash"); hashes],
        }
    }

    #[test]
    fn an_answer_comes_back_with_its_proof_and_nothing_as_nothing() {
        let proved = Proved { answer: b"answer".to_vec(), proof: proof(3) };
        let content = encode(proved.answer.clone(), &proved.proof);
        assert_eq!(decode(&content), Ok(Some(proved)));
        assert_eq!(decode(&nothing()), Ok(None));
    }

    #[test]
    fn an_answer_without_a_whole_proof_is_none() {
        let bare = v1::AnswerContent { body: b"answer".to_vec(), proof: None };
        assert_eq!(decode(&bare.encode_to_vec()), Err(Reason::ReceiptInvalid));
        let altered = |alter: fn(&mut v1::AnswerProof)| {
            let mut wire = v1::AnswerProof::from(&proof(3));
            alter(&mut wire);
            AnswerProof::try_from(wire).map(drop)
        };
        assert_eq!(altered(|_| {}), Ok(()));
        let wrong: [fn(&mut v1::AnswerProof); 6] = [
            |wire| wire.salt.truncate(31),
            |wire| wire.commitment.clear(),
            |wire| wire.root.push(0),
            |wire| wire.signature.truncate(63),
            |wire| wire.path.push(0),
            |wire| wire.path = vec![0; Digest::LEN * (PROOF_HASHES_MAX + 1)],
        ];
        for alter in wrong {
            assert_eq!(altered(alter), Err(Reason::ReceiptInvalid));
        }
        assert_eq!(decode(b"\xff"), Err(Reason::Malformed));
    }

    #[test]
    fn the_room_that_is_kept_for_a_proof_is_enough() {
        for hashes in [0, 1, 20, PROOF_HASHES_MAX] {
            for answer in [0, 100, 200, 40_000] {
                let whole = encode(vec![7; answer], &proof(hashes)).len();
                assert!(whole <= answer + proof_bytes(hashes), "{hashes} {answer}");
            }
        }
    }
}
