//! Blinded enrolment at a key holder: it multiplies points that tell it nothing by `s_n`, and
//! proves for the whole batch that it used the `s_n` of `S_n` (RFC 9497, 2.2.1, batched as there).

use std::collections::BTreeSet;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::traits::VartimeMultiscalarMul as _;
use rand_core::CryptoRng;

use super::proof::{Claim, weights};
use super::{BlindError, Element, Factors, Proof};
use crate::canonical::Canonical;
use crate::id::{Digest, Oin};
use crate::limits::ENROL_POINTS_MAX;

/// What one key holder made of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    /// s times every point, in order.
    pub points: Vec<Element>,
    /// That s is the one of S.
    pub proof: Proof,
}

/// What a batch is about; the proof is bound to it.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The region.
    pub region: &'a str,
    /// The epoch.
    pub epoch: u32,
    /// The node that enrols.
    pub node: &'a Oin,
    /// Counts the node's batches in this epoch.
    pub number: u64,
}

impl Factors {
    /// Evaluates a batch. `farther` is the S of the holder farther from the node, if there is one.
    ///
    /// # Errors
    /// [`BlindError::Count`] for an empty batch or one that is too large, [`BlindError::Repeated`]
    /// for a point that stands twice.
    pub fn evaluate(
        &self,
        batch: &Batch<'_>,
        farther: Option<&Element>,
        blinded: &[Element],
        rng: &mut impl CryptoRng,
    ) -> Result<Evaluated, BlindError> {
        check_count(blinded)?;
        let points = blinded.iter().map(|point| Element::new(self.shuffle().times(point)));
        let points = points.collect::<Result<Vec<_>, _>>()?;
        let (context, claims) = batch.claims(farther, &self.shuffled(farther)?, blinded, &points);
        let proof = Proof::make(&context, &claims, self.shuffle(), rng);
        Ok(Evaluated { points, proof })
    }
}

impl Batch<'_> {
    /// Verifies one holder's part: `points` are `blinded` times the s that leads from `farther`
    /// (or G) to `shuffled`.
    ///
    /// # Errors
    /// [`BlindError::Count`] or [`BlindError::Proof`].
    pub fn verify(
        &self,
        farther: Option<&Element>,
        shuffled: &Element,
        blinded: &[Element],
        evaluated: &Evaluated,
    ) -> Result<(), BlindError> {
        let count = blinded.len();
        if count == 0 || count > ENROL_POINTS_MAX || count != evaluated.points.len() {
            return Err(BlindError::Count);
        }
        let (context, claims) = self.claims(farther, shuffled, blinded, &evaluated.points);
        evaluated.proof.check(&context, &claims)
    }

    pub(super) fn claims(
        &self,
        farther: Option<&Element>,
        shuffled: &Element,
        blinded: &[Element],
        points: &[Element],
    ) -> (Canonical, [Claim; 2]) {
        let base = farther.map_or(G, |element| *element.point());
        let context = Canonical::new("grondslag/blind/enrolment/v1")
            .text(self.region)
            .number(self.epoch.into())
            .text(self.node.as_str())
            .number(self.number)
            .bytes(base.compress().as_bytes())
            .bytes(&shuffled.bytes())
            .bytes(digest_of(blinded).as_bytes())
            .bytes(digest_of(points).as_bytes());
        let weights = weights(&context.clone().finish(), blinded.len());
        let sum = |points: &[Element]| {
            let points = points.iter().map(Element::point);
            RistrettoPoint::vartime_multiscalar_mul(&weights, points)
        };
        let claims = [
            Claim { base, public: *shuffled.point() },
            Claim { base: sum(blinded), public: sum(points) },
        ];
        (context, claims)
    }
}

/// What a node signs of a batch: nobody enrols in its name.
pub fn signed_bytes(batch: &Batch<'_>, blinded: &[Element]) -> Vec<u8> {
    Canonical::new("grondslag/enrolling/v1")
        .text(batch.region)
        .text(batch.node.as_str())
        .number(batch.epoch.into())
        .number(batch.number)
        .bytes(digest_of(blinded).as_bytes())
        .finish()
}

/// Digest of a batch as it stands in the ledgers.
pub fn digest_of(points: &[Element]) -> Digest {
    let bytes = Canonical::new("grondslag/blind/points/v1");
    Digest::of(&bytes.list(points.iter().map(Element::bytes)).finish())
}

/// The same of points as they are sent, 32 bytes each; none for bytes that are no such list.
/// Whether each is a point is not looked at: who compares digests need not.
pub fn digest_of_wire(points: &[u8]) -> Option<Digest> {
    let all = points.chunks_exact(Element::LEN);
    let whole = all.remainder().is_empty() && !points.is_empty();
    let bytes = Canonical::new("grondslag/blind/points/v1");
    whole.then(|| Digest::of(&bytes.list(all).finish()))
}

/// Checks size and that no point stands twice: a node has no reason to repeat one.
///
/// # Errors
/// [`BlindError::Count`] or [`BlindError::Repeated`].
pub fn check_count(blinded: &[Element]) -> Result<(), BlindError> {
    if blinded.is_empty() || blinded.len() > ENROL_POINTS_MAX {
        return Err(BlindError::Count);
    }
    let distinct: BTreeSet<[u8; Element::LEN]> = blinded.iter().map(Element::bytes).collect();
    if distinct.len() == blinded.len() { Ok(()) } else { Err(BlindError::Repeated) }
}
