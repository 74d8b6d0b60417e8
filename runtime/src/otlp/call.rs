//! One call, from its first byte to its status, at either end.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use grondslag_proto::method;
use http_body::Frame;
use opentelemetry::trace::{SpanContext, SpanKind, Status as SpanStatus, TraceFlags, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue, SpanId};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::{Code, Status};

use super::allowed::{ADDRESS, ERROR, GRPC, METHOD, PORT, STATUS, SYSTEM, is_host, name_of};
use super::flow::{Flow, Incoming, OfTarget, Place, TRACEPARENT, fresh_span, traceparent};
use super::meters::SCOPE;
use super::{Inner, Otlp};
use crate::clock::system_ms;

/// At which end of a call we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Answering,
    Asking,
}

/// A call under way. One that is dropped before its status is known was cancelled.
pub(crate) struct Call {
    inner: Arc<Inner>,
    side: Side,
    method: &'static str,
    server: Option<(Arc<str>, u16)>,
    stands: Standing,
    span: SpanId,
    began_ms: i64,
    since: Instant,
    ended: bool,
}

enum Standing {
    At(Place),
    /// Until the end: the handler may find out to which flow the call belongs.
    Open(Flow),
}

impl Otlp {
    /// A call that arrived. The handler finds its [`Flow`] among the extensions.
    pub(crate) fn answering(&self, request: &mut Request<Body>, how: Incoming) -> Option<Call> {
        let inner = self.0.clone()?;
        let flow = Flow::answering(request.headers(), how)?;
        request.extensions_mut().insert(flow.clone());
        let called = method::of_path(request.uri().path());
        Call::begun(inner, Side::Answering, called, None, Standing::Open(flow))
    }

    /// A call that we make, to a server at this host and port. The other end is told where it
    /// stands.
    pub(crate) fn asking(
        &self,
        request: &mut Request<Body>,
        server: &(Arc<str>, u16),
    ) -> Option<Call> {
        let inner = self.0.clone()?;
        let place = Place::asking(request.extensions().get::<OfTarget>().copied())?;
        let called = method::of_path(request.uri().path());
        let server = is_host(&server.0).then(|| server.clone());
        let call = Call::begun(inner, Side::Asking, called, server, Standing::At(place))?;
        request.headers_mut().insert(TRACEPARENT, traceparent(place.trace, call.span)?);
        Some(call)
    }
}

impl Call {
    fn begun(
        inner: Arc<Inner>,
        side: Side,
        method: &'static str,
        server: Option<(Arc<str>, u16)>,
        stands: Standing,
    ) -> Option<Self> {
        Some(Self {
            inner,
            side,
            method,
            server,
            stands,
            span: fresh_span()?,
            began_ms: system_ms(),
            since: Instant::now(),
            ended: false,
        })
    }

    /// The call ended with this status.
    pub(crate) fn end(mut self, code: Code) {
        self.tell(code);
    }

    fn tell(&mut self, code: Code) {
        self.ended = true;
        let place = match &self.stands {
            Standing::At(place) => Some(*place),
            Standing::Open(flow) => flow.place(),
        };
        let Some(place) = place else { return };
        // Whole milliseconds: finer ones would say nothing that an operator needs.
        let elapsed = self.since.elapsed().as_millis();
        let elapsed = Duration::from_millis(u64::try_from(elapsed).unwrap_or(u64::MAX));
        let attributes = self.attributes(code);
        self.inner.meters.called(self.side, elapsed, &attributes);
        self.inner.ended(self.span_data(place, elapsed, code, attributes));
    }

    fn attributes(&self, code: Code) -> Vec<KeyValue> {
        let mut attributes = vec![
            KeyValue::new(SYSTEM, GRPC),
            KeyValue::new(METHOD, self.method),
            KeyValue::new(STATUS, name_of(code)),
        ];
        if is_error(self.side, code) {
            attributes.push(KeyValue::new(ERROR, name_of(code)));
        }
        if let Some((host, port)) = &self.server {
            attributes.push(KeyValue::new(ADDRESS, host.to_string()));
            attributes.push(KeyValue::new(PORT, i64::from(*port)));
        }
        attributes
    }

    fn span_data(
        &self,
        place: Place,
        elapsed: Duration,
        code: Code,
        attributes: Vec<KeyValue>,
    ) -> SpanData {
        let start_time = moment(self.began_ms);
        let (trace, sampled) = (place.trace, TraceFlags::SAMPLED);
        SpanData {
            span_context: SpanContext::new(trace, self.span, sampled, false, TraceState::NONE),
            parent_span_id: place.parent.unwrap_or(SpanId::INVALID),
            parent_span_is_remote: place.parent.is_some(),
            span_kind: match self.side {
                Side::Answering => SpanKind::Server,
                Side::Asking => SpanKind::Client,
            },
            name: self.method.into(),
            start_time,
            end_time: start_time + elapsed,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: if is_error(self.side, code) {
                SpanStatus::error("")
            } else {
                SpanStatus::Unset
            },
            instrumentation_scope: InstrumentationScope::builder(SCOPE).build(),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.tell(Code::Cancelled);
        }
    }
}

fn moment(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

/// Which codes are faults of the one who tells (semantic conventions for gRPC): a server answers
/// for its own faults, a client could not use any code but `OK`.
fn is_error(side: Side, code: Code) -> bool {
    match side {
        Side::Asking => code != Code::Ok,
        Side::Answering => matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        ),
    }
}

/// The same response; the call ends with the status that it bears, in its headers or behind its
/// last message.
pub(crate) fn told(call: Option<Call>, response: Response<Body>) -> Response<Body> {
    let Some(call) = call else { return response };
    if let Some(code) = code_in(response.headers()) {
        call.end(code);
        return response;
    }
    if http_body::Body::is_end_stream(response.body()) {
        call.end(Code::Unknown);
        return response;
    }
    response.map(|body| Body::new(Told { body, call: Some(call) }))
}

fn code_in(headers: &HeaderMap) -> Option<Code> {
    Status::from_header_map(headers).map(|status| status.code())
}

/// A body whose end is the end of a call.
struct Told {
    body: Body,
    call: Option<Call>,
}

impl Told {
    fn end(&mut self, code: Code) {
        if let Some(call) = self.call.take() {
            call.end(code);
        }
    }
}

impl http_body::Body for Told {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let next = ready!(Pin::new(&mut self.body).poll_frame(context));
        match &next {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    self.end(code_in(trailers).unwrap_or(Code::Unknown));
                }
            }
            Some(Err(status)) => self.end(status.code()),
            None => self.end(Code::Unknown),
        }
        Poll::Ready(next)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
