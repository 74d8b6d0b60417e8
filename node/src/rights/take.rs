//! What other agencies bring: a request about data that this agency holds, what became of one that
//! came from here, and what was mended in data that this agency was given.
//!
//! A request is believed only about a question that was put here about that person: nobody can try
//! out who is known. An answer counts from whom it was asked alone, a repair from who gave the data.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, RequestId, StaffId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::rights::AskedBy;
use grondslag_evidence::store::Batch;

use super::case::{self, Case, Decision, Side, State};
use super::message::{Message, Says};
use super::receivers::asked_for;
use super::standing;
use crate::agency::Agency;
use crate::consent::Changing;
use crate::consent::store::write_nothing;
use crate::notices::{Delivered, Taken};
use crate::own_view::asked;

/// Label of the number of a case that another agency brought.
const NUMBER: &str = "grondslag/rights-case/v1";

/// Takes a message. Whatever becomes of it, one leaf is left.
///
/// # Errors
/// Faults of store and ledger: nobody is told that it came.
pub(crate) async fn take(
    agency: &Agency,
    delivered: &Delivered<'_>,
    held: &Changing,
) -> Result<Taken, Reason> {
    let (batch, taken) = match accepted(agency, delivered).await {
        Ok(batch) => (batch, Taken::Taken),
        Err(reason) if reason.is_fault() => return Err(reason),
        Err(reason) => (Batch::new(), Taken::Refused(reason)),
    };
    write_nothing(agency, batch, held).await?;
    Ok(taken)
}

/// What is written of it; nothing of what stands here already.
async fn accepted(agency: &Agency, delivered: &Delivered<'_>) -> Result<Batch, Reason> {
    let from = delivered.from.0;
    let card = agency.directory.card(from)?;
    let now = agency.clock.now();
    let message = Message::open(delivered, &card.card().sign_key, now)?;
    match message.says.clone() {
        Says::Request { right, by, target, text, lodged_at } => {
            let case = Case {
                id: number_of(from, &message.case),
                digits: delivered.digits.to_owned(),
                right,
                by,
                text,
                categories: BTreeSet::new(),
                lodged_at,
                lodged_by: None,
                due: Case::due_after(lodged_at),
                side: Side::Holder { from: Some((from.clone(), message.case)) },
                state: State::Open,
                breach: Case::breach_of(right, now),
                told: BTreeMap::new(),
            };
            asked_of_us(agency, case, &target).await
        }
        Says::Answer { request, decided, ground, text, due } => {
            let decision = decided.map(|what| Decision {
                what,
                ground,
                text: text.clone(),
                at: now,
                by: None,
            });
            let state = decision.map_or(State::Extended { text }, State::Decided);
            answered(agency, (from, request), (state, due)).await
        }
        Says::Repair { right, targets, text } => {
            let asked = own_questions(agency, delivered.digits, from, &targets).await?;
            let case = Case {
                id: number_of(from, &message.id),
                digits: delivered.digits.to_owned(),
                right,
                by: AskedBy::OwnFinding,
                text,
                categories: BTreeSet::new(),
                lodged_at: message.at.min(now),
                lodged_by: None,
                due: Case::due_after(now),
                side: Side::Receiver { from: from.clone(), asked },
                state: State::Open,
                breach: None,
                told: BTreeMap::new(),
            };
            new(agency, &case).await
        }
    }
}

/// A request about data of this agency.
async fn asked_of_us(agency: &Agency, mut case: Case, target: &TargetId) -> Result<Batch, Reason> {
    let categories = asked_for(agency, &case.digits, target).await?;
    case.categories = categories.ok_or(Reason::NotOnFile)?;
    let batch = new(agency, &case).await?;
    if batch.is_empty() {
        return Ok(batch);
    }
    standing::put(batch, agency.store.as_ref(), &agency.secret, &case).await
}

/// What became of a request that was brought from here, as who holds the data says.
async fn answered(
    agency: &Agency,
    (from, request): (&Oin, RequestId),
    (state, due): (State, Timestamp),
) -> Result<Batch, Reason> {
    let found = case::read(agency.store.as_ref(), &request).await?;
    let Some((mut case, seen)) = found else { return Err(Reason::UnknownRequest) };
    if !matches!(&case.side, Side::Sender { to } if to == from) {
        return Err(Reason::UnknownRequest);
    }
    // The same that came twice, or an older one after the last.
    if !case.is_undecided() {
        return Ok(Batch::new());
    }
    // Nobody takes longer than the law lets them.
    let latest = Case::due_after(case.lodged_at).max(case.extended());
    (case.state, case.due) = (state, due.min(latest));
    case.put_again(&seen)
}

/// The write of a case that is new here; nothing for one that stands.
async fn new(agency: &Agency, case: &Case) -> Result<Batch, Reason> {
    match case::read(agency.store.as_ref(), &case.id).await? {
        Some(_) => Ok(Batch::new()),
        None => case.put(Batch::new()),
    }
}

/// The own questions in answer to which somebody was told of by another agency.
async fn own_questions(
    agency: &Agency,
    digits: &str,
    from: &Oin,
    targets: &[TargetId],
) -> Result<BTreeMap<InquiryId, (StaffId, Role)>, Reason> {
    let asked = asked::about(agency, digits)
        .await?
        .into_iter()
        .filter(|one| targets.contains(&TargetId::derive(&one.inquiry, from)));
    let asked: BTreeMap<_, _> = asked.map(|one| (one.inquiry, (one.staff, one.role))).collect();
    if asked.is_empty() { Err(Reason::NotOnFile) } else { Ok(asked) }
}

/// The number of a case that another agency brought: nobody takes the place of another's.
fn number_of(from: &Oin, theirs: &RequestId) -> RequestId {
    let digest = Canonical::new(NUMBER).text(from.as_str()).bytes(theirs.as_bytes()).digest();
    let mut number = [0; RequestId::LEN];
    number.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    RequestId::new(number)
}
