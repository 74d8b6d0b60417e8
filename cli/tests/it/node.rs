//! A node, its records and its people.

use std::fs;
use std::path::Path;

use crate::broker::{Serving, free_port, furnish, status};
use crate::certs::authority;
use crate::{BROKER, OIN, Ran, run, run_with};

/// A node in the folder `node`, ready to serve.
fn node(folder: &Path) {
    authority(folder);
    let [listen, desk, broker] = [(); 3].map(|()| format!("127.0.0.1:{}", free_port()));
    let words = ["node", "init", "--folder", "node", "--oin", OIN, "--kind", "ha"];
    let more = ["--name", "De Wierde", "--duty-phone", "088 990 00 00", "--broker", BROKER];
    let places = ["--broker-endpoint", &broker, "--listen", &listen, "--desk", &desk, "--json"];
    let made = run_with(folder, &[&words[..], &more, &places].concat()).done();
    assert_eq!(made["missing"].as_array().unwrap().len(), 4);
    furnish(folder, "node", OIN, "ha");
}

fn with(folder: &Path, words: &str) -> Ran {
    run(folder, &format!("{words} --config node/node.toml --json"))
}

const CLIENTS: &str = "client,bsn,given_names,prefix,family_name,birth_date,from,until
C-1,999990019,Bente,van,Zomer,2015-03-14,2025-01-01,
C-2,,Daan,,Winter,2014-06-01,2025-01-01,
";
const RECORDS: &str = "client,category,about,dated,source,t1,t2,t3,t4,t5
C-1,G05,child,2026-03-01,dossier,Een huisarts is betrokken.,,,,
";

#[test]
fn records_are_imported_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    node(folder);
    fs::write(folder.join("clients.csv"), CLIENTS).unwrap();
    fs::write(folder.join("records.csv"), RECORDS).unwrap();
    let line = "node import --clients clients.csv --records records.csv";
    let done = with(folder, line).done();
    assert_eq!((&done["clients"], &done["records"]), (&2.into(), &1.into()));

    fs::write(folder.join("records.csv"), RECORDS.replace("G05", "G99")).unwrap();
    let refused = with(folder, line);
    assert_eq!((refused.code, refused.reason().as_str()), (1, "IMPORT_ROW_BAD"), "{refused:?}");
    let json = refused.json();
    let detail = json["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("records.csv, regel 2, kolom category"), "{detail}");
    let skipped = with(folder, &format!("{line} --skip-bad")).done();
    assert_eq!((&skipped["clients"], &skipped["records"]), (&2.into(), &0.into()));
    assert_eq!(skipped["skipped"][0]["reason"], "UNKNOWN_CATEGORY");
}

#[test]
fn people_are_added_listed_and_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    node(folder);
    let add = |role: &str| {
        let words = ["node", "staff", "add", "n.deboer", "--name", "N. de Boer", "--role", role];
        let more = ["--mandate-until", "2090-12-31", "--config", "node/node.toml", "--json"];
        run_with(folder, &[&words[..], &more].concat())
    };
    assert_eq!(add("ha.nobody").reason(), "UNKNOWN_ROLE");
    add("ha.arts").done();
    assert_eq!(add("ha.arts").code, 1, "twice");
    let list = || with(folder, "node staff list").done()["staff"].clone();
    assert_eq!((&list()[0]["id"], &list()[0]["may_act"]), (&"n.deboer".into(), &true.into()));
    with(folder, "node staff revoke n.deboer --certificate 0a1b").done();
    assert_eq!(list()[0]["may_act"], true, "with another certificate");
    with(folder, "node staff revoke n.deboer").done();
    assert_eq!(list()[0]["may_act"], false);
    let unknown = with(folder, "node staff revoke somebody");
    assert_eq!(unknown.reason(), "STAFF_UNKNOWN");
}

#[test]
fn a_desk_key_stays_with_its_person() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    node(folder);
    run(folder, "node staff request n.deboer --folder desk --json").done();
    let issue = |id: &str, out: &str| {
        let line = format!("node staff issue-cert {id} --request desk/desk-request.pem");
        with(folder, &format!("{line} --out {out}"))
    };
    let issued = issue("n.deboer", "desk/desk.pem").done();
    assert_eq!(issued["id"], "n.deboer");
    assert_eq!(run(folder, "certs show desk/desk.pem --json").done()["staff"], "n.deboer");
    assert_eq!(issue("n.deboer", "desk/desk.pem").reason(), "FILE_EXISTS");
    assert_eq!(issue("somebody", "other.pem").reason(), "CERTIFICATE_INVALID", "another person");
    assert!(!folder.join("other.pem").exists());
    with(folder, "node staff issue-cert trial --folder trial").done();
    assert!(folder.join("trial/desk.key").exists());
    assert_eq!(with(folder, "node staff issue-cert trial").code, 2, "how?");
}

#[test]
fn a_node_that_runs_keeps_its_store_and_says_how_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    node(folder);
    with(folder, "node serve --check").done();
    let digest = "ab".repeat(32);
    with(folder, &format!("node accept-card {digest}")).done();
    assert!(folder.join("node/accepted").join(&digest).exists());

    let serving = Serving::start(folder, "node serve --config node/node.toml");
    let state = status(folder, "node/node.toml");
    assert_eq!(state.code, 1, "without records and broker it cannot answer");
    assert_eq!(state.json()["process"], "node");
    let findings = state.json()["findings"].to_string();
    assert!(findings.contains("NOT_READY"), "{findings}");
    let in_use = with(folder, "node staff list");
    assert_eq!((in_use.code, in_use.reason().as_str()), (70, "STORE_IN_USE"));
    assert!(in_use.out.contains("Stop het"), "{in_use:?}");
    drop(serving);
}

#[test]
fn a_local_rule_that_permits_is_found_by_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    node(folder);
    let rule = "[[row]]\nid = \"own-1\"\noutcome = \"permit\"\ntext = { nl = \"x\", en = \"y\" }\n";
    fs::write(folder.join("node/own.toml"), rule).unwrap();
    let config = folder.join("node/node.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}\n[policy]\noverlay = \"own.toml\"\n")).unwrap();
    let refused = with(folder, "node serve --check");
    assert_eq!((refused.code, refused.reason().as_str()), (1, "LOCAL_PERMIT"), "{refused:?}");
    let refused = with(folder, "node serve");
    assert_eq!(refused.reason(), "LOCAL_PERMIT", "{refused:?}");
}
