//! Heads of a ledger: wire to core and back.

use grondslag_core::checkpoint::{Cosignature, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::founding::SignedFounding;
use grondslag_core::id::Digest;
use grondslag_core::limits::PROOF_HASHES_MAX;
use grondslag_core::reason::Reason;

use crate::v1;

/// A head as it is shown to whoever follows a ledger; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownHead {
    /// The head.
    pub head: SignedCheckpoint,
    /// Size of the head that the proof begins at.
    pub from: u64,
    /// That the head goes on from there.
    pub proof: Vec<Digest>,
    /// The largest head that enough witnesses cosigned, with the proof that the head goes on from
    /// it.
    pub cosigned: Option<(SignedCheckpoint, Vec<Digest>)>,
    /// That the head goes on from another one that the follower named.
    pub also: Vec<Digest>,
}

/// How the log behind the one that somebody follows was founded; nothing of it is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFounding {
    /// The number of the log that goes on.
    pub current: u64,
    /// The founding; nothing for who follows the log that goes on.
    pub founding: Option<FoundingLeaf>,
    /// A head of the log that was founded, with the proof that the leaf stands in it; nothing when
    /// a later one goes on.
    pub proved: Option<(SignedCheckpoint, Vec<Digest>)>,
}

/// A founding as it stands in the log that it founded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundingLeaf {
    /// What it says, and who signed it.
    pub signed: SignedFounding,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Where it stands.
    pub index: u64,
}

impl From<&ShownFounding> for v1::ShowFoundingResponse {
    fn from(shown: &ShownFounding) -> Self {
        let founding = shown.founding.as_ref();
        let (head, proof) = match &shown.proved {
            Some((head, proof)) => (head.note(), wire_hashes(proof)),
            None => (String::new(), Vec::new()),
        };
        Self {
            current: shown.current,
            leaf: founding.map(|one| one.signed.leaf()).unwrap_or_default(),
            recorded_at_ms: founding.map(|one| one.recorded_at.ms()).unwrap_or_default(),
            index: founding.map(|one| one.index).unwrap_or_default(),
            head,
            proof,
        }
    }
}

impl TryFrom<v1::ShowFoundingResponse> for ShownFounding {
    type Error = Reason;

    fn try_from(wire: v1::ShowFoundingResponse) -> Result<Self, Reason> {
        let v1::ShowFoundingResponse { current, leaf, recorded_at_ms, index, head, proof } = wire;
        let founding = if leaf.is_empty() {
            None
        } else {
            let signed = SignedFounding::parse(&leaf).map_err(|_| Reason::Malformed)?;
            let recorded_at = Timestamp::from_ms(recorded_at_ms);
            Some(FoundingLeaf { signed, recorded_at, index })
        };
        let proved = match head.as_str() {
            "" => None,
            text => Some((note(text)?, hashes(&proof)?)),
        };
        Ok(Self { current, founding, proved })
    }
}

impl From<&ShownHead> for v1::WatchHeadsResponse {
    fn from(shown: &ShownHead) -> Self {
        let (cosigned, cosigned_proof) = match &shown.cosigned {
            Some((cosigned, proof)) => (cosigned.note(), wire_hashes(proof)),
            None => (String::new(), Vec::new()),
        };
        let (head, proof) = (shown.head.note(), wire_hashes(&shown.proof));
        let also_proof = wire_hashes(&shown.also);
        Self { head, from_size: shown.from, proof, cosigned, cosigned_proof, also_proof }
    }
}

impl TryFrom<v1::WatchHeadsResponse> for ShownHead {
    type Error = Reason;

    fn try_from(wire: v1::WatchHeadsResponse) -> Result<Self, Reason> {
        let cosigned = match wire.cosigned.as_str() {
            "" if wire.cosigned_proof.is_empty() => None,
            "" => return Err(Reason::Malformed),
            text => Some((note(text)?, hashes(&wire.cosigned_proof)?)),
        };
        let (head, proof) = (note(&wire.head)?, hashes(&wire.proof)?);
        Ok(Self { head, from: wire.from_size, proof, cosigned, also: hashes(&wire.also_proof)? })
    }
}

/// Reads a cosignature.
///
/// # Errors
/// `MALFORMED` for anything but its line in a note.
pub fn cosignature(wire: &v1::AddCosignatureRequest) -> Result<(u64, Cosignature), Reason> {
    let cosignature = Cosignature::parse(&wire.cosignature).map_err(|_| Reason::Malformed)?;
    Ok((wire.size, cosignature))
}

/// Hashes of a proof as they travel.
pub fn wire_hashes(hashes: &[Digest]) -> Vec<Vec<u8>> {
    hashes.iter().map(|hash| hash.as_bytes().to_vec()).collect()
}

/// Reads the hashes of a proof.
///
/// # Errors
/// `TOO_LARGE` for more than a proof can have, `MALFORMED` for another length than a hash's.
pub fn hashes(wire: &[Vec<u8>]) -> Result<Vec<Digest>, Reason> {
    if wire.len() > PROOF_HASHES_MAX {
        return Err(Reason::TooLarge);
    }
    let hash = |bytes: &Vec<u8>| bytes.as_slice().try_into().map(Digest::new);
    wire.iter().map(|bytes| hash(bytes).map_err(|_| Reason::Malformed)).collect()
}

/// Reads a head; an empty text is none.
///
/// # Errors
/// `MALFORMED` for anything but a checkpoint in its note.
pub fn head(text: &str) -> Result<Option<SignedCheckpoint>, Reason> {
    if text.is_empty() { Ok(None) } else { note(text).map(Some) }
}

fn note(text: &str) -> Result<SignedCheckpoint, Reason> {
    SignedCheckpoint::parse(text).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests {
    use grondslag_core::founding::Founding;

    use super::*;

    const NOTE: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7\
        u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    fn shown(cosigned: bool) -> ShownHead {
        let head = SignedCheckpoint::parse(NOTE).unwrap();
        let proof = vec![Digest::new([1; 32]), Digest::new([2; 32])];
        let cosigned = cosigned.then(|| (head.clone(), proof.clone()));
        ShownHead { head, from: 7, also: proof.clone(), proof, cosigned }
    }

    #[test]
    fn what_is_shown_survives_the_wire() {
        for shown in [shown(true), shown(false)] {
            let wire = v1::WatchHeadsResponse::from(&shown);
            assert_eq!(ShownHead::try_from(wire), Ok(shown));
        }
    }

    #[test]
    fn a_founding_survives_the_wire_and_what_is_none_is_refused() {
        let head = SignedCheckpoint::parse(NOTE).unwrap();
        let founding = Founding {
            region: Digest::new([7; 32]),
            number: 2,
            amendment: 0,
            at: Timestamp::from_ms(5),
            restored: 3,
            head: head.clone(),
            missed: std::collections::BTreeSet::new(),
        };
        let signed = SignedFounding { founding, signatures: Vec::new() };
        let (recorded_at, index) = (Timestamp::from_ms(9), 4);
        let founding = Some(FoundingLeaf { signed, recorded_at, index });
        let proved = Some((head, vec![Digest::new([1; 32])]));
        for (founding, proved) in [(None, None), (founding.clone(), None), (founding, proved)] {
            let shown = ShownFounding { current: 2, founding, proved };
            let wire = v1::ShowFoundingResponse::from(&shown);
            assert_eq!(ShownFounding::try_from(wire), Ok(shown));
        }
        let wire = v1::ShowFoundingResponse { leaf: vec![1], ..Default::default() };
        assert_eq!(ShownFounding::try_from(wire), Err(Reason::Malformed));
        let wire = v1::ShowFoundingResponse { head: "x".into(), ..Default::default() };
        assert_eq!(ShownFounding::try_from(wire), Err(Reason::Malformed));
        assert_eq!(super::head(""), Ok(None));
        assert_eq!(super::head("x"), Err(Reason::Malformed));
    }

    #[test]
    fn notes_and_hashes_have_one_form() {
        let wire = v1::WatchHeadsResponse::from(&shown(true));
        let bad = |change: fn(&mut v1::WatchHeadsResponse)| {
            let mut wire = wire.clone();
            change(&mut wire);
            ShownHead::try_from(wire).unwrap_err()
        };
        assert_eq!(bad(|wire| wire.head = String::new()), Reason::Malformed);
        assert_eq!(bad(|wire| wire.head.push('x')), Reason::Malformed);
        assert_eq!(bad(|wire| wire.proof.push(vec![1; 31])), Reason::Malformed);
        assert_eq!(bad(|wire| wire.cosigned = String::new()), Reason::Malformed);
        assert_eq!(bad(|wire| wire.proof = vec![vec![1; 32]; 66]), Reason::TooLarge);
        assert_eq!(bad(|wire| wire.cosigned_proof = vec![vec![1; 32]; 66]), Reason::TooLarge);
        assert_eq!(bad(|wire| wire.also_proof = vec![vec![1; 32]; 66]), Reason::TooLarge);
        let line = v1::AddCosignatureRequest { size: 1, cosignature: "no line".into() };
        assert_eq!(cosignature(&line), Err(Reason::Malformed));
    }
}
