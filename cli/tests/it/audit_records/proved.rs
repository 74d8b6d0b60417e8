//! One question of the storyline: shown, proved, and the proofs checked without any store.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::run;

/// The first question that the municipality asked, as its own ledger tells it, and how many
/// decisions there are on it. Of the last one witnesses may not have seen the head yet.
pub(super) fn a_question_is_shown_by_its_asker_and_by_its_targets(
    folder: &Path,
) -> (String, usize) {
    let own = "audit show --json --limit 1000 --offline region/nodes/gem-veenwolde";
    let shown = run(folder, own).done();
    let closed = shown.as_array().unwrap().iter();
    let mut closed = closed.filter_map(|one| one["inquiry"].as_str());
    let inquiry = closed.next().unwrap().to_owned();
    let all = run(folder, &format!("audit show {inquiry} --json --offline region")).done();
    let kinds: Vec<&str> =
        all.as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    let count = |kind: &str| kinds.iter().filter(|one| one.contains(kind)).count();
    assert_eq!(count("/closed/"), 1, "{kinds:?}");
    let (broker, holders) = (count("/broker-decision/"), count("/record/decision/"));
    assert!(holders >= 2 && broker >= holders, "{kinds:?}");
    let decided = |one: &&Value| one["kind"] == "grondslag/record/decision/v1";
    let first = all.as_array().unwrap().iter().find(decided).unwrap();
    let target = first["decision"]["target_id"].as_str().unwrap();
    let by_target = run(folder, &format!("audit show {target} --json --offline region")).done();
    let kinds = by_target.as_array().unwrap().iter().filter(|one| one["decision"].is_object());
    assert_eq!(kinds.count(), 2, "of the broker and of the holder: {by_target}");
    let told = run(folder, &format!("audit show {inquiry} --lang en --offline region"));
    assert!(told.out.contains("decision of the broker") && told.out.contains("asks for"));
    let told = run(folder, "audit show --limit 3 --offline region/broker");
    assert!(told.code == 0 && told.out.lines().count() >= 3, "{told:?}");
    let nobody = run(folder, &format!("audit show {} --json --offline region", "0".repeat(32)));
    assert_eq!((nobody.code, nobody.reason().as_str()), (1, "UNKNOWN_INQUIRY"));
    (inquiry, broker + holders)
}

pub(super) fn a_proof_holds_by_itself_and_no_field_of_it_may_change(
    folder: &Path,
    (inquiry, decisions): (&str, usize),
) {
    let prove = format!("audit prove {inquiry} --json --to kept/proofs --offline region");
    let proofs = run(folder, &prove).done();
    let made = fs::metadata(folder.join("kept/proofs")).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o700, "a folder of its own, for its owner");
    fs::write(folder.join("taken"), "").unwrap();
    let taken = format!("audit prove {inquiry} --json --to taken --offline region");
    assert_eq!(run(folder, &taken).reason(), "STORE_UNWRITABLE");
    let proofs = proofs["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), decisions, "at the broker and at the holders: {proofs:?}");
    let cosigned = proofs.iter().any(|one| one["cosigners"].as_u64().unwrap() >= 3);
    assert!(cosigned, "the broker's head bears the cosignatures of witnesses: {proofs:?}");
    for one in proofs {
        let file = PathBuf::from(one["file"].as_str().unwrap());
        let check = format!("audit check {} --json", file.display());
        let proof: Value = serde_json::from_slice(&fs::read(folder.join(&file)).unwrap()).unwrap();
        let held = run(folder, &check).done();
        assert_eq!((&held["ok"], &held["key_known"]), (&true.into(), &false.into()));
        assert_eq!(held["decision"]["target_id"], proof["target_id"]);
        // Whoever made the file chose the keys in it: without a witness's own nothing is counted.
        let named = proof["cosigners"].as_array().unwrap();
        assert_eq!((&held["cosigners"], &held["cosigners_unchecked"]), (&json!([]), &json!(named)));
        if let Some(witness) = named.first().and_then(Value::as_str) {
            let counted = run(folder, &format!("{check} --witness {witness}")).done();
            assert_eq!(counted["cosigners"], json!([witness]));
            assert_eq!(counted["cosigners_unchecked"], json!(named[1..]));
        }
        let mode = fs::metadata(folder.join(&file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "it tells of a person");
        let vkey = proof["vkey"].as_str().unwrap();
        let known = run(folder, &format!("{check} --vkey {vkey}")).done();
        assert_eq!(known["key_known"], true);
        let other = run(folder, &format!("{check} --vkey {vkey}x"));
        assert_eq!((other.code, &other.json()["problem"]), (1, &"other_vkey".into()));
    }
    let of_broker = |one: &&Value| {
        one["file"].as_str().unwrap().contains("broker-") && one["cosigners"] != json!(0)
    };
    let mut changed = vec![proofs.iter().find(of_broker).unwrap()];
    changed.extend(proofs.iter().find(|one| one["file"].as_str().unwrap().contains("node-")));
    assert_eq!(changed.len(), 2);
    for one in changed {
        every_field_counts(folder, &folder.join(one["file"].as_str().unwrap()));
    }
    let none = "0".repeat(32);
    let nobody = run(folder, &format!("audit prove {none} --json --to none --offline region"));
    assert_eq!((nobody.code, nobody.reason().as_str()), (1, "UNKNOWN_INQUIRY"));
    assert!(!folder.join("none").exists());
}

/// One character of every text changes, every number, and every list loses its last item.
fn every_field_counts(folder: &Path, file: &Path) {
    let proof: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let mut places = Vec::new();
    leaves(&proof, String::new(), &mut places);
    assert!(places.len() >= 13, "{places:?}");
    let target = folder.join("changed.json");
    let refused = |planted: &Value, what: &str| {
        fs::write(&target, planted.to_string()).unwrap();
        let checked = run(folder, "audit check changed.json --json");
        assert_eq!(checked.code, 1, "{what}: {checked:?}");
    };
    for place in &places {
        let mut planted = proof.clone();
        let value = planted.pointer_mut(place).unwrap();
        *value = match &*value {
            Value::String(text) => json!(flipped(text)),
            Value::Number(number) => json!(number.as_i64().unwrap() + 1),
            Value::Array(items) => json!(items[..items.len() - 1]),
            other => panic!("{place}: {other}"),
        };
        refused(&planted, place);
    }
    for name in proof.as_object().unwrap().keys() {
        let mut without = proof.clone();
        without.as_object_mut().unwrap().remove(name);
        refused(&without, name);
    }
    let mut more = proof.clone();
    more["more"] = json!(1);
    refused(&more, "a field too many");
}

/// Pointers to every value that holds no other, and to every list that is not empty.
fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| leaves(inner, format!("{at}/{name}"), found));
        }
        Value::Array(items) => {
            if !items.is_empty() {
                found.push(at.clone());
            }
            let items = items.iter().enumerate();
            items.for_each(|(number, inner)| leaves(inner, format!("{at}/{number}"), found));
        }
        _ => found.push(at),
    }
}

/// The text with the character in its middle changed.
fn flipped(text: &str) -> String {
    let middle = text.chars().count() / 2;
    let flip = |(at, one): (usize, char)| match one {
        one if at != middle => one,
        'a' => 'b',
        _ => 'a',
    };
    text.chars().enumerate().map(flip).collect()
}
