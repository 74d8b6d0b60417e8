//! Whether a question is what its asker signed, and the asker one who may ask it.

use std::sync::Arc;

use grondslag_certs::VerifiedCard;
use grondslag_core::approval;
use grondslag_core::blind::{BlindError, Element, Link, question};
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::inquiry::{Hidden, Inquiry, Part};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{ask_bytes, verify};
use grondslag_core::tier::Approvals;
use grondslag_policy::Pack;

use crate::broker::Broker;

/// One target of a verified question.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The target.
    pub oin: Oin,
    /// The inquiry as the target knows it.
    pub id: TargetId,
    /// What is asked of it.
    pub part: Part,
    /// What second persons add.
    pub approvals: Approvals,
    /// Its card; else why it cannot be dealt with.
    pub card: Result<VerifiedCard, Reason>,
    /// About whom, hidden for this target.
    pub two: Element,
    /// The target's links in the question's epoch.
    pub links: Arc<[Link]>,
}

/// Checks who asks, in which role, under which rules, and every signature.
///
/// # Errors
/// The reason for which the whole question is refused.
pub(crate) async fn verify_inquiry(
    broker: &Broker,
    peer: &Oin,
    inquiry: &Inquiry,
    pack: &Pack,
) -> Result<Vec<Target>, Reason> {
    let header = inquiry.header();
    if header.asker != *peer {
        return Err(Reason::CardOinMismatch);
    }
    if header.bundle != broker.rules.asked_under(header.times.asked_at) {
        return Err(Reason::PolicyStale);
    }
    let now = broker.clock.now();
    if broker.foundings.asked_from().is_some_and(|from| header.times.asked_at < from) {
        return Err(Reason::AskedBeforeRestore);
    }
    broker.epochs.check_asked(header.epoch, now)?;
    check_codes(pack, inquiry)?;
    let card = broker.directory.card(peer)?;
    card.check_role(&header.role, now)?;
    header.approvers.iter().try_for_each(|approver| card.check_role(&approver.role, now))?;
    let key = &card.card().sign_key;
    verify(key, &inquiry.whole().signed_bytes(), inquiry.signature())
        .map_err(|_| Reason::StatementInvalid)?;
    let links = links(broker, inquiry).await?;
    check_hidden(inquiry, &links)?;
    let parts = inquiry.parts().iter().zip(&inquiry.hidden().two).zip(links);
    let of = (broker, pack);
    parts.map(|((part, two), links)| verify_part(of, inquiry, part, *two, links, key)).collect()
}

/// Every target's links, also of one that cannot be dealt with now: the proof is over all.
async fn links(broker: &Broker, inquiry: &Inquiry) -> Result<Vec<Arc<[Link]>>, Reason> {
    let mut all = Vec::new();
    for (oin, _) in inquiry.parts() {
        let own = broker.directory.own_key(oin)?;
        all.push(broker.chain.links(inquiry.header().epoch, oin, &own).await?);
    }
    Ok(all)
}

/// All targets are asked about one number, and this proof was made for this question.
fn check_hidden(inquiry: &Inquiry, links: &[Arc<[Link]>]) -> Result<(), Reason> {
    let Hidden { one, two, proof } = inquiry.hidden();
    let keys = links.iter().map(|links| links.last().map(|link| link.inbound));
    let keys: Option<Vec<Element>> = keys.collect();
    let keys = keys.ok_or(Reason::InboundKeyUnproven)?;
    let checked = question::verify(&inquiry.digest(), one, two, &keys, proof);
    checked.map_err(BlindError::reason)
}

fn verify_part(
    (broker, pack): (&Broker, &Pack),
    inquiry: &Inquiry,
    (oin, part): &(Oin, Part),
    two: Element,
    links: Arc<[Link]>,
    sign_key: &[u8; 32],
) -> Result<Target, Reason> {
    let header = inquiry.header();
    let id = TargetId::derive(inquiry.id(), oin);
    verify(sign_key, &ask_bytes(&id, oin, header, part), &part.signature)
        .map_err(|_| Reason::StatementInvalid)?;
    let catalogue = pack.catalogue();
    let mandated = |role: &_| catalogue.is_mandated(role);
    let now = broker.clock.now();
    let approvals = approval::weigh(&id, header, part, sign_key, &mandated, now)?;
    let card = broker.directory.card(oin);
    let (oin, part) = (oin.clone(), part.clone());
    Ok(Target { oin, id, part, approvals, card, two, links })
}

/// Unknown codes refuse the question by name before any rule is looked at.
fn check_codes(pack: &Pack, inquiry: &Inquiry) -> Result<(), Reason> {
    let (catalogue, header) = (pack.catalogue(), inquiry.header());
    let known = |found: bool, reason| if found { Ok(()) } else { Err(reason) };
    known(catalogue.role(&header.role).is_some(), Reason::UnknownRole)?;
    known(catalogue.purpose(&header.purpose).is_some(), Reason::UnknownPurpose)?;
    known(catalogue.query_kind(&header.kind).is_some(), Reason::UnknownQueryKind)?;
    header
        .grounds
        .iter()
        .try_for_each(|id| known(catalogue.ground(id).is_some(), Reason::UnknownGround))?;
    let mut categories = inquiry.parts().iter().flat_map(|(_, part)| &part.categories);
    categories.try_for_each(|id| known(catalogue.category(id).is_some(), Reason::UnknownCategory))
}
