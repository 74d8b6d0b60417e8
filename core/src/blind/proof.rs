//! Proofs of knowledge and of equality, made non-interactive (Schnorr 1991; Chaum and Pedersen
//! 1992; Fiat and Shamir 1986), always bound to what they are about.

use std::fmt;

use curve25519_dalek::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::VartimeMultiscalarMul as _;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha512};
use zeroize::Zeroizing;

use super::{BlindError, Secret};
use crate::canonical::Canonical;

/// A proof: challenge and response. 64 bytes on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    challenge: Scalar,
    response: Scalar,
}

/// That one secret leads from each base to its public point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) base: RistrettoPoint,
    pub(super) public: RistrettoPoint,
}

impl Proof {
    /// Length of its encoding in bytes.
    pub const LEN: usize = 64;

    /// Decodes 64 bytes.
    ///
    /// # Errors
    /// [`BlindError::Proof`] for another length or a non-canonical scalar.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlindError> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().map_err(|_| BlindError::Proof)?;
        let (challenge, response) = bytes.split_at(32);
        Ok(Self { challenge: scalar(challenge)?, response: scalar(response)? })
    }

    /// Challenge, then response.
    pub fn bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let both = self.challenge.as_bytes().iter().chain(self.response.as_bytes());
        bytes.iter_mut().zip(both).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// Proves every claim with one secret. `context` says what the proof is about and holds all
    /// public points.
    pub(super) fn make(
        context: &Canonical,
        claims: &[Claim],
        secret: &Secret,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let nonce = nonce(context, secret, rng);
        let commitments = claims.iter().map(|claim| nonce.scalar() * claim.base);
        let challenge = challenge(context, commitments);
        Self { challenge, response: nonce.scalar() + challenge * secret.scalar() }
    }

    /// Verifies it.
    ///
    /// # Errors
    /// [`BlindError::Proof`] when it does not hold for every claim in this context.
    pub(super) fn check(&self, context: &Canonical, claims: &[Claim]) -> Result<(), BlindError> {
        let minus = -self.challenge;
        let commitments = claims.iter().map(|claim| {
            let scalars = [self.response, minus];
            RistrettoPoint::vartime_multiscalar_mul(scalars, [claim.base, claim.public])
        });
        let again = challenge(context, commitments);
        if again == self.challenge { Ok(()) } else { Err(BlindError::Proof) }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof(…)")
    }
}

/// The secret that hides the response: from fresh randomness, the secret itself and the context
/// (RFC 8937), so that an rng that repeats itself, say in a restored machine, does not give the
/// secret away. `context` holds every public point, and thereby all that the challenge depends on.
fn nonce(context: &Canonical, secret: &Secret, rng: &mut impl CryptoRng) -> Secret {
    let context = Sha512::digest(context.clone().finish());
    loop {
        let mut random = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *random);
        let bytes = Canonical::new("grondslag/blind/nonce/v1")
            .bytes(&*random)
            .bytes(&*secret.expose())
            .bytes(&context);
        let wide = Zeroizing::new(<[u8; 64]>::from(Sha512::digest(&*bytes.finish_secret())));
        if let Ok(nonce) = Secret::from_uniform(&wide) {
            return nonce;
        }
    }
}

fn scalar(bytes: &[u8]) -> Result<Scalar, BlindError> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| BlindError::Proof)?;
    let scalar: Option<Scalar> = Scalar::from_canonical_bytes(bytes).into();
    scalar.ok_or(BlindError::Proof)
}

fn challenge(
    context: &Canonical,
    commitments: impl ExactSizeIterator<Item = RistrettoPoint>,
) -> Scalar {
    let encoded = commitments.map(|point| point.compress().to_bytes());
    hash_to_scalar(&context.clone().list(encoded).finish())
}

/// A scalar from labelled bytes: SHA-512, reduced.
pub(super) fn hash_to_scalar(bytes: &[u8]) -> Scalar {
    Scalar::from_bytes_mod_order_wide(&Sha512::digest(bytes).into())
}

/// Weights that fold many claims into one: 128 bits each, fixed by the whole transcript, so that
/// whoever makes the claims cannot choose them.
pub(super) fn weights(transcript: &[u8], count: usize) -> Vec<Scalar> {
    let seed = Sha512::digest(transcript);
    (0..count)
        .map(|number| {
            let number = u64::try_from(number).unwrap_or(u64::MAX);
            let bytes = Canonical::new("grondslag/blind/weight/v1").bytes(&seed).number(number);
            let digest = Sha512::digest(bytes.finish());
            let half = digest.first_chunk::<16>().copied().unwrap_or_default();
            Scalar::from(u128::from_le_bytes(half))
        })
        .collect()
}
