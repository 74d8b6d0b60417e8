//! Later replies that the broker has not taken yet.
//!
//! `so/<target id><number>` holds a message; one that rests on the consent register comes with how
//! many acts that knew, and with a message of the same number that says nothing. What was made
//! before an act in the register does not leave after it: the other leaves in its place, and what
//! was decided is held against the register of then in the next slot.

use grondslag_core::id::TargetId;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::inbox;
use crate::agency::Agency;
use crate::consent::store::{self, Known};
use crate::limits::{PAGE, SLOTS_AT_ONCE_MAX};

const OUTBOX: &[u8] = b"so/";
/// In the place of a number of acts: it rests on none.
const RESTS_ON_NONE: u64 = u64::MAX;

/// A message that waits.
struct Waiting {
    known: u64,
    reply: v1::Reply,
    /// What leaves in its place when it may not.
    instead: Option<v1::Reply>,
}

/// Keeps a message that gives nothing of a child until the broker has taken it.
///
/// # Errors
/// `TOO_LARGE`, which a reply does not give.
pub(super) fn put(reply: Reply) -> Result<Batch, StoreError> {
    put_waiting(RESTS_ON_NONE, reply, None)
}

/// Keeps a message that rests on what the consent register says, and what is said in its place when
/// that has changed.
///
/// # Errors
/// As [`put`].
pub(super) fn put_resting(reply: Reply, known: Known, instead: Reply) -> Result<Batch, StoreError> {
    put_waiting(known.0, reply, Some(instead))
}

fn put_waiting(known: u64, reply: Reply, instead: Option<Reply>) -> Result<Batch, StoreError> {
    let key = key(&reply.target_id, reply.reply_no);
    let reply = v1::Reply::from(reply).encode_length_delimited_to_vec();
    let instead = instead.map(|reply| v1::Reply::from(reply).encode_length_delimited_to_vec());
    let body = [&known.to_be_bytes(), reply.as_slice(), &instead.unwrap_or_default()].concat();
    parts::put_body(Batch::new(), &key, &body)
}

impl Waiting {
    fn read(body: &[u8]) -> Option<Self> {
        let (known, mut rest) = body.split_first_chunk()?;
        let reply = v1::Reply::decode_length_delimited(&mut rest).ok()?;
        let instead = (!rest.is_empty()).then(|| v1::Reply::decode_length_delimited(&mut rest));
        let known = u64::from_be_bytes(*known);
        Some(Self { known, reply, instead: instead.transpose().ok()? })
    }

    /// It was made before an act in the consent register.
    const fn is_stale(&self, now: Known) -> bool {
        self.known != RESTS_ON_NONE && self.known != now.0
    }
}

/// Delivers what waits. What the broker does not take any more is over.
///
/// # Errors
/// Why the broker could not be reached, or the store not be read.
pub(super) async fn flush(agency: &Agency) -> Result<(), Reason> {
    let (store, failed) = (agency.store.as_ref(), StoreError::reason);
    loop {
        let page = store.scan(OUTBOX, None, SLOTS_AT_ONCE_MAX.min(PAGE)).await.map_err(failed)?;
        if page.is_empty() {
            return Ok(());
        }
        // Held until it has left: an act in the register waits.
        let _held = agency.consents.answer().await;
        let known = store::known(store).await.map_err(failed)?;
        let mut replies = Vec::with_capacity(page.len());
        for pair in &page {
            let seen = parts::read_seen(store, &pair.key).await.map_err(failed)?;
            let seen = seen.ok_or(Reason::StoreCorrupt)?;
            let waiting = Waiting::read(&seen.body).ok_or(Reason::StoreCorrupt)?;
            let stale = waiting.is_stale(known);
            replies.push(match waiting.instead {
                Some(instead) if stale => {
                    take_back(agency, (&pair.key, &seen), &instead).await?;
                    instead
                }
                _ => waiting.reply,
            });
        }
        let answered = agency.broker_link.deliver(replies).await?;
        let mut batch = Batch::new();
        for (id, number) in answered.iter().filter_map(settled) {
            batch = parts::delete_body(store, batch, &key(&id, number)).await.map_err(failed)?;
        }
        if batch.is_empty() {
            return Err(Reason::Unreachable);
        }
        store.commit(batch).await.map_err(failed)?;
    }
}

/// Puts a message that says nothing in the place of one that may not leave any more, and records
/// that it did not. Should the broker have it already, for its word that it does was lost, it takes
/// no other.
async fn take_back(
    agency: &Agency,
    (row, seen): (&[u8], &Seen),
    instead: &v1::Reply,
) -> Result<(), Reason> {
    let reply = Reply::try_from(instead.clone()).map_err(|_| Reason::StoreCorrupt)?;
    let (id, number) = (reply.target_id, reply.reply_no);
    let state = parts::delete_seen(Batch::new(), row, seen);
    let state = state.then(put(reply).map_err(StoreError::reason)?);
    let entry = inbox::taken_back(agency, &id, number, state).await?;
    agency.ledger.append(entry).await.map(drop).map_err(LedgerError::reason)
}

/// Which message was taken, or refused for good.
fn settled(answer: &v1::DeliverResponse) -> Option<(TargetId, u32)> {
    use v1::deliver_response::Event;
    let (id, number) = match answer.event.as_ref()? {
        Event::Kept(kept) => (&kept.target_id, kept.reply_no),
        Event::Refused(refused) => {
            let reason = grondslag_proto::reply::reason(&refused.reason);
            if reason == Reason::Busy {
                return None;
            }
            tracing::warn!(%reason, "a later reply was refused");
            (&refused.target_id, refused.reply_no)
        }
        Event::Waiting(_) | Event::Question(_) => return None,
    };
    Some((TargetId::from_slice(id).ok()?, number))
}

fn key(id: &TargetId, number: u32) -> Vec<u8> {
    [OUTBOX, id.as_bytes(), &number.to_be_bytes()].concat()
}
