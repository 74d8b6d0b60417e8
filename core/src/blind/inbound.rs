//! Inbound keys: under which a number is encrypted for one node, and why an asker may trust them.
//!
//! A node's own key is `Y_n`. Each key holder publishes a [`Link`]: X = Y / k with a proof of
//! knowledge of k, and S = s S' for enrolment. The links form a chain, the holder nearest to the
//! node first; the last X is what askers encrypt under. Without the proof a broker that knows
//! log X opens every question (protocol, decision a).

use std::fmt;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT as G;
use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use rand_core::CryptoRng;

use super::enrolment::digest_of;
use super::proof::Claim;
use super::{BlindError, Element, Factors, Proof, Secret};
use crate::canonical::Canonical;
use crate::id::{Digest, Oin};
use crate::limits::HOLDERS_MAX;
use crate::statement;

/// One key holder's part of a node's keys in one epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// X = (the X before it, or Y) / k.
    pub inbound: Element,
    /// That the holder knows k.
    pub proof: Proof,
    /// S = s (the S of the holder farther from the node, or G).
    pub shuffled: Element,
    /// The holder's own signature over all of it ([`Link::signed_bytes`]). Absent from the
    /// broker's own link: the broker signs all that it publishes.
    pub signature: Option<[u8; 64]>,
}

impl Link {
    /// What a holder that is not the broker signs: that this link is its own. Without it a broker
    /// could play every holder itself.
    pub fn signed_bytes(&self, place: &Place<'_>, outbound: &Element) -> Vec<u8> {
        Canonical::new("grondslag/blind/link/v1")
            .text(place.region)
            .number(place.epoch.into())
            .text(place.node.as_str())
            .number(u64::try_from(place.number).unwrap_or(u64::MAX))
            .bytes(&outbound.bytes())
            .bytes(&self.inbound.bytes())
            .bytes(&self.shuffled.bytes())
            .finish()
    }
}

/// Digest of every holder's S: an index, and a pair, are of these and no others.
pub fn made_with(links: &[Link]) -> Digest {
    digest_of(&links.iter().map(|link| link.shuffled).collect::<Vec<_>>())
}

/// What a link is about.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The region: what ties all of its points together.
    pub region: &'a str,
    /// The epoch.
    pub epoch: u32,
    /// The node.
    pub node: &'a Oin,
    /// Which link: 0 is nearest to the node.
    pub number: usize,
}

impl Place<'_> {
    /// Verifies that whoever made `inbound` knows the factor between it and `outbound`.
    ///
    /// # Errors
    /// [`BlindError::Proof`].
    pub fn check(
        &self,
        outbound: &Element,
        inbound: &Element,
        proof: &Proof,
    ) -> Result<(), BlindError> {
        let claim = Claim { base: *inbound.point(), public: *outbound.point() };
        proof.check(&self.context(outbound, inbound), &[claim])
    }

    fn context(&self, outbound: &Element, inbound: &Element) -> Canonical {
        Canonical::new("grondslag/blind/inbound/v1")
            .text(self.region)
            .number(self.epoch.into())
            .text(self.node.as_str())
            .number(u64::try_from(self.number).unwrap_or(u64::MAX))
            .bytes(&outbound.bytes())
            .bytes(&inbound.bytes())
    }
}

impl Factors {
    /// This holder's inbound key before `outbound` (the Y of the node, or the X of the holder
    /// nearer to it), with its proof.
    ///
    /// # Errors
    /// [`BlindError::Element`] in a negligible case.
    pub fn inbound(
        &self,
        place: &Place<'_>,
        outbound: &Element,
        rng: &mut impl CryptoRng,
    ) -> Result<(Element, Proof), BlindError> {
        let inbound = self.inbound_key(outbound)?;
        let claim = Claim { base: *inbound.point(), public: *outbound.point() };
        let context = place.context(outbound, &inbound);
        Ok((inbound, Proof::make(&context, &[claim], self.key(), rng)))
    }

    /// S of this holder: s times the S of the holder farther from the node, or G.
    ///
    /// # Errors
    /// [`BlindError::Element`] in a negligible case.
    pub fn shuffled(&self, farther: Option<&Element>) -> Result<Element, BlindError> {
        Element::new(self.shuffle().scalar() * farther.map_or(G, |element| *element.point()))
    }
}

/// A key that a number may be encrypted under: every link from the node's own key on was proved.
///
/// Only [`InboundKey::verify`] makes one:
///
/// ```compile_fail,E0451
/// use grondslag_core::blind::{Element, InboundKey};
/// fn forge(element: Element, table: Box<curve25519_dalek::RistrettoBasepointTable>) {
///     let _ = InboundKey { element, table };
/// }
/// ```
#[derive(Clone)]
pub struct InboundKey {
    element: Element,
    // Some 30 KiB: an asker encrypts under the same few keys for a whole epoch.
    table: Box<RistrettoBasepointTable>,
}

impl InboundKey {
    /// Verifies the links of a node, from its own key Y on. `holders` are the Ed25519 keys of the
    /// key holders beside the broker that the reader expects, the nearest to the node first.
    ///
    /// # Errors
    /// [`BlindError::Count`] for another number of links than there are holders,
    /// [`BlindError::Proof`] for one that is not proved for this node, epoch and region,
    /// [`BlindError::Holder`] for one that its holder did not sign.
    pub fn verify(
        region: &str,
        epoch: u32,
        node: &Oin,
        own: &Element,
        links: &[Link],
        holders: &[[u8; 32]],
    ) -> Result<Self, BlindError> {
        if links.len() > HOLDERS_MAX || links.len() != holders.len().saturating_add(1) {
            return Err(BlindError::Count);
        }
        // The broker's own key is nobody's here: it signed the whole.
        let keys = std::iter::once(None).chain(holders.iter().map(Some));
        let mut outbound = *own;
        for ((number, link), key) in links.iter().enumerate().zip(keys) {
            let place = Place { region, epoch, node, number };
            place.check(&outbound, &link.inbound, &link.proof)?;
            if let Some(key) = key {
                let signature = link.signature.as_ref().ok_or(BlindError::Holder)?;
                let signed = link.signed_bytes(&place, &outbound);
                statement::verify(key, &signed, signature).map_err(|_| BlindError::Holder)?;
            }
            outbound = link.inbound;
        }
        Ok(Self {
            element: outbound,
            table: Box::new(RistrettoBasepointTable::create(outbound.point())),
        })
    }

    /// The key.
    pub fn element(&self) -> &Element {
        &self.element
    }

    /// r X.
    pub(super) fn times(&self, r: &Scalar) -> RistrettoPoint {
        r * &*self.table
    }
}

impl fmt::Debug for InboundKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InboundKey(…)")
    }
}

/// A node's own key Y = y G with its proof of possession, as it stands on its card: 96 bytes.
/// Without the proof a node could choose its key by another's, and one shared r would leak.
pub fn own_key(node: &Oin, secret: &Secret, rng: &mut impl CryptoRng) -> Vec<u8> {
    let public = secret.public();
    let claim = Claim { base: G, public };
    let proof = Proof::make(&own_context(node, &public), &[claim], secret, rng);
    [public.compress().as_bytes().as_slice(), &proof.bytes()].concat()
}

/// Reads a node's own key from its card.
///
/// # Errors
/// [`BlindError`] for anything but a point of which the node proved to have the secret.
pub fn verify_own_key(node: &Oin, bytes: &[u8]) -> Result<Element, BlindError> {
    let (public, proof) = bytes.split_at_checked(Element::LEN).ok_or(BlindError::Element)?;
    let (public, proof) = (Element::parse(public)?, Proof::parse(proof)?);
    let claim = Claim { base: G, public: *public.point() };
    proof.check(&own_context(node, public.point()), &[claim])?;
    Ok(public)
}

fn own_context(node: &Oin, public: &RistrettoPoint) -> Canonical {
    Canonical::new("grondslag/blind/own-key/v1")
        .text(node.as_str())
        .bytes(public.compress().as_bytes())
}
