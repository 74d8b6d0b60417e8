//! Which hashes a tree is made of.

use super::{TreeHead, node_hash};
use crate::id::Digest;

/// A complete subtree: the `2^level` leaves from `index * 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subtree {
    /// How many times its leaves were paired; 0 is a leaf.
    pub level: u32,
    /// Its place among the subtrees of that level, counted from 0.
    pub index: u64,
}

/// Leaves from `begin` up to and without `end`: one hash of a proof. It begins where a complete
/// subtree of at least its length would.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// First leaf.
    pub begin: u64,
    /// One behind the last leaf.
    pub end: u64,
}

impl Range {
    /// The complete subtrees that it is made of, the largest first.
    pub fn peaks(self) -> impl Iterator<Item = Subtree> {
        let mut begin = self.begin;
        std::iter::from_fn(move || {
            let level = self.end.saturating_sub(begin).checked_ilog2()?;
            let index = begin.checked_shr(level).unwrap_or(0);
            begin = begin.saturating_add(1_u64.checked_shl(level).unwrap_or(0));
            Some(Subtree { level, index })
        })
    }
}

/// The hash of a range, from the hashes of its complete subtrees; `None` when one is not known or
/// the range is empty.
///
/// # Errors
/// Those of the look-up.
pub fn range_root<E>(
    range: Range,
    mut look: impl FnMut(Subtree) -> Result<Option<Digest>, E>,
) -> Result<Option<Digest>, E> {
    let mut peaks = Vec::new();
    for peak in range.peaks() {
        match look(peak)? {
            Some(hash) => peaks.push(hash),
            None => return Ok(None),
        }
    }
    Ok(joined(&peaks))
}

/// The ranges whose hashes prove that a leaf stands in a tree, in the order of the proof (RFC 6962,
/// section 2.1.1). `None` when the tree does not reach that far.
pub fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range>> {
    if index >= size {
        return None;
    }
    let mut ranges = Vec::new();
    let mut within = Range { begin: 0, end: size };
    while let Some(split) = split(within) {
        let (left, right) =
            (Range { end: split, ..within }, Range { begin: split, end: within.end });
        let (next, other) = if index < split { (left, right) } else { (right, left) };
        ranges.push(other);
        within = next;
    }
    ranges.reverse();
    Some(ranges)
}

/// The ranges whose hashes prove that a tree begins with another, in the order of the proof (RFC
/// 6962, section 2.1.2); none when either is empty or both have one size. `None` when the older
/// one is larger.
pub fn consistency_ranges(old: u64, new: u64) -> Option<Vec<Range>> {
    if old > new {
        return None;
    }
    let mut ranges = Vec::new();
    if old == 0 || old == new {
        return Some(ranges);
    }
    let mut within = Range { begin: 0, end: new };
    while within.end != old {
        let split = split(within)?;
        if old <= split {
            ranges.push(Range { begin: split, end: within.end });
            within.end = split;
        } else {
            ranges.push(Range { begin: within.begin, end: split });
            within.begin = split;
        }
    }
    // Whoever has the old tree has this one's hash, when it is all of it.
    if within.begin != 0 {
        ranges.push(within);
    }
    ranges.reverse();
    Some(ranges)
}

/// Where a range of two leaves or more is cut: behind the largest power of two below its length.
fn split(range: Range) -> Option<u64> {
    let last = range.end.saturating_sub(range.begin).saturating_sub(1);
    let level = last.checked_ilog2()?;
    range.begin.checked_add(1_u64.checked_shl(level)?)
}

/// A tree's complete subtrees, the largest first: what is needed to add leaves and to know the
/// root.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Digest>,
}

impl Frontier {
    /// A tree from the hashes of its complete subtrees, the largest first; `None` when there are
    /// more or fewer than a tree of this size has.
    pub fn new(size: u64, peaks: Vec<Digest>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()).is_ok_and(|count| count == peaks.len());
        fits.then_some(Self { size, peaks })
    }

    /// Adds a leaf by its hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The tree's size and root.
    pub fn head(&self) -> TreeHead {
        let root = joined(&self.peaks).unwrap_or_else(|| TreeHead::empty().root);
        TreeHead { size: self.size, root }
    }
}

/// Joins complete subtrees, the smallest ones first.
fn joined(peaks: &[Digest]) -> Option<Digest> {
    peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}
