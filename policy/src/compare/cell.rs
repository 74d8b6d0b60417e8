//! Regions that are cut along rows until every row that matters holds them wholly or not at all.

use super::joint::Joint;
use crate::region::{Region, cut};

/// A region with the rows that hold it wholly and those that may hold a part of it.
pub(crate) struct Cell {
    pub(crate) region: Region,
    pub(crate) whole: Vec<usize>,
    pub(crate) partly: Vec<usize>,
}

impl Cell {
    /// A region of which nothing is known yet.
    pub(crate) fn of(region: Region, joint: &Joint) -> Self {
        Self { region, whole: Vec::new(), partly: (0..joint.rows.len()).collect() }
    }

    /// Moves the rows that hold the region wholly, and drops those that hold nothing of it.
    pub(crate) fn sorted(mut self, joint: &Joint) -> Self {
        let mut partly = Vec::with_capacity(self.partly.len());
        for at in self.partly {
            let Some(row) = joint.rows.get(at) else { continue };
            if row.content.region.contains(&self.region) {
                self.whole.push(at);
            } else if row.content.region.intersects(&self.region) {
                partly.push(at);
            }
        }
        self.partly = partly;
        self
    }

    /// The part that a row holds, and the pieces of what it does not.
    pub(crate) fn cut_along(&self, row: usize, joint: &Joint, stack: &mut Vec<Self>) {
        let Some(along) = joint.rows.get(row) else { return };
        let mut keep = |region: Region| {
            stack.push(Self { region, whole: self.whole.clone(), partly: self.partly.clone() });
        };
        keep(self.region.meet(&along.content.region));
        cut(self.region, &along.content.region, keep);
    }
}
