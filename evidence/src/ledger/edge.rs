//! The right edge of the tree: every hash that stands in no tile file yet.
//!
//! Leaves are paired in rows; a full tile's root goes up to the next level. What has been written
//! to files is let go of, so that the memory stays that of some tiles, however long the ledger.

use grondslag_core::id::Digest;
use grondslag_core::merkle::{Subtree, node_hash};

use crate::limits::TILE_WIDTH;

/// Levels of the tree within one tile: 2^8 = 256.
pub(super) const TILE_HEIGHT: u32 = TILE_WIDTH.ilog2();

/// The hashes at the right edge.
#[derive(Debug, Clone, Default)]
pub(super) struct Edge {
    levels: Vec<Level>,
}

/// One level of tiles.
#[derive(Debug, Clone, Default)]
struct Level {
    /// Place of the first hash that is here; those before it stand in files.
    first: u64,
    /// The hashes, and above them the complete pairs, row by row up to below a tile's root.
    rows: [Vec<Digest>; TILE_HEIGHT as usize],
}

/// Where a hash stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// Here.
    Here(Digest),
    /// In the file of a tile of hashes.
    InTile {
        /// The tile's level.
        level: u32,
        /// The tile.
        index: u64,
    },
    /// Nowhere: the tree does not reach that far.
    Nowhere,
}

impl Edge {
    /// An edge behind tiles that stand in files: at each level how many hashes do, and the hashes
    /// that follow.
    pub(super) fn behind(levels: impl IntoIterator<Item = (u64, Vec<Digest>)>) -> Self {
        let mut edge = Self::default();
        for (first, hashes) in levels {
            let mut level = Level { first, ..Level::default() };
            for hash in hashes {
                // It fills no tile: what did would stand in a file.
                let _root = level.push(hash);
            }
            edge.levels.push(level);
        }
        edge
    }

    /// Number of leaves.
    pub(super) fn size(&self) -> u64 {
        self.levels.first().map_or(0, Level::end)
    }

    /// Number of leaves whose hashes are in files.
    pub(super) fn filed(&self) -> u64 {
        self.levels.first().map_or(0, |level| level.first)
    }

    /// Adds a leaf by its hash.
    pub(super) fn push(&mut self, leaf: Digest) {
        let (mut up, mut at) = (Some(leaf), 0);
        while let Some(hash) = up {
            if self.levels.len() == at {
                self.levels.push(Level::default());
            }
            up = self.levels.get_mut(at).and_then(|level| level.push(hash));
            at += 1;
        }
    }

    /// Takes back the leaves from `size` on; those in files stay.
    pub(super) fn truncate(&mut self, size: u64) {
        let mut end = size;
        for level in &mut self.levels {
            level.truncate(end);
            end >>= TILE_HEIGHT;
        }
    }

    /// The next full tile within the first `size` leaves that stands in no file, the lowest level
    /// first, and its hashes.
    pub(super) fn next_full(&self, size: u64) -> Option<(u32, u64, Vec<Digest>)> {
        let mut within = size;
        (0..).zip(&self.levels).find_map(|(number, level)| {
            let end = level.first.saturating_add(TILE_WIDTH as u64);
            let is_within = end <= within;
            within >>= TILE_HEIGHT;
            let [hashes, ..] = &level.rows;
            let full = hashes.get(..TILE_WIDTH).filter(|_| is_within)?.to_vec();
            Some((number, level.first >> TILE_HEIGHT, full))
        })
    }

    /// Lets go of the first tile of a level: it stands in a file now.
    pub(super) fn let_go(&mut self, level: u32) {
        let level = usize::try_from(level).ok().and_then(|level| self.levels.get_mut(level));
        if let Some(level) = level {
            level.let_go();
        }
    }

    /// Where the hash of a complete subtree stands.
    pub(super) fn find(&self, subtree: Subtree) -> Stands {
        let (number, row) = (subtree.level / TILE_HEIGHT, subtree.level % TILE_HEIGHT);
        let level = usize::try_from(number).ok().and_then(|number| self.levels.get(number));
        let Some(level) = level else { return Stands::Nowhere };
        // Its first hash at the tiles' level.
        let begin = subtree.index << row;
        if begin < level.first {
            return Stands::InTile { level: number, index: begin >> TILE_HEIGHT };
        }
        let at = subtree.index.saturating_sub(level.first >> row);
        let hashes = usize::try_from(row).ok().and_then(|row| level.rows.get(row));
        let hash = hashes.zip(usize::try_from(at).ok()).and_then(|(hashes, at)| hashes.get(at));
        hash.map_or(Stands::Nowhere, |hash| Stands::Here(*hash))
    }
}

/// The hash of a complete subtree within a tile that was read from its file.
pub(super) fn within(tile: &[Digest], subtree: Subtree) -> Option<Digest> {
    let row = subtree.level % TILE_HEIGHT;
    let width = 1_usize.checked_shl(row)?;
    let begin = usize::try_from((subtree.index << row) % TILE_WIDTH as u64).ok()?;
    Some(rooted(tile.get(begin..begin.checked_add(width)?)?.to_vec()))
}

/// The root over a power of two of hashes.
pub(super) fn rooted(mut hashes: Vec<Digest>) -> Digest {
    while hashes.len() > 1 {
        hashes = hashes.chunks(2).filter_map(paired).collect();
    }
    hashes.pop().unwrap_or_else(|| Digest::of(&[]))
}

fn paired(pair: &[Digest]) -> Option<Digest> {
    match pair {
        [left, right] => Some(node_hash(left, right)),
        _ => None,
    }
}

impl Level {
    fn end(&self) -> u64 {
        let [hashes, ..] = &self.rows;
        self.first.saturating_add(u64::try_from(hashes.len()).unwrap_or(u64::MAX))
    }

    /// Adds a hash; gives the root of the tile that it fills.
    fn push(&mut self, hash: Digest) -> Option<Digest> {
        let mut up = hash;
        for row in &mut self.rows {
            row.push(up);
            if row.len() % 2 == 1 {
                return None;
            }
            up = row.len().checked_sub(2).and_then(|from| paired(row.get(from..)?))?;
        }
        Some(up)
    }

    fn truncate(&mut self, end: u64) {
        let mut kept = usize::try_from(end.saturating_sub(self.first)).unwrap_or(usize::MAX);
        for row in &mut self.rows {
            row.truncate(kept);
            kept /= 2;
        }
    }

    fn let_go(&mut self) {
        let mut gone = TILE_WIDTH;
        for row in &mut self.rows {
            drop(row.drain(..gone.min(row.len())));
            gone /= 2;
        }
        self.first = self.first.saturating_add(TILE_WIDTH as u64);
    }
}

#[cfg(test)]
mod tests {
    use grondslag_core::merkle::{Frontier, Range, leaf_hash, range_root};

    use super::*;

    fn leaf(n: u64) -> Digest {
        leaf_hash(&n.to_be_bytes())
    }

    fn root(edge: &Edge, files: &[(u32, u64, Vec<Digest>)]) -> Option<Digest> {
        let look = |subtree| -> Result<_, ()> {
            Ok(match edge.find(subtree) {
                Stands::Here(hash) => Some(hash),
                Stands::InTile { level, index } => files
                    .iter()
                    .find(|(l, i, _)| (*l, *i) == (level, index))
                    .and_then(|(_, _, hashes)| within(hashes, subtree)),
                Stands::Nowhere => None,
            })
        };
        range_root(Range { begin: 0, end: edge.size() }, look).unwrap()
    }

    #[test]
    fn the_edge_has_the_root_of_the_whole_tree_whether_or_not_tiles_went_to_files() {
        let (mut edge, mut frontier, mut files) = (Edge::default(), Frontier::default(), vec![]);
        for n in 0..70_000 {
            edge.push(leaf(n));
            frontier.push(leaf(n));
            // Written late and several at a time, as after a disk that was full.
            while let Some((level, index, hashes)) = edge.next_full(n + 1).filter(|_| n % 700 == 0)
            {
                edge.let_go(level);
                files.push((level, index, hashes));
            }
            if n % 997 == 0 || n > 69_900 {
                assert_eq!(root(&edge, &files), Some(frontier.head().root), "{n}");
            }
        }
        assert_eq!(edge.filed(), 69_120);
        assert!(files.iter().any(|(level, ..)| *level == 1));
        assert_eq!(edge.find(Subtree { level: 0, index: 70_000 }), Stands::Nowhere);
        assert_eq!(edge.find(Subtree { level: 64, index: 0 }), Stands::Nowhere);
    }

    #[test]
    fn a_tile_of_which_a_leaf_may_yet_be_taken_back_is_not_full() {
        let mut edge = Edge::default();
        (0..256).for_each(|n| edge.push(leaf(n)));
        assert!(edge.next_full(255).is_none());
        assert!(edge.next_full(256).is_some());
    }

    #[test]
    fn leaves_that_are_taken_back_leave_no_trace() {
        let mut edge = Edge::default();
        (0..300).for_each(|n| edge.push(leaf(n)));
        let before = root(&edge, &[]);
        for more in [1, 5, 211, 212, 213, 600] {
            (0..more).for_each(|n| edge.push(leaf(1_000 + n)));
            edge.truncate(300);
            assert_eq!((edge.size(), root(&edge, &[])), (300, before), "{more}");
        }
    }

    #[test]
    fn an_edge_behind_files_goes_on_where_they_end() {
        let (mut whole, mut frontier) = (Edge::default(), Frontier::default());
        for n in 0..600 {
            whole.push(leaf(n));
            frontier.push(leaf(n));
        }
        let tile = |index: u64| (0..256).map(|n| leaf(index * 256 + n)).collect::<Vec<_>>();
        let mut edge = Edge::behind([(512, vec![]), (0, vec![rooted(tile(0)), rooted(tile(1))])]);
        (512..600).for_each(|n| edge.push(leaf(n)));
        let files = [(0, 0, tile(0)), (0, 1, tile(1))];
        assert_eq!(root(&edge, &files), Some(frontier.head().root));
        assert_eq!(root(&whole, &[]), Some(frontier.head().root));
    }
}
