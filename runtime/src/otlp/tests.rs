use std::collections::BTreeSet;

use async_trait::async_trait;
use grondslag_core::id::TargetId;
use grondslag_proto::v1;
use grondslag_proto::v1::directory_service_client::DirectoryServiceClient;
use grondslag_proto::v1::directory_service_server::{DirectoryService, DirectoryServiceServer};
use opentelemetry::trace::{SpanContext, SpanKind, Status as SpanStatus, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, SpanId, TraceId};
use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::collector::{Collector, Manner, Taken};
use super::*;
use crate::call::flow;
use crate::channel::{Channels, of_target, within};
use crate::net::{Io, Listener, Net, NetError, TcpNet};
use crate::run::tests::context;
use crate::server::{Callers, Server};
use crate::test_region::{Agency, Running, Slow, TestRegion, free, soon};

const LIST: &str = "grondslag.v1.DirectoryService/ListCards";
const EPOCH: &str = "grondslag.v1.DirectoryService/ShowEpoch";

/// A directory that keeps the headers of its calls, answers one, refuses one with a text that
/// names a child, and never ends a third.
#[derive(Clone, Default)]
struct Stub {
    target: Option<TargetId>,
    headers: Arc<Mutex<Vec<(String, String)>>>,
}

impl Stub {
    fn heard<T>(&self, request: &Request<T>) {
        if let Some(target) = &self.target {
            flow(request).of(target);
        }
        let headers = request.metadata().clone().into_headers();
        let text = |value: &tonic::codegen::http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value)));
        self.headers.lock().unwrap().extend(headers);
    }

    fn header(&self, name: &str) -> Option<String> {
        let headers = self.headers.lock().unwrap();
        headers.iter().rev().find(|(one, _)| one == name).map(|(_, value)| value.clone())
    }
}

#[async_trait]
impl DirectoryService for Stub {
    async fn list_cards(
        &self,
        request: Request<v1::ListCardsRequest>,
    ) -> Result<Response<v1::ListCardsResponse>, Status> {
        self.heard(&request);
        Ok(Response::new(v1::ListCardsResponse::default()))
    }

    async fn publish_card(
        &self,
        _: Request<v1::PublishCardRequest>,
    ) -> Result<Response<v1::PublishCardResponse>, Status> {
        std::future::pending().await
    }

    async fn show_epoch(
        &self,
        request: Request<v1::ShowEpochRequest>,
    ) -> Result<Response<v1::ShowEpochResponse>, Status> {
        self.heard(&request);
        Err(Status::unavailable("Noor Jansen, 999990019"))
    }
}

/// Two parties: one that asks and one that answers, with a collector each.
struct Pair {
    near: Context,
    // Its tasks end with it.
    _there: Context,
    channels: Channels,
    far: Agency,
    running: Running,
    stub: Stub,
}

impl Pair {
    async fn new(more: &str, incoming: Incoming, target: Option<TargetId>) -> Self {
        let region = TestRegion::new();
        let (near, far) = (region.agency(1), region.agency(2));
        let (near, there) = (context(&near, more).await, context(&far, more).await);
        let stub = Stub { target, ..Stub::default() };
        let server = Server::region("test", far.tls.clone(), &there.limits)
            .telling(&there.otlp, incoming)
            .add(DirectoryServiceServer::new(stub.clone()), Callers::verified());
        let running = Running::start(server.bind(&TcpNet, free()).await.unwrap(), Slow::default());
        near.otlp.begin(&near);
        there.otlp.begin(&there);
        Self { channels: near.channels(), near, _there: there, far, running, stub }
    }

    fn client(&self) -> DirectoryServiceClient<crate::channel::Telling> {
        let endpoint = self.running.address.to_string();
        DirectoryServiceClient::new(self.channels.to(&self.far.oin, &endpoint).unwrap())
    }

    async fn list(&self, target: Option<TargetId>) {
        let request = within(v1::ListCardsRequest {}, Duration::from_secs(10));
        let request = match target {
            Some(target) => of_target(request, target),
            None => request,
        };
        soon(self.client().list_cards(request)).await.unwrap();
    }
}

fn of<'a>(spans: &'a [Taken], method: &str) -> Vec<&'a Taken> {
    spans.iter().filter(|taken| taken.span.name == method).collect()
}

fn ends<'a>(spans: &[&'a Taken]) -> (&'a Taken, &'a Taken) {
    // As the wire numbers them.
    let (server, client) = (2, 3);
    let one = |kind: i32| *spans.iter().find(|taken| taken.span.kind == kind).unwrap();
    (one(client), one(server))
}

#[tokio::test]
async fn both_ends_of_a_call_arrive_with_the_names_of_the_conventions_and_nothing_else() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let pair = Pair::new(&collector.section(), Incoming::Taken, None).await;
    pair.list(None).await;
    let refused = pair.client().show_epoch(v1::ShowEpochRequest {}).await.unwrap_err();
    assert!(refused.message().contains("Noor"), "the error text reaches the caller");
    assert!(collector.wait(|spans| spans.len() == 4).await, "{:?}", collector.spans());
    let spans = collector.spans();
    let (client, server) = ends(&of(&spans, LIST));
    let port = pair.running.address.port().to_string();
    let well = [("rpc.system.name", "grpc"), ("rpc.method", LIST)];
    let well = [&well[..], &[("rpc.response.status_code", "OK")]].concat();
    let at = [("server.address", "127.0.0.1"), ("server.port", port.as_str())];
    assert_eq!(server.attributes(), owned(&well));
    assert_eq!(client.attributes(), owned(&[&well[..], &at].concat()));
    // One trace, and the server's span hangs from the client's.
    assert_eq!(client.span.trace_id, server.span.trace_id);
    assert_eq!(client.span.span_id, server.span.parent_span_id);
    assert!(client.span.parent_span_id.is_empty());

    let (client, server) = ends(&of(&spans, EPOCH));
    for end in [client, server] {
        assert_eq!(end.attribute("rpc.response.status_code").unwrap(), "UNAVAILABLE");
        assert_eq!(end.attribute("error.type").unwrap(), "UNAVAILABLE");
        assert_eq!(end.span.status.as_ref().unwrap().message, "");
        assert!(end.span.events.is_empty() && end.span.links.is_empty());
    }
    assert!(spans.iter().all(|taken| taken.process == "grondslag-plain"));
    assert!(spans.iter().any(|taken| taken.oin == pair.far.oin.as_str()));
    let all = collector.everything();
    assert!(!all.contains("Noor") && !all.contains("99999001"), "{all}");

    let metrics = ["grondslag.store.free", "rpc.client.call.duration", "rpc.server.call.duration"];
    let metrics = &metrics[1..]; // a store in memory has no disk
    assert_eq!(collector.metrics("grondslag-plain"), metrics);
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_call_carries_where_it_stands_and_no_baggage() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let pair = Pair::new(&collector.section(), Incoming::Taken, None).await;
    pair.list(None).await;
    let header = pair.stub.header("traceparent").unwrap();
    assert!(header.starts_with("00-") && header.len() == 55, "{header}");
    assert_eq!((pair.stub.header("baggage"), pair.stub.header("tracestate")), (None, None));
    // The next call is a trace of its own.
    pair.list(None).await;
    let next = pair.stub.header("traceparent").unwrap();
    assert_ne!(header[3..35], next[3..35]);
}

#[tokio::test]
async fn the_flow_of_a_target_has_its_id_at_both_ends_and_no_other_trace_gets_in() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let target = TargetId::new([7; 16]);
    let pair = Pair::new(&collector.section(), Incoming::Left, Some(target)).await;
    pair.list(Some(target)).await;
    assert!(collector.wait(|spans| spans.len() == 2).await);
    let spans = collector.spans();
    let (client, server) = ends(&of(&spans, LIST));
    assert_eq!((client.trace(), server.trace()), ("07".repeat(16), "07".repeat(16)));
    assert_eq!(server.span.parent_span_id, client.span.span_id);
    // A call that comes with another trace, as an inquiry's would, is put in the target's own.
    pair.list(None).await;
    assert!(collector.wait(|spans| spans.len() == 4).await);
    let spans = collector.spans();
    let (client, server) = ends(&of(&spans[2..], LIST));
    assert_ne!(client.trace(), "07".repeat(16));
    assert_eq!(server.trace(), "07".repeat(16));
    assert!(server.span.parent_span_id.is_empty());
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_was_cancelled() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let pair = Pair::new(&collector.section(), Incoming::Left, None).await;
    let mut client = pair.client();
    let call = client.publish_card(v1::PublishCardRequest { card: None });
    assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err());
    assert!(collector.wait(|spans| spans.len() == 2).await);
    for end in collector.spans() {
        assert_eq!(end.attribute("rpc.response.status_code").unwrap(), "CANCELLED");
    }
}

#[tokio::test]
async fn a_method_that_is_not_of_the_protocol_leaves_under_no_name_of_its_own() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let pair = Pair::new(&collector.section(), Incoming::Left, None).await;
    let endpoint = pair.running.address.to_string();
    let channel = pair.channels.to(&pair.far.oin, &endpoint).unwrap();
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let path = "/grondslag.v1.DirectoryService/Noor999990019".parse().unwrap();
    let codec = tonic_prost_codec();
    let answer = grpc.unary(Request::new(v1::ListCardsRequest {}), path, codec).await;
    assert!(answer.is_err());
    assert!(collector.wait(|spans| spans.len() == 2).await);
    assert!(collector.spans().iter().all(|taken| taken.span.name == "_OTHER"));
    assert!(!collector.everything().contains("Noor"));
}

fn tonic_prost_codec() -> tonic_prost::ProstCodec<v1::ListCardsRequest, v1::ListCardsResponse> {
    tonic_prost::ProstCodec::default()
}

/// A span as somebody might make it who does not know the list.
fn planted() -> SpanData {
    let text = |name: &'static str, value: &'static str| KeyValue::new(name, value);
    let start_time = std::time::UNIX_EPOCH;
    let (trace, span) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
    let state = TraceState::from_key_value([("child", "noor")]).unwrap();
    SpanData {
        span_context: SpanContext::new(trace, span, TraceFlags::SAMPLED, false, state),
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Server,
        name: "Noor".into(),
        start_time,
        end_time: start_time,
        attributes: vec![
            text("rpc.method", LIST),
            text("child", "Noor"),
            text("rpc.response.status_code", "Noor"),
            text("error.type", "the file of Noor"),
            text("server.address", "Noor Jansen"),
            text("rpc.system.name", "999990019"),
            KeyValue::new("server.port", 999_990_019_i64),
            KeyValue::new("bsn", 999_990_019_i64),
        ],
        dropped_attributes_count: 1,
        events: {
            let mut events = SpanEvents::default();
            events.events.push(opentelemetry::trace::Event::with_name("Noor"));
            events
        },
        links: SpanLinks::default(),
        status: SpanStatus::error("Noor"),
        instrumentation_scope: InstrumentationScope::builder("grondslag").build(),
    }
}

#[tokio::test]
async fn a_span_with_more_in_it_than_is_allowed_leaves_without() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let region = TestRegion::new();
    let near = context(&region.agency(1), &collector.section()).await;
    near.otlp.begin(&near);
    near.otlp.0.as_ref().unwrap().ended(planted());
    assert!(collector.wait(|spans| spans.len() == 1).await);
    let [taken] = &collector.spans()[..] else { panic!("one span") };
    // What is allowed did arrive.
    assert_eq!(taken.attributes(), owned(&[("rpc.method", LIST)]));
    assert_eq!((taken.span.name.as_str(), taken.trace()), ("_OTHER", "01".repeat(16)));
    let all = collector.everything().to_lowercase();
    assert!(!all.contains("noor") && !all.contains("99999001"), "{all}");
    let names: BTreeSet<&str> = ATTRIBUTES.iter().copied().collect();
    assert!(taken.attributes().iter().all(|(name, _)| names.contains(name.as_str())));
}

/// A network that counts who is dialled.
#[derive(Debug, Default)]
struct Counting(AtomicU64);

#[async_trait]
impl Net for Counting {
    async fn listen(&self, address: SocketAddr) -> Result<Box<dyn Listener>, NetError> {
        TcpNet.listen(address).await
    }

    async fn connect(&self, endpoint: &str, wait_max: Duration) -> Result<Box<dyn Io>, NetError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        TcpNet.connect(endpoint, wait_max).await
    }
}

#[tokio::test]
async fn nobody_is_dialled_and_nothing_is_started_unless_it_is_configured() {
    let region = TestRegion::new();
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    for (own, more, dialled) in [(1, String::new(), false), (2, collector.section(), true)] {
        let mut near = context(&region.agency(own), &more).await;
        let net = Arc::new(Counting::default());
        near.net = net.clone();
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        near.otlp.begin(&near);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let more_tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks() - tasks;
        assert_eq!(net.0.load(Ordering::Relaxed) > 0, dialled);
        assert_eq!(more_tasks > 0, dialled, "{more_tasks}");
        assert_eq!(format!("{:?}", near.otlp) == "Otlp(on)", dialled);
        near.shutdown.trigger();
    }
}

#[tokio::test]
async fn a_call_does_not_carry_a_trace_when_it_is_off() {
    let pair = Pair::new("", Incoming::Taken, None).await;
    pair.list(Some(TargetId::new([7; 16]))).await;
    assert_eq!(pair.stub.header("traceparent"), None);
}

#[tokio::test]
async fn calls_go_on_while_the_collector_hangs_refuses_or_is_away() {
    let nobody = {
        let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = place.local_addr().unwrap();
        format!("[telemetry]\notlp_endpoint = \"http://{address}\"\ninterval_ms = 100\n")
    };
    let hangs = Collector::start(Manner::Hangs).await.unwrap();
    let refuses = Collector::start(Manner::Refuses).await.unwrap();
    for section in [hangs.section(), refuses.section(), nobody] {
        let pair = Pair::new(&section, Incoming::Taken, None).await;
        let since = Instant::now();
        for _ in 0..50 {
            pair.list(None).await;
        }
        assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
        // The end of the process is not held up either.
        pair.near.shutdown.trigger();
        let end = pair.near.tasks.drain(Duration::from_secs(10), &pair.near.shutdown);
        let since = Instant::now();
        end.await;
        assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    }
    assert!(hangs.calls() > 0 && refuses.calls() > 0);
    assert!(hangs.spans().is_empty() && refuses.spans().is_empty());
}

#[tokio::test]
async fn what_a_full_queue_cannot_hold_is_dropped_at_once_and_counted() {
    let hangs = Collector::start(Manner::Hangs).await.unwrap();
    let region = TestRegion::new();
    let near = context(&region.agency(1), &hangs.section()).await;
    let inner = near.otlp.0.clone().unwrap();
    // Nothing is taken out of the queue before the exporter begins.
    for _ in 0..SPANS_QUEUE_MAX + 5 {
        inner.ended(planted());
    }
    assert_eq!(inner.lost.load(Ordering::Relaxed), 5);
    assert_eq!(inner.spans.capacity(), 0);
}

#[tokio::test]
async fn free_bytes_are_told_in_coarse_steps_and_a_figure_ends_with_what_it_is_of() {
    let collector = Collector::start(Manner::Keeps).await.unwrap();
    let region = TestRegion::new();
    let near = context(&region.agency(1), &collector.section()).await;
    let (disk, ledger) = (Arc::new(crate::limits::FREE_BYTES_STEP * 3 + 17), Arc::new(42_u64));
    near.otlp.reads(Level::StoreFree, &disk, |bytes| async move { Some(*bytes) });
    near.otlp.reads(Level::Leaves("broker"), &ledger, |leaves| async move { Some(*leaves) });
    near.otlp.decided([Verdict::Permit, Verdict::Permit, Verdict::Refuse]);
    near.otlp.begin(&near);
    let points = |name: &str| collector.points("grondslag-plain", name);
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !points("grondslag.decisions").is_empty() {
            break;
        }
    }
    assert_eq!(points("grondslag.store.free"), [(vec![], crate::limits::FREE_BYTES_STEP * 3)]);
    let label = owned(&[("grondslag.ledger", "broker")]);
    assert_eq!(points("grondslag.ledger.leaves"), [(label, 42)]);
    let mut decisions = points("grondslag.decisions");
    decisions.sort();
    let label = |verdict| owned(&[("grondslag.verdict", verdict)]);
    assert_eq!(decisions, [(label("permit"), 2), (label("refuse"), 1)]);
    drop(ledger);
    let inner = near.otlp.0.clone().unwrap();
    let read = inner.figures()[1].read.clone();
    assert_eq!(read().await, None);
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn that_the_collector_fails_is_said_once_a_minute_and_not_at_every_export() {
    let page = Page::default();
    let lines =
        crate::telemetry::subscriber(&crate::config::Log::default(), Box::new(page.clone()));
    let _lines = tracing::subscriber::set_default(lines);
    let refuses = Collector::start(Manner::Refuses).await.unwrap();
    let region = TestRegion::new();
    let near = context(&region.agency(1), &refuses.section()).await;
    near.otlp.begin(&near);
    let inner = near.otlp.0.clone().unwrap();
    for _ in 0..20 {
        inner.ended(planted());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(refuses.calls() > 2, "it was tried again and again");
    let page = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    assert_eq!(page.matches("the collector does not take all telemetry").count(), 1, "{page}");
    assert_eq!(page.lines().count(), 1, "no library adds lines of its own: {page}");
}
