//! The end of a process, in order: say so, stop accepting, finish what is in flight, stop.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How far the end has come. It only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Requested,
    AtOnce,
}

/// A handle to the end of the process. Every clone sees the same end.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<Stage>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A process that serves.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Stage::Serving)))
    }

    /// A process that ends on SIGINT or SIGTERM, and at once on the second of them.
    ///
    /// # Errors
    /// When the system refuses a signal handler.
    pub fn on_signals() -> std::io::Result<Self> {
        let shutdown = Self::new();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let handle = shutdown.clone();
        tokio::spawn(async move {
            for step in [Self::trigger, Self::trigger_at_once] {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                step(&handle);
            }
        });
        Ok(shutdown)
    }

    /// Asks for the end: no new calls, and a grace for those in flight.
    pub fn trigger(&self) {
        self.advance(Stage::Requested);
    }

    /// Ends without the grace.
    pub fn trigger_at_once(&self) {
        self.advance(Stage::AtOnce);
    }

    /// True once the end was asked for.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow() >= Stage::Requested
    }

    /// Waits until the end is asked for.
    pub async fn requested(&self) {
        self.reached(Stage::Requested).await;
    }

    /// Waits until the grace is waived.
    pub async fn at_once(&self) {
        self.reached(Stage::AtOnce).await;
    }

    fn advance(&self, to: Stage) {
        self.0.send_if_modified(|stage| {
            let forward = *stage < to;
            *stage = (*stage).max(to);
            forward
        });
    }

    async fn reached(&self, stage: Stage) {
        // The sender lives in `self`, so the wait cannot end by its loss.
        let _ = self.0.subscribe().wait_for(|now| *now >= stage).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn every_clone_sees_the_end_once_it_is_asked_for() {
        let shutdown = Shutdown::new();
        let other = shutdown.clone();
        assert!(!other.is_requested());
        let waiting = tokio::spawn(async move { other.requested().await });
        shutdown.trigger();
        waiting.await.unwrap();
        // Late waiters see it as well, and asking twice changes nothing.
        shutdown.trigger();
        shutdown.requested().await;
        assert!(shutdown.is_requested());
    }

    #[tokio::test]
    async fn the_grace_is_waived_only_when_asked_and_never_taken_back() {
        let shutdown = Shutdown::new();
        shutdown.trigger();
        let soon = tokio::time::timeout(Duration::from_millis(20), shutdown.at_once());
        assert!(soon.await.is_err());
        shutdown.trigger_at_once();
        shutdown.at_once().await;
        shutdown.trigger();
        shutdown.at_once().await;
    }
}
