//! A collector for tests: it keeps what it gets, or behaves as badly as a test wants.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::TraceId;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point;
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::server::Server;
use tonic::{Request, Response, Status};

/// What a collector does with what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Keeps it.
    Keeps,
    /// Says that it cannot.
    Refuses,
    /// Says nothing, for ever.
    Hangs,
}

/// A collector on a port of its own. Every clone is the same one.
#[derive(Debug, Clone)]
pub struct Collector {
    address: SocketAddr,
    manner: Manner,
    got: Arc<Mutex<Got>>,
}

#[derive(Debug, Default)]
struct Got {
    calls: usize,
    spans: Vec<Taken>,
    metrics: Vec<Measured>,
}

/// One metric, and who sent it.
#[derive(Debug)]
struct Measured {
    process: String,
    oin: String,
    metric: Metric,
}

/// One span, and who sent it.
#[derive(Debug, Clone)]
pub struct Taken {
    /// `service.name` of the sender.
    pub process: String,
    /// `service.instance.id` of the sender: its organisation.
    pub oin: String,
    /// The span as it arrived.
    pub span: Span,
}

impl Taken {
    /// Its trace, in hexadecimal.
    pub fn trace(&self) -> String {
        let id = <[u8; 16]>::try_from(self.span.trace_id.as_slice());
        id.map_or(TraceId::INVALID, TraceId::from_bytes).to_string()
    }

    /// Its attributes, in the order in which they were sent.
    pub fn attributes(&self) -> Vec<(String, String)> {
        pairs(&self.span.attributes)
    }

    /// One attribute.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().into_iter().find(|(one, _)| one == name).map(|(_, value)| value)
    }
}

/// Every label that a metric came with, and how much it counts under each.
pub type Points = Vec<(Vec<(String, String)>, u64)>;

impl Collector {
    /// Starts to listen.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(manner: Manner) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let own = Self { address, manner, got: Arc::default() };
        let serving = Server::builder()
            .add_service(TraceServiceServer::new(own.clone()))
            .add_service(MetricsServiceServer::new(own.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        Ok(own)
    }

    /// The section that sends a process here, ten times a second.
    pub fn section(&self) -> String {
        let address = self.address;
        format!("[telemetry]\notlp_endpoint = \"http://{address}\"\ninterval_ms = 100\n")
    }

    /// How often it was called.
    pub fn calls(&self) -> usize {
        self.got().calls
    }

    /// The spans that it got.
    pub fn spans(&self) -> Vec<Taken> {
        self.got().spans.clone()
    }

    /// Waits until it got spans as wanted: at most ten seconds.
    pub async fn wait(&self, wanted: impl Fn(&[Taken]) -> bool) -> bool {
        for _ in 0..500 {
            if wanted(&self.got().spans) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }

    /// Names of the metrics that a process sent, each once.
    pub fn metrics(&self, process: &str) -> Vec<String> {
        let got = self.got();
        let sent = got.metrics.iter().filter(|sent| sent.process == process);
        let mut names: Vec<String> = sent.map(|sent| sent.metric.name.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The latest points of a metric of a kind of process, of all organisations that have one; a
    /// histogram counts what it was fed.
    pub fn points(&self, process: &str, name: &str) -> Points {
        let got = self.got();
        let latest = got.metrics.iter().rev();
        let latest = latest.filter(|sent| sent.process == process && sent.metric.name == name);
        let mut seen = BTreeSet::new();
        let of_each = latest.filter(|sent| seen.insert(sent.oin.as_str()));
        of_each.flat_map(|sent| points(&sent.metric)).collect()
    }

    /// All that it got, as text, to look for what must not be in it.
    pub fn everything(&self) -> String {
        format!("{:?}", self.got())
    }

    fn got(&self) -> MutexGuard<'_, Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn manner(&self) -> Result<(), Status> {
        self.got().calls += 1;
        match self.manner {
            Manner::Keeps => Ok(()),
            Manner::Refuses => Err(Status::resource_exhausted("no")),
            Manner::Hangs => std::future::pending().await,
        }
    }
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.manner().await?;
        let mut got = self.got();
        for of_process in request.into_inner().resource_spans {
            let resource = of_process.resource.unwrap_or_default().attributes;
            let (process, oin) =
                (named(&resource, "service.name"), named(&resource, "service.instance.id"));
            let spans = of_process.scope_spans.into_iter().flat_map(|of_scope| of_scope.spans);
            got.spans.extend(spans.map(|span| {
                let (process, oin) = (process.clone(), oin.clone());
                Taken { process, oin, span }
            }));
        }
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        self.manner().await?;
        let mut got = self.got();
        for of_process in request.into_inner().resource_metrics {
            let resource = of_process.resource.unwrap_or_default().attributes;
            let (process, oin) =
                (named(&resource, "service.name"), named(&resource, "service.instance.id"));
            let metrics = of_process.scope_metrics.into_iter().flat_map(|scope| scope.metrics);
            got.metrics.extend(metrics.map(|metric| {
                let (process, oin) = (process.clone(), oin.clone());
                Measured { process, oin, metric }
            }));
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn points(metric: &Metric) -> Points {
    let number = |value: &Option<number_data_point::Value>| match value {
        Some(number_data_point::Value::AsInt(value)) => u64::try_from(*value).unwrap_or_default(),
        _ => 0,
    };
    match &metric.data {
        Some(Data::Sum(sum)) => {
            let points = sum.data_points.iter();
            points.map(|point| (sorted(&point.attributes), number(&point.value))).collect()
        }
        Some(Data::Gauge(gauge)) => {
            let points = gauge.data_points.iter();
            points.map(|point| (sorted(&point.attributes), number(&point.value))).collect()
        }
        Some(Data::Histogram(histogram)) => {
            let points = histogram.data_points.iter();
            points.map(|point| (sorted(&point.attributes), point.count)).collect()
        }
        _ => Points::new(),
    }
}

fn named(attributes: &[KeyValue], name: &str) -> String {
    let found = pairs(attributes).into_iter().find(|(one, _)| one == name);
    found.map(|(_, value)| value).unwrap_or_default()
}

/// The SDK gives the labels of a point in no order.
fn sorted(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let mut pairs = pairs(attributes);
    pairs.sort();
    pairs
}

fn pairs(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let text = |value: &Option<AnyValue>| match value.as_ref().and_then(|v| v.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    attributes.iter().map(|pair| (pair.key.clone(), text(&pair.value))).collect()
}
