//! The task that sends what there is to the collector.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use opentelemetry_otlp::{
    ExporterBuildError, MetricExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter as _;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, timeout};
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::Inner;
use super::allowed::allowed;
use crate::limits::{
    EXPORT_LAST_MS_MAX, EXPORT_MS_MAX, EXPORT_WARNING_MS, FIGURE_MS_MAX, SPANS_BATCH_MAX,
    SPANS_QUEUE_MAX,
};
use crate::net::{Io, Net, NetError};
use crate::shutdown::Shutdown;

/// What the task works with.
pub(super) struct Exporter {
    queue: mpsc::Receiver<SpanData>,
    resource: Resource,
}

impl Exporter {
    pub(super) fn new(queue: mpsc::Receiver<SpanData>, resource: Resource) -> Self {
        Self { queue, resource }
    }

    /// Exports at the interval, or earlier when the queue fills, until the end is asked for; then
    /// once more.
    pub(super) async fn run(self, inner: Arc<Inner>, net: Arc<dyn Net>, shutdown: Shutdown) {
        let Some(mut sending) = Sending::open(self, &inner, net) else {
            tracing::warn!("telemetry is not exported: the environment asks for what it cannot do");
            return;
        };
        let mut ticks = tokio::time::interval(inner.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut well = true;
        loop {
            tokio::select! {
                () = shutdown.requested() => break,
                _ = ticks.tick() => {}
                // A collector that fails is not tried again before its time.
                () = inner.filling.notified(), if well => {}
            }
            tokio::select! {
                () = shutdown.requested() => break,
                went = sending.turn(&inner) => well = went,
            }
        }
        let last = Duration::from_millis(EXPORT_LAST_MS_MAX);
        let _ = timeout(last, sending.turn(&inner)).await;
    }
}

struct Sending {
    queue: mpsc::Receiver<SpanData>,
    spans: SpanExporter,
    metrics: MetricExporter,
    warned: Option<Instant>,
}

impl Sending {
    /// Nothing is connected yet. It fails only when variables of the environment ask the library
    /// for what was not built in.
    fn open(exporter: Exporter, inner: &Inner, net: Arc<dyn Net>) -> Option<Self> {
        let channel = channel(inner, net)?;
        let spans = span_exporter(channel.clone());
        let (mut spans, metrics) = (spans.ok()?, metric_exporter(channel).ok()?);
        spans.set_resource(&exporter.resource);
        Some(Self { queue: exporter.queue, spans, metrics, warned: None })
    }

    /// Sends what there is; false when the collector did not take it.
    async fn turn(&mut self, inner: &Inner) -> bool {
        let well = self.send_spans(inner).await & self.send_metrics(inner).await;
        let lost = inner.lost.load(Ordering::Relaxed);
        if (!well || lost > 0) && self.may_warn() {
            let count = inner.lost.swap(0, Ordering::Relaxed);
            tracing::warn!(count, "the collector does not take all telemetry; calls go on");
        }
        well
    }

    async fn send_spans(&mut self, inner: &Inner) -> bool {
        // No more than were there at the beginning: others come meanwhile.
        for _ in 0..SPANS_QUEUE_MAX.div_ceil(SPANS_BATCH_MAX) {
            let mut batch = Vec::new();
            while batch.len() < SPANS_BATCH_MAX
                && let Ok(span) = self.queue.try_recv()
            {
                batch.push(allowed(span));
            }
            if batch.is_empty() {
                break;
            }
            // Counted as lost until they are taken, also when the end comes in between.
            let lost = Lost { inner, count: batch.len() };
            if !within(self.spans.export(batch)).await {
                return false;
            }
            lost.none();
        }
        true
    }

    async fn send_metrics(&mut self, inner: &Inner) -> bool {
        for figure in inner.figures() {
            let longest = Duration::from_millis(FIGURE_MS_MAX);
            if let Ok(Some(value)) = timeout(longest, (figure.read)()).await {
                inner.meters.stands_at(figure.level, value);
            }
        }
        match inner.meters.collect() {
            Some(all) => within(self.metrics.export(&all)).await,
            None => true,
        }
    }

    fn may_warn(&mut self) -> bool {
        let pause = Duration::from_millis(EXPORT_WARNING_MS);
        let may = self.warned.is_none_or(|at| at.elapsed() >= pause);
        if may {
            self.warned = Some(Instant::now());
        }
        may
    }
}

/// Spans on their way.
struct Lost<'a> {
    inner: &'a Inner,
    count: usize,
}

impl Lost<'_> {
    /// They arrived.
    fn none(mut self) {
        self.count = 0;
    }
}

impl Drop for Lost<'_> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.inner.drop_spans(self.count);
        }
    }
}

/// Whether an export went well, within its bound.
async fn within<E>(export: impl Future<Output = Result<(), E>>) -> bool {
    let longest = Duration::from_millis(EXPORT_MS_MAX);
    matches!(timeout(longest, export).await, Ok(Ok(())))
}

fn span_exporter(channel: Channel) -> Result<SpanExporter, ExporterBuildError> {
    let longest = Duration::from_millis(EXPORT_MS_MAX);
    SpanExporter::builder().with_tonic().with_channel(channel).with_timeout(longest).build()
}

fn metric_exporter(channel: Channel) -> Result<MetricExporter, ExporterBuildError> {
    let longest = Duration::from_millis(EXPORT_MS_MAX);
    MetricExporter::builder().with_tonic().with_channel(channel).with_timeout(longest).build()
}

/// A channel that connects at the first export, over the same network as everything else.
fn channel(inner: &Inner, net: Arc<dyn Net>) -> Option<Channel> {
    let (collector, longest) = (inner.collector, Duration::from_millis(EXPORT_MS_MAX));
    let endpoint = Endpoint::from_shared(format!("http://{collector}")).ok()?.timeout(longest);
    Some(endpoint.connect_with_connector_lazy(service_fn(move |_: Uri| {
        let net = net.clone();
        async move {
            let stream: Box<dyn Io> = net.connect(&collector.to_string(), longest).await?;
            let stream = match net.tap() {
                Some(tap) => tap.on(stream),
                None => stream,
            };
            Ok::<_, NetError>(TokioIo::new(stream))
        }
    })))
}
