//! A batch: what is written, and what must be true for that.

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::id::Digest;

use super::StoreError;
use crate::limits::{BATCH_BYTES_MAX, BATCH_STEPS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX};

/// Writes and expectations that are committed together, in the order in which they were added.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Batch {
    steps: Vec<Step>,
    bytes: usize,
}

#[derive(Clone, PartialEq, Eq)]
struct Step {
    key: Vec<u8>,
    act: Act,
}

#[derive(Clone, PartialEq, Eq)]
enum Act {
    Put(Vec<u8>),
    Delete,
    ExpectAbsent,
    ExpectValue(Vec<u8>),
    ExpectDigest(Digest),
}

/// What a batch comes to: per key the new value, or `None` for a key that goes.
pub(super) type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

impl Batch {
    /// A batch without steps.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a value.
    #[must_use]
    pub fn put(self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.step(key.into(), Act::Put(value.into()))
    }

    /// Removes a key; one that is not there is no error.
    #[must_use]
    pub fn delete(self, key: impl Into<Vec<u8>>) -> Self {
        self.step(key.into(), Act::Delete)
    }

    /// Demands that nothing stands under a key at this step.
    #[must_use]
    pub fn expect_absent(self, key: impl Into<Vec<u8>>) -> Self {
        self.step(key.into(), Act::ExpectAbsent)
    }

    /// Demands that exactly this value stands under a key at this step.
    #[must_use]
    pub fn expect_value(self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.step(key.into(), Act::ExpectValue(value.into()))
    }

    /// Demands that a value with this SHA-256 stands under a key at this step.
    #[must_use]
    pub fn expect_digest(self, key: impl Into<Vec<u8>>, digest: Digest) -> Self {
        self.step(key.into(), Act::ExpectDigest(digest))
    }

    /// Adds the steps of another batch behind those of this one.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.steps.extend(other.steps);
        self
    }

    /// Number of steps, expectations included.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// True without a step.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Bytes of keys and values, those of expectations included.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// True when a step, be it an expectation, names a key that begins with `prefix`.
    pub fn touches(&self, prefix: &[u8]) -> bool {
        self.steps.iter().any(|step| step.key.starts_with(prefix))
    }

    fn step(mut self, key: Vec<u8>, act: Act) -> Self {
        self.bytes = self.bytes.saturating_add(key.len()).saturating_add(act.bytes());
        self.steps.push(Step { key, act });
        self
    }

    /// Holds the batch against the limits.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.steps.len() > BATCH_STEPS_MAX || self.bytes > BATCH_BYTES_MAX {
            return Err(StoreError::TooLarge("batch"));
        }
        self.steps.iter().try_for_each(Step::check)
    }

    /// Runs the steps in order over what `look` finds, and returns what there is to write.
    pub(super) fn evaluate(
        self,
        look: impl Fn(&[u8]) -> Result<Option<Vec<u8>>, StoreError>,
    ) -> Result<Writes, StoreError> {
        let mut writes = Writes::new();
        for (step, Step { key, act }) in self.steps.into_iter().enumerate() {
            let expected = match act {
                Act::Put(value) => {
                    writes.insert(key, Some(value));
                    continue;
                }
                Act::Delete => {
                    writes.insert(key, None);
                    continue;
                }
                expected => expected,
            };
            let found = match writes.get(&key) {
                Some(value) => value.clone(),
                None => look(&key)?,
            };
            if !expected.holds(found.as_deref()) {
                return Err(StoreError::Conflict { step });
            }
        }
        Ok(writes)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys and values may speak of a person.
        write!(f, "Batch({} steps, {} bytes, …)", self.steps.len(), self.bytes)
    }
}

impl Step {
    fn check(&self) -> Result<(), StoreError> {
        if self.key.is_empty() || self.key.len() > KEY_BYTES_MAX {
            return Err(StoreError::TooLarge("key"));
        }
        if self.act.bytes() > VALUE_BYTES_MAX {
            return Err(StoreError::TooLarge("value"));
        }
        Ok(())
    }
}

impl Act {
    fn bytes(&self) -> usize {
        match self {
            Self::Put(value) | Self::ExpectValue(value) => value.len(),
            Self::ExpectDigest(_) => Digest::LEN,
            Self::Delete | Self::ExpectAbsent => 0,
        }
    }

    fn holds(&self, found: Option<&[u8]>) -> bool {
        match self {
            Self::Put(_) | Self::Delete => true,
            Self::ExpectAbsent => found.is_none(),
            Self::ExpectValue(value) => found == Some(value.as_slice()),
            Self::ExpectDigest(digest) => found.is_some_and(|f| Digest::of(f) == *digest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_nothing(batch: Batch) -> Result<Writes, StoreError> {
        batch.evaluate(|_| Ok(None))
    }

    #[test]
    fn steps_run_in_order_and_expectations_see_earlier_writes() {
        let batch = Batch::new().expect_absent("k").put("k", "1").expect_value("k", "1");
        let batch = batch.delete("k").expect_absent("k").put("k", "2");
        let writes = on_nothing(batch).unwrap();
        assert_eq!(writes.get(b"k".as_slice()), Some(&Some(b"2".to_vec())));
    }

    #[test]
    fn a_conflict_names_the_first_step_that_fails() {
        let batch = Batch::new().put("a", "1").expect_absent("b").expect_value("c", "1");
        let batch = batch.expect_absent("a");
        assert_eq!(on_nothing(batch), Err(StoreError::Conflict { step: 2 }));
    }

    #[test]
    fn limits_hold_at_their_edge() {
        let key = |n| vec![b'k'; n];
        let ok = |batch: Batch| batch.check().is_ok();
        assert!(ok(Batch::new().put(key(KEY_BYTES_MAX), vec![0; VALUE_BYTES_MAX])));
        assert!(!ok(Batch::new().delete(key(KEY_BYTES_MAX + 1))));
        assert!(!ok(Batch::new().delete("")));
        assert!(!ok(Batch::new().put("k", vec![0; VALUE_BYTES_MAX + 1])));
        let many = |n| (0..n).fold(Batch::new(), |batch, _| batch.delete("k"));
        assert!(ok(many(BATCH_STEPS_MAX)));
        assert!(!ok(many(BATCH_STEPS_MAX + 1)));
        let value = vec![0; VALUE_BYTES_MAX];
        let full = BATCH_BYTES_MAX / (VALUE_BYTES_MAX + 1);
        let heavy = |n| (0..n).fold(Batch::new(), |batch, _| batch.put("k", value.clone()));
        assert!(ok(heavy(full)));
        assert!(!ok(heavy(full + 1)));
    }

    #[test]
    fn debug_output_shows_neither_key_nor_value() {
        let batch = Batch::new().put("noor", "terpstra");
        assert_eq!(format!("{batch:?}"), "Batch(1 steps, 12 bytes, …)");
    }
}
