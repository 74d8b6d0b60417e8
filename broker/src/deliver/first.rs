//! The first reply to a question, and that there is none.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::TargetId;
use grondslag_core::limits::REPLIES_KEPT_MS;
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::kept::{First, Open, open_key, read, reply_key};
use crate::broker::Broker;
use crate::sweep::expiry_key;

/// The first reply that is kept, and when the question that it answers was asked.
///
/// # Errors
/// Why it cannot be read.
pub(crate) async fn first(
    broker: &Broker,
    id: &TargetId,
) -> Result<Option<(Timestamp, Reply)>, Reason> {
    let store = broker.store.as_ref();
    let open: Option<Open> = read(store, &open_key(id)).await?;
    let Some(First { asked_at, .. }) = open.and_then(|open| open.first) else { return Ok(None) };
    let body = parts::read_body(store, &reply_key(id, FIRST_REPLY_NO)).await;
    let Some(body) = body.map_err(StoreError::reason)? else { return Ok(None) };
    let wire = v1::Reply::decode(body.as_slice()).map_err(|_| Reason::StoreCorrupt)?;
    let reply = Reply::try_from(wire).map_err(|_| Reason::StoreCorrupt)?;
    Ok(Some((asked_at, reply)))
}

/// The write that keeps the first reply to a question that was asked at this moment; one that is
/// kept already stays.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question whose term ended some time ago, or why it cannot be read.
pub(crate) async fn keep_first(
    broker: &Broker,
    asked_at: Timestamp,
    reply: &Reply,
) -> Result<Batch, Reason> {
    let at = broker.clock.now();
    let (batch, open) = change(broker, &reply.target_id, |open| {
        open.first.get_or_insert(First { asked_at, at });
        open.ended = None;
    })
    .await?;
    if open.first.is_some() {
        return Ok(batch);
    }
    let until = open.answer_by.plus_ms(REPLIES_KEPT_MS);
    let key = reply_key(&reply.target_id, FIRST_REPLY_NO);
    let wire = v1::Reply::from(reply.clone()).encode_to_vec();
    let batch = parts::put_body(batch, &key, &wire).map_err(StoreError::reason)?;
    Ok(batch.put(expiry_key(until, &key), key))
}

/// The write that says why no first reply comes.
///
/// # Errors
/// As [`keep_first`].
pub(crate) async fn end(broker: &Broker, id: &TargetId, why: Reason) -> Result<Batch, Reason> {
    change(broker, id, |open| open.ended = Some(why)).await.map(|(batch, _)| batch)
}

/// The write that changes what is kept of a question, and what was kept before.
async fn change(
    broker: &Broker,
    id: &TargetId,
    change: impl FnOnce(&mut Open),
) -> Result<(Batch, Open), Reason> {
    let key = open_key(id);
    let seen = parts::read_seen(broker.store.as_ref(), &key).await.map_err(StoreError::reason)?;
    let seen = seen.ok_or(Reason::UnknownInquiry)?;
    let before: Open = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
    let mut open = before.clone();
    change(&mut open);
    let body = serde_json::to_vec(&open).map_err(|_| Reason::Internal)?;
    let batch = parts::delete_seen(Batch::new(), &key, &seen);
    Ok((parts::put_body(batch, &key, &body).map_err(StoreError::reason)?, before))
}
