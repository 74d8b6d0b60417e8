//! Durable commits per second on this machine's disk, for one writer and for many; a leaf comes
//! with two keys of state.
//!
//! `cargo run --release -p grondslag-evidence --example commit_bench [FOLDER]`. The folder says
//! which disk is measured; without one, the current folder's. A folder `commit_bench` is made in
//! it and removed again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::{Backend, Batch, Config, Store, open};
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const RUN: Duration = Duration::from_secs(2);
const VALUE_BYTES: usize = 200;

#[tokio::main]
async fn main() -> Outcome<()> {
    let parent = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = PathBuf::from(parent).join("commit_bench");
    std::fs::create_dir(&folder)?;
    let measured = measure(&folder).await;
    std::fs::remove_dir_all(&folder)?;
    measured
}

async fn measure(folder: &Path) -> Outcome<()> {
    for writers in [1, 64] {
        let commits = store_rate(&folder.join(format!("store-{writers}")), writers).await?;
        let leaves = ledger_rate(&folder.join(format!("ledger-{writers}")), writers).await?;
        writeln!(
            io::stdout(),
            "{writers:>2} writers: {commits:>6} store commits/s, {leaves:>6} ledger leaves/s"
        )?;
    }
    Ok(())
}

async fn store(path: &Path) -> Outcome<Arc<dyn Store>> {
    let owner = Oin::parse("00000099000000001000")?;
    Ok(open(Config { path: path.to_owned(), owner, backend: Backend::Sled }).await?)
}

async fn store_rate(path: &Path, writers: u64) -> Outcome<u64> {
    let store = store(path).await?;
    rate(writers, move |key| {
        let store = Arc::clone(&store);
        async move { Ok(store.commit(Batch::new().put(key, vec![7; VALUE_BYTES])).await?) }
    })
    .await
}

async fn ledger_rate(path: &Path, writers: u64) -> Outcome<u64> {
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(0)));
    let (store, tiles) = (store(path).await?, Arc::new(Tiles::folder(path.join("ledger"))));
    let (origin, key) = (Origin::parse("bench/1")?, SigningKey::from_bytes(&[1; 32]));
    let signer = Signer { origin, key, previous: None };
    let means = Means { store, clock, name: "bench", tiles, signer };
    let ledger = Arc::new(Ledger::open(means).await?);
    rate(writers, move |key| {
        let ledger = Arc::clone(&ledger);
        async move {
            let second = [key.as_slice(), b"/2"].concat();
            let state = Batch::new().expect_absent(key.clone()).put(key.clone(), "");
            let state = state.put(second, vec![7; 32]);
            let leaf = vec![7; VALUE_BYTES];
            ledger.append(Entry { about: Digest::of(&key), leaf, state }).await?;
            Ok(())
        }
    })
    .await
}

/// Runs an action in so many tasks at once and counts how often per second it returns.
async fn rate<F, Fut>(writers: u64, action: F) -> Outcome<u64>
where
    F: Fn(Vec<u8>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Outcome<()>> + Send,
{
    let done = Arc::new(AtomicU64::new(0));
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    for writer in 0..writers {
        let (action, done) = (action.clone(), Arc::clone(&done));
        tasks.spawn(async move {
            for n in 0_u64.. {
                if start.elapsed() > RUN {
                    break;
                }
                action([writer.to_be_bytes(), n.to_be_bytes()].concat()).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Outcome::Ok(())
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(done.load(Ordering::Relaxed) / RUN.as_secs())
}
