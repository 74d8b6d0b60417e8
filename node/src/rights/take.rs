//! What other agencies bring: a request about data that this agency holds, what became of one that
//! came from here, and what was mended in data that this agency was given.
//!
//! A request is believed only about a question in answer to which content of that person was given:
//! whoever names one knows already that the person is known here, or has its number from the
//! person's own view. An answer counts from whom it was asked alone, a repair from who was asked.
//!
//! Taken also where the rules here deny R44: a request that is dropped unseen would end a right of
//! the person (AVG art. 12). R44 is switched off where such notices are sent.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, RequestId, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::rights::Right;
use grondslag_evidence::store::Batch;
use grondslag_policy::notice::RIGHTS;

use super::case::{self, Case, Decision, Side, State, check_bytes};
use super::message::{Message, Says};
use super::receivers::given_in;
use super::standing;
use crate::agency::Agency;
use crate::consent::Changing;
use crate::consent::store::write_nothing;
use crate::limits::REPAIR_TARGETS_MAX;
use crate::notices::{Delivered, Taken};
use crate::own_view::asked::{self, Question};

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
        // It is not lost: who brought it hears nothing, and brings it again.
        Err(Reason::RequestsFull) => return Err(Reason::Busy),
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
    check_bytes(message.says.text())?;
    match message.says.clone() {
        Says::Request { right, by, target, text, lodged_at } => {
            if !decides_here(agency) {
                return Err(Reason::RoleNotAdmitted);
            }
            let case = Case {
                id: id_of(from, &message.case, right),
                digits: delivered.digits.to_owned(),
                right,
                by: Some(by),
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
            let told = Told { from, right, text, at: message.at.min(now) };
            mended(agency, delivered.digits, &targets, &told).await
        }
    }
}

/// A request about data of this agency.
async fn asked_of_us(agency: &Agency, mut case: Case, target: &TargetId) -> Result<Batch, Reason> {
    let given = given_in(agency, &case.digits, target).await?;
    case.categories = case.concerns(given.ok_or(Reason::NotOnFile)?);
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
    (case.state, case.due) = (state, due.min(Case::latest_after(case.lodged_at)));
    case.put_again(&seen)
}

/// The write of a case that is new here; nothing for one that stands.
async fn new(agency: &Agency, case: &Case) -> Result<Batch, Reason> {
    match case::read(agency.store.as_ref(), &case.id).await? {
        Some(_) => Ok(Batch::new()),
        None => case.put(Batch::new()),
    }
}

/// What another agency mended.
struct Told<'a> {
    from: &'a Oin,
    right: Right,
    text: String,
    at: Timestamp,
}

/// A case for each own question in answer to which the data came: what comes again about one takes
/// its place, and is to be looked at again.
async fn mended(
    agency: &Agency,
    digits: &str,
    targets: &[TargetId],
    told: &Told<'_>,
) -> Result<Batch, Reason> {
    let (mut batch, now) = (Batch::new(), agency.clock.now());
    let some: Vec<TargetId> = targets.iter().take(REPAIR_TARGETS_MAX).copied().collect();
    let asked = asked::questions(agency, digits, (told.from, &some)).await?;
    if asked.is_empty() {
        return Err(Reason::NotOnFile);
    }
    // A draft that went out twice is one question.
    let asked: BTreeMap<TargetId, Question> = asked.into_iter().collect();
    for (target, asked) in asked {
        let case = Case {
            id: id_of(told.from, &RequestId::new(*target.as_bytes()), told.right),
            digits: digits.to_owned(),
            right: told.right,
            by: None,
            text: told.text.clone(),
            categories: BTreeSet::new(),
            lodged_at: told.at,
            lodged_by: None,
            due: Case::due_after(now),
            side: Side::Receiver {
                from: told.from.clone(),
                asked: [(asked.inquiry, (asked.staff, asked.role))].into(),
            },
            state: State::Open,
            breach: None,
            told: BTreeMap::new(),
        };
        batch = batch.then(match case::read(agency.store.as_ref(), &case.id).await? {
            Some((before, _)) if before.lodged_at >= case.lodged_at => Batch::new(),
            Some((_, seen)) => case.put_again(&seen)?,
            None => case.put(Batch::new())?,
        });
    }
    Ok(batch)
}

/// Whether anybody here may decide on requests: the police have a law of their own, and take what
/// was mended alone.
fn decides_here(agency: &Agency) -> bool {
    let pack = agency.pack();
    let mut roles = pack.catalogue().roles().iter();
    roles.any(|role| {
        let delivers = role.purposes.iter().any(|purpose| purpose.as_str() == RIGHTS.purpose);
        delivers && role.id.kind() == agency.kind
    })
}

/// The number of a case that another agency brought: nobody takes the place of another's.
fn id_of(from: &Oin, theirs: &RequestId, right: Right) -> RequestId {
    let digest = Canonical::new(NUMBER)
        .text(from.as_str())
        .bytes(theirs.as_bytes())
        .text(right.word())
        .digest();
    let mut number = [0; RequestId::LEN];
    number.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    RequestId::new(number)
}
