//! What the rules are, in the words that officers sign.

use std::collections::BTreeMap;

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::lang::Text;
use grondslag_core::limits::OFFICERS_MIN;
use grondslag_core::officers::Officers;
use serde::{Deserialize, Serialize};

use super::files;

/// How rules come into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// At a moment to come, signed by two officers.
    Planned,
    /// At once, signed by one: rules that are nowhere less strict than any in force or to come.
    Emergency,
}

impl Entry {
    /// How many officers sign.
    pub const fn signatures(self) -> usize {
        match self {
            Self::Planned => OFFICERS_MIN,
            Self::Emergency => 1,
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Emergency => "emergency",
        }
    }
}

/// What the rules are, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Fingerprint of the region's root.
    pub region: Digest,
    /// Counts the region's publications, from 1. It never goes back: to return to earlier rules,
    /// they are published again under a new number.
    pub number: u64,
    /// Digest of the manifest before; of the first, the bundle that the region began with.
    pub previous: Digest,
    /// How they come into force.
    pub entry: Entry,
    /// The version as its authors write it.
    pub version: String,
    /// Digest of every file that decides.
    pub bundle: Digest,
    /// Digest of every file, examples included, by relative path.
    pub files: BTreeMap<String, Digest>,
    /// When it was written down: the officers' keys must count then.
    pub made_at: Timestamp,
    /// Since when the rules are in force.
    pub valid_from: Timestamp,
    /// Name and version of the engine that the rules were checked with.
    pub engine: String,
    /// Who may sign the next rules.
    pub officers: Officers,
    /// What changes and why, for whoever reads back.
    pub why: Text,
}

impl Manifest {
    /// The bytes that officers sign, and that a ledger keeps.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/manifest/v1")
            .bytes(self.region.as_bytes())
            .number(self.number)
            .bytes(self.previous.as_bytes())
            .text(self.entry.word())
            .text(&self.version)
            .bytes(self.bundle.as_bytes())
            .list(files::canonical(&self.files))
            .signed(self.made_at.ms())
            .signed(self.valid_from.ms())
            .text(&self.engine)
            .bytes(&self.officers.canonical())
            .text(&self.why.nl)
            .text(&self.why.en)
            .finish()
    }

    /// What the next manifest names as the one before.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.canonical())
    }
}
