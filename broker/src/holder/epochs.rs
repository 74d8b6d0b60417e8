//! The epochs of a key holder: made when the broker asks for them, in order, and never kept for
//! longer than the broker needs them.

use grondslag_core::canonical::Canonical;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::Batch;

use super::Holder;
use crate::enrol::forget;
use crate::keyholder::KeyHolder as _;

impl Holder {
    /// Makes factors for the epoch behind the last one; one that is there stays. What is older
    /// than the last one is destroyed then, whether or not the broker asked for that: no question
    /// of it is taken any more.
    ///
    /// # Errors
    /// `EPOCH_STALE` for any other epoch, or why the factors could not be made durable.
    pub(super) async fn open_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let held = self.local.epochs();
        if held.contains(&epoch) {
            return Ok(());
        }
        let last = held.last().copied();
        if last.is_some_and(|last| last.checked_add(1) != Some(epoch)) {
            return Err(Reason::EpochStale);
        }
        self.local.open_epoch(epoch).await?;
        self.record("opened", epoch).await?;
        for old in held.into_iter().filter(|old| Some(*old) < last) {
            self.destroy_epoch(old).await?;
        }
        Ok(())
    }

    /// Destroys the factors of an epoch; one without is no error.
    ///
    /// # Errors
    /// Why they could not be destroyed, or what was counted under them could not be forgotten.
    pub(super) async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason> {
        let held = self.local.epochs().contains(&epoch);
        self.local.destroy_epoch(epoch).await?;
        forget(self.store.as_ref(), epoch).await?;
        if held { self.record("destroyed", epoch).await } else { Ok(()) }
    }

    async fn record(&self, word: &str, epoch: u32) -> Result<(), Reason> {
        let leaf = Canonical::new("grondslag/leaf/epoch/v1").text(word).number(epoch.into());
        let leaf = leaf.signed(self.clock.now().ms()).finish();
        let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
        self.ledger.append(entry).await.map_err(LedgerError::reason)?;
        tracing::info!(state = word, "an epoch changed");
        Ok(())
    }
}
