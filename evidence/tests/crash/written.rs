//! What the writer said, and what is there afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Oin;
use grondslag_core::merkle::Frontier;
use grondslag_evidence::ledger::{Ledger, LedgerError, Means, Signer, Tiles, entry_hash};
use grondslag_evidence::store::parts::read_body;
use grondslag_evidence::store::{Backend, Config, Store, open};

/// The writer, its acknowledgements in a pipe.
pub(crate) fn writer(folder: &Path, round: u64, writers: u32) -> Command {
    let mut command = Command::new(program());
    command.arg(folder).arg(round.to_string()).arg(writers.to_string()).stdout(Stdio::piped());
    command
}

/// Examples stand beside the folder of test binaries; `cargo test` builds them, `--test` alone
/// does not.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("examples/crash_writer");
    assert!(program.exists(), "build the example crash_writer first");
    program
}

/// All that was acknowledged so far.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged {
    leaves: BTreeMap<u64, String>,
    roots: BTreeMap<u64, String>,
}

impl Acknowledged {
    /// Takes lines `INDEX LEAF SIZE ROOT`. A kill may cut the last one short: a leaf without a line
    /// end was not acknowledged.
    pub(crate) fn take(&mut self, text: &str) {
        for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
            let mut words = line.split(' ');
            let mut word = || words.next().unwrap().to_owned();
            self.leaves.insert(word().parse().unwrap(), word());
            self.roots.insert(word().parse().unwrap(), word());
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.leaves.len()
    }

    /// What of it is not there, or not as it was.
    pub(crate) fn lost(&self, found: &Found) -> Vec<String> {
        let leaves = self.leaves.iter().filter(|(index, leaf)| {
            found.leaves.get(index) != Some(leaf) || !found.has_states_of(leaf)
        });
        let roots = self.roots.iter().filter(|(size, root)| found.roots.get(size) != Some(root));
        let leaves = leaves.map(|(index, leaf)| format!("leaf {index}: {leaf}"));
        leaves.chain(roots.map(|(size, _)| format!("the root at {size}"))).collect()
    }
}

/// What a folder holds.
#[derive(Debug)]
pub(crate) struct Found {
    leaves: BTreeMap<u64, String>,
    /// The root over the leaves up to each size.
    roots: BTreeMap<u64, String>,
    states: BTreeSet<String>,
}

impl Found {
    /// Opens store and ledger in a folder and reads all of both.
    pub(crate) async fn within(folder: &Path) -> Result<Self, LedgerError> {
        let owner = Oin::parse("00000099000000001000").unwrap();
        let config = Config { path: folder.to_owned(), owner, backend: Backend::Sled };
        let store = open(config).await?;
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(0)));
        let tiles = Arc::new(Tiles::folder(folder.join("ledger")));
        let (origin, key) = (Origin::parse("crash/1").unwrap(), SigningKey::from_bytes(&[1; 32]));
        let signer = Signer { origin, key, previous: None };
        let means = Means { store: Arc::clone(&store), clock, name: "crash", tiles, signer };
        let ledger = Ledger::open(means).await?;
        let (mut leaves, mut roots) = (BTreeMap::new(), BTreeMap::new());
        let mut frontier = Frontier::default();
        loop {
            let page = ledger.read(frontier.head().size, usize::MAX).await?;
            if page.is_empty() {
                break;
            }
            for record in page {
                frontier.push(entry_hash(&record.about, record.recorded_at, &record.leaf));
                let head = frontier.head();
                roots.insert(head.size, head.root.to_string());
                leaves.insert(record.index, String::from_utf8(record.leaf).unwrap());
            }
        }
        assert_eq!(ledger.size().await?, frontier.head().size);
        ledger.close().await;
        let states = states(&*store).await;
        let found = Self { leaves, roots, states };
        // What was written with no leaf is as wrong as a leaf without what was written.
        assert_eq!(found.states, found.leaves.values().flat_map(|leaf| states_of(leaf)).collect());
        Ok(found)
    }

    pub(crate) fn count(&self) -> usize {
        self.leaves.len()
    }

    fn has_states_of(&self, leaf: &str) -> bool {
        states_of(leaf).iter().all(|state| self.states.contains(state))
    }
}

/// The state keys that stand in the store; every body is read.
async fn states(store: &dyn Store) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for prefix in ["s/", "b/"] {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = store.scan(prefix.as_bytes(), after.as_deref(), usize::MAX).await.unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for pair in page {
                if prefix == "b/" {
                    let body = read_body(store, &pair.key).await.unwrap();
                    assert_eq!(body, Some(vec![0xa5; 64 * 1024]));
                }
                found.insert(String::from_utf8(pair.key).unwrap());
            }
        }
    }
    found
}

/// The state keys that the writer committed with a leaf.
fn states_of(leaf: &str) -> Vec<String> {
    let number: u64 = leaf.rsplit('/').next().unwrap().parse().unwrap();
    match number % 12 {
        0 | 3 | 6 | 9 => (0..4).map(|part| format!("s/{leaf}/{part}")).collect(),
        5 => vec![format!("b/{leaf}")],
        _ => Vec::new(),
    }
}
