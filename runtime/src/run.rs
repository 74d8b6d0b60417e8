//! The whole life of a process, readable from top to bottom.
//!
//! Configuration, telemetry, certificates (who are we, and in which mode), clock, store; then the
//! process builds itself and serves until it is asked to end; then it drains. Certificates come
//! first among the resources because the mode, which follows from them, decides about the clock,
//! and the organisation about the store.

mod context;
mod ledger;
mod tasks;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use grondslag_core::reason::Reason;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use crate::backup;
use crate::config::{
    self, Backup, Clock, ConfigError, Identity, Limits, Log, SecretFile, Store, Telemetry,
};
use crate::limits::{BLOCKING_THREADS_MAX, RUNTIME_STOP_MS_MAX};
use crate::net::TcpNet;
use crate::net::tap::{TapError, TapNet};
use crate::server::{Bound, Health, ServeError};
use crate::shutdown::Shutdown;
use crate::telemetry;

pub use context::{Context, Surroundings};
pub use ledger::{Recording, SignKeys};
pub use tasks::{Tasks, TooManyTasks};

/// The sections of a process's configuration that the runtime itself needs.
#[derive(Debug, Clone)]
pub struct Common {
    /// `[identity]`
    pub identity: Identity,
    /// `[store]`
    pub store: Store,
    /// `[log]`
    pub log: Log,
    /// `[telemetry]`
    pub telemetry: Telemetry,
    /// `[clock]`
    pub clock: Clock,
    /// `[limits]`
    pub limits: Limits,
    /// `[backup]`
    pub backup: Option<Backup>,
    /// The key on the process's card, which signs its backups.
    pub sign_key: SecretFile,
}

/// The configuration of one kind of process.
pub trait ProcessConfig: DeserializeOwned {
    /// What the process is, such as `broker`.
    const PROCESS: &'static str;

    /// The sections that every process has.
    fn common(&self) -> Common;
}

/// A process that is built and bound, and does not serve yet.
#[derive(Debug, Default)]
pub struct App {
    /// Its servers.
    pub servers: Vec<Bound>,
}

/// A process could not start: a stable reason, and a sentence for its operator.
#[derive(Debug)]
pub struct StartError {
    reason: Reason,
    what: String,
}

impl StartError {
    /// From any error of ours.
    pub fn new(reason: Reason, what: impl fmt::Display) -> Self {
        Self { reason, what: what.to_string() }
    }

    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for StartError {}

macro_rules! starts_with {
    ($($error:ty),+) => {
        $(impl From<$error> for StartError {
            fn from(error: $error) -> Self {
                Self::new(error.reason(), error)
            }
        })+
    };
}

starts_with!(
    crate::clock::OpenClockError,
    crate::net::NetError,
    TapError,
    crate::channel::DialError,
    TooManyTasks,
    grondslag_certs::tls::LoadError,
    grondslag_evidence::ledger::LedgerError,
    grondslag_evidence::store::StoreError
);

/// Why a process ended other than by being asked to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It could not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// It could not go on.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

impl RunError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Config(error) => error.reason(),
            Self::Start(error) => error.reason(),
            Self::Serve(error) => error.reason(),
        }
    }
}

/// Runs a process from its configuration file until SIGINT or SIGTERM.
///
/// # Errors
/// [`RunError`] when it could not start or go on; the caller prints it.
pub fn run<C: ProcessConfig>(
    file: &Path,
    build: impl AsyncFnOnce(C, &Context) -> Result<App, StartError>,
) -> Result<(), RunError> {
    run_tapped(file, None, build)
}

/// The same, and copies what passes into the new file `tap`: for the demo's blind check.
///
/// # Errors
/// [`RunError`] as [`run`]; `MODE_MISMATCH` when a tap is asked for outside a demo region.
pub fn run_tapped<C: ProcessConfig>(
    file: &Path,
    tap: Option<&Path>,
    build: impl AsyncFnOnce(C, &Context) -> Result<App, StartError>,
) -> Result<(), RunError> {
    let config: C = config::load(file)?;
    let common = config.common();
    telemetry::init(&common.log).map_err(|error| StartError::new(error.reason(), error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name(C::PROCESS)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .build()
        .map_err(|error| StartError::new(Reason::Internal, error))?;
    let ended = runtime.block_on(live(config, common, tap, build));
    runtime.shutdown_timeout(Duration::from_millis(RUNTIME_STOP_MS_MAX));
    ended
}

async fn live<C: ProcessConfig>(
    config: C,
    common: Common,
    tap: Option<&Path>,
    build: impl AsyncFnOnce(C, &Context) -> Result<App, StartError>,
) -> Result<(), RunError> {
    let shutdown =
        Shutdown::on_signals().map_err(|error| StartError::new(Reason::Internal, error))?;
    let surroundings = Surroundings { net: Arc::new(TcpNet), shutdown, clock: None };
    let mut context = Context::open(C::PROCESS, &common, surroundings).await?;
    if let Some(tap) = tap {
        // Nobody is listened to or called yet, so that nothing passes beside it.
        let net = TapNet::over(Arc::clone(&context.net), tap, context.mode());
        context.net = Arc::new(net.map_err(StartError::from)?);
    }
    let app = build(config, &context).await?;
    serve(app, context).await?;
    Ok(())
}

/// Serves until the end is asked for, and drains: servers first, then background tasks. Also for
/// tests that hold several parties in one process.
///
/// # Errors
/// [`ServeError`] of the first server that ended by itself; the others are ended then.
pub async fn serve(app: App, context: Context) -> Result<(), ServeError> {
    context.otlp.begin(&context);
    if let Err(error) = backup::begin(&context) {
        tracing::error!(reason = error.reason().code(), "no backup will be made");
    }
    let shutdown = context.shutdown.clone();
    let mut servers = JoinSet::new();
    let mut health: Vec<Health> = Vec::new();
    for server in app.servers {
        health.push(server.health());
        servers.spawn(server.serve(shutdown.clone()));
    }
    let watch = tokio::spawn(context.clone().watch(health));
    let mut outcome = Ok(());
    while let Some(ended) = servers.join_next().await {
        // No server ends while it should serve; whichever does takes the others along.
        shutdown.trigger();
        outcome = outcome.and(ended.unwrap_or(Ok(())));
    }
    shutdown.requested().await;
    context.tasks.drain(context.limits.grace_ms_max.ms(), &shutdown).await;
    watch.abort();
    outcome
}

#[cfg(test)]
pub(crate) mod tests;
