//! What a desk writes down from files, against a node that serves.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::demo::{Demo, small_world, world_of};
use super::{Ran, run_with};

const DESK: &str = "region/desks/gem-veenwolde/lokaalteam-2";
const GI: &str = "region/desks/gi-baken/jeugdbeschermer-1";
const SCHOOL: &str = "region/desks/sch-drieveen/coordinator-1";

fn import(folder: &Path, more: &[&str]) -> Ran {
    let words = ["consent", "import", "--desk", DESK, "--role", "gem.lokaalteam", "--json"];
    run_with(folder, &[words.as_slice(), more].concat())
}

fn row(subject: &str, from: &str) -> serde_json::Value {
    json!({
        "subject": subject,
        "what": "custody",
        "holders": ["Marit, Postma, 1988-07-09"],
        "from": from,
        "seen_in": "gezagsregister",
    })
}

#[test]
fn a_file_is_checked_whole_written_down_once_and_its_problems_are_told_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    small_world(&folder.join("world"));
    let _demo = Demo::start(folder);
    let measure = json!({
        "subject": "999940119",
        "what": "measure",
        "value": "ots",
        "from": "2026-01-01",
        "until": "2026-12-31",
        "seen_in": "C/19/2026/101",
    });
    let good = json!([measure, row("999940119", "2021-01-01")]);
    fs::write(folder.join("good.json"), good.to_string()).unwrap();

    let wrong = json!([
        measure,
        row("999940119", "1 mei"),
        row("999940118", "2020-01-01"),
        row("999940144", "2020-01-01"),
    ]);
    fs::write(folder.join("wrong.json"), wrong.to_string()).unwrap();
    let refused = import(folder, &["wrong.json"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let told = refused.json();
    let rows: Vec<_> = told["problems"].as_array().unwrap().iter().collect();
    let reason = |at: usize| (rows[at]["row"].as_u64().unwrap(), rows[at]["reason"].as_str());
    assert_eq!(rows.len(), 3, "{told}");
    assert_eq!(reason(0), (2, Some("IMPORT_ROW_BAD")));
    assert_eq!(reason(1), (3, Some("BSN_INVALID")));
    assert_eq!(reason(2), (4, Some("CLIENT_UNKNOWN")), "of another municipality");
    assert!(!refused.out.contains("9999") && !refused.out.contains("Postma"), "{}", refused.out);

    let counts = |ran: &Ran| {
        let told = ran.done();
        ["new", "standing", "written"].map(|count| told[count].as_u64().unwrap())
    };
    assert_eq!(counts(&import(folder, &["good.json", "--check"])), [2, 0, 0], "nothing yet");
    assert_eq!(counts(&import(folder, &["good.json"])), [2, 0, 2]);
    assert_eq!(counts(&import(folder, &["good.json"])), [0, 2, 0]);

    let csv = "subject;what;value;from;until;seen_in\n\
               999940119;measure;ots;2026-01-01;2026-12-31;C/19/2026/101\n\
               999940119;measure;ots;2027-01-01;2027-12-31;C/19/2027/7\n";
    fs::write(folder.join("more.csv"), csv).unwrap();
    assert_eq!(counts(&import(folder, &["more.csv"])), [1, 1, 1]);
}

/// A GI certifies what the school then counts as certified; the file by itself names nobody.
#[test]
fn a_measure_that_a_guardianship_agency_certified_is_entered_at_a_school() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let agencies = ["gem-veenwolde", "sch-drieveen", "jha-kompas", "gi-baken"];
    world_of(&folder.join("world"), "storylines/F4.toml", &agencies);
    let _demo = Demo::start(folder);
    let at = |desk: &'static str, role: &'static str, subject: &'static str| {
        move |verb: &'static str, more: &[&str]| {
            let words = ["consent", verb, "--json", "--desk", desk, "--role", role];
            run_with(folder, &[words.as_slice(), &["--subject", subject], more].concat())
        }
    };
    let gi = at(GI, "gi.jeugdbeschermer", "999940089");
    let school = at(SCHOOL, "sch.zorgcoordinator", "999940089");
    let ots = ["--measure", "ots", "--seen-in", "C/19/2026/101", "--from", "2026-05-12"];
    let to = ["--until", "2027-05-11", "--to", "ots.json"];
    let certify = [ots.as_slice(), &to].concat();
    assert_eq!(school("certify", &certify).reason(), "NOT_COMPETENT");
    assert!(!folder.join("ots.json").exists());
    gi("certify", &certify).done();
    let text = fs::read_to_string(folder.join("ots.json")).unwrap();
    assert!(!text.contains("99994") && !text.contains("Lotte"), "{text}");
    assert_eq!(gi("certify", &certify).reason(), "FILE_EXISTS");

    let entered = ["--statement", "ots.json"];
    let other = at(SCHOOL, "sch.zorgcoordinator", "999940119");
    assert_eq!(other("measure", &entered).reason(), "STATEMENT_SUBJECT");
    let altered = text.replace("C/19/2026/101", "C/19/2026/102");
    fs::write(folder.join("altered.json"), altered).unwrap();
    assert_eq!(school("measure", &["--statement", "altered.json"]).reason(), "STATEMENT_INVALID");
    let id = school("measure", &entered).done()["id"].clone();
    assert_eq!(school("measure", &entered).done()["id"], id, "the same one");
    let listed = school("list", &[]).done();
    let acts = listed["acts"].as_array().unwrap();
    let certified = acts.iter().find(|act| act["id"] == id).unwrap();
    let told = certified["told"].as_str().unwrap();
    assert!(told.contains("verklaard door") && certified["certified_by"].is_string(), "{listed}");
    assert_eq!(school("measure", &[]).code, 2, "neither a statement nor what was seen");
}
