//! Rules with their words at hand: a record is words, and there are many records.

use fnv::FnvHashMap;

use crate::catalogue::Visibility;
use crate::facts::{FactError, Facts, Value};
use crate::pack::Pack;

use super::Word;

/// Rules, with their words at hand.
#[derive(Debug)]
pub struct Side<'a> {
    pack: &'a Pack,
    /// Per column its values. What is found is the catalogue's, and no record adds to it: a plain
    /// hash does.
    words: FnvHashMap<&'a str, FnvHashMap<&'a str, Value>>,
    /// The requester's kind follows from the role.
    kinds: FnvHashMap<Value, Value>,
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
        let known = self.words.get(column).and_then(|values| values.get(value));
        // The long way tells what is wrong with the word.
        known.copied().map_or_else(|| self.pack.value(column, value), Ok)
    }

    /// The same facts, of which nobody stated what is sealed.
    pub(super) fn unstated(&self, mut facts: Facts) -> Facts {
        self.absent.iter().for_each(|value| facts.set(*value));
        facts
    }

    /// The same facts with these words.
    pub(super) fn with(&self, mut facts: Facts, words: &[Word<'_>]) -> Result<Facts, FactError> {
        let role = self.pack.catalogue().known().requester_role;
        for word in words {
            let value = self.value(*word)?;
            facts.set(value);
            if value.column() == role {
                self.kinds.get(&value).into_iter().for_each(|kind| facts.set(*kind));
            }
        }
        Ok(facts)
    }
}
