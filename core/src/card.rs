//! Agency cards and admissions: who is who in the region, and as what they may act.
//!
//! A card is signed with the key of the agency's X.509 certificate and the previous card's sign
//! key; an admission is signed offline by the region authority. Parsing X.509 and checking those
//! signatures is `certs`' work: here are the fields and their canonical bytes.

use serde::{Deserialize, Serialize};

use crate::canonical::Canonical;
use crate::catalogue::Kind;
use crate::clock::Timestamp;
use crate::id::{Digest, Oin};

#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// What an agency says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The agency.
    pub oin: Oin,
    /// Its kind toward those who ask it (target kind).
    pub kind: Kind,
    /// Its name, for people.
    pub name: String,
    /// Where its node listens: `host:port`.
    pub endpoint: String,
    /// Telephone of the professional on duty.
    pub duty_phone: String,
    /// Ed25519 key that signs questions, answers and approvers.
    pub sign_key: [u8; 32],
    /// HPKE key that answers and details are sealed to (`seal`); empty for a broker.
    #[serde(with = "hex_bytes")]
    pub seal_key: Vec<u8>,
    /// Pseudonym key Y and its proof of possession (`blind`); empty for a broker.
    #[serde(with = "hex_bytes")]
    pub pseudonym_key: Vec<u8>,
    /// Counts the agency's cards; a reader never goes back.
    pub seq: u64,
    /// Valid from this moment.
    pub valid_from: Timestamp,
    /// Valid until this moment.
    pub valid_until: Timestamp,
}

impl Card {
    /// The bytes that the key of the card before signs.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/card/v1")
            .text(self.oin.as_str())
            .text(self.kind.as_str())
            .text(&self.name)
            .text(&self.endpoint)
            .text(&self.duty_phone)
            .bytes(&self.sign_key)
            .bytes(&self.seal_key)
            .bytes(&self.pseudonym_key)
            .number(self.seq)
            .signed(self.valid_from.ms())
            .signed(self.valid_until.ms())
            .finish()
    }

    /// The bytes that the certificate's key signs: the card with the signature of the key before,
    /// so that nobody but the agency says which key that was.
    pub fn vouched(&self, previous_signature: &[u8]) -> Vec<u8> {
        Canonical::new("grondslag/card/vouched/v1")
            .bytes(&self.canonical())
            .bytes(previous_signature)
            .finish()
    }

    /// Digest of the card, under which an operator accepts a changed key.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.canonical())
    }
}

/// A card with its proofs, as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCard {
    /// The card.
    pub card: Card,
    /// The agency's X.509 leaf certificate, DER.
    #[serde(with = "hex_bytes")]
    pub leaf: Vec<u8>,
    /// ECDSA P-256 signature of the leaf's key over [`Card::vouched`], ASN.1.
    #[serde(with = "hex_bytes")]
    pub leaf_signature: Vec<u8>,
    /// Ed25519 signature by the sign key of the previous card; empty on a first card.
    #[serde(with = "hex_bytes")]
    pub previous_signature: Vec<u8>,
    /// The region authority's admission of this agency.
    pub admission: Admission,
}

/// Which kinds an agency may act as, signed offline with the region authority's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Admission {
    /// The agency.
    pub oin: Oin,
    /// The kinds, sorted.
    pub kinds: Vec<Kind>,
    /// Valid until this moment.
    pub valid_until: Timestamp,
    /// ECDSA P-256 signature of the region authority, ASN.1.
    #[serde(with = "hex_bytes")]
    pub signature: Vec<u8>,
}

impl Admission {
    /// The bytes that the region authority signs.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/admission/v1")
            .text(self.oin.as_str())
            .list(self.kinds.iter())
            .signed(self.valid_until.ms())
            .finish()
    }

    /// Whether the agency may act as this kind.
    pub fn admits(&self, kind: &Kind) -> bool {
        self.kinds.contains(kind)
    }
}

/// Bytes as hexadecimal text in files.
mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission() -> Admission {
        Admission {
            oin: Oin::parse("00000099000000001000").unwrap(),
            kinds: vec![Kind::parse("gem").unwrap(), Kind::parse("lpa").unwrap()],
            valid_until: Timestamp::from_ms(5),
            signature: vec![1, 2],
        }
    }

    #[test]
    fn an_admission_covers_its_kinds_and_no_other() {
        assert!(admission().admits(&Kind::parse("lpa").unwrap()));
        assert!(!admission().admits(&Kind::parse("vt").unwrap()));
    }

    #[test]
    fn the_signature_is_not_part_of_what_is_signed() {
        let mut other = admission();
        other.signature = vec![9];
        assert_eq!(admission().canonical(), other.canonical());
        other.kinds.pop();
        assert_ne!(admission().canonical(), other.canonical());
    }

    #[test]
    fn files_hold_bytes_as_hexadecimal() {
        let json = serde_json::to_string(&admission()).unwrap();
        assert!(json.contains("\"0102\""));
        assert_eq!(serde_json::from_str::<Admission>(&json).unwrap(), admission());
    }
}
