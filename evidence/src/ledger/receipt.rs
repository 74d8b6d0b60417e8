//! The proof that something is durable.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

/// This fact is durable in the ledger.
///
/// Only a ledger makes one, after the commit; whoever holds it need not check again. It cannot be
/// copied or stored, so that it is used for the one thing it was made for.
///
/// ```
/// # use std::sync::Arc;
/// # use grondslag_core::{clock::{SetClock, Timestamp}, id::Digest};
/// # use grondslag_evidence::{ledger::{Entry, Ledger, Receipt}, store::{Batch, MemoryStore}};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let clock = Arc::new(SetClock::at(Timestamp::from_ms(7)));
/// let ledger = Ledger::open(Arc::new(MemoryStore::default()), clock, "audit").await?;
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

    /// The leaf's hash of RFC 6962.
    pub fn leaf_hash(&self) -> Digest {
        self.leaf_hash
    }

    /// When it was recorded.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }
}
