//! All nodes at once, under one deadline; every answer goes on as it comes.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::card::Card;
use grondslag_core::id::Oin;
use grondslag_core::inquiry::Header;
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
use crate::limits::WORK_MARGIN_MS;
use crate::nodes::Heard;

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

/// Sends the decisions, asks every target that is to be asked, closes each, and says how each
/// ended. Returns early when nobody listens any more; what is under way at nodes goes on there.
pub(crate) async fn fan_out(
    broker: &Arc<Broker>,
    header: &Header,
    targets: Vec<Target>,
    decided: Vec<Decided>,
    events: &mpsc::Sender<Event>,
) -> Vec<(Oin, State)> {
    let mut states = Vec::new();
    for one in &decided {
        if events.send(Event::Decided(Box::new(one.clone()))).await.is_err() {
            return states;
        }
    }
    let deadline = Instant::now() + broker.fanout.wait;
    let header = Arc::new(header.clone());
    let mut under_way = JoinSet::new();
    for (target, decided) in targets.into_iter().zip(decided) {
        let (broker, header, events) = (Arc::clone(broker), Arc::clone(&header), events.clone());
        under_way.spawn(async move {
            let oin = target.oin.clone();
            let state = ask_one(&broker, &header, target, decided, &events, deadline).await;
            // A closed channel means that the asker has gone; there is nobody to tell.
            let _ = events.send(Event::Closed(oin.clone(), state)).await;
            (oin, state)
        });
    }
    loop {
        tokio::select! {
            next = under_way.join_next() => match next {
                Some(Ok(ended)) => states.push(ended),
                Some(Err(_)) => tracing::error!("a task of the fan-out ended in a panic"),
                None => return states,
            },
            () = events.closed() => return states,
        }
    }
}

async fn ask_one(
    broker: &Broker,
    header: &Header,
    target: Target,
    decided: Decided,
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
    // A target that missed a notice gets that first, and nothing else until it did: `NOT_READY`,
    // so that the asker tries once more, and as if the node had said so itself.
    if !header.kind.is_notice()
        && let Err(reason) = broker.notices.may_ask(&target.oin).await
    {
        return State::Unreachable(reason);
    }
    let mut question = TargetQuestion {
        id: target.id,
        header: header.clone(),
        target: target.oin.clone(),
        part: target.part,
        pair,
        evidence: decided.evidence,
    };
    let heard = match delivered(broker, card.card(), &mut question, None, deadline).await {
        Heard::OtherHead(size) => {
            delivered(broker, card.card(), &mut question, Some(size), deadline).await
        }
        heard => heard,
    };
    match heard {
        Heard::Reply(reply) if reply.target_id == target.id => {
            let replied = Event::Replied(target.oin, Box::new(reply));
            let _ = events.send(replied).await;
            State::Replied
        }
        Heard::Reply(_) => State::Unreachable(Reason::AnswerInvalid),
        Heard::Refused(reason) | Heard::Lost(reason) => State::Unreachable(reason),
        Heard::OtherHead(_) => State::Unreachable(Reason::HeadMismatch),
        Heard::Late => State::Pending(Reason::DeadlinePassed),
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
