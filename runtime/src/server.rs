//! The end of a call that answers.
//!
//! A [`Server`] is one listener with its services. Life of a connection: a place among the
//! connections and one among the handshakes is free; the connection is accepted; the handshake
//! runs in a task of its own, so that a slow peer delays nobody; then HTTP/2 serves its calls.
//! Life of a call: the caller's certificate still holds, the service's [`Callers`] admit the
//! caller, the handler finds `Peer` or `DeskPeer` among the request's extensions. A fault of the
//! transport, such as a message that cannot be decoded, leaves with a stable reason like ours.
//!
//! Malformed protobuf: tonic answers `INTERNAL` with the decoder's text, and `OUT_OF_RANGE` for a
//! message over the size limit. Both are turned into `INVALID_ARGUMENT` with `MALFORMED` or
//! `TOO_LARGE`, without the text.

mod accept;
mod guard;
mod health;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use grondslag_certs::tls::{Acceptor, DeskListener, Region, Reloading};
use grondslag_core::reason::Reason;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::{Request, Response};
use tonic::server::NamedService;
use tonic::service::RoutesBuilder;
use tonic::transport::server::Server as Transport;

use crate::config::Limits;
use crate::limits::{
    ACCEPTED_QUEUE_MAX, CONNECTION_WINDOW_BYTES, FRAME_BYTES_MAX, HEADER_BYTES_MAX,
    KEEP_ALIVE_INTERVAL_MS, KEEP_ALIVE_TIMEOUT_MS, STREAM_WINDOW_BYTES,
};
use crate::net::tap::Tap;
use crate::net::{Listener, Net, NetError};
use crate::otlp::{Incoming, Otlp};
use crate::shutdown::Shutdown;

use self::accept::Door;
use self::guard::{Guard, Watchman};

pub use self::guard::Callers;
pub use self::health::Health;

/// A listener and its services, not yet bound.
///
/// Each generated service is given its own bound on messages by the one who adds it:
/// `max_decoding_message_size(grondslag_core::limits::MESSAGE_BYTES_MAX)`.
pub struct Server {
    name: &'static str,
    acceptor: Acceptor,
    watchman: Watchman,
    limits: Limits,
    routes: RoutesBuilder,
    health: Health,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Server {
    /// A listener for the agencies of the region.
    pub fn region(name: &'static str, region: Arc<Reloading<Region>>, limits: &Limits) -> Self {
        let acceptor = Acceptor::region(region.clone());
        Self::new(name, acceptor, Watchman::new(Some(region), limits), limits)
    }

    /// A listener for a node's own staff. Whether a desk certificate was revoked is checked per
    /// call by the staff register, which alone knows.
    pub fn desk(name: &'static str, desk: Arc<Reloading<DeskListener>>, limits: &Limits) -> Self {
        Self::new(name, Acceptor::desk(desk), Watchman::new(None, limits), limits)
    }

    fn new(name: &'static str, acceptor: Acceptor, watchman: Watchman, limits: &Limits) -> Self {
        let (health, service) = Health::new();
        let server = Self {
            name,
            acceptor: acceptor.with_limit(limits.handshake_ms_max.ms()),
            watchman,
            limits: limits.clone(),
            routes: RoutesBuilder::default(),
            health,
        };
        server.add(service, Callers::verified())
    }

    /// Tells the calls of services that are added from here on to the operator's collector; those
    /// about health alone are not worth it.
    #[must_use]
    pub fn telling(mut self, otlp: &Otlp, incoming: Incoming) -> Self {
        self.watchman = self.watchman.telling(otlp.clone(), incoming);
        self
    }

    /// Adds a service and says who may call it.
    #[must_use]
    pub fn add<S>(mut self, service: S, callers: Callers) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = std::convert::Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.health.names(S::NAME);
        let guarded = Guard::new(service, callers, self.watchman.clone());
        self.routes.add_service(guarded);
        self
    }

    /// Takes the address. Nobody is answered before [`Bound::serve`].
    ///
    /// # Errors
    /// [`NetError`], `PORT_IN_USE` among them.
    pub async fn bind(self, net: &dyn Net, address: SocketAddr) -> Result<Bound, NetError> {
        let listener = net.listen(address).await?;
        let (address, tap) = (listener.address(), net.tap());
        Ok(Bound { server: self, listener, address, tap })
    }
}

/// A server that has its address.
#[derive(Debug)]
pub struct Bound {
    server: Server,
    listener: Box<dyn Listener>,
    address: SocketAddr,
    tap: Option<Tap>,
}

/// A server ended by itself.
#[derive(Debug, thiserror::Error)]
#[error("server {name} ended: {source}")]
pub struct ServeError {
    name: &'static str,
    source: tonic::transport::Error,
}

impl ServeError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        Reason::Internal
    }
}

impl Bound {
    /// Where it listens, with its port.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.server.name
    }

    /// What it tells about its health.
    pub fn health(&self) -> Health {
        self.server.health.clone()
    }

    /// Serves until the end is asked for, then drains: says "not serving", gives callers the
    /// notice, stops accepting, gives calls in flight the grace, and cuts what is left.
    ///
    /// # Errors
    /// [`ServeError`] when the transport gives up by itself.
    pub async fn serve(self, shutdown: Shutdown) -> Result<(), ServeError> {
        let Server { name, acceptor, limits, routes, health, .. } = self.server;
        let (taken, incoming) = mpsc::channel(ACCEPTED_QUEUE_MAX);
        let (cut, being_cut) = watch::channel(false);
        let door = Door::new(name, acceptor, &limits, being_cut).with(self.tap);
        tokio::spawn(door.keep(self.listener, taken));
        health.open().await;
        tracing::info!(process = name, address = %self.address, "serving");
        let notice = limits.notice_ms.ms();
        let stop = announce(shutdown.clone(), health, notice);
        let serving = transport(&limits)
            .add_routes(routes.routes())
            .serve_with_incoming_shutdown(ReceiverStream::new(incoming), stop);
        let ended = tokio::select! {
            ended = serving => ended.map_err(|source| ServeError { name, source }),
            () = patience(shutdown, notice + limits.grace_ms_max.ms()) => {
                tracing::warn!(process = name, "calls in flight were cut at the end of the grace");
                Ok(())
            }
        };
        // Connections live in tasks of the transport; they end with their streams.
        cut.send_replace(true);
        tracing::info!(process = name, "no longer serving");
        ended
    }
}

/// Says "not serving" first and lets that sink in; then accepting stops.
async fn announce(shutdown: Shutdown, health: Health, notice: Duration) {
    shutdown.requested().await;
    health.drain().await;
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        () = shutdown.at_once() => {}
    }
    health.end_watches().await;
}

async fn patience(shutdown: Shutdown, longest: Duration) {
    shutdown.requested().await;
    tokio::select! {
        () = tokio::time::sleep(longest) => {}
        () = shutdown.at_once() => {}
    }
}

fn transport(limits: &Limits) -> Transport {
    Transport::builder()
        .http2_keepalive_interval(Some(Duration::from_millis(KEEP_ALIVE_INTERVAL_MS)))
        .http2_keepalive_timeout(Some(Duration::from_millis(KEEP_ALIVE_TIMEOUT_MS)))
        .max_concurrent_streams(u32::try_from(limits.streams_max.count()).ok())
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
}

#[cfg(test)]
mod tests;
