//! One answer at a time to one question: who sends the same twice at once would have it answered
//! twice, to be thrown away once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use grondslag_core::id::TargetId;
use tokio::sync::OwnedMutexGuard;

/// Questions that are being answered.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<BTreeMap<TargetId, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits until nobody answers this question, and holds it until the guard is dropped.
    pub(crate) async fn turn(&self, id: TargetId) -> OwnedMutexGuard<()> {
        self.lock_of(id).lock_owned().await
    }

    fn lock_of(&self, id: TargetId) -> Arc<tokio::sync::Mutex<()>> {
        // Every change leaves a map that is right.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // As many stay as are being answered, which the server bounds.
        turns.retain(|_, lock| lock.strong_count() > 0);
        let lock = turns.get(&id).and_then(Weak::upgrade).unwrap_or_default();
        turns.insert(id, Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_question_waits_its_turn_and_another_does_not() {
        let turns = Turns::default();
        let [one, other] = [1, 2].map(|id| TargetId::new([id; 16]));
        let first = turns.turn(one).await;
        let _other = turns.turn(other).await;
        let mut second = std::pin::pin!(turns.turn(one));
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        drop(second.await);
        assert_eq!(turns.0.lock().unwrap().len(), 2, "no more than were asked of late");
    }
}
