//! Invariant 7 through a power cut: only what was synced is still there, and everything that was
//! acknowledged is, in store, ledger and tiles.
//!
//! A shim stands between the writer and the kernel (`power_cut.c`). The writer is killed at a
//! random moment, its folder put back to what was synced, and the ledger opened: every leaf, every
//! state, every root that was acknowledged must be there. Then the same with a shim that does
//! nothing for one kind of sync: acknowledged leaves must be lost, or the model shows nothing.
//!
//! More rounds: `cargo test -p grondslag-evidence --test crash -- through_a_power_cut rounds=500`.

use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use tempfile::TempDir;

use crate::disk::Disk;
use crate::written::{Acknowledged, Found, writer};

/// Rounds, unless told otherwise.
const ROUNDS: u64 = 25;
/// After so many rounds a new folder is begun, so that a round stays short.
const ROUNDS_PER_FOLDER: u64 = 5;
/// Writers that share group commits.
const WRITERS: u32 = 24;
/// A round is cut at the latest some moments behind so many acknowledgements.
const LEAVES_MAX: u64 = 900;
const KILL_AFTER_US_MAX: u64 = 4_000;

/// What one run found.
#[derive(Debug, Default)]
struct Run {
    acknowledged: usize,
    bundles: usize,
    lost: Vec<String>,
}

/// A region's disk and what was acknowledged on it.
struct Bench {
    disk: Disk,
    acknowledged: Acknowledged,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::in_folder(folder.path());
        Self { disk, acknowledged: Acknowledged::default(), _folder: folder }
    }

    /// Writes until so many leaves were acknowledged and some moments more, then kills the writer.
    fn write(&mut self, round: u64, leaves: u64, more: Duration, settings: &[(&str, &str)]) {
        self.disk.settle();
        let mut command = writer(self.disk.top(), round, WRITERS);
        let command = self.disk.watch(&mut command).envs(settings.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        for _ in 0..leaves {
            if lines.read_line(&mut text).unwrap() == 0 {
                break;
            }
        }
        std::thread::sleep(more);
        child.kill().unwrap();
        lines.read_to_string(&mut text).unwrap();
        child.wait().unwrap();
        self.acknowledged.take(&text);
    }

    /// What of the acknowledged is lost now; a ledger that does not open has lost it all.
    async fn lost(&self) -> (Vec<String>, usize) {
        match Found::within(self.disk.top()).await {
            Ok(found) => (self.acknowledged.lost(&found), found.count()),
            Err(error) => (vec![error.to_string()], 0),
        }
    }
}

async fn cut(rounds: u64, seed: u64) -> Run {
    let mut run = Run::default();
    let mut random = random(seed);
    let mut bench = Bench::new();
    for round in 0..rounds {
        if round % ROUNDS_PER_FOLDER == 0 {
            bench = Bench::new();
        }
        let before = bench.acknowledged.count();
        let leaves = 1 + random() % LEAVES_MAX;
        let more = Duration::from_micros(random() % KILL_AFTER_US_MAX);
        bench.write(round, leaves, more, &[]);
        run.acknowledged += bench.acknowledged.count() - before;
        bench.disk.cut();
        let (lost, found) = bench.lost().await;
        run.lost.extend(lost.into_iter().map(|lost| format!("round {round}: {lost}")));
        run.bundles = run.bundles.max(found / 256);
    }
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn invariant_07_nothing_acknowledged_is_lost_through_a_power_cut() {
    // To the harness this is one more filter, which no test has in its name.
    let told = std::env::args().find_map(|word| word.strip_prefix("rounds=")?.parse().ok());
    let seed = RandomState::new().hash_one(ROUNDS);
    let run = cut(told.unwrap_or(ROUNDS), seed).await;
    tell(seed, &run);
    assert_eq!(run.lost, Vec::<String>::new(), "seed {seed}");
    // Bundles left the store for files on the way.
    assert!(run.acknowledged > 2_000 && run.bundles >= 2, "seed {seed}: {run:?}");
}

/// The control: whichever kind of sync does nothing, something that was acknowledged is lost.
/// What stands before is durable, so that it is not the beginning that is lost.
#[tokio::test(flavor = "multi_thread")]
async fn without_one_kind_of_sync_a_power_cut_loses_what_was_acknowledged() {
    for deaf in ["fdatasync", "file", "folder"] {
        let mut bench = Bench::new();
        bench.write(0, 100, Duration::ZERO, &[]);
        bench.disk.cut();
        assert_eq!(bench.lost().await.0, Vec::<String>::new(), "{deaf}");
        bench.write(1, 600, Duration::ZERO, &[("POWER_CUT_DEAF", deaf)]);
        bench.disk.cut();
        assert!(!bench.lost().await.0.is_empty(), "{deaf} makes no difference");
    }
}

/// Killed between a batch and its tile: at every sync from the first one of a bundle's file on,
/// until the bundle has left the store. The files as they stand (kill -9), and what was synced.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_dies_between_batch_and_tile_has_lost_nothing() {
    for nth in 1..=SYNCS {
        let nth = nth.to_string();
        let settings = [("POWER_CUT_AT", "tile/entries"), ("POWER_CUT_NTH", nth.as_str())];
        for power_cut in [false, true] {
            let mut bench = Bench::new();
            bench.write(0, u64::MAX, Duration::ZERO, &settings);
            let count = bench.acknowledged.count();
            assert!(count >= 200, "sync {nth}: it died early, after {count}");
            if power_cut {
                bench.disk.cut();
            }
            assert_eq!(bench.lost().await.0, Vec::<String>::new(), "sync {nth}, {power_cut}");
        }
    }
}

/// Folder, file, folder of the bundle, the same for the tile of its hashes, and commits between.
const SYNCS: u32 = 10;

/// A small generator, so that a seed plays the same moments again.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn tell(seed: u64, run: &Run) {
    let line = format!("seed {seed}: {} leaves acknowledged\n", run.acknowledged);
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}
