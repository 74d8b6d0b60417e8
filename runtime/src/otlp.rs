//! Traces and metrics for the operator's own collector: a copy that may fail, off by default.
//!
//! Life of a figure: a call ends (`call`); its span is put in a bounded queue without waiting,
//! or dropped and counted, and its duration is added up (`meters`); a background task
//! (`export`) sends at an interval what there is, each attempt within a bound. Nothing here can
//! slow or stop a call: nobody waits for the queue, the collector or the task. When it is off there
//! is no queue, no task and no connection.
//!
//! What leaves is closed by construction. A span is made here alone, from a method of the protocol,
//! a status code and the address of an organisation; no error text, no field of a log line and no
//! word of a caller can get into it. `allowed` looks at every span once more on its way out.
//!
//! INVARIANT: no span and no metric depends on the child. At a node they say of a call what its
//! caller sees too: which method, which status code, and a duration that ends on the tick.

mod allowed;
mod call;
#[cfg(any(test, feature = "testing"))]
pub mod collector;
mod export;
mod flow;
mod meters;
mod store;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use grondslag_core::id::Oin;
use grondslag_core::tier::Verdict;
use grondslag_evidence::store::Store;
use opentelemetry_sdk::trace::SpanData;
use tokio::sync::{Notify, mpsc};

use self::export::Exporter;
use self::meters::Meters;
use self::store::WatchedStore;
use crate::config::Telemetry;
use crate::limits::{FIGURES_MAX, SPANS_QUEUE_MAX};
use crate::run::Context;

pub(crate) use self::call::told;
pub(crate) use self::flow::OfTarget;

pub use self::allowed::ATTRIBUTES;
pub use self::flow::{Flow, Incoming};

/// The copy that an operator's collector gets. Every clone adds to the same one; the default is
/// off, and costs nothing.
#[derive(Clone, Default)]
pub struct Otlp(Option<Arc<Inner>>);

pub(crate) struct Inner {
    collector: SocketAddr,
    interval: Duration,
    spans: mpsc::Sender<SpanData>,
    // Wakes the exporter before its time when the queue is half full.
    filling: Notify,
    meters: Meters,
    // Spans lost since the last warning.
    lost: AtomicU64,
    // Held to add one or to copy the list, never while waiting.
    figures: Mutex<Vec<Figure>>,
    // Until the exporter starts.
    unstarted: Mutex<Option<Exporter>>,
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Otlp(on)" } else { "Otlp(off)" })
    }
}

type Read = dyn Fn() -> Pin<Box<dyn Future<Output = Option<u64>> + Send>> + Send + Sync;

/// A figure that is read when it is exported.
#[derive(Clone)]
struct Figure {
    level: Level,
    read: Arc<Read>,
}

/// What stands at a height, rather than adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Free bytes on the disk of the store, in coarse steps.
    StoreFree,
    /// Leaves of a ledger.
    Leaves(&'static str),
}

impl Otlp {
    /// As configured; nothing is started or connected before [`Otlp::begin`].
    pub(crate) fn of(section: &Telemetry, process: &'static str, oin: &Oin) -> Self {
        let Some(collector) = section.otlp_endpoint else { return Self(None) };
        let (spans, queue) = mpsc::channel(SPANS_QUEUE_MAX);
        let resource = allowed::resource(process, oin);
        let meters = Meters::new(resource.clone());
        Self(Some(Arc::new(Inner {
            collector: collector.address(),
            interval: section.interval_ms.ms(),
            spans,
            filling: Notify::new(),
            unstarted: Mutex::new(Some(Exporter::new(queue, resource))),
            meters,
            lost: AtomicU64::new(0),
            figures: Mutex::default(),
        })))
    }

    /// Starts the exporter, once. Where it cannot be started the process goes on without.
    pub(crate) fn begin(&self, context: &Context) {
        let Some(inner) = &self.0 else { return };
        self.reads(Level::StoreFree, &context.store, |store: Arc<dyn Store>| async move {
            store.health().await.free_bytes
        });
        let unstarted = inner.unstarted.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(exporter) = unstarted else { return };
        let (net, shutdown) = (context.net.clone(), context.shutdown.clone());
        let exporting = exporter.run(inner.clone(), net, shutdown);
        if context.tasks.spawn(exporting).is_err() {
            tracing::warn!("telemetry is not exported: there is no place for its task");
        }
    }

    /// Reads a figure whenever there is an export, for as long as what it is read from lives.
    pub fn reads<T, F>(
        &self,
        level: Level,
        of: &Arc<T>,
        read: impl Fn(Arc<T>) -> F + Clone + Send + Sync + 'static,
    ) where
        T: ?Sized + Send + Sync + 'static,
        F: Future<Output = Option<u64>> + Send + 'static,
    {
        let Some(inner) = &self.0 else { return };
        let of: Weak<T> = Arc::downgrade(of);
        let read: Arc<Read> = Arc::new(move || {
            let (of, read) = (of.upgrade(), read.clone());
            Box::pin(async move { read(of?).await })
        });
        let mut figures = inner.figures.lock().unwrap_or_else(PoisonError::into_inner);
        if figures.len() < FIGURES_MAX {
            figures.push(Figure { level, read });
        }
    }

    /// Counts decisions. For who decides on what it may see: of a holder's decisions no figure is
    /// kept, since on a miss there is none.
    pub fn decided(&self, verdicts: impl IntoIterator<Item = Verdict>) {
        if let Some(inner) = &self.0 {
            verdicts.into_iter().for_each(|verdict| inner.meters.decided(verdict));
        }
    }

    /// The same store, whose commits are timed. Not for a node: what it writes for a known child
    /// and for an unknown one need not be the same number of commits.
    pub fn watched(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        match &self.0 {
            Some(inner) => Arc::new(WatchedStore::new(store, inner.meters.clone())),
            None => store,
        }
    }
}

impl Inner {
    /// Takes the span of a call that ended; never waits.
    fn ended(&self, span: SpanData) {
        if self.spans.try_send(span).is_err() {
            self.drop_spans(1);
        } else if self.spans.capacity() < SPANS_QUEUE_MAX / 2 {
            self.filling.notify_one();
        }
    }

    fn drop_spans(&self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.lost.fetch_add(count, Ordering::Relaxed);
        self.meters.dropped(count);
    }

    fn figures(&self) -> Vec<Figure> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests;
