//! Secret scalars.

use std::fmt;

use curve25519_dalek::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{BlindError, Element};

/// A secret scalar other than zero. Wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(Scalar);

impl Secret {
    /// Length of its encoding in bytes.
    pub const LEN: usize = 32;

    /// A random one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            let scalar = Scalar::random(rng);
            if scalar != Scalar::ZERO {
                return Self(scalar);
            }
        }
    }

    /// From 64 uniform bytes, such as the output of a keyed hash.
    ///
    /// # Errors
    /// [`BlindError::Element`] when they happen to give zero.
    pub fn from_uniform(bytes: &[u8; 64]) -> Result<Self, BlindError> {
        Self::new(Scalar::from_bytes_mod_order_wide(bytes))
    }

    /// Decodes 32 bytes.
    ///
    /// # Errors
    /// [`BlindError::Element`] for another length, a non-canonical encoding or zero.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlindError> {
        let bytes: [u8; Self::LEN] = bytes.try_into().map_err(|_| BlindError::Element)?;
        let bytes = Zeroizing::new(bytes);
        let scalar: Option<Scalar> = Scalar::from_canonical_bytes(*bytes).into();
        scalar.ok_or(BlindError::Element).and_then(Self::new)
    }

    /// The canonical encoding, wiped when dropped.
    pub fn expose(&self) -> Zeroizing<[u8; Self::LEN]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// This times the base point G: the public key of this secret.
    pub fn public(&self) -> RistrettoPoint {
        RistrettoPoint::mul_base(&self.0)
    }

    /// This times a point.
    pub fn times(&self, point: &Element) -> RistrettoPoint {
        self.0 * point.point()
    }

    /// This divided by another. Neither is zero, so neither is what it gives.
    pub(super) fn over(&self, other: &Self) -> Self {
        Self(self.0 * other.0.invert())
    }

    /// The scalar, for the mathematics of this crate and of `subject`.
    pub fn scalar(&self) -> &Scalar {
        &self.0
    }

    fn new(scalar: Scalar) -> Result<Self, BlindError> {
        if scalar == Scalar::ZERO { Err(BlindError::Element) } else { Ok(Self(scalar)) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
