//! What the broker proved of its decisions on own questions. It stands in the asker's record of
//! the question, so that the broker is held to it: a decision that it attested in a tree which is
//! not its ledger shows as soon as both are audited, also when nobody but the asker was shown that
//! tree.

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Digest;
use grondslag_core::statement::Leaf;
use grondslag_evidence::ledger::{Leaves, LedgerError};
use grondslag_evidence::records;
use grondslag_evidence::store::Store;
use grondslag_proto::question::Evidence;
use serde::{Deserialize, Serialize};

use crate::recorded::{Kind, page_of};

/// A decision that the broker attested, as the asker keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attested {
    /// Hash of its entry in the broker's ledger.
    entry: Digest,
    /// Where that stands.
    index: u64,
    /// Proves it in the tree of the head.
    path: Vec<Digest>,
    /// The head that the broker signed, as a note.
    head: String,
}

impl Attested {
    /// Takes from evidence that holds what an auditor needs of it.
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let Evidence { leaf, salt, recorded_at, index, proof, checkpoint, .. } = evidence;
        Self {
            entry: records::hash_of(Leaf::KIND, salt, leaf, *recorded_at),
            index: *index,
            path: proof.clone(),
            head: checkpoint.bare().note(),
        }
    }
}

/// A decision that the broker attested to an asker, as an auditor holds it against the broker's
/// ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Where the asker's record of the question stands in its ledger.
    pub index: u64,
    /// Hash of the entry in the broker's ledger.
    pub entry: Digest,
    /// Where that stands.
    pub place: u64,
    /// Proves it in the tree of the head.
    pub path: Vec<Digest>,
    /// The head that the broker signed; not verified.
    pub head: SignedCheckpoint,
}

/// The part of a closed question's record that is looked at here.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    attested: Vec<Attested>,
}

/// Decisions of the broker that are recorded in an asker's ledger from an index on, as far as they
/// are not forgotten, and the index to go on from; `None` at the end. At most a page of leaves is
/// read.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of store and ledger.
pub async fn decided(
    store: &dyn Store,
    leaves: &dyn Leaves,
    from: u64,
) -> Result<(Vec<Decided>, Option<u64>), LedgerError> {
    page_of(store, leaves, from, Kind::Closed, parse).await
}

fn parse(index: u64, body: &[u8]) -> Option<Vec<Decided>> {
    let Told { attested } = serde_json::from_slice(body).ok()?;
    let one = |Attested { entry, index: place, path, head }: Attested| {
        let head = SignedCheckpoint::parse(&head).ok()?;
        Some(Decided { index, entry, place, path, head })
    };
    attested.into_iter().map(one).collect()
}
