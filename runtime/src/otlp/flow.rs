//! To which trace a call belongs (W3C Trace Context).
//!
//! A trace joins the two ends of one call and goes no further: what a call brings about is a trace
//! of its own. The flow of one target is the exception in name only: both ends of the question
//! know its `target_id`, and that is its trace id (protocol, decisions at the top). So no trace of
//! an inquiry crosses the broker. Neither `tracestate` nor `baggage` is read or sent.

use std::sync::{Arc, Mutex, PoisonError};

use grondslag_core::id::TargetId;
use opentelemetry::{SpanId, TraceId};
use tonic::codegen::http::{HeaderMap, HeaderValue};

/// The header of W3C Trace Context.
pub(super) const TRACEPARENT: &str = "traceparent";
/// Length of a header of version 00: version, trace id, span id and flags.
const TRACEPARENT_LEN: usize = 55;

/// What a listener does with the trace that a call comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// The call is part of it.
    Taken,
    /// The call begins a trace of its own, unless the handler finds that it is of a target's flow
    /// ([`Flow::of`]).
    Left,
}

/// A request to a target belongs to the target's flow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfTarget(pub(crate) TargetId);

/// Where one call stands: its trace, and the span at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) trace: TraceId,
    pub(super) parent: Option<SpanId>,
}

impl Place {
    /// The beginning of a trace of its own; none when the system has no randomness.
    fn fresh() -> Option<Self> {
        let mut trace = [0; 16];
        getrandom::fill(&mut trace).ok()?;
        Some(Self { trace: TraceId::from_bytes(trace), parent: None })
    }

    /// Where a call begins that we make.
    pub(super) fn asking(of: Option<OfTarget>) -> Option<Self> {
        match of {
            Some(OfTarget(target)) => Some(Self { trace: trace_of(&target), parent: None }),
            None => Self::fresh(),
        }
    }

    /// What the header of a call says; nothing when it is not well-formed.
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(TRACEPARENT)?.to_str().ok()?;
        let mut fields = text.split('-');
        let (version, trace) = (fields.next()?, fields.next()?);
        let (span, flags) = (fields.next()?, fields.next()?);
        let lower = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let shaped = text.len() == TRACEPARENT_LEN && version == "00" && fields.next().is_none();
        if !shaped || trace.len() != 32 || ![trace, span, flags].into_iter().all(lower) {
            return None;
        }
        let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
        let valid = trace != TraceId::INVALID && span != SpanId::INVALID;
        valid.then_some(Self { trace, parent: Some(span) })
    }
}

/// The header that tells the other end of a call where it stands.
pub(super) fn traceparent(trace: TraceId, span: SpanId) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("00-{trace}-{span}-01")).ok()
}

/// An id for one span; none when the system has no randomness.
pub(super) fn fresh_span() -> Option<SpanId> {
    let mut id = [0; 8];
    getrandom::fill(&mut id).ok()?;
    Some(SpanId::from_bytes(id))
}

fn trace_of(target: &TargetId) -> TraceId {
    TraceId::from_bytes(*target.as_bytes())
}

/// The trace of a call that is being answered; the handler may say that it is of a target's flow.
#[derive(Debug, Clone, Default)]
pub struct Flow(Option<Arc<Mutex<Standing>>>);

#[derive(Debug)]
struct Standing {
    came: Option<Place>,
    stands: Place,
}

impl Flow {
    /// Where a call stands that came with these headers.
    pub(super) fn answering(headers: &HeaderMap, incoming: Incoming) -> Option<Self> {
        let came = Place::read(headers);
        let stands = match (incoming, came) {
            (Incoming::Taken, Some(came)) => came,
            _ => Place::fresh()?,
        };
        Some(Self(Some(Arc::new(Mutex::new(Standing { came, stands })))))
    }

    /// The call belongs to the flow of this target, whatever it came with: a trace of another id
    /// is not taken over.
    pub fn of(&self, target: &TargetId) {
        let Some(standing) = &self.0 else { return };
        let mut standing = standing.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Place { trace: trace_of(target), parent: None };
        standing.stands = standing.came.filter(|came| came.trace == own.trace).unwrap_or(own);
    }

    pub(super) fn place(&self) -> Option<Place> {
        let standing = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        Some(standing.stands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const SPAN: &str = "b7ad6b7169203331";

    fn headers(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        headers
    }

    fn target(id: &str) -> TargetId {
        TargetId::from_slice(&TraceId::from_hex(id).unwrap().to_bytes()).unwrap()
    }

    #[test]
    fn a_well_formed_header_is_read_and_written_the_same() {
        let place = Place::read(&headers(&format!("00-{TRACE}-{SPAN}-01"))).unwrap();
        let parent = place.parent.unwrap();
        assert_eq!((place.trace.to_string(), parent.to_string()), (TRACE.into(), SPAN.into()));
        assert_eq!(traceparent(place.trace, parent).unwrap(), format!("00-{TRACE}-{SPAN}-01"));
    }

    #[test]
    fn any_other_header_is_as_none() {
        let (upper, zeros) = (TRACE.to_uppercase(), "0".repeat(32));
        for wrong in [
            String::new(),
            TRACE.to_owned(),
            format!("01-{TRACE}-{SPAN}-01"),
            format!("00-{upper}-{SPAN}-01"),
            format!("00-{zeros}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{TRACE}-{SPAN}-0g"),
            format!("00-{TRACE}-{SPAN}-01-00"),
            format!("00-{TRACE}-{SPAN}01"),
            format!("00-{SPAN}-{TRACE}-01"),
        ] {
            assert_eq!(Place::read(&headers(&wrong)), None, "{wrong}");
        }
        assert_eq!(Place::read(&HeaderMap::new()), None);
    }

    #[test]
    fn a_trace_is_taken_only_when_it_is_the_targets_own() {
        let came = headers(&format!("00-{TRACE}-{SPAN}-01"));
        let flow = Flow::answering(&came, Incoming::Left).unwrap();
        let own = flow.place().unwrap();
        assert!(own.trace.to_string() != TRACE && own.parent.is_none(), "before it is known");
        flow.of(&target(TRACE));
        assert_eq!(flow.place(), Place::read(&came));
        // A trace that crossed the broker, as an inquiry's would, is not followed.
        let other = "11111111111111111111111111111111";
        flow.of(&target(other));
        let own = flow.place().unwrap();
        assert!(own.trace.to_string() == other && own.parent.is_none());
    }

    #[test]
    fn a_listener_that_takes_traces_takes_them_and_else_begins_one() {
        let came = headers(&format!("00-{TRACE}-{SPAN}-00"));
        let taken = Flow::answering(&came, Incoming::Taken).unwrap().place();
        assert_eq!(taken, Place::read(&came));
        let fresh = |headers| Flow::answering(headers, Incoming::Taken).unwrap().place().unwrap();
        let (one, two) = (fresh(&HeaderMap::new()), fresh(&headers("nonsense")));
        assert!(one.trace != two.trace && one.parent.is_none() && two.parent.is_none());
    }
}
