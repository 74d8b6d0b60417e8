//! Ledgers of stopped processes, held against each other.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{
    Checkpoint, Origin, SignatureType, SignedCheckpoint, VerifierKey,
};
use grondslag_core::clock::{Clock as _, SetClock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_core::operators::Operator;
use grondslag_core::statement::Leaf;
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::records::{Until, commit, forget_due};
use grondslag_evidence::store::parts::{delete_body, put_body, read_body};
use grondslag_evidence::store::{self, Backend, Batch, Config, Store};
use serde_json::Value;

use crate::demo::{Demo, small_world};
use crate::run;

pub(crate) const VERIFY: &str = "audit verify --json --offline region";

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

pub(crate) fn found(json: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, what: &str| one[what].as_str().unwrap().to_owned();
    let findings = json["findings"].as_array().unwrap().iter();
    findings.map(|one| (text(one, "place"), text(one, "problem"))).collect()
}

pub(crate) fn owner(folder: &Path) -> Oin {
    let cert = fs::read_to_string(folder.join("cert.pem")).unwrap();
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

    // A party that hides keeps nobody from looking at the others, and is named.
    let config = node.join("node.toml");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replacen("[store]", "[stor]", 1)).unwrap();
    let without = run(temp.path(), VERIFY);
    let json = without.json();
    assert_eq!((without.code, &json["logs"]), (1, &3.into()), "{json}");
    let hides = |(place, problem): &(String, String)| {
        place == "CONFIG_INVALID" && problem == "party_unreadable"
    };
    assert!(found(&json).iter().any(hides), "{json}");
    assert!(
        json.to_string().contains("node.toml:1: missing field `store`"),
        "the cause is told: {json}"
    );
    fs::write(&config, text).unwrap();
    assert_eq!(run(temp.path(), VERIFY).done(), sound);

    // Within the last cosignature that the broker keeps.
    flip(&region.join("broker"), "w/cosigned", |value| {
        let end = value.windows(8).position(|window| window == br#"\n","last"#.as_slice());
        end.or(value.windows(6).position(|window| window == br#"","las"#.as_slice())).unwrap() - 20
    });
    let json = run(temp.path(), VERIFY);
    let broken = found(&json.json());
    let [(place, problem)] = broken.as_slice() else { panic!("{broken:?}") };
    assert_eq!((json.code, place.as_str()), (1, "w/cosigned"));
    assert!(["cosignature_invalid", "head_unreadable"].contains(&problem.as_str()), "{problem}");

    // A decision that was forgotten when it was a day old: everything matches but the term.
    let origin = kept_head(&node).checkpoint().origin.clone();
    forget_a_day_old(&region.join("broker"), origin);
    let json = run(temp.path(), VERIFY).json();
    let too_soon = |(_, problem): &(String, String)| problem == "record_forgotten_too_soon";
    assert!(found(&json).len() == 2 && found(&json).iter().any(too_soon), "{json}");
}

/// Records a decision in the broker's ledger, and forgets it a day later.
fn forget_a_day_old(folder: &Path, origin: Origin) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (store, clock, ledger) = opened(folder, origin).await;
        let until = Until::At(clock.now());
        let made = commit(Leaf::KIND, b"body", [7; 32], until).unwrap();
        ledger.append(made.entry(Batch::new())).await.unwrap();
        clock.set(clock.now().plus_ms(86_400_000));
        // All of the demo's own decisions go with it, and those are over by then.
        let round = forget_due(store.as_ref(), &ledger, clock.now()).await.unwrap();
        assert!(round.count() > 1 && !round.more);
        ledger.close().await;
    });
}

/// Later than whatever a demo records.
const LATE: &str = "2100-01-01T00:00";

/// The broker's ledger, long after its last leaf.
async fn opened(folder: &Path, origin: Origin) -> (Arc<dyn Store>, Arc<SetClock>, Ledger) {
    let (path, owner) = (folder.join("store"), owner(folder));
    let tiles = Arc::new(Tiles::folder(path.join("ledger/broker")));
    let signer = Signer { origin, key: key_of(folder), previous: None };
    let store = store::open(Config { path, owner, backend: Backend::Sled }).await.unwrap();
    let clock = Arc::new(SetClock::at(Timestamp::parse(LATE).unwrap()));
    let means = Means { store: store.clone(), clock: clock.clone(), name: "broker", tiles, signer };
    let ledger = Ledger::open(means).await.unwrap();
    (store, clock, ledger)
}

/// Replaces a long value of a store.
pub(crate) fn replace(folder: &Path, key: &str, body: &[u8]) {
    let config =
        Config { path: folder.join("store"), owner: owner(folder), backend: Backend::Sled };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::open(config).await.unwrap();
        let batch = delete_body(&*store, Batch::new(), key.as_bytes()).await.unwrap();
        store.commit(put_body(batch, key.as_bytes(), body).unwrap()).await.unwrap();
    });
}

/// A long value of a store.
fn body(folder: &Path, key: &str) -> Vec<u8> {
    let config =
        Config { path: folder.join("store"), owner: owner(folder), backend: Backend::Sled };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::open(config).await.unwrap();
        read_body(&*store, key.as_bytes()).await.unwrap().unwrap()
    })
}

/// The head of the broker's ledger that a node keeps as the covered one.
pub(crate) fn kept_head(folder: &Path) -> SignedCheckpoint {
    let note = String::from_utf8(body(folder, COVERED)).unwrap();
    SignedCheckpoint::parse(&note).unwrap()
}

pub(crate) const COVERED: &str = "wh/covered";

/// An auditor has no private key: nobody's is there, and all of it verifies. What they were given
/// by other means comes before any card.
#[test]
fn an_audit_needs_no_private_key_and_holds_a_name_against_the_key_that_was_given() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    drop(Demo::start(temp.path()));
    let sound = run(temp.path(), VERIFY).done();
    let region = temp.path().join("region");
    let broker = key_of(&region.join("broker"));
    let keys = without_keys(&region);
    assert!(keys >= 4 * 2, "{keys} keys were there");
    assert_eq!(run(temp.path(), VERIFY).done(), sound);
    assert_eq!(sound["unchecked"], 0, "{sound}");

    let log = kept_head(&region.join("nodes/sch-drieveen")).checkpoint().origin.clone();
    let vkey = |key: &SigningKey| {
        let key = key.verifying_key().to_bytes();
        VerifierKey::new(log.clone(), SignatureType::Ed25519, key).to_string()
    };
    let given = |key: &str| run(temp.path(), &format!("{VERIFY} --vkey {key}"));
    assert_eq!(given(&vkey(&broker)).done(), sound, "the same key by other means");
    let other = given(&vkey(&SigningKey::from_bytes(&[9; 32]))).json();
    let other = found(&other);
    assert!(other.contains(&("l/broker/s".into(), "unsigned".into())), "{other:?}");
    assert!(other.iter().filter(|(_, word)| word == "head_unsigned").count() >= 3, "{other:?}");
    assert_eq!(given("nonsense").code, 2);

    let root = region.join("broker/ca.pem");
    let given = |root: &Path| run(temp.path(), &format!("{VERIFY} --root {}", root.display()));
    assert_eq!(given(&root).done(), sound);
    run(temp.path(), "certs init --json --authority elsewhere --region Elders").done();
    let elsewhere = given(&temp.path().join("elsewhere/ca.pem"));
    assert_eq!((elsewhere.code, elsewhere.reason().as_str()), (1, "REGION_MISMATCH"));

    // A folder that brings a root of its own brings no keys to the others.
    let own = region.join("nodes/jha-kompas/ca.pem");
    let kept = fs::read(&own).unwrap();
    fs::copy(temp.path().join("elsewhere/ca.pem"), &own).unwrap();
    let mixed = run(temp.path(), VERIFY);
    assert_eq!((mixed.code, mixed.reason().as_str()), (1, "REGION_MISMATCH"));
    fs::write(&own, kept).unwrap();

    let broker = region.join("broker/broker.toml");
    let before = repin(&broker);
    let json = run(temp.path(), VERIFY).json();
    assert_eq!(found(&json), [("region.operators".into(), "operators_differ".into())], "{json}");
    fs::write(&broker, before).unwrap();
}

/// Pins another operator in the place of the first, and gives what stood there.
pub(crate) fn repin(config: &Path) -> String {
    let before = fs::read_to_string(config).unwrap();
    let (_, pinned) = before.split_once("operators = [").unwrap();
    let line = pinned.lines().find_map(|line| line.trim().strip_prefix('"')).unwrap();
    let (line, _) = line.split_once('"').unwrap();
    let other = Operator::new(Oin::parse(crate::OIN).unwrap(), &SigningKey::from_bytes(&[9; 32]));
    fs::write(config, before.replace(line, &other.to_string())).unwrap();
    before
}

/// Removes every private key below a folder; says how many there were.
fn without_keys(folder: &Path) -> usize {
    let mut removed = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            removed += without_keys(&path);
        } else if path.extension().is_some_and(|extension| extension == "key") {
            fs::remove_file(path).unwrap();
            removed += 1;
        }
    }
    removed
}

pub(crate) fn key_of(folder: &Path) -> SigningKey {
    grondslag_certs::key::load_signing_key(&folder.join("sign.key")).unwrap()
}

/// What a node kept that the broker's ledger does not begin with: another history that it alone
/// was shown, a longer one than the broker has now, one that the broker did not sign.
#[test]
fn a_head_that_the_brokers_ledger_does_not_begin_with_is_named() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    drop(Demo::start(temp.path()));
    let region = temp.path().join("region");
    let node = region.join("nodes/sch-drieveen");
    let (kept, broker) = (kept_head(&node), key_of(&region.join("broker")));
    let Checkpoint { origin, size, root } = kept.checkpoint().clone();
    let other = Digest::of(b"another history");
    let signed = |checkpoint: Checkpoint, key: &SigningKey| checkpoint.sign(key).note();
    let head = |size, root| Checkpoint { origin: origin.clone(), size, root };
    let elsewhere = Checkpoint { origin: Origin::parse("elders/1").unwrap(), size, root };
    for (word, note) in [
        ("head_other_root", signed(head(size, other), &broker)),
        ("head_ahead", signed(head(size + 100_000, other), &broker)),
        ("head_unsigned", signed(head(size, root), &SigningKey::from_bytes(&[9; 32]))),
        ("head_of_other_log", signed(elsewhere, &broker)),
        ("head_unreadable", "no note".to_owned()),
    ] {
        replace(&node, COVERED, note.as_bytes());
        let ran = run(temp.path(), VERIFY);
        let json = ran.json();
        assert_eq!((ran.code, found(&json)), (1, vec![(COVERED.into(), word.into())]), "{json}");
        let sentence = json["findings"][0]["sentence"].as_str().unwrap();
        assert!(!sentence.is_empty() && sentence != word, "{json}");
    }
    // Shown to two at a size that no ledger tells of: with the broker's folder and without.
    let second = region.join("nodes/gem-veenwolde");
    let seconds = kept_head(&second);
    let ahead = |root| signed(head(size + 100_000, root), &broker);
    replace(&node, COVERED, ahead(other).as_bytes());
    replace(&second, COVERED, ahead(root).as_bytes());
    let nodes =
        "audit verify --json --offline region/nodes/sch-drieveen region/nodes/gem-veenwolde";
    for (line, one) in [(VERIFY, vec!["head_ahead", "heads_differ"]), (nodes, vec!["heads_differ"])]
    {
        let json = run(temp.path(), line).json();
        let mut words: Vec<String> = found(&json).into_iter().map(|(_, word)| word).collect();
        words.retain(|word| word.starts_with("head"));
        words.sort();
        assert_eq!(words, one, "{json}");
    }
    replace(&second, COVERED, seconds.note().as_bytes());
    replace(&node, COVERED, b"no note");
    let told = run(temp.path(), "--lang en audit verify --offline region");
    assert!(told.err.contains("a kept head of the broker's ledger cannot be read"), "{told:?}");
    replace(&node, COVERED, kept.note().as_bytes());
    run(temp.path(), VERIFY).done();

    // A card that was altered after it was signed is named, and so is one that cannot be read.
    let key = format!("c/{}", owner(&region.join("broker")).as_str());
    let mut card = body(&node, &key);
    let host = card.windows(9).position(|some| some == b"127.0.0.1").unwrap();
    card[host] = b'9';
    for (word, body) in [("card_unsigned", card.as_slice()), ("card_unreadable", b"no card")] {
        replace(&node, &key, body);
        let json = run(temp.path(), VERIFY).json();
        assert_eq!(found(&json), [(key.clone(), word.into())], "{json}");
    }
}

/// The broker's ledger, filled until bundles stand in files, loses its keys: it is made again from
/// its tiles, and nothing is wrong with it; not below a head that a node keeps.
#[test]
fn a_ledger_whose_keys_were_lost_is_made_again_from_its_tiles() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    drop(Demo::start(temp.path()));
    let (broker, nodes) = (temp.path().join("region/broker"), temp.path().join("region/nodes"));
    let origin = kept_head(&nodes.join("sch-drieveen")).checkpoint().origin.clone();
    let rebuild = |more: &str| {
        run(temp.path(), &format!("audit rebuild --json --config region/broker/broker.toml {more}"))
    };
    let whole = rebuild("");
    assert_eq!((whole.code, whole.reason().as_str()), (1, "LEDGER_WHOLE"));

    let size = grow(&broker, origin, 600);
    lose(&broker);
    let rebuilt = rebuild("--heads region/nodes/sch-drieveen").done();
    let filed = size / 256 * 256;
    assert_eq!((&rebuilt["filed"], &rebuilt["size"]), (&filed.into(), &filed.into()), "{rebuilt}");
    assert_eq!((&rebuilt["kept"], &rebuilt["size_before"]), (&0.into(), &Value::Null));
    let sound = run(temp.path(), VERIFY).done();
    assert_eq!(sound["problems"], 0, "{sound}");

    // A node that was shown more than is left.
    let head = kept_head(&nodes.join("sch-drieveen")).checkpoint().clone();
    let longer = Checkpoint { size: size + 1, ..head }.sign(&key_of(&broker));
    replace(&nodes.join("sch-drieveen"), COVERED, longer.note().as_bytes());
    lose(&broker);
    let refused = rebuild("--heads region/nodes/sch-drieveen");
    assert_eq!((refused.code, refused.reason().as_str()), (1, "LEDGER_BEHIND"), "{refused:?}");
    let told = run(temp.path(), "audit rebuild --config region/broker/broker.toml");
    assert!(told.out.contains("is verloren"), "{told:?}");
}

/// Adds leaves to the broker's ledger until so many more stand there; gives its size.
fn grow(folder: &Path, origin: Origin, more: u64) -> u64 {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let (_, _, ledger) = opened(folder, origin).await;
        for n in 0..more {
            let leaf = n.to_be_bytes().to_vec();
            let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
            ledger.append(entry).await.unwrap();
        }
        let size = ledger.size().await.unwrap();
        ledger.close().await;
        size
    })
}

/// The keys of the broker's ledger are gone.
fn lose(folder: &Path) {
    let (path, owner) = (folder.join("store"), owner(folder));
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::open(Config { path, owner, backend: Backend::Sled }).await.unwrap();
        let pairs = store.scan(b"l/broker/", None, usize::MAX).await.unwrap();
        assert!(!pairs.is_empty());
        let gone = pairs.into_iter().fold(Batch::new(), |batch, pair| batch.delete(pair.key));
        store.commit(gone).await.unwrap();
    });
}

#[test]
fn a_privacy_officer_reads_back_what_the_broker_recorded_and_nobody_else_does() {
    let temp = tempfile::tempdir().unwrap();
    small_world(&temp.path().join("world"));
    let _demo = Demo::start(temp.path());
    let mine = |staff: &str, more: &str| {
        let desk = format!("region/desks/gem-veenwolde/{staff}");
        run(temp.path(), &format!("audit mine --desk {desk} {more}"))
    };
    let all = mine("fg-1", "--json").done();
    let decisions = all["decisions"].as_array().unwrap();
    assert!(!decisions.is_empty() && all["more"] == false, "{all}");
    let own = owner(&temp.path().join("region/nodes/gem-veenwolde"));
    assert!(
        decisions.iter().all(|one| [&one["asker"], &one["target"]].contains(&&own.as_str().into()))
    );
    let id = decisions[0]["target_id"].as_str().unwrap();
    let one = mine("fg-1", &format!("--json --target-id {id}")).done();
    assert_eq!(one["decisions"][0], decisions[0]);
    let told = mine("fg-1", "--lang en");
    assert!(told.out.contains(id) && told.out.contains("asked"), "{told:?}");

    let absent = mine("fg-1", &format!("--json --target-id {}", "ab".repeat(16)));
    assert_eq!((absent.code, absent.reason().as_str()), (1, "UNKNOWN_INQUIRY"));
    let other = mine("lokaalteam-2", "--json");
    assert_eq!((other.code, other.reason().as_str()), (1, "ROLE_NOT_HELD"));
    assert_eq!(mine("fg-1", "--target-id zz").code, 2);
}

#[test]
fn a_folder_without_a_process_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let refused = run(temp.path(), "audit verify --json --offline .");
    assert_eq!((refused.code, refused.reason().as_str()), (1, "FILE_UNREADABLE"));
    assert_eq!(run(temp.path(), "audit verify").code, 2);
}
