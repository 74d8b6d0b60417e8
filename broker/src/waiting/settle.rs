//! What a node said of a question, and what becomes of the question by it.

use grondslag_core::reason::Reason;
use grondslag_core::statement::{FIRST_REPLY_NO, Leaf};
use grondslag_evidence::store::StoreError;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::Carried;
use crate::broker::Broker;
use crate::deliver;
use crate::limits::KEEP_TRIES_MAX;
use crate::nodes::Heard;

/// What a node said of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was answered.
    Replied(Box<Reply>),
    /// It was not, and may be yet.
    Missed(Reason),
    /// It is not answered, now or later.
    Over(Reason),
}

impl Outcome {
    /// What a node said, put to it in the present epoch.
    pub(crate) fn of(question: &TargetQuestion, heard: Heard, epoch: u32) -> Self {
        match heard {
            Heard::Reply(reply) if is_first(question, &reply) => Self::Replied(Box::new(reply)),
            Heard::Reply(_) => Self::Over(Reason::AnswerInvalid),
            Heard::Late => Self::Missed(Reason::DeadlinePassed),
            Heard::OtherHead(_) => Self::Missed(Reason::HeadMismatch),
            Heard::Lost(reason) if is_no_answer(reason) => Self::Over(reason),
            Heard::Lost(reason) => Self::Missed(reason),
            // A node that has left the epoch behind does not come back to it.
            Heard::Refused(Reason::EpochStale) if question.header.epoch < epoch => {
                Self::Over(Reason::EpochStale)
            }
            Heard::Refused(reason) if is_of_now(reason) => Self::Missed(reason),
            Heard::Refused(reason) => Self::Over(reason),
        }
    }

    /// Whether the node says nothing to anybody now: what else waits for it waits on.
    pub(super) fn is_of_node(&self) -> bool {
        match self {
            Self::Missed(reason) => {
                let own = [Reason::EpochStale, Reason::PolicyStale, Reason::HeadMismatch];
                let card = [Reason::UnknownAgency, Reason::CardInvalid];
                !reason.is_fault() && !own.contains(reason) && !card.contains(reason)
            }
            Self::Replied(_) | Self::Over(_) => false,
        }
    }
}

/// A first reply to this question, of the length that its decision fixes: any other would tell
/// something of what it holds.
fn is_first(question: &TargetQuestion, reply: &Reply) -> bool {
    let bytes = Leaf::parse(&question.evidence.leaf).map(|leaf| leaf.reply_bytes());
    reply.target_id == question.id
        && reply.reply_no == FIRST_REPLY_NO
        && bytes.is_ok_and(|bytes| v1::Reply::from(reply.clone()).encoded_len() == bytes)
}

/// What came is no answer and will not be another time, or may not be brought.
const fn is_no_answer(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::AnswerInvalid | Reason::Malformed | Reason::TooLarge | Reason::LedgerFork
    )
}

/// A node says so of itself, before it takes the question, and may say otherwise later.
const fn is_of_now(reason: Reason) -> bool {
    reason.is_passing()
        || matches!(
            reason,
            Reason::Busy
                | Reason::ClockInvalid
                | Reason::WitnessLate
                | Reason::UnknownAgency
                | Reason::CardInvalid
        )
}

/// Makes durable what becomes of a question: its first reply is kept for its asker, or that there
/// is none; in the same commit it waits no longer.
///
/// # Errors
/// Why it could not be made durable: the question waits on.
pub(crate) async fn settle(
    broker: &Broker,
    carried: &Carried,
    question: &TargetQuestion,
    outcome: &Outcome,
) -> Result<(), Reason> {
    carried.note_unanswered(match outcome {
        Outcome::Missed(reason) => Some(*reason),
        Outcome::Replied(_) | Outcome::Over(_) => None,
    });
    if matches!(outcome, Outcome::Missed(_)) {
        return Ok(());
    }
    let asked_at = question.header.times.asked_at;
    for _ in 0..KEEP_TRIES_MAX {
        let batch = match outcome {
            Outcome::Replied(reply) => deliver::keep_first(broker, asked_at, reply).await?,
            Outcome::Over(reason) => deliver::end(broker, &question.id, *reason).await?,
            Outcome::Missed(_) => return Ok(()),
        };
        let batch = carried.remove(batch).await.map_err(StoreError::reason)?;
        match broker.store.commit(batch).await {
            Ok(()) => {
                carried.removed();
                return Ok(());
            }
            // A later reply came meanwhile.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Err(Reason::Busy)
}
