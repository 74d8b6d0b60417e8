//! Giving an asker what came.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::limits::{
    ASK_LIFE_MS_MAX, CLOCK_SKEW_MS_MAX, FOLLOW_PAGE, REPLIES_MAX, SLOT_GRACE_MS,
};
use grondslag_core::reason::Reason;
use grondslag_core::slot::last_slot;
use grondslag_evidence::store::{StoreError, parts};
use grondslag_proto::v1;
use prost::Message as _;

use super::kept::{Open, open_key, read, replies_of, reply_key, target_of};
use crate::broker::Broker;
use crate::route::fanout::State;
use crate::waiting::Mark;

/// What came of one target since.
#[derive(Debug)]
pub(crate) struct Followed {
    /// The target.
    pub target: Oin,
    /// Its messages, in order.
    pub replies: Vec<v1::Reply>,
    /// How it stands otherwise than its messages tell: its question waits, was not taken, or it
    /// missed its last slot, whatever the reason.
    pub state: Option<State>,
}

/// What came of one target of an inquiry of this asker: the next messages after a reply number.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for an inquiry that this asker did not put to this target, whoever else did;
/// or why it cannot be read.
pub(crate) async fn follow(
    broker: &Broker,
    asker: &Oin,
    inquiry: &InquiryId,
    target: &str,
    after: u32,
) -> Result<Followed, Reason> {
    let store = broker.store.as_ref();
    let (target, id) = target_of(store, asker, inquiry, target).await?;
    let open: Open = read(store, &open_key(&id)).await?.ok_or(Reason::UnknownInquiry)?;
    let (prefix, first) = (replies_of(&id), reply_key(&id, after));
    let page = store.scan(&prefix, Some(&first), FOLLOW_PAGE).await;
    let mut replies = Vec::new();
    for pair in page.map_err(StoreError::reason)? {
        let body = parts::read_body(store, &pair.key).await.map_err(StoreError::reason)?;
        let Some(body) = body else { continue };
        replies.push(v1::Reply::decode(body.as_slice()).map_err(|_| Reason::StoreCorrupt)?);
    }
    let state = state(broker, &target, &id, &open);
    Ok(Followed { target, replies, state })
}

/// How a target stands. Before its first reply it owes nothing in any slot.
fn state(broker: &Broker, target: &Oin, id: &TargetId, open: &Open) -> Option<State> {
    let now = broker.clock.now();
    if open.first.is_none() {
        if broker.waiting.has(target, &Mark::new(*id, open.urgency, open.answer_by)) {
            let waits = now <= open.answer_by;
            let over = State::Unreachable(Reason::Unreachable);
            return Some(if waits { State::Pending(Reason::QuestionWaits) } else { over });
        }
        if let Some(reason) = open.ended {
            return Some(State::Unreachable(reason));
        }
    }
    missed(open, now).then_some(State::Unreachable(Reason::DeadlinePassed))
}

/// Whether a target said nothing in a slot that it should have filled by now. Its clock may be
/// ahead, and it may have got the question after a slot that the asker still had before it.
fn missed(open: &Open, now: Timestamp) -> bool {
    // Whoever has one number left keeps it for the end of the term; what counts against a node
    // (`silent`) does not take its word for the number.
    let silent = open.last_no.saturating_add(1) >= REPLIES_MAX && now < open.answer_by;
    let from = open.asked_at.plus_ms(ASK_LIFE_MS_MAX);
    let from = open.first.map_or(from, |first| from.max(first.at));
    let due = last_slot(from, now.plus_ms(-SLOT_GRACE_MS), open.urgency, open.answer_by);
    !silent && due.is_some_and(|due| open.last_at.plus_ms(CLOCK_SKEW_MS_MAX) < due)
}
