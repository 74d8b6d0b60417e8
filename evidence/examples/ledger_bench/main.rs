//! What a ledger costs on this machine, in one run: durable leaves per second, commits per lone
//! leaf, and of a long ledger its start, its memory, a proof, and the speed at which it is
//! verified.
//!
//! `cargo run --release -p grondslag-evidence --example ledger_bench -- [--leaves N] [FOLDER]`. The
//! folder says which disk is measured; without one, the current folder's. A folder `ledger_bench`
//! is made in it and removed again. Ten million leaves take some minutes and 2.5 GB.

#![expect(clippy::disallowed_macros, reason = "it reports to who runs it")]

mod commits;
mod long;

use std::error::Error;
use std::path::{Path, PathBuf};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Leaves of the long ledger, unless told otherwise.
const LEAVES: u64 = 100_000;

#[tokio::main]
async fn main() -> Outcome<()> {
    let (mut leaves, mut folder, mut look) = (LEAVES, PathBuf::from("."), false);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--leaves" => leaves = words.next().ok_or("--leaves N")?.parse::<u64>()?.max(2),
            // The bench starts itself once more: what a process that filled a ledger has in memory
            // says nothing of one that opens it.
            "--look" => look = true,
            _ => folder = word.into(),
        }
    }
    if look {
        return long::look(&folder, leaves).await;
    }
    let folder = folder.join("ledger_bench");
    std::fs::create_dir(&folder)?;
    let measured = measure(&folder, leaves).await;
    std::fs::remove_dir_all(&folder)?;
    measured
}

async fn measure(folder: &Path, leaves: u64) -> Outcome<()> {
    println!("load:    {}", std::fs::read_to_string("/proc/loadavg")?.trim());
    commits::measure(folder).await?;
    long::measure(&folder.join("long"), leaves).await
}
