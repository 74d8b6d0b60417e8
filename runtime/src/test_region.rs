//! For the tests of this crate: a small region with real certificates, and a service to call.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use grondslag_certs::authority::{self, Revoke};
use grondslag_certs::time::tls_now;
use grondslag_certs::tls::{
    Acceptor, Connector, DeskClientFiles, DeskListenerFiles, Region, Reloading, TlsFiles,
};
use grondslag_certs::{Peer, PeerIdentity, desk};
use grondslag_core::id::{Oin, StaffId};
use grondslag_core::reason::Reason;
use grondslag_proto::status::rejected;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::NamedService;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::channel::dial;
use crate::config::{Limits, Within};
use crate::net::{Net, TcpNet};
use crate::server::{Bound, Callers, ServeError, Server};
use crate::shutdown::Shutdown;

/// A region authority in a folder of its own.
pub(crate) struct TestRegion {
    folder: tempfile::TempDir,
}

/// One agency of it.
pub(crate) struct Agency {
    pub(crate) oin: Oin,
    pub(crate) folder: PathBuf,
    pub(crate) tls: Arc<Reloading<Region>>,
}

impl TestRegion {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority::init(&folder.path().join("ca"), "Drieveen", tls_now()).unwrap();
        Self { folder }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca")
    }

    /// A fictional agency with its own number.
    pub(crate) fn agency(&self, number: u8) -> Agency {
        let oin = Oin::parse(&format!("00000099000000{number:03}000")).unwrap();
        let folder = self.folder.path().join(oin.as_str());
        authority::issue(&self.ca(), &folder, &oin, "Fictie", tls_now()).unwrap();
        let tls = Reloading::open(TlsFiles::in_folder(&folder)).unwrap();
        Agency { oin, folder, tls: Arc::new(tls) }
    }

    /// Revokes an agency's certificate; each of `readers` learns of it when it next looks.
    pub(crate) fn revoke(&self, agency: &Agency, readers: &[&Agency]) {
        authority::revoke(&self.ca(), &Revoke::Agency(agency.oin.clone()), tls_now()).unwrap();
        authority::crl(&self.ca(), tls_now(), 7).unwrap();
        for reader in readers {
            authority::publish_crl(&self.ca(), &reader.folder).unwrap();
        }
    }
}

impl Agency {
    pub(crate) fn channel(&self, to: &Oin, address: SocketAddr) -> Channel {
        self.channel_over(Arc::new(TcpNet), to, address)
    }

    pub(crate) fn channel_over(&self, net: Arc<dyn Net>, to: &Oin, address: SocketAddr) -> Channel {
        let tls = Connector::region(self.tls.clone());
        dial(net, tls, &address.to_string(), to, &limits()).unwrap()
    }

    /// Who stands at this agency's desk after a handshake.
    pub(crate) async fn at_desk(&self) -> PeerIdentity {
        let [desk, person] = ["desk", "person"].map(|name| self.folder.join(name));
        let staff = StaffId::parse("n.deboer").unwrap();
        desk::init(&desk, &self.oin, tls_now()).unwrap();
        desk::issue(&desk, &person, &staff, 1, tls_now()).unwrap();
        let TlsFiles { cert, key, .. } = TlsFiles::in_folder(&self.folder);
        let files = DeskListenerFiles { cert, key, desk_root: desk.join(desk::ROOT_FILE) };
        let acceptor = Acceptor::desk(Arc::new(Reloading::open(files).unwrap()));
        let files = DeskClientFiles::in_folders(&self.folder, &person);
        let connector = Connector::desk(Arc::new(Reloading::open(files).unwrap()));
        let (near, far) = tokio::io::duplex(16 * 1_024);
        let met = tokio::join!(acceptor.accept(near), connector.connect(far, &self.oin));
        met.1.unwrap();
        met.0.unwrap().1
    }

    pub(crate) async fn serve(&self) -> Running {
        self.serve_with(&limits(), Callers::verified()).await
    }

    /// Serves [`Slow`] to `callers`, and health to all.
    pub(crate) async fn serve_with(&self, limits: &Limits, callers: Callers) -> Running {
        let slow = Slow::default();
        let server = Server::region("test", self.tls.clone(), limits).add(slow.clone(), callers);
        let bound = server.bind(&TcpNet, free()).await.unwrap();
        Running::start(bound, slow)
    }
}

/// A server that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: Shutdown,
    pub(crate) slow: Slow,
    served: JoinHandle<Result<(), ServeError>>,
}

impl Running {
    pub(crate) fn start(bound: Bound, slow: Slow) -> Self {
        let shutdown = Shutdown::new();
        Self {
            address: bound.address(),
            served: tokio::spawn(bound.serve(shutdown.clone())),
            shutdown,
            slow,
        }
    }

    pub(crate) async fn ended(self) {
        soon(self.served).await.unwrap().unwrap();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.served.is_finished()
    }
}

/// A service whose every call waits until the test lets it go on. It then answers with a fault
/// that names the caller's OIN, which takes no message of its own.
#[derive(Clone, Default)]
pub(crate) struct Slow {
    pub(crate) began: Arc<Notify>,
    pub(crate) go_on: Arc<Notify>,
}

impl NamedService for Slow {
    const NAME: &'static str = "test.Slow";
}

impl Service<Request<Body>> for Slow {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let caller = request.extensions().get::<Peer>().cloned();
        let slow = self.clone();
        Box::pin(async move {
            slow.began.notify_one();
            slow.go_on.notified().await;
            let status = match caller {
                Some(peer) => Status::new(Code::NotFound, peer.oin().as_str()),
                None => rejected(Reason::Internal),
            };
            Ok(status.into_http())
        })
    }
}

/// Calls [`Slow`]: its answer is a status.
pub(crate) async fn call_slow(channel: Channel) -> Status {
    call_raw(channel, "/test.Slow/Call", Vec::new()).await
}

/// Sends bytes that are no message to the health service.
pub(crate) async fn call_raw(channel: Channel, path: &'static str, bytes: Vec<u8>) -> Status {
    let mut grpc = tonic::client::Grpc::new(channel);
    grpc.ready().await.unwrap();
    let answer = grpc.unary(tonic::Request::new(bytes), path.parse().unwrap(), raw::RawCodec);
    answer.await.unwrap_err()
}

pub(crate) async fn health(channel: Channel) -> Result<ServingStatus, Status> {
    let request = HealthCheckRequest::default();
    let answer = soon(HealthClient::new(channel).check(request)).await?;
    Ok(answer.into_inner().status())
}

pub(crate) fn limits() -> Limits {
    Limits {
        notice_ms: Within::clamped(0),
        grace_ms_max: Within::clamped(10_000),
        ..Limits::default()
    }
}

pub(crate) fn free() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// What must end soon, or the test fails.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    let end = timeout(Duration::from_secs(10), what).await;
    end.expect("it did not end in time")
}

/// Speaks TLS to a server without a certificate of its own, and waits for its first word.
pub(crate) async fn without_certificate(address: SocketAddr) -> std::io::Result<usize> {
    use tokio::io::AsyncReadExt as _;
    use tokio_rustls::rustls::{ClientConfig, crypto::aws_lc_rs::default_provider, version::TLS13};
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trusting::Anybody))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = tokio::net::TcpStream::connect(address).await?;
    let name = "anybody.invalid".try_into().unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await?;
    stream.read(&mut [0; 1]).await
}

/// A client that trusts every server.
mod trusting {
    use tokio_rustls::rustls::client::danger::{
        HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
    };
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use tokio_rustls::rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    pub(super) struct Anybody;

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Err(Error::General("TLS 1.3 only".to_owned()))
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }
}

/// A codec that sends bytes as they are.
mod raw {
    use prost::bytes::BufMut as _;
    use tonic::Status;
    use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

    pub(super) struct RawCodec;

    impl Codec for RawCodec {
        type Encode = Vec<u8>;
        type Decode = ();
        type Encoder = Self;
        type Decoder = Self;

        fn encoder(&mut self) -> Self {
            Self
        }

        fn decoder(&mut self) -> Self {
            Self
        }
    }

    impl Encoder for RawCodec {
        type Item = Vec<u8>;
        type Error = Status;

        fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
            to.put_slice(&item);
            Ok(())
        }
    }

    impl Decoder for RawCodec {
        type Item = ();
        type Error = Status;

        fn decode(&mut self, _: &mut DecodeBuf<'_>) -> Result<Option<()>, Status> {
            Ok(Some(()))
        }
    }
}
