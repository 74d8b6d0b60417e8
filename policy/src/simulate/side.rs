//! Rules with their words at hand: a record is words, and there are many records.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use crate::catalogue::Visibility;
use crate::facts::{FactError, Facts, Value};
use crate::pack::Pack;

use super::Word;

/// What is found is the catalogue's, and no record adds to it: a plain hash does (FNV-1a).
struct Plain(u64);

impl Default for Plain {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Plain {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What is known under a word.
#[derive(Debug)]
struct Known<K, V>(HashMap<K, V, BuildHasherDefault<Plain>>);

impl<K: Hash + Eq, V> FromIterator<(K, V)> for Known<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Rules, with their words at hand.
#[derive(Debug)]
pub struct Side<'a> {
    pack: &'a Pack,
    /// Per column its values.
    words: Known<&'a str, Known<&'a str, Value>>,
    /// The requester's kind follows from the role.
    kinds: Known<Value, Value>,
    /// Sealed columns as they count where nobody states them: a record does not tell of a column
    /// that the draft is the first to have.
    absent: Vec<Value>,
}

impl<'a> Side<'a> {
    /// These rules.
    pub fn of(pack: &'a Pack) -> Self {
        let columns = pack.catalogue().columns().iter().enumerate();
        let words = columns.map(|(at, column)| {
            let values = column.values.iter().enumerate();
            let values = values.map(|(value, word)| (word.id.as_str(), Value::new(at, value)));
            (column.id.as_str(), values.collect())
        });
        let roles = pack.catalogue().roles().iter();
        let kinds = roles.filter_map(|role| {
            let kind = pack.value("requester_kind", role.id.kind().as_str()).ok()?;
            Some((pack.value("requester_role", role.id.as_str()).ok()?, kind))
        });
        let columns = pack.catalogue().columns().iter().enumerate();
        let sealed = columns.filter(|(_, column)| column.visibility == Visibility::Sealed);
        let absent = sealed.filter_map(|(at, column)| Some(Value::new(at, column.when_absent()?)));
        Self { pack, words: words.collect(), kinds: kinds.collect(), absent: absent.collect() }
    }

    /// The rules.
    pub fn pack(&self) -> &'a Pack {
        self.pack
    }

    /// The value of a column.
    pub(super) fn value(&self, (column, value): Word<'_>) -> Result<Value, FactError> {
        let known = self.words.0.get(column).and_then(|values| values.0.get(value));
        // The long way tells what is wrong with the word.
        known.copied().map_or_else(|| self.pack.value(column, value), Ok)
    }

    /// The same facts, of which nobody stated what is sealed.
    pub(super) fn unstated(&self, facts: Facts) -> Facts {
        self.absent.iter().fold(facts, |facts, value| facts.with(*value))
    }

    /// The same facts with these words.
    pub(super) fn with(&self, facts: Facts, words: &[Word<'_>]) -> Result<Facts, FactError> {
        words.iter().try_fold(facts, |facts, word| {
            let value = self.value(*word)?;
            let facts = facts.with(value);
            Ok(self.kinds.0.get(&value).map_or(facts, |kind| facts.with(*kind)))
        })
    }
}
