//! Reply slots: after its first reply a node sends one message in every slot until the term ends,
//! hit or miss, real or dummy, sealed and of the same size (design 5).
//!
//! `s/<target id>` holds an open question, `sd/<due><target id>` when its next message is due, and
//! `so/<target id><number>` a message that the broker has not taken yet. What is due is made
//! durable first and delivered then, so that a slot is never answered twice with different bytes.
//! A clock that passes several slots at once, as after a pause, leaves one message for all of them.

use grondslag_core::answer::{Answer, Basis, Line, Outcome};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::limits::REPLIES_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealError;
use grondslag_core::slot::next_slot;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_core::tier::Urgency;
use grondslag_evidence::ledger::{Entry, LedgerError, Placed};
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::reply::Reply;
use grondslag_proto::{answer, v1};
use prost::Message as _;
use serde::{Deserialize, Serialize};

use super::envelope::{Envelope, Unplaced};
use super::record::{DecisionLine, Shown};
use super::verify::Attested;
use crate::agency::Agency;
use crate::limits::{PAGE, SLOTS_AT_ONCE_MAX};
use crate::random::random;
use crate::recorded::{Kind, append_for, record, term};

const OPEN: &[u8] = b"s/";
const DUE: &[u8] = b"sd/";
const OUTBOX: &[u8] = b"so/";

/// A question whose term has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    asker: Oin,
    /// Digest of its statement.
    statement: Digest,
    epoch: u32,
    urgency: Urgency,
    answer_by: Timestamp,
    /// It came with break glass: what is recorded of it is kept so long.
    #[serde(default)]
    break_glass: bool,
    reply_bytes: usize,
    /// Number of the next message.
    next_no: u32,
    /// When it is due.
    due: Timestamp,
    /// What is said when the term ends without an outcome of the reviews; absent without one.
    lapse: Option<Lapse>,
}

/// A review that was announced and may end without an outcome (domain 4a.29).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lapse {
    /// Binds it to the child, hexadecimal.
    tag: String,
    /// What was in review, by name; empty where it may not be named.
    named: Vec<(Category, Basis)>,
}

impl std::fmt::Debug for Lapse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lapse(…)")
    }
}

/// Adds to the batch of a first reply that more messages follow it.
///
/// # Errors
/// `TOO_LARGE` or `INTERNAL`, which a question within its bounds does not give.
pub(super) fn open(
    batch: Batch,
    attested: &Attested,
    lines: &[DecisionLine],
    tag: &Digest,
    now: Timestamp,
) -> Result<Batch, StoreError> {
    let header = attested.header();
    let Some(due) = next_slot(now, header.urgency, header.times.answer_by) else {
        return Ok(batch);
    };
    let in_review = lines.iter().any(|line| line.outcome == super::record::Ruled::Review);
    let named = lines.iter().filter(|line| line.shown == Shown::Review);
    let lapse = in_review.then(|| Lapse {
        tag: tag.to_string(),
        named: named.map(|line| (line.category.clone(), line.basis.clone())).collect(),
    });
    let open = Open {
        asker: header.asker.clone(),
        statement: attested.statement(),
        epoch: header.epoch,
        urgency: header.urgency,
        answer_by: header.times.answer_by,
        break_glass: header.break_glass,
        reply_bytes: attested.reply_bytes(),
        next_no: FIRST_REPLY_NO + 1,
        due,
        lapse,
    };
    let id = attested.target_id();
    let batch = parts::put_body(batch, &open_key(&id), &json(&open)?)?;
    Ok(batch.put(due_key(due, &id), Vec::new()))
}

/// Makes every message that is due, and delivers what the broker has not taken yet.
///
/// # Errors
/// Why a message could not be made durable or the broker not be reached: it is tried again at the
/// next turn.
pub(crate) async fn tend(agency: &Agency) -> Result<(), Reason> {
    let now = agency.clock.now();
    loop {
        let page = agency.store.scan(DUE, None, SLOTS_AT_ONCE_MAX).await;
        let page = page.map_err(StoreError::reason)?;
        let due = page.iter().filter_map(|pair| parse_due(&pair.key));
        let due: Vec<TargetId> = due.filter(|(at, _)| *at <= now).map(|(_, id)| id).collect();
        let mut failed = false;
        for id in &due {
            // One that fails keeps no other waiting.
            if let Err(reason) = fill(agency, id, now).await {
                tracing::error!(%reason, "a slot was not filled");
                failed = true;
            }
        }
        if failed || due.len() < SLOTS_AT_ONCE_MAX {
            break;
        }
    }
    flush(agency).await
}

/// Fills one slot of one question.
async fn fill(agency: &Agency, id: &TargetId, now: Timestamp) -> Result<(), Reason> {
    let (store, key, failed) = (agency.store.as_ref(), open_key(id), StoreError::reason);
    let seen = parts::read_seen(store, &key).await.map_err(failed)?;
    let seen = seen.ok_or(Reason::StoreCorrupt)?;
    let open: Open = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
    let next = next_slot(now.max(open.due), open.urgency, open.answer_by);
    // The last number there is is for the end of the term.
    let last = open.next_no.saturating_add(1) >= REPLIES_MAX;
    let next = next.map(|due| if last { open.answer_by } else { due });
    let lapses = next.is_none().then_some(open.lapse.as_ref()).flatten();
    let batch = parts::delete_seen(Batch::new(), &key, &seen).delete(due_key(open.due, id));
    // What cannot be sealed for the asker, for want of its card or under a key that is none, leaves
    // the slot empty, and shows; the term goes on.
    let message = message(agency, id, &open, lapses).and_then(|message| {
        let dummy = message.dummy(&agency.sign_key).map_err(SealError::reason)?;
        Ok((message, dummy))
    });
    let message = message.inspect_err(|reason| tracing::warn!(%reason, "a slot stayed empty")).ok();
    let Some(due) = next else {
        let message = message.map(|(message, _)| message);
        return record_ended(agency, id, &open, (message, batch), now).await;
    };
    let after = Open { next_no: open.next_no.saturating_add(1), due, ..open.clone() };
    let batch = parts::put_body(batch, &key, &json(&after).map_err(failed)?);
    let mut batch = batch.map_err(failed)?.put(due_key(due, id), Vec::new());
    if let Some((_, dummy)) = message {
        batch = batch.then(outbox(dummy).map_err(failed)?);
    }
    store.commit(batch).await.map_err(failed)
}

/// One message: what there is to say, or nothing; sealed and signed alike.
fn message(
    agency: &Agency,
    id: &TargetId,
    open: &Open,
    lapse: Option<&Lapse>,
) -> Result<Unplaced, Reason> {
    let asker = agency.directory.card(&open.asker)?;
    let envelope = Envelope {
        target_id: *id,
        from: agency.oin.clone(),
        to: open.asker.clone(),
        epoch: open.epoch,
        answer_by: open.answer_by,
        seal_key: asker.keys()?.seal.clone(),
        reply_bytes: open.reply_bytes,
        seen_size: agency.watching.seen_size(),
    };
    let answer = match lapse.filter(|lapse| !lapse.named.is_empty()) {
        Some(lapse) => answer::encode(&lapsed(agency, open, lapse)?),
        None => Vec::new(),
    };
    let (statement, reply_no, salt) = (open.statement, open.next_no, random()?);
    Ok(Unplaced { statement, answer, salt, reply_no, envelope })
}

/// Keeps a message until the broker has taken it.
fn outbox(reply: Reply) -> Result<Batch, StoreError> {
    let key = outbox_key(&reply.target_id, reply.reply_no);
    parts::put_body(Batch::new(), &key, &v1::Reply::from(reply).encode_to_vec())
}

/// The term has ended without an outcome: said by name where the review was named.
fn lapsed(agency: &Agency, open: &Open, lapse: &Lapse) -> Result<Answer, Reason> {
    let tag = Digest::parse(&lapse.tag).map_err(|_| Reason::StoreCorrupt)?;
    let line = |(category, basis): &(Category, Basis)| Line::Review {
        category: category.clone(),
        basis: basis.clone(),
        until: open.answer_by,
    };
    Ok(Answer {
        outcome: Outcome::Verlopen,
        lines: lapse.named.iter().map(line).collect(),
        subject_tag: *tag.as_bytes(),
        index_as_of: open.answer_by,
        holds_unnumbered_records: false,
        unwitnessed: false,
        answer_by: open.answer_by,
        duty_phone: agency.duty_phone.clone(),
    })
}

/// Records that a term ended, with an outcome or without, together with the last message: of every
/// question alike, so that the ledger does not tell which one had something in review.
async fn record_ended(
    agency: &Agency,
    id: &TargetId,
    open: &Open,
    (message, state): (Option<Unplaced>, Batch),
    now: Timestamp,
) -> Result<(), Reason> {
    let body = Kind::Ended
        .canonical()
        .bytes(id.as_bytes())
        .text(open.asker.as_str())
        .flag(open.lapse.is_some())
        .signed(open.answer_by.ms())
        .signed(now.ms());
    let kept = term(open.break_glass);
    let Some(message) = message else {
        return append_for(agency, Kind::Ended, body, kept, state).await.map(drop);
    };
    let kept = (kept, agency.clock.now());
    let made = record(&agency.pack(), Kind::Ended, &body.finish_secret(), kept, &[])?;
    let (commitment, about, key) = (made.commitment, message.about(), agency.sign_key.clone());
    let kept = outbox(message.blank()).map_err(StoreError::reason)?;
    let make = move |placed: &Placed| outbox(message.reply(commitment, placed, &key)?);
    let entry = Entry { about, ..made.entry(state) };
    let appended = agency.ledger.append_placed(entry, (kept.len(), kept.bytes()), make).await;
    appended.map(drop).map_err(LedgerError::reason)
}

/// Delivers what waits. What the broker does not take any more is over.
async fn flush(agency: &Agency) -> Result<(), Reason> {
    let (store, failed) = (agency.store.as_ref(), StoreError::reason);
    loop {
        let page = store.scan(OUTBOX, None, SLOTS_AT_ONCE_MAX.min(PAGE)).await.map_err(failed)?;
        if page.is_empty() {
            return Ok(());
        }
        let mut replies = Vec::with_capacity(page.len());
        for pair in &page {
            let body = parts::read_body(store, &pair.key).await.map_err(failed)?;
            let body = body.ok_or(Reason::StoreCorrupt)?;
            replies.push(v1::Reply::decode(body.as_slice()).map_err(|_| Reason::StoreCorrupt)?);
        }
        let answered = agency.broker_link.deliver(replies).await?;
        let mut batch = Batch::new();
        for (id, number) in answered.iter().filter_map(settled) {
            batch =
                parts::delete_body(store, batch, &outbox_key(&id, number)).await.map_err(failed)?;
        }
        if batch.is_empty() {
            return Err(Reason::Unreachable);
        }
        store.commit(batch).await.map_err(failed)?;
    }
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

fn json(open: &Open) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(open).map_err(|_| StoreError::TooLarge("slot"))
}

fn open_key(id: &TargetId) -> Vec<u8> {
    [OPEN, id.as_bytes()].concat()
}

fn due_key(due: Timestamp, id: &TargetId) -> Vec<u8> {
    let ms = u64::try_from(due.ms()).unwrap_or(0);
    [DUE, &ms.to_be_bytes(), id.as_bytes()].concat()
}

fn parse_due(key: &[u8]) -> Option<(Timestamp, TargetId)> {
    let (ms, id) = key.strip_prefix(DUE)?.split_first_chunk::<8>()?;
    let ms = i64::try_from(u64::from_be_bytes(*ms)).ok()?;
    Some((Timestamp::from_ms(ms), TargetId::from_slice(id).ok()?))
}

fn outbox_key(id: &TargetId, number: u32) -> Vec<u8> {
    [OUTBOX, id.as_bytes(), &number.to_be_bytes()].concat()
}
