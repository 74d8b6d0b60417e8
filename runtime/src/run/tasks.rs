//! Background tasks of a process: bounded, and awaited when it ends.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::reason::Reason;
use tokio::task::{JoinError, JoinSet};

use crate::limits::TASKS_MAX;
use crate::shutdown::Shutdown;

/// The process has as many background tasks as it may, or is ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no more background tasks are taken")]
pub struct TooManyTasks;

impl TooManyTasks {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        Reason::Busy
    }
}

/// Background tasks. Every clone adds to the same ones.
#[derive(Debug, Clone)]
pub struct Tasks(Arc<Mutex<Option<JoinSet<()>>>>);

impl Default for Tasks {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Some(JoinSet::new()))))
    }
}

impl Tasks {
    /// Starts a task that the process waits for when it ends.
    ///
    /// # Errors
    /// [`TooManyTasks`] when the bound is reached or the process is ending; nothing was started.
    pub fn spawn(
        &self,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), TooManyTasks> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tasks = held.as_mut().ok_or(TooManyTasks)?;
        while let Some(ended) = tasks.try_join_next() {
            note(ended);
        }
        if tasks.len() >= TASKS_MAX {
            return Err(TooManyTasks);
        }
        tasks.spawn(task);
        Ok(())
    }

    /// Waits for every task, at most this long; what is left then is cut.
    pub(crate) async fn drain(&self, longest: Duration, shutdown: &Shutdown) {
        let taken = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            held.take()
        };
        let Some(mut tasks) = taken else { return };
        let all = async {
            while let Some(ended) = tasks.join_next().await {
                note(ended);
            }
        };
        tokio::select! {
            () = all => {}
            () = tokio::time::sleep(longest) => {
                tracing::warn!("background tasks were cut at the end of the grace");
            }
            () = shutdown.at_once() => {}
        }
    }
}

fn note(ended: Result<(), JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!(reason = %Reason::Internal, "a background task panicked");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn tasks_are_awaited_at_the_end_and_none_is_taken_after() {
        let (tasks, shutdown) = (Tasks::default(), Shutdown::new());
        let done = Arc::new(AtomicBool::new(false));
        let mark = done.clone();
        tasks
            .spawn(async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                mark.store(true, Ordering::SeqCst);
            })
            .unwrap();
        tasks.drain(Duration::from_secs(10), &shutdown).await;
        assert!(done.load(Ordering::SeqCst));
        assert_eq!(tasks.spawn(async {}), Err(TooManyTasks));
    }

    #[tokio::test]
    async fn the_wait_for_tasks_is_bounded() {
        let (tasks, shutdown) = (Tasks::default(), Shutdown::new());
        tasks.spawn(std::future::pending()).unwrap();
        tasks.drain(Duration::from_millis(20), &shutdown).await;
    }

    #[tokio::test]
    async fn the_number_of_tasks_is_bounded_and_ended_ones_do_not_count() {
        let tasks = Tasks::default();
        for _ in 0..TASKS_MAX {
            tasks.spawn(std::future::pending()).unwrap();
        }
        assert_eq!(tasks.spawn(async {}), Err(TooManyTasks));
        let others = Tasks::default();
        for _ in 0..TASKS_MAX {
            others.spawn(async {}).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(others.spawn(async {}), Ok(()));
    }
}
