//! What adds up: durations, decisions, commits, what was dropped.
//!
//! Instruments are private, and each is fed by one function with typed arguments: a figure cannot
//! come with a label that is not foreseen here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use grondslag_core::tier::Verdict;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter, MeterProvider as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{
    InstrumentKind, ManualReader, Pipeline, SdkMeterProvider, Temporality,
};

use super::Level;
use super::call::Side;
use crate::limits::FREE_BYTES_STEP;

/// Name of the scope of all that is exported.
pub(super) const SCOPE: &str = "grondslag";

/// Ends of the histograms' buckets in seconds, as the conventions for RPC advise.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// The same for commits, which are quicker.
const COMMIT_SECONDS: [f64; 11] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];

/// The instruments of one process.
#[derive(Clone)]
pub(super) struct Meters {
    // Reading and instruments end with it.
    _provider: SdkMeterProvider,
    reader: Reader,
    answered: Histogram<f64>,
    asked: Histogram<f64>,
    decisions: Counter<u64>,
    commits: Histogram<f64>,
    dropped: Counter<u64>,
    store_free: Gauge<u64>,
    leaves: Gauge<u64>,
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meters(…)")
    }
}

impl Meters {
    pub(super) fn new(resource: Resource) -> Self {
        let reader = Reader(Arc::new(ManualReader::builder().build()));
        let provider = SdkMeterProvider::builder().with_resource(resource);
        let provider = provider.with_reader(reader.clone()).build();
        let meter = provider.meter(SCOPE);
        Self {
            _provider: provider,
            reader,
            answered: seconds(&meter, "rpc.server.call.duration", &SECONDS),
            asked: seconds(&meter, "rpc.client.call.duration", &SECONDS),
            decisions: meter.u64_counter("grondslag.decisions").with_unit("{decision}").build(),
            commits: seconds(&meter, "grondslag.store.commit.duration", &COMMIT_SECONDS),
            dropped: meter.u64_counter("grondslag.telemetry.dropped").with_unit("{span}").build(),
            store_free: meter.u64_gauge("grondslag.store.free").with_unit("By").build(),
            leaves: meter.u64_gauge("grondslag.ledger.leaves").with_unit("{leaf}").build(),
        }
    }

    /// A call ended; `attributes` are those of its span.
    pub(super) fn called(&self, side: Side, elapsed: Duration, attributes: &[KeyValue]) {
        let histogram = match side {
            Side::Answering => &self.answered,
            Side::Asking => &self.asked,
        };
        histogram.record(elapsed.as_secs_f64(), attributes);
    }

    pub(super) fn decided(&self, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Permit => "permit",
            Verdict::Review => "review",
            Verdict::Refuse => "refuse",
        };
        self.decisions.add(1, &[KeyValue::new("grondslag.verdict", verdict)]);
    }

    pub(super) fn committed(&self, elapsed: Duration) {
        self.commits.record(elapsed.as_secs_f64(), &[]);
    }

    pub(super) fn dropped(&self, spans: u64) {
        self.dropped.add(spans, &[]);
    }

    pub(super) fn stands_at(&self, level: Level, figure: u64) {
        match level {
            Level::StoreFree => {
                self.store_free.record(figure - figure % FREE_BYTES_STEP, &[]);
            }
            Level::Leaves(ledger) => {
                self.leaves.record(figure, &[KeyValue::new("grondslag.ledger", ledger)]);
            }
        }
    }

    /// Everything as it stands now; nothing when it cannot be read.
    pub(super) fn collect(&self) -> Option<ResourceMetrics> {
        let mut all = ResourceMetrics::default();
        self.reader.collect(&mut all).ok()?;
        Some(all)
    }
}

fn seconds(meter: &Meter, name: &'static str, ends: &[f64]) -> Histogram<f64> {
    meter.f64_histogram(name).with_unit("s").with_boundaries(ends.to_vec()).build()
}

/// A reader that the exporter asks when it is time, instead of a thread of its own.
#[derive(Debug, Clone)]
struct Reader(Arc<ManualReader>);

impl MetricReader for Reader {
    fn register_pipeline(&self, pipeline: std::sync::Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, into: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(into)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, kind: InstrumentKind) -> Temporality {
        self.0.temporality(kind)
    }
}
