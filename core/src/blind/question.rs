//! The hidden number of a question: one pair per target with one shared r, and the proof that all
//! pairs hide the same number and belong to this question (protocol 1.3, points 3 and 4).

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::traits::VartimeMultiscalarMul as _;
use rand_core::CryptoRng;

use super::proof::{Claim, weights};
use super::{BlindError, Element, InboundKey, Proof, Secret};
use crate::canonical::Canonical;
use crate::id::Digest;
use crate::limits::TARGETS_MAX;

/// A number, encrypted for one target or half-way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// r G.
    pub one: Element,
    /// M + r X.
    pub two: Element,
}

impl Pair {
    /// Length of its encoding in bytes.
    pub const LEN: usize = 2 * Element::LEN;

    /// Decodes both points.
    ///
    /// # Errors
    /// [`BlindError::Element`] for anything but two canonical points.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlindError> {
        let (one, two) = bytes.split_at_checked(Element::LEN).ok_or(BlindError::Element)?;
        Ok(Self { one: Element::parse(one)?, two: Element::parse(two)? })
    }

    /// Both points, the first first.
    pub fn bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let both = self.one.bytes().into_iter().chain(self.two.bytes());
        bytes.iter_mut().zip(both).for_each(|(to, from)| *to = from);
        bytes
    }
}

/// A pair as it reaches its target, and which factors it went through: under others than those of
/// its index the target would know nobody, which must not look like "not known".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    /// The pair.
    pub pair: Pair,
    /// Digest of every holder's S ([`made_with`](super::inbound::made_with)).
    pub made_with: Digest,
}

impl Turned {
    /// Length of its encoding in bytes.
    pub const LEN: usize = Pair::LEN + Digest::LEN;

    /// Decodes the pair and the digest.
    ///
    /// # Errors
    /// [`BlindError::Element`] for anything but two canonical points and a digest.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlindError> {
        let (pair, digest) = bytes.split_at_checked(Pair::LEN).ok_or(BlindError::Element)?;
        let made_with = Digest::from_slice(digest).map_err(|_| BlindError::Element)?;
        Ok(Self { pair: Pair::parse(pair)?, made_with })
    }

    /// The pair, then the digest.
    pub fn bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let all = self.pair.bytes().into_iter().chain(*self.made_with.as_bytes());
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = from);
        bytes
    }

    /// What an attestation signs of it.
    pub fn digest(&self) -> Digest {
        let bytes = Canonical::new("grondslag/blind/pair/v1").bytes(&self.bytes());
        Digest::of(&bytes.finish())
    }
}

/// A number encrypted for several targets. It holds r until it is proved.
#[derive(Debug)]
pub struct Encrypted {
    pub(super) r: Secret,
    one: Element,
    pub(super) two: Vec<Element>,
    keys: Vec<Element>,
}

impl Encrypted {
    /// Encrypts a point under every key, with one fresh r.
    ///
    /// # Errors
    /// [`BlindError::Count`] without a target or with too many; [`BlindError::Element`] in a
    /// negligible case.
    pub fn new(
        number: &Element,
        keys: &[&InboundKey],
        rng: &mut impl CryptoRng,
    ) -> Result<Self, BlindError> {
        if keys.is_empty() || keys.len() > TARGETS_MAX {
            return Err(BlindError::Count);
        }
        let r = Secret::random(rng);
        let hide = |key: &&InboundKey| Element::new(number.point() + key.times(r.scalar()));
        Ok(Self {
            one: Element::new(r.public())?,
            two: keys.iter().map(hide).collect::<Result<_, _>>()?,
            keys: keys.iter().map(|key| *key.element()).collect(),
            r,
        })
    }

    /// r G.
    pub fn one(&self) -> Element {
        self.one
    }

    /// Per target M + r X, in the order of the keys.
    pub fn two(&self) -> &[Element] {
        &self.two
    }

    /// Proves for one question, and forgets r. `question` is the digest of everything that the
    /// asker signs for broker and key holders.
    pub fn prove(self, question: &Digest, rng: &mut impl CryptoRng) -> Proof {
        let shown = Shown { one: &self.one, two: &self.two, keys: &self.keys };
        let (context, claims) = shown.claims(question);
        Proof::make(&context, &claims, &self.r, rng)
    }
}

/// Verifies that all pairs hide one number under one r that the asker knows, for this question.
///
/// # Errors
/// [`BlindError::Count`] when points and keys do not match, [`BlindError::Proof`] when the proof
/// does not hold.
pub fn verify(
    question: &Digest,
    one: &Element,
    two: &[Element],
    keys: &[Element],
    proof: &Proof,
) -> Result<(), BlindError> {
    if two.is_empty() || two.len() != keys.len() || two.len() > TARGETS_MAX {
        return Err(BlindError::Count);
    }
    let (context, claims) = Shown { one, two, keys }.claims(question);
    proof.check(&context, &claims)
}

struct Shown<'a> {
    one: &'a Element,
    two: &'a [Element],
    keys: &'a [Element],
}

impl Shown<'_> {
    /// That r leads from G to c1, and from the folded differences of keys to those of c2: with
    /// random weights the latter holds only if every c2 hides what the first one hides.
    fn claims(&self, question: &Digest) -> (Canonical, Vec<Claim>) {
        let context = Canonical::new("grondslag/blind/question/v1")
            .bytes(question.as_bytes())
            .bytes(&self.one.bytes())
            .list(self.two.iter().map(Element::bytes))
            .list(self.keys.iter().map(Element::bytes));
        let mut claims = vec![Claim { base: G, public: *self.one.point() }];
        if self.two.len() > 1 {
            let transcript = context.clone().finish();
            claims.push(Claim {
                base: folded(&transcript, self.keys),
                public: folded(&transcript, self.two),
            });
        }
        (context, claims)
    }
}

/// The weighted sum of the differences of all points with the first.
fn folded(transcript: &[u8], points: &[Element]) -> RistrettoPoint {
    let Some((first, rest)) = points.split_first() else {
        return RistrettoPoint::default();
    };
    let weights = weights(transcript, rest.len());
    let differences = rest.iter().map(|point| point.point() - first.point());
    RistrettoPoint::vartime_multiscalar_mul(weights, differences)
}
