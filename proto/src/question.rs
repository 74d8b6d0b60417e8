//! Questions: wire to core and back.

use std::fmt;

use grondslag_core::blind::{BlindError, Element, Proof};
use grondslag_core::catalogue::{Category, Ground, Purpose, QueryKind, Role};
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{
    Approval, Approver, Header, Hidden, Inquiry, Part, RawInquiry, Times,
};
use grondslag_core::limits::{APPROVERS_MAX, CATEGORIES_MAX, GROUNDS_MAX, PAIR_BYTES, TARGETS_MAX};
use grondslag_core::reason::Reason;

use crate::head::{hashes, wire_hashes};
use crate::v1;

/// The sender's own number of a notice: random, the same each time that the notice is asked
/// anew, and not signed, for nobody but the broker reads it and only its sender is the poorer for
/// another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoticeId([u8; 16]);

impl NoticeId {
    /// Length in bytes.
    pub const LEN: usize = 16;

    /// Wraps bytes that already have the right length.
    pub const fn new(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }
}

impl fmt::Debug for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By it, whoever reads a log could tell that two questions bring the same.
        f.write_str("NoticeId(…)")
    }
}

/// A question as it is put to the broker.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The question.
    pub raw: RawInquiry,
    /// Of a notice its number; of no other question.
    pub notice: Option<NoticeId>,
}

impl TryFrom<v1::AskRequest> for Ask {
    type Error = Reason;

    /// Reads the question, and its number as a notice.
    ///
    /// # Errors
    /// `MALFORMED` for a notice without a number of the right length, and for a number of anything
    /// else; what is wrong with the question.
    fn try_from(mut wire: v1::AskRequest) -> Result<Self, Reason> {
        let id = std::mem::take(&mut wire.notice_id);
        let raw = RawInquiry::try_from(wire)?;
        let notice = match (raw.header.kind.is_notice(), id.is_empty()) {
            (true, _) => Some(NoticeId(array(&id)?)),
            (false, true) => None,
            (false, false) => return Err(Reason::Malformed),
        };
        Ok(Self { raw, notice })
    }
}

impl TryFrom<v1::AskRequest> for RawInquiry {
    type Error = Reason;

    /// Reads the fields; bounds on lists come first, so that a flood is refused before it is
    /// copied.
    fn try_from(wire: v1::AskRequest) -> Result<Self, Reason> {
        if wire.parts.len() > TARGETS_MAX {
            return Err(Reason::TargetsTooMany);
        }
        let two = wire.parts.iter().map(|part| Element::parse(&part.hidden));
        let two = two.collect::<Result<_, _>>().map_err(BlindError::reason)?;
        let hidden = Hidden {
            one: Element::parse(&wire.hidden).map_err(BlindError::reason)?,
            two,
            proof: Proof::parse(&wire.hidden_proof).map_err(BlindError::reason)?,
        };
        Ok(Self {
            id: InquiryId::from_slice(&wire.inquiry_id).map_err(|_| Reason::Malformed)?,
            attempt: u8::try_from(wire.attempt).map_err(|_| Reason::Malformed)?,
            header: wire.header.ok_or(Reason::Malformed)?.try_into()?,
            parts: wire.parts.into_iter().map(part).collect::<Result<_, _>>()?,
            hidden,
            signature: array(&wire.signature)?,
        })
    }
}

/// Without a notice's number: the question does not hold it, and its sender adds it.
impl From<&Inquiry> for v1::AskRequest {
    fn from(inquiry: &Inquiry) -> Self {
        Self {
            inquiry_id: inquiry.id().as_bytes().to_vec(),
            attempt: inquiry.attempt().into(),
            header: Some(inquiry.header().into()),
            parts: inquiry
                .parts()
                .iter()
                .zip(&inquiry.hidden().two)
                .map(|((oin, part), two)| wire_part(oin, part, two.bytes().to_vec()))
                .collect(),
            signature: inquiry.signature().to_vec(),
            hidden: inquiry.hidden().one.bytes().to_vec(),
            hidden_proof: inquiry.hidden().proof.bytes().to_vec(),
            notice_id: Vec::new(),
        }
    }
}

impl TryFrom<v1::Header> for Header {
    type Error = Reason;

    fn try_from(wire: v1::Header) -> Result<Self, Reason> {
        if wire.grounds.len() > GROUNDS_MAX || wire.approvers.len() > APPROVERS_MAX {
            return Err(Reason::TooLarge);
        }
        Ok(Self {
            asker: Oin::parse(&wire.asker_oin).map_err(|_| Reason::UnknownAgency)?,
            role: Role::parse(&wire.role).map_err(|_| Reason::UnknownRole)?,
            staff: Pseudonym::from_slice(&wire.staff_pseudonym).map_err(|_| Reason::Malformed)?,
            purpose: Purpose::parse(&wire.purpose).map_err(|_| Reason::UnknownPurpose)?,
            kind: QueryKind::parse(&wire.query_kind).map_err(|_| Reason::UnknownQueryKind)?,
            grounds: grounds(&wire.grounds)?,
            urgency: wire.urgency.parse().map_err(|_| Reason::Malformed)?,
            break_glass: wire.break_glass,
            level: wire.level.parse().map_err(|_| Reason::Malformed)?,
            epoch: wire.epoch,
            bundle: Digest::from_slice(&wire.policy_bundle).map_err(|_| Reason::Malformed)?,
            times: wire.times.map(Times::from).ok_or(Reason::Malformed)?,
            approvers: wire.approvers.iter().map(approver).collect::<Result<_, _>>()?,
        })
    }
}

impl From<&Header> for v1::Header {
    fn from(header: &Header) -> Self {
        Self {
            asker_oin: header.asker.to_string(),
            role: header.role.to_string(),
            staff_pseudonym: header.staff.as_bytes().to_vec(),
            purpose: header.purpose.to_string(),
            query_kind: header.kind.to_string(),
            grounds: header.grounds.iter().map(ToString::to_string).collect(),
            urgency: header.urgency.to_string(),
            break_glass: header.break_glass,
            level: header.level.to_string(),
            epoch: header.epoch,
            policy_bundle: header.bundle.as_bytes().to_vec(),
            times: Some(header.times.into()),
            approvers: header.approvers.iter().map(v1::Approver::from).collect(),
        }
    }
}

impl From<v1::Times> for Times {
    fn from(wire: v1::Times) -> Self {
        Self {
            asked_at: Timestamp::from_ms(wire.asked_at_ms),
            ask_expires_at: Timestamp::from_ms(wire.ask_expires_at_ms),
            answer_by: Timestamp::from_ms(wire.answer_by_ms),
        }
    }
}

impl From<Times> for v1::Times {
    fn from(times: Times) -> Self {
        Self {
            asked_at_ms: times.asked_at.ms(),
            ask_expires_at_ms: times.ask_expires_at.ms(),
            answer_by_ms: times.answer_by.ms(),
        }
    }
}

impl From<&Approver> for v1::Approver {
    fn from(approver: &Approver) -> Self {
        Self {
            pseudonym: approver.pseudonym.as_bytes().to_vec(),
            role: approver.role.to_string(),
            mandate_until_ms: approver.mandate_until.ms(),
            public_key: approver.public_key.to_vec(),
            vouched: approver.vouched.to_vec(),
        }
    }
}

/// A question as it reaches a node, parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct TargetQuestion {
    /// The inquiry as this node knows it.
    pub id: TargetId,
    /// What broker and targets may see.
    pub header: Header,
    /// Whom the part names as its target.
    pub target: Oin,
    /// What is asked.
    pub part: Part,
    /// About whom, sealed for this node: two points.
    pub pair: Vec<u8>,
    /// The broker's evidence, not yet verified.
    pub evidence: Evidence,
}

impl fmt::Debug for TargetQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, header, target, part, .. } = self;
        write!(f, "TargetQuestion({id:?}, {target}, {header:?}, {part:?}, …)")
    }
}

/// The broker's evidence as it travels.
#[derive(Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Canonical bytes of the decision that the ledger's leaf commits to.
    pub leaf: Vec<u8>,
    /// What the leaf is a commitment under.
    pub salt: [u8; 32],
    /// When the leaf was recorded.
    pub recorded_at: Timestamp,
    /// Index of the leaf.
    pub index: u64,
    /// Proves the leaf in the checkpoint.
    pub proof: Vec<Digest>,
    /// Signed by the broker's ledger.
    pub checkpoint: SignedCheckpoint,
    /// Size of the head at which `consistency` begins.
    pub seen_size: u64,
    /// Proves that the checkpoint's tree begins with that of the head.
    pub consistency: Vec<Digest>,
    /// Digest of the pair of points that goes to the target; zeros when none does.
    pub pair: Digest,
    /// The broker's signature.
    pub signature: [u8; 64],
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({}, …)", self.index)
    }
}

impl TryFrom<v1::AnswerQuestion> for TargetQuestion {
    type Error = Reason;

    fn try_from(wire: v1::AnswerQuestion) -> Result<Self, Reason> {
        let (target, part) = part(wire.part.ok_or(Reason::Malformed)?)?;
        let header: Header = wire.header.ok_or(Reason::Malformed)?.try_into()?;
        header.check_bounds()?;
        part.check_bounds()?;
        if wire.pair.len() != PAIR_BYTES {
            return Err(Reason::SealInvalid);
        }
        Ok(Self {
            id: TargetId::from_slice(&wire.target_id).map_err(|_| Reason::Malformed)?,
            header,
            target,
            part,
            pair: wire.pair,
            evidence: wire.attestation.ok_or(Reason::AttestationInvalid)?.try_into()?,
        })
    }
}

impl From<&TargetQuestion> for v1::AnswerQuestion {
    fn from(question: &TargetQuestion) -> Self {
        Self {
            target_id: question.id.as_bytes().to_vec(),
            header: Some((&question.header).into()),
            part: Some(wire_part(&question.target, &question.part, Vec::new())),
            attestation: Some((&question.evidence).into()),
            pair: question.pair.clone(),
        }
    }
}

impl TryFrom<v1::Attestation> for Evidence {
    type Error = Reason;

    fn try_from(wire: v1::Attestation) -> Result<Self, Reason> {
        let signature = array(&wire.signature).map_err(|_| Reason::AttestationInvalid)?;
        let pair = Digest::from_slice(&wire.pair).map_err(|_| Reason::AttestationInvalid)?;
        let note = std::str::from_utf8(&wire.checkpoint).ok();
        let checkpoint = note.and_then(|note| SignedCheckpoint::parse(note).ok());
        Ok(Self {
            leaf: wire.leaf,
            salt: array(&wire.salt).map_err(|_| Reason::AttestationInvalid)?,
            recorded_at: Timestamp::from_ms(wire.recorded_at_ms),
            index: wire.index,
            proof: proof(&wire.proof)?,
            checkpoint: checkpoint.ok_or(Reason::AttestationInvalid)?,
            seen_size: wire.seen_size,
            consistency: proof(&wire.consistency)?,
            pair,
            signature,
        })
    }
}

impl From<&Evidence> for v1::Attestation {
    fn from(evidence: &Evidence) -> Self {
        let cap = grondslag_core::statement::Leaf::parse(&evidence.leaf)
            .map_or(grondslag_core::tier::Tier::T0, |leaf| leaf.tier_cap());
        Self {
            leaf: evidence.leaf.clone(),
            salt: evidence.salt.to_vec(),
            recorded_at_ms: evidence.recorded_at.ms(),
            index: evidence.index,
            proof: wire_hashes(&evidence.proof),
            checkpoint: evidence.checkpoint.note().into_bytes(),
            seen_size: evidence.seen_size,
            consistency: wire_hashes(&evidence.consistency),
            tier_cap: cap.to_string(),
            signature: evidence.signature.to_vec(),
            pair: evidence.pair.as_bytes().to_vec(),
        }
    }
}

fn proof(wire: &[Vec<u8>]) -> Result<Vec<Digest>, Reason> {
    hashes(wire).map_err(|_| Reason::AttestationInvalid)
}

fn part(wire: v1::Part) -> Result<(Oin, Part), Reason> {
    if wire.categories.len() > CATEGORIES_MAX || wire.approvals.len() > APPROVERS_MAX {
        return Err(Reason::TooLarge);
    }
    let target = Oin::parse(&wire.target_oin).map_err(|_| Reason::UnknownAgency)?;
    let categories = wire
        .categories
        .iter()
        .map(|code| Category::parse(code).map_err(|_| Reason::UnknownCategory))
        .collect::<Result<_, _>>()?;
    let part = Part {
        categories,
        approvals: wire.approvals.iter().map(approval).collect::<Result<_, _>>()?,
        detail: wire.detail,
        signature: array(&wire.signature)?,
    };
    Ok((target, part))
}

fn wire_part(target: &Oin, part: &Part, hidden: Vec<u8>) -> v1::Part {
    v1::Part {
        target_oin: target.to_string(),
        categories: part.categories.iter().map(ToString::to_string).collect(),
        approvals: part.approvals.iter().map(wire_approval).collect(),
        hidden,
        detail: part.detail.clone(),
        signature: part.signature.to_vec(),
    }
}

fn approver(wire: &v1::Approver) -> Result<Approver, Reason> {
    Ok(Approver {
        pseudonym: Pseudonym::from_slice(&wire.pseudonym).map_err(|_| Reason::Malformed)?,
        role: Role::parse(&wire.role).map_err(|_| Reason::UnknownRole)?,
        mandate_until: Timestamp::from_ms(wire.mandate_until_ms),
        public_key: array(&wire.public_key)?,
        vouched: array(&wire.vouched).map_err(|_| Reason::ApproverUnverified)?,
    })
}

fn approval(wire: &v1::Approval) -> Result<Approval, Reason> {
    Ok(Approval {
        pseudonym: Pseudonym::from_slice(&wire.pseudonym).map_err(|_| Reason::Malformed)?,
        commitment: Digest::from_slice(&wire.commitment).map_err(|_| Reason::Malformed)?,
        signature: array(&wire.signature).map_err(|_| Reason::ApprovalUnsigned)?,
    })
}

fn wire_approval(approval: &Approval) -> v1::Approval {
    v1::Approval {
        pseudonym: approval.pseudonym.as_bytes().to_vec(),
        commitment: approval.commitment.as_bytes().to_vec(),
        signature: approval.signature.to_vec(),
    }
}

fn grounds(codes: &[String]) -> Result<Vec<Ground>, Reason> {
    codes.iter().map(|code| Ground::parse(code).map_err(|_| Reason::UnknownGround)).collect()
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Reason> {
    bytes.try_into().map_err(|_| Reason::Malformed)
}
