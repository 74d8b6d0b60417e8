//! What a key holder elsewhere is asked: core to wire and back.

use grondslag_core::blind::inbound::Place;
use grondslag_core::blind::{BlindError, Element, Link, Proof};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin};
use grondslag_core::inquiry::{Whole, WholeTarget};
use grondslag_core::limits::{HOLDERS_MAX, TARGETS_MAX};
use grondslag_core::reason::Reason;

use crate::v1;

/// The inbound key of a holder nearer to the node, and its proof.
pub type Nearer = (Element, Proof);

/// A question as a key holder sees it, before anything of it is verified.
#[derive(Debug, Clone)]
pub struct StepQuestion {
    /// What its asker signed.
    pub whole: Whole,
    /// That all its pairs hide one number and belong to it.
    pub proof: Proof,
    /// The asker's signature over the whole.
    pub signature: [u8; 64],
    /// Per target what nearer holders made of its key, and whether it is asked.
    pub targets: Vec<(Vec<Nearer>, bool)>,
}

/// An inbound key as it travels.
pub fn wire_nearer(key: &Element, proof: &Proof) -> v1::NearerKey {
    v1::NearerKey { inbound: key.bytes().to_vec(), proof: proof.bytes().to_vec() }
}

/// A question as it travels to a key holder. `nearer` holds every target's nearer links, in the
/// asker's order.
pub fn wire_step(
    whole: &Whole,
    proof: &Proof,
    signature: &[u8; 64],
    nearer: &[&[Link]],
    is_asked: impl Fn(&Oin) -> bool,
) -> v1::StepRequest {
    let targets = whole.targets.iter().zip(nearer).map(|(target, links)| v1::StepTarget {
        oin: target.oin.to_string(),
        hidden: target.two.bytes().to_vec(),
        statement: target.statement.as_bytes().to_vec(),
        nearer: links.iter().map(|link| wire_nearer(&link.inbound, &link.proof)).collect(),
        asked: is_asked(&target.oin),
    });
    v1::StepRequest {
        inquiry_id: whole.id.as_bytes().to_vec(),
        attempt: whole.attempt.into(),
        asker_oin: whole.asker.to_string(),
        epoch: whole.epoch,
        hidden: whole.one.bytes().to_vec(),
        hidden_proof: proof.bytes().to_vec(),
        targets: targets.collect(),
        signature: signature.to_vec(),
        ask_expires_at_ms: whole.ask_expires_at.ms(),
    }
}

/// Reads the keys of nearer holders.
///
/// # Errors
/// `TOO_LARGE` for more than a chain has, `INBOUND_KEY_UNPROVEN` for anything but a point and a
/// proof.
pub fn nearer(wire: &[v1::NearerKey]) -> Result<Vec<Nearer>, Reason> {
    if wire.len() >= HOLDERS_MAX {
        return Err(Reason::TooLarge);
    }
    let read = |key: &v1::NearerKey| -> Result<Nearer, BlindError> {
        Ok((Element::parse(&key.inbound)?, Proof::parse(&key.proof)?))
    };
    let all = wire.iter().map(read);
    all.collect::<Result<_, _>>().map_err(|_| Reason::InboundKeyUnproven)
}

/// Verifies the keys of nearer holders, from a node's own key on, and gives the key that they lead
/// to.
///
/// # Errors
/// `INBOUND_KEY_UNPROVEN` for one that is not proved for this node, epoch and region.
pub fn outbound(
    region: &str,
    epoch: u32,
    node: &Oin,
    own: &Element,
    nearer: &[Nearer],
) -> Result<Element, Reason> {
    let mut outbound = *own;
    for (number, (key, proof)) in nearer.iter().enumerate() {
        let place = Place { region, epoch, node, number };
        place.check(&outbound, key, proof).map_err(|_| Reason::InboundKeyUnproven)?;
        outbound = *key;
    }
    Ok(outbound)
}

impl TryFrom<v1::StepRequest> for StepQuestion {
    type Error = Reason;

    fn try_from(wire: v1::StepRequest) -> Result<Self, Reason> {
        if wire.targets.len() > TARGETS_MAX {
            return Err(Reason::TargetsTooMany);
        }
        let targets = wire.targets.iter().map(|one| Ok((nearer(&one.nearer)?, one.asked)));
        Ok(Self {
            targets: targets.collect::<Result<_, Reason>>()?,
            proof: Proof::parse(&wire.hidden_proof).map_err(BlindError::reason)?,
            signature: wire.signature.as_slice().try_into().map_err(|_| Reason::Malformed)?,
            whole: whole(&wire)?,
        })
    }
}

fn whole(wire: &v1::StepRequest) -> Result<Whole, Reason> {
    Ok(Whole {
        id: InquiryId::from_slice(&wire.inquiry_id).map_err(|_| Reason::Malformed)?,
        attempt: u8::try_from(wire.attempt).map_err(|_| Reason::Malformed)?,
        asker: Oin::parse(&wire.asker_oin).map_err(|_| Reason::UnknownAgency)?,
        epoch: wire.epoch,
        ask_expires_at: Timestamp::from_ms(wire.ask_expires_at_ms),
        one: Element::parse(&wire.hidden).map_err(BlindError::reason)?,
        targets: wire.targets.iter().map(target).collect::<Result<_, _>>()?,
    })
}

fn target(wire: &v1::StepTarget) -> Result<WholeTarget, Reason> {
    Ok(WholeTarget {
        oin: Oin::parse(&wire.oin).map_err(|_| Reason::UnknownAgency)?,
        two: Element::parse(&wire.hidden).map_err(BlindError::reason)?,
        statement: Digest::from_slice(&wire.statement).map_err(|_| Reason::Malformed)?,
    })
}
