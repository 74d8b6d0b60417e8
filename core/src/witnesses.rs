//! The region's witnesses: agencies whose nodes cosign the broker's checkpoints.
//!
//! They are named by their organisation, for their sign keys change: the key is the one on the
//! card that a reader verified. A list counts for one region, bears a number that never goes
//! back, and is signed by two operators of different organisations.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::canonical::Canonical;
use crate::id::{Digest, Oin};
use crate::limits::{WITNESSES_MAX, WITNESSES_MIN};
use crate::operators::{OperatorSignature, Operators};
use crate::reason::Reason;

/// Who the witnesses are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessList {
    /// Fingerprint of the region's root.
    pub region: Digest,
    /// Counts the region's lists, from 1.
    pub seq: u64,
    /// The organisations.
    pub witnesses: BTreeSet<Oin>,
}

impl WitnessList {
    /// The bytes that operators sign.
    pub fn canonical(&self) -> Vec<u8> {
        let witnesses: Vec<&str> = self.witnesses.iter().map(Oin::as_str).collect();
        Canonical::new("grondslag/witness-list/v1")
            .bytes(self.region.as_bytes())
            .number(self.seq)
            .list(witnesses.iter())
            .finish()
    }

    /// Whether there are enough witnesses that a majority of them means something.
    ///
    /// # Errors
    /// `WITNESSES_TOO_FEW` for fewer than three, or `TOO_LARGE`.
    pub fn check(&self) -> Result<(), Reason> {
        match self.witnesses.len() {
            ..WITNESSES_MIN => Err(Reason::WitnessesTooFew),
            WITNESSES_MIN..=WITNESSES_MAX => Ok(()),
            _ => Err(Reason::TooLarge),
        }
    }
}

/// A list with its signatures, as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedWitnessList {
    /// The list.
    pub list: WitnessList,
    /// Of operators.
    pub signatures: Vec<OperatorSignature>,
}

impl SignedWitnessList {
    /// Whether the list holds in a region; whether it follows the last one is for its reader.
    ///
    /// # Errors
    /// `REGION_MISMATCH`, `WITNESSES_TOO_FEW`, or why its signatures do not hold.
    pub fn verify(&self, operators: &Operators, region: &Digest) -> Result<Witnesses, Reason> {
        if self.list.region != *region {
            return Err(Reason::RegionMismatch);
        }
        self.list.check()?;
        operators.verify(&self.list.canonical(), &self.signatures)?;
        Ok(Witnesses(self.list.clone()))
    }
}

/// A list that two operators signed.
///
/// Only [`SignedWitnessList::verify`] makes one:
///
/// ```compile_fail,E0423
/// fn forge(list: grondslag_core::witnesses::WitnessList) {
///     let _ = grondslag_core::witnesses::Witnesses(list);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnesses(WitnessList);

impl Witnesses {
    /// The list.
    pub fn list(&self) -> &WitnessList {
        &self.0
    }

    /// Whether this organisation is one of them.
    pub fn names(&self, oin: &Oin) -> bool {
        self.0.witnesses.contains(oin)
    }

    /// How many of them are more than half: two such groups share a witness, so a broker that
    /// shows two histories needs one that signs both.
    pub fn quorum(&self) -> usize {
        self.0.witnesses.len().div_euclid(2).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::operators::Operator;

    fn oin(number: usize) -> Oin {
        Oin::parse(&format!("00000099{number:09}000")).unwrap()
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn list(witnesses: usize) -> WitnessList {
        let witnesses = (1..=witnesses).map(oin).collect();
        WitnessList { region: Digest::new([7; 32]), seq: 1, witnesses }
    }

    fn signed(list: WitnessList) -> SignedWitnessList {
        let document = list.canonical();
        let signatures = [1, 2].map(|n| Operator::sign(&oin(n.into()), &key(n), &document)).into();
        SignedWitnessList { list, signatures }
    }

    fn verify(signed: &SignedWitnessList) -> Result<Witnesses, Reason> {
        let all = [1, 2].map(|n| Operator::new(oin(n.into()), &key(n)));
        signed.verify(&Operators::new(all.into()), &Digest::new([7; 32]))
    }

    #[test]
    fn three_or_more_witnesses_in_their_own_region_hold() {
        for (count, quorum) in [(3, 2), (4, 3), (5, 3), (6, 4), (WITNESSES_MAX, 16)] {
            let witnesses = verify(&signed(list(count))).unwrap();
            assert_eq!(witnesses.quorum(), quorum, "{count}");
            assert!(2 * witnesses.quorum() > count);
            assert!(witnesses.names(&oin(count)) && !witnesses.names(&oin(count + 1)));
        }
        assert_eq!(verify(&signed(list(2))), Err(Reason::WitnessesTooFew));
        assert_eq!(verify(&signed(list(0))), Err(Reason::WitnessesTooFew));
        assert_eq!(verify(&signed(list(WITNESSES_MAX + 1))), Err(Reason::TooLarge));
        let other = WitnessList { region: Digest::new([8; 32]), ..list(3) };
        assert_eq!(verify(&signed(other)), Err(Reason::RegionMismatch));
    }

    #[test]
    fn whatever_changes_is_no_longer_signed() {
        let changes: [fn(&mut WitnessList); 3] = [
            |list| list.seq = 2,
            |list| list.witnesses = (1..=4).map(oin).collect(),
            |list| list.witnesses = (2..=4).map(oin).collect(),
        ];
        for change in changes {
            let mut signed = signed(list(3));
            change(&mut signed.list);
            assert_eq!(verify(&signed), Err(Reason::OperatorSignatureInvalid));
        }
        let mut once = signed(list(3));
        once.signatures.pop();
        assert_eq!(verify(&once), Err(Reason::OperatorsTooFew));
    }

    #[test]
    fn a_list_reads_back_from_a_file() {
        let signed = signed(list(3));
        let text = serde_json::to_string(&signed).unwrap();
        assert_eq!(serde_json::from_str::<SignedWitnessList>(&text).unwrap(), signed);
        let more = text.replacen("\"seq\"", "\"note\":1,\"seq\"", 1);
        assert!(serde_json::from_str::<SignedWitnessList>(&more).is_err());
    }
}
