//! Blinded enrolment at the node, additively: B = H(b) + rho G goes out, Z = s B comes back, and
//! P = Z - rho S is the pseudonym (protocol, decisions at the top).
//!
//! rho is a keyed hash of a fresh random seed of the batch and the position, so that a batch can be
//! opened for a spot check without keeping a scalar per client. Padding has the form rho G: it can
//! be opened as padding.

use std::fmt;

use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::traits::IsIdentity as _;
use grondslag_core::blind::{BlindError, Element, Secret};
use grondslag_core::canonical::Canonical;
use sha2::{Digest as _, Sha512};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Pseudonym;

/// The blinding of one batch. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Enrolment {
    seed: [u8; 32],
}

/// `S_n`, with a table: a batch multiplies it once per client.
pub struct Shuffled(Box<RistrettoBasepointTable>);

impl Shuffled {
    /// From the S that the key holders published and proved to have used.
    pub fn new(shuffled: &Element) -> Self {
        Self(Box::new(RistrettoBasepointTable::create(shuffled.point())))
    }
}

impl fmt::Debug for Shuffled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shuffled(…)")
    }
}

impl Enrolment {
    /// A batch under a fresh random seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self { seed }
    }

    /// The seed, to be kept with the batch for a spot check.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// rho of one position.
    ///
    /// # Errors
    /// [`BlindError::Element`] in a negligible case.
    pub fn rho(&self, position: u64) -> Result<Secret, BlindError> {
        let bytes = Canonical::new("grondslag/blind/rho/v1").bytes(&self.seed).number(position);
        let wide = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(&*bytes.finish_secret())));
        Secret::from_uniform(&wide)
    }

    /// The point at a position: that of a number, or padding.
    ///
    /// # Errors
    /// [`BlindError::Element`] in a negligible case.
    pub fn blind(&self, position: u64, number: Option<&Element>) -> Result<Element, BlindError> {
        let hidden = self.rho(position)?.public();
        Element::new(number.map_or(hidden, |number| number.point() + hidden))
    }

    /// The pseudonym behind an evaluated point.
    ///
    /// # Errors
    /// [`BlindError::Element`] for padding, behind which is nobody: whoever asks about the identity
    /// must not find it in an index.
    pub fn unblind(
        &self,
        position: u64,
        evaluated: &Element,
        shuffled: &Shuffled,
    ) -> Result<Pseudonym, BlindError> {
        let rho = self.rho(position)?;
        let blinding: RistrettoPoint = rho.scalar() * &*shuffled.0;
        let opened = evaluated.point() - blinding;
        if opened.is_identity() { Err(BlindError::Element) } else { Ok(Pseudonym(opened)) }
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(…)")
    }
}
