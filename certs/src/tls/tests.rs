//! Handshakes over a real loopback socket: who is let in, who is not, and what each side learns.

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

#[tokio::test]
async fn agencies_of_one_region_know_each_other_after_the_handshake() {
    let world = World::new();
    let (broker, school) = (world.agency(BROKER), world.agency(SCHOOL));
    let met = agencies(&broker, &school).await;
    let identity = met.server.unwrap();
    let peer = identity.agency().unwrap();
    assert_eq!(peer.oin(), &oin(SCHOOL));
    assert_eq!(peer.fingerprint(), school.current().leaf().fingerprint());
    assert_eq!(met.client.unwrap(), oin(BROKER));
    assert!(broker.current().still_admits(peer).is_ok());
}

#[tokio::test]
async fn a_connection_is_tls13_post_quantum_http2_and_never_resumed() {
    let world = World::new();
    let (broker, school) = (world.agency(BROKER), world.agency(SCHOOL));
    let acceptor = Acceptor::region(broker);
    let connector = Connector::region(school);
    for _ in 0..2 {
        let (near, far) = sockets().await;
        let server = async {
            let (mut stream, _) = acceptor.accept(far).await.unwrap();
            stream.write_all(b"!").await.unwrap();
            stream
        };
        let client = async {
            let (mut stream, _) = connector.connect(near, &oin(BROKER)).await.unwrap();
            stream.read_u8().await.unwrap();
            stream
        };
        let (_server, client) = tokio::join!(server, client);
        let session = client.get_ref().1;
        assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        let group = session.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, NamedGroup::X25519MLKEM768);
        let suite = session.negotiated_cipher_suite().unwrap().suite();
        assert_eq!(suite, rustls::CipherSuite::TLS13_AES_256_GCM_SHA384);
        assert_eq!(session.alpn_protocol(), Some(ALPN_H2));
        assert_eq!(session.handshake_kind(), Some(HandshakeKind::Full));
        assert_eq!(session.tls13_tickets_received(), 0);
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let world = World::new();
    let broker = world.agency(BROKER);
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(trusting(&broker))
        .with_no_client_auth();
    let refused = foreign_client(&broker, config).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::CertificateMissing);
}

/// The first message of a client that knows TLS 1.2 and nothing later: this build's own rustls
/// cannot make one. ECDHE-ECDSA with AES-128-GCM, X25519, ECDSA P-256.
fn tls12_hello() -> Vec<u8> {
    let extensions = [
        &[0, 10, 0, 4, 0, 2, 0, 29][..],
        &[0, 13, 0, 4, 0, 2, 4, 3],
        &[0, 11, 0, 2, 1, 0],
        &[0, 23, 0, 0],
    ]
    .concat();
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0, 2, 0xc0, 0x2b, 1, 0, 0, u8::try_from(extensions.len()).unwrap()]);
    body.extend(extensions);
    let len = u8::try_from(body.len()).unwrap();
    let mut hello = vec![22, 3, 1, 0, len + 4, 1, 0, 0, len];
    hello.extend(body);
    hello
}

#[tokio::test]
async fn a_client_of_tls12_is_refused() {
    let world = World::new();
    let (mut near, far) = sockets().await;
    near.write_all(&tls12_hello()).await.unwrap();
    let acceptor = Acceptor::region(world.agency(BROKER));
    let refused = acceptor.accept(far).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.reason(), Reason::TlsRefused);
    let mut alert = Vec::new();
    near.read_to_end(&mut alert).await.unwrap();
    // A fatal alert of `protocol_version`: not a hello that was merely malformed.
    assert_eq!(alert, [21, 3, 3, 0, 2, 2, 70]);
}

#[tokio::test]
async fn a_chain_longer_than_a_leaf_is_refused() {
    let world = World::new();
    let (broker, school) = (world.agency(BROKER), world.agency(SCHOOL));
    let own = region::Own::load(
        &world.folder(SCHOOL).join("cert.pem"),
        &world.folder(SCHOOL).join("key.pem"),
    );
    let own = own.unwrap();
    let chain = vec![own.leaf.der().clone(), school.current().root().der().clone()];
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(trusting(&broker))
        .with_client_auth_cert(chain, own.tls_key)
        .unwrap();
    let refused = foreign_client(&broker, config).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::CertificateInvalid);
}

#[tokio::test]
async fn a_certificate_of_another_region_is_refused_by_both_sides() {
    let (world, elsewhere) = (World::new(), World::new());
    let (broker, stranger) = (world.agency(BROKER), elsewhere.agency(SCHOOL));
    let met = agencies(&broker, &stranger).await;
    // The client sees the server's certificate first.
    assert_eq!(met.client_reason(), Reason::CertificateInvalid);
    assert_eq!(met.server_reason(), Reason::CertificateInvalid);
    let config = stranger_config(&stranger, &elsewhere, trusting(&broker));
    let refused = foreign_client(&broker, config).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::CertificateInvalid);
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

#[tokio::test]
async fn an_expired_client_is_refused_and_learns_why_at_its_first_read() {
    let world = World::new();
    let (broker, school) = (world.agency(BROKER), world.agency_from(SCHOOL, 91));
    let met = agencies(&broker, &school).await;
    assert_eq!(met.server, Err(TlsFault::Invalid { why: "it has expired" }));
    let why = "the other side says ours has expired";
    assert_eq!(met.client, Err(TlsFault::Invalid { why }));
}

#[tokio::test]
async fn a_refused_client_that_spoke_first_still_learns_why() {
    // As HTTP/2 does: bytes are under way while the server refuses, and more follow. Without
    // lingering the socket is reset, and the client sees a failed write instead of the alert.
    let world = World::new();
    let acceptor = Acceptor::region(world.agency(BROKER));
    let connector = Connector::region(world.agency_from(SCHOOL, 91));
    let (near, far) = sockets().await;
    let client = async {
        let (mut stream, _) = connector.connect(near, &oin(BROKER)).await.unwrap();
        stream.write_all(&vec![0; 20_000]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(&[0; 100]).await.unwrap();
        TlsFault::find(&stream.read_u8().await.unwrap_err())
    };
    let (accepted, learned) = tokio::join!(acceptor.accept(far), client);
    assert!(accepted.is_err());
    let why = "the other side says ours has expired";
    assert_eq!(learned, Some(TlsFault::Invalid { why }));
}

#[tokio::test]
async fn an_expired_server_is_refused_by_the_client() {
    let world = World::new();
    let (broker, school) = (world.agency_from(BROKER, 91), world.agency(SCHOOL));
    let met = agencies(&broker, &school).await;
    assert_eq!(met.client, Err(TlsFault::Invalid { why: "it has expired" }));
    let left = broker.current().days_left();
    // A second may pass between issuing and looking.
    assert!((-2..=-1).contains(&left.certificate), "{left:?}");
    assert!((6..=7).contains(&left.crl), "{left:?}");
}

#[tokio::test]
async fn a_revoked_client_is_refused_after_a_reload_without_a_restart() {
    let world = World::new();
    let (broker, school) = (world.agency(BROKER), world.agency(SCHOOL));
    let peer = agencies(&broker, &school).await.server.unwrap();
    authority::revoke(&world.authority(), &Revoke::Agency(oin(SCHOOL)), tls_now()).unwrap();
    authority::crl(&world.authority(), tls_now(), 7).unwrap();
    authority::publish_crl(&world.authority(), &world.folder(BROKER)).unwrap();
    assert!(agencies(&broker, &school).await.server.is_ok(), "not reloaded yet");
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Changed);
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Unchanged);
    let met = agencies(&broker, &school).await;
    assert_eq!(met.server, Err(TlsFault::Invalid { why: "it was revoked" }));
    assert_eq!(met.client_reason(), Reason::CertificateInvalid);
    // The connection that was open already is noticed at its next call.
    let still = broker.current().still_admits(peer.agency().unwrap());
    assert_eq!(still, Err(TlsFault::Invalid { why: "it was revoked" }));
}

#[tokio::test]
async fn a_revoked_server_is_refused_by_the_client() {
    let world = World::new();
    let broker = world.agency(BROKER);
    authority::revoke(&world.authority(), &Revoke::Agency(oin(BROKER)), tls_now()).unwrap();
    authority::crl(&world.authority(), tls_now(), 7).unwrap();
    let met = agencies(&broker, &world.agency(SCHOOL)).await;
    assert_eq!(met.client, Err(TlsFault::Invalid { why: "it was revoked" }));
}

#[tokio::test]
async fn with_a_list_that_is_too_old_nobody_is_admitted() {
    let world = World::new();
    let school = world.agency(SCHOOL);
    authority::crl(&world.authority(), tls_now().plus_ms(-8 * DAY_MS), 7).unwrap();
    let broker = world.agency(BROKER);
    assert_eq!(agencies(&broker, &school).await.server_reason(), Reason::CrlExpired);
    assert_eq!(agencies(&school, &broker).await.client_reason(), Reason::CrlExpired);
    assert!(broker.current().days_left().crl < 0);
    // A new list mends it, without a restart.
    authority::crl(&world.authority(), tls_now(), 7).unwrap();
    authority::publish_crl(&world.authority(), &world.folder(BROKER)).unwrap();
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Changed);
    assert!(agencies(&broker, &school).await.server.is_ok());
}

#[tokio::test]
async fn demo_and_production_refuse_each_other_in_the_handshake() {
    let world = World::new();
    let (demo, production) = (world.agency(BROKER), world.agency(PRODUCTION));
    assert_eq!(agencies(&demo, &production).await.client_reason(), Reason::ModeMismatch);
    assert_eq!(agencies(&production, &demo).await.client_reason(), Reason::ModeMismatch);
    // Even a client that does not check is refused, and by a root of its own too.
    let config = stranger_config(&production, &world, trusting(&demo));
    let refused = foreign_client(&demo, config).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::ModeMismatch);
    let elsewhere = World::new();
    let stranger = elsewhere.agency(PRODUCTION);
    let config = stranger_config(&stranger, &elsewhere, trusting(&demo));
    let refused = foreign_client(&demo, config).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::ModeMismatch);
}

#[tokio::test]
async fn an_agency_at_anothers_address_is_refused() {
    let world = World::new();
    let (broker, school) = (world.agency(BROKER), world.agency(SCHOOL));
    let acceptor = Acceptor::region(broker);
    let met = meet(acceptor, Connector::region(school), "00000099000000003000").await;
    assert_eq!(met.client_reason(), Reason::PeerOinMismatch);
}

#[tokio::test]
async fn an_oin_that_differs_in_case_alone_is_another_agency() {
    let world = World::new();
    let (broker, school) = (world.agency("0000009900000A001000"), world.agency(SCHOOL));
    let acceptor = Acceptor::region(broker);
    let met = meet(acceptor, Connector::region(school), "0000009900000a001000").await;
    assert_eq!(met.client_reason(), Reason::PeerOinMismatch);
}

#[tokio::test]
async fn a_slow_peer_is_dropped_when_its_time_is_up() {
    let world = World::new();
    let limit = Duration::from_millis(50);
    let (near, far) = sockets().await;
    let acceptor = Acceptor::region(world.agency(BROKER)).with_limit(limit);
    let started = Instant::now();
    let refused = acceptor.accept(far).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.reason(), Reason::DeadlinePassed);
    assert!(started.elapsed() >= limit);
    let connector = Connector::region(world.agency(SCHOOL)).with_limit(limit);
    let (silent, _held) = sockets().await;
    let refused = connector.connect(silent, &oin(BROKER)).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.reason(), Reason::DeadlinePassed);
    drop(near);
}

#[tokio::test]
async fn noise_instead_of_tls_is_refused() {
    let world = World::new();
    let (mut near, far) = sockets().await;
    near.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let acceptor = Acceptor::region(world.agency(BROKER));
    let refused = acceptor.accept(far).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.reason(), Reason::TlsRefused);
}

#[test]
fn files_that_do_not_parse_leave_the_old_ones_in_use() {
    let world = World::new();
    let broker = world.agency(BROKER);
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    let (good, before) = (fs::read(&files.crl).unwrap(), broker.current());
    fs::write(&files.crl, "half a li").unwrap();
    let refused = broker.reload_if_changed().unwrap_err();
    assert!(refused.to_string().contains("crl.pem"), "{refused}");
    assert!(Arc::ptr_eq(&before, &broker.current()));
    // It is tried again until the file is right.
    assert!(broker.reload_if_changed().is_err());
    fs::write(&files.crl, good).unwrap();
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Changed);
}

#[test]
fn a_reload_never_goes_back_to_an_older_list() {
    let world = World::new();
    let old = fs::read(world.authority().join("crl.pem")).unwrap();
    authority::crl(&world.authority(), tls_now(), 7).unwrap();
    let broker = world.agency(BROKER);
    fs::write(TlsFiles::in_folder(&world.folder(BROKER)).crl, old).unwrap();
    let refused = broker.reload_if_changed();
    assert!(matches!(refused, Err(LoadError::NotWhileRunning { .. })));
    assert_eq!(broker.current().crl().number(), 2);
}

#[test]
fn a_renewed_certificate_is_taken_up_and_another_agencys_is_not() {
    let world = World::new();
    let (broker, _school) = (world.agency(BROKER), world.agency(SCHOOL));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    let before = broker.current().leaf().clone();
    let csr = fs::read_to_string(world.folder(BROKER).join("request.pem")).unwrap();
    let current = fs::read_to_string(&files.cert).unwrap();
    let renewed = authority::renew(&world.authority(), &csr, &current, tls_now()).unwrap();
    fs::write(&files.cert, renewed).unwrap();
    assert_eq!(broker.reload_if_changed().unwrap(), Reload::Changed);
    assert_ne!(broker.current().leaf().serial(), before.serial());
    let other = TlsFiles::in_folder(&world.folder(SCHOOL));
    fs::copy(&other.cert, &files.cert).unwrap();
    assert!(matches!(broker.reload_if_changed(), Err(LoadError::KeyDiffers { .. })));
    fs::copy(&other.key, &files.key).unwrap();
    let refused = broker.reload_if_changed();
    assert!(matches!(refused, Err(LoadError::NotWhileRunning { .. })));
    assert_eq!(broker.current().oin(), &oin(BROKER));
}

#[test]
fn a_process_does_not_start_with_a_key_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    drop(world.agency(BROKER));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = Reloading::<Region>::open(files).unwrap_err();
    assert_eq!(refused.reason(), Reason::PermissionsOpen);
}

#[tokio::test]
async fn the_desk_takes_the_person_from_the_desk_certificate() {
    let world = World::new();
    let _node = world.agency(SCHOOL);
    let desk = world.desk(SCHOOL);
    let files = world.person(SCHOOL, "n.deboer", "desk", 0);
    let client: Arc<Reloading<DeskClient>> = Arc::new(Reloading::open(files).unwrap());
    let certificate = client.current().certificate().clone();
    let met = meet(Acceptor::desk(desk), Connector::desk(client), SCHOOL).await;
    let identity = met.server.unwrap();
    let person = identity.desk().unwrap();
    assert_eq!(person.staff().as_str(), "n.deboer");
    assert_eq!(person.public_key(), certificate.public_key());
    assert_eq!(person.serial(), certificate.serial());
    assert_eq!(met.client.unwrap(), oin(SCHOOL));
    assert!(!format!("{identity:?}").contains("deboer"));
}

#[tokio::test]
async fn a_desk_admits_neither_agencies_nor_another_nodes_staff_nor_expired_certificates() {
    let world = World::new();
    let (broker, node) = (world.agency(BROKER), world.agency(SCHOOL));
    let desk = world.desk(SCHOOL);
    let agency = Connector::region(Arc::clone(&broker));
    let met = meet(Acceptor::desk(Arc::clone(&desk)), agency, SCHOOL).await;
    assert_eq!(met.server_reason(), Reason::CertificateInvalid);
    crate::desk::init(&world.folder("desk2"), &oin(BROKER), tls_now()).unwrap();
    for files in
        [world.person(SCHOOL, "stranger", "desk2", 0), world.person(SCHOOL, "late", "desk", 31)]
    {
        let client = Arc::new(Reloading::open(files).unwrap());
        let door = Acceptor::desk(Arc::clone(&desk));
        let met = meet(door, Connector::desk(client), SCHOOL).await;
        assert_eq!(met.server_reason(), Reason::CertificateInvalid);
        assert_eq!(met.client_reason(), Reason::CertificateInvalid);
    }
    // Nor does the region's listener admit a person.
    let files = world.person(SCHOOL, "n.deboer", "desk", 0);
    let client = Arc::new(Reloading::open(files).unwrap());
    let met = meet(Acceptor::region(node), Connector::desk(client), SCHOOL).await;
    assert_eq!(met.server_reason(), Reason::CertificateInvalid);
}

#[tokio::test]
async fn a_region_certificate_without_an_oin_is_refused_as_such() {
    let world = World::new();
    let broker = world.agency(BROKER);
    let pem = fs::read_to_string(world.authority().join("ca.key")).unwrap();
    let key = KeyPair::from_pem(&pem).unwrap();
    let root = broker.current().root().der().clone();
    let issuer = rcgen::Issuer::from_ca_cert_der(&root, key).unwrap();
    let own = KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.use_authority_key_identifier_extension = true;
    let leaf = params.signed_by(&own, &issuer).unwrap();
    let tls_key = rustls::pki_types::PrivateKeyDer::try_from(own.serialize_der()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(trusting(&broker))
        .with_client_auth_cert(vec![leaf.der().clone()], tls_key)
        .unwrap();
    let refused = foreign_client(&broker, config).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::CertificateOin);
}

#[test]
fn a_root_in_place_of_a_leaf_does_not_load() {
    let world = World::new();
    drop(world.agency(BROKER));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    fs::copy(&files.root, &files.cert).unwrap();
    assert!(matches!(Reloading::<Region>::open(files), Err(LoadError::X509 { .. })));
}

#[test]
fn a_leaf_in_place_of_the_root_does_not_load() {
    let world = World::new();
    drop(world.agency(BROKER));
    let files = TlsFiles::in_folder(&world.folder(BROKER));
    fs::copy(&files.cert, &files.root).unwrap();
    assert!(matches!(Reloading::<Region>::open(files), Err(LoadError::X509 { .. })));
}

#[test]
fn a_self_made_root_with_the_same_name_opens_nothing() {
    let world = World::new();
    let leaf = world.agency(SCHOOL).current().leaf().clone();
    let params = authority::root(
        "Drieveen",
        &authority::new_serial().unwrap(),
        tls_now(),
        tls_now().plus_ms(DAY_MS),
    );
    let key = KeyPair::generate().unwrap();
    let forged = CertifiedIssuer::self_signed(params.unwrap(), key).unwrap();
    let root = crate::Root::parse_pem(&forged.pem()).unwrap();
    assert!(root.verify_leaf(leaf.der()).is_err());
}

#[test]
fn a_message_signed_with_a_leaf_key_is_known_to_be_that_agencys() {
    let world = World::new();
    let region = world.agency(SCHOOL).current();
    let leaf = region.leaf().der();
    let key = crate::LeafKey::load(&TlsFiles::in_folder(&world.folder(SCHOOL)).key).unwrap();
    let signature = key.sign(b"card").unwrap();
    let signer = region.verify_leaf_signature(leaf, b"card", &signature).unwrap();
    assert_eq!(signer, oin(SCHOOL));
    let altered = region.verify_leaf_signature(leaf, b"cart", &signature);
    assert!(matches!(altered, Err(TrustError::Signature)));
    let stranger = World::new().agency(BROKER).current();
    let foreign = stranger.verify_leaf_signature(leaf, b"card", &signature);
    assert!(matches!(foreign, Err(TrustError::Chain)));
}
