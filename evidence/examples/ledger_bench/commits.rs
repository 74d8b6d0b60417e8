//! Durable commits per second, for one writer and for many; a leaf comes with two keys of state.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::{SetClock, Timestamp};
use grondslag_core::id::{Digest, Oin};
use grondslag_evidence::health::StoreHealth;
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::{Backend, Batch, Capture, Config, Pair, Store, StoreError, open};
use tokio::task::JoinSet;

use super::Outcome;

const RUN: Duration = Duration::from_secs(3);
const VALUE_BYTES: usize = 200;

pub(super) async fn measure(folder: &Path) -> Outcome<()> {
    for writers in [1, 64] {
        let commits = store_rate(&folder.join(format!("store-{writers}")), writers).await?;
        let (leaves, each) =
            ledger_rate(&folder.join(format!("ledger-{writers}")), writers).await?;
        println!(
            "{writers:>2} writers: {commits} store commits/s, {leaves} ledger leaves/s, \
             {each:.3} commits per leaf"
        );
    }
    Ok(())
}

/// A store that counts commits.
#[derive(Debug)]
struct Counted {
    store: Arc<dyn Store>,
    commits: AtomicU64,
}

#[async_trait]
impl Store for Counted {
    async fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key).await
    }

    async fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Pair>, StoreError> {
        self.store.scan(prefix, after, limit).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.store.commit(batch).await
    }

    fn capture(&self) -> Result<Capture, StoreError> {
        self.store.capture()
    }

    async fn health(&self) -> StoreHealth {
        self.store.health().await
    }
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

/// Leaves per second, and commits for each: those that move bundles to files included.
async fn ledger_rate(path: &Path, writers: u64) -> Outcome<(u64, f64)> {
    let clock = Arc::new(SetClock::at(Timestamp::from_ms(0)));
    let counted = Counted { store: store(path).await?, commits: AtomicU64::new(0) };
    let (store, tiles) = (Arc::new(counted), Arc::new(Tiles::folder(path.join("ledger"))));
    let counted = Arc::clone(&store);
    let (origin, key) = (Origin::parse("bench/1")?, SigningKey::from_bytes(&[1; 32]));
    let signer = Signer { origin, key, previous: None };
    let means = Means { store, clock, name: "bench", tiles, signer };
    let ledger = Arc::new(Ledger::open(means).await?);
    let shared = Arc::clone(&ledger);
    let leaves = rate(writers, move |key| {
        let ledger = Arc::clone(&shared);
        async move {
            let second = [key.as_slice(), b"/2"].concat();
            let state = Batch::new().expect_absent(key.clone()).put(key.clone(), "");
            let state = state.put(second, vec![7; 32]);
            let leaf = vec![7; VALUE_BYTES];
            ledger.append(Entry { about: Digest::of(&key), leaf, state }).await?;
            Ok(())
        }
    })
    .await?;
    let (commits, size) = (counted.commits.load(Ordering::Relaxed), ledger.size().await?);
    Ok((leaves, super::long::float(commits) / super::long::float(size)))
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
