//! What a process tells its operator: one line per event, made of allow-listed fields only.
//!
//! A log is read by people who may not know about whom a question is. So nothing is printed
//! because it happened to be at hand: a field is shown when its name is in [`FIELDS`], and else it
//! is dropped. Messages are fixed sentences. Events of libraries are shown by level and place
//! alone, since their messages are not ours to vouch for.

mod layer;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use grondslag_core::reason::Reason;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};

use crate::config::{Form, Level, Log};

pub use layer::Lines;

/// Prefix of our own events' targets.
pub(crate) const OWN: &str = "grondslag";

/// The fields that may be printed. None can hold anything about a person: they are codes, counts,
/// durations, addresses and organisations.
pub const FIELDS: &[&str] = &[
    "address",
    "agencies",
    "agency",
    "attempt",
    "bytes",
    "code",
    "corr",
    "count",
    "crl_days",
    "days_left",
    "elapsed_ms",
    "endpoint",
    "file",
    "inquiry",
    "io",
    "kind",
    "limit",
    "method",
    "mode",
    "oin",
    "outcome",
    "process",
    "reason",
    "rows",
    "rule",
    "service",
    "signal",
    "state",
    "target",
    "task",
    "tier",
    "version",
];

/// Permissions of a log file: for the operator alone.
const LOG_FILE_MODE: u32 = 0o600;

/// Telemetry could not start.
#[derive(Debug, thiserror::Error)]
#[error("{}: the log file cannot be opened ({kind})", file.display())]
pub struct TelemetryError {
    file: PathBuf,
    kind: std::io::ErrorKind,
}

impl TelemetryError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        Reason::ConfigInvalid
    }
}

/// Starts telemetry for the whole process. Where a subscriber stands already (several parties in
/// one process, as in tests) it stays.
///
/// # Errors
/// [`TelemetryError`] when the log file cannot be opened.
pub fn init(log: &Log) -> Result<(), TelemetryError> {
    let out: Box<dyn Write + Send> = match &log.file {
        Some(file) => Box::new(append_to(file.path())?),
        None => Box::new(std::io::stderr()),
    };
    // An error here means only that a subscriber stands already.
    let _ = tracing::subscriber::set_global_default(subscriber(log, out));
    Ok(())
}

/// The subscriber that `log` describes, writing to `out`.
pub fn subscriber(log: &Log, out: Box<dyn Write + Send>) -> impl tracing::Subscriber + use<> {
    let own = match log.level {
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
    };
    let filter = Targets::new().with_target(OWN, own).with_default(own.min(LevelFilter::WARN));
    let pretty = log.format == Form::Pretty;
    Registry::default().with(Lines::new(pretty, out).with_filter(filter))
}

/// A fresh correlation id: what a caller tells the operator about a fault, and what the operator
/// finds in the log. It is random and says nothing.
pub fn corr() -> String {
    static FALLBACK: AtomicU64 = AtomicU64::new(1);
    // Not a secret: if the system has no randomness, a number that is unique here will do.
    let id = getrandom::u64().unwrap_or_else(|_| FALLBACK.fetch_add(1, Ordering::Relaxed));
    format!("{id:016x}")
}

fn append_to(file: &Path) -> Result<std::fs::File, TelemetryError> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(LOG_FILE_MODE)
        .open(file)
        .map_err(|error| TelemetryError { file: file.to_owned(), kind: error.kind() })
}

#[cfg(test)]
mod tests;
