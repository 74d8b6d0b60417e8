//! A broker and its operator, from an empty folder to a process that serves.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::certs::authority;
use crate::{BROKER, OIN, Ran, run, run_with};

/// Longest wait for a process that starts.
const START_MAX: Duration = Duration::from_secs(30);

/// A process that ends with the test.
pub(crate) struct Serving(Child);

impl Serving {
    /// Starts a process with its standard error in a file.
    pub(crate) fn start(folder: &Path, line: &str) -> Self {
        let err = fs::File::create(folder.join("serving.log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_grondslag"))
            .args(line.split_whitespace())
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(err)
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Asks a process that starts for its state, until it answers.
pub(crate) fn status(folder: &Path, config: &str) -> Ran {
    let began = Instant::now();
    loop {
        let ran = run(folder, &format!("status --config {config} --json"));
        if ran.code != 69 {
            return ran;
        }
        let log = || fs::read_to_string(folder.join("serving.log")).unwrap();
        assert!(began.elapsed() < START_MAX, "{ran:?}\n{}", log());
        sleep(Duration::from_millis(100));
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Puts what the authority gives in a process's folder.
pub(crate) fn furnish(folder: &Path, name: &str, oin: &str, kind: &str) {
    let line = format!("certs sign-csr --authority ca --request {name}/request.pem");
    run(folder, &format!("{line} --out {name}/cert.pem --json")).done();
    let line = format!("certs admit --authority ca --oin {oin} --kind {kind} --until 2090-12-31");
    run(folder, &format!("{line} --out {name}/admission.json --json")).done();
    for file in ["ca.pem", "crl.pem"] {
        fs::copy(folder.join("ca").join(file), folder.join(name).join(file)).unwrap();
    }
}

/// A broker in the folder `broker`, ready to serve.
fn broker(folder: &Path, oin: &str) {
    let listen = format!("127.0.0.1:{}", free_port());
    authority(folder);
    let words = ["broker", "init", "--folder", "broker", "--oin", oin, "--listen", &listen];
    let more = ["--name", "Makelaar Drieveen", "--duty-phone", "088 990 00 00", "--json"];
    let made = run_with(folder, &[&words[..], &more].concat()).done();
    assert_eq!(made["missing"].as_array().unwrap().len(), 4);
    furnish(folder, "broker", oin, "broker");
}

const CHECK: &str = "broker serve --config broker/broker.toml --check --json";

#[test]
fn a_new_broker_serves_and_says_how_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    broker(folder, BROKER);
    assert_eq!(run(folder, CHECK).done()["findings"], serde_json::json!([]));
    let unreachable = run(folder, "status --config broker/broker.toml --json");
    assert_eq!((unreachable.code, unreachable.reason().as_str()), (69, "UNREACHABLE"));

    let serving = Serving::start(folder, "broker serve --config broker/broker.toml");
    let state = status(folder, "broker/broker.toml").json();
    assert_eq!((&state["process"], &state["oin"]), (&"broker".into(), &BROKER.into()));
    let days = |key: &str| state[key].as_i64().unwrap();
    assert!((89..=90).contains(&days("certificate_days_left")), "90, less the moment since");
    assert!((6..=7).contains(&days("crl_days_left")), "a week, less the moment since");
    let said = run(folder, "status --config broker/broker.toml --lang en");
    assert!(said.out.contains("Makelaar Drieveen") && said.out.contains("writable"), "{said:?}");
    let second = run(folder, "broker serve --config broker/broker.toml --json");
    assert_eq!((second.code, second.reason().as_str()), (70, "STORE_IN_USE"), "{second:?}");
    drop(serving);
}

/// The certificate decides: it is the only thing that differs.
#[test]
fn what_passes_is_copied_in_a_demo_region_and_by_no_real_broker() {
    const REAL: &str = "00000001000000009000";
    let serve = "broker serve --config broker/broker.toml --tap broker/tap";
    let dir = tempfile::tempdir().unwrap();
    broker(dir.path(), REAL);
    let refused = run(dir.path(), &format!("{serve} --json"));
    assert_eq!((refused.code, refused.reason().as_str()), (1, "MODE_MISMATCH"), "{refused:?}");
    assert!(refused.json()["error"]["detail"].as_str().unwrap().contains("demo region"));
    assert!(!dir.path().join("broker/tap").exists());

    let dir = tempfile::tempdir().unwrap();
    broker(dir.path(), BROKER);
    let serving = Serving::start(dir.path(), serve);
    status(dir.path(), "broker/broker.toml").json();
    let copied = fs::read(dir.path().join("broker/tap")).unwrap();
    assert!(copied.windows(3).any(|window| window == b"PRI"), "HTTP/2 in plaintext");
    drop(serving);
}

#[test]
fn a_configuration_that_is_wrong_ends_with_64_and_names_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    broker(folder, BROKER);
    let config = folder.join("broker/broker.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("duty_phone", "duty_fone")).unwrap();
    let typo = run(folder, CHECK);
    assert_eq!((typo.code, typo.reason().as_str()), (64, "CONFIG_INVALID"));
    assert!(typo.out.contains("broker.toml:") && typo.out.contains("duty_phone"), "{typo:?}");
    let serve = run(folder, "broker serve --config broker/broker.toml");
    assert_eq!(serve.code, 64, "{serve:?}");

    fs::write(&config, text).unwrap();
    fs::remove_file(folder.join("broker/sign.key")).unwrap();
    let missing = run(folder, CHECK);
    assert_eq!(missing.code, 64, "{missing:?}");
    assert!(missing.json()["findings"][0]["path"].as_str().unwrap().ends_with("sign.key"));
}

#[test]
fn an_operator_admits_suspends_restores_and_accepts() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    broker(folder, BROKER);
    let line = format!("certs admit --authority ca --oin {OIN} --kind sch --until 2090-12-31");
    run(folder, &format!("{line} --out school.json --json")).done();
    let with = |words: &str| run(folder, &format!("{words} --config broker/broker.toml --json"));
    assert_eq!(with("broker admit school.json").done()["kinds"][0], "sch");
    assert_eq!(with(&format!("broker suspend {OIN}")).done()["suspended"], true);
    assert!(folder.join("broker/operator/suspended").join(OIN).exists());
    assert_eq!(with(&format!("broker restore {OIN}")).done()["suspended"], false);
    assert!(!folder.join("broker/operator/suspended").join(OIN).exists());
    let digest = "ab".repeat(32);
    assert_eq!(with(&format!("broker accept {digest}")).done()["card"], digest);
    assert_eq!(with("broker accept ab").code, 2, "no digest");

    let forged = fs::read_to_string(folder.join("school.json")).unwrap().replace("sch", "vt");
    fs::write(folder.join("forged.json"), forged).unwrap();
    let refused = with("broker admit forged.json");
    assert_eq!((refused.code, refused.reason().as_str()), (1, "KIND_NOT_ADMITTED"));
}
