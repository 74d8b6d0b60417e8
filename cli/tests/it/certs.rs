//! From a region's authority to an agency's certificate, and back.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::{OIN, Ran, run, run_with};

/// Makes an authority in the folder `ca`.
pub(crate) fn authority(folder: &Path) -> serde_json::Value {
    run(folder, "certs init --authority ca --region Drieveen --json").done()
}

fn request(folder: &Path) -> Ran {
    let line = ["certs", "request", "--folder", "own", "--oin", OIN, "--name", "De Wierde"];
    run_with(folder, &[&line[..], &["--json"]].concat())
}

fn signed(folder: &Path) -> serde_json::Value {
    authority(folder);
    request(folder).done();
    let line = "certs sign-csr --authority ca --request own/request.pem --out cert.pem --json";
    run(folder, line).done()
}

#[test]
fn an_agency_gets_a_certificate_without_its_key_leaving_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let root = authority(folder);
    assert_eq!(root["fingerprint"].as_str().unwrap().len(), 64);
    let made = request(folder).done();
    let key = folder.join(made["key"].as_str().unwrap());
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(folder.join("own/request.pem")).unwrap().contains("PRIVATE"));

    let line = "certs sign-csr --authority ca --request own/request.pem --out cert.pem --json";
    let issued = run(folder, line).done();
    assert_eq!(issued["certificate"]["oin"], OIN);
    let days = issued["certificate"]["days_left"].as_i64().unwrap();
    assert!((89..=90).contains(&days), "90, less the moment since");
    let shown = run(folder, "certs show cert.pem --json").done();
    assert_eq!(shown["name"], "De Wierde");
    let shown = run(folder, "certs show cert.pem --lang en");
    assert!(shown.out.contains("De Wierde") && shown.out.contains("valid until"), "{shown:?}");
}

#[test]
fn nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    signed(folder);
    let before = fs::read(folder.join("cert.pem")).unwrap();
    let sign = "certs sign-csr --authority ca --request own/request.pem --out cert.pem --json";
    for line in [sign, "certs init --authority ca --region Other --json"] {
        let refused = run(folder, line);
        assert_eq!((refused.code, refused.reason().as_str()), (1, "FILE_EXISTS"), "{line}");
    }
    assert_eq!(request(folder).reason(), "FILE_EXISTS");
    assert_eq!(fs::read(folder.join("cert.pem")).unwrap(), before);
    let acts = run(folder, "certs show ca --json").done();
    let issued = acts["acts"].as_array().unwrap().iter().filter(|act| act["event"] == "issued");
    assert_eq!(issued.count(), 1, "a refused file was not signed first");
}

#[test]
fn a_certificate_is_renewed_until_it_is_revoked() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let first = signed(folder);
    let renew = |out: &str| {
        let line = "certs renew --authority ca --request own/request.pem --current cert.pem";
        run(folder, &format!("{line} --out {out} --json"))
    };
    let renewed = renew("next.pem").done();
    assert_ne!(renewed["certificate"]["serial"], first["certificate"]["serial"]);

    let serial = first["certificate"]["serial"].as_str().unwrap();
    let line = format!("certs revoke --authority ca --serial {serial} --json");
    assert_eq!(run(folder, &line).done()["revoked"][0], serial);
    assert_eq!(renew("late.pem").reason(), "CERTIFICATE_INVALID");
    let list = run(folder, "certs show ca --json").done();
    assert_eq!(list["list"]["revoked"][0], serial, "the list was made with it");
    assert_eq!(run(folder, &line).reason(), "CERTIFICATE_INVALID", "nothing left");
}

#[test]
fn a_trial_agency_is_made_in_one_step_and_gets_each_new_list() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    authority(folder);
    let words = ["certs", "issue", "--authority", "ca", "--folder", "trial", "--oin", OIN];
    let made = run_with(folder, &[&words[..], &["--name", "De Wierde", "--json"]].concat());
    assert_eq!(made.done()["certificate"]["oin"], OIN);
    let shown = run(folder, "certs show trial --json").done();
    assert_eq!((&shown["revoked"], &shown["list"]["number"]), (&false.into(), &1.into()));

    run(folder, &format!("certs revoke --authority ca --oin {OIN}"));
    run(folder, "certs crl --authority ca --days 3 --publish trial --json").done();
    let shown = run(folder, "certs show trial --json").done();
    assert_eq!(shown["revoked"], true);
    assert_eq!(shown["list"]["number"], 3);
    assert_eq!(run(folder, "certs crl --authority ca --days 32").code, 2);
    assert_eq!(run(folder, "certs revoke --authority ca").code, 2, "revoke what?");
}

#[test]
fn an_admission_names_oin_kinds_and_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    authority(folder);
    let admit = |until: &str, out: &str| {
        let line = "certs admit --authority ca --kind sch --kind gem --json";
        run(folder, &format!("{line} --oin {OIN} --until {until} --out {out}"))
    };
    let admitted = admit("2090-12-31", "a.json").done();
    assert_eq!(admitted["kinds"], serde_json::json!(["gem", "sch"]));
    assert_eq!(admitted["valid_until"], "2091-01-01T00:00:00+01:00", "the whole last day");
    assert_eq!(run(folder, "certs show a.json --json").done()["what"], "admission");
    assert_eq!(admit("2090-12-31", "a.json").reason(), "FILE_EXISTS");
    assert_eq!(admit("2020-01-01", "b.json").reason(), "CERTIFICATE_INVALID", "ended already");
    assert_eq!(admit("someday", "b.json").code, 2);
}

#[test]
fn what_is_no_certificate_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    authority(folder);
    fs::write(folder.join("note.txt"), "hello").unwrap();
    assert_eq!(run(folder, "certs show note.txt --json").reason(), "CERTIFICATE_INVALID");
    assert_eq!(run(folder, "certs show nowhere --json").reason(), "FILE_UNREADABLE");
    let line = "certs sign-csr --authority ca --request note.txt --out out.pem --json";
    assert_eq!(run(folder, line).reason(), "CERTIFICATE_INVALID");
    assert!(!folder.join("out.pem").exists());
    let words = ["certs", "request", "--folder", "x", "--oin", "123", "--name", "x"];
    assert_eq!(run_with(folder, &words).code, 2, "no OIN");
}
