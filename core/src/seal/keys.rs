//! Seal keys and their suites.

use std::fmt;

use curve25519_dalek::montgomery::MontgomeryPoint;
use hpke::kem::{X25519HkdfSha256, XWing};
use hpke::{Deserializable as _, Kem, Serializable as _};
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::SealError;

/// Length of a secret in either suite.
const SECRET_LEN: usize = 32;
/// Length of a suite id on the wire.
pub(super) const SUITE_LEN: usize = 2;
/// Length of the tag of AES-256-GCM.
const TAG_LEN: usize = 16;
/// Length of the content's own length.
pub(super) const LENGTH_LEN: usize = 4;

/// How a message is sealed; the key encapsulation differs, HKDF-SHA256 and AES-256-GCM do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// X-Wing: ML-KEM-768 and X25519 together (draft-connolly-cfrg-xwing-kem). The default.
    XWing,
    /// DHKEM(X25519, HKDF-SHA256) of RFC 9180: allowed, not safe against a quantum computer.
    X25519,
}

impl Suite {
    /// Its id on the wire. A changed draft of X-Wing gets a new one.
    pub const fn id(self) -> u16 {
        match self {
            Self::XWing => 1,
            Self::X25519 => 2,
        }
    }

    pub(super) fn of(id: [u8; SUITE_LEN]) -> Result<Self, SealError> {
        match u16::from_be_bytes(id) {
            1 => Ok(Self::XWing),
            2 => Ok(Self::X25519),
            _ => Err(SealError::Key),
        }
    }

    /// Length of the encapsulated key in bytes.
    pub(super) const fn encapsulated_len(self) -> usize {
        match self {
            Self::XWing => 1_120,
            Self::X25519 => 32,
        }
    }

    /// Bytes of a message that are not content.
    pub(super) const fn overhead(self) -> usize {
        SUITE_LEN + self.encapsulated_len() + TAG_LEN + LENGTH_LEN
    }
}

/// A public seal key, as it stands on a card: suite id, then the key.
#[derive(Clone)]
pub struct SealKey {
    bytes: Vec<u8>,
    key: Public,
}

#[derive(Clone)]
pub(super) enum Public {
    XWing(Box<<XWing as Kem>::PublicKey>),
    X25519(Box<<X25519HkdfSha256 as Kem>::PublicKey>),
}

/// Under such a key everybody would know the shared secret, and sealing fails each time (RFC 9180,
/// 7.1.4): a card may not carry one.
fn is_of_small_order(key: &[u8]) -> bool {
    // Every clamped scalar is a multiple of the cofactor.
    let product = |key: [u8; 32]| MontgomeryPoint(key).mul_clamped([1; 32]);
    key.try_into().is_ok_and(|key| product(key) == MontgomeryPoint([0; 32]))
}

impl SealKey {
    /// Reads a key from a card.
    ///
    /// # Errors
    /// [`SealError::Key`] for another suite or length, or a key that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let (id, key) = bytes.split_first_chunk().ok_or(SealError::Key)?;
        let invalid = |_| SealError::Key;
        let parsed = match Suite::of(*id)? {
            Suite::XWing => <XWing as Kem>::PublicKey::from_bytes(key)
                .map(|key| Public::XWing(Box::new(key)))
                .map_err(invalid)?,
            Suite::X25519 => {
                let parsed = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(key);
                if is_of_small_order(key) {
                    return Err(SealError::Key);
                }
                Public::X25519(Box::new(parsed.map_err(invalid)?))
            }
        };
        Ok(Self { bytes: bytes.to_vec(), key: parsed })
    }

    /// As it stands on a card.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its suite.
    pub fn suite(&self) -> Suite {
        match self.key {
            Public::XWing(_) => Suite::XWing,
            Public::X25519(_) => Suite::X25519,
        }
    }

    pub(super) fn public(&self) -> &Public {
        &self.key
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({:?})", self.suite())
    }
}

/// A private seal key. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SealSecret {
    #[zeroize(skip)]
    suite: Suite,
    bytes: [u8; SECRET_LEN],
}

impl SealSecret {
    /// Length of its encoding in bytes.
    pub const LEN: usize = SUITE_LEN + SECRET_LEN;

    /// A new key.
    pub fn random(suite: Suite, rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; SECRET_LEN];
        rng.fill_bytes(&mut bytes);
        Self { suite, bytes }
    }

    /// Reads suite id and key.
    ///
    /// # Errors
    /// [`SealError::Key`] for another suite or length.
    pub fn parse(bytes: &[u8]) -> Result<Self, SealError> {
        let (id, key) = bytes.split_first_chunk().ok_or(SealError::Key)?;
        let bytes = key.try_into().map_err(|_| SealError::Key)?;
        Ok(Self { suite: Suite::of(*id)?, bytes })
    }

    /// Suite id and key, wiped when dropped.
    pub fn expose(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([self.suite.id().to_be_bytes().as_slice(), &self.bytes].concat())
    }

    /// The public key.
    ///
    /// # Errors
    /// [`SealError::Key`] for bytes that are no key of the suite.
    pub fn public(&self) -> Result<SealKey, SealError> {
        let key = match self.suite {
            Suite::XWing => XWing::sk_to_pk(&self.xwing()?).to_bytes().to_vec(),
            Suite::X25519 => X25519HkdfSha256::sk_to_pk(&self.x25519()?).to_bytes().to_vec(),
        };
        SealKey::parse(&[self.suite.id().to_be_bytes().as_slice(), &key].concat())
    }

    /// Its suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub(super) fn xwing(&self) -> Result<<XWing as Kem>::PrivateKey, SealError> {
        <XWing as Kem>::PrivateKey::from_bytes(&self.bytes).map_err(|_| SealError::Key)
    }

    pub(super) fn x25519(&self) -> Result<<X25519HkdfSha256 as Kem>::PrivateKey, SealError> {
        <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&self.bytes).map_err(|_| SealError::Key)
    }
}

impl fmt::Debug for SealSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealSecret(…)")
    }
}
