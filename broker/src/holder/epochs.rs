//! The epochs of a key holder: made when the broker asks for them, in order and once, and never
//! kept for longer than the broker needs them.
//!
//! INVARIANT: an epoch never gets factors a second time, also when the first were lost: children
//! who are known would look unknown under them. Another epoch is the way out.

use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::{Batch, StoreError};

use super::Holder;
use crate::enrol::forget;
use crate::epoch::leaf;
use crate::keyholder::KeyHolder as _;

/// Where the last epoch stands that ever had factors.
const LAST: &[u8] = b"h/last-epoch";

impl Holder {
    /// Makes factors for the epoch after the last that ever had them; one that is there stays.
    /// Epochs before that last one are destroyed then, whether or not the broker asked: no question
    /// of them is taken any more.
    ///
    /// # Errors
    /// `EPOCH_STALE` for any other epoch, or why the factors could not be made durable.
    pub(super) async fn open_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        let (held, last) = (self.local.epochs(), self.last_epoch().await?);
        if held.contains(&epoch) && Some(epoch) <= last {
            return Ok(());
        }
        // Factors without a record are those of a turn that was cut short between the two: they
        // are recorded now. Destroying them instead would lose the epoch for good if its record
        // had landed after all.
        let follows = last.is_none_or(|last| last.checked_add(1) == Some(epoch));
        if !follows {
            return Err(Reason::EpochStale);
        }
        self.local.open_epoch(epoch).await?;
        self.record_opened(epoch, last).await?;
        for old in held.into_iter().filter(|old| Some(*old) < last) {
            self.destroy(old).await?;
        }
        Ok(())
    }

    /// The last epoch that ever had factors here.
    async fn last_epoch(&self) -> Result<Option<u32>, Reason> {
        let value = self.store.get(LAST).await.map_err(StoreError::reason)?;
        let last = value.map(|value| value.try_into().map(u32::from_be_bytes));
        last.transpose().map_err(|_| Reason::StoreCorrupt)
    }

    async fn record_opened(&self, epoch: u32, last: Option<u32>) -> Result<(), Reason> {
        let batch = match last {
            Some(last) => Batch::new().expect_value(LAST, last.to_be_bytes()),
            None => Batch::new().expect_absent(LAST),
        };
        self.record("opened", epoch, batch.put(LAST, epoch.to_be_bytes())).await
    }

    /// Destroys the factors of an epoch; one without is no error.
    ///
    /// # Errors
    /// Why they could not be destroyed, or what was counted under them could not be forgotten.
    pub(super) async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        self.destroy(epoch).await
    }

    async fn destroy(&self, epoch: u32) -> Result<(), Reason> {
        let held = self.local.epochs().contains(&epoch);
        self.local.destroy_epoch(epoch).await?;
        forget(self.store.as_ref(), epoch).await?;
        if held { self.record("destroyed", epoch, Batch::new()).await } else { Ok(()) }
    }

    async fn record(&self, word: &str, epoch: u32, state: Batch) -> Result<(), Reason> {
        let leaf = leaf(word, epoch, self.clock.now());
        let entry = Entry { about: Digest::of(&leaf), leaf, state };
        self.ledger.append(entry).await.map_err(LedgerError::reason)?;
        tracing::info!(state = word, "an epoch changed");
        Ok(())
    }
}
