//! Whether a question is what its asker signed, and the asker one who may ask it.

use grondslag_certs::VerifiedCard;
use grondslag_core::approval;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::inquiry::{Inquiry, Part};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{ask_bytes, verify};
use grondslag_core::tier::Approvals;

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
}

/// Checks who asks, in which role, under which rules, and every signature.
///
/// # Errors
/// The reason for which the whole question is refused.
pub(crate) fn verify_inquiry(
    broker: &Broker,
    peer: &Oin,
    inquiry: &Inquiry,
) -> Result<Vec<Target>, Reason> {
    let header = inquiry.header();
    if header.asker != *peer {
        return Err(Reason::CardOinMismatch);
    }
    if header.bundle != broker.pack.bundle() {
        return Err(Reason::PolicyStale);
    }
    check_codes(broker, inquiry)?;
    let now = broker.clock.now();
    let card = broker.directory.card(peer)?;
    card.check_role(&header.role, now)?;
    header.approvers.iter().try_for_each(|approver| card.check_role(&approver.role, now))?;
    let key = &card.card().sign_key;
    verify(key, &inquiry.signed_bytes(), inquiry.signature())
        .map_err(|_| Reason::StatementInvalid)?;
    inquiry.parts().iter().map(|(oin, part)| verify_part(broker, inquiry, oin, part, key)).collect()
}

fn verify_part(
    broker: &Broker,
    inquiry: &Inquiry,
    oin: &Oin,
    part: &Part,
    sign_key: &[u8; 32],
) -> Result<Target, Reason> {
    let header = inquiry.header();
    let id = TargetId::derive(inquiry.id(), oin);
    verify(sign_key, &ask_bytes(&id, oin, header, part), &part.signature)
        .map_err(|_| Reason::StatementInvalid)?;
    let catalogue = broker.pack.catalogue();
    let mandated = |role: &_| catalogue.is_mandated(role);
    let now = broker.clock.now();
    let approvals = approval::weigh(&id, header, part, sign_key, &mandated, now)?;
    let card = broker.directory.card(oin);
    Ok(Target { oin: oin.clone(), id, part: part.clone(), approvals, card })
}

/// Unknown codes refuse the question by name before any rule is looked at.
fn check_codes(broker: &Broker, inquiry: &Inquiry) -> Result<(), Reason> {
    let (catalogue, header) = (broker.pack.catalogue(), inquiry.header());
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
