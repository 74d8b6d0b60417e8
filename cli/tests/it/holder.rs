//! A key holder and its operator, from an empty folder to a process that serves.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::tempdir;

use crate::broker::{Serving, free_port, furnish, status};
use crate::certs::authority;
use crate::{BROKER, OIN, run, run_with};

/// The organisation that runs it.
const HOLDER: &str = "00000099990900000000";

#[test]
fn a_new_key_holder_serves_and_says_how_it_is() {
    let dir = tempdir().unwrap();
    let folder = dir.path();
    let listen = format!("127.0.0.1:{}", free_port());
    authority(folder);
    let words = ["holder", "init", "--folder", "holder", "--oin", HOLDER, "--listen", &listen];
    let more = ["--name", "Sleutelbeheer", "--duty-phone", "088 990 00 01", "--broker", BROKER];
    let made = run_with(folder, &[&words[..], &more, &["--json"]].concat()).done();
    assert_eq!(made["missing"].as_array().unwrap().len(), 4);
    furnish(folder, "holder", HOLDER, "broker");
    let check = "holder serve --config holder/holder.toml --check --json";
    assert_eq!(run(folder, check).done()["findings"], serde_json::json!([]));
    let _serving = Serving::start(folder, "holder serve --config holder/holder.toml");
    let shown = status(folder, "holder/holder.toml").done();
    assert_eq!((shown["process"].as_str(), shown["oin"].as_str()), (Some("holder"), Some(HOLDER)));
    assert_eq!(shown["serving"], true);
    // No broker has asked it for an epoch yet.
    assert_eq!(shown["epoch"], Value::Null);
    for (command, suspended) in [("suspend", true), ("restore", false)] {
        let line = format!("holder {command} {OIN} --config holder/holder.toml --json");
        assert_eq!(run(folder, &line).done()["suspended"], suspended);
    }
}

const CONFIG: &str = "holder/holder.toml";
const SERVE: &str = "holder serve --config holder/holder.toml";

/// A broker in the folder `broker`, and a key holder of another organisation in `holder`.
fn broker_with_a_holder(folder: &Path) {
    let [listen, broker] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
    authority(folder);
    let words = ["holder", "init", "--folder", "holder", "--oin", HOLDER, "--listen", &listen];
    let more = ["--name", "Sleutelbeheer", "--duty-phone", "088 990 00 01", "--broker", BROKER];
    run_with(folder, &[&words[..], &more, &["--json"]].concat()).done();
    furnish(folder, "holder", HOLDER, "broker");
    let words = ["broker", "init", "--folder", "broker", "--oin", BROKER, "--listen", &broker];
    let more = ["--name", "Makelaar Drieveen", "--duty-phone", "088 990 00 00", "--json"];
    run_with(folder, &[&words[..], &more].concat()).done();
    furnish(folder, "broker", BROKER, "broker");
    let file = folder.join("broker/broker.toml");
    let config = fs::read_to_string(&file).unwrap();
    let section = format!("[key_holder]\noin = \"{HOLDER}\"\nendpoint = \"{listen}\"\n");
    fs::write(file, format!("{config}\n{section}")).unwrap();
}

/// The epoch of which the holder has factors, while it serves.
fn epoch(folder: &Path) -> Value {
    status(folder, CONFIG).json()["epoch"]["current"].clone()
}

/// The store and the factors are gone, and the backup is put back with what is given as factors.
fn put_back(folder: &Path, backup: &str, factors: Option<&str>) {
    fs::remove_dir_all(folder.join("holder/store")).unwrap();
    let _ = fs::remove_file(folder.join("holder/factors.sealed"));
    let restore = format!("restore --backup {backup} --key keys/backup.key --config {CONFIG}");
    let factors = factors.map(|file| format!("--factors {file}")).unwrap_or_default();
    run(folder, &format!("{restore} {factors} --json")).done();
}

#[test]
fn a_lost_key_holder_serves_again_with_its_own_factors_and_with_no_others() {
    let dir = tempdir().unwrap();
    let folder = dir.path();
    broker_with_a_holder(folder);
    {
        let _holder = Serving::start(folder, SERVE);
        assert_eq!(epoch(folder), Value::Null);
        let _broker = Serving::start(folder, "broker serve --config broker/broker.toml");
        let began = Instant::now();
        while epoch(folder) != 1 {
            assert!(began.elapsed() < Duration::from_secs(30), "no broker asked for an epoch");
            sleep(Duration::from_millis(100));
        }
    }
    run(folder, "backup keys --to keys --json").done();
    let backup = format!("backup --config {CONFIG} --key keys/backup.pub --to backups --json");
    let made = run(folder, &format!("{backup} --factors-to factors.copy")).done();
    assert_eq!(made["factors"], "factors.copy");
    let sealed = fs::read(folder.join("holder/factors.sealed")).unwrap();
    assert_eq!(fs::read(folder.join("factors.copy")).unwrap(), sealed, "still sealed");
    let file = made["file"].as_str().unwrap();

    // Its own, under its own key.
    put_back(folder, file, Some("factors.copy"));
    {
        let _holder = Serving::start(folder, SERVE);
        assert_eq!(epoch(folder), 1);
    }
    // Those of the broker's own holder.
    put_back(folder, file, Some("broker/factors.sealed"));
    let refused = run(folder, &format!("{SERVE} --json"));
    assert_eq!(refused.reason(), "FACTORS_UNREADABLE", "{refused:?}");
    // Its own, under another key.
    put_back(folder, file, Some("factors.copy"));
    let key = folder.join("holder/factors.key");
    let own = fs::read(&key).unwrap();
    fs::write(&key, [7; 32]).unwrap();
    let refused = run(folder, &format!("{SERVE} --json"));
    assert_eq!(refused.reason(), "FACTORS_UNREADABLE", "{refused:?}");
    fs::write(&key, own).unwrap();

    without_factors_it_makes_none_for_an_epoch_that_had_them(folder, file);
}

/// Children who are known would look unknown under others.
fn without_factors_it_makes_none_for_an_epoch_that_had_them(folder: &Path, backup: &str) {
    put_back(folder, backup, None);
    let _holder = Serving::start(folder, SERVE);
    assert_eq!(status(folder, CONFIG).json()["serving"], true);
    let _broker = Serving::start(folder, "broker serve --config broker/broker.toml");
    let state = status(folder, "broker/broker.toml").json();
    assert_eq!(state["serving"], true, "{state}");
    // The broker's operator is told.
    let told = || fs::read_to_string(folder.join("serving.log")).unwrap().contains("EPOCH_STALE");
    let began = Instant::now();
    while !told() {
        assert!(began.elapsed() < Duration::from_secs(30), "nobody is told");
        sleep(Duration::from_millis(100));
    }
    assert!(!folder.join("holder/factors.sealed").exists(), "{state}");
    assert_eq!(epoch(folder), Value::Null);
}
