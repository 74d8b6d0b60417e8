//! Invariant 7: nothing acknowledged is lost, here through kill -9.
//!
//! A killed process leaves the kernel's page cache as it was, so this test cannot see a missing
//! fdatasync; the store's own tests hold that one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "steps of a test, outside its function"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::Oin;
use grondslag_evidence::ledger::{Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::{Backend, Config, Store, open};

const ROUNDS: u64 = 10;
const KILL_AFTER_MS_MAX: u64 = 120;

#[tokio::test(flavor = "multi_thread")]
async fn invariant_07_nothing_acknowledged_is_lost_through_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let seed = RandomState::new();
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        let before = acknowledged.len();
        let kill_after = Duration::from_millis(seed.hash_one(round) % KILL_AFTER_MS_MAX);
        acknowledged.extend(write_and_kill(folder.path(), round, kill_after));
        assert!(acknowledged.len() > before, "round {round} acknowledged nothing");
        let found = leaves(folder.path()).await;
        for (index, leaf) in &acknowledged {
            assert_eq!(found.get(index), Some(leaf), "round {round}, killed after {kill_after:?}");
        }
    }
}

/// Starts the writer, kills it some time after its first acknowledgement, and returns all that
/// were.
fn write_and_kill(folder: &Path, round: u64, kill_after: Duration) -> BTreeMap<u64, String> {
    let mut child = start(folder, round);
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    lines.read_line(&mut text).unwrap();
    std::thread::sleep(kill_after);
    child.kill().unwrap();
    lines.read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    // The kill may cut the last line short: a leaf without a line end was not acknowledged.
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole
        .map(|line| {
            let (index, leaf) = line.split_once(' ').unwrap();
            (index.parse().unwrap(), leaf.to_owned())
        })
        .collect()
}

fn start(folder: &Path, round: u64) -> Child {
    let mut command = Command::new(writer());
    let command = command.arg(folder).arg(round.to_string()).stdout(Stdio::piped());
    command.spawn().expect("cargo test builds the example crash_writer; --test alone does not")
}

/// Examples stand beside the folder of test binaries.
fn writer() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.ancestors().nth(2).unwrap().join("examples/crash_writer")
}

async fn leaves(folder: &Path) -> BTreeMap<u64, String> {
    let owner = Oin::parse("00000099000000001000").unwrap();
    let config = Config { path: folder.to_owned(), owner, backend: Backend::Sled };
    let store = open(config).await.unwrap();
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(0)));
    let tiles = Arc::new(Tiles::folder(folder.join("ledger")));
    let (origin, key) = (Origin::parse("crash/1").unwrap(), SigningKey::from_bytes(&[1; 32]));
    let signer = Signer { origin, key, previous: None };
    let means = Means { store: Arc::clone(&store), clock, name: "crash", tiles, signer };
    let ledger = Ledger::open(means).await.unwrap();
    let mut found = BTreeMap::new();
    loop {
        let from = u64::try_from(found.len()).unwrap();
        let page = ledger.read(from, usize::MAX).await.unwrap();
        if page.is_empty() {
            break;
        }
        let texts = page.into_iter().map(|r| (r.index, String::from_utf8(r.leaf).unwrap()));
        found.extend(texts);
    }
    assert_eq!(ledger.size().await.unwrap(), u64::try_from(found.len()).unwrap());
    ledger.close().await;
    assert_eq!(states(&*store).await, states_of(found.values()));
    found
}

/// The state keys that stand in the store.
async fn states(store: &dyn Store) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    loop {
        let last: Option<&String> = found.last();
        let page = store.scan(b"s/", last.map(String::as_bytes), usize::MAX).await.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page.into_iter().map(|pair| String::from_utf8(pair.key).unwrap()));
    }
}

/// The state keys that the writer committed with these leaves, and no others.
fn states_of<'a>(leaves: impl Iterator<Item = &'a String>) -> BTreeSet<String> {
    let number = |leaf: &String| leaf.rsplit('/').next().unwrap().parse::<u64>().unwrap();
    let with_state = leaves.filter(|leaf| number(leaf) % 3 == 0);
    with_state.flat_map(|leaf| (0..4).map(move |part| format!("s/{leaf}/{part}"))).collect()
}
