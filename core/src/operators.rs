//! The region's operators: people of different organisations who sign, offline, what holds for
//! the whole region. Nodes and the broker pin their public keys when they are made.
//!
//! A document of the region holds when two operators of different organisations signed it: no
//! single organisation, the broker's included, decides for the region.

use std::collections::BTreeSet;
use std::fmt;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Origin, SignatureType, VerifierKey};
use crate::id::Oin;
use crate::limits::{OPERATORS_MAX, OPERATORS_MIN};
use crate::reason::Reason;
use crate::statement;

/// The text is no public line of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an operator is written as OIN+key id+key, as `grondslag operator init` prints it")]
pub struct NotAnOperator;

/// An operator: organisation and public key. Its public line is a verifier key of C2SP under the
/// name of the organisation, so that a typing error shows in the key id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Operator {
    oin: Oin,
    key: [u8; 32],
}

impl Operator {
    /// The operator with this key.
    pub fn new(oin: Oin, key: &SigningKey) -> Self {
        Self { oin, key: key.verifying_key().to_bytes() }
    }

    /// Reads a public line.
    ///
    /// # Errors
    /// [`NotAnOperator`] for anything else.
    pub fn parse(line: &str) -> Result<Self, NotAnOperator> {
        let vkey = VerifierKey::parse(line).map_err(|_| NotAnOperator)?;
        let oin = Oin::parse(vkey.name.as_str()).map_err(|_| NotAnOperator)?;
        match vkey.kind {
            SignatureType::Ed25519 => Ok(Self { oin, key: vkey.key }),
            SignatureType::Cosignature => Err(NotAnOperator),
        }
    }

    /// The organisation.
    pub fn oin(&self) -> &Oin {
        &self.oin
    }

    /// Signs a document of the region.
    pub fn sign(oin: &Oin, key: &SigningKey, document: &[u8]) -> OperatorSignature {
        let operator = Self::new(oin.clone(), key);
        OperatorSignature { operator, signature: statement::sign(key, document) }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An OIN has no space and no plus, so it is a name.
        let name = Origin::parse(self.oin.as_str()).map_err(|_| fmt::Error)?;
        VerifierKey::new(name, SignatureType::Ed25519, self.key).fmt(f)
    }
}

impl TryFrom<String> for Operator {
    type Error = NotAnOperator;

    fn try_from(line: String) -> Result<Self, NotAnOperator> {
        Self::parse(&line)
    }
}

impl From<Operator> for String {
    fn from(operator: Operator) -> Self {
        operator.to_string()
    }
}

/// One operator's signature under a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorSignature {
    /// Who signed, by its own word.
    pub operator: Operator,
    /// Ed25519 over the document's canonical bytes.
    #[serde(with = "hex_signature")]
    pub signature: [u8; 64],
}

/// The operators that a process pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Operators(Vec<Operator>);

impl Operators {
    /// These operators.
    pub fn new(operators: Vec<Operator>) -> Self {
        Self(operators)
    }

    /// The operators.
    pub fn all(&self) -> &[Operator] {
        &self.0
    }

    /// Whether these can sign for a region at all.
    ///
    /// # Errors
    /// `OPERATORS_TOO_FEW`, `OPERATORS_SAME_ORGANISATION`, or `TOO_LARGE`.
    pub fn check(&self) -> Result<(), Reason> {
        if self.0.len() > OPERATORS_MAX {
            return Err(Reason::TooLarge);
        }
        enough(self.0.iter())
    }

    /// Whether two pinned operators of different organisations signed a document, and nobody else
    /// tried to.
    ///
    /// # Errors
    /// `OPERATOR_UNKNOWN`, `OPERATOR_SIGNATURE_INVALID`, `OPERATORS_TOO_FEW` or
    /// `OPERATORS_SAME_ORGANISATION`.
    pub fn verify(&self, document: &[u8], signatures: &[OperatorSignature]) -> Result<(), Reason> {
        if signatures.len() > OPERATORS_MAX {
            return Err(Reason::TooLarge);
        }
        for OperatorSignature { operator, signature } in signatures {
            if !self.0.contains(operator) {
                return Err(Reason::OperatorUnknown);
            }
            statement::verify(&operator.key, document, signature)
                .map_err(|_| Reason::OperatorSignatureInvalid)?;
        }
        enough(signatures.iter().map(|signature| &signature.operator))
    }
}

/// Two operators, of two organisations.
fn enough<'a>(operators: impl Iterator<Item = &'a Operator>) -> Result<(), Reason> {
    let different: BTreeSet<&Operator> = operators.collect();
    let organisations: BTreeSet<&Oin> = different.iter().map(|operator| &operator.oin).collect();
    if different.len() < OPERATORS_MIN {
        Err(Reason::OperatorsTooFew)
    } else if organisations.len() < OPERATORS_MIN {
        Err(Reason::OperatorsSameOrganisation)
    } else {
        Ok(())
    }
}

/// A signature as hexadecimal text in files.
pub(crate) mod hex_signature {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 64], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 64], D::Error> {
        let bytes = hex::decode(String::deserialize(from)?).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("a signature has 64 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("0000009900000000{number}000")).unwrap()
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    /// Two of one organisation, one of another.
    fn pinned() -> Operators {
        let all = [(1, 1), (1, 2), (2, 3)];
        Operators::new(all.map(|(org, seed)| Operator::new(oin(org), &key(seed))).into())
    }

    fn signed(document: &[u8], by: &[(u8, u8)]) -> Vec<OperatorSignature> {
        by.iter().map(|(org, seed)| Operator::sign(&oin(*org), &key(*seed), document)).collect()
    }

    #[test]
    fn two_operators_of_different_organisations_are_needed_and_enough() {
        let verify = |by: &[(u8, u8)]| pinned().verify(b"doc", &signed(b"doc", by));
        assert_eq!(verify(&[(1, 1), (2, 3)]), Ok(()));
        assert_eq!(verify(&[(1, 1), (1, 2), (2, 3)]), Ok(()));
        assert_eq!(verify(&[]), Err(Reason::OperatorsTooFew));
        assert_eq!(verify(&[(1, 1)]), Err(Reason::OperatorsTooFew));
        assert_eq!(verify(&[(1, 1), (1, 1)]), Err(Reason::OperatorsTooFew), "one, twice");
        assert_eq!(verify(&[(1, 1), (1, 2)]), Err(Reason::OperatorsSameOrganisation));
        assert_eq!(verify(&[(1, 1), (2, 4)]), Err(Reason::OperatorUnknown));
        // A pinned key under the name of another organisation is another operator.
        assert_eq!(verify(&[(1, 1), (2, 2)]), Err(Reason::OperatorUnknown));
        assert_eq!(verify(&[(1, 1), (2, 3), (3, 9)]), Err(Reason::OperatorUnknown));
        let crowd = vec![(1, 1); OPERATORS_MAX + 1];
        assert_eq!(verify(&crowd), Err(Reason::TooLarge));
    }

    #[test]
    fn a_signature_of_another_document_does_not_hold() {
        let mut signatures = signed(b"doc", &[(1, 1), (2, 3)]);
        let other = pinned().verify(b"other", &signatures);
        assert_eq!(other, Err(Reason::OperatorSignatureInvalid));
        signatures[1].signature[0] ^= 1;
        let flipped = pinned().verify(b"doc", &signatures);
        assert_eq!(flipped, Err(Reason::OperatorSignatureInvalid));
    }

    #[test]
    fn those_who_are_pinned_must_be_of_two_organisations() {
        let check = |all: &[Operator]| Operators::new(all.to_vec()).check();
        let all = pinned().all().to_vec();
        assert_eq!(check(&all), Ok(()));
        assert_eq!(check(&[]), Err(Reason::OperatorsTooFew));
        assert_eq!(check(&all[..1]), Err(Reason::OperatorsTooFew));
        assert_eq!(check(&all[..2]), Err(Reason::OperatorsSameOrganisation));
        assert_eq!(check(&vec![all[0].clone(); OPERATORS_MAX + 1]), Err(Reason::TooLarge));
    }

    #[test]
    fn a_public_line_reads_back_and_a_typing_error_does_not() {
        let operator = Operator::new(oin(1), &key(1));
        let line = operator.to_string();
        assert!(line.starts_with("00000099000000001000+"), "{line}");
        assert_eq!(Operator::parse(&line), Ok(operator));
        for at in 0..line.len() {
            let mut typed = line.clone().into_bytes();
            typed[at] ^= 1;
            assert!(Operator::parse(&String::from_utf8(typed).unwrap()).is_err(), "byte {at}");
        }
        let name = Origin::parse(oin(1).as_str()).unwrap();
        let witness = VerifierKey::new(name, SignatureType::Cosignature, [1; 32]).to_string();
        assert_eq!(Operator::parse(&witness), Err(NotAnOperator));
        let other = VerifierKey::new(Origin::parse("x").unwrap(), SignatureType::Ed25519, [1; 32]);
        assert_eq!(Operator::parse(&other.to_string()), Err(NotAnOperator));
    }

    #[test]
    fn a_signature_reads_back_from_a_file() {
        let [signature] = signed(b"doc", &[(1, 1)]).try_into().unwrap();
        let text = serde_json::to_string(&signature).unwrap();
        assert_eq!(serde_json::from_str::<OperatorSignature>(&text).unwrap(), signature);
        for bad in [text.replace("\"signature\":\"", "\"signature\":\"00"), text.replace("op", "o")]
        {
            assert!(serde_json::from_str::<OperatorSignature>(&bad).is_err(), "{bad}");
        }
    }
}
