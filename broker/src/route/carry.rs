//! Carrying a decided question out: its events to the asker, and what is kept of how it ended.

use std::sync::Arc;

use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use tokio::sync::mpsc;

use super::attempt;
use super::fanout::{Event, ToAsk, fan_out};
use super::record::Decided;
use super::verify::Target;
use crate::broker::Broker;
use crate::limits::TARGET_EVENTS_MAX;
use crate::notices::Notice;
use crate::waiting::Kept;

/// A question that was decided, recorded, attested and kept; nothing of it has left for a node.
#[derive(Debug)]
pub(crate) struct Routed {
    /// The question.
    pub inquiry: Inquiry,
    /// Whom it is put to.
    pub targets: Vec<Target>,
    /// What was decided, in their order.
    pub decided: Vec<Decided>,
    /// What is kept of it for each.
    pub kept: Vec<Kept>,
    /// The notice that it is.
    pub notice: Option<Notice>,
}

/// Asks every target and tells the asker, who may have gone. The stream ends only after it was
/// noted who may be asked once more.
pub(crate) async fn carry_out(broker: Arc<Broker>, routed: Routed, events: mpsc::Sender<Event>) {
    if routed.notice.is_some() {
        return carry_notice(broker, routed, events).await;
    }
    let Routed { inquiry, targets, decided, kept, .. } = routed;
    let all = zip(targets, decided, kept);
    let states = fan_out(&broker, &inquiry, all, &events).await;
    if let Err(reason) = attempt::note(&broker, &inquiry, &states).await {
        tracing::error!(reason = reason.code(), "no second attempt could be noted");
    }
}

/// The same for a notice. Nobody is told how it ended before that is durable, so no event
/// goes out, neither the first nor the last, until all have come and were noted; there is room for
/// all. So it also goes to its end whether its sender listens or not: one who leaves at once does
/// not make a notice look as if its target had missed it.
async fn carry_notice(broker: Arc<Broker>, routed: Routed, events: mpsc::Sender<Event>) {
    let Routed { inquiry, targets, decided, kept, notice } = routed;
    let Some(notice) = notice else { return };
    let room = decided.len().saturating_mul(TARGET_EVENTS_MAX).max(1);
    let (held, mut told) = mpsc::channel(room);
    let all = zip(targets, decided, kept);
    let states = fan_out(&broker, &inquiry, all, &held).await;
    drop(held);
    // In a task of its own: it is not cut off with the question's work.
    let noted = tokio::spawn(async move {
        if let Err(reason) = attempt::note(&broker, &inquiry, &states).await {
            tracing::error!(reason = reason.code(), "no second attempt could be noted");
        }
        broker.notices.note(&notice, &states, broker.clock.now()).await
    });
    if let Err(reason) = noted.await.unwrap_or(Err(Reason::Internal)) {
        // Nothing is told, as of a broker that went down: the sender asks anew.
        tracing::error!(reason = reason.code(), "it was not noted how a notice ended");
        return;
    }
    while let Some(event) = told.recv().await {
        if events.send(event).await.is_err() {
            return;
        }
    }
}

/// Everything of each target together.
pub(super) fn zip(targets: Vec<Target>, decided: Vec<Decided>, kept: Vec<Kept>) -> Vec<ToAsk> {
    let all = targets.into_iter().zip(decided).zip(kept);
    all.map(|((target, decided), kept)| ToAsk { target, decided, kept }).collect()
}
