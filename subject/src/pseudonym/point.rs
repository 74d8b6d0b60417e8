//! Numbers as points of the group: RFC 9380, `ristretto255_XMD:SHA-512_R255MAP_RO_`.

use std::fmt;
use std::num::NonZero;

use curve25519_dalek::RistrettoPoint;
use grondslag_core::blind::{BlindError, Element};
use hash2curve::{ExpandMsg, ExpandMsgXmd, Expander as _};
use rand_core::CryptoRng;
use sha2::Sha512;
use sha2::digest::consts::U32;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::Bsn;
use crate::bsn::BSN_LEN;
use crate::digits::passes_proof;

/// Uniform bytes that make a point.
const UNIFORM_LEN: NonZero<u16> = NonZero::<u16>::MIN.saturating_add(63);
/// First part of the domain separation tag; the region follows.
const TAG: &str = "grondslag/bsn/v1/";

/// A made-up subject with which nodes test the mapping: nine digits that fail the 11-proof, so that
/// it is never somebody's number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub struct Canary(String);

/// Not nine digits, or a number that somebody may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a canary is nine digits that fail the 11-proof")]
pub struct CanaryError;

impl Canary {
    /// Takes nine digits that fail the 11-proof.
    ///
    /// # Errors
    /// [`CanaryError`] for anything else, above all for a number that passes it.
    pub fn parse(text: &str) -> Result<Self, CanaryError> {
        let bytes: &[u8; BSN_LEN] = text.as_bytes().try_into().map_err(|_| CanaryError)?;
        let digits = bytes.iter().all(u8::is_ascii_digit);
        if digits && !passes_proof(&bytes.map(|b| b - b'0')) && text != "000000000" {
            Ok(Self(text.to_owned()))
        } else {
            Err(CanaryError)
        }
    }

    /// A random one.
    pub fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            // The bias of the remainder is one in four: a canary need not be uniform.
            let digits = format!("{:09}", rng.next_u32() % 1_000_000_000);
            if let Ok(canary) = Self::parse(&digits) {
                return canary;
            }
        }
    }

    /// The nine digits.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canary(…)")
    }
}

/// H(b): the point of a number in a region.
///
/// # Errors
/// [`BlindError::Element`] in the negligible case that it is the identity.
pub fn number_point(region: &str, number: &Bsn) -> Result<Element, BlindError> {
    digits_point(region, number.expose())
}

/// H(b) of a made-up subject: made in the same way as that of a real one, so that only who has the
/// list of them can tell.
///
/// # Errors
/// As [`number_point`].
pub fn canary_point(region: &str, canary: &Canary) -> Result<Element, BlindError> {
    digits_point(region, canary.expose())
}

fn digits_point(region: &str, digits: &str) -> Result<Element, BlindError> {
    let tag = [TAG.as_bytes(), region.as_bytes()];
    let message = [digits.as_bytes()];
    // U32: the security level of the group in bytes.
    let expanded =
        <ExpandMsgXmd<Sha512> as ExpandMsg<U32>>::expand_message(&message, &tag, UNIFORM_LEN);
    let mut expander = expanded.map_err(|_| BlindError::Element)?;
    let mut uniform = [0; 64];
    expander.fill_bytes(&mut uniform).map_err(|_| BlindError::Element)?;
    let point = RistrettoPoint::from_uniform_bytes(&uniform);
    uniform.zeroize();
    Element::new(point)
}
