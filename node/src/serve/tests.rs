use std::fs;
use std::path::PathBuf;

use grondslag_certs::time::tls_now;
use grondslag_certs::tls::{Connector, TlsFiles};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Oin;
use grondslag_evidence::store::Backend;
use grondslag_proto::status::reason_of;
use grondslag_proto::v1;
use grondslag_proto::v1::node_service_client::NodeServiceClient;
use grondslag_runtime::channel::dial;
use grondslag_runtime::config::{self, Limits};
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::operator::Vitals as _;
use tonic::transport::Channel;

use super::*;
use crate::init::{ADMISSION_FILE, NewNode, init};

const OWN: &str = "00000099000000001000";
const BROKER: &str = "00000099000000002000";
const OTHER: &str = "00000099000000003000";

struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        authority::init(&dir.path().join("ca"), "Drieveen", tls_now()).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A node's folder as its operator makes it: init, a certificate on its request, an admission.
    fn node(&self) -> NodeConfig {
        let (folder, ca) = (self.path("node"), self.path("ca"));
        let new = NewNode {
            oin: Oin::parse(OWN).unwrap(),
            name: "Praktijk".into(),
            kind: Kind::parse("ha").unwrap(),
            duty_phone: "088".into(),
            listen: "127.0.0.1:0".parse().unwrap(),
            desk: "127.0.0.1:0".parse().unwrap(),
            broker: Oin::parse(BROKER).unwrap(),
            broker_endpoint: "127.0.0.1:1".into(),
            operators: Vec::new(),
            officers: Vec::new(),
            key_holders: Vec::new(),
        };
        let made = init(&folder, &new, tls_now()).unwrap();
        let files = TlsFiles::in_folder(&folder);
        let request = fs::read_to_string(made.request).unwrap();
        fs::write(files.cert, authority::sign_csr(&ca, &request, tls_now()).unwrap()).unwrap();
        fs::copy(ca.join("ca.pem"), files.root).unwrap();
        authority::publish_crl(&ca, &folder).unwrap();
        let until = Timestamp::parse("2030-01-01").unwrap();
        let admission = authority::admit(&ca, &new.oin, &[new.kind], until, tls_now()).unwrap();
        authority::write_admission(&folder.join(ADMISSION_FILE), &admission).unwrap();
        let mut config: NodeConfig = config::load(&made.config).unwrap();
        config.store.backend = Backend::Memory;
        config
    }

    fn channel(&self, caller: &str, node: &Node) -> Channel {
        let folder = self.path(caller);
        let oin = Oin::parse(caller).unwrap();
        authority::issue(&self.path("ca"), &folder, &oin, "Fictie", tls_now()).unwrap();
        let region = Reloading::open(TlsFiles::in_folder(&folder)).unwrap();
        let tls = Connector::region(Arc::new(region));
        let endpoint = node.region_address.to_string();
        dial(Arc::new(TcpNet), tls, &endpoint, &node.agency.oin, &Limits::default()).unwrap()
    }
}

fn around() -> Surroundings {
    let start = Timestamp::parse("2026-09-15T09:00").unwrap();
    Surroundings {
        net: Arc::new(TcpNet),
        shutdown: Shutdown::new(),
        clock: Some(Arc::new(SetClock::at(start))),
    }
}

#[tokio::test]
async fn invariant_08_a_node_answers_its_broker_and_nobody_else() {
    let scene = Scene::new();
    let node = Node::start(scene.node(), around()).await.unwrap();
    let ask = async |caller| {
        let mut client = NodeServiceClient::new(scene.channel(caller, &node));
        let request = v1::AnswerRequest { question: Some(v1::AnswerQuestion::default()) };
        reason_of(&client.answer(request).await.unwrap_err())
    };
    assert_eq!(ask(OTHER).await, Some(Reason::NotTheBroker));
    assert_eq!(ask(BROKER).await, Some(Reason::Malformed));
    assert_eq!(node.refresh().await, Err(Reason::Unreachable));
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_node_tells_its_state_and_that_its_register_is_not_loaded() {
    let scene = Scene::new();
    let node = Node::start(scene.node(), around()).await.unwrap();
    let status = node.agency.status().await;
    assert_eq!((status.process.as_str(), status.name.as_str()), ("node", "Praktijk"));
    assert_eq!(status.findings.first(), Some(&Reason::NotReady));
    let peers: Vec<&str> = status.peers.iter().map(|peer| peer.oin.as_str()).collect();
    assert_eq!(peers, [BROKER]);
    node.kill().await;
}

#[tokio::test]
async fn what_is_wrong_in_a_nodes_folder_stops_its_start_with_its_reason() {
    let refused = async |change: &dyn Fn(&mut NodeConfig, &Scene)| {
        let scene = Scene::new();
        let mut config = scene.node();
        change(&mut config, &scene);
        Node::start(config, around()).await.unwrap_err().reason()
    };
    let other_kind = |c: &mut NodeConfig, _: &Scene| c.agency.kind = Kind::parse("vt").unwrap();
    assert_eq!(refused(&other_kind).await, Reason::KindNotAdmitted);
    let no_kind = |c: &mut NodeConfig, _: &Scene| c.agency.kind = Kind::parse("xx").unwrap();
    assert_eq!(refused(&no_kind).await, Reason::ConfigInvalid);
    let permit = |c: &mut NodeConfig, scene: &Scene| {
        let file = scene.path("local.toml");
        let text = "[[row]]\nid = \"L1\"\noutcome = \"permit\"\ntext.nl = \"x\"\ntext.en = \"x\"\n";
        fs::write(&file, text).unwrap();
        c.policy.overlay = Some(file.into());
    };
    assert_eq!(refused(&permit).await, Reason::LocalPermit);
    let no_secret = |c: &mut NodeConfig, _: &Scene| {
        fs::remove_file(c.agency.secret.path()).unwrap();
    };
    assert_eq!(refused(&no_secret).await, Reason::FileUnreadable);
    let taken = |c: &mut NodeConfig, _: &Scene| {
        // Kept until the end of the test's process.
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        c.listen.address = held.local_addr().unwrap();
        std::mem::forget(held);
    };
    assert_eq!(refused(&taken).await, Reason::PortInUse);
}
