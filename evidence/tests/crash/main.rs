//! Invariant 7: nothing acknowledged is lost, through kill -9 (here) and a power cut
//! (`power_cut.rs`).
//!
//! A killed process leaves the kernel's page cache as it was, so that kill -9 alone cannot see a
//! missing fdatasync.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "steps of a test, outside its function"
)]

mod disk;
mod power_cut;
mod written;

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::time::Duration;

use self::written::{Acknowledged, Found, writer};

const ROUNDS: u64 = 10;
const WRITERS: u32 = 8;
const KILL_AFTER_MS_MAX: u64 = 120;

/// Each round goes on from what the one before left, killed some time after its first
/// acknowledgement.
#[tokio::test(flavor = "multi_thread")]
async fn invariant_07_nothing_acknowledged_is_lost_through_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let seed = RandomState::new();
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        let before = acknowledged.count();
        let kill_after = Duration::from_millis(seed.hash_one(round) % KILL_AFTER_MS_MAX);
        let mut child = writer(folder.path(), round, WRITERS).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        lines.read_line(&mut text).unwrap();
        std::thread::sleep(kill_after);
        child.kill().unwrap();
        lines.read_to_string(&mut text).unwrap();
        child.wait().unwrap();
        acknowledged.take(&text);
        assert!(acknowledged.count() > before, "round {round} acknowledged nothing");
        let found = Found::within(folder.path()).await.unwrap();
        let lost = acknowledged.lost(&found);
        assert_eq!(lost, Vec::<String>::new(), "round {round}, killed after {kill_after:?}");
    }
}
