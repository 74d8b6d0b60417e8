//! What may leave for a collector, by name and by value.
//!
//! Spans are made in [`super::call`] from closed types, so that nothing else gets into one. This is
//! the second wall: a span that somebody makes otherwise loses here whatever is not in the list.

use grondslag_core::id::Oin;
use grondslag_proto::method::{METHODS, OTHER};
use opentelemetry::trace::{SpanContext, Status, TraceState};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use tonic::Code;

use crate::limits::ENDPOINT_BYTES_MAX;

/// Of which system a call is.
pub(super) const SYSTEM: &str = "rpc.system.name";
/// What was called.
pub(super) const METHOD: &str = "rpc.method";
/// How it ended.
pub(super) const STATUS: &str = "rpc.response.status_code";
/// Which fault it ended with.
pub(super) const ERROR: &str = "error.type";
/// The host that was called.
pub(super) const ADDRESS: &str = "server.address";
/// Its port.
pub(super) const PORT: &str = "server.port";

/// The attributes of spans (OpenTelemetry semantic conventions for RPC, 1.38 and later). Those of
/// metrics are these, a verdict, and the name of a ledger.
pub const ATTRIBUTES: &[&str] = &[SYSTEM, METHOD, STATUS, ERROR, ADDRESS, PORT];

/// The one system there is.
pub(super) const GRPC: &str = "grpc";

/// Status codes as the conventions write them.
const CODES: [(Code, &str); 17] = [
    (Code::Ok, "OK"),
    (Code::Cancelled, "CANCELLED"),
    (Code::Unknown, "UNKNOWN"),
    (Code::InvalidArgument, "INVALID_ARGUMENT"),
    (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (Code::NotFound, "NOT_FOUND"),
    (Code::AlreadyExists, "ALREADY_EXISTS"),
    (Code::PermissionDenied, "PERMISSION_DENIED"),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION"),
    (Code::Aborted, "ABORTED"),
    (Code::OutOfRange, "OUT_OF_RANGE"),
    (Code::Unimplemented, "UNIMPLEMENTED"),
    (Code::Internal, "INTERNAL"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::DataLoss, "DATA_LOSS"),
    (Code::Unauthenticated, "UNAUTHENTICATED"),
];

/// The name of a status code.
pub(super) fn name_of(code: Code) -> &'static str {
    CODES.iter().find(|(one, _)| *one == code).map_or("UNKNOWN", |(_, name)| name)
}

/// Who exports: a process of an organisation, and nothing of the machine it runs on.
pub(super) fn resource(process: &'static str, oin: &Oin) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.namespace", "grondslag"),
            KeyValue::new("service.name", format!("grondslag-{process}")),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", oin.to_string()),
        ])
        .build()
}

/// The span with what is allowed in it.
pub(super) fn allowed(mut span: SpanData) -> SpanData {
    span.attributes.retain(fits);
    span.events = SpanEvents::default();
    span.links = SpanLinks::default();
    span.dropped_attributes_count = 0;
    if span.name != OTHER && !METHODS.contains(&span.name.as_ref()) {
        span.name = OTHER.into();
    }
    if let Status::Error { description } = &mut span.status {
        *description = "".into();
    }
    let context = &span.span_context;
    if context.trace_state() != &TraceState::NONE {
        span.span_context = SpanContext::new(
            context.trace_id(),
            context.span_id(),
            context.trace_flags(),
            context.is_remote(),
            TraceState::NONE,
        );
    }
    span
}

fn fits(pair: &KeyValue) -> bool {
    let text = match &pair.value {
        Value::String(text) => text.as_str(),
        Value::I64(port) => return pair.key.as_str() == PORT && u16::try_from(*port).is_ok(),
        _ => return false,
    };
    match pair.key.as_str() {
        SYSTEM => text == GRPC,
        METHOD => text == OTHER || METHODS.contains(&text),
        STATUS | ERROR => CODES.iter().any(|(_, name)| *name == text),
        ADDRESS => is_host(text),
        _ => false,
    }
}

/// A name or number of a host, as it stands in a card or a configuration.
pub(super) fn is_host(text: &str) -> bool {
    let of_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !text.is_empty() && text.len() <= ENDPOINT_BYTES_MAX && text.chars().all(of_host)
}
