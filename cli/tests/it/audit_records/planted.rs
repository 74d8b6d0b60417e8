//! Changes that an auditor must find.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use grondslag_core::id::Digest;
use grondslag_core::statement::Leaf;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_evidence::audit::copy_folder;
use grondslag_evidence::records::{Opened, Until, commit_with_annex, committed, find};
use grondslag_evidence::store::{self, Backend, Batch, Config, Pair, Store};
use grondslag_policy::Pack;

use crate::audit::owner;

/// Entries of the broker's ledger.
const ENTRIES: &[u8] = b"l/broker/e/";
/// Bytes of an entry before its leaf.
const ENTRY_HEAD: usize = 1 + Digest::LEN + 8;
/// Openings of its records.
const OPENINGS: &[u8] = b"t/o/";

/// Copies the folder of a broker, and says there of one decision that it was refused; at which
/// index, and of which category. With `whole` the commitment and the entry are made anew, so that
/// they fit.
pub(super) fn verdict(broker: &Path, copy: &Path, whole: bool) -> (u64, String) {
    copy_folder(broker, copy).unwrap();
    // A key that others can read is refused, in a copy too.
    fs::set_permissions(copy.join("sign.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let config = Config { path: copy.join("store"), owner: owner(copy), backend: Backend::Sled };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = store::open(config).await.unwrap();
        let (opened, leaf, entry) = let_through(store.as_ref()).await;
        let key = [OPENINGS, opened.commitment.as_bytes()].concat();
        let mut changed = leaf;
        (changed.rulings[0].verdict, changed.rulings[0].cap) = (Verdict::Refuse, Tier::T0);
        let salt = opened.salt;
        let until = match opened.until {
            Until::At(end) => Until::At(end),
            Until::Told => panic!("a decision has a term"),
        };
        let body = changed.canonical();
        let made = commit_with_annex(Leaf::KIND, &body, &opened.annex, salt, until).unwrap();
        let mut index = [0; 8];
        index.copy_from_slice(&entry.key[ENTRIES.len()..]);
        let old = opened.commitment.as_bytes();
        let batch = if whole {
            let value = replaced(&entry.value, old, made.commitment.as_bytes());
            made.state.then(Batch::new().put(entry.key, value).delete(key))
        } else {
            let value = store.get(&key).await.unwrap().unwrap();
            let value = replaced(&value, &opened.body, &body);
            Batch::new().put(key, value)
        };
        store.commit(batch).await.unwrap();
        (u64::from_be_bytes(index), changed.rulings[0].category.to_string())
    })
}

/// Copies the folder of a node, and has its ledger say there that other rules came into force than
/// those by which it decided.
pub(super) fn other_rules_in_force(node: &Path, copy: &Path) {
    copy_folder(node, copy).unwrap();
    let config = Config { path: copy.join("store"), owner: owner(copy), backend: Backend::Sled };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = store::open(config).await.unwrap();
        let entries = store.scan(b"l/node/e/", None, 1_000).await.unwrap();
        let in_force = |entry: &Pair| Pack::told_in(&entry.value[ENTRY_HEAD..]);
        let (entry, (bundle, _)) =
            entries.into_iter().find_map(|entry| in_force(&entry).map(|of| (entry, of))).unwrap();
        let value = replaced(&entry.value, bundle.as_bytes(), &[7; Digest::LEN]);
        store.commit(Batch::new().put(entry.key, value)).await.unwrap();
    });
}

/// A decision whose first category was let through, with its entry, which stands in no file yet.
async fn let_through(store: &dyn Store) -> (Opened, Leaf, Pair) {
    for entry in store.scan(ENTRIES, None, 1_000).await.unwrap() {
        let Some((Leaf::KIND, commitment)) = committed(&entry.value[ENTRY_HEAD..]) else {
            continue;
        };
        let opened = find(store, &commitment).await.unwrap().unwrap();
        let leaf = Leaf::parse(&opened.body).unwrap();
        if leaf.rulings[0].verdict == Verdict::Permit {
            return (opened, leaf, entry);
        }
    }
    panic!("nothing was let through")
}

/// Every occurrence of bytes becomes others, of the same length.
fn replaced(value: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_ne!(from, to);
    let mut value = value.to_vec();
    let places: Vec<usize> =
        (0..=value.len() - from.len()).filter(|at| value[*at..].starts_with(from)).collect();
    assert!(!places.is_empty());
    for at in places {
        value.splice(at..at + from.len(), to.iter().copied());
    }
    value
}

/// A copy of a policy folder, with another version.
pub(super) fn rules(from: &Path, to: &Path) {
    copy_folder(&from.join("table"), &to.join("table")).unwrap();
    for file in ["catalogue.toml", "retention.toml", "consent.toml"] {
        fs::copy(from.join(file), to.join(file)).unwrap();
    }
    let pack = fs::read_to_string(from.join("pack.toml")).unwrap();
    let other = pack.replacen("version = \"", "version = \"0.0.1-", 1);
    assert_ne!(pack, other);
    fs::write(to.join("pack.toml"), other).unwrap();
}
