//! Who is let in, over which connection, and who is not.

use super::*;

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
