//! The restore drill: a broker is backed up while it runs, lost, restored into an empty folder, and
//! founded anew, with the commands that an operator types and the processes of a region. And the
//! ways in which that must not go through.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use grondslag_runtime::clock::RegionClockFile;
use serde_json::Value;

use crate::audit::{COVERED, kept_head, key_of, repin, replace};
use crate::demo::{Demo, NECESSITY, question, small_world};
use crate::{Ran, run, run_with};

/// Longest wait for something that processes do by themselves.
const WAIT: Duration = Duration::from_secs(60);
const NODES: [&str; 3] = ["gem-veenwolde", "sch-drieveen", "jha-kompas"];
const CHILD: &str = "999940119";

/// A region whose processes are started and ended one by one.
struct Region {
    temp: tempfile::TempDir,
    running: Vec<(String, Child)>,
}

impl Region {
    /// Made by a demo that has ended.
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        small_world(&temp.path().join("world"));
        drop(Demo::start(temp.path()));
        Self { temp, running: Vec::new() }
    }

    fn run(&self, line: &str) -> Ran {
        run(self.temp.path(), line)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.temp.path().join(path)
    }

    fn config(who: &str) -> String {
        match who {
            "broker" => "region/broker/broker.toml".to_owned(),
            node => format!("region/nodes/{node}/node.toml"),
        }
    }

    fn start(&mut self, who: &str) {
        let kind = if who == "broker" { "broker" } else { "node" };
        let child = Command::new(env!("CARGO_BIN_EXE_grondslag"))
            .args([kind, "serve", "--config", &Self::config(who)])
            .current_dir(self.temp.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.running.push((who.to_owned(), child));
    }

    /// Ends a process as a failing machine does.
    fn kill(&mut self, who: &str) {
        let place = self.running.iter().position(|(name, _)| name == who).unwrap();
        let (_, mut child) = self.running.remove(place);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks, until the agency replies.
    #[track_caller]
    fn ask(&self) {
        let began = Instant::now();
        loop {
            let asked = run_with(
                self.temp.path(),
                &[&["ask", "--json"], question(CHILD, NECESSITY).as_slice()].concat(),
            );
            if asked.code == 0 && asked.json()["agencies"][0]["state"] == "replied" {
                return;
            }
            assert!(began.elapsed() < WAIT, "{asked:?}");
            sleep(Duration::from_millis(200));
        }
    }

    fn verify(&self) -> Value {
        self.run("audit verify --json --offline region").json()
    }

    /// The clock of a region stands still when no demo moves it.
    fn step(&self, ms: i64) {
        RegionClockFile::open(&self.at("region/clock.json")).unwrap().advance(ms).unwrap();
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        for (_, child) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An operator of a demo region, whose clock stands still.
const SIGN: &str = "operator sign-founding --region-clock region/clock.json";
const BROKER: &str = "region/broker/broker.toml";
/// What opens the backups of a demo's broker.
const BACKUP_KEY: &str = "region/backups/backup.key";

/// Folders of the two operators of the region.
fn operators(region: &Region) -> Vec<String> {
    let folders = fs::read_dir(region.at("region/operators")).unwrap().map(|one| one.unwrap());
    let folders = folders.filter(|one| one.path().is_dir());
    let mut names: Vec<String> = folders
        .map(|one| format!("region/operators/{}", one.file_name().to_str().unwrap()))
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    names
}

/// A region whose broker was backed up and then lost, with what came in between. Gives the backup.
fn lost_broker() -> (Region, Value) {
    let mut region = Region::new();
    region.start("broker");
    for node in NODES {
        region.start(node);
    }
    region.ask();
    let backup = region.run(&format!("backup --config {BROKER} --json")).done();
    assert!(backup["ledgers"]["broker"].as_u64().unwrap() > 10, "{backup}");
    what_cannot_be_heeded_is_refused(&region);
    // What comes after the backup is lost, and nodes saw it.
    region.ask();
    region.ask();
    region.kill("broker");
    fs::rename(region.at("region/broker/store"), region.at("lost")).unwrap();
    (region, backup)
}

/// A key or a folder beside those of the configuration, and factors where there are none.
fn what_cannot_be_heeded_is_refused(region: &Region) {
    let node = Region::config(NODES[0]);
    let given = "--key keys/backup.pub --to elsewhere --json";
    for line in [
        format!("backup --config {BROKER} {given}"),
        format!("backup --config {node} --factors-to factors.copy --json"),
        format!("restore --config {node} --backup no --key {BACKUP_KEY} --factors {BROKER} --json"),
    ] {
        let refused = region.run(&line);
        assert_eq!(refused.reason(), "CONFIG_INVALID", "{line}");
    }
    assert!(!region.at("elsewhere").exists() && !region.at("factors.copy").exists());
}

/// Puts the backup back; another key opens nothing, and nothing is put on top of anything.
fn put_back(region: &Region, backup: &Value) -> Value {
    let file = backup["file"].as_str().unwrap();
    let restore = format!("restore --backup {file} --config {BROKER} --json");
    let other = region.run("backup keys --to other --json").done();
    let other = other["private"].as_str().unwrap();
    let refused = region.run(&format!("{restore} --key {other}"));
    assert_eq!((refused.code, refused.reason().as_str()), (1, "BACKUP_UNOPENED"));
    assert!(!region.at("region/broker/store").exists());
    let put = region.run(&format!("{restore} --key {BACKUP_KEY}")).done();
    let held = backup["ledgers"]["broker"].as_u64();
    assert!(put["ledgers"]["broker"].as_u64() >= held, "{put}");
    let twice = region.run(&format!("{restore} --key {BACKUP_KEY}"));
    assert_eq!(twice.reason(), "FILE_EXISTS", "only into an empty folder");
    let served = region.run(&format!("broker serve --config {BROKER} --json"));
    assert_eq!(served.reason(), "RESTORE_UNFINISHED");
    put
}

/// Has two operators sign; with less, or with another number, nothing begins.
fn found_anew(region: &Region) {
    let finish = format!("restore finish --config {BROKER} --founding found.json --json");
    let operators = operators(region);
    let sign = |who: &str| {
        let line = format!("{SIGN} --file found.json --operator {who} --json");
        region.run(&line).done()["complete"].as_bool().unwrap()
    };
    assert_eq!(region.run(&finish).reason(), "OPERATORS_TOO_FEW");
    an_operator_signs_only_of_now_and_of_the_broker_it_knows(region, &operators[0]);
    assert!(!sign(&operators[0]) && !sign(&operators[0]));
    assert_eq!(region.run(&finish).reason(), "OPERATORS_TOO_FEW", "one, twice");
    assert!(sign(&operators[1]));
    let signed = fs::read_to_string(region.at("found.json")).unwrap();
    let wrong = signed.replace("\"number\": 2", "\"number\": 3");
    assert_ne!(wrong, signed);
    fs::write(region.at("found.json"), wrong).unwrap();
    assert_eq!(region.run(&finish).reason(), "FOUNDING_INVALID");
    fs::write(region.at("found.json"), signed).unwrap();
    let finished = region.run(&finish).done();
    assert!(finished["origin"].as_str().unwrap().ends_with("/2"), "{finished}");
    assert_eq!(finished["index"], 0);
}

fn an_operator_signs_only_of_now_and_of_the_broker_it_knows(region: &Region, who: &str) {
    use grondslag_core::checkpoint::{Origin, SignatureType, VerifierKey};
    const DAY_MS: i64 = 24 * 3_600 * 1_000;
    let sign = format!("--file found.json --operator {who} --json");
    let unsigned = fs::read(region.at("found.json")).unwrap();
    let founding: Value = serde_json::from_slice(&unsigned).unwrap();
    let now = RegionClockFile::open(&region.at("region/clock.json")).unwrap().now().unwrap();
    // A founding is made by the broker's clock; the operator's is behind, or eight days on.
    for (name, ms) in [("behind.json", -DAY_MS), ("ahead.json", 8 * DAY_MS)] {
        let start = grondslag_core::clock::Timestamp::from_ms(now.ms() + ms);
        RegionClockFile::create(&region.at(name), start).unwrap();
        let refused = region.run(&format!("operator sign-founding --region-clock {name} {sign}"));
        assert_eq!((refused.code, refused.reason().as_str()), (1, "FOUNDING_INVALID"), "{name}");
    }
    let ca = grondslag_certs::Root::load(&region.at("region/broker/ca.pem")).unwrap();
    let origin = |number| Origin::of_broker(&ca.fingerprint().to_string(), number).unwrap();
    let key = key_of(&region.at("region/broker")).verifying_key().to_bytes();
    let other = key_of(&region.at(&format!("region/nodes/{}", NODES[0])));
    let line = |number, key| VerifierKey::new(origin(number), SignatureType::Ed25519, key);
    for wrong in [line(1, other.verifying_key().to_bytes()), line(2, key)] {
        let refused = region.run(&format!("{SIGN} --vkey {wrong} {sign}"));
        assert_eq!(refused.reason(), "FOUNDING_INVALID", "{wrong}");
    }
    assert_eq!(fs::read(region.at("found.json")).unwrap(), unsigned, "nothing was signed");
    region.run(&format!("{SIGN} --vkey {} {sign}", line(1, key))).done();
    assert_eq!(founding["signatures"].as_array().map(Vec::len), Some(0));
    fs::write(region.at("found.json"), unsigned).unwrap();
}

#[test]
fn a_broker_that_was_lost_is_restored_founded_anew_and_verified_across_both_ledgers() {
    let (mut region, backup) = lost_broker();
    let put = put_back(&region, &backup);
    region.step(1_000);
    let collect = format!("restore collect --config {BROKER} --to found.json --json");
    let collected = region.run(&collect).done();
    assert_eq!(collected["reached"].as_object().unwrap().len(), 3, "{collected}");
    assert_eq!(collected["missed"], serde_json::json!({}));
    let (head, restored) = (collected["head"].as_u64(), collected["restored"].as_u64());
    assert!(head > restored && restored == put["ledgers"]["broker"].as_u64(), "{collected}");
    found_anew(&region);

    region.start("broker");
    region.ask();
    // Witnesses cosign the new ledger too.
    until("a cosigned head", || {
        let status = region.run(&format!("status --config {BROKER} --json")).json();
        status["ledger"]["cosigned"].as_u64().is_some_and(|size| size > 0)
    });
    for who in NODES.into_iter().chain(["broker"]) {
        region.kill(who);
    }
    let verified = region.verify();
    assert_eq!(verified["problems"], 0, "{verified}");
    let lost = &verified["lost"][0];
    assert_eq!((lost["from"].as_u64(), lost["to"].as_u64()), (restored, head), "{verified}");
    let told = region.run(&format!("restore lost --config {BROKER} --json")).done();
    assert_eq!(told["lost"][0]["to"], lost["to"]);

    // Operators whom another party does not know founded nothing, whatever the broker pinned.
    let node = region.at(&Region::config(NODES[0]));
    let before = repin(&node);
    let words = problems(&region.verify());
    assert!(words.contains("not_founded") && words.contains("operators_differ"), "{words:?}");
    fs::write(&node, before).unwrap();

    forked_within_what_was_lost(&region, restored.unwrap(), head.unwrap());

    // Without its founding, what nodes keep of the ledger before is ahead of it.
    forget_founding(&region);
    let words = problems(&region.verify());
    assert!(words.contains("not_founded") && words.contains("head_ahead"), "{words:?}");
}

/// Two nodes were shown another root at a size that only the lost ledger could tell of.
fn forked_within_what_was_lost(region: &Region, restored: u64, head: u64) {
    use grondslag_core::checkpoint::{Checkpoint, Origin};
    use grondslag_core::id::Digest;
    let size = head - 1;
    assert!(size > restored, "{restored}..{head}");
    let key = key_of(&region.at("region/broker"));
    let nodes = [NODES[0], NODES[1]].map(|node| region.at(&format!("region/nodes/{node}")));
    let kept = nodes.each_ref().map(|node| kept_head(node));
    let root = grondslag_certs::Root::load(&nodes[0].join("ca.pem")).unwrap();
    let origin = Origin::of_broker(&root.fingerprint().to_string(), 1).unwrap();
    for (node, root) in nodes.iter().zip([b"one", b"two"]) {
        let shown = Checkpoint { origin: origin.clone(), size, root: Digest::of(root) };
        replace(node, COVERED, shown.sign(&key).note().as_bytes());
    }
    let mut words = problems(&region.verify());
    // An asker may have been proved a decision at that very size.
    words.remove("decisions_differ");
    assert_eq!(words, ["heads_differ".to_owned()].into(), "{words:?}");
    for (node, kept) in nodes.iter().zip(kept) {
        replace(node, COVERED, kept.note().as_bytes());
    }
}

/// What an audit found, in its words.
fn problems(verified: &Value) -> std::collections::BTreeSet<String> {
    let found = verified["findings"].as_array().unwrap().iter();
    found.map(|one| one["problem"].as_str().unwrap().to_owned()).collect()
}

/// Changes a byte of the new ledger's first leaf.
fn forget_founding(region: &Region) {
    use grondslag_evidence::store::{self, Backend, Batch, Config};
    let cert = fs::read_to_string(region.at("region/broker/cert.pem")).unwrap();
    let owner = grondslag_certs::Leaf::parse_pem(&cert).unwrap().oin().clone();
    let path = region.at("region/broker/store");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = store::open(Config { path, owner, backend: Backend::Sled }).await.unwrap();
        let key = [b"l/broker-2/e/".as_slice(), &0_u64.to_be_bytes()].concat();
        let mut value = store.get(&key).await.unwrap().unwrap();
        *value.last_mut().unwrap() ^= 1;
        store.commit(Batch::new().put(key, value)).await.unwrap();
    });
}

/// What an agency says to a question.
fn says(region: &Region) -> (String, String) {
    let asked = run_with(
        region.temp.path(),
        &[&["ask", "--json"], question(CHILD, NECESSITY).as_slice()].concat(),
    );
    let json = asked.json();
    let word = |what: &str| json["agencies"][0][what].as_str().unwrap_or_default().to_owned();
    (word("state"), word("reason"))
}

#[track_caller]
fn until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < WAIT, "{what}");
        sleep(Duration::from_millis(200));
    }
}

/// What a process says of itself needs attention.
fn findings(region: &Region, who: &str) -> Vec<String> {
    let status = region.run(&format!("status --config {} --json", Region::config(who))).json();
    let all = status["findings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

/// The node that is away when the broker is founded anew.
const AWAY: &str = "jha-kompas";

/// A region whose broker was put back, and two of whose nodes were put back to copies of before the
/// last questions: the third alone holds the highest head. Gives that one's own backup.
fn rolled_back() -> (Region, String) {
    let mut region = Region::new();
    region.run("backup keys --to keys --json").done();
    let to = "--key keys/backup.pub --to backups --json";
    let of_node = region.run(&format!("backup --config {} {to}", Region::config(AWAY))).done();
    let of_broker = region.run(&format!("backup --config {BROKER} --json")).done();
    let others = || NODES.into_iter().filter(|node| *node != AWAY);
    for node in others() {
        let store = region.at(&format!("region/nodes/{node}/store"));
        grondslag_evidence::audit::copy_folder(&store, &region.at(&format!("{node}.old"))).unwrap();
    }
    for who in NODES.into_iter().chain(["broker"]) {
        region.start(who);
    }
    region.ask();
    region.ask();
    for who in NODES.into_iter().chain(["broker"]) {
        region.kill(who);
    }
    for node in others() {
        let store = region.at(&format!("region/nodes/{node}/store"));
        fs::remove_dir_all(&store).unwrap();
        fs::rename(region.at(&format!("{node}.old")), &store).unwrap();
    }
    fs::remove_dir_all(region.at("region/broker/store")).unwrap();
    let file = of_broker["file"].as_str().unwrap();
    let restore = format!("restore --backup {file} --key {BACKUP_KEY} --config {BROKER} --json");
    region.run(&restore).done();
    for node in others() {
        region.start(node);
    }
    (region, of_node["file"].as_str().unwrap().to_owned())
}

/// Collects from whoever runs, has both operators sign, and finishes.
fn collect_and_finish(region: &Region, file: &str) -> Value {
    let collect = format!("restore collect --config {BROKER} --to {file} --json");
    let began = Instant::now();
    // The nodes that just started may not listen yet.
    let collected = loop {
        let _ = fs::remove_file(region.at(file));
        let collected = region.run(&collect).done();
        if collected["reached"].as_object().unwrap().len() >= 2 {
            break collected;
        }
        assert!(began.elapsed() < WAIT, "{collected}");
    };
    for who in operators(region) {
        let sign = format!("{SIGN} --file {file} --operator {who} --json");
        region.run(&sign).done();
    }
    region.run(&format!("restore finish --config {BROKER} --founding {file} --json")).done();
    collected
}

/// Loses that node too and restores it: it answers once its operator confirmed everything.
fn restore_node(region: &mut Region, backup: &str) {
    let config = Region::config(AWAY);
    region.kill(AWAY);
    fs::remove_dir_all(region.at(&format!("region/nodes/{AWAY}/store"))).unwrap();
    let restore =
        format!("restore --backup {backup} --key keys/backup.key --config {config} --json");
    region.run(&restore).done();
    region.step(1_000);
    region.start(AWAY);
    let waits = ("pending".to_owned(), "QUESTION_WAITS".to_owned());
    until("it is not ready", || says(region) == waits);
    // A question waits also for a node that does not serve yet.
    until("its operator did not confirm it", || {
        findings(region, AWAY).contains(&"NOT_CONFIRMED".to_owned())
    });
    region.kill(AWAY);
    let confirm = format!("node confirm-restored --config {config} --json");
    assert_eq!(region.run(&confirm).reason(), "NOT_CONFIRMED", "each by name");
    let left = region.run(&format!("{confirm} --index --measures")).done();
    assert_eq!(left["left"], serde_json::json!(["consents"]));
    region.start(AWAY);
    until("it is still not ready", || says(region) == waits);
    region.kill(AWAY);
    let left = region.run(&format!("{confirm} --consents")).done();
    assert_eq!(left["left"], serde_json::json!([]));
    region.start(AWAY);
    region.ask();
}

#[test]
fn a_node_that_was_away_presents_its_head_and_a_restored_one_waits_for_its_operator() {
    let (mut region, of_node) = rolled_back();
    region.step(1_000);
    let founded = collect_and_finish(&region, "found.json");
    assert_eq!(founded["missed"].as_object().unwrap().len(), 1, "{founded}");
    region.start("broker");
    region.start(AWAY);
    let short = "FOUNDING_BELOW_HEAD".to_owned();
    until("a head is presented", || findings(&region, "broker").contains(&short));
    region.kill("broker");
    let amended = collect_and_finish(&region, "amended.json");
    assert_eq!(amended["amendment"], 1, "{amended}");
    assert!(amended["head"].as_u64() > founded["head"].as_u64(), "{amended}");
    assert_eq!(amended["missed"], serde_json::json!({}));
    let refused = region.run(&format!("restore collect --config {BROKER} --to no.json --json"));
    assert_eq!(refused.reason(), "NOTHING_TO_AMEND", "nothing more is to be amended");
    region.start("broker");
    region.ask();
    restore_node(&mut region, &of_node);
    for who in NODES.into_iter().chain(["broker"]) {
        region.kill(who);
    }
    // An answer that its asker keeps is of a ledger that the restored node no longer has whole: an
    // auditor is to see that. Of the broker's ledgers everything holds.
    let words = problems(&region.verify());
    assert!(words.iter().all(|word| word == "answer_ahead"), "{words:?}");
}
