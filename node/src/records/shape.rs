//! Rows as they stand in the store.

use std::fmt;

use grondslag_core::clock::Timestamp;
use grondslag_core::tier::Tier;
use grondslag_subject::{Bsn, Name};
use jiff::civil::Date;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{ClientId, RegisterFact, SourceFault};

/// Which generation is in use, and what it covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Live {
    pub(super) generation: u64,
    pub(super) as_of: Timestamp,
    /// Some client has no verified number.
    pub(super) unnumbered: bool,
}

/// Which generation is being staged, and by which run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staging {
    pub(super) generation: u64,
    /// Random, so that two runs never take each other's staging for their own.
    pub(super) run: String,
}

/// A client of the agency.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClientRow {
    pub(super) client: ClientId,
    /// Digits of the verified number, if there is one: a new epoch enrols from them.
    pub(super) bsn: Option<String>,
    pub(super) given_names: String,
    pub(super) prefix: String,
    pub(super) family_name: String,
    pub(super) birth_date: Date,
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
}

/// A fact of the agency's register, with its term.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FactRow {
    pub(super) fact: RegisterFact,
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
}

impl ClientRow {
    /// True when this is the row of that number: the last check behind the index.
    pub(super) fn is_of(&self, bsn: &Bsn) -> bool {
        self.bsn.as_deref() == Some(bsn.expose())
    }

    /// The verified number.
    pub(super) fn number(&self) -> Result<Bsn, SourceFault> {
        let digits = self.bsn.as_deref().ok_or(SourceFault::Damaged)?;
        Bsn::parse(digits).map_err(|_| SourceFault::Damaged)
    }

    /// The name as imported.
    pub(super) fn name(&self) -> Result<Name, SourceFault> {
        let name = Name::parse(&self.given_names, &self.prefix, &self.family_name);
        name.map_err(|_| SourceFault::Damaged)
    }
}

/// True from `from` on, and before `until`.
pub(super) fn in_term(from: Timestamp, until: Option<Timestamp>, at: Timestamp) -> bool {
    from <= at && until.is_none_or(|until| at < until)
}

/// The tiers that an import file has a column for, lowest first.
pub(super) const LAYER_TIERS: [(&str, Tier); 5] =
    [("t1", Tier::T1), ("t2", Tier::T2), ("t3", Tier::T3), ("t4", Tier::T4), ("t5", Tier::T5)];

/// Bytes of a row for the store.
pub(super) fn encode(row: &impl Serialize) -> Result<Vec<u8>, SourceFault> {
    serde_json::to_vec(row).map_err(|_| SourceFault::Damaged)
}

/// A row from the store's bytes.
pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SourceFault> {
    serde_json::from_slice(bytes).map_err(|_| SourceFault::Damaged)
}

impl fmt::Debug for ClientRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientRow(…)")
    }
}

impl fmt::Debug for FactRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FactRow(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_includes_its_start_and_excludes_its_end() {
        let [a, b] = [100, 200].map(Timestamp::from_ms);
        assert!(!in_term(a, Some(b), Timestamp::from_ms(99)));
        assert!(in_term(a, Some(b), a));
        assert!(in_term(a, Some(b), Timestamp::from_ms(199)));
        assert!(!in_term(a, Some(b), b));
        assert!(in_term(a, None, Timestamp::from_ms(i64::MAX)));
    }
}
