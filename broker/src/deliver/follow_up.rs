//! Carrying to a target what an asker adds to its question (domain 4a.32): sealed, signed, and of
//! one length, so that the broker sees that something was added and no more.
//!
//! Nothing of it is kept here but a digest: who is away gets it when the asker brings it again,
//! which it does until the target has it.

use grondslag_core::canonical::Canonical;
use grondslag_core::id::{Digest, InquiryId, Oin, TargetId};
use grondslag_core::limits::REPLIES_KEPT_MS;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_proto::follow_up::FollowUp;

use super::kept::{Open, open_key, target_of};
use crate::broker::Broker;

/// Carries a follow-up; its target has it when this returns. The same one again is carried again.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question that this asker did not put to this target or whose term ended
/// some time ago; `QUESTION_WAITS` while the target does not have the question, or why it never
/// took it; `STATEMENT_INVALID`; `REPLAY_CONFLICT` for a number that another one has;
/// why it could not be recorded, or the target was not reached or did not take it.
pub(crate) async fn carry_follow_up(
    broker: &Broker,
    asker: &Oin,
    (inquiry, target): (&InquiryId, &str),
    follow_up: FollowUp,
) -> Result<(), Reason> {
    let signer = broker.directory.card(asker)?;
    let (target, id) = target_of(broker.store.as_ref(), asker, inquiry, target).await?;
    if follow_up.target_id != id {
        return Err(Reason::UnknownInquiry);
    }
    let (open, seen) = find(broker, &id).await?;
    let fields = follow_up.fields([asker, &target], open.answer_by);
    follow_up.verify(&signer.card().sign_key, &fields)?;
    let signed = Digest::of(&fields.canonical());
    note(broker, (open, &seen), &follow_up, signed).await?;
    let card = broker.directory.card(&target)?;
    broker.nodes.follow_up(card.card(), follow_up, broker.fanout.wait()).await
}

/// A question that its target has.
async fn find(broker: &Broker, id: &TargetId) -> Result<(Open, Seen), Reason> {
    let seen = parts::read_seen(broker.store.as_ref(), &open_key(id)).await;
    let seen = seen.map_err(StoreError::reason)?.ok_or(Reason::UnknownInquiry)?;
    let open: Open = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
    if broker.clock.now().since_ms(open.answer_by) > REPLIES_KEPT_MS {
        return Err(Reason::UnknownInquiry);
    }
    match (open.first, open.ended) {
        (Some(_), _) => Ok((open, seen)),
        (None, Some(reason)) => Err(reason),
        (None, None) => Err(Reason::QuestionWaits),
    }
}

/// Records a follow-up before its target gets it: the leaf
/// `grondslag/leaf/follow-up/v1` holds the digest of what was signed, in which nobody finds a party
/// or a question, and the moment.
async fn note(
    broker: &Broker,
    (mut open, seen): (Open, &Seen),
    follow_up: &FollowUp,
    signed: Digest,
) -> Result<(), Reason> {
    // Their order is the asker's: a broker that was restored may lack some.
    match open.follow_ups.insert(follow_up.number, signed) {
        None => {}
        Some(before) if before == signed => return Ok(()),
        Some(_) => return Err(Reason::ReplayConflict),
    }
    let key = open_key(&follow_up.target_id);
    let body = serde_json::to_vec(&open).map_err(|_| Reason::Internal)?;
    let state = parts::delete_seen(Batch::new(), &key, seen);
    let state = parts::put_body(state, &key, &body).map_err(StoreError::reason)?;
    let leaf = Canonical::new("grondslag/leaf/follow-up/v1")
        .bytes(signed.as_bytes())
        .signed(broker.clock.now().ms())
        .finish();
    match broker.ledger.append(Entry { about: signed, leaf, state }).await {
        // A later reply came at the same moment: the asker brings it again.
        Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
        recorded => recorded.map(drop).map_err(LedgerError::reason),
    }
}
