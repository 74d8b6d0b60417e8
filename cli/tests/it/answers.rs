//! Answers that were given, held against the ledger of who gave them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use grondslag_certs::key::load_signing_key;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_evidence::audit::copy_folder;
use grondslag_evidence::generation;
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::{self, Backend, Batch, Config};
use serde_json::Value;

use crate::audit::{VERIFY, found, owner};
use crate::demo::{Demo, NECESSITY, question, small_world};
use crate::run;

/// Notices of the provider itself in the story (F4.r3), whose replies are lost with its ledger.
const BROUGHT: u64 = 3;

/// Puts another ledger in the place of a node's, signed with its own key and sound in itself.
fn rewritten(node: &Path, origin: &Origin, name: &str, leaves: u64) {
    let path = node.join("store");
    fs::remove_dir_all(&path).unwrap();
    let key = load_signing_key(&node.join("sign.key")).unwrap();
    let owner = owner(node);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let tiles = Arc::new(Tiles::folder(path.join("ledger").join(name)));
        let store = store::open(Config { path, owner, backend: Backend::Sled }).await.unwrap();
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(7)));
        let signer = Signer { origin: origin.clone(), key, previous: None };
        let ledger = Ledger::open(Means { store, clock, name, tiles, signer });
        let ledger = ledger.await.unwrap();
        let of = |n: u64| Digest::of(&n.to_be_bytes());
        let entries = (0..leaves).map(|n| Entry {
            about: of(n),
            leaf: b"other".to_vec(),
            state: Batch::new(),
        });
        for entry in entries {
            ledger.append(entry).await.unwrap();
        }
        ledger.close().await;
    });
}

/// A node that gives an answer and writes another history, or goes back behind it, is caught by
/// what it proved to the asker.
#[test]
fn an_answer_that_its_node_no_longer_has_is_named() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    {
        let demo = Demo::start(temp.path());
        let answered = demo.ask(&question("999940119", NECESSITY)).done();
        assert_eq!(answered["agencies"][0]["state"], "replied", "{answered}");
    }
    let sound = run(temp.path(), VERIFY).done();
    assert!(sound["answers"].as_u64().unwrap() >= 1, "{sound}");

    let region = temp.path().join("region");
    let node = region.join("nodes/jha-kompas");
    let root = grondslag_certs::Root::load(&node.join("ca.pem")).unwrap();
    let name = root.fingerprint().to_string();
    let origin = Origin::of_member(&name, &owner(&node), "node", 1).unwrap();
    a_copy_is_held_against_what_it_is_a_copy_of(temp.path(), &origin);
    for (leaves, word) in [(2, "answer_ahead"), (2_000, "answer_other_root")] {
        rewritten(&node, &origin, "node", leaves);
        let ran = run(temp.path(), VERIFY);
        let json = ran.json();
        let named = found(&json).into_iter().any(|(place, found)| place == "t" && found == word);
        assert!(ran.code == 1 && named, "{word}: {json}");
        let lost = found(&json).iter().filter(|(place, _)| place == "t").count() as u64;
        let held = json["answers"].as_u64().unwrap();
        let all = sound["answers"].as_u64().unwrap();
        assert_eq!(held + lost + BROUGHT, all, "each once: {json}");
    }
    a_rebuilt_ledger_is_held_against_answers(temp.path(), &name);
    what_is_not_given_is_not_proved(temp.path(), &sound);
    a_ledger_that_is_not_shown_is_named(temp.path(), &name, &origin);
}

/// The asker alone may have been shown the tree that a decision stands in: it is caught by what the
/// broker proved to the asker.
#[test]
fn a_decision_that_the_brokers_ledger_does_not_bear_out_is_named() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    {
        let demo = Demo::start(temp.path());
        let answered = demo.ask(&question("999940119", NECESSITY)).done();
        assert_eq!(answered["agencies"][0]["state"], "replied", "{answered}");
    }
    let sound = run(temp.path(), VERIFY).done();
    let all = sound["decisions"].as_u64().unwrap();
    assert!(all >= 1 && sound["decisions_unchecked"] == 0, "{sound}");

    let nodes = "region/nodes/jha-kompas region/nodes/gem-veenwolde region/nodes/sch-drieveen";
    let without = run(temp.path(), &format!("audit verify --json --offline {nodes}")).json();
    let figures = [&without["decisions"], &without["decisions_unchecked"]].map(Value::as_u64);
    assert_eq!(figures, [Some(0), Some(all)], "{without}");

    let broker = temp.path().join("region/broker");
    let root = grondslag_certs::Root::load(&broker.join("ca.pem")).unwrap();
    let region = root.fingerprint().to_string();
    for (number, name, leaves, word) in [
        (1, "broker", 2, "decision_ahead"),
        (1, "broker", 2_000, "decision_other_root"),
        (7, "broker-7", 3, "decision_of_other_log"),
    ] {
        let origin = Origin::of_broker(&region, number).unwrap();
        rewritten(&broker, &origin, name, leaves);
        let ran = run(temp.path(), VERIFY);
        let json = ran.json();
        let words = found(&json);
        let named = words.iter().filter(|(place, found)| place == "t" && found == word).count();
        assert_eq!((ran.code, named as u64, &json["decisions"]), (1, all, &0.into()), "{json}");
    }
}

fn a_copy_is_held_against_what_it_is_a_copy_of(folder: &Path, origin: &Origin) {
    let twin = folder.join("twin");
    copy_folder(&folder.join("region/nodes/jha-kompas"), &twin).unwrap();
    let both = format!("{VERIFY} twin");
    assert_eq!(run(folder, &both).done()["problems"], 0, "a sound copy");
    let key = twin.join("sign.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    for leaves in [2, 2_000] {
        rewritten(&twin, origin, "node", leaves);
        let json = run(folder, &both).json();
        let differ = (origin.to_string(), "copies_differ".to_owned());
        assert!(found(&json).contains(&differ), "{json}");
    }
}

fn what_is_not_given_is_not_proved(folder: &Path, sound: &Value) {
    let rest = "region/broker region/nodes/gem-veenwolde region/nodes/sch-drieveen";
    let without = run(folder, &format!("audit verify --json --offline {rest}")).done();
    let unchecked = without["answers_unchecked"].as_u64().unwrap();
    let held = without["answers"].as_u64().unwrap() + unchecked;
    let all = sound["answers"].as_u64().unwrap();
    assert!(unchecked > 0 && held + BROUGHT == all, "{without}");
    assert_eq!(sound["answers_unchecked"], 0, "{sound}");

    // Without the broker nothing is held against the heads of its log.
    let alone = run(folder, "audit verify --json --offline region/nodes/sch-drieveen").json();
    let kept = alone["heads_unchecked"].as_u64().unwrap();
    assert!(kept > 0 && alone["heads"] == 0 && sound["heads_unchecked"] == 0, "{alone}");
}

fn a_ledger_that_is_not_shown_is_named(folder: &Path, region: &str, origin: &Origin) {
    let node = folder.join("region/nodes/jha-kompas");
    // A node that shows another of its logs than the one that it answered from.
    let other = Origin::of_member(region, &owner(&node), "node", 7).unwrap();
    rewritten(&node, &other, "node-7", 3);
    let json = run(folder, VERIFY).json();
    let words = found(&json);
    assert!(words.contains(&("t".into(), "answer_of_other_log".into())), "{json}");
    assert!(words.contains(&(origin.to_string(), "ledger_missing".into())), "{json}");

    // Folders of no ledger crowd out none unseen.
    for n in 0..20 {
        fs::create_dir_all(node.join(format!("store/ledger/a{n:02}"))).unwrap();
    }
    let json = run(folder, VERIFY).json();
    let crowded = ("ledger".to_owned(), "too_many_ledgers".to_owned());
    assert!(found(&json).contains(&crowded), "{json}");
}

/// Of the ledger that goes on, and of no history that an asker was shown otherwise.
fn a_rebuilt_ledger_is_held_against_answers(folder: &Path, region: &str) {
    let node = folder.join("region/nodes/jha-kompas");
    let line = "audit rebuild --json --config region/nodes/jha-kompas/node.toml --heads";
    let heads = "region/nodes/gem-veenwolde region/nodes/sch-drieveen";
    let rebuild = || run(folder, &format!("{line} {heads}"));
    lose(&node, "node", None);
    let refused = rebuild();
    assert_eq!((refused.code, refused.reason().as_str()), (70, "LEDGER_FORK"), "{refused:?}");

    let second = Origin::of_member(region, &owner(&node), "node", 2).unwrap();
    rewritten(&node, &second, "node-2", 600);
    lose(&node, "node-2", Some(2));
    assert_eq!(rebuild().done()["size"], 512);
}

/// The keys of a ledger are gone; perhaps it is of another number than the first.
fn lose(node: &Path, name: &str, number: Option<u64>) {
    let (path, owner) = (node.join("store"), owner(node));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::open(Config { path, owner, backend: Backend::Sled }).await.unwrap();
        let prefix = format!("l/{name}/");
        let pairs = store.scan(prefix.as_bytes(), None, usize::MAX).await.unwrap();
        assert!(!pairs.is_empty());
        let gone = pairs.into_iter().fold(Batch::new(), |batch, pair| batch.delete(pair.key));
        let batch = match number {
            Some(number) => generation::begin(gone, number),
            None => gone,
        };
        store.commit(batch).await.unwrap();
    });
}
