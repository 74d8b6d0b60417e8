//! The region's officers: people who sign its rules.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::{OIN, run};

#[test]
fn an_officer_has_a_key_that_nobody_else_reads_and_a_public_line() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let line = format!("officer init --out po --oin {OIN} --function po-1 --json");
    let made = run(folder, &line).done();
    let public = made["public"].as_str().unwrap();
    assert!(public.starts_with(&format!("{OIN}/po-1+")), "{public}");
    let rights = fs::metadata(folder.join("po/officer.key")).unwrap().permissions().mode();
    assert_eq!(rights & 0o777, 0o600);
    let who = fs::read_to_string(folder.join("po/officer.toml")).unwrap();
    assert!(who.contains(public), "{who}");
    let key = fs::read(folder.join("po/officer.key")).unwrap();
    assert_eq!(run(folder, &line).reason(), "FILE_EXISTS");
    assert_eq!(fs::read(folder.join("po/officer.key")).unwrap(), key, "a key is never replaced");
}

#[test]
fn a_function_that_cannot_stand_in_a_line_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for function in ["PO", "po/1", "po+1", "pö"] {
        let line = format!("officer init --out po --oin {OIN} --function {function} --json");
        assert_eq!(run(dir.path(), &line).reason(), "MALFORMED", "{function}");
        assert!(!dir.path().join("po").exists());
    }
}
