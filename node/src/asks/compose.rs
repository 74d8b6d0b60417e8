//! From a wish to a signed question.

use std::sync::Arc;

use grondslag_certs::VerifiedCard;
use grondslag_core::blind::{BlindError, Encrypted, InboundKey};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, Pseudonym, StaffId, TargetId};
use grondslag_core::inquiry::{
    Approval, Approver, Header, Hidden, Inquiry, Part, RawInquiry, Times, Whole,
};
use grondslag_core::limits::{ASK_LIFE_MS_MAX, DETAIL_BYTES};
use grondslag_core::reason::Reason;
use grondslag_core::seal::{About, SealError, seal};
use grondslag_core::statement::{ask_bytes, reference_digest, sign};
use rand_core::UnwrapErr;

use super::wish::Wish;
use crate::agency::Agency;
use crate::detail::Detail;

/// A second person's signatures, one per target in the question's order.
#[derive(Debug, Clone)]
pub(crate) struct Cosigned {
    /// Who, as this node's own register names them.
    pub staff: StaffId,
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
        // Without one nobody is asked (`inquiry`).
        epoch: agency.epochs.current().unwrap_or_default(),
        bundle: agency.rules.at(now).bundle(),
        times: Times { asked_at: now, ask_expires_at: now.plus_ms(life), answer_by },
        approvers: cosigned.iter().map(|one| one.approver.clone()).collect(),
    }
}

/// A question, and the targets that it cannot be put to.
#[derive(Debug)]
pub(crate) struct Composed {
    /// The question; none when it cannot be put to anybody.
    pub inquiry: Option<Inquiry>,
    /// Why a target is left out: its card or its inbound key cannot be relied upon.
    pub left_out: Vec<(Oin, Reason)>,
}

/// A target that can be asked.
struct Addressee<'a> {
    oin: &'a Oin,
    categories: &'a [Category],
    approvals: Vec<Approval>,
    card: VerifiedCard,
    key: Arc<InboundKey>,
}

/// Composes, hides, seals and signs a question. `only` limits it to some targets: a second
/// attempt.
///
/// # Errors
/// `TEXT_TOO_LONG` when text and facts do not fit a detail; what [`Inquiry::parse`] gives.
pub(crate) fn inquiry(
    agency: &Agency,
    id: InquiryId,
    attempt: u8,
    header: Header,
    wish: &Wish,
    cosigned: &[Cosigned],
    only: Option<&[Oin]>,
) -> Result<Composed, Reason> {
    let wanted = |oin: &Oin| only.is_none_or(|only| only.contains(oin));
    let (mut addressees, mut left_out) = (Vec::new(), Vec::new());
    for (place, (oin, categories)) in wish.targets.iter().enumerate() {
        if !wanted(oin) {
            continue;
        }
        match addressee(agency, oin) {
            Ok((card, key)) => {
                let approvals = approvals_at(cosigned, place);
                addressees.push(Addressee { oin, categories, approvals, card, key });
            }
            Err(reason) => left_out.push((oin.clone(), reason)),
        }
    }
    let inquiry = if addressees.is_empty() {
        None
    } else {
        Some(compose(agency, id, attempt, header, wish, &addressees)?)
    };
    Ok(Composed { inquiry, left_out })
}

/// Whom a question can be sealed and hidden for.
fn addressee(agency: &Agency, oin: &Oin) -> Result<(VerifiedCard, Arc<InboundKey>), Reason> {
    let card = agency.directory.card(oin)?;
    card.check_time(agency.clock.now())?;
    let key = agency.epochs.inbound(&card)?;
    Ok((card, key))
}

fn compose(
    agency: &Agency,
    id: InquiryId,
    attempt: u8,
    header: Header,
    wish: &Wish,
    addressees: &[Addressee<'_>],
) -> Result<Inquiry, Reason> {
    let now = header.times.asked_at;
    let mut rng = UnwrapErr(getrandom::SysRng);
    let hidden = |error: BlindError| error.reason();
    let number = wish.subject.point(agency.epochs.region()).map_err(hidden)?;
    let keys: Vec<&InboundKey> = addressees.iter().map(|one| one.key.as_ref()).collect();
    let encrypted = Encrypted::new(&number, &keys, &mut rng).map_err(hidden)?;
    let parts = addressees.iter().map(|one| {
        let part = part(agency, &id, &header, wish, one)?;
        Ok((one.oin.clone(), part))
    });
    let parts = parts.collect::<Result<Vec<(Oin, Part)>, Reason>>()?;
    let (one, two) = (encrypted.one(), encrypted.two().to_vec());
    let whole = Whole::of(&id, attempt, &header, &parts, one, &two).signed_bytes();
    let proof = encrypted.prove(&Digest::of(&whole), &mut rng);
    let hidden = Hidden { one, two, proof };
    let signature = sign(&agency.sign_key, &whole);
    Inquiry::parse(RawInquiry { id, attempt, header, parts, hidden, signature }, now)
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
    to: &Addressee<'_>,
) -> Result<Part, Reason> {
    let target_id = TargetId::derive(id, to.oin);
    let header_digest = header.digest(to.categories, &to.approvals);
    let content = detail((&target_id, to.oin), wish, &header_digest).encode();
    let about = About::detail(target_id, header, to.oin);
    let seal_key = &to.card.keys()?.seal;
    let mut rng = UnwrapErr(getrandom::SysRng);
    let sealed = seal(seal_key, &about, &content, DETAIL_BYTES, &mut rng);
    let mut part = Part {
        categories: to.categories.to_vec(),
        approvals: to.approvals.clone(),
        detail: sealed.map_err(|error| match error {
            SealError::TooLarge => Reason::TextTooLong,
            error => error.reason(),
        })?,
        signature: [0; 64],
    };
    part.signature = sign(&agency.sign_key, &ask_bytes(&target_id, to.oin, header, &part));
    Ok(part)
}

fn detail((id, to): (&TargetId, &Oin), wish: &Wish, header: &Digest) -> Detail {
    let named = !wish.reference.is_empty();
    Detail {
        necessity: wish.why(to).to_owned(),
        facts: wish.facts.clone(),
        reference: named.then(|| reference_digest(id, &wish.reference)),
        header: *header,
        notice: wish.carries.as_ref().map(|carries| carries.notice.clone()),
        criteria: wish.escalation.as_ref().map(|one| one.criteria.clone()).unwrap_or_default(),
    }
}
