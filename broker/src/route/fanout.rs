//! All nodes at once, under one deadline; every answer goes on as it comes.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::card::Card;
use grondslag_core::id::Oin;
use grondslag_core::inquiry::{Header, Inquiry};
use grondslag_core::limits::FANOUT_TTL_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::Reply;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::record::Decided;
use super::verify::Target;
use crate::broker::Broker;
use crate::limits::{REST_ATTEMPT_MS, WORK_MARGIN_MS};
use crate::nodes::Heard;
use crate::waiting::{Kept, Outcome, settle};

/// How long nodes get, set by the operator.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FanoutLimits {
    wait: Duration,
}

impl FanoutLimits {
    /// At most this long for all nodes together, and never more than the bound of the protocol.
    pub(crate) fn new(wait: Duration) -> Self {
        Self { wait: wait.min(Duration::from_millis(FANOUT_TTL_MS_MAX)) }
    }

    /// How long one node gets by itself.
    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// When nodes must have answered that are asked now.
    pub(crate) fn until(&self) -> Instant {
        Instant::now() + self.wait
    }

    /// How long the work on one question may take in all.
    pub(crate) fn work(&self) -> Duration {
        self.wait + Duration::from_millis(WORK_MARGIN_MS)
    }
}

/// Where one target stands at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Its first reply came.
    Replied,
    /// It was asked and has not replied yet.
    Pending(Reason),
    /// It could not be asked, or said that it cannot answer.
    Unreachable(Reason),
    /// By rule it was not asked.
    NotAsked(Reason),
}

/// What happens to a question, in the order of happening.
#[derive(Debug)]
pub(crate) enum Event {
    /// The decision on one target.
    Decided(Box<Decided>),
    /// A reply of one target.
    Replied(Oin, Box<Reply>),
    /// The last event of one target.
    Closed(Oin, State),
}

/// One target of a question that goes out.
#[derive(Debug)]
pub(crate) struct ToAsk {
    /// The target.
    pub target: Target,
    /// What was decided.
    pub decided: Decided,
    /// What is kept of the question for it.
    pub kept: Kept,
}

/// Sends the decisions, asks every target that is to be asked, closes each, and says how each
/// ended. It goes on when nobody listens any more: what is answered then is kept.
pub(crate) async fn fan_out(
    broker: &Arc<Broker>,
    inquiry: &Inquiry,
    all: Vec<ToAsk>,
    events: &mpsc::Sender<Event>,
) -> Vec<(Oin, State)> {
    for one in &all {
        tell(events, Event::Decided(Box::new(one.decided.clone()))).await;
    }
    let deadline = broker.fanout.until();
    let (header, attempt) = (Arc::new(inquiry.header().clone()), inquiry.attempt());
    let mut under_way = JoinSet::new();
    for one in all {
        let (broker, header, events) = (Arc::clone(broker), Arc::clone(&header), events.clone());
        under_way.spawn(async move {
            let oin = one.target.oin.clone();
            let state = ask_one(&broker, (&header, attempt), one, &events, deadline).await;
            tell(&events, Event::Closed(oin.clone(), state)).await;
            (oin, state)
        });
    }
    let mut states = Vec::new();
    while let Some(ended) = under_way.join_next().await {
        if ended.is_err() {
            tracing::error!("a task of the fan-out ended in a panic");
        }
        states.extend(ended);
    }
    states
}

/// A closed channel means that the asker has gone; there is nobody to tell.
async fn tell(events: &mpsc::Sender<Event>, event: Event) {
    let _ = events.send(event).await;
}

async fn ask_one(
    broker: &Broker,
    (header, attempt): (&Header, u8),
    ToAsk { target, decided, kept }: ToAsk,
    events: &mpsc::Sender<Event>,
    deadline: Instant,
) -> State {
    let card = match &target.card {
        Ok(card) => card,
        Err(reason) => return State::Unreachable(*reason),
    };
    let Some(pair) = decided.pair else {
        let first = decided.rulings.iter().find_map(|named| named.reason);
        return State::NotAsked(first.unwrap_or(Reason::NoRule));
    };
    if let Kept::Answered(reply) = kept {
        tell(events, Event::Replied(target.oin, reply)).await;
        return State::Replied;
    }
    let mut question = TargetQuestion {
        id: target.id,
        header: header.clone(),
        target: target.oin,
        part: target.part,
        pair,
        evidence: decided.evidence,
    };
    let heard = put(broker, card.card(), &mut question, deadline).await;
    let outcome = Outcome::of(&question, heard, broker.epochs.state().current);
    let settled = async {
        let (Kept::Waits(carried) | Kept::Full(carried)) = &kept else { return };
        if let Err(reason) = settle(broker, carried, &question, &outcome).await {
            tracing::error!(%reason, "what became of a question was not kept");
        }
    };
    let told = async {
        if let Outcome::Replied(reply) = &outcome {
            tell(events, Event::Replied(question.target.clone(), reply.clone())).await;
        }
    };
    if let Outcome::Missed(reason) = &outcome {
        tracing::info!(node = %question.target, %reason, "not reached yet");
    }
    // The asker need not wait for the disk: as long as the reply is not kept, the question is.
    tokio::join!(settled, told);
    state(&outcome, &kept, attempt)
}

/// How a target stands after it was asked.
fn state(outcome: &Outcome, kept: &Kept, attempt: u8) -> State {
    match (outcome, kept) {
        (Outcome::Replied(_), _) => State::Replied,
        // Its asker puts it once more; should it not, it is brought after a while.
        (Outcome::Missed(reason), Kept::Waits(carried)) if attempt == 1 && reason.is_passing() => {
            carried.rest(Duration::from_millis(REST_ATTEMPT_MS));
            State::Unreachable(*reason)
        }
        (Outcome::Missed(_), Kept::Waits(_)) => State::Pending(Reason::QuestionWaits),
        (Outcome::Missed(reason), Kept::Full(_)) if attempt > 1 || !reason.is_passing() => {
            State::Unreachable(Reason::WaitingFull)
        }
        (Outcome::Missed(Reason::DeadlinePassed), _) => State::Pending(Reason::DeadlinePassed),
        (Outcome::Missed(reason) | Outcome::Over(reason), _) => State::Unreachable(*reason),
    }
}

/// Puts a question to its node, proved from the head that the node is taken to have, or says that
/// it has. A node that missed a notice gets that first, and nothing else until it did, as if it
/// had said so itself.
pub(crate) async fn put(
    broker: &Broker,
    card: &Card,
    question: &mut TargetQuestion,
    deadline: Instant,
) -> Heard {
    if !question.header.kind.is_notice() {
        match broker.notices.may_ask(&card.oin).await {
            Ok(()) => {}
            Err(Reason::NotReady) => return Heard::Refused(Reason::NotReady),
            Err(reason) => return Heard::Lost(reason),
        }
    }
    match delivered(broker, card, question, None, deadline).await {
        Heard::OtherHead(size) => delivered(broker, card, question, Some(size), deadline).await,
        heard => heard,
    }
}

/// Delivers a question, proved from the head that the node says it has, or is taken to have.
async fn delivered(
    broker: &Broker,
    card: &Card,
    question: &mut TargetQuestion,
    says: Option<u64>,
    deadline: Instant,
) -> Heard {
    let (ledger, node) = (&broker.ledger, &card.oin);
    if let Err(reason) = broker.sent_heads.prove(ledger, node, &mut question.evidence, says).await {
        return Heard::Lost(reason);
    }
    let wait = deadline.saturating_duration_since(Instant::now());
    broker.nodes.answer(card, question, wait).await
}
