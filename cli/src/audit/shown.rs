//! What logs showed at sizes that no walked ledger tells of: two who were shown another root at
//! one size were shown two histories, whichever of the two the log goes on with.

use std::collections::BTreeMap;

use grondslag_core::checkpoint::{Checkpoint, Origin};
use grondslag_core::id::Digest;

/// The first root that was met of each log at each size.
#[derive(Debug, Default)]
pub(super) struct Shown(BTreeMap<(Origin, u64), Digest>);

impl Shown {
    /// Whether nobody before was shown another root at this size.
    pub(super) fn agrees(&mut self, head: &Checkpoint) -> bool {
        let at = (head.origin.clone(), head.size);
        *self.0.entry(at).or_insert(head.root) == head.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_roots_of_one_log_at_one_size_do_not_agree() {
        let head = |log: &str, size, root: &[u8]| Checkpoint {
            origin: Origin::parse(log).unwrap(),
            size,
            root: Digest::of(root),
        };
        let mut shown = Shown::default();
        assert!(shown.agrees(&head("a", 7, b"one")));
        assert!(shown.agrees(&head("a", 7, b"one")), "shown to two");
        assert!(shown.agrees(&head("a", 8, b"two")), "another size");
        assert!(shown.agrees(&head("b", 7, b"two")), "another log");
        assert!(!shown.agrees(&head("a", 7, b"two")));
        assert!(shown.agrees(&head("a", 7, b"one")), "the first stands");
    }
}
