//! Heads of a ledger: wire to core and back.

use grondslag_core::checkpoint::{Cosignature, SignedCheckpoint};
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

fn note(text: &str) -> Result<SignedCheckpoint, Reason> {
    SignedCheckpoint::parse(text).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests {
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
