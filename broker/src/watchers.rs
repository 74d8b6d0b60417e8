//! Bound on what one agency follows, or has weighed, at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::WATCHES_MAX;

/// Places for followers. It grows with the agencies that ever followed: their number is bounded by
/// the directory.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<BTreeMap<Oin, Arc<Semaphore>>>);

impl Watchers {
    /// A place for a follower: whoever connects anew holds the place before it for a moment.
    ///
    /// # Errors
    /// `BUSY`.
    pub(crate) fn place(&self, oin: &Oin) -> Result<OwnedSemaphorePermit, Reason> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Semaphore::new(WATCHES_MAX));
        let own = Arc::clone(places.entry(oin.clone()).or_insert_with(fresh));
        own.try_acquire_owned().map_err(|_| Reason::Busy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agency_has_so_many_places_and_keeps_nobody_else_from_theirs() {
        let of = |oin: &str| Oin::parse(oin).unwrap();
        let (one, two) = (of("00000099000000001000"), of("00000099000000002000"));
        let watchers = Watchers::default();
        let mut held: Vec<_> = (0..WATCHES_MAX).map(|_| watchers.place(&one).unwrap()).collect();
        assert_eq!(watchers.place(&one).err(), Some(Reason::Busy));
        assert!(watchers.place(&two).is_ok());
        held.pop();
        assert!(watchers.place(&one).is_ok());
    }
}
