//! The real broker's ledger, for who plays the broker: as a second process on its store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::{Clock, SetClock, Timestamp};
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::statement::{Leaf, attestation_bytes, sign};
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::records::{self, Until};
use grondslag_evidence::store::{Batch, MemoryStore, Store};
use grondslag_proto::question::Evidence;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

/// What it is opened with.
#[derive(Clone)]
pub(super) struct BrokerLog {
    pub(super) store: Arc<dyn Store>,
    /// Absent beside a store in memory.
    pub(super) tiles: Option<PathBuf>,
    pub(super) clock: Arc<dyn Clock>,
}

impl fmt::Debug for BrokerLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BrokerLog(…)")
    }
}

impl BrokerLog {
    /// A ledger in memory that nobody has seen.
    pub(super) fn of_nobody() -> Self {
        let (store, clock) = (MemoryStore::default(), SetClock::at(Timestamp::from_ms(0)));
        Self { store: Arc::new(store), tiles: None, clock: Arc::new(clock) }
    }

    async fn open(&self, region: &str, key: &SigningKey) -> Result<Ledger> {
        let tiles = self.tiles.clone().map_or_else(Tiles::memory, Tiles::folder);
        let (origin, key) = (Origin::of_broker(region, 1)?, key.clone());
        let means = Means {
            store: self.store.clone(),
            clock: self.clock.clone(),
            name: "broker",
            tiles: Arc::new(tiles),
            signer: Signer { origin, key, previous: None },
        };
        Ok(Ledger::open(means).await?)
    }

    /// Records a decision and attests it, proved from a head of this size.
    pub(super) fn attest(
        &self,
        region: &str,
        key: &SigningKey,
        (id, leaf, pair): (&TargetId, &Leaf, Digest),
        from: u64,
    ) -> Result<Evidence> {
        block(async {
            let ledger = self.open(region, key).await?;
            let (leaf, salt) = (leaf.canonical(), [7; 32]);
            let committed = records::commit(Leaf::KIND, &leaf, salt, Until::Told)?;
            // Nobody looks for the opening of what is made by hand.
            let entry = Entry { state: Batch::new(), ..committed.entry(Batch::new()) };
            let receipt = ledger.append(entry).await?;
            let (index, recorded_at) = (receipt.index(), receipt.recorded_at());
            let bytes = attestation_bytes(id, &receipt.leaf_hash(), index, &pair);
            let proven = ledger.prove(&[index], from).await?;
            ledger.close().await;
            Ok(Evidence {
                leaf,
                salt,
                recorded_at,
                index,
                proof: proven.inclusions.into_iter().next().unwrap_or_default(),
                checkpoint: SignedCheckpoint::clone(&proven.checkpoint),
                seen_size: from,
                consistency: proven.consistency,
                pair,
                signature: sign(key, &bytes),
            })
        })
    }

    /// Proves evidence anew, from another head.
    pub(super) async fn prove(
        &self,
        region: &str,
        key: &SigningKey,
        evidence: &mut Evidence,
        from: u64,
    ) -> Result<()> {
        let ledger = self.open(region, key).await?;
        let proven = ledger.prove(&[evidence.index], from).await?;
        ledger.close().await;
        evidence.proof = proven.inclusions.into_iter().next().unwrap_or_default();
        evidence.checkpoint = SignedCheckpoint::clone(&proven.checkpoint);
        (evidence.seen_size, evidence.consistency) = (from, proven.consistency);
        Ok(())
    }
}

/// Waits in a function that is not async: a test's steps read better so.
fn block<T>(work: impl Future<Output = T>) -> T {
    block_in_place(|| Handle::current().block_on(work))
}
