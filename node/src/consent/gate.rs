//! Nothing leaves on what was known before a withdrawal once that withdrawal was acknowledged.
//!
//! An answer holds the gate from the look-up until it leaves; an act waits until the answers under
//! way have left, is written, and only then acknowledged. What an earlier answer was made on is
//! told by a number that every act raises (`Known`): a kept reply of before is not given again.
//!
//! INVARIANT: the number rises in the commit of the act, and the register is read under the gate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, MutexGuard, Notify, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// Between answers and acts. Who waits for longest goes first, so that answers cannot keep an act
/// waiting for longer than those under way take.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    lock: Arc<RwLock<()>>,
    /// An act was written down that others must hear of.
    news: Notify,
    /// What is under way is to be sent now.
    again: AtomicBool,
    /// Held by who looks through the whole register.
    looking: Mutex<()>,
}

/// Held by an answer until it has left.
#[derive(Debug)]
pub(crate) struct Answering(#[expect(dead_code, reason = "it is held")] OwnedRwLockReadGuard<()>);

/// Held by an act until it is written.
#[derive(Debug)]
pub(crate) struct Changing(#[expect(dead_code, reason = "it is held")] OwnedRwLockWriteGuard<()>);

/// What an answer holds: a notice is an act itself.
#[derive(Debug)]
pub(crate) enum Hold {
    /// It reads the register.
    Answering(Answering),
    /// It writes to it.
    Changing(Changing),
}

/// Whoever holds one of these may read the register.
pub(crate) trait Reading {}
impl Reading for Answering {}
impl Reading for Changing {}
impl Reading for Hold {}

impl Gate {
    /// Begins the answer to a question, or to a notice.
    pub(crate) async fn hold(&self, is_notice: bool) -> Hold {
        if is_notice {
            Hold::Changing(self.change().await)
        } else {
            Hold::Answering(self.answer().await)
        }
    }

    /// Says that something is to be sent.
    pub(crate) fn tell(&self) {
        self.news.notify_one();
    }

    /// Says that everything that is under way is to be sent now: some agency is back.
    pub(crate) fn tell_again(&self) {
        self.again.store(true, Ordering::Relaxed);
        self.news.notify_one();
    }

    /// Whether that was said since it was last looked.
    pub(crate) fn take_again(&self) -> bool {
        self.again.swap(false, Ordering::Relaxed)
    }

    /// Waits until something is to be sent.
    pub(crate) async fn told(&self) {
        self.news.notified().await;
    }

    /// Begins a pass over the whole register; nothing while there is one.
    pub(super) fn look(&self) -> Option<MutexGuard<'_, ()>> {
        self.looking.try_lock().ok()
    }

    /// Begins an answer.
    pub(crate) async fn answer(&self) -> Answering {
        Answering(Arc::clone(&self.lock).read_owned().await)
    }

    /// Begins an act: no answer is under way.
    pub(crate) async fn change(&self) -> Changing {
        Changing(Arc::clone(&self.lock).write_owned().await)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn an_act_waits_for_the_answers_under_way_and_later_answers_wait_for_it() {
        let gate = Gate::default();
        let (one, other) = (gate.answer().await, gate.answer().await);
        let mut change = pin!(gate.change());
        assert!(poll!(change.as_mut()).is_pending());
        let mut later = pin!(gate.answer());
        assert!(poll!(later.as_mut()).is_pending(), "answers do not keep an act waiting");
        drop(one);
        assert!(poll!(change.as_mut()).is_pending());
        drop(other);
        let changing = change.await;
        assert!(poll!(later.as_mut()).is_pending());
        drop(changing);
        drop(later.await);
    }
}
