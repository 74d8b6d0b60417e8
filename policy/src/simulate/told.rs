//! What a simulation came to, as it is written and read.

use grondslag_core::clock::Timestamp;
use serde::{Deserialize, Serialize};

use super::Flips;
use crate::draft::Origin;

/// What a simulation came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulated {
    /// From when decisions were taken again.
    #[serde(with = "moment")]
    pub since: Timestamp,
    /// The present moment then.
    #[serde(with = "moment")]
    pub until: Timestamp,
    /// Under which draft.
    pub draft: Origin,
    /// Parties whose decisions were looked at.
    pub parties: u64,
    /// What the broker could allow.
    pub broker: Flips,
    /// What holders gave.
    pub holders: Flips,
    /// What was left out.
    pub skipped: Skipped,
    /// Milliseconds that reading and deciding took, without copying a ledger.
    pub took_ms: u64,
}

/// Records that were not decided again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Their term was over.
    pub forgotten: u64,
    /// Nothing was decided in them: the child was not known, or the agency had no card.
    pub undecided: u64,
    /// The rules that decided are not at hand.
    pub no_rules: u64,
    /// They cannot be read, or not decided by the rules that they name: `audit replay` says more.
    pub problems: u64,
    /// Folders of parties that cannot be read.
    pub unreadable: Vec<String>,
    /// A node's own rules that do not fit the draft; what was decided with them is left out.
    pub unfit: Vec<String>,
}

impl Skipped {
    /// The counts are not of everything.
    pub fn is_partial(&self) -> bool {
        self.no_rules > 0
            || self.problems > 0
            || !self.unreadable.is_empty()
            || !self.unfit.is_empty()
    }
}

/// A moment as people write it.
pub(crate) mod moment {
    use grondslag_core::clock::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
    pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(moment)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}
