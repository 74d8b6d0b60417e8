//! From a listener to connections whose other end is known.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use grondslag_certs::PeerIdentity;
use grondslag_certs::tls::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tonic::transport::server::Connected;

use crate::config::Limits;
use crate::limits::ACCEPT_PAUSE_MS;
use crate::net::tap::Tap;
use crate::net::{Io, Listener};

type Taken = Result<Accepted, io::Error>;

/// Keeps the door of one listener.
pub(super) struct Door {
    name: &'static str,
    acceptor: Acceptor,
    connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    cut: watch::Receiver<bool>,
    tap: Option<Tap>,
}

impl Door {
    pub(super) fn new(
        name: &'static str,
        acceptor: Acceptor,
        limits: &Limits,
        cut: watch::Receiver<bool>,
    ) -> Self {
        Self {
            name,
            acceptor,
            connections: Arc::new(Semaphore::new(limits.connections_max.count())),
            handshakes: Arc::new(Semaphore::new(limits.handshakes_max.count())),
            cut,
            tap: None,
        }
    }

    /// The same, which copies what passes.
    pub(super) fn with(self, tap: Option<Tap>) -> Self {
        Self { tap, ..self }
    }

    /// Accepts until nobody takes connections any more; then the listener closes, and handshakes
    /// under way end with it.
    pub(super) async fn keep(self, mut listener: Box<dyn Listener>, taken: mpsc::Sender<Taken>) {
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                () = taken.closed() => return,
                _ = under_way.join_next(), if !under_way.is_empty() => {}
                arrival = self.next(listener.as_mut()) => {
                    if let Some(arrival) = arrival {
                        under_way.spawn(self.handshake(arrival, taken.clone()));
                    }
                }
            }
        }
    }

    /// The next connection, once there is a place for it. At the limit they wait in the system's
    /// queue.
    async fn next(&self, listener: &mut dyn Listener) -> Option<Arrival> {
        let place = self.connections.clone().acquire_owned().await.ok()?;
        let turn = self.handshakes.clone().acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok(stream) => Some(Arrival { stream, place, turn }),
            Err(error) => {
                tracing::warn!(process = self.name, reason = %error.reason(), "accepting failed");
                tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                None
            }
        }
    }

    fn handshake(
        &self,
        arrival: Arrival,
        taken: mpsc::Sender<Taken>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (name, acceptor, cut) = (self.name, self.acceptor.clone(), self.cut.clone());
        let tap = self.tap.clone();
        async move {
            match acceptor.accept(arrival.stream).await {
                Ok((stream, identity)) => {
                    drop(arrival.turn);
                    let stream: Box<dyn Io> = Box::new(stream);
                    let stream = match tap {
                        Some(tap) => tap.on(stream),
                        None => stream,
                    };
                    let accepted = Accepted {
                        stream,
                        identity,
                        _place: arrival.place,
                        cut: Some(Box::pin(until(cut))),
                    };
                    // Nobody takes it when the server is ending; then it closes here.
                    let _ = taken.send(Ok(accepted)).await;
                }
                Err(fault) => {
                    tracing::info!(process = name, reason = %fault.reason(), "handshake refused");
                }
            }
        }
    }
}

/// A connection before its handshake, and the places it takes.
struct Arrival {
    stream: Box<dyn Io>,
    place: OwnedSemaphorePermit,
    turn: OwnedSemaphorePermit,
}

async fn until(mut cut: watch::Receiver<bool>) {
    // A sender that is gone means the same as one that cut.
    let _ = cut.wait_for(|now| *now).await;
}

/// A connection whose other end is known.
pub(super) struct Accepted {
    // After the handshake: what is read and written here is plaintext.
    stream: Box<dyn Io>,
    identity: PeerIdentity,
    // Held for the life of the connection: it is one of the bounded number.
    _place: OwnedSemaphorePermit,
    // `None` once it is cut.
    cut: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Accepted {
    fn poll_cut(&mut self, context: &mut Context<'_>) -> bool {
        if let Some(cut) = &mut self.cut
            && cut.as_mut().poll(context).is_ready()
        {
            self.cut = None;
        }
        self.cut.is_none()
    }
}

impl Connected for Accepted {
    type ConnectInfo = PeerIdentity;

    fn connect_info(&self) -> PeerIdentity {
        self.identity.clone()
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.poll_cut(context) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
