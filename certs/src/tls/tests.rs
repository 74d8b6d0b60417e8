//! Handshakes over a real loopback socket: who is let in, who is not, and what each side learns.

mod desk;
mod files;
mod handshake;
mod validity;

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use grondslag_core::id::StaffId;
use grondslag_core::reason::Reason;
use rcgen::{CertifiedIssuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, NamedGroup, ProtocolVersion, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::*;
use crate::authority::{self, Revoke};
use crate::peer::PeerIdentity;
use crate::root::TrustError;
use crate::time::{DAY_MS, tls_now};

const BROKER: &str = "00000099000000001000";
const SCHOOL: &str = "00000099000000002000";
const PRODUCTION: &str = "00000001003214345000";

fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

/// A region's authority and the folders of its agencies.
struct World {
    dir: TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        authority::init(&world.authority(), "Drieveen", tls_now()).unwrap();
        world
    }

    fn authority(&self) -> PathBuf {
        self.dir.path().join("authority")
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn agency(&self, oin_text: &str) -> Arc<Reloading<Region>> {
        self.agency_from(oin_text, 0)
    }

    /// An agency whose certificate was issued some days ago.
    fn agency_from(&self, oin_text: &str, days_ago: i64) -> Arc<Reloading<Region>> {
        let folder = self.folder(oin_text);
        let then = tls_now().plus_ms(-days_ago * DAY_MS);
        authority::issue(&self.authority(), &folder, &oin(oin_text), "Agency", then).unwrap();
        Arc::new(Reloading::open(TlsFiles::in_folder(&folder)).unwrap())
    }

    fn desk(&self, node: &str) -> Arc<Reloading<DeskListener>> {
        let (folder, files) = (self.folder("desk"), TlsFiles::in_folder(&self.folder(node)));
        crate::desk::init(&folder, &oin(node), tls_now()).unwrap();
        let desk_root = folder.join(crate::desk::ROOT_FILE);
        let files = DeskListenerFiles { cert: files.cert, key: files.key, desk_root };
        Arc::new(Reloading::open(files).unwrap())
    }

    fn person(&self, node: &str, id: &str, desk: &str, days_ago: i64) -> DeskClientFiles {
        let (desk, own) = (self.folder(desk), self.folder(id));
        let then = tls_now().plus_ms(-days_ago * DAY_MS);
        crate::desk::issue(&desk, &own, &StaffId::parse(id).unwrap(), 30, then).unwrap();
        DeskClientFiles::in_folders(&self.folder(node), &own)
    }
}

/// What each side of one handshake came to. The server writes one byte when it is content, and
/// the client reads it: only then does it know.
#[derive(Debug)]
struct Met {
    server: Result<PeerIdentity, TlsFault>,
    client: Result<Oin, TlsFault>,
}

impl Met {
    fn server_reason(&self) -> Reason {
        self.server.as_ref().unwrap_err().reason()
    }

    fn client_reason(&self) -> Reason {
        self.client.as_ref().unwrap_err().reason()
    }
}

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (near, far) = tokio::join!(TcpStream::connect(address), listener.accept());
    (near.unwrap(), far.unwrap().0)
}

async fn meet(acceptor: Acceptor, connector: Connector, expected: &str) -> Met {
    let (near, far) = sockets().await;
    let server = async {
        let (mut stream, identity) = acceptor.accept(far).await?;
        // The client may have left already; whether it did is its own half of the result.
        stream.write_all(b"!").await.ok();
        stream.shutdown().await.ok();
        Ok(identity)
    };
    let client = async {
        let (mut stream, peer) = connector.connect(near, &oin(expected)).await?;
        let read = stream.read_u8().await;
        read.map_err(|error| TlsFault::of_io(&error))?;
        Ok(peer.oin().clone())
    };
    let (server, client) = tokio::join!(server, client);
    Met { server, client }
}

async fn agencies(server: &Arc<Reloading<Region>>, client: &Arc<Reloading<Region>>) -> Met {
    let expected = server.current().oin().to_string();
    let acceptor = Acceptor::region(Arc::clone(server));
    meet(acceptor, Connector::region(Arc::clone(client)), &expected).await
}

/// A client that follows none of our rules: what it offers is up to the test.
async fn foreign_client(
    server: &Arc<Reloading<Region>>,
    config: ClientConfig,
) -> Result<PeerIdentity, TlsFault> {
    let (near, far) = sockets().await;
    let name = ServerName::try_from(node_name(server.current().oin())).unwrap();
    let client = async {
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, near).await?;
        stream.read_u8().await
    };
    let acceptor = Acceptor::region(Arc::clone(server));
    let (accepted, read) = tokio::join!(acceptor.accept(far), client);
    if accepted.is_err() {
        assert!(read.is_err());
    }
    accepted.map(|(_, identity)| identity)
}

fn trusting(server: &Arc<Reloading<Region>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(server.current().root().der().clone()).unwrap();
    roots
}

/// The stranger's certificate, with trust in whatever the test says.
fn stranger_config(
    stranger: &Arc<Reloading<Region>>,
    world: &World,
    roots: RootCertStore,
) -> ClientConfig {
    let folder = TlsFiles::in_folder(&world.folder(stranger.current().oin().as_str()));
    let own = region::Own::load(&folder.cert, &folder.key).unwrap();
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![own.leaf.der().clone()], own.tls_key)
        .unwrap()
}
