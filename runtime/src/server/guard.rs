//! Who may call a service, and how its faults leave.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use grondslag_certs::PeerIdentity;
use grondslag_certs::time::tls_now;
use grondslag_certs::tls::{Region, Reloading, TlsFault};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_proto::status::rejected;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::NamedService;
use tonic::{Code, Status};

use crate::config::Limits;
use crate::otlp::{Incoming, Otlp, told};

/// Who may call a service of one listener. There is no default: who adds a service says it.
#[derive(Clone)]
pub struct Callers(Arc<Check>);

type Check = dyn Fn(&PeerIdentity) -> Result<(), Reason> + Send + Sync;

impl fmt::Debug for Callers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callers(…)")
    }
}

impl Callers {
    /// Everybody whom the listener verified.
    pub fn verified() -> Self {
        Self::checked(|_| Ok(()))
    }

    /// These agencies; everybody else hears `refusal`.
    pub fn only(agencies: BTreeSet<Oin>, refusal: Reason) -> Self {
        Self::checked(move |caller| match caller.agency() {
            Some(peer) if agencies.contains(peer.oin()) => Ok(()),
            _ => Err(refusal),
        })
    }

    /// The process's own certificate alone: its operator.
    pub fn own(oin: Oin) -> Self {
        Self::only(BTreeSet::from([oin]), Reason::CallerUnknown)
    }

    /// Whom `check` lets through at this moment. It runs at every call, so it must be quick.
    pub fn checked(
        check: impl Fn(&PeerIdentity) -> Result<(), Reason> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(check))
    }
}

/// What holds for every call of a listener.
#[derive(Clone)]
pub(super) struct Watchman {
    region: Option<Arc<Reloading<Region>>>,
    call_max: Duration,
    otlp: Otlp,
    incoming: Incoming,
}

impl Watchman {
    pub(super) fn new(region: Option<Arc<Reloading<Region>>>, limits: &Limits) -> Self {
        let call_max = limits.call_ms_max.ms();
        Self { region, call_max, otlp: Otlp::default(), incoming: Incoming::Left }
    }

    /// The same, and calls are told to the operator's collector.
    pub(super) fn telling(mut self, otlp: Otlp, incoming: Incoming) -> Self {
        (self.otlp, self.incoming) = (otlp, incoming);
        self
    }

    /// Connections live for days, certificates may not: asked again at every call. Which desk
    /// certificates are revoked is the staff register's to say.
    pub(super) fn still_admits(&self, caller: &PeerIdentity, now: Timestamp) -> Result<(), Reason> {
        match caller {
            PeerIdentity::Desk(peer) if now >= peer.not_after() => Err(Reason::CertificateInvalid),
            PeerIdentity::Desk(_) => Ok(()),
            PeerIdentity::Agency(peer) => match &self.region {
                Some(region) => region.current().still_admits(peer).map_err(TlsFault::reason),
                None => Ok(()),
            },
        }
    }
}

/// A service with its callers.
#[derive(Clone)]
pub(super) struct Guard<S> {
    inner: S,
    callers: Callers,
    watchman: Watchman,
}

impl<S> Guard<S> {
    pub(super) fn new(inner: S, callers: Callers, watchman: Watchman) -> Self {
        Self { inner, callers, watchman }
    }

    /// Lets the caller in, and hands the handler who it is.
    fn admit(&self, request: &mut Request<Body>) -> Result<(), Reason> {
        let extensions = request.extensions_mut();
        let caller = extensions.get::<PeerIdentity>().cloned();
        let caller = caller.ok_or(Reason::CertificateMissing)?;
        self.watchman.still_admits(&caller, tls_now())?;
        (self.callers.0)(&caller)?;
        match caller {
            PeerIdentity::Agency(peer) => drop(extensions.insert(peer)),
            PeerIdentity::Desk(peer) => drop(extensions.insert(peer)),
        }
        Ok(())
    }
}

impl<S: NamedService> NamedService for Guard<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + NamedService,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let call = self.watchman.otlp.answering(&mut request, self.watchman.incoming);
        if let Err(reason) = self.admit(&mut request) {
            return Box::pin(async move { Ok(told(call, refuse(S::NAME, reason))) });
        }
        let (answer, call_max) = (self.inner.call(request), self.watchman.call_max);
        Box::pin(async move {
            let response = match timeout(call_max, answer).await {
                Ok(Ok(response)) => mend(S::NAME, response),
                Ok(Err(never)) => match never {},
                Err(_) => refuse(S::NAME, Reason::DeadlinePassed),
            };
            Ok(told(call, response))
        })
    }
}

fn refuse(service: &'static str, reason: Reason) -> Response<Body> {
    tracing::info!(service, reason = %reason, "call refused");
    rejected(reason).into_http()
}

/// Our own faults carry details; one without them was made by the transport, before the handler
/// saw the call.
fn mend(service: &'static str, response: Response<Body>) -> Response<Body> {
    let bare = Status::from_header_map(response.headers())
        .filter(|status| status.details().is_empty())
        .and_then(|status| transport_reason(status.code()));
    match bare {
        Some(reason) => refuse(service, reason),
        None => response,
    }
}

/// What a fault of the transport means, as tonic 0.14 makes them for a request that it cannot
/// hand to a handler.
fn transport_reason(code: Code) -> Option<Reason> {
    match code {
        Code::Internal => Some(Reason::Malformed),
        Code::OutOfRange => Some(Reason::TooLarge),
        Code::Unimplemented => Some(Reason::Unimplemented),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::InvalidArgument
        | Code::DeadlineExceeded
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Unavailable
        | Code::DataLoss
        | Code::Unauthenticated => None,
    }
}
