//! Bringing what waits, in the background.
//!
//! A node that opens `Deliver` is there. The first question goes alone: a node that cannot answer
//! anybody yet is not flooded. The rest follow, so many at a time. One that fails by itself is left
//! alone for a while and keeps no other from coming.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use tokio::sync::Semaphore;

use super::sweep::over;
use super::{Carried, Mark, Outcome, settle};
use crate::broker::Broker;
use crate::limits::{
    BRING_ALL_MAX, BRING_AT_ONCE_MAX, BRING_PAUSE_MS, BRING_ROUNDS_MAX, REST_ALONE_MS,
};
use crate::route::fanout::put;

/// Places for questions that are brought, to whichever node.
static PLACES: Semaphore = Semaphore::const_new(BRING_ALL_MAX);

/// Brings to every node what waited when the broker ended.
pub(crate) fn resume(broker: &Arc<Broker>) {
    broker.waiting.nodes().iter().for_each(|node| bring(broker, node));
}

/// Brings a node what waits for it, unless somebody does.
pub(crate) fn bring(broker: &Arc<Broker>, node: &Oin) {
    let mut held = broker.waiting.held();
    if !held.nodes.contains_key(node) || !held.bringing.insert(node.clone()) {
        return;
    }
    drop(held);
    let bringing = Bringing { broker: Arc::clone(broker), node: node.clone() };
    tokio::spawn(async move { bringing.all().await });
}

/// Somebody brings a node what waits for it.
struct Bringing {
    broker: Arc<Broker>,
    node: Oin,
}

impl Drop for Bringing {
    fn drop(&mut self) {
        self.broker.waiting.held().bringing.remove(&self.node);
    }
}

impl Bringing {
    /// All that is due. A node that cannot answer yet is tried again soon, some times; then its
    /// next opening brings it.
    async fn all(&self) {
        for _ in 0..BRING_ROUNDS_MAX {
            let due = self.broker.waiting.due(&self.node);
            if due.is_empty() {
                return;
            }
            if !self.round(due).await {
                tokio::time::sleep(Duration::from_millis(BRING_PAUSE_MS)).await;
            }
        }
    }

    /// Whether the node answers.
    async fn round(&self, due: Vec<Mark>) -> bool {
        let answers = AtomicBool::new(true);
        let mut due = due.into_iter();
        let each = async |mark| {
            if answers.load(Ordering::Relaxed) && !self.one(mark).await {
                answers.store(false, Ordering::Relaxed);
            }
        };
        for first in due.by_ref().take(1) {
            each(first).await;
        }
        stream::iter(due).for_each_concurrent(BRING_AT_ONCE_MAX, each).await;
        answers.into_inner()
    }

    /// Whether the node answers others.
    async fn one(&self, mark: Mark) -> bool {
        let Ok(_place) = PLACES.acquire().await else { return false };
        let Some(carried) = self.broker.waiting.begin(&self.node, mark) else { return true };
        match self.brought(&carried).await {
            Ok(outcome) => {
                let of_node = outcome.is_of_node();
                let late = outcome == Outcome::Missed(Reason::DeadlinePassed);
                if late || (matches!(outcome, Outcome::Missed(_)) && !of_node) {
                    carried.rest(Duration::from_millis(REST_ALONE_MS));
                }
                !of_node
            }
            Err(reason) => {
                let node = &self.node;
                tracing::error!(agency = %node, %reason, "a question that waits was not settled");
                carried.rest(Duration::from_millis(REST_ALONE_MS));
                true
            }
        }
    }

    async fn brought(&self, carried: &Carried) -> Result<Outcome, Reason> {
        let broker = &self.broker;
        let Some(mut question) = carried.read().await? else {
            carried.removed();
            return Ok(Outcome::Over(Reason::UnknownInquiry));
        };
        if broker.clock.now() > question.header.times.answer_by {
            over(broker, carried, Some(&question)).await?;
            return Ok(Outcome::Over(Reason::QuestionExpired));
        }
        carried.note_unanswered(None);
        // Who was suspended meanwhile may be taken up again within the term.
        if broker.directory.card(&question.header.asker).is_err() {
            return Ok(Outcome::Missed(Reason::CardInvalid));
        }
        let card = match broker.directory.card(&self.node) {
            Ok(card) => card,
            Err(reason) => return Ok(Outcome::Missed(reason)),
        };
        let heard = put(broker, card.card(), &mut question, broker.fanout.until()).await;
        let outcome = Outcome::of(&question, heard, broker.epochs.state().current);
        settle(broker, carried, &question, &outcome).await?;
        if let Outcome::Over(reason) = &outcome {
            tracing::warn!(agency = %self.node, %reason, "a question that waited was not answered");
        }
        Ok(outcome)
    }
}
