//! Ledgers of stopped processes, held against each other.

use std::path::Path;

use grondslag_core::id::Oin;
use grondslag_evidence::store::{self, Backend, Batch, Config};
use serde_json::Value;

use crate::demo::{Demo, small_world};
use crate::run;

const VERIFY: &str = "audit verify --json --offline region";

/// Changes one byte of a value in a store.
fn flip(folder: &Path, prefix: &str, at: impl Fn(&[u8]) -> usize) {
    let config =
        Config { path: folder.join("store"), owner: owner(folder), backend: Backend::Sled };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = store::open(config).await.unwrap();
        let page = store.scan(prefix.as_bytes(), None, 1).await.unwrap();
        let mut value = page[0].value.clone();
        let at = at(&value);
        value[at] ^= 1;
        store.commit(Batch::new().put(page[0].key.as_slice(), value)).await.unwrap();
    });
}

fn found(json: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, what: &str| one[what].as_str().unwrap().to_owned();
    let findings = json["findings"].as_array().unwrap().iter();
    findings.map(|one| (text(one, "place"), text(one, "problem"))).collect()
}

fn owner(folder: &Path) -> Oin {
    let cert = std::fs::read_to_string(folder.join("cert.pem")).unwrap();
    grondslag_certs::Leaf::parse_pem(&cert).unwrap().oin().clone()
}

#[test]
fn ledgers_are_held_against_each_other_and_what_was_changed_at_a_node_is_named() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    {
        let _demo = Demo::start(temp.path());
        let refused = run(temp.path(), VERIFY);
        assert_eq!((refused.code, refused.reason().as_str()), (70, "STORE_IN_USE"));
        assert!(refused.out.contains("geef een kopie"), "{refused:?}");
    }
    let verified = run(temp.path(), VERIFY);
    let sound = verified.done();
    assert_eq!((&sound["logs"], &sound["problems"]), (&4.into(), &0.into()), "{sound}");
    assert!(sound["heads"].as_u64().unwrap() >= 3, "{sound}");
    assert!(sound["cosignatures"].as_u64().unwrap() > 0, "{sound}");
    assert_eq!(run(temp.path(), VERIFY).done(), sound, "nothing was changed by looking");

    let region = temp.path().join("region");
    let node = region.join("nodes/sch-drieveen");
    let size_digit = |value: &[u8]| value.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    flip(&node, "wh/h/", size_digit);
    let json = run(temp.path(), VERIFY).json();
    assert!(found(&json).iter().any(|(place, _)| place == "wh/h"), "{json}");
    flip(&node, "wh/h/", size_digit);
    assert_eq!(run(temp.path(), VERIFY).done(), sound);

    // Within the last cosignature that the broker keeps.
    flip(&region.join("broker"), "w/cosigned", |value| {
        let end = value.windows(8).position(|window| window == br#"\n","last"#.as_slice());
        end.or(value.windows(6).position(|window| window == br#"","las"#.as_slice())).unwrap() - 20
    });
    let json = run(temp.path(), VERIFY);
    let found = found(&json.json());
    let [(place, problem)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((json.code, place.as_str()), (1, "w/cosigned"));
    assert!(["cosignature_invalid", "head_unreadable"].contains(&problem.as_str()), "{problem}");
}

#[test]
fn a_folder_without_a_process_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let refused = run(temp.path(), "audit verify --json --offline .");
    assert_eq!((refused.code, refused.reason().as_str()), (1, "FILE_UNREADABLE"));
    assert_eq!(run(temp.path(), "audit verify").code, 2);
}
