//! Reports of agencies, made while a demo serves and laid side by side without it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::demo::{Demo, small_world};
use crate::{Ran, run};

const MONTH: &str = "2026-08";
const OFFICERS: [(&str, &str); 3] =
    [("gem-veenwolde", "gem.fg"), ("sch-drieveen", "sch.fg"), ("jha-kompas", "jha.fg")];
const NOT_SEEN: &str = "Wat de makelaar zag is er niet bij";
const ROOT: &str = "--root region/authority/ca.pem";

fn make(folder: &Path, (agency, role): (&str, &str), period: &str, to: &str) -> Ran {
    let desk = format!("--desk region/desks/{agency}/fg-1 --role {role}");
    run(folder, &format!("metrics make --json {desk} --period {period} --out {to}"))
}

fn gather(folder: &Path, files: &str) -> Ran {
    run(folder, &format!("metrics gather --json {files} {ROOT}"))
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// What the broker saw, for its operator.
fn watched(folder: &Path, period: &str, to: &str) -> Ran {
    let broker = "--config region/broker/broker.toml";
    run(folder, &format!("metrics watched --json {broker} --period {period} --out {to}"))
}

fn is_beside_the_others(folder: &Path, saw: &Value) {
    let all = gather(folder, "0.json watched.json 1.json 2.json").done();
    assert_eq!((&all["watched"], &all["missing"]), (saw, &json!([])));
    let shown = run(folder, &format!("metrics gather 0.json 1.json 2.json watched.json {ROOT}"));
    assert!(!shown.out.contains(NOT_SEEN));
    let mut lied = read(folder, "watched.json");
    lied["report"]["counts"]["slots.missed.00000099000000003000"] = json!({ "exact": 9 });
    fs::write(folder.join("lied.json"), lied.to_string()).unwrap();
    assert_eq!(gather(folder, "0.json lied.json").reason(), "METRICS_INVALID");
    let twice = gather(folder, "watched.json 0.json watched.json");
    assert_eq!(twice.reason(), "METRICS_TWICE");
    let alone: Value = serde_json::from_str(&gather(folder, "watched.json").out).unwrap();
    assert_eq!(alone["missing"].as_array().unwrap().len(), 3, "the broker knows all");
}

/// The first report, changed.
fn altered(folder: &Path, change: impl FnOnce(&mut Value)) -> Ran {
    let mut report = read(folder, "0.json");
    change(&mut report);
    fs::write(folder.join("altered.json"), report.to_string()).unwrap();
    gather(folder, "altered.json")
}

#[test]
fn reports_are_made_by_officers_and_compared_by_who_has_the_files_and_nothing_else() {
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path();
    small_world(&folder.join("world"));
    let demo = Demo::start(folder);
    for (at, officer) in OFFICERS.into_iter().enumerate() {
        let made = make(folder, officer, MONTH, &format!("{at}.json")).done();
        assert_eq!((&made["period"], &made["oin"]), (&json!(MONTH), &made["oin"]));
    }
    let again = make(folder, OFFICERS[0], MONTH, "0.json");
    assert_eq!(again.reason(), "FILE_EXISTS");
    make(folder, OFFICERS[0], "2026-07", "july.json").done();
    make(folder, OFFICERS[0], MONTH, "newer.json").done();
    assert_eq!(make(folder, OFFICERS[0], "2026-09", "x.json").reason(), "PERIOD_BAD");
    assert_eq!(make(folder, ("gem-veenwolde", "gem.lokaalteam"), MONTH, "x.json").code, 1);
    let saw = watched(folder, MONTH, "watched.json").done();
    assert_eq!(watched(folder, MONTH, "watched.json").reason(), "FILE_EXISTS");
    assert_eq!(watched(folder, "2026-09", "x.json").reason(), "PERIOD_BAD");
    drop(demo);
    assert_eq!(watched(folder, "2026-07", "x.json").reason(), "UNREACHABLE");
    is_beside_the_others(folder, &saw);

    let whole = gather(folder, "0.json 1.json 2.json").done();
    assert_eq!(whole["reports"].as_array().unwrap().len(), 3);
    assert_eq!((&whole["missing"], &whole["doubts"]), (&json!([]), &json!([])));
    let shown = run(folder, &format!("metrics gather 0.json 1.json 2.json {ROOT}"));
    assert!(shown.out.contains("Jeugdhulp Kompas") && !shown.out.contains("geen rapport"));
    assert!(shown.out.contains(NOT_SEEN));
    let part = gather(folder, "0.json 1.json");
    assert_eq!(part.code, 1, "one is missing");
    let told: Value = serde_json::from_str(&part.out).unwrap();
    let third = read(folder, "2.json");
    let card = &third["card"]["card"];
    assert_eq!(told["missing"], json!([{ "oin": card["oin"], "name": card["name"] }]));

    for (files, reason) in [
        ("0.json newer.json", "METRICS_TWICE"),
        ("0.json july.json", "METRICS_PERIOD"),
        ("region/clock.json", "METRICS_INVALID"),
        ("nothing.json", "FILE_UNREADABLE"),
    ] {
        let refused = gather(folder, files);
        assert_eq!((refused.code, refused.reason().as_str()), (1, reason), "{files}");
    }
    let count = |it: &mut Value| it["report"]["counts"]["asked"] = json!({ "exact": 7 });
    assert_eq!(altered(folder, count).reason(), "METRICS_INVALID");
    let unsigned = |it: &mut Value| it["signature"] = json!("");
    assert_eq!(altered(folder, unsigned).reason(), "METRICS_INVALID");
    let brokers = read(folder, "watched.json");
    let brokers = |it: &mut Value| it["report"] = brokers["report"].clone();
    assert_eq!(altered(folder, brokers).reason(), "METRICS_INVALID", "signed as an agency's own");
    let another = |it: &mut Value| it["card"] = third["card"].clone();
    assert_eq!(altered(folder, another).reason(), "METRICS_INVALID");
    let name = |it: &mut Value| it["card"]["card"]["name"] = json!("Een ander");
    assert_eq!(altered(folder, name).reason(), "METRICS_INVALID");
    let beside = |it: &mut Value| it["note"] = json!("beside");
    assert_eq!(altered(folder, beside).reason(), "METRICS_INVALID");
    let region = |it: &mut Value| it["report"]["region"] = json!("00".repeat(32));
    assert_eq!(altered(folder, region).reason(), "METRICS_REGION");
    assert_eq!(altered(folder, |_| {}).code, 1, "the same report, and two are missing");
}
