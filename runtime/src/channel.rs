//! The end of a call that asks.
//!
//! A channel connects when it is first used and again after a failure; every call on a channel
//! that is not connected tries anew, within `connect_ms_max`. Pings go out while it is idle too:
//! without them a healed partition stays dead. A channel speaks to one agency: the certificate at
//! the other end must be that agency's, wherever the endpoint leads.
//!
//! Each generated client is given its own bound on messages by the one who makes it:
//! `max_decoding_message_size(grondslag_core::limits::MESSAGE_BYTES_MAX)`. Each call is given its
//! deadline with [`within`].

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use grondslag_certs::limits::CAUSES_MAX;
use grondslag_certs::tls::{Connector, TlsFault};
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_proto::status::call_reason;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncBufReadExt as _;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tonic::body::Body;
use tonic::codegen::http::{self, Uri};
use tonic::codegen::{BoxFuture, Service};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tower::service_fn;

use crate::config::Limits;
use crate::limits::{
    CHANNEL_QUEUE_MAX, CHANNELS_MAX, CONNECTION_WINDOW_BYTES, ENDPOINT_BYTES_MAX, FRAME_BYTES_MAX,
    HEADER_BYTES_MAX, KEEP_ALIVE_INTERVAL_MS, KEEP_ALIVE_TIMEOUT_MS, STREAM_WINDOW_BYTES,
};
use crate::net::{Io, Net, NetError};
use crate::otlp::{OfTarget, Otlp, told};

/// Why there is no connection to the agency.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The endpoint is not `host:port`.
    #[error("an endpoint is written host:port")]
    Endpoint,
    /// Nobody was reached.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Somebody was reached, but one side refused the other.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The other side accepted the connection and then said nothing, or hung up.
    #[error("the other side did not speak HTTP/2 in time")]
    Silent,
}

impl DialError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Endpoint => Reason::ConfigInvalid,
            Self::Net(error) => error.reason(),
            Self::Tls(fault) => fault.reason(),
            Self::Silent => Reason::Unreachable,
        }
    }
}

/// A channel to one agency. Nothing is sent before the first call.
///
/// # Errors
/// [`DialError::Endpoint`] when the endpoint is not `host:port`.
pub fn dial(
    net: Arc<dyn Net>,
    tls: Connector,
    endpoint: &str,
    expected: &Oin,
    limits: &Limits,
) -> Result<Channel, DialError> {
    let settings = settings(endpoint, limits)?;
    let wait_max = limits.connect_ms_max.ms();
    let (endpoint, expected) = (Arc::<str>::from(endpoint), expected.clone());
    Ok(settings.connect_with_connector_lazy(service_fn(move |_: Uri| {
        let (net, tls) = (net.clone(), tls.clone());
        let (endpoint, expected) = (endpoint.clone(), expected.clone());
        async move {
            let connected = connect(net.as_ref(), &tls, &endpoint, &expected, wait_max).await;
            connected.map(TokioIo::new).inspect_err(|error| {
                let reason = error.reason();
                tracing::info!(endpoint = &*endpoint, oin = %expected, %reason, "not connected");
            })
        }
    })))
}

/// A channel whose calls are told to the operator's collector.
#[derive(Debug, Clone)]
pub struct Telling {
    channel: Channel,
    otlp: Otlp,
    server: (Arc<str>, u16),
}

impl Telling {
    fn new(channel: Channel, otlp: Otlp, endpoint: &str) -> Self {
        let (host, port) = endpoint.rsplit_once(':').unwrap_or((endpoint, ""));
        Self { channel, otlp, server: (host.into(), port.parse().unwrap_or_default()) }
    }
}

#[cfg(test)]
impl Telling {
    /// The channel alone.
    pub(crate) fn channel(self) -> Channel {
        self.channel
    }
}

impl Service<http::Request<Body>> for Telling {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let call = self.otlp.asking(&mut request, &self.server);
        let answer = self.channel.call(request);
        Box::pin(async move {
            match answer.await {
                Ok(response) => Ok(told(call, response)),
                Err(error) => {
                    if let Some(call) = call {
                        call.end(Code::Unavailable);
                    }
                    Err(error)
                }
            }
        })
    }
}

/// The same request, as part of the flow of one target: no other trace goes to it.
pub fn of_target<T>(mut request: Request<T>, target: TargetId) -> Request<T> {
    request.extensions_mut().insert(OfTarget(target));
    request
}

/// A request with its deadline, which travels with it.
pub fn within<T>(message: T, deadline: Duration) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(deadline);
    request
}

/// Why a call failed: the answerer's own reason, else what our side knows of the connection.
pub fn reason_of(status: &Status) -> Reason {
    let mut next: Option<&(dyn StdError + 'static)> = status.source();
    for _ in 0..CAUSES_MAX {
        let Some(error) = next else { break };
        if let Some(dial) = error.downcast_ref::<DialError>() {
            return dial.reason();
        }
        next = error.source();
    }
    TlsFault::find(status).map_or_else(|| call_reason(status), TlsFault::reason)
}

fn settings(endpoint: &str, limits: &Limits) -> Result<Endpoint, DialError> {
    let (host, port) = endpoint.rsplit_once(':').ok_or(DialError::Endpoint)?;
    if host.is_empty() || endpoint.len() > ENDPOINT_BYTES_MAX || port.parse::<u16>().is_err() {
        return Err(DialError::Endpoint);
    }
    let uri = format!("https://{endpoint}");
    let settings = Endpoint::from_shared(uri).map_err(|_| DialError::Endpoint)?;
    Ok(settings
        .timeout(limits.call_ms_max.ms())
        .http2_keep_alive_interval(Duration::from_millis(KEEP_ALIVE_INTERVAL_MS))
        .keep_alive_timeout(Duration::from_millis(KEEP_ALIVE_TIMEOUT_MS))
        .keep_alive_while_idle(true)
        .max_frame_size(FRAME_BYTES_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .concurrency_limit(limits.streams_max.count())
        .buffer_size(CHANNEL_QUEUE_MAX))
}

/// One time limit covers reaching the other side, the handshake and its first word.
async fn connect(
    net: &dyn Net,
    tls: &Connector,
    endpoint: &str,
    expected: &Oin,
    wait_max: Duration,
) -> Result<Box<dyn Io>, DialError> {
    let connected = timeout(wait_max, async {
        let stream = net.connect(endpoint, wait_max).await?;
        let tls = tls.clone().with_limit(wait_max);
        let (stream, _) = tls.connect(stream, expected).await?;
        let stream: Box<dyn Io> = Box::new(admitted(stream).await?);
        Ok(match net.tap() {
            Some(tap) => tap.on(stream),
            None => stream,
        })
    });
    connected.await.unwrap_or(Err(DialError::Silent))
}

/// In TLS 1.3 a client learns that its certificate was refused only when it first reads. A server
/// of HTTP/2 speaks first, so the first bytes tell: settings, or the alert.
async fn admitted(mut stream: TlsStream<Box<dyn Io>>) -> Result<TlsStream<Box<dyn Io>>, DialError> {
    match stream.fill_buf().await.map(<[u8]>::is_empty) {
        Ok(false) => Ok(stream),
        Ok(true) => Err(DialError::Silent),
        Err(error) => Err(TlsFault::find(&error).map_or(DialError::Silent, DialError::Tls)),
    }
}

/// The channels of one process, one per agency and endpoint, bounded.
#[derive(Debug)]
pub struct Channels {
    net: Arc<dyn Net>,
    tls: Connector,
    limits: Limits,
    otlp: Otlp,
    // Held for a look-up, never while waiting.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_party: HashMap<(Oin, String), (Telling, u64)>,
    uses: u64,
}

impl Channels {
    /// No channels yet.
    pub fn new(net: Arc<dyn Net>, tls: Connector, limits: Limits) -> Self {
        Self { net, tls, limits, otlp: Otlp::default(), kept: Mutex::default() }
    }

    /// The same, and calls are told to the operator's collector.
    #[must_use]
    pub fn telling(mut self, otlp: Otlp) -> Self {
        self.otlp = otlp;
        self
    }

    /// The channel to an agency at an endpoint; made when there is none.
    ///
    /// # Errors
    /// [`DialError::Endpoint`] when the endpoint is not `host:port`.
    pub fn to(&self, agency: &Oin, endpoint: &str) -> Result<Telling, DialError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let party = (agency.clone(), endpoint.to_owned());
        if let Some(channel) = kept.touch(&party) {
            return Ok(channel);
        }
        let net = self.net.clone();
        let channel = dial(net, self.tls.clone(), endpoint, agency, &self.limits)?;
        let channel = Telling::new(channel, self.otlp.clone(), endpoint);
        kept.keep(party, channel.clone());
        Ok(channel)
    }

    /// Closes every channel to an agency once its calls have ended: when it was suspended, or its
    /// card names another endpoint.
    pub fn forget(&self, agency: &Oin) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_party.retain(|(oin, _), _| oin != agency);
    }
}

impl Kept {
    fn touch(&mut self, party: &(Oin, String)) -> Option<Telling> {
        self.uses += 1;
        let (channel, used) = self.by_party.get_mut(party)?;
        *used = self.uses;
        Some(channel.clone())
    }

    fn keep(&mut self, party: (Oin, String), channel: Telling) {
        if self.by_party.len() >= CHANNELS_MAX {
            let oldest = self.by_party.iter().min_by_key(|(_, (_, used))| *used);
            if let Some(oldest) = oldest.map(|(party, _)| party.clone()) {
                self.by_party.remove(&oldest);
            }
        }
        self.by_party.insert(party, (channel, self.uses));
    }
}

#[cfg(test)]
mod tests;
