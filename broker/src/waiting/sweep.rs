//! What waited until its answer was due waits no longer.

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_runtime::run::{Context, StartError};

use super::Waiting;
use crate::broker::Broker;
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
            if let Err(reason) = broker.waiting.sweep(broker.clock.now()).await {
                tracing::error!(%reason, "questions that waited too long were not removed");
            }
        }
    })?;
    Ok(())
}

impl Waiting {
    /// Removes every question whose answer was due before `now`, but for one on its way.
    ///
    /// # Errors
    /// Why the store could not be read or written: what is left goes another time.
    pub(crate) async fn sweep(self: &Arc<Self>, now: Timestamp) -> Result<(), Reason> {
        for node in self.nodes() {
            for mark in self.due(&node).into_iter().filter(|mark| mark.answer_by < now) {
                let Some(carried) = self.begin(&node, mark) else { continue };
                let batch = carried.remove(Batch::new()).await.map_err(StoreError::reason)?;
                self.store.commit(batch).await.map_err(StoreError::reason)?;
                carried.removed();
            }
        }
        Ok(())
    }
}
