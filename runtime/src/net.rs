//! How streams are made, so that tests can simulate the network.

pub mod tap;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use grondslag_core::reason::Reason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use self::tap::Tap;

/// A stream of bytes between two parties, before TLS.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Another process listens there.
    #[error("{address} is already in use; choose another port")]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address} ({kind})")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// Nobody answers at the endpoint.
    #[error("{endpoint} was not reached ({kind})")]
    Unreachable {
        /// `host:port`.
        endpoint: String,
        /// What the system said.
        kind: io::ErrorKind,
    },
    /// A connection could not be taken; the listener goes on.
    #[error("a connection could not be accepted ({0})")]
    Accept(io::ErrorKind),
}

impl NetError {
    /// The stable reason.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::PortInUse { .. } => Reason::PortInUse,
            Self::Listen { .. } => Reason::ConfigInvalid,
            Self::Unreachable { .. } => Reason::Unreachable,
            Self::Accept(_) => Reason::Internal,
        }
    }
}

/// Makes streams.
#[async_trait]
pub trait Net: Send + Sync + fmt::Debug {
    /// Listens on an address; port 0 takes a free port. Connections wait until they are accepted.
    async fn listen(&self, address: SocketAddr) -> Result<Box<dyn Listener>, NetError>;

    /// Connects to `host:port`, or gives up after `wait_max`.
    async fn connect(&self, endpoint: &str, wait_max: Duration) -> Result<Box<dyn Io>, NetError>;

    /// Where every stream is copied to once its handshake is done, accepted and dialled alike: for
    /// tests and the demo's blind check. Nowhere, unless an implementation says otherwise.
    fn tap(&self) -> Option<Tap> {
        None
    }
}

/// A place where others connect. Dropping it closes the place at once.
#[async_trait]
pub trait Listener: Send + fmt::Debug {
    /// The next connection. An error concerns that connection alone; it is safe to call again, and
    /// safe to drop the call while it waits.
    async fn accept(&mut self) -> Result<Box<dyn Io>, NetError>;

    /// The address that was taken, with its port.
    fn address(&self) -> SocketAddr;
}

/// The real network.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpNet;

#[async_trait]
impl Net for TcpNet {
    async fn listen(&self, address: SocketAddr) -> Result<Box<dyn Listener>, NetError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => NetError::PortInUse { address },
            kind => NetError::Listen { address, kind },
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Box::new(TcpPlace { listener, address }))
    }

    async fn connect(&self, endpoint: &str, wait_max: Duration) -> Result<Box<dyn Io>, NetError> {
        let unreachable = |error: io::Error| NetError::Unreachable {
            endpoint: endpoint.to_owned(),
            kind: error.kind(),
        };
        let stream = timeout(wait_max, TcpStream::connect(endpoint))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(unreachable)?;
        stream.set_nodelay(true).map_err(unreachable)?;
        Ok(Box::new(stream))
    }
}

#[derive(Debug)]
struct TcpPlace {
    listener: TcpListener,
    address: SocketAddr,
}

#[async_trait]
impl Listener for TcpPlace {
    async fn accept(&mut self) -> Result<Box<dyn Io>, NetError> {
        let failed = |error: io::Error| NetError::Accept(error.kind());
        let (stream, _) = self.listener.accept().await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        Ok(Box::new(stream))
    }

    fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const WAIT: Duration = Duration::from_secs(5);

    fn free() -> SocketAddr {
        "127.0.0.1:0".parse().unwrap()
    }

    #[tokio::test]
    async fn a_stream_carries_bytes_from_one_end_to_the_other() {
        let mut place = TcpNet.listen(free()).await.unwrap();
        let endpoint = place.address().to_string();
        let mut near = TcpNet.connect(&endpoint, WAIT).await.unwrap();
        let mut far = place.accept().await.unwrap();
        near.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        far.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
    }

    #[tokio::test]
    async fn an_address_that_is_taken_is_named() {
        let place = TcpNet.listen(free()).await.unwrap();
        let again = TcpNet.listen(place.address()).await.unwrap_err();
        assert_eq!(again.reason(), Reason::PortInUse);
        assert!(again.to_string().contains(&place.address().to_string()));
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable() {
        let place = TcpNet.listen(free()).await.unwrap();
        let endpoint = place.address().to_string();
        drop(place);
        let Err(refused) = TcpNet.connect(&endpoint, WAIT).await else {
            panic!("somebody was there");
        };
        assert_eq!(refused.reason(), Reason::Unreachable);
        let Err(nonsense) = TcpNet.connect("no port", WAIT).await else {
            panic!("no port, yet connected");
        };
        assert_eq!(nonsense.reason(), Reason::Unreachable);
    }
}
