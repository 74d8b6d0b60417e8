//! Epochs and enrolment: wire to core and back.

use grondslag_core::blind::{BlindError, Element, Evaluated, Link, Proof};
use grondslag_core::clock::Timestamp;
use grondslag_core::epoch::{EpochKeys, NodeKeys};
use grondslag_core::id::Oin;
use grondslag_core::limits::{ENROL_POINTS_MAX, EPOCH_KEYS_MAX, HOLDERS_MAX};
use grondslag_core::reason::Reason;

use crate::v1;

impl From<&EpochKeys> for v1::ShowEpochResponse {
    fn from(keys: &EpochKeys) -> Self {
        let next = keys.next.unwrap_or_default();
        Self {
            current: keys.current,
            next: next.0,
            switch_at_ms: next.1.ms(),
            keys: keys.nodes.iter().map(wire_keys).collect(),
            signature: keys.signature.to_vec(),
        }
    }
}

impl TryFrom<v1::ShowEpochResponse> for EpochKeys {
    type Error = Reason;

    fn try_from(wire: v1::ShowEpochResponse) -> Result<Self, Reason> {
        if wire.keys.len() > EPOCH_KEYS_MAX {
            return Err(Reason::TooLarge);
        }
        let next = (wire.next, Timestamp::from_ms(wire.switch_at_ms));
        Ok(Self {
            current: wire.current,
            next: (wire.next != 0).then_some(next),
            nodes: wire.keys.iter().map(keys).collect::<Result<_, _>>()?,
            signature: wire.signature.try_into().map_err(|_| Reason::StatementInvalid)?,
        })
    }
}

fn wire_keys(keys: &NodeKeys) -> v1::NodeKeys {
    v1::NodeKeys {
        oin: keys.node.to_string(),
        epoch: keys.epoch,
        links: keys.links.iter().map(wire_link).collect(),
    }
}

fn keys(wire: &v1::NodeKeys) -> Result<NodeKeys, Reason> {
    if wire.links.len() > HOLDERS_MAX {
        return Err(Reason::TooLarge);
    }
    Ok(NodeKeys {
        node: Oin::parse(&wire.oin).map_err(|_| Reason::UnknownAgency)?,
        epoch: wire.epoch,
        links: wire.links.iter().map(link).collect::<Result<_, _>>()?,
    })
}

/// A link as it travels.
pub fn wire_link(link: &Link) -> v1::KeyLink {
    v1::KeyLink {
        inbound: link.inbound.bytes().to_vec(),
        proof: link.proof.bytes().to_vec(),
        shuffled: link.shuffled.bytes().to_vec(),
        signature: link.signature.map(Vec::from).unwrap_or_default(),
    }
}

/// Reads a link.
///
/// # Errors
/// `INBOUND_KEY_UNPROVEN` for anything but two points, a proof and a signature or none.
pub fn link(wire: &v1::KeyLink) -> Result<Link, Reason> {
    let signature = match wire.signature.as_slice() {
        [] => None,
        bytes => Some(bytes.try_into().map_err(|_| Reason::InboundKeyUnproven)?),
    };
    let read = || -> Result<Link, BlindError> {
        Ok(Link {
            inbound: Element::parse(&wire.inbound)?,
            proof: Proof::parse(&wire.proof)?,
            shuffled: Element::parse(&wire.shuffled)?,
            signature,
        })
    };
    read().map_err(|_| Reason::InboundKeyUnproven)
}

/// Points as they travel: 32 bytes each.
pub fn wire_points(points: &[Element]) -> Vec<u8> {
    points.iter().flat_map(Element::bytes).collect()
}

/// Reads points, at most a batch of them.
///
/// # Errors
/// `TOO_LARGE`, or `BLIND_INVALID` for anything but canonical points.
pub fn points(bytes: &[u8]) -> Result<Vec<Element>, Reason> {
    if bytes.len() > ENROL_POINTS_MAX * Element::LEN {
        return Err(Reason::TooLarge);
    }
    if bytes.is_empty() || !bytes.len().is_multiple_of(Element::LEN) {
        return Err(Reason::BlindInvalid);
    }
    let points = bytes.chunks(Element::LEN).map(Element::parse);
    points.collect::<Result<_, _>>().map_err(BlindError::reason)
}

impl From<&Evaluated> for v1::Evaluation {
    fn from(evaluated: &Evaluated) -> Self {
        Self { points: wire_points(&evaluated.points), proof: evaluated.proof.bytes().to_vec() }
    }
}

impl TryFrom<v1::Evaluation> for Evaluated {
    type Error = Reason;

    fn try_from(wire: v1::Evaluation) -> Result<Self, Reason> {
        let proof = Proof::parse(&wire.proof).map_err(BlindError::reason)?;
        Ok(Self { points: points(&wire.points)?, proof })
    }
}
