use std::collections::BTreeSet;

use grondslag_proto::status::reason_of as told;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::*;
use crate::channel::reason_of;
use crate::config::Within;
use crate::net::TcpNet;
use crate::test_region::{
    Running, Slow, TestRegion, call_raw, call_slow, free, health, limits, soon, without_certificate,
};

const CHECK: &str = "/grpc.health.v1.Health/Check";

#[tokio::test]
async fn health_answers_every_verified_agency_over_mutual_tls() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let nobody = Callers::only(BTreeSet::new(), Reason::NotTheBroker);
    let server = broker.serve_with(&limits(), nobody).await;
    let channel = node.channel(&broker.oin, server.address);
    assert_eq!(health(channel).await.unwrap(), ServingStatus::Serving);
}

#[tokio::test]
async fn a_service_answers_only_its_callers_and_the_handler_knows_them() {
    let region = TestRegion::new();
    let (node, broker, other) = (region.agency(1), region.agency(2), region.agency(3));
    let callers = Callers::only(BTreeSet::from([broker.oin.clone()]), Reason::NotTheBroker);
    let server = node.serve_with(&limits(), callers).await;
    let refused = call_slow(other.channel(&node.oin, server.address)).await;
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(told(&refused), Some(Reason::NotTheBroker));
    server.slow.go_on.notify_one();
    let answered = call_slow(broker.channel(&node.oin, server.address)).await;
    assert_eq!(answered.message(), broker.oin.as_str());
}

#[tokio::test]
async fn a_slow_handshake_does_not_delay_another_client() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let patient = Limits {
        handshakes_max: Within::clamped(8),
        handshake_ms_max: Within::clamped(60_000),
        ..limits()
    };
    let server = broker.serve_with(&patient, Callers::verified()).await;
    // Seven peers connect and say nothing; the eighth place is enough for everybody else.
    let mut silent = Vec::new();
    for _ in 0..7 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    for _ in 0..3 {
        let channel = node.channel(&broker.oin, server.address);
        assert_eq!(health(channel).await.unwrap(), ServingStatus::Serving);
    }
}

#[tokio::test]
async fn a_silent_peer_is_hung_up_on_and_its_place_is_free_again() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let narrow = Limits {
        handshakes_max: Within::clamped(1),
        handshake_ms_max: Within::clamped(1_000),
        ..limits()
    };
    let server = broker.serve_with(&narrow, Callers::verified()).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let channel = node.channel(&broker.oin, server.address);
    assert_eq!(health(channel).await.unwrap(), ServingStatus::Serving);
    assert_eq!(soon(silent.read(&mut [0; 1])).await.unwrap(), 0);
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused() {
    let region = TestRegion::new();
    let server = region.agency(1).serve().await;
    let refused = soon(without_certificate(server.address)).await.unwrap_err();
    assert!(refused.to_string().contains("CertificateRequired"), "{refused}");
}

#[tokio::test]
async fn a_server_that_is_told_not_to_serve_before_it_opens_says_so() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let server = Server::region("test", broker.tls.clone(), &limits());
    let bound = server.bind(&TcpNet, free()).await.unwrap();
    let told = bound.health();
    told.not_serving().await;
    let server = Running::start(bound, Slow::default());
    let channel = node.channel(&broker.oin, server.address);
    assert_eq!(health(channel.clone()).await.unwrap(), ServingStatus::NotServing);
    told.serving().await;
    assert_eq!(health(channel).await.unwrap(), ServingStatus::Serving);
}

#[tokio::test]
async fn plain_text_is_not_answered() {
    let region = TestRegion::new();
    let server = region.agency(1).serve().await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    let mut heard = Vec::new();
    // At most a TLS alert (content type 21) comes back, and then the end.
    let _ = soon(plain.read_to_end(&mut heard)).await;
    assert!(heard.first().is_none_or(|kind| *kind == 21), "{heard:?}");
}

#[tokio::test]
async fn revocation_reaches_a_connection_that_is_open() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let server = broker.serve().await;
    let open = node.channel(&broker.oin, server.address);
    assert!(health(open.clone()).await.is_ok());
    region.revoke(&node, &[&broker]);
    broker.tls.reload_if_changed().unwrap();
    let refused = health(open).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(told(&refused), Some(Reason::CertificateInvalid));
    // And a new connection is refused in its handshake.
    let fresh = health(node.channel(&broker.oin, server.address)).await.unwrap_err();
    assert_eq!(reason_of(&fresh), Reason::CertificateInvalid);
}

#[tokio::test]
async fn a_desk_certificate_that_expires_admits_no_further_call_on_an_open_connection() {
    let region = TestRegion::new();
    let node = region.agency(1);
    let peer = node.at_desk().await;
    let until = peer.desk().unwrap().not_after();
    let watchman = Watchman::new(None, &limits());
    let refused = Err(Reason::CertificateInvalid);
    assert_eq!(watchman.still_admits(&peer, until.plus_ms(-1)), Ok(()));
    assert_eq!(watchman.still_admits(&peer, until), refused);
}

#[tokio::test]
async fn malformed_and_oversized_messages_leave_with_a_stable_reason() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let server = broker.serve().await;
    let channel = node.channel(&broker.oin, server.address);
    // A length-delimited field that promises more than there is.
    let broken = call_raw(channel.clone(), CHECK, vec![0x0a, 0x7f, 0x01]).await;
    assert_eq!(broken.code(), Code::InvalidArgument);
    assert_eq!(told(&broken), Some(Reason::Malformed));
    assert!(!broken.message().contains("Protobuf"), "{broken:?}");
    let large = call_raw(channel.clone(), CHECK, vec![0; 5 * 1_024 * 1_024]).await;
    assert_eq!(told(&large), Some(Reason::TooLarge), "{large:?}");
    let unknown = call_raw(channel.clone(), "/grpc.health.v1.Health/Nothing", Vec::new()).await;
    assert_eq!(told(&unknown), Some(Reason::Unimplemented));
    let elsewhere = call_raw(channel, "/grondslag.v1.Nowhere/Call", Vec::new()).await;
    assert_eq!(reason_of(&elsewhere), Reason::Unimplemented);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_ended() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let brisk = Limits { call_ms_max: Within::clamped(100), ..limits() };
    let server = broker.serve_with(&brisk, Callers::verified()).await;
    let late = call_slow(node.channel(&broker.oin, server.address)).await;
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!(told(&late), Some(Reason::DeadlinePassed));
}

#[tokio::test]
async fn the_end_is_said_first_then_what_is_in_flight_is_finished() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let noticed = Limits { notice_ms: Within::clamped(1_500), ..limits() };
    let server = broker.serve_with(&noticed, Callers::verified()).await;
    let channel = node.channel(&broker.oin, server.address);
    let mut watch = HealthClient::new(channel.clone())
        .watch(HealthCheckRequest::default())
        .await
        .unwrap()
        .into_inner();
    let first = soon(watch.message()).await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let in_flight = tokio::spawn(call_slow(channel.clone()));
    soon(server.slow.began.notified()).await;

    server.shutdown.trigger();
    let second = soon(watch.message()).await.unwrap().unwrap();
    assert_eq!(second.status(), ServingStatus::NotServing);
    // During the notice a new connection still hears "not serving" instead of nothing.
    let late = node.channel(&broker.oin, server.address);
    assert_eq!(health(late).await.unwrap(), ServingStatus::NotServing);
    assert!(soon(watch.message()).await.unwrap().is_none());
    // Then nobody accepts any more, and the call in flight still gets its answer.
    let refused = health(node.channel(&broker.oin, server.address)).await.unwrap_err();
    assert_eq!(reason_of(&refused), Reason::Unreachable);
    assert!(!server.is_over());
    server.slow.go_on.notify_one();
    assert_eq!(soon(in_flight).await.unwrap().code(), Code::NotFound);
    server.ended().await;
}

#[tokio::test]
async fn the_grace_is_bounded_and_what_is_left_is_cut() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let hasty = Limits { grace_ms_max: Within::clamped(50), ..limits() };
    let server = broker.serve_with(&hasty, Callers::verified()).await;
    let in_flight = tokio::spawn(call_slow(node.channel(&broker.oin, server.address)));
    soon(server.slow.began.notified()).await;
    server.shutdown.trigger();
    server.ended().await;
    let cut = soon(in_flight).await.unwrap();
    assert_eq!(reason_of(&cut), Reason::Unreachable, "{cut:?}");
}
