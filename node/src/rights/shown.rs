//! A case as the agency's own people see it.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, RequestId};
use grondslag_core::reason::Reason;
use grondslag_proto::v1;

use super::case::{Case, Decision, Side, State};
use crate::agency::Agency;
use crate::notices::outbox::{News, under_way};

/// Who has not replied yet, by the case that they are told of.
///
/// # Errors
/// Those of the store.
pub(super) async fn waiting(agency: &Agency) -> Result<BTreeMap<RequestId, BTreeSet<Oin>>, Reason> {
    let mut waiting: BTreeMap<RequestId, BTreeSet<Oin>> = BTreeMap::new();
    for (_, notice) in under_way(agency.store.as_ref()).await? {
        if let News::Right(message) = notice.news {
            waiting.entry(message.case).or_default().extend(notice.to);
        }
    }
    Ok(waiting)
}

/// A case on the wire.
pub(super) fn wire(
    case: Case,
    waiting: &BTreeMap<RequestId, BTreeSet<Oin>>,
    now: Timestamp,
) -> v1::RightsRequest {
    let overdue = case.is_overdue(now);
    let mut told = v1::RightsRequest {
        request_id: case.id.as_bytes().to_vec(),
        right: case.right.word().to_owned(),
        asked_by: case.by.map(|by| by.word().to_owned()).unwrap_or_default(),
        categories: case.categories.iter().map(ToString::to_string).collect(),
        lodged_at_ms: case.lodged_at.ms(),
        due_ms: case.due.ms(),
        side: case.side.word().to_owned(),
        state: case.state.word().to_owned(),
        overdue,
        told_oins: case.told.keys().map(ToString::to_string).collect(),
        waiting_oins: oins(waiting.get(&case.id)),
        staff_id: case.lodged_by.map(|by| by.staff.as_str().to_owned()).unwrap_or_default(),
        subject: case.digits,
        text: case.text,
        ..v1::RightsRequest::default()
    };
    side(&mut told, case.side);
    state(&mut told, case.state);
    if let Some(breach) = case.breach {
        told.breach_due_ms = breach.due.ms();
        if let Some((reported, text, _at)) = breach.assessed {
            let word = if reported { "reported" } else { "not_reported" };
            word.clone_into(&mut told.breach);
            told.breach_text = text;
        }
    }
    told
}

fn side(told: &mut v1::RightsRequest, side: Side) {
    match side {
        Side::Holder { from } => {
            told.other_oin = from.map(|(oin, _)| oin.to_string()).unwrap_or_default();
        }
        Side::Sender { to } => told.other_oin = to.to_string(),
        Side::Receiver { from, asked } => {
            told.other_oin = from.to_string();
            let given = asked.into_iter().map(|(inquiry, (staff, role))| v1::GivenIn {
                inquiry_id: inquiry.as_bytes().to_vec(),
                staff_id: staff.as_str().to_owned(),
                role: role.to_string(),
            });
            told.given_in = given.collect();
        }
    }
}

fn state(told: &mut v1::RightsRequest, state: State) {
    let decision = match state {
        State::Open => None,
        State::Extended { text } => {
            told.answer = text;
            None
        }
        State::Decided(decision) => Some(decision),
        State::Closed { decision, text, .. } => {
            told.closed = text;
            decision
        }
    };
    if let Some(Decision { what, ground, text, at, .. }) = decision {
        what.word().clone_into(&mut told.decided);
        told.ground = ground.map(|ground| ground.word().to_owned()).unwrap_or_default();
        (told.answer, told.decided_at_ms) = (text, at.ms());
    }
}

fn oins(of: Option<&BTreeSet<Oin>>) -> Vec<String> {
    of.into_iter().flatten().map(ToString::to_string).collect()
}
