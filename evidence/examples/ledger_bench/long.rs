//! A long ledger: how it is opened, proved and verified.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
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

use super::Outcome;

/// Proofs that are timed.
const PROOFS: u64 = 200;

/// Fills a ledger, looks at it from another process, and verifies it.
pub(super) async fn measure(folder: &Path, leaves: u64) -> Outcome<()> {
    let since = Instant::now();
    let ledger = open(folder).await?;
    let mut next = 0;
    while next < leaves {
        let end = leaves.min(next + APPEND_MAX as u64);
        ledger.append_many((next..end).map(entry).collect()).await?;
        next = end;
    }
    ledger.close().await;
    println!("filled:  {leaves} leaves in {:.1?}", since.elapsed());
    let mut again = Command::new(std::env::current_exe()?);
    let again = again.args(["--look", "--leaves", &leaves.to_string()]).arg(folder).status()?;
    if !again.success() {
        return Err("the second process failed".into());
    }
    verify(folder).await
}

/// What a process that opens the ledger needs.
pub(super) async fn look(folder: &Path, leaves: u64) -> Outcome<()> {
    let since = Instant::now();
    let ledger = open(folder).await?;
    println!("start:   {:.1?}, {}", since.elapsed(), memory("VmRSS:")?);
    let (mut whole, mut longest) = (0.0, 0.0_f64);
    for n in 0..PROOFS {
        let since = Instant::now();
        ledger.prove(&[n.wrapping_mul(7_919_003) % leaves], leaves / 2).await?;
        let took = since.elapsed().as_secs_f64() * 1_000.0;
        (whole, longest) = (whole + took, longest.max(took));
    }
    println!("proof:   {:.3} ms, the longest {longest:.3} ms", whole / float(PROOFS));
    for n in 0..1_000 {
        ledger.append(entry(leaves + n)).await?;
    }
    ledger.close().await;
    println!("memory:  {} at the most", memory("VmHWM:")?);
    Ok(())
}

async fn verify(folder: &Path) -> Outcome<()> {
    let copy = tempfile::tempdir()?;
    let copied = Copied::take(folder, copy.path(), &owner()?).await?;
    let (still, signer) = (copied.ledger("bench").await?, signer()?);
    let keys = [signer.key.verifying_key().to_bytes()];
    let sizes = BTreeSet::from([still.len() / 2]);
    let against = Against { origin: &signer.origin, keys: &keys, sizes: &sizes };
    let since = Instant::now();
    let walked = still.walk(against, &|_| {}).await?;
    let rate = float(walked.leaves) / since.elapsed().as_secs_f64();
    println!("verify:  {rate:.0} leaves/s, {} problems", walked.findings.count());
    Ok(())
}

async fn open(folder: &Path) -> Outcome<Ledger> {
    let (path, backend) = (folder.to_owned(), Backend::Sled);
    let store = store::open(Config { path, owner: owner()?, backend }).await?;
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(1)));
    let tiles = Arc::new(Tiles::folder(folder.join(LEDGERS).join("bench")));
    let means = Means { store, clock, name: "bench", tiles, signer: signer()? };
    Ok(Ledger::open(means).await?)
}

fn owner() -> Outcome<Oin> {
    Ok(Oin::parse("00000099000000001000")?)
}

fn signer() -> Outcome<Signer> {
    let key = SigningKey::from_bytes(&[1; 32]);
    Ok(Signer { origin: Origin::parse("bench/1")?, key, previous: None })
}

fn entry(n: u64) -> Entry {
    let leaf = [n.to_be_bytes(); 12].concat();
    Entry { about: Digest::of(&leaf), leaf, state: Batch::new() }
}

/// A count as a number to divide.
pub(super) fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// What the kernel counts of this process's memory.
fn memory(what: &str) -> Outcome<String> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    Ok(line.unwrap_or("unknown").trim().to_owned())
}
