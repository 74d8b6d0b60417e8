use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use ed25519_dalek::SigningKey;
use grondslag_certs::tls::Reload;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::SetClock;
use grondslag_core::id::Digest;
use grondslag_evidence::ledger::Entry;
use grondslag_evidence::store::Batch;
use serde::Deserialize;
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};

use super::*;
use crate::clock::RegionClockFile;
use crate::server::Server;
use crate::test_region::{Agency, TestRegion, free, health, soon};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain {
    sign_key: SecretFile,
    identity: Identity,
    store: Store,
    #[serde(default)]
    log: Log,
    #[serde(default)]
    telemetry: Telemetry,
    #[serde(default)]
    clock: Clock,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    backup: Option<Backup>,
}

impl ProcessConfig for Plain {
    const PROCESS: &'static str = "plain";

    fn common(&self) -> Common {
        Common {
            identity: self.identity.clone(),
            store: self.store.clone(),
            log: self.log.clone(),
            telemetry: self.telemetry,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            backup: self.backup.clone(),
            sign_key: self.sign_key.clone(),
        }
    }
}

fn config(agency: &Agency, more: &str) -> PathBuf {
    let file = agency.folder.join("plain.toml");
    let text = format!(
        "sign_key = \"sign.pem\"\n\
         [identity]\ncert = \"cert.pem\"\nkey = \"key.pem\"\nroot = \"ca.pem\"\ncrl = \"crl.pem\"\n\
         [store]\npath = \"store\"\nbackend = \"memory\"\n\
         [log]\nlevel = \"error\"\n[limits]\nnotice_ms = 0\n{more}"
    );
    fs::write(&file, text).unwrap();
    file
}

async fn one_server(context: &Context) -> Result<App, StartError> {
    let server = Server::region("plain", context.region.clone(), &context.limits);
    let bound = server.bind(context.net.as_ref(), free()).await?;
    Ok(App { servers: vec![bound] })
}

#[test]
fn a_process_lives_from_its_file_to_a_clean_end() {
    let region = TestRegion::new();
    let (own, other) = (region.agency(1), region.agency(2));
    let finished = Arc::new(AtomicBool::new(false));
    let mark = finished.clone();
    let ended = run(&config(&own, ""), async |_: Plain, context: &Context| {
        let app = one_server(context).await?;
        assert_eq!(context.oin(), own.oin);
        let channel = other.channel(&own.oin, app.servers[0].address());
        let shutdown = context.shutdown.clone();
        context.tasks.spawn(async move {
            // A task that sees the server at work and asks for the end is itself awaited.
            assert!(health(channel).await.is_ok());
            shutdown.trigger();
            tokio::time::sleep(Duration::from_millis(50)).await;
            mark.store(true, Ordering::SeqCst);
        })?;
        Ok(app)
    });
    ended.unwrap();
    assert!(finished.load(Ordering::SeqCst));
}

#[test]
fn a_wrong_configuration_and_a_failed_start_say_why() {
    let region = TestRegion::new();
    let own = region.agency(1);
    let never = async |_: Plain, _: &Context| unreachable!("it must not come to building");
    let typo = run(&config(&own, "[clok]\n"), never).unwrap_err();
    assert_eq!(typo.reason(), Reason::ConfigInvalid);
    assert!(typo.to_string().contains("did you mean `clock`?"), "{typo}");

    fs::remove_file(own.folder.join("crl.pem")).unwrap();
    let absent = run(&config(&own, ""), never).unwrap_err();
    assert_eq!(absent.reason(), Reason::FileUnreadable);
}

#[test]
fn a_port_in_use_stops_the_start_with_its_address() {
    let region = TestRegion::new();
    let own = region.agency(1);
    let taken = std::net::TcpListener::bind(free()).unwrap();
    let address = taken.local_addr().unwrap();
    let error = run(&config(&own, ""), async |_: Plain, context: &Context| {
        let server = Server::region("plain", context.region.clone(), &context.limits);
        server.bind(context.net.as_ref(), address).await?;
        Ok(App::default())
    });
    let error = error.unwrap_err();
    assert_eq!(error.reason(), Reason::PortInUse);
    assert!(error.to_string().contains(&address.to_string()));
}

/// A process of this agency, with more at the end of its configuration; in memory.
pub(crate) async fn context(agency: &Agency, more: &str) -> Context {
    opened(agency, more).await.unwrap()
}

/// The same, if it can be opened.
pub(crate) async fn opened(agency: &Agency, more: &str) -> Result<Context, StartError> {
    let plain: Plain = config::load(&config(agency, more)).unwrap();
    let around = Surroundings { net: Arc::new(TcpNet), shutdown: Shutdown::new(), clock: None };
    Context::open("plain", &plain.common(), around).await
}

#[tokio::test]
async fn a_faulty_clock_says_not_serving_until_it_is_mended() {
    let region = TestRegion::new();
    let (own, other) = (region.agency(1), region.agency(2));
    let path = own.folder.join("clock.json");
    let start = grondslag_core::clock::Timestamp::parse("2026-06-02T10:15").unwrap();
    RegionClockFile::create(&path, start).unwrap();
    let context = context(&own, "[clock]\nregion_file = \"clock.json\"\n").await;
    let app = one_server(&context).await.unwrap();
    let channel = other.channel(&own.oin, app.servers[0].address());
    let serving = tokio::spawn(serve(app, context.clone()));

    let says = async |wanted| {
        while health(channel.clone()).await.unwrap() != wanted {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(says(Serving)).await;
    let good = fs::read(&path).unwrap();
    fs::write(&path, "garbled").unwrap();
    assert_eq!(context.findings().await, [Reason::ClockInvalid]);
    soon(says(NotServing)).await;
    assert!(!context.status().await.serving);
    fs::write(&path, good).unwrap();
    soon(says(Serving)).await;
    context.shutdown.trigger();
    soon(serving).await.unwrap().unwrap();
}

/// A clock that was once ahead shows, as long as nothing can be recorded for it.
#[tokio::test]
async fn a_ledger_that_ends_in_time_to_come_says_not_serving_until_the_clock_is_there() {
    let region = TestRegion::new();
    let own = region.agency(1);
    let plain: Plain = config::load(&config(&own, "")).unwrap();
    let now = grondslag_core::clock::Timestamp::parse("2026-06-02T10:15").unwrap();
    let clock = Arc::new(SetClock::at(now.plus_ms(86_400_000)));
    let set: Arc<dyn grondslag_core::clock::Clock> = clock.clone();
    let around =
        Surroundings { net: Arc::new(TcpNet), shutdown: Shutdown::new(), clock: Some(set) };
    let context = Context::open("plain", &plain.common(), around).await.unwrap();
    let keys = SignKeys { current: SigningKey::from_bytes(&[1; 32]), previous: None };
    let origin = |number| Origin::of_member(&context.region_name(), &own.oin, "plain", number);
    let ledger = context.ledger("plain", origin, &keys).await.unwrap();
    let leaf = b"leaf".to_vec();
    let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
    ledger.append(entry).await.unwrap();
    assert!(context.findings().await.is_empty());
    clock.set(now);
    assert_eq!(context.findings().await, [Reason::ClockInvalid]);
    let status = context.status().await;
    assert_eq!((status.serving, status.clock.fault), (false, Some(Reason::ClockInvalid)));
    clock.set(now.plus_ms(86_400_000));
    assert!(context.status().await.serving);
    clock.set(now);
    drop(ledger);
    assert!(context.findings().await.is_empty(), "it records there no more");
}

#[tokio::test]
async fn a_new_list_of_revoked_certificates_is_taken_without_a_restart() {
    let region = TestRegion::new();
    let (own, other) = (region.agency(1), region.agency(2));
    let context = context(&own, "").await;
    let before = context.region.current().crl().number();
    region.revoke(&other, &[&own]);
    let taken = async {
        while context.region.current().crl().number() == before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(taken).await;
    assert_eq!(context.region.reload_if_changed().unwrap(), Reload::Unchanged);
    context.shutdown.trigger();
}

#[tokio::test]
async fn status_names_the_process_its_mode_and_the_days_that_are_left() {
    let region = TestRegion::new();
    let own = region.agency(1);
    let status = context(&own, "").await.status().await;
    assert_eq!(status.oin, own.oin);
    assert_eq!(status.mode, grondslag_core::id::Mode::Demo);
    assert!((89..=90).contains(&status.certificate_days_left));
    assert!((6..=7).contains(&status.crl_days_left));
    assert!(status.serving && status.findings.is_empty() && status.store.writable);
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["process"], "plain");
    assert_eq!(serde_json::from_value::<crate::status::Status>(json).unwrap(), status);
}
