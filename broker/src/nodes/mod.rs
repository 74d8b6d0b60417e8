//! How the broker reaches a node.

mod calls;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use grondslag_core::card::Card;
use grondslag_core::reason::Reason;
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::Reply;

pub(crate) use self::calls::Calls;

/// What a node said, or why it said nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A reply for the asker.
    Reply(Reply),
    /// A refusal that does not depend on the child (`NOT_READY`, `POLICY_STALE`, ...).
    Refused(Reason),
    /// The proof began elsewhere than at the node's head, which is of this size.
    OtherHead(u64),
    /// The question was delivered and no reply came in time.
    Late,
    /// The node was not reached, or what it sent was no answer.
    Lost(Reason),
}

/// Delivers to nodes.
#[async_trait]
pub(crate) trait Nodes: Send + Sync + fmt::Debug {
    /// Delivers one question and waits for the first reply, no longer than `wait_max`.
    async fn answer(&self, card: &Card, question: &TargetQuestion, wait_max: Duration) -> Heard;

    /// Delivers what an asker adds to a question; the node has it when this returns.
    ///
    /// # Errors
    /// Why the node was not reached or did not take it.
    async fn follow_up(
        &self,
        card: &Card,
        follow_up: FollowUp,
        wait_max: Duration,
    ) -> Result<(), Reason>;
}
