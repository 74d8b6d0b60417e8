//! A network that can be held: connections are accepted, and nothing moves on them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use grondslag_runtime::net::{Io, Listener, Net, NetError, TcpNet};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Holds and releases the listeners of one party; what it calls itself goes on.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    held: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    /// From now on nothing moves, as at a process that was stopped.
    pub fn hold(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).held = true;
    }

    /// All goes on.
    pub fn release(&self) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.held = false;
        held.waiting.drain(..).for_each(Waker::wake);
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.held {
            return Poll::Ready(());
        }
        held.waiting.push(context.waker().clone());
        Poll::Pending
    }
}

/// The real network behind a gate.
#[derive(Debug, Clone, Default)]
pub struct GatedNet(pub Gate);

#[async_trait]
impl Net for GatedNet {
    async fn listen(&self, address: SocketAddr) -> Result<Box<dyn Listener>, NetError> {
        let inner = TcpNet.listen(address).await?;
        Ok(Box::new(GatedPlace { inner, gate: self.0.clone() }))
    }

    async fn connect(&self, endpoint: &str, wait_max: Duration) -> Result<Box<dyn Io>, NetError> {
        TcpNet.connect(endpoint, wait_max).await
    }
}

#[derive(Debug)]
struct GatedPlace {
    inner: Box<dyn Listener>,
    gate: Gate,
}

#[async_trait]
impl Listener for GatedPlace {
    async fn accept(&mut self) -> Result<Box<dyn Io>, NetError> {
        let inner = self.inner.accept().await?;
        Ok(Box::new(Gated { inner, gate: self.gate.clone() }))
    }

    fn address(&self) -> SocketAddr {
        self.inner.address()
    }
}

struct Gated {
    inner: Box<dyn Io>,
    gate: Gate,
}

impl AsyncRead for Gated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.gate.poll(context) {
            Poll::Ready(()) => Pin::new(&mut self.inner).poll_read(context, into),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Gated {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.gate.poll(context) {
            Poll::Ready(()) => Pin::new(&mut self.inner).poll_write(context, bytes),
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
