//! How fast a ledger is verified: fills a ledger of so many leaves in a folder, and measures.
//!
//! `cargo run --release -p grondslag-evidence --example audit_bench -- --leaves 100000`

#![expect(clippy::disallowed_macros, reason = "it reports to who runs it")]

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_evidence::audit::{Copied, LEDGERS};
use grondslag_evidence::ledger::audit::Against;
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::limits::APPEND_MAX;
use grondslag_evidence::store::{self, Backend, Batch, Config};

/// Leaves, unless told otherwise.
const LEAVES: u64 = 20_000;
/// Proofs that are timed.
const PROOFS: u64 = 200;

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Runtime::new()?.block_on(bench())
}

async fn bench() -> Result<(), Box<dyn Error>> {
    let leaves = leaves()?;
    let temp = tempfile::tempdir()?;
    let (folder, copy) = (temp.path().join("store"), temp.path().join("copy"));
    let owner = Oin::parse("00000099000000001000")?;
    let key = SigningKey::from_bytes(&[1; 32]);
    let signer = Signer { origin: Origin::parse("bench/1")?, key, previous: None };
    let open = async || -> Result<Ledger, Box<dyn Error>> {
        let config = Config { path: folder.clone(), owner: owner.clone(), backend: Backend::Sled };
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(1)));
        let tiles = Arc::new(Tiles::folder(folder.join(LEDGERS).join("bench")));
        let store = store::open(config).await?;
        let means = Means { store, clock, name: "bench", tiles, signer: signer.clone() };
        Ok(Ledger::open(means).await?)
    };
    let ledger = open().await?;
    let mut next = 0;
    while next < leaves {
        let end = leaves.min(next + APPEND_MAX as u64);
        ledger.append_many((next..end).map(entry).collect()).await?;
        next = end;
    }
    ledger.close().await;

    let since = Instant::now();
    let ledger = open().await?;
    println!("start:  {:?}", since.elapsed());
    let since = Instant::now();
    for n in 0..PROOFS {
        ledger.prove(&[n.wrapping_mul(7_919) % leaves], leaves / 2).await?;
    }
    println!("proof:  {:?}", since.elapsed() / u32::try_from(PROOFS)?);
    ledger.close().await;

    std::fs::create_dir(&copy)?;
    let copied = Copied::take(&folder, &copy, &owner).await?;
    let (still, keys) = (copied.ledger("bench").await?, [signer.key.verifying_key().to_bytes()]);
    let sizes = BTreeSet::from([leaves / 2]);
    let against = Against { origin: &signer.origin, keys: &keys, sizes: &sizes };
    let since = Instant::now();
    let walked = still.walk(against, &|_| {}).await?;
    let seconds = since.elapsed().as_secs_f64();
    let rate = u64_of(leaves) / seconds;
    println!("verify: {rate:.0} leaves/s, {} problems", walked.findings.count());
    println!("memory: {} at the most", peak()?);
    Ok(())
}

fn u64_of(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

fn entry(n: u64) -> Entry {
    let leaf = [n.to_be_bytes(); 12].concat();
    Entry { about: Digest::of(&leaf), leaf, state: Batch::new() }
}

fn leaves() -> Result<u64, Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    match (words.next().as_deref(), words.next()) {
        (None, _) => Ok(LEAVES),
        (Some("--leaves"), Some(number)) => Ok(number.parse::<u64>()?.max(2)),
        _ => Err("--leaves N".into()),
    }
}

/// Most memory that this process had, as the kernel counts it.
fn peak() -> Result<String, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line.unwrap_or("unknown").trim().to_owned())
}
