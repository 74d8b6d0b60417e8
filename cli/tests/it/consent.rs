//! What a desk writes down from files, against a node that serves.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::demo::{Demo, small_world};
use super::{Ran, run_with};

const DESK: &str = "region/desks/gem-veenwolde/lokaalteam-2";

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
