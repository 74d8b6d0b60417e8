//! The root over bundles, one after another, in the memory of some hashes.

use grondslag_core::id::Digest;
use grondslag_core::merkle::node_hash;

/// The complete subtrees over some bundles, the largest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Peaks {
    hashes: Vec<Digest>,
    bundles: u64,
}

impl Peaks {
    /// Adds a bundle by the root over its 256 leaves.
    pub(super) fn push(&mut self, bundle: Digest) {
        let mut up = bundle;
        let mut before = self.bundles;
        while before & 1 == 1 {
            if let Some(left) = self.hashes.pop() {
                up = node_hash(&left, &up);
            }
            before >>= 1;
        }
        self.hashes.push(up);
        self.bundles = self.bundles.saturating_add(1);
    }

    /// The root over these bundles and what follows them; `None` over nothing.
    pub(super) fn root(&self, tail: Option<Digest>) -> Option<Digest> {
        self.hashes
            .iter()
            .rev()
            .fold(tail, |right, left| Some(right.map_or(*left, |right| node_hash(left, &right))))
    }
}

#[cfg(test)]
mod tests {
    use grondslag_core::merkle::{Frontier, leaf_hash};

    use super::*;

    #[test]
    fn the_root_over_bundles_is_the_root_over_their_leaves() {
        let (mut peaks, mut whole) = (Peaks::default(), Frontier::default());
        assert_eq!(peaks.root(None), None);
        for bundle in 0_u64..9 {
            let mut own = Frontier::default();
            for leaf in 0_u64..256 {
                let hash = leaf_hash(&(bundle * 256 + leaf).to_be_bytes());
                own.push(hash);
                whole.push(hash);
                if leaf % 85 == 0 {
                    assert_eq!(peaks.root(Some(own.head().root)), Some(whole.head().root));
                }
            }
            peaks.push(own.head().root);
            assert_eq!(peaks.root(None), Some(whole.head().root));
        }
    }
}
