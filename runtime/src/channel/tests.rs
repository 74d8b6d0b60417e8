use grondslag_certs::tls::Connector;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use super::*;
use crate::net::TcpNet;
use crate::server::{Callers, Server};
use crate::test_region::{Running, Slow, TestRegion, call_slow, free, health, limits, soon};

#[tokio::test]
async fn an_endpoint_is_host_and_port() {
    let region = TestRegion::new();
    let node = region.agency(1);
    for bad in ["", "localhost", ":1", "localhost:", "a:b", "a:70000", "a b:1", "u@h/p:1?"] {
        let tls = Connector::region(node.tls.clone());
        let refused = dial(Arc::new(TcpNet), tls, bad, &node.oin, &limits());
        assert!(matches!(refused, Err(DialError::Endpoint)), "{bad}");
    }
    let tls = Connector::region(node.tls.clone());
    assert!(dial(Arc::new(TcpNet), tls, "[::1]:8443", &node.oin, &limits()).is_ok());
}

#[tokio::test]
async fn another_agency_at_the_endpoint_is_not_spoken_to() {
    let region = TestRegion::new();
    let (broker, node, other) = (region.agency(1), region.agency(2), region.agency(3));
    let server = broker.serve().await;
    let wrong = health(node.channel(&other.oin, server.address)).await.unwrap_err();
    assert_eq!(reason_of(&wrong), Reason::PeerOinMismatch);
}

#[tokio::test]
async fn another_region_is_not_spoken_to() {
    let (region, elsewhere) = (TestRegion::new(), TestRegion::new());
    let (broker, stranger) = (region.agency(1), elsewhere.agency(2));
    let server = broker.serve().await;
    let wrong = health(stranger.channel(&broker.oin, server.address)).await.unwrap_err();
    assert_eq!(reason_of(&wrong), Reason::CertificateInvalid);
}

#[tokio::test]
async fn a_channel_reconnects_after_the_other_side_was_away() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let first = broker.serve().await;
    let address = first.address;
    let channel = node.channel(&broker.oin, address);
    assert!(health(channel.clone()).await.is_ok());
    first.shutdown.trigger();
    first.ended().await;
    let away = health(channel.clone()).await.unwrap_err();
    assert_eq!(reason_of(&away), Reason::Unreachable);
    let server = Server::region("test", broker.tls.clone(), &limits());
    let again = server.bind(&TcpNet, address).await.unwrap();
    let _running = Running::start(again, Slow::default());
    // The connection that was refused may have been under way; the next call tries anew.
    let mut answer = health(channel.clone()).await;
    if answer.is_err() {
        answer = health(channel).await;
    }
    assert_eq!(answer.unwrap(), ServingStatus::Serving);
}

#[tokio::test]
async fn a_side_that_accepts_and_says_nothing_is_unreachable_within_the_limit() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let mut place = TcpNet.listen(free()).await.unwrap();
    let endpoint = place.address().to_string();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(stream) = place.accept().await {
            held.push(stream);
        }
    });
    let hasty = Limits { connect_ms_max: crate::config::Within::clamped(100), ..limits() };
    let tls = Connector::region(node.tls.clone());
    let channel = dial(Arc::new(TcpNet), tls, &endpoint, &broker.oin, &hasty).unwrap();
    let silent = health(channel).await.unwrap_err();
    let reason = reason_of(&silent);
    assert!(matches!(reason, Reason::Unreachable | Reason::DeadlinePassed), "{reason}");
}

#[tokio::test]
async fn a_deadline_travels_with_the_call_and_ends_it() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let server = broker.serve_with(&limits(), Callers::verified()).await;
    let mut client = tonic_health::pb::health_client::HealthClient::new(
        node.channel(&broker.oin, server.address),
    );
    let request = within(HealthCheckRequest::default(), Duration::from_secs(5));
    assert!(request.metadata().contains_key("grpc-timeout"));
    assert!(client.check(request).await.is_ok());
}

#[tokio::test]
async fn channels_are_kept_per_agency_and_endpoint_and_bounded() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let server = broker.serve().await;
    let tls = Connector::region(node.tls.clone());
    let channels = Channels::new(Arc::new(TcpNet), tls, limits());
    let count = || channels.kept.lock().unwrap().by_party.len();
    let endpoint = server.address.to_string();
    let to_broker = channels.to(&broker.oin, &endpoint).unwrap();
    assert!(health(to_broker.channel()).await.is_ok());
    channels.to(&broker.oin, &endpoint).unwrap();
    assert_eq!(count(), 1);
    assert!(channels.to(&broker.oin, "nowhere").is_err());
    for port in 1..=CHANNELS_MAX {
        channels.to(&node.oin, &format!("127.0.0.1:{port}")).unwrap();
        channels.to(&broker.oin, &endpoint).unwrap();
    }
    assert_eq!(count(), CHANNELS_MAX);
    // The one in use stayed.
    let kept = channels.kept.lock().unwrap().by_party.contains_key(&(broker.oin.clone(), endpoint));
    assert!(kept);
    channels.forget(&node.oin);
    assert_eq!(count(), 1);
}

#[tokio::test]
async fn our_own_reason_wins_over_what_the_transport_tells() {
    let region = TestRegion::new();
    let (broker, node) = (region.agency(1), region.agency(2));
    let callers = Callers::checked(|_| Err(Reason::AgencySuspended));
    let server = broker.serve_with(&limits(), callers).await;
    let refused = soon(call_slow(node.channel(&broker.oin, server.address))).await;
    assert_eq!(reason_of(&refused), Reason::AgencySuspended);
}
