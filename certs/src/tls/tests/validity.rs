//! Certificates and lists that have expired, and certificates that were revoked.

use super::*;

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
