//! What is committed while somebody reads a store page by page.
//!
//! Pages are no snapshot together. But whoever captures from before the first page on, and then
//! puts what was captured over the pages, has the store as it was when the capture ended: a page
//! shows a commit only when the capture has it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::StoreError;
use super::batch::Writes;
use crate::limits::CAPTURE_BYTES_MAX;

/// A capture under way; it ends when it is dropped.
#[derive(Debug)]
pub struct Capture(Arc<Log>);

/// What became of a row during a capture.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// Its key.
    pub key: Vec<u8>,
    /// Its last value; nothing when it went.
    pub value: Option<Vec<u8>>,
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Key and value may speak of a person.
        f.write_str("Change(…)")
    }
}

/// Where a store finds the capture under way, if there is one.
#[derive(Debug, Default)]
pub(super) struct Captures(Mutex<Weak<Log>>);

struct Log {
    bytes_max: usize,
    /// Never held across an await.
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    /// Per key that was written the last value, or `None` for one that went.
    changes: Writes,
    bytes: usize,
    over: bool,
}

impl Captures {
    /// Begins; there is one at a time.
    pub(super) fn begin(&self) -> Result<Capture, StoreError> {
        self.begin_within(CAPTURE_BYTES_MAX)
    }

    fn begin_within(&self, bytes_max: usize) -> Result<Capture, StoreError> {
        let mut slot = self.slot();
        if slot.strong_count() > 0 {
            return Err(StoreError::InUse);
        }
        let log = Arc::new(Log { bytes_max, held: Mutex::default() });
        *slot = Arc::downgrade(&log);
        Ok(Capture(log))
    }

    /// Whether anybody captures now.
    pub(super) fn is_on(&self) -> bool {
        self.slot().strong_count() > 0
    }

    /// Adds what was committed. The store holds the lock that its readers take, so that no page
    /// shows this before the capture has it.
    pub(super) fn add(&self, writes: Writes) {
        let log = self.slot().upgrade();
        if let Some(log) = log {
            log.add(writes);
        }
    }

    fn slot(&self) -> MutexGuard<'_, Weak<Log>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Capture {
    /// Ends it: what became of every row that was written since it began.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] when more was written than is kept
    /// ([`CAPTURE_BYTES_MAX`]).
    pub fn end(self) -> Result<Vec<Change>, StoreError> {
        let held = std::mem::take(&mut *self.0.held());
        if held.over {
            return Err(StoreError::TooLarge("what was written during the backup"));
        }
        Ok(held.changes.into_iter().map(|(key, value)| Change { key, value }).collect())
    }
}

impl Log {
    fn add(&self, writes: Writes) {
        let mut held = self.held();
        if held.over {
            return;
        }
        for (key, value) in writes {
            let size = |value: &Option<Vec<u8>>| value.as_ref().map_or(0, Vec::len);
            let (key_bytes, new) = (key.len(), size(&value));
            held.bytes = match held.changes.insert(key, value) {
                Some(old) => held.bytes.saturating_sub(size(&old)),
                None => held.bytes.saturating_add(key_bytes),
            };
            held.bytes = held.bytes.saturating_add(new);
        }
        if held.bytes > self.bytes_max {
            *held = Held { over: true, ..Held::default() };
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys and values may speak of a person.
        f.write_str("Log(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(pairs: &[(&str, Option<&str>)]) -> Writes {
        let bytes = |text: &str| text.as_bytes().to_vec();
        pairs.iter().map(|(key, value)| (bytes(key), value.map(bytes))).collect()
    }

    #[test]
    fn the_last_write_of_a_key_counts_and_one_captures_at_a_time() {
        let captures = Captures::default();
        captures.add(writes(&[("before", Some("1"))]));
        assert!(!captures.is_on());
        let capture = captures.begin().unwrap();
        assert!(captures.is_on());
        assert_eq!(captures.begin().unwrap_err(), StoreError::InUse);
        captures.add(writes(&[("a", Some("1")), ("b", Some("1"))]));
        captures.add(writes(&[("a", None), ("c", Some("2"))]));
        let ended = capture.end().unwrap();
        let expected = writes(&[("a", None), ("b", Some("1")), ("c", Some("2"))]);
        let ended: Writes = ended.into_iter().map(|change| (change.key, change.value)).collect();
        assert_eq!(ended, expected);
        assert!(!captures.is_on());
        drop(captures.begin().unwrap());
        assert!(captures.begin().unwrap().end().unwrap().is_empty());
    }

    #[test]
    fn more_than_is_kept_is_refused_at_the_end() {
        let captures = Captures::default();
        for (value, fits) in [("1234567", true), ("12345678", false)] {
            let capture = captures.begin_within(8).unwrap();
            captures.add(writes(&[("a", Some("1")), ("a", Some(value))]));
            assert_eq!(capture.end().is_ok(), fits, "{value}");
        }
        // A key that is written again and again takes its room once.
        let capture = captures.begin_within(8).unwrap();
        (0..100).for_each(|_| captures.add(writes(&[("a", Some("1234567"))])));
        assert_eq!(capture.end().unwrap().len(), 1);
    }
}
