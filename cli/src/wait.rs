//! Runs what a command must wait for.

use std::future::Future;

use grondslag_core::reason::Reason;

use crate::exit::Failure;
use crate::limits::THREADS;

/// Runs a future to its end. A command calls this once, at its top.
pub(crate) fn wait<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Reason::Internal, error))?;
    runtime.block_on(future)
}
