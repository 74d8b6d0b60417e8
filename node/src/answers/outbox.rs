//! Later replies that the broker has not taken yet.
//!
//! `so/<target id><number>` holds a message; one that gives something of a child comes with when it
//! was made, how many acts the consent register knew then, and a message of the same number that
//! says nothing. What was made before an act in the register, or some time ago, does not leave: the
//! other leaves in its place, and what was decided is held against registers and rules once more in
//! the next slot.

use grondslag_core::clock::Timestamp;
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
use crate::limits::{OUTBOX_FRESH_MS, PAGE, SLOTS_AT_ONCE_MAX};

const OUTBOX: &[u8] = b"so/";
/// Said of what a message rests on: nothing.
const RESTS_ON_NOTHING: (u64, u64) = (u64::MAX, 0);

/// A message that waits.
struct Waiting {
    reply: v1::Reply,
    resting: Option<Resting>,
}

/// What a message rests on, and what leaves in its place when it may not.
struct Resting {
    known: Known,
    made_at: Timestamp,
    instead: v1::Reply,
}

/// Keeps a message that gives nothing of a child until the broker has taken it.
///
/// # Errors
/// `TOO_LARGE`, which a reply does not give.
pub(super) fn put(reply: Reply) -> Result<Batch, StoreError> {
    put_waiting(RESTS_ON_NOTHING, reply, None)
}

/// Keeps a message that rests on registers and rules of a moment, and what is said in its place
/// when they may have changed.
///
/// # Errors
/// As [`put`].
pub(super) fn put_resting(
    reply: Reply,
    (known, made_at): (Known, Timestamp),
    instead: Reply,
) -> Result<Batch, StoreError> {
    let made_at = u64::try_from(made_at.ms()).unwrap_or(0);
    put_waiting((known.0, made_at), reply, Some(instead))
}

fn put_waiting(
    (known, made_at): (u64, u64),
    reply: Reply,
    instead: Option<Reply>,
) -> Result<Batch, StoreError> {
    let key = key(&reply.target_id, reply.reply_no);
    let mut body = [known.to_be_bytes(), made_at.to_be_bytes()].concat();
    body.extend(v1::Reply::from(reply).encode_length_delimited_to_vec());
    if let Some(instead) = instead {
        body.extend(v1::Reply::from(instead).encode_length_delimited_to_vec());
    }
    parts::put_body(Batch::new(), &key, &body)
}

impl Waiting {
    fn read(body: &[u8]) -> Option<Self> {
        let (known, rest) = body.split_first_chunk()?;
        let (made_at, mut rest) = rest.split_first_chunk()?;
        let reply = v1::Reply::decode_length_delimited(&mut rest).ok()?;
        if rest.is_empty() {
            return Some(Self { reply, resting: None });
        }
        let instead = v1::Reply::decode_length_delimited(&mut rest).ok()?;
        let made_at = Timestamp::from_ms(i64::try_from(u64::from_be_bytes(*made_at)).ok()?);
        let known = Known(u64::from_be_bytes(*known));
        Some(Self { reply, resting: Some(Resting { known, made_at, instead }) })
    }
}

/// What may leave now.
struct Now {
    known: Known,
    at: Timestamp,
}

impl Now {
    async fn of(agency: &Agency) -> Result<Self, Reason> {
        let known = store::known(agency.store.as_ref()).await.map_err(StoreError::reason)?;
        Ok(Self { known, at: agency.clock.now() })
    }

    fn lets_out(&self, resting: &Resting) -> bool {
        let fresh = self.at.since_ms(resting.made_at) <= OUTBOX_FRESH_MS;
        fresh && resting.known == self.known
    }
}

/// Delivers what waits. What the broker does not take any more is over. A row that cannot be read
/// keeps no other waiting.
///
/// # Errors
/// Why the broker could not be reached, or the store not be read.
pub(super) async fn flush(agency: &Agency) -> Result<(), Reason> {
    let (store, failed) = (agency.store.as_ref(), StoreError::reason);
    let mut after: Option<Vec<u8>> = None;
    loop {
        let most = SLOTS_AT_ONCE_MAX.min(PAGE);
        let page = store.scan(OUTBOX, after.as_deref(), most).await.map_err(failed)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.key.clone());
        // Held until it has left: an act in the register waits.
        let _held = agency.consents.answer().await;
        let now = Now::of(agency).await?;
        let mut replies = Vec::with_capacity(page.len());
        for pair in &page {
            match ready(agency, &pair.key, &now).await {
                Ok(reply) => replies.push(reply),
                Err(reason) => tracing::error!(%reason, "a later reply cannot be delivered"),
            }
        }
        if replies.is_empty() {
            continue;
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

/// What leaves of one row.
async fn ready(agency: &Agency, row: &[u8], now: &Now) -> Result<v1::Reply, Reason> {
    let seen = parts::read_seen(agency.store.as_ref(), row).await.map_err(StoreError::reason)?;
    let seen = seen.ok_or(Reason::StoreCorrupt)?;
    let waiting = Waiting::read(&seen.body).ok_or(Reason::StoreCorrupt)?;
    match waiting.resting {
        Some(resting) if !now.lets_out(&resting) => {
            take_back(agency, (row, &seen), &resting.instead).await?;
            Ok(resting.instead)
        }
        _ => Ok(waiting.reply),
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

/// Whether a message with that number waits.
///
/// # Errors
/// Those of the store.
pub(super) async fn waits(agency: &Agency, id: &TargetId, number: u32) -> Result<bool, Reason> {
    let found = agency.store.get(&key(id, number)).await.map_err(StoreError::reason)?;
    Ok(found.is_some())
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
        Event::Waiting(_) => return None,
    };
    Some((TargetId::from_slice(id).ok()?, number))
}

fn key(id: &TargetId, number: u32) -> Vec<u8> {
    [OUTBOX, id.as_bytes(), &number.to_be_bytes()].concat()
}
