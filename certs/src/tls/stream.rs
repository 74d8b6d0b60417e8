//! Handshakes: a stream in, an encrypted stream and a known peer out, within a stated time.
//!
//! Whoever listens runs each handshake in a task of its own, so that a slow peer delays nobody.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use grondslag_core::id::Oin;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, sink};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::limits::{HANDSHAKE_TIMEOUT, LINGER_BYTES_MAX, LINGER_TIMEOUT};
use crate::peer::{DeskPeer, Peer, PeerIdentity};
use crate::tls::desk::{DeskClient, DeskListener};
use crate::tls::fault::TlsFault;
use crate::tls::node_name;
use crate::tls::region::Region;
use crate::tls::reload::Reloading;

/// The server's end.
#[derive(Debug, Clone)]
pub struct Acceptor {
    door: Door,
    limit: Duration,
}

#[derive(Debug, Clone)]
enum Door {
    Region(Arc<Reloading<Region>>),
    Desk(Arc<Reloading<DeskListener>>),
}

impl Acceptor {
    /// Admits agencies of the region.
    pub fn region(region: Arc<Reloading<Region>>) -> Self {
        Self { door: Door::Region(region), limit: HANDSHAKE_TIMEOUT }
    }

    /// Admits this node's own staff.
    pub fn desk(desk: Arc<Reloading<DeskListener>>) -> Self {
        Self { door: Door::Desk(desk), limit: HANDSHAKE_TIMEOUT }
    }

    /// The same with another time limit than [`HANDSHAKE_TIMEOUT`].
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Makes the handshake with whatever certificates and lists are in use now.
    ///
    /// # Errors
    /// [`TlsFault`] says why there is no connection. The other side is given a moment to read why.
    pub async fn accept<S>(
        &self,
        stream: S,
    ) -> Result<(server::TlsStream<S>, PeerIdentity), TlsFault>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = TlsAcceptor::from(self.config()).accept(stream).into_fallible();
        let Ok(handshake) = timeout(self.limit, handshake).await else {
            return Err(TlsFault::Io(io::ErrorKind::TimedOut));
        };
        match handshake {
            Ok(tls) => {
                let identity = self.identify(only(tls.get_ref().1.peer_certificates())?)?;
                Ok((tls, identity))
            }
            Err((error, stream)) => {
                linger(stream).await;
                Err(TlsFault::of_io(&error))
            }
        }
    }

    fn config(&self) -> Arc<ServerConfig> {
        match &self.door {
            Door::Region(region) => Arc::clone(region.current().server()),
            Door::Desk(desk) => Arc::clone(desk.current().server()),
        }
    }

    fn identify(&self, der: &[u8]) -> Result<PeerIdentity, TlsFault> {
        let identity = match &self.door {
            Door::Region(_) => Peer::after_handshake(der).map(PeerIdentity::Agency),
            Door::Desk(_) => DeskPeer::after_handshake(der).map(PeerIdentity::Desk),
        };
        identity.map_err(TlsFault::of_x509)
    }
}

/// The client's end.
#[derive(Debug, Clone)]
pub struct Connector {
    caller: Caller,
    limit: Duration,
}

#[derive(Debug, Clone)]
enum Caller {
    Region(Arc<Reloading<Region>>),
    Desk(Arc<Reloading<DeskClient>>),
}

impl Connector {
    /// Calls as an agency of the region.
    pub fn region(region: Arc<Reloading<Region>>) -> Self {
        Self { caller: Caller::Region(region), limit: HANDSHAKE_TIMEOUT }
    }

    /// Calls as a member of staff.
    pub fn desk(desk: Arc<Reloading<DeskClient>>) -> Self {
        Self { caller: Caller::Desk(desk), limit: HANDSHAKE_TIMEOUT }
    }

    /// The same with another time limit than [`HANDSHAKE_TIMEOUT`].
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Makes the handshake with the agency that is expected at the other end.
    ///
    /// That this side was refused shows only at the first read: see [`TlsFault::find`].
    ///
    /// # Errors
    /// [`TlsFault`] says why there is no connection.
    pub async fn connect<S>(
        &self,
        stream: S,
        expected: &Oin,
    ) -> Result<(client::TlsStream<S>, Peer), TlsFault>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = ServerName::try_from(node_name(expected));
        let name = name.map_err(|_| TlsFault::OtherAgency)?;
        let handshake = TlsConnector::from(self.config()).connect(name, stream);
        let Ok(handshake) = timeout(self.limit, handshake).await else {
            return Err(TlsFault::Io(io::ErrorKind::TimedOut));
        };
        let tls = handshake.map_err(|error| TlsFault::of_io(&error))?;
        let peer = Peer::after_handshake(only(tls.get_ref().1.peer_certificates())?)
            .map_err(TlsFault::of_x509)?;
        // Names are compared without case, OINs are not.
        if peer.oin() != expected {
            return Err(TlsFault::OtherAgency);
        }
        Ok((tls, peer))
    }

    fn config(&self) -> Arc<ClientConfig> {
        match &self.caller {
            Caller::Region(region) => Arc::clone(region.current().client()),
            Caller::Desk(desk) => Arc::clone(desk.current().client()),
        }
    }
}

/// The one certificate of a finished handshake; its verifier refused any other number.
fn only<'a>(
    certificates: Option<&'a [CertificateDer<'static>]>,
) -> Result<&'a CertificateDer<'static>, TlsFault> {
    match certificates {
        Some([leaf]) => Ok(leaf),
        _ => Err(TlsFault::Missing),
    }
}

/// Lets a refused peer read why. Closing a socket that still holds unread bytes resets the
/// connection, and the alert would be lost with it.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S) {
    let drain = async {
        stream.shutdown().await?;
        copy(&mut stream.take(LINGER_BYTES_MAX), &mut sink()).await
    };
    // However it ends, the connection is over.
    drop(timeout(LINGER_TIMEOUT, drain).await);
}
