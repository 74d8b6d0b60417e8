//! Exports of the storyline, held field by field against the standards.

use std::path::Path;

use serde_json::{Value, json};

use super::schema::{load, wrong};
use crate::run;

pub(super) fn every_record_is_as_the_standards_have_it(folder: &Path) {
    let adl = exported(folder, "adl", "region");
    let replayed = run(folder, "audit replay --json --offline region").done();
    assert_eq!(adl.len() as u64, replayed["decisions"].as_u64().unwrap(), "none is left out");
    hold(&load("adl.json"), &adl);
    let by_broker = exported(folder, "adl", "region/broker");
    let all = by_broker.iter().all(|one| one["attributes"]["grondslag.target"].is_string());
    assert!(all && by_broker.len() > 30, "{}", by_broker.len());
    let told = |standing: &str| adl.iter().any(|one| one.to_string().contains(standing));
    assert!(["claimed", "verified", "certified"].map(told) == [true; 3]);

    let ldv = exported(folder, "ldv", "region");
    hold(&load("ldv.json"), &ldv);
    let subject = |one: &&Value| one["attributes"].get("dpl.core.data_subject_id").is_some();
    let (with, all) = (ldv.iter().filter(subject).count(), ldv.len());
    assert!(with > 10 && with < all, "{with} of {all}: a miss has none");
    let by_broker = exported(folder, "ldv", "region/broker");
    assert_eq!(by_broker.iter().filter(subject).count(), 0, "the broker knows nobody");
    assert!(!by_broker.is_empty());
    // A decision and the processing that it was join on the trace.
    let traces = |all: &[Value]| {
        let traces = all.iter().map(|one| one["trace_id"].as_str().unwrap().to_owned());
        traces.collect::<std::collections::BTreeSet<_>>()
    };
    assert!(traces(&adl).is_subset(&traces(&ldv)));
    // No number of the children of the world.
    for exported in [&adl, &ldv] {
        assert!(exported.iter().all(|one| !one.to_string().contains("\"99994")));
    }
}

/// Every record holds; and one with any of its fields wrong would not.
fn hold(schema: &Value, records: &[Value]) {
    for record in records {
        assert_eq!(wrong(schema, record), Vec::<String>::new(), "{record}");
    }
    let record = &records[0];
    let mut places = Vec::new();
    fields(record, "", &mut places);
    assert!(places.len() > 8, "{places:?}");
    for place in places {
        let mut planted = record.clone();
        *planted.pointer_mut(&place).unwrap() = json!({ "planted": [1] });
        // What `resource` holds is not fixed, nor which columns a table has.
        let free = place == "/resource";
        assert_eq!(wrong(schema, &planted).is_empty(), free, "{place}");
    }
    for name in record.as_object().unwrap().keys() {
        let mut without = record.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_eq!(wrong(schema, &without), [format!("/{name}: missing")]);
    }
    let mut more = record.clone();
    more["dpl.grondslag.x"] = json!(1);
    assert_eq!(wrong(schema, &more), ["/dpl.grondslag.x: unknown"]);
}

/// Pointers to every field of an object and of the objects in it.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        for (name, inner) in object {
            let at = format!("{at}/{name}");
            found.push(at.clone());
            fields(inner, &at, found);
        }
    }
}

fn exported(folder: &Path, format: &str, from: &str) -> Vec<Value> {
    let line = format!("audit export --json --format {format} --offline {from}");
    let exported = run(folder, &line).done();
    let lines = exported["lines"].as_array().unwrap().clone();
    assert_eq!(exported["records"].as_u64().unwrap(), lines.len() as u64);
    lines
}

/// One object a line in a file; and a table with a head, whose lines end as RFC 4180 has it.
pub(super) fn a_file_is_written_once_and_a_table_reads_as_one(folder: &Path) {
    let to_file = "audit export --json --format adl --offline region --to decisions.jsonl";
    let report = run(folder, to_file).done();
    let text = std::fs::read_to_string(folder.join("decisions.jsonl")).unwrap();
    assert_eq!(text.lines().count() as u64, report["records"].as_u64().unwrap());
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).unwrap().is_object()));
    let again = run(folder, to_file);
    assert_eq!((again.code, again.reason().as_str()), (1, "FILE_EXISTS"));

    run(folder, "audit export --json --format csv --offline region --to decisions.csv").done();
    let text = std::fs::read_to_string(folder.join("decisions.csv")).unwrap();
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = table.headers().unwrap().iter().map(str::to_owned).collect();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert!(rows.len() > 100 && rows.iter().all(|row| row.len() == head.len()));
    let outcome = head.iter().position(|name| name == "outcome").unwrap();
    for word in ["permit", "refuse", "review"] {
        assert!(rows.iter().any(|row| &row[outcome] == word), "{word}");
    }
}
