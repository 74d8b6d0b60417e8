//! Notices whose sender does not ask again are dropped (see the module).

use std::sync::Arc;
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_runtime::run::{Context, StartError};

use super::kept::of_one;
use super::{Counts, Notices};
use crate::broker::Broker;
use crate::limits::{NOTICES_WAITING_MAX, SWEEP_INTERVAL_MS};

/// Drops at an interval, until the end.
///
/// # Errors
/// Why the process takes no more tasks.
pub(crate) fn keep_sweeping(context: &Context, broker: &Arc<Broker>) -> Result<(), StartError> {
    let broker = Arc::clone(broker);
    context.every(Duration::from_millis(SWEEP_INTERVAL_MS), move || {
        let broker = Arc::clone(&broker);
        async move {
            if let Err(reason) = broker.notices.sweep(broker.clock.now()).await {
                tracing::error!(%reason, "silent senders were not looked at");
            }
        }
    })?;
    Ok(())
}

impl Notices {
    /// Drops the notices of every sender that has been silent for too long.
    ///
    /// # Errors
    /// Why the store could not be read or written: they keep waiting then.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<(), Reason> {
        self.be_sure().await?;
        let silent = self.held().counts.silent(now);
        for (target, asker) in silent {
            self.drop_of(&target, &asker, now).await?;
        }
        Ok(())
    }

    async fn drop_of(&self, target: &Oin, asker: &Oin, now: Timestamp) -> Result<(), Reason> {
        let turn = self.turn.lock().await;
        self.be_sure_in(&turn).await?;
        // It may have spoken since.
        if !self.held().counts.is_silent(target, asker, now) {
            return Ok(());
        }
        let most = usize::try_from(NOTICES_WAITING_MAX).unwrap_or(usize::MAX);
        let page = self.store.scan(&of_one(target, asker), None, most).await;
        let page = page.map_err(StoreError::reason)?;
        let count = u32::try_from(page.len()).unwrap_or(u32::MAX);
        let batch = page.into_iter().fold(Batch::new(), |batch, pair| {
            batch.expect_value(pair.key.as_slice(), pair.value).delete(pair.key)
        });
        let changed = |counts: &mut Counts| counts.remove(target, asker, count);
        self.commit_in(&turn, batch, changed).await?;
        tracing::warn!(%target, agency = %asker, count, "notices that nobody asked again");
        Ok(())
    }
}
