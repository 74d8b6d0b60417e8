//! A key holder and its operator, from an empty folder to a process that serves.

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
    assert_eq!(shown["epoch"], serde_json::Value::Null);
    for (command, suspended) in [("suspend", true), ("restore", false)] {
        let line = format!("holder {command} {OIN} --config holder/holder.toml --json");
        assert_eq!(run(folder, &line).done()["suspended"], suspended);
    }
}
