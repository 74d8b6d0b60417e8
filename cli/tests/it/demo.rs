//! A small world, played and served by the processes of the real one: the fourth storyline, and
//! the three agencies that it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::{Ran, run, run_with};

/// Longest wait for a demo that is to serve.
const SERVE_MAX: Duration = Duration::from_secs(60);
/// The agencies of the storyline.
const AGENCIES: [&str; 3] = ["gem-veenwolde", "sch-drieveen", "jha-kompas"];
const STORY: &str = "storylines/F4.toml";
pub(crate) const NECESSITY: &str =
    "Voor het plan is nodig te weten of er begeleiding loopt en wie die geeft.";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

/// The fourth storyline, its agencies and their people.
pub(crate) fn small_world(to: &Path) {
    world_of(to, STORY, &AGENCIES);
}

/// One storyline, its agencies and their people.
pub(crate) fn world_of(to: &Path, story: &str, agencies: &[&str]) {
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/world");
    for agency in agencies {
        let folder = Path::new("agencies").join(agency);
        copy(&world.join(&folder), &to.join(&folder));
    }
    fs::create_dir(to.join("storylines")).unwrap();
    for file in ["staff.toml", story] {
        fs::copy(world.join(file), to.join(file)).unwrap();
    }
    let region = fs::read_to_string(world.join("region.toml")).unwrap();
    let mut region: toml::Table = region.parse().unwrap();
    let listed = region["agency"].as_array_mut().unwrap();
    listed.retain(|agency| agencies.contains(&agency["id"].as_str().unwrap()));
    fs::write(to.join("region.toml"), region.to_string()).unwrap();
}

#[test]
fn a_storyline_that_ends_as_the_law_says_is_reported_and_another_is_named_and_fails() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world");
    small_world(&world);
    let played = run(folder.path(), "demo --once --json --world world");
    let report = played.done();
    assert_eq!(played.err, "", "nothing is drawn beside JSON");
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    let contract = [
        "agencies",
        "answers",
        "ask_ms_p50",
        "ask_ms_p50_tick",
        "audit",
        "broker_rss_mb",
        "decision_ns",
        "escalation",
        "import_rows_per_s",
        "own_view_ms",
        "questions",
        "refusals",
        "startup_ms",
        "storylines",
        "withdrawal_ms",
    ];
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, contract);
    assert_eq!(report["agencies"], 3);
    assert_eq!(report["storylines"][0]["id"], "F4");
    assert_eq!(report["storylines"][0]["ok"], true);
    let halves = report["storylines"][0]["seen"].as_array().unwrap();
    assert_eq!(halves[0]["decided"]["by"], "holder");
    assert_eq!(halves[0]["shown"]["as"], "content");
    assert!(report["startup_ms"].as_u64().unwrap() > 0);
    let audit = &report["audit"];
    assert_eq!((&audit["logs"], &audit["problems"]), (&4.into(), &0.into()), "{audit}");
    assert!(audit["leaves"].as_u64().unwrap() > 20, "{audit}");
    assert!(audit["cosignatures"].as_u64().unwrap() > 0, "{audit}");
    assert_eq!(audit["tamper_found"], true, "{audit}");

    // The consent that was withdrawn in the story is expected to count still.
    let story = fs::read_to_string(world.join(STORY)).unwrap();
    let wrong = story.replacen("as = \"neutral\"", "as = \"content\"", 1);
    assert_ne!(story, wrong);
    fs::write(world.join(STORY), wrong).unwrap();
    let played = run(folder.path(), "demo --once --json --world world");
    assert_eq!(played.code, 1, "{played:?}");
    assert!(played.err.contains("F4") && played.err.contains("F4.4"), "{}", played.err);
    assert_eq!(played.json()["storylines"][0]["ok"], false);
}

/// The control is the node of the municipality, which asks about a child that it knows.
#[test]
fn the_broker_is_blind_and_the_same_search_finds_what_a_node_holds() {
    let folder = tempfile::tempdir().unwrap();
    small_world(&folder.path().join("world"));
    let played = run(folder.path(), "demo --once --blind-check --json --world world");
    let report = played.json();
    assert_eq!(report["storylines"][0]["ok"], true, "marked texts change no decision");
    let check = &report["blind_check"];
    assert!(check["scanned_bytes"].as_u64().unwrap() > 1_000_000, "{check}");
    assert!(check["control_found"].as_u64().unwrap() > 0, "{check}");
    let control = check["control_kinds"].as_array().unwrap();
    let at = |kind: &str, place: &str| {
        control.iter().any(|one| one["kind"] == kind && one["place"] == place)
    };
    assert!(at("bsn_text", "tap") && at("marker", "tap"), "traffic in plaintext: {check}");
    assert!(control.iter().any(|one| one["kind"] == "name"), "{check}");
    assert!(control.iter().any(|one| one["place"].as_str().unwrap().starts_with("memory")));
    assert!(!played.out.contains("99994") && !played.err.contains("99994"), "no number is shown");
    assert_eq!(check["found"], 0, "{check}");
    assert_eq!(check["found_kinds"], serde_json::json!([]));
    assert_eq!(played.code, 0, "{check}");

    let alone = run(folder.path(), "demo --blind-check --world world");
    assert_eq!(alone.code, 2, "only where every story is played to its end");
}

/// A demo that serves until the test ends.
pub(crate) struct Demo(Child, PathBuf);

impl Demo {
    pub(crate) fn start(folder: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_grondslag"))
            .args(["demo", "--world", "world", "--dir", "region"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let demo = Self(child, folder.to_owned());
        let began = Instant::now();
        let clock = folder.join("region/clock.json");
        while !fs::read_to_string(&clock).is_ok_and(|text| text.contains("\"running\":true")) {
            assert!(began.elapsed() < SERVE_MAX);
            sleep(Duration::from_millis(50));
        }
        demo
    }

    pub(crate) fn ask(&self, words: &[&str]) -> Ran {
        run_with(&self.1, &[&["ask", "--json"], words].concat())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.0.try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        let id = self.0.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        self.0.wait().unwrap();
    }
}

const DESK: &str = "region/desks/gem-veenwolde/lokaalteam-2";
const SECOND: &str = "region/desks/gem-veenwolde/lokaalteam-1";

pub(crate) fn question<'a>(subject: &'a str, necessity: &'a str) -> Vec<&'a str> {
    vec![
        "--desk",
        DESK,
        "--role",
        "gem.lokaalteam",
        "--subject",
        subject,
        "--purpose",
        "D01",
        "--category",
        "G05,G12",
        "--to",
        "kompas",
        "--ground",
        "jw-7.4.0-1a,jw-7.4.0-2",
        "--fact",
        "case_fact=stated",
        "--necessity",
        necessity,
    ]
}

#[test]
fn a_second_terminal_asks_drafts_approves_and_lists_while_a_demo_serves() {
    let folder = tempfile::tempdir().unwrap();
    small_world(&folder.path().join("world"));
    let demo = Demo::start(folder.path());

    let child = question("999940119", NECESSITY);
    let answered = demo.ask(&child).done();
    let agency = &answered["agencies"][0];
    assert_eq!(
        (&agency["name"], &agency["state"]),
        (&"Jeugdhulp Kompas".into(), &"replied".into())
    );
    assert!(!answered.to_string().contains("999940119"), "the number is not repeated");

    let planned = demo.ask(&[child.as_slice(), &["--dry-run"]].concat()).done();
    assert_ne!(planned["plan"][0]["verdict"], "refuse");
    let named = demo.ask(&question("999940119", "Finn Hoekstra woont hier en heeft hulp nodig."));
    assert_eq!((named.code, named.reason().as_str()), (1, "TEXT_NAMES_PERSON"));

    what_is_given_is_to_be_asked_again_before_its_term_ends(folder.path());
    let drafted = demo.ask(&[child.as_slice(), &["--draft"]].concat()).done();
    let id = drafted["inquiry_id"].as_str().unwrap();
    let approve = |desk: &str, subject: &str| {
        let words = ["--desk", desk, "--role", "gem.lokaalteam", "--subject", subject];
        run_with(folder.path(), &[&["approve", "--json", id], words.as_slice()].concat())
    };
    assert_eq!(approve(SECOND, "999940004").reason(), "APPROVAL_ALTERED", "another child");
    assert_eq!(approve(DESK, "999940119").reason(), "APPROVAL_OWN");
    approve(SECOND, "999940119").done();
    let sent = demo.ask(&["send", id, "--desk", DESK]).done();
    assert_eq!(sent["inquiry_id"], id);
    let again = demo.ask(&["send", id, "--desk", DESK]);
    assert_eq!(again.reason(), "UNKNOWN_INQUIRY", "a draft is sent once");

    let listed = demo.ask(&["list", "--desk", DESK]).done();
    let listed = listed["inquiries"].as_array().unwrap();
    assert!(listed.iter().any(|one| one["inquiry_id"] == id && one["state"] == "closed"));

    let before = run(folder.path(), "demo advance 1m --dir region --json").done();
    let after = run(folder.path(), "demo advance 1h --dir region --json").done();
    assert!(after["now"].as_str().unwrap() > before["now"].as_str().unwrap());
}

/// Positions with their verdicts, and all that was printed.
fn spot_check(folder: &Path, more: &str) -> (serde_json::Value, String) {
    let words = format!("spot-check --json --desk region/desks/gem-veenwolde/fg-1 {more}");
    let ran = run(folder, &words);
    let checked = ran.done();
    (checked, ran.out + &ran.err)
}

/// At a desk of the provider: nothing within a month, and the new yes within a year.
fn what_is_given_is_to_be_asked_again_before_its_term_ends(folder: &Path) {
    let desk = "--json --desk region/desks/jha-kompas/hulpverlener-1 --role jha.hulpverlener";
    let again = |days: &str| run(folder, &format!("consent again {desk}{days}"));
    assert_eq!(again("").done()["lines"], json!([]));
    let by = "--by child --subject 999940119 --category G12 --purpose D16 --to-kind sch";
    assert_eq!(run(folder, &format!("consent give {desk} {by}")).reason(), "CONSENT_CAPACITY");
    let of_father = |line: &str| {
        let name = |word| if word == "FATHER" { "Jelle, Hoekstra, 1986-03-02" } else { word };
        run_with(folder, &line.split(' ').map(name).collect::<Vec<_>>()).done();
    };
    let custody = "--subject 999940119 --holder FATHER --seen-in gezagsregister";
    of_father(&format!("consent custody {desk} {custody}"));
    of_father(&format!("consent give {desk} {}", by.replace("child", "FATHER")));
    let listed = again(" --days 366").done();
    let line = &listed["lines"][0];
    assert_eq!((&listed["found"], &line["why"]), (&json!(1), &json!("term")));
    assert_eq!((&line["subject"], &line["to"]), (&json!("999940119"), &json!(["sch"])));
    let officer = desk.replace("hulpverlener-1", "fg-1").replace("jha.hulpverlener", "jha.fg");
    assert_eq!(run(folder, &format!("consent again {officer}")).reason(), "CONSENT_ROLE");
    assert_eq!(run(folder, &format!("consent again {desk} --days 367")).code, 2);
}

#[test]
fn an_officer_spot_checks_and_an_operator_enrols_at_once_while_a_demo_serves() {
    let folder = tempfile::tempdir().unwrap();
    small_world(&folder.path().join("world"));
    let _demo = Demo::start(folder.path());
    let (all, printed) = spot_check(folder.path(), "--count 500");
    assert_eq!((&all["sound"], &all["broker"]), (&true.into(), &"agree".into()));
    let positions = all["positions"].as_array().unwrap();
    let client = positions.iter().find(|one| one["verdict"] == "ok_client").unwrap();
    assert!(client["file_number"].is_string() && client["registered"].is_number());
    let clients = "world/agencies/gem-veenwolde/clients.csv";
    let clients = fs::read_to_string(folder.path().join(clients)).unwrap();
    let numbers = clients.lines().skip(1).filter_map(|line| line.split(',').nth(1));
    let numbers: Vec<&str> = numbers.filter(|number| !number.is_empty()).collect();
    assert!(!numbers.is_empty() && numbers.iter().all(|number| !printed.contains(number)));

    // The same draw, by the seed that the first one showed. A batch of the hour that came in
    // between makes it a draw from more points: then once more, for the next is an hour away.
    let twice = || {
        let (first, _) = spot_check(folder.path(), "--count 20");
        let seed = first["seed"].as_str().unwrap();
        let (again, _) = spot_check(folder.path(), &format!("--count 20 --seed {seed}"));
        (first["points"] == again["points"]).then_some((first, again))
    };
    let (first, again) = twice().or_else(twice).expect("one batch comes in an hour");
    assert_eq!(first["positions"], again["positions"]);
    let refused = run(folder.path(), &format!("spot-check --json --desk {DESK}"));
    assert_eq!((refused.code, refused.reason().as_str()), (1, "ROLE_NOT_HELD"));
    for wrong in ["--count 0", "--count 501", "--seed 12"] {
        let typed = format!("spot-check --desk region/desks/gem-veenwolde/fg-1 {wrong}");
        assert_eq!(run(folder.path(), &typed).code, 2, "{wrong}");
    }

    let enrol = "node enrol --config region/nodes/gem-veenwolde/node.toml";
    let enrolled = run(folder.path(), &format!("{enrol} --now --json")).done();
    assert_eq!((&enrolled["points"], &enrolled["epoch"]), (&4.into(), &1.into()));
    let told = run(folder.path(), &format!("{enrol} --now --lang en"));
    assert!(told.out.contains("The broker saw that something was enrolled now"), "{told:?}");
    assert_eq!(run(folder.path(), enrol).code, 2, "its leak is to be accepted by --now");
    let (more, _) = spot_check(folder.path(), "");
    let points = |checked: &serde_json::Value| checked["points"].as_u64().unwrap();
    // The batch of the hour may have come in between.
    assert!(points(&more) >= points(&all) + 8);
}

#[test]
fn a_demo_that_is_killed_leaves_no_process_behind() {
    let folder = tempfile::tempdir().unwrap();
    small_world(&folder.path().join("world"));
    let mut demo = Demo::start(folder.path());
    let region = folder.path().join("region");
    assert_eq!(serving(&region), 4, "a broker and three nodes");
    demo.0.kill().unwrap();
    demo.0.wait().unwrap();
    let since = Instant::now();
    while serving(&region) > 0 {
        assert!(since.elapsed() < SERVE_MAX, "{} processes are left", serving(&region));
        sleep(Duration::from_millis(100));
    }
}

/// Processes that serve from a folder below this one.
fn serving(folder: &Path) -> usize {
    let folder = folder.to_str().unwrap().as_bytes();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let serves = |words: &[u8]| {
        let has = |part: &[u8]| words.windows(part.len()).any(|window| window == part);
        has(b"serve\0") && has(folder)
    };
    let words = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    words.filter(|words| serves(words)).count()
}

#[test]
fn a_load_run_stops_by_itself_and_leaves_decisions_that_come_out_again() {
    let folder = tempfile::tempdir().unwrap();
    small_world(&folder.path().join("world"));
    let load = "demo --load 12 --seed 3 --json --world world --dir region";
    let report = run(folder.path(), load).done();
    let load = &report["load"];
    assert_eq!(
        (&load["seed"], &load["questions"], &load["asked"]),
        (&3.into(), &12.into(), &12.into())
    );
    assert_eq!((&load["targets"], &load["refused"]), (&24.into(), &serde_json::json!({})));
    let replayed = run(folder.path(), "audit replay --json --offline region").done();
    assert_eq!((&replayed["differences"], &replayed["problems"]), (&0.into(), &0.into()));
    assert!(replayed["decisions"].as_u64().unwrap() >= 24, "{replayed}");
    for wrong in ["demo --load 0", "demo --load 20001", "demo --load 1 --once", "demo --seed 1"] {
        assert_eq!(run(folder.path(), wrong).code, 2, "{wrong}");
    }
}
