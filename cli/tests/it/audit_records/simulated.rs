//! The decisions of the storyline, taken again under drafts of which it is known what they change.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::planted;
use crate::run;

/// The rules that decided, with every text in the tables changed.
fn draft(folder: &Path, name: &str, from: &str, to: &str) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy");
    planted::rules(&own, &folder.join(name));
    for entry in fs::read_dir(folder.join(name).join("table")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

fn simulated(folder: &Path, draft: &str, ledger: &str) -> Value {
    let line = format!("policy simulate {draft} --since 3000d --ledger {ledger} --json");
    run(folder, &line).done()
}

/// Decisions of the export with such outcomes: the broker's, and holders'.
fn exported(folder: &Path, outcomes: &[&str]) -> [u64; 2] {
    let of = |from: &str| {
        run(folder, &format!("audit export --json --format csv --offline {from} --to s.csv"))
            .done();
        let mut table = csv::Reader::from_path(folder.join("s.csv")).unwrap();
        let rows = table.records().map(Result::unwrap);
        let rows = rows.filter(|row| outcomes.contains(&&row[10]));
        let count = u64::try_from(rows.count()).unwrap();
        fs::remove_file(folder.join("s.csv")).unwrap();
        count
    };
    let broker = of("region/broker");
    [broker, of("region") - broker]
}

fn sums(flips: &Value) -> [u64; 4] {
    ["decisions", "opens", "closes", "otherwise"].map(|key| flips[key].as_u64().unwrap())
}

pub(super) fn a_draft_is_held_against_what_was_decided(folder: &Path) {
    draft(folder, "same", "\u{0}", "");
    let same = simulated(folder, "same", "region");
    let [broker, holders] = [sums(&same["broker"]), sums(&same["holders"])];
    assert_eq!([broker[1..].to_vec(), holders[1..].to_vec()], [[0; 3], [0; 3]], "{same}");
    assert_eq!(same["skipped"]["problems"], 0);
    assert_eq!([broker[0], holders[0]], exported(folder, &["permit", "review", "refuse"]));

    // Without any rule in force, all that was open closes.
    draft(folder, "off", "status = \"in_force\"", "status = \"off\"");
    let off = simulated(folder, "off", "region");
    let open = exported(folder, &["permit", "review"]);
    assert!(open[0] > 10 && open[1] > 10, "{open:?}");
    assert_eq!([sums(&off["broker"])[2], sums(&off["holders"])[2]], open, "{off}");
    let agencies = off["holders"]["per_agency"].as_object().unwrap().values();
    let closed: u64 = agencies.map(|count| count["closes"].as_u64().unwrap()).sum();
    assert_eq!(closed, open[1]);
    let example = &off["holders"]["examples"][0];
    assert_eq!(
        (&example["after"]["verdict"], &example["after"]["reason"]),
        (&"refuse".into(), &"NO_RULE".into())
    );
    assert!(!off.to_string().contains("\"99994"), "no person");
    let said = run(folder, "policy simulate off --since 3000d --ledger region --lang en");
    assert!(said.out.contains("per rule") && said.out.contains("refused (NO_RULE)"), "{said:?}");
    while_it_runs(folder, &off);
    what_cannot_be_simulated_is_said(folder);
}

/// The broker has its store, and writes nothing just now.
fn while_it_runs(folder: &Path, off: &Value) {
    let lock = fs::File::open(folder.join("region/broker/store/lock")).unwrap();
    lock.lock().unwrap();
    let running = simulated(folder, "off", "region/broker");
    assert_eq!(running["broker"], off["broker"]);
}

fn what_cannot_be_simulated_is_said(folder: &Path) {
    let line = |draft: &str, since: &str, ledger: &str| {
        run(folder, &format!("policy simulate {draft} --since {since} --ledger {ledger} --json"))
    };
    assert_eq!(line("off", "2999-01-01T00:00", "region").reason(), "NOTHING_RECORDED");
    assert_eq!(line("off", "2026-12-31T00:00", "region").reason(), "NOTHING_RECORDED");
    assert_eq!(line("off", "90", "region").code, 2);
    assert_eq!(line("off", "90d", "world").reason(), "FILE_UNREADABLE");
    assert_eq!(line("nowhere", "90d", "region").reason(), "POLICY_INVALID");
    // A record that is not what was committed to: of the rest it is told, and that it is not all.
    let altered = line("off", "3000d", "altered");
    assert_eq!((altered.code, &altered.json()["skipped"]["problems"]), (1, &1.into()));
    // Its rules are not at hand.
    let config = folder.join("region/broker/broker.toml");
    let before = fs::read_to_string(&config).unwrap();
    let other = folder.join("same").display().to_string();
    fs::write(&config, format!("{before}\n[policy]\nfolder = \"{other}\"\n")).unwrap();
    let without = line("off", "3000d", "region/broker");
    assert_eq!((without.code, &without.json()["broker"]["decisions"]), (1, &0.into()));
    assert!(without.json()["skipped"]["no_rules"].as_u64().unwrap() > 10);
    fs::write(&config, before).unwrap();
}
