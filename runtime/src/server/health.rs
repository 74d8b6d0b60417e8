//! grpc.health.v1: whether a server answers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health as HealthApi, HealthServer};
use tonic_health::server::{HealthReporter, health_reporter};

/// Name under which the health of the whole server is asked.
const WHOLE: &str = "";

/// What a server tells about its health. Every clone speaks for the same server.
#[derive(Debug, Clone)]
pub struct Health {
    reporter: HealthReporter,
    names: Arc<Mutex<BTreeSet<&'static str>>>,
    // Held while telling, so that what was said last is what was decided last.
    state: Arc<AsyncMutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    withheld: bool,
    draining: bool,
}

impl Health {
    /// A server that does not serve yet, and the service that says so.
    pub(super) fn new() -> (Self, HealthServer<impl HealthApi>) {
        let (reporter, service) = health_reporter();
        let health = Self {
            reporter,
            names: Arc::new(Mutex::new(BTreeSet::from([WHOLE]))),
            state: Arc::default(),
        };
        (health, service)
    }

    pub(super) fn names(&self, service: &'static str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(service);
    }

    /// Lets it be known that every service serves, once the server is open and until its end.
    pub async fn serving(&self) {
        self.tell(|state| state.withheld = false).await;
    }

    /// Lets it be known that no service serves: the process lives, but must not be asked.
    pub async fn not_serving(&self) {
        self.tell(|state| state.withheld = true).await;
    }

    /// The server accepts from now on.
    pub(super) async fn open(&self) {
        self.tell(|state| state.open = true).await;
    }

    /// The server is ending; nothing says "serving" again.
    pub(super) async fn drain(&self) {
        self.tell(|state| state.draining = true).await;
    }

    /// Ends the watches, so that they do not hold the process until the end of the grace.
    pub(super) async fn end_watches(&self) {
        let _state = self.state.lock().await;
        let mut reporter = self.reporter.clone();
        for name in self.all() {
            reporter.clear_service_status(name).await;
        }
    }

    async fn tell(&self, change: impl FnOnce(&mut State) + Send) {
        let mut state = self.state.lock().await;
        change(&mut state);
        let status = if state.open && !state.withheld && !state.draining {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        for name in self.all() {
            self.reporter.set_service_status(name, status).await;
        }
    }

    fn all(&self) -> BTreeSet<&'static str> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.clone()
    }
}
