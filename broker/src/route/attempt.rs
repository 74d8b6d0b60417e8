//! Second attempts: only for targets that could not take the first for a passing reason.

use std::collections::BTreeSet;

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::{Batch, StoreError, parts};
use serde::{Deserialize, Serialize};

use super::fanout::State;
use crate::broker::Broker;
use crate::limits::REPLAY_MARGIN_MS;
use crate::sweep::expiry_key;

/// What the first attempt fixed: a second one has its slots.
#[derive(Serialize, Deserialize)]
struct First {
    /// Targets that may get one.
    targets: BTreeSet<Oin>,
    urgency: Urgency,
    answer_by: Timestamp,
}

/// Checks that a second attempt goes only to targets that may get one, within the same term.
///
/// # Errors
/// `REPLAY_CONFLICT` for any other target or term; why the store could not be read.
pub(crate) async fn check(broker: &Broker, inquiry: &Inquiry) -> Result<(), Reason> {
    if inquiry.attempt() == 1 {
        return Ok(());
    }
    let body = parts::read_body(broker.store.as_ref(), &key(inquiry)).await;
    let body = body.map_err(StoreError::reason)?.ok_or(Reason::ReplayConflict)?;
    let first: First = serde_json::from_slice(&body).map_err(|_| Reason::StoreCorrupt)?;
    let header = inquiry.header();
    let fits = inquiry.parts().iter().all(|(oin, _)| first.targets.contains(oin))
        && (first.urgency, first.answer_by) == (header.urgency, header.times.answer_by);
    if fits { Ok(()) } else { Err(Reason::ReplayConflict) }
}

/// Notes which targets may get a second attempt.
///
/// # Errors
/// Why the store did not take it: there is then no second attempt.
pub(crate) async fn note(
    broker: &Broker,
    inquiry: &Inquiry,
    states: &[(Oin, State)],
) -> Result<(), Reason> {
    let open = states.iter().filter(|(_, state)| is_passing(*state)).map(|(oin, _)| oin.clone());
    let (targets, header) = (open.collect::<BTreeSet<Oin>>(), inquiry.header());
    if targets.is_empty() || inquiry.attempt() != 1 {
        return Ok(());
    }
    let first = First { targets, urgency: header.urgency, answer_by: header.times.answer_by };
    let (store, key) = (broker.store.as_ref(), key(inquiry));
    let body = serde_json::to_vec(&first).map_err(|_| Reason::Internal)?;
    let expires = inquiry.header().times.answer_by.plus_ms(REPLAY_MARGIN_MS);
    let batch = parts::delete_body(store, Batch::new(), &key).await.map_err(StoreError::reason)?;
    let batch = parts::put_body(batch, &key, &body).map_err(StoreError::reason)?;
    let batch = batch.put(expiry_key(expires, &key), key.as_slice());
    store.commit(batch).await.map_err(StoreError::reason)
}

fn is_passing(state: State) -> bool {
    match state {
        State::Unreachable(reason) => reason.is_passing(),
        State::Replied | State::Pending(_) | State::NotAsked(_) => false,
    }
}

/// `qa/` and a digest of (asker, inquiry).
fn key(inquiry: &Inquiry) -> Vec<u8> {
    let bytes = Canonical::new("grondslag/attempt/v1")
        .text(inquiry.header().asker.as_str())
        .bytes(inquiry.id().as_bytes())
        .finish();
    [b"qa/".as_slice(), Digest::of(&bytes).as_bytes()].concat()
}
