//! From a wish to a signed question.

use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use grondslag_core::inquiry::{
    Approval, Approver, Header, Inquiry, Part, RawInquiry, Times, whole_bytes,
};
use grondslag_core::limits::ASK_LIFE_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{ask_bytes, reference_digest, sign};

use super::wish::Wish;
use crate::agency::Agency;
use crate::detail::Detail;
use crate::random::random;

/// A second person's signatures, one per target in the question's order.
#[derive(Debug, Clone)]
pub(crate) struct Cosigned {
    /// The person, vouched for by this node.
    pub approver: Approver,
    /// Commitment to the child that the signatures cover.
    pub commitment: Digest,
    /// One per target.
    pub signatures: Vec<[u8; 64]>,
}

/// The header of a question.
pub(crate) fn header(
    agency: &Agency,
    staff: Pseudonym,
    wish: &Wish,
    now: Timestamp,
    answer_by: Timestamp,
    cosigned: &[Cosigned],
) -> Header {
    let life = ASK_LIFE_MS_MAX.min(answer_by.since_ms(now)).max(1);
    Header {
        asker: agency.oin.clone(),
        role: wish.role.clone(),
        staff,
        purpose: wish.purpose.clone(),
        kind: wish.kind.clone(),
        grounds: wish.grounds.clone(),
        urgency: wish.urgency,
        break_glass: wish.break_glass,
        level: wish.level,
        epoch: 0,
        bundle: agency.pack.bundle(),
        times: Times { asked_at: now, ask_expires_at: now.plus_ms(life), answer_by },
        approvers: cosigned.iter().map(|one| one.approver.clone()).collect(),
    }
}

/// Composes and signs a question. `only` limits it to some targets: a second attempt.
///
/// # Errors
/// `TOO_LARGE` when text and facts do not fit a detail; what [`Inquiry::parse`] gives.
pub(crate) fn inquiry(
    agency: &Agency,
    id: InquiryId,
    attempt: u8,
    header: Header,
    wish: &Wish,
    cosigned: &[Cosigned],
    only: Option<&[Oin]>,
) -> Result<Inquiry, Reason> {
    let now = header.times.asked_at;
    let wanted = |oin: &Oin| only.is_none_or(|only| only.contains(oin));
    let parts = wish
        .targets
        .iter()
        .enumerate()
        .filter(|(_, (oin, _))| wanted(oin))
        .map(|(place, (oin, categories))| {
            let approvals = approvals_at(cosigned, place);
            let part = part(agency, &id, &header, wish, oin, categories, approvals)?;
            Ok((oin.clone(), part))
        })
        .collect::<Result<Vec<(Oin, Part)>, Reason>>()?;
    let signature = sign_whole(agency, &id, attempt, &header, &parts);
    Inquiry::parse(RawInquiry { id, attempt, header, parts, signature }, now)
}

fn approvals_at(cosigned: &[Cosigned], place: usize) -> Vec<Approval> {
    let at_place = |one: &Cosigned| {
        one.signatures.get(place).map(|signature| Approval {
            pseudonym: one.approver.pseudonym,
            commitment: one.commitment,
            signature: *signature,
        })
    };
    cosigned.iter().filter_map(at_place).collect()
}

fn part(
    agency: &Agency,
    id: &InquiryId,
    header: &Header,
    wish: &Wish,
    oin: &Oin,
    categories: &[Category],
    approvals: Vec<Approval>,
) -> Result<Part, Reason> {
    let target_id = TargetId::derive(id, oin);
    let header_digest = header.digest(categories, &approvals);
    let mut part = Part {
        categories: categories.to_vec(),
        approvals,
        blind: Vec::new(),
        detail: detail(&target_id, wish, &header_digest)?,
        signature: [0; 64],
    };
    part.signature = sign(&agency.sign_key, &ask_bytes(&target_id, oin, header, &part));
    Ok(part)
}

fn detail(id: &TargetId, wish: &Wish, header: &Digest) -> Result<Vec<u8>, Reason> {
    let named = !wish.reference.is_empty();
    Detail {
        subject: wish.subject.clone(),
        necessity: wish.necessity.clone(),
        facts: wish.facts.clone(),
        reference: named.then(|| reference_digest(id, &wish.reference)),
        header: *header,
        salt: random()?,
    }
    .encode()
}

fn sign_whole(
    agency: &Agency,
    id: &InquiryId,
    attempt: u8,
    header: &Header,
    parts: &[(Oin, Part)],
) -> [u8; 64] {
    let statements: Vec<(Oin, Digest)> = parts
        .iter()
        .map(|(oin, part)| {
            let target_id = TargetId::derive(id, oin);
            (oin.clone(), Digest::of(&ask_bytes(&target_id, oin, header, part)))
        })
        .collect();
    sign(&agency.sign_key, &whole_bytes(id, attempt, header.epoch, &statements))
}
