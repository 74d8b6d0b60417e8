//! Renewal: a seal key lives one epoch. The old one opens what was sealed before, and is destroyed
//! once nothing sealed under it can still be due.

use grondslag_core::clock::Timestamp;
use grondslag_core::limits::{ANSWER_TERM_MS_MAX, CLOCK_SKEW_MS_MAX, REPLIES_KEPT_MS};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::agency::Agency;

/// Where the state of renewal stands.
const STATE: &[u8] = b"k/renewal";

/// One renewal at a time.
#[derive(Debug, Default)]
pub(crate) struct Renewal(Mutex<()>);

/// Which epoch the newest key belongs to, and which keys end.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct State {
    epoch: u32,
    ending: Vec<(u32, Timestamp)>,
    /// Epochs whose index ends, and when.
    indexes: Vec<(u32, Timestamp)>,
}

impl Renewal {
    /// Follows the epoch: a new seal key for a new epoch, an old one destroyed after its time, and
    /// an old epoch's index forgotten with it.
    ///
    /// # Errors
    /// Why a key could not be made or destroyed, or the state not be kept.
    pub(crate) async fn follow(&self, agency: &Agency) -> Result<(), Reason> {
        let _one_at_a_time = self.0.lock().await;
        let (epoch, now) = (agency.epochs.current()?, agency.clock.now());
        let kept = agency.store.get(STATE).await.map_err(StoreError::reason)?;
        let kept = kept.as_deref().map(serde_json::from_slice::<State>).transpose();
        let before = kept.map_err(|_| Reason::StoreCorrupt)?.unwrap_or_default();
        if epoch < before.epoch {
            // It was met before this process began, and does not come back.
            agency.epochs.forget();
            return Err(Reason::EpochStale);
        }
        let mut state = before.clone();
        // The first epoch that a node meets is that of the key it was made with.
        if before.epoch != 0 && before.epoch != epoch {
            // Questions of the old epoch are met until the last of them is due, and what came of
            // those that were asked then can be read some time longer.
            let met_until = now.plus_ms(ANSWER_TERM_MS_MAX + CLOCK_SKEW_MS_MAX);
            let read_until = met_until.plus_ms(REPLIES_KEPT_MS);
            // All of them: a renewal that was cut short left one that nothing else ends.
            for number in agency.keys.seals.numbers() {
                if state.ending.iter().all(|(ending, _)| *ending != number) {
                    state.ending.push((number, read_until));
                }
            }
            agency.keys.seals.renew().map_err(|error| error.reason())?;
            state.indexes.push((before.epoch, met_until));
            tracing::info!("a new epoch: the seal key was renewed");
        }
        state.epoch = epoch;
        let ended: Vec<u32> =
            state.ending.iter().filter(|(_, until)| *until < now).map(|(key, _)| *key).collect();
        for number in &ended {
            agency.keys.seals.destroy(*number).map_err(|error| error.reason())?;
        }
        state.ending.retain(|(key, _)| !ended.contains(key));
        let left: Vec<u32> = state
            .indexes
            .iter()
            .filter(|(_, until)| *until < now)
            .map(|(epoch, _)| *epoch)
            .collect();
        for epoch in &left {
            agency.index.forget(*epoch).await.map_err(StoreError::reason)?;
        }
        state.indexes.retain(|(epoch, _)| !left.contains(epoch));
        if state.epoch == before.epoch && ended.is_empty() && left.is_empty() {
            return Ok(());
        }
        let json = serde_json::to_vec(&state).map_err(|_| Reason::Internal)?;
        let batch = Batch::new().put(STATE, json);
        agency.store.commit(batch).await.map_err(StoreError::reason)
    }
}

#[cfg(test)]
mod tests;
