//! What is known of a leaf's place: that it is durable, and the proofs of it.

use std::sync::Arc;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::clock::Timestamp;
use grondslag_core::durable::Durable;
use grondslag_core::id::Digest;

/// This fact is durable in the ledger.
///
/// Only a ledger makes one, after the commit; whoever holds it need not check again. It cannot be
/// copied or stored, so that it is used for the one thing it was made for.
///
/// ```
/// # use std::sync::Arc;
/// # use grondslag_core::{clock::{SetClock, Timestamp}, id::Digest};
/// # use grondslag_core::checkpoint::Origin;
/// # use grondslag_evidence::{ledger::{Entry, Ledger, Means, Receipt, Signer, Tiles}};
/// # use grondslag_evidence::store::{Batch, MemoryStore};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let clock = Arc::new(SetClock::at(Timestamp::from_ms(7)));
/// let (store, tiles) = (Arc::new(MemoryStore::default()), Arc::new(Tiles::memory()));
/// # let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
/// let signer = Signer { origin: Origin::parse("drieveen/1").unwrap(), key, previous: None };
/// let ledger = Ledger::open(Means { store, clock, name: "audit", tiles, signer }).await?;
/// let about = Digest::of(b"inquiry");
/// let entry = Entry { about, leaf: b"asked".to_vec(), state: Batch::new() };
/// let receipt: Receipt = ledger.append(entry).await?;
/// assert_eq!((receipt.about(), receipt.index()), (about, 0));
/// # Ok::<_, grondslag_evidence::ledger::LedgerError>(()) }).unwrap();
/// ```
///
/// It cannot be made up:
/// ```compile_fail,E0451
/// # use grondslag_core::{clock::Timestamp, id::Digest};
/// # let (digest, now) = (Digest::of(b""), Timestamp::from_ms(0));
/// use grondslag_evidence::ledger::Receipt;
/// let receipt = Receipt { about: digest, index: 0, leaf_hash: digest, recorded_at: now };
/// ```
///
/// It cannot be copied:
/// ```compile_fail,E0277
/// fn copied<T: Clone>() {}
/// copied::<grondslag_evidence::ledger::Receipt>();
/// ```
///
/// It cannot be stored and brought back:
/// ```compile_fail,E0277
/// fn stored<T: serde::Serialize>() {}
/// stored::<grondslag_evidence::ledger::Receipt>();
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Receipt {
    about: Digest,
    index: u64,
    leaf_hash: Digest,
    recorded_at: Timestamp,
}

impl Receipt {
    /// The one maker: the caller asserts that this leaf is durable.
    pub(super) fn assertion(
        about: Digest,
        index: u64,
        leaf_hash: Digest,
        recorded_at: Timestamp,
    ) -> Self {
        Self { about, index, leaf_hash, recorded_at }
    }

    /// What the leaf is about.
    pub fn about(&self) -> Digest {
        self.about
    }

    /// Place of the leaf in its ledger, counted from 0.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The entry's hash in the tree (RFC 6962).
    pub fn leaf_hash(&self) -> Digest {
        self.leaf_hash
    }

    /// When it was recorded.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }
}

impl Durable for Receipt {
    fn about(&self) -> Digest {
        self.about
    }
}

/// Where an entry will stand once its commit is durable. Nothing of it may be shown before.
#[derive(Debug)]
pub struct Placed {
    /// Place of the leaf, counted from 0.
    pub index: u64,
    /// The entry's hash.
    pub leaf_hash: Digest,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Proves it in the checkpoint.
    pub inclusion: Vec<Digest>,
    /// Over everything up to the entry's whole group.
    pub checkpoint: Arc<SignedCheckpoint>,
}

/// Proofs in one checkpoint.
#[derive(Debug, Clone)]
pub struct Proven {
    /// The checkpoint.
    pub checkpoint: Arc<SignedCheckpoint>,
    /// For each leaf that was asked for, in order.
    pub inclusions: Vec<Vec<Digest>>,
    /// That the tree begins with the older one that was asked for.
    pub consistency: Vec<Digest>,
}
