//! The region's operators: two of them name the witnesses.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::certs::authority;
use crate::{run, run_with};

const WITNESSES: [&str; 3] =
    ["00000099000000003000", "00000099000000004000", "00000099000000005000"];

fn operator(folder: &Path, name: &str, oin: &str) -> String {
    let ran = run(folder, &format!("operator init --out {name} --oin {oin} --name {name} --json"));
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json()["public"].as_str().unwrap().to_owned()
}

fn list(witnesses: &[&str], seq: u64, by: &str, file: &str) -> String {
    let witnesses = witnesses.iter().flat_map(|oin| [" --witness ", *oin]).collect::<String>();
    format!(
        "operator sign-witnesses --operator {by} --root ca/ca.pem --seq {seq} --file {file}{witnesses} --json"
    )
}

#[test]
fn two_operators_of_different_organisations_complete_a_list() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    authority(folder);
    let line = operator(folder, "first", "00000099000000001000");
    assert!(line.starts_with("00000099000000001000+"), "{line}");
    operator(folder, "second", "00000099000000002000");
    operator(folder, "third", "00000099000000001000");
    let rights = fs::metadata(folder.join("first/operator.key")).unwrap().permissions().mode();
    assert_eq!(rights & 0o777, 0o600);
    let again = run(folder, "operator init --out first --oin 00000099000000001000 --name x --json");
    assert_eq!(again.reason(), "FILE_EXISTS");

    let made = run(folder, &list(&WITNESSES, 1, "first", "w.json"));
    assert_eq!((made.code, made.json()["complete"].as_bool()), (0, Some(false)), "{made:?}");
    let cosign = |by: &str| {
        let line = format!("operator sign-witnesses --operator {by} --file w.json --json");
        run(folder, &line).json()["complete"].as_bool()
    };
    assert_eq!(cosign("first"), Some(false), "one signs twice");
    assert_eq!(cosign("third"), Some(false), "the same organisation");
    assert_eq!(cosign("second"), Some(true));
    let text = fs::read_to_string(folder.join("w.json")).unwrap();
    assert_eq!(text.matches("\"signature\"").count(), 3, "{text}");
}

#[test]
fn a_list_that_no_region_would_take_is_not_signed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    authority(folder);
    operator(folder, "first", "00000099000000001000");
    let few = run(folder, &list(&WITNESSES[..2], 1, "first", "w.json"));
    assert_eq!(few.reason(), "WITNESSES_TOO_FEW");
    let twice = [WITNESSES[0], WITNESSES[1], WITNESSES[1]];
    assert_eq!(run(folder, &list(&twice, 1, "first", "w.json")).reason(), "WITNESSES_TOO_FEW");
    assert_eq!(run(folder, &list(&WITNESSES, 0, "first", "w.json")).code, 2, "counts from 1");
    assert!(!folder.join("w.json").exists());
    fs::write(folder.join("w.json"), "mine").unwrap();
    assert_eq!(run(folder, &list(&WITNESSES, 1, "first", "w.json")).reason(), "FILE_EXISTS");
    let read = run(folder, "operator sign-witnesses --operator first --file w.json --json");
    assert_eq!(read.reason(), "MALFORMED");
    // The key of one folder under the name of another.
    operator(folder, "second", "00000099000000002000");
    fs::copy(folder.join("second/operator.key"), folder.join("first/operator.key")).unwrap();
    let mixed = run(folder, &list(&WITNESSES, 1, "first", "new.json"));
    assert_eq!(mixed.reason(), "FILE_UNREADABLE");
    let half = run_with(
        folder,
        &[
            "operator",
            "sign-witnesses",
            "--operator",
            "first",
            "--file",
            "x",
            "--root",
            "ca/ca.pem",
        ],
    );
    assert_eq!(half.code, 2);
}

/// A node that pinned two operators starts with a list that both signed, and not without.
#[test]
fn a_node_pins_operators_when_it_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let lines = [("first", "00000099000000001000"), ("second", "00000099000000002000")]
        .map(|(name, oin)| operator(folder, name, oin));
    let made = run_with(
        folder,
        &[
            "node",
            "init",
            "--folder",
            "node",
            "--oin",
            WITNESSES[0],
            "--name",
            "Praktijk",
            "--kind",
            "ha",
            "--duty-phone",
            "088",
            "--broker",
            "00000099000000009000",
            "--broker-endpoint",
            "127.0.0.1:9",
            "--operator",
            &lines[0],
            "--operator",
            &lines[1],
            "--json",
        ],
    );
    assert_eq!(made.code, 0, "{made:?}");
    let missing = made.json()["missing"].to_string();
    assert!(missing.contains("witnesses.json"), "{missing}");
    let config = fs::read_to_string(folder.join("node/node.toml")).unwrap();
    assert!(lines.iter().all(|line| config.contains(line.as_str())), "{config}");
    let bad =
        run_with(folder, &["broker", "init", "--operator", &lines[0].replace("1000+", "2000+")]);
    assert_eq!(bad.code, 2);
}
