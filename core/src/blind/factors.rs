//! What a key holder does: factors `s_n` and `k_n` per node and epoch, and one step with both.

use std::fmt;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

use super::{BlindError, Element, Pair, Secret};
use crate::canonical::Canonical;
use crate::id::Oin;

/// The factors of one key holder for one node in one epoch. They never leave the holder; what
/// leaves is X = Y / k and S = s G (`inbound`).
pub struct Factors {
    shuffle: Secret,
    key: Secret,
    /// s / k.
    ratio: Secret,
}

impl Factors {
    /// Random factors.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        Self::of(Secret::random(rng), Secret::random(rng))
    }

    /// The factors that a holder's secret of an epoch gives for one node: a keyed hash (SHA-512
    /// over labelled, length-prefixed fields) of the secret, the region, the epoch and the node.
    /// Whoever destroys the secret destroys the factors of all nodes.
    ///
    /// # Errors
    /// [`BlindError::Element`] in the one case in 2^252 that a factor is zero.
    pub fn derive(
        secret: &[u8; 32],
        region: &str,
        epoch: u32,
        node: &Oin,
    ) -> Result<Self, BlindError> {
        let factor = |which: &str| {
            let bytes = Canonical::new("grondslag/blind/factor/v1")
                .bytes(secret)
                .text(which)
                .text(region)
                .number(epoch.into())
                .text(node.as_str());
            let wide = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(&*bytes.finish_secret())));
            Secret::from_uniform(&wide)
        };
        Ok(Self::of(factor("shuffle")?, factor("key")?))
    }

    /// Given factors: s, then k.
    pub fn of(shuffle: Secret, key: Secret) -> Self {
        let ratio = shuffle.over(&key);
        Self { shuffle, key, ratio }
    }

    /// One step over a pair that is encrypted under `inbound`: re-randomise, re-key by k and
    /// re-shuffle by s at once. `((s/k)(c1 + tG), s(c2 + tX))` with a fresh t (protocol 1.4.3).
    ///
    /// # Errors
    /// [`BlindError::Element`] in the negligible case that the result is the identity.
    pub fn step(
        &self,
        pair: &Pair,
        inbound: &Element,
        rng: &mut impl CryptoRng,
    ) -> Result<Pair, BlindError> {
        let t = Secret::random(rng);
        let one = pair.one.point() + t.public();
        let two = pair.two.point() + t.times(inbound);
        Ok(Pair {
            one: Element::new(self.ratio.scalar() * one)?,
            two: Element::new(self.shuffle.scalar() * two)?,
        })
    }

    pub(super) fn shuffle(&self) -> &Secret {
        &self.shuffle
    }

    pub(super) fn key(&self) -> &Secret {
        &self.key
    }

    /// X = outbound / k: this holder's inbound key before `outbound`.
    ///
    /// # Errors
    /// [`BlindError::Element`] in a negligible case.
    pub fn inbound_key(&self, outbound: &Element) -> Result<Element, BlindError> {
        Element::new(self.key.scalar().invert() * outbound.point())
    }
}

impl fmt::Debug for Factors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Factors(…)")
    }
}
