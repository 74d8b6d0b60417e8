//! The handover of a case from one holder to the next (query kind Q08, R34): scaling up, scaling
//! down, a move.
//!
//! The new holder asks the old one for the plan, as any question. Life of a handover: once some of
//! the plan came, that stands at the new holder ([`incoming`]) and at the old one ([`outgoing`]);
//! a person of the new holder goes through the list of the rules and accepts ([`desk`]), which
//! travels as a follow-up of the question (domain 4a.32); the old holder is responsible until it
//! has that, and then its case on the board is closed and its people ask no more about the child
//! ([`barred`]). Taking the case back, or a new case on the board, opens that again.
//!
//! INVARIANT: once a case was handed over, nobody here asks about its child in a role that holds
//! cases, but for a purpose that stays open (acute danger, taking it back).

pub(crate) mod barred;
mod desk;
pub(crate) mod incoming;
pub(crate) mod outgoing;
pub(crate) mod service;

use grondslag_core::clock::Timestamp;
use grondslag_core::limits::REPLIES_KEPT_MS;
use grondslag_core::reason::Reason;
use grondslag_runtime::status::ToDo;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::asks::term::working_days_after;
use crate::follow_ups::send::Told;

/// That a case was accepted, and on what.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Accepted {
    /// When; at the old holder when that came.
    at: Timestamp,
    /// What was done.
    done: Vec<String>,
    /// What is missing.
    gaps: Vec<String>,
}

grondslag_core::unprinted!(Accepted);

/// By when a plan that came is to be accepted: never after it lapses.
fn accept_by(agency: &Agency, came_at: Timestamp, answer_by: Timestamp) -> Timestamp {
    let days = agency.pack().catalogue().handover().accept_days;
    working_days_after(came_at, days).min(ends_at(answer_by))
}

/// Until when a case may be accepted: as long as anything is heard of its question.
fn ends_at(answer_by: Timestamp) -> Timestamp {
    answer_by.plus_ms(REPLIES_KEPT_MS)
}

/// How many cases come or go and were not accepted yet, or of which the old holder does not know
/// that; and for how many that is late.
///
/// # Errors
/// `STORE_CORRUPT` when one of them cannot be read; else those of the store.
pub(crate) async fn state(agency: &Agency) -> Result<ToDo, Reason> {
    let (store, now) = (agency.store.as_ref(), agency.clock.now());
    let (coming, damaged_in) = incoming::all(store).await?;
    let (going, damaged_out) = outgoing::all(store).await?;
    let mut open = Vec::new();
    for row in coming.iter().filter(|row| now <= ends_at(row.answer_by)) {
        let told = incoming::told(agency, row).await?;
        let is_known = matches!(told, Told::At(_));
        open.extend((!is_known).then_some((row.came_at, row.answer_by)));
    }
    let going = going.iter().filter(|row| row.digits.is_some());
    open.extend(going.filter_map(|row| Some((row.given_at?, row.answer_by))));
    let late = |(came_at, answer_by): &&(Timestamp, Timestamp)| {
        accept_by(agency, *came_at, *answer_by) <= now
    };
    let overdue = u64::try_from(open.iter().filter(late).count()).unwrap_or(u64::MAX);
    let state = ToDo { open: u64::try_from(open.len()).unwrap_or(u64::MAX), overdue };
    if damaged_in + damaged_out > 0 { Err(Reason::StoreCorrupt) } else { Ok(state) }
}

/// Forgets what is as old as a decision. Says how many rows cannot be read.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let coming = incoming::tidy(agency).await?;
    let going = outgoing::tidy(agency).await?;
    let gone = barred::tidy(agency).await?;
    Ok(coming + going + gone)
}

#[cfg(test)]
mod tests;
