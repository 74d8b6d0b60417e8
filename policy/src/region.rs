//! A region of the table: a set of values per column. Rows and facts are both regions.

use std::collections::HashMap;

use crate::limits::COLUMNS_MAX;

/// A set of values per column, one bit a value. A column that the catalogue does not have holds
/// the single bit 1 in every region, so that it never decides anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Region([u64; COLUMNS_MAX]);

impl Region {
    /// A region with the given sets for the first columns.
    pub(crate) fn new(sets: impl Iterator<Item = u64>) -> Self {
        let mut region = [1; COLUMNS_MAX];
        region.iter_mut().zip(sets).for_each(|(to, from)| *to = from);
        Self(region)
    }

    /// The set of one column.
    pub(crate) fn of(&self, column: usize) -> u64 {
        self.0.get(column).copied().unwrap_or(1)
    }

    /// The same region with another set in one column.
    #[must_use]
    pub(crate) fn with(mut self, column: usize, set: u64) -> Self {
        self.set(column, set);
        self
    }

    /// Puts another set in one column.
    pub(crate) fn set(&mut self, column: usize, set: u64) {
        if let Some(slot) = self.0.get_mut(column) {
            *slot = set;
        }
    }

    pub(crate) fn sets(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// What both regions hold; possibly nothing.
    #[must_use]
    pub(crate) fn meet(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.sets()).for_each(|(a, b)| *a &= b);
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.contains(&0)
    }

    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.sets().zip(other.sets()).all(|(a, b)| a & b != 0)
    }

    /// Every point of `other` lies in this region.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        self.sets().zip(other.sets()).all(|(a, b)| b & !a == 0)
    }
}

/// A part of `region` that none of `covers` holds, or `None` when they cover it wholly. When more
/// than `steps_max` pieces were cut the rest counts as not covered: the safe side for a lint.
pub(crate) fn uncovered(region: Region, covers: &[Region], steps_max: usize) -> Option<Region> {
    let near: Vec<&Region> = covers.iter().filter(|c| c.intersects(&region)).collect();
    let mut stack = vec![(region, 0)];
    let mut steps = 0;
    while let Some((piece, from)) = stack.pop() {
        steps += 1;
        let hit = near.iter().enumerate().skip(from);
        let hit = hit.into_iter().find(|(_, cover)| cover.intersects(&piece));
        let Some((at, cover)) = hit.filter(|_| steps <= steps_max) else {
            return (!piece.is_empty()).then_some(piece);
        };
        cut(piece, cover, |rest| stack.push((rest, at + 1)));
    }
    None
}

/// Everything of `region` that none of `covers` holds, in few regions; `None` when more than
/// `steps_max` pieces were cut.
pub(crate) fn rest(region: Region, covers: &[Region], steps_max: usize) -> Option<Vec<Region>> {
    let mut pieces = vec![region];
    let mut steps = 0;
    for cover in covers {
        let mut left = Vec::with_capacity(pieces.len());
        for piece in pieces {
            if cover.intersects(&piece) {
                cut(piece, cover, |rest| left.push(rest));
            } else {
                left.push(piece);
            }
        }
        steps += left.len();
        if steps > steps_max {
            return None;
        }
        pieces = left;
    }
    pieces.retain(|piece| !piece.is_empty());
    Some(merged(pieces))
}

/// The same points in fewer regions, in a fixed order: two that differ in one column are one.
pub(crate) fn merged(mut regions: Vec<Region>) -> Vec<Region> {
    loop {
        let before = regions.len();
        for column in 0..COLUMNS_MAX {
            regions = joined_along(column, &regions);
        }
        if regions.len() == before {
            regions.sort_unstable_by(|a, b| b.sets().cmp(a.sets()));
            return regions;
        }
    }
}

/// Joins the regions that are alike but for one column.
fn joined_along(column: usize, regions: &[Region]) -> Vec<Region> {
    let mut sets: HashMap<Region, u64> = HashMap::with_capacity(regions.len());
    for region in regions {
        *sets.entry(region.with(column, 0)).or_default() |= region.of(column);
    }
    sets.into_iter().map(|(region, set)| region.with(column, set)).collect()
}

/// Cuts `cover` out of `piece`: the remaining pieces do not overlap.
pub(crate) fn cut(mut piece: Region, cover: &Region, mut keep: impl FnMut(Region)) {
    for column in 0..COLUMNS_MAX {
        let outside = piece.of(column) & !cover.of(column);
        if outside != 0 {
            keep(piece.with(column, outside));
            piece = piece.with(column, piece.of(column) & cover.of(column));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(sets: &[u64]) -> Region {
        Region::new(sets.iter().copied())
    }

    #[test]
    fn a_region_contains_what_lies_in_it_and_meets_what_touches_it() {
        let wide = region(&[0b111, 0b11]);
        let narrow = region(&[0b010, 0b11]);
        let aside = region(&[0b1000, 0b11]);
        assert!(wide.contains(&narrow) && !narrow.contains(&wide));
        assert!(wide.intersects(&narrow) && !wide.intersects(&aside));
        assert!(wide.meet(&aside).is_empty());
    }

    #[test]
    fn two_halves_cover_a_whole_that_neither_covers_alone() {
        let whole = region(&[0b11, 0b11]);
        let (left, right) = (region(&[0b01, 0b11]), region(&[0b10, 0b11]));
        assert_eq!(uncovered(whole, &[left, right], 100), None);
        assert_eq!(uncovered(whole, &[left], 100), Some(right));
        assert_eq!(uncovered(whole, &[], 100), Some(whole));
    }

    #[test]
    fn four_quarters_are_one_whole_and_a_corner_stays_apart() {
        let quarters = [(1, 1), (1, 2), (2, 1), (2, 2)].map(|(a, b)| region(&[a, b]));
        assert_eq!(merged(quarters.to_vec()), [region(&[3, 3])]);
        assert_eq!(merged(quarters[..3].to_vec()).len(), 2);
        assert_eq!(merged(Vec::new()), []);
    }

    #[test]
    fn what_is_left_of_a_whole_is_what_no_cover_holds() {
        let whole = region(&[0b11, 0b11]);
        let corner = region(&[0b01, 0b01]);
        let left = rest(whole, &[corner], 100).unwrap();
        assert!(left.iter().all(|piece| !piece.intersects(&corner)) && left.len() == 2);
        assert_eq!(rest(whole, &[whole], 100), Some(Vec::new()));
        assert_eq!(rest(whole, &[corner], 1), None, "more pieces than allowed");
    }

    #[test]
    fn a_check_that_is_too_large_says_not_covered() {
        let whole = region(&[0b11, 0b11]);
        let (left, right) = (region(&[0b01, 0b11]), region(&[0b10, 0b11]));
        assert!(uncovered(whole, &[left, right], 1).is_some());
    }
}
