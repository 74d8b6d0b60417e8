//! Taking a message of a node.

use grondslag_core::id::Oin;
use grondslag_core::limits::{REPLIES_KEPT_MS, REPLIES_MAX, SLOT_GRACE_MS};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::kept::{Open, open_key, reply_key};
use super::silent::slots_missed;
use crate::broker::Broker;
use crate::sweep::expiry_key;

/// Takes a message; it is durable when this returns. The same message again is taken again.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question that the node was not asked or whose term ended some time ago,
/// `REPLAY_CONFLICT` for a number that is not above the last, `ANSWER_INVALID` for another length,
/// `TOO_LARGE` for more messages than slots; or why it could not be kept.
pub(crate) async fn take(broker: &Broker, node: &Oin, reply: Reply) -> Result<(), Reason> {
    let (store, failed) = (broker.store.as_ref(), StoreError::reason);
    let key = open_key(&reply.target_id);
    let seen = parts::read_seen(store, &key).await.map_err(failed)?;
    let seen = seen.ok_or(Reason::UnknownInquiry)?;
    let mut open: Open = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
    let now = broker.clock.now();
    if open.target != *node || now.since_ms(open.answer_by) > REPLIES_KEPT_MS {
        return Err(Reason::UnknownInquiry);
    }
    let wire = v1::Reply::from(reply.clone()).encode_to_vec();
    if wire.len() != open.reply_bytes {
        return Err(Reason::AnswerInvalid);
    }
    let kept = reply_key(&reply.target_id, reply.reply_no);
    if parts::read_body(store, &kept).await.map_err(failed)?.is_some_and(|body| body == wire) {
        return Ok(());
    }
    if reply.reply_no <= open.last_no {
        return Err(Reason::ReplayConflict);
    }
    if reply.reply_no > REPLIES_MAX {
        return Err(Reason::TooLarge);
    }
    broker.presence.runs(now);
    let passed = slots_missed(&broker.presence, &open, now.plus_ms(-SLOT_GRACE_MS));
    open.missed = open.missed.saturating_add(passed);
    (open.last_no, open.last_at) = (reply.reply_no, now);
    let until = open.answer_by.plus_ms(REPLIES_KEPT_MS);
    let body = serde_json::to_vec(&open).map_err(|_| Reason::Internal)?;
    let batch = parts::delete_seen(Batch::new(), &key, &seen);
    let batch = parts::put_body(batch, &key, &body).map_err(failed)?;
    let batch = parts::put_body(batch, &kept, &wire).map_err(failed)?;
    let batch = batch.put(expiry_key(until, &kept), kept.as_slice());
    match store.commit(batch).await {
        Err(StoreError::Conflict { .. }) => Err(Reason::Busy),
        committed => committed.map_err(failed),
    }
}
