//! How many questions there may be at a time: in all, and of one asker.
//!
//! A place in all is held by the work and ends with the fan-out, whatever the asker does. A place
//! of one asker is held until its stream is gone and the work is done, so that an asker who never
//! reads, or leaves while its question is under way, fills its own places and nobody else's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{ASKER_QUESTIONS_MAX, QUESTIONS_MAX};

/// The places of one broker.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    // Grows with the agencies that ever asked: their number is bounded by the directory.
    askers: Mutex<BTreeMap<Oin, Arc<Semaphore>>>,
}

/// A place for one question.
#[derive(Debug)]
pub(crate) struct Place {
    /// Held by the work.
    pub work: OwnedSemaphorePermit,
    /// Held by the stream and by the work.
    pub asker: Arc<OwnedSemaphorePermit>,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(QUESTIONS_MAX)), askers: Mutex::default() }
    }
}

impl Places {
    /// A place for a question of this asker, whose card the directory holds.
    ///
    /// # Errors
    /// `BUSY` when there is none.
    pub(crate) fn take(&self, asker: &Oin) -> Result<Place, Reason> {
        let own = {
            let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || Arc::new(Semaphore::new(ASKER_QUESTIONS_MAX));
            Arc::clone(askers.entry(asker.clone()).or_insert_with(fresh))
        };
        let busy = |_| Reason::Busy;
        let asker = Arc::new(own.try_acquire_owned().map_err(busy)?);
        let work = Arc::clone(&self.all).try_acquire_owned().map_err(busy)?;
        Ok(Place { work, asker })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asker_who_never_reads_fills_its_own_places_only() {
        let places = Places::default();
        let greedy = Oin::parse("00000099000000001000").unwrap();
        let other = Oin::parse("00000099000000002000").unwrap();
        let held: Vec<Arc<OwnedSemaphorePermit>> =
            (0..ASKER_QUESTIONS_MAX).map(|_| places.take(&greedy).unwrap().asker).collect();
        assert_eq!(places.take(&greedy).unwrap_err(), Reason::Busy);
        assert!(places.take(&other).is_ok());
        drop(held);
        assert!(places.take(&greedy).is_ok());
    }

    #[test]
    fn there_is_a_bound_for_all_together() {
        let places = Places::default();
        let oin = |n: usize| Oin::parse(&format!("00000099{n:09}000")).unwrap();
        let held: Vec<Place> = (0..QUESTIONS_MAX)
            .map(|n| places.take(&oin(n % (QUESTIONS_MAX / ASKER_QUESTIONS_MAX))).unwrap())
            .collect();
        assert_eq!(places.take(&oin(QUESTIONS_MAX)).unwrap_err(), Reason::Busy);
        drop(held);
    }
}
