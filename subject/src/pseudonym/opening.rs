//! The node's opening key y: with it the node, and nobody else, opens what was encrypted for it.

use std::fmt;

use grondslag_core::blind::{BlindError, Element, Pair, Secret, inbound};
use grondslag_core::id::Oin;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::Pseudonym;

/// y. Wiped when dropped.
pub struct OpeningKey(Secret);

impl OpeningKey {
    /// A new key.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self(Secret::random(rng))
    }

    /// Reads 32 bytes.
    ///
    /// # Errors
    /// [`BlindError::Element`] for anything but a canonical scalar other than zero.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlindError> {
        Secret::parse(bytes).map(Self)
    }

    /// The 32 bytes, wiped when dropped.
    pub fn expose(&self) -> Zeroizing<[u8; Secret::LEN]> {
        self.0.expose()
    }

    /// Y with its proof of possession, for the node's card.
    pub fn public(&self, node: &Oin, rng: &mut impl CryptoRng) -> Vec<u8> {
        inbound::own_key(node, &self.0, rng)
    }

    /// Y alone.
    ///
    /// # Errors
    /// [`BlindError::Element`] in a negligible case.
    pub fn element(&self) -> Result<Element, BlindError> {
        Element::new(self.0.public())
    }

    /// Opens a pair that came through every key holder: d2 - y d1 = `s_n H(b)`.
    pub fn open(&self, pair: &Pair) -> Pseudonym {
        Pseudonym(pair.two.point() - self.0.times(&pair.one))
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpeningKey(…)")
    }
}
