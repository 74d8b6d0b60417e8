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
use crate::limits::SWEEP_INTERVAL_MS;

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

/// Removes every question whose answer was due before `now`, but for one on its way.
///
/// # Errors
/// Why the store could not be read or written: what is left goes another time.
pub(crate) async fn sweep(broker: &Broker, now: Timestamp) -> Result<(), Reason> {
    let waiting = &broker.waiting;
    for node in waiting.nodes() {
        for mark in waiting.due(&node).into_iter().filter(|mark| mark.answer_by < now) {
            let Some(carried) = waiting.begin(&node, mark) else { continue };
            match carried.read().await? {
                Some(question) => over(broker, &carried, &question).await?,
                None => carried.removed(),
            }
        }
    }
    Ok(())
}

/// Removes a question that waited until its answer was due. That it never reached its node is
/// recorded, unless it could not be brought for another reason than the node's.
///
/// # Errors
/// Why it could not be recorded or removed.
pub(super) async fn over(
    broker: &Broker,
    carried: &Carried,
    question: &TargetQuestion,
) -> Result<(), Reason> {
    let state = carried.remove(Batch::new()).await.map_err(StoreError::reason)?;
    let member = |oin| broker.directory.card(oin).is_ok();
    let header = &question.header;
    let blamed = broker.silences.saw(header.times.answer_by)
        && member(&header.asker)
        && member(&carried.node);
    if blamed {
        let silent = Silent { agency: carried.node.clone(), missed: None };
        silent.record(broker, &question.id, state).await?;
    } else {
        broker.store.commit(state).await.map_err(StoreError::reason)?;
    }
    carried.removed();
    Ok(())
}
