//! Reply slots: after its first reply a node sends one message in every slot until the term ends,
//! hit or miss, real or dummy, sealed and of the same size (design 5).
//!
//! `s/<target id>` holds an open question, and `sd/<due><target id>` when its next message is due.
//! What is due is made durable first ([`outbox`](super::outbox)), so that a slot is never answered
//! twice with different bytes, and delivered at the next turn: how long it took to make tells
//! nobody what it says. A clock that passes several slots at once, as after a pause, leaves one
//! message for all of them.

use grondslag_core::answer::{Answer, Line, Outcome};
use grondslag_core::canonical::{NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::limits::{REPLIES_MAX, SLOT_GRACE_MS};
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealError;
use grondslag_core::slot::{next_slot, slots_between};
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_core::tier::Urgency;
use grondslag_evidence::ledger::{Entry, LedgerError, Placed};
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::answer;
use serde::{Deserialize, Serialize};

use super::envelope::{Envelope, Unplaced};
use super::inbox::{self, First, InReview, Item, Slot};
use super::outbox;
use crate::agency::Agency;
use crate::follow_ups::take::{self, Asked};
use crate::glass;
use crate::handover::outgoing;
use crate::limits::SLOTS_AT_ONCE_MAX;
use crate::random::random;
use crate::recorded::{Kind, append_for, record, term};
use crate::records::SourceFault;
use crate::rows;

const OPEN: &[u8] = b"s/";
const DUE: &[u8] = b"sd/";

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
    /// Slots in which this node said nothing, for it was away or could not.
    #[serde(default)]
    missed: u32,
    /// The last message was made: the term is to be ended.
    #[serde(default)]
    last_said: bool,
}

impl Open {
    /// Slots that are due by now and have no message: how many of them are late, and whether the
    /// last is still in time (1, else 0).
    fn owed(&self, now: Timestamp) -> (u32, u32) {
        // A count leaves its beginning out, and the next slot itself is owed.
        let from = self.due.plus_ms(-1);
        let due = |until| slots_between(from, until, self.urgency, self.answer_by);
        let late = due(now.plus_ms(-SLOT_GRACE_MS));
        (late, u32::from(due(now) > late))
    }

    /// With so many slots more in which nothing was said.
    fn missing(self, more: u32) -> Self {
        Self { missed: self.missed.saturating_add(more), ..self }
    }
}

/// Adds to the batch of a first reply that more messages follow it, and what waits for a person.
///
/// # Errors
/// `TOO_LARGE` or `INTERNAL`, which a question within its bounds does not give.
pub(super) fn open(batch: Batch, first: First<'_>) -> Result<Batch, Reason> {
    let (attested, header) = (first.attested, first.attested.header());
    let batch = glass::came(batch, first.pack, (attested.target_id(), header), first.at)?;
    let Some(due) = next_slot(first.at, header.urgency, header.times.answer_by) else {
        return Ok(batch);
    };
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
        missed: 0,
        last_said: false,
    };
    let id = attested.target_id();
    let batch = rows::put(batch, &open_key(&id), &open)?.put(due_key(due, &id), Vec::new());
    inbox::open(outgoing::open(batch, first)?, first)
}

/// Delivers what was made before, and makes every message that is due since. A node that may say
/// nothing of anybody sends none, be it of a child whom it knows or not.
///
/// # Errors
/// Why it may not speak, a message could not be made durable or the broker not be reached: it is
/// tried again at the next turn.
pub(crate) async fn tend(agency: &Agency) -> Result<(), Reason> {
    let now = agency.clock.now();
    agency.may_answer(now, false)?;
    agency.source.ready().await.map_err(SourceFault::reason)?;
    let delivered = outbox::flush(agency).await;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = agency.store.scan(DUE, after.as_deref(), SLOTS_AT_ONCE_MAX).await;
        let page = page.map_err(StoreError::reason)?;
        let due = page.iter().filter_map(|pair| parse_due(&pair.key));
        let due: Vec<TargetId> = due.filter(|(at, _)| *at <= now).map(|(_, id)| id).collect();
        for id in &due {
            // One that fails keeps no other waiting.
            if let Err(reason) = fill(agency, id, now).await {
                tracing::error!(%reason, "a slot was not filled");
            }
        }
        if due.len() < SLOTS_AT_ONCE_MAX {
            return delivered;
        }
        after = page.into_iter().next_back().map(|pair| pair.key);
    }
}

/// Fills one slot of one question.
async fn fill(agency: &Agency, id: &TargetId, now: Timestamp) -> Result<(), Reason> {
    let store = agency.store.as_ref();
    let (open, seen) =
        rows::read::<Open>(store, &open_key(id)).await?.ok_or(Reason::StoreCorrupt)?;
    let item = match inbox::find(store, id).await {
        // The term goes on, and ends, as for a question of which nothing waits.
        Err(Reason::StoreCorrupt) => {
            tracing::error!("alarm: a question that waits for a person cannot be read");
            None
        }
        found => found?,
    };
    if open.last_said {
        // Whatever was said last may have to be taken back, as long as it has not left.
        if outbox::waits(agency, id, open.next_no.saturating_sub(1)).await? {
            return Ok(());
        }
        return record_ended(agency, (id, &open, &seen), item, None).await;
    }
    // What is late is missed, for its asker and the broker saw it missing; the message that is made
    // now is that of the last slot.
    let (late, in_time) = open.owed(now);
    let open = open.missing(late);
    let next = next_slot(now.max(open.due), open.urgency, open.answer_by);
    // The last number there is is for the end of the term.
    let last = open.next_no.saturating_add(1) >= REPLIES_MAX;
    let next = next.map(|due| if last { open.answer_by } else { due });
    // What cannot be sealed for the asker, for want of its card or under a key that is none, leaves
    // the slot empty, and shows; the term goes on.
    let envelope = envelope(agency, id, &open);
    let envelope =
        envelope.inspect_err(|reason| tracing::warn!(%reason, "a slot stayed empty")).ok();
    let open = if envelope.is_none() { open.missing(in_time) } else { open };
    let after = Open {
        next_no: open.next_no.saturating_add(1),
        due: next.unwrap_or(open.due),
        last_said: next.is_none(),
        ..open.clone()
    };
    if let Some((item, item_seen)) = item.clone().filter(|(item, _)| item.is_to_be_said())
        && let Some(envelope) = &envelope
    {
        let state = advance(id, (&open, &seen), &after)?;
        let (statement, reply_no) = (open.statement, open.next_no);
        let slot = Slot { envelope: envelope.clone(), statement, reply_no, state };
        match inbox::say(agency, (item, item_seen), slot).await {
            Ok(()) => return Ok(()),
            // What was decided is said in a later slot, and this one says nothing; after the last
            // one, that the term has ended.
            Err(reason) => tracing::error!(%reason, "what a person decided was not said"),
        }
    }
    if next.is_none() {
        return record_ended(agency, (id, &open, &seen), item, envelope).await;
    }
    let nothing = envelope.map(|envelope| nothing(agency, &open, envelope));
    let batch = match nothing {
        Some(Ok(message)) => advance(id, (&open, &seen), &after)?.then(message),
        Some(Err(reason)) => {
            tracing::warn!(%reason, "a slot stayed empty");
            advance(id, (&open, &seen), &after.missing(in_time))?
        }
        None => advance(id, (&open, &seen), &after)?,
    };
    store.commit(batch).await.map_err(StoreError::reason)
}

/// A message that says nothing, as it waits to leave.
fn nothing(agency: &Agency, open: &Open, envelope: Envelope) -> Result<Batch, Reason> {
    let message = unplaced(open, Vec::new(), envelope)?;
    let dummy = message.dummy(&agency.sign_key).map_err(SealError::reason)?;
    outbox::put(dummy).map_err(StoreError::reason)
}

/// The question goes on, from one slot to the next.
fn advance(id: &TargetId, (open, seen): (&Open, &Seen), after: &Open) -> Result<Batch, Reason> {
    let key = open_key(id);
    let batch = parts::delete_seen(Batch::new(), &key, seen).delete(due_key(open.due, id));
    Ok(rows::put(batch, &key, after)?.put(due_key(after.due, id), Vec::new()))
}

/// What every message to one question is bound to.
fn envelope(agency: &Agency, id: &TargetId, open: &Open) -> Result<Envelope, Reason> {
    let asker = agency.directory.card(&open.asker)?;
    Ok(Envelope {
        target_id: *id,
        from: agency.oin.clone(),
        to: open.asker.clone(),
        epoch: open.epoch,
        answer_by: open.answer_by,
        seal_key: asker.keys()?.seal.clone(),
        reply_bytes: open.reply_bytes,
        seen_size: agency.watching.seen_size(),
    })
}

/// A message that says this, or nothing.
fn unplaced(open: &Open, answer: Vec<u8>, envelope: Envelope) -> Result<Unplaced, Reason> {
    let (statement, reply_no, salt) = (open.statement, open.next_no, random()?);
    Ok(Unplaced { statement, answer, salt, reply_no, envelope })
}

/// The term has ended without an outcome: said by name where the review was named; nothing else.
fn lapsed(agency: &Agency, open: &Open, item: &Item) -> Vec<u8> {
    let line = |line: &InReview| Line::Review {
        category: line.category.clone(),
        basis: line.basis.clone(),
        until: open.answer_by,
    };
    let lines: Vec<Line> = item.lapsed().map(line).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    answer::encode(&Answer {
        outcome: Outcome::Verlopen,
        lines,
        subject_tag: *item.tag.as_bytes(),
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
    (id, open, seen): (&TargetId, &Open, &Seen),
    item: Option<(Item, Seen)>,
    envelope: Option<Envelope>,
) -> Result<(), Reason> {
    let (item, item_seen) = item.map_or((None, None), |(item, seen)| (Some(item), Some(seen)));
    let state = parts::delete_seen(Batch::new(), &open_key(id), seen).delete(due_key(open.due, id));
    let state = inbox::end(agency.store.as_ref(), state, id, item_seen.as_ref()).await;
    let state = added_ended(agency.store.as_ref(), state.map_err(StoreError::reason)?, id).await?;
    let body = Kind::Ended
        .canonical()
        .bytes(id.as_bytes())
        .text(open.asker.as_str())
        .flag(item.as_ref().is_some_and(Item::lapses))
        .signed(open.answer_by.ms())
        .signed(agency.clock.now().ms())
        .number(open.missed.into());
    let kept = term(open.break_glass);
    let Some(envelope) = envelope else {
        return append_for(agency, Kind::Ended, body, kept, state).await.map(drop);
    };
    let answer = item.as_ref().map(|item| lapsed(agency, open, item)).unwrap_or_default();
    let message = unplaced(open, answer, envelope)?;
    let kept = (kept, agency.clock.now());
    let made = record(&agency.pack(), Kind::Ended, &body.finish_secret(), kept, &[])?;
    let (commitment, about, key) = (made.commitment, message.about(), agency.sign_key.clone());
    let kept = outbox::put(message.blank()).map_err(StoreError::reason)?;
    let make = move |placed: &Placed| outbox::put(message.reply(commitment, placed, &key)?);
    let entry = Entry { about, ..made.entry(state) };
    let appended = agency.ledger.append_placed(entry, (kept.len(), kept.bytes()), make).await;
    appended.map(drop).map_err(LedgerError::reason)
}

/// Adds to a batch that what was added to a question is kept no more. That a case is accepted may
/// come later, and is kept until it was read.
async fn added_ended(store: &dyn Store, batch: Batch, id: &TargetId) -> Result<Batch, Reason> {
    match outgoing::asked(store, id).await {
        Ok(None) => {}
        // The term ends all the same: its own round keeps what cannot be read.
        Ok(Some(_)) | Err(Reason::StoreCorrupt) => return Ok(batch),
        Err(reason) => return Err(reason),
    }
    take::end(store, batch, id).await.map_err(StoreError::reason)
}

/// What the record of a term that ended says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// A person was to decide, and the asker heard nothing of it.
    pub(crate) lapsed: bool,
    /// Slots in which this node said nothing.
    pub(crate) missed: u64,
}

/// Reads the record of a term that ended; one of before this was counted missed none.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none.
pub(crate) fn ended(body: &[u8]) -> Result<Ended, Reason> {
    let read = || {
        let mut reader = Reader::new(body, Kind::Ended.label())?;
        let (_id, _asker) = (reader.bytes()?, reader.text()?);
        let lapsed = reader.flag()?;
        let (_answer_by, _at) = (reader.signed()?, reader.signed()?);
        Ok::<_, NotCanonical>(Ended { lapsed, missed: reader.number().unwrap_or(0) })
    };
    read().map_err(|_| Reason::StoreCorrupt)
}

/// A question whose term has not ended, as what is added to it needs it.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(crate) async fn asked(store: &dyn Store, id: &TargetId) -> Result<Option<Asked>, Reason> {
    let found = rows::read::<Open>(store, &open_key(id)).await?;
    Ok(found.map(|(Open { asker, answer_by, break_glass, .. }, _)| Asked {
        asker,
        answer_by,
        until: answer_by,
        break_glass,
    }))
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
