//! What waited until its answer was due waits no longer.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_proto::question::TargetQuestion;
use grondslag_runtime::run::{Context, StartError};

use super::Carried;
use crate::broker::Broker;
use crate::deliver::Silent;
use crate::limits::{AWAY_BEFORE_MS, SWEEP_INTERVAL_MS};

/// Looks at an interval, until the end.
///
/// # Errors
/// Why the process takes no more tasks.
pub(crate) fn keep_sweeping(context: &Context, broker: &Arc<Broker>) -> Result<(), StartError> {
    let broker = Arc::clone(broker);
    context.every(Duration::from_millis(SWEEP_INTERVAL_MS), move || {
        let broker = Arc::clone(&broker);
        async move {
            if let Err(reason) = sweep(&broker, broker.clock.now()).await {
                tracing::error!(%reason, "questions that waited too long were not removed");
            }
        }
    })?;
    Ok(())
}

/// Removes every question whose answer was due before `now`, but for one on its way. One that
/// cannot be read or removed keeps no other from going, and goes another time.
///
/// # Errors
/// The last one.
pub(crate) async fn sweep(broker: &Broker, now: Timestamp) -> Result<(), Reason> {
    let (waiting, mut all) = (&broker.waiting, Ok(()));
    for node in waiting.nodes() {
        for mark in waiting.due(&node).into_iter().filter(|mark| mark.answer_by < now) {
            let Some(carried) = waiting.begin(&node, mark) else { continue };
            let gone = match carried.read().await {
                Ok(Some(question)) => over(broker, &carried, Some(&question)).await,
                Ok(None) => {
                    carried.removed();
                    Ok(())
                }
                Err(Reason::StoreCorrupt) => over(broker, &carried, None).await,
                Err(reason) => Err(reason),
            };
            all = gone.and(all);
        }
    }
    all
}

/// Removes a question that waited until its answer was due. That it never reached its node is
/// recorded where that was not there: what else kept a question from it, as rules that differ, an
/// asker that was shut out or a broker that did not run, is not the node's.
///
/// # Errors
/// Why it could not be recorded or removed.
pub(super) async fn over(
    broker: &Broker,
    carried: &Carried,
    question: Option<&TargetQuestion>,
) -> Result<(), Reason> {
    broker.presence.runs(broker.clock.now());
    let state = carried.remove(Batch::new()).await.map_err(StoreError::reason)?;
    match question.filter(|question| stayed_silent(broker, carried, question)) {
        Some(question) => {
            let silent = Silent { agency: carried.node.clone(), missed: None };
            silent.record(broker, &question.id, state).await?;
        }
        None => broker.store.commit(state).await.map_err(StoreError::reason)?,
    }
    carried.removed();
    Ok(())
}

/// Whether the question stayed unanswered for its node alone.
fn stayed_silent(broker: &Broker, carried: &Carried, question: &TargetQuestion) -> bool {
    let (header, answer_by) = (&question.header, question.header.times.answer_by);
    carried.node_is_away()
        && broker.presence.ran_through(answer_by.plus_ms(-AWAY_BEFORE_MS), answer_by)
        && [&header.asker, &carried.node].iter().all(|oin| broker.directory.is_member(oin))
}
