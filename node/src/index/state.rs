//! Where the enrolment of an epoch stands, and its batches, as they are kept.

use std::fmt;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use serde::{Deserialize, Serialize};

/// Label of a batch's leaf in the node's ledger.
pub(super) const LEAF: &str = "grondslag/leaf/enrolment/v1";

/// The enrolment of one epoch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// Digest of the holders' S that the entries were made with.
    pub(super) made_with: Option<Digest>,
    /// Number of the next batch.
    pub(super) next_number: u64,
    /// Number of the first batch under these factors.
    #[serde(default)]
    pub(super) first_number: u64,
    /// A batch that was made and not yet taken in: it is sent again as it is.
    pub(super) pending: Option<u64>,
    /// When the index was last compared with the register and nothing was missing; absent before
    /// the first run is complete.
    pub(super) as_of: Option<Timestamp>,
    /// The hour of the last regular batch, counted from 1970.
    pub(super) hour: i64,
    /// Points of the first, padded run that were enrolled, and how many it has.
    pub(super) bulk_done: u64,
    pub(super) bulk_total: u64,
}

/// How far an enrolment is, for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Points of the first run that were enrolled, padding included.
    pub done: u64,
    /// Points of the first run.
    pub total: u64,
    /// When the index was last compared with the register and nothing was missing.
    pub as_of: Option<Timestamp>,
}

/// How far one run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Enrolled {
    /// In which epoch.
    pub epoch: u32,
    /// Points that were enrolled, padding included.
    pub done: u64,
    /// Points of the run.
    pub total: u64,
}

impl State {
    pub(super) fn progress(&self) -> Progress {
        let (done, total) = (self.bulk_done, self.bulk_total);
        Progress { done, total, as_of: self.as_of }
    }
}

/// A batch, kept so that it can be sent again and opened for a spot check. Whose place it is stands
/// in it by the node's own keyed digest.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptBatch {
    /// Seed of the blinding, hexadecimal.
    pub(super) seed: String,
    /// Per position whose it is, hexadecimal; empty for padding.
    pub(super) places: Vec<String>,
    /// The points as they are sent, hexadecimal: the number behind one may leave the register.
    pub(super) points: String,
}

impl fmt::Debug for KeptBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever has the seed takes the blinding off.
        f.write_str("KeptBatch(…)")
    }
}
