//! What a comparison leaves out of what it shows: combinations of which both packs say that they
//! cannot occur.

use std::collections::BTreeSet;

use grondslag_core::lang::Text;
use serde::Serialize;

use super::joint::{Joint, Mapping};
use crate::catalogue::Impossible;
use crate::limits::BOX_STEPS_MAX;
use crate::pack::Pack;
use crate::region::{Region, uncovered};

/// A combination that was left out.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    /// Its code in the second pack.
    pub id: String,
    /// Why it cannot occur.
    pub text: Text,
}

/// The combinations that both packs list, over the joint columns. One that only a draft lists
/// hides nothing: whoever writes the draft does not decide alone what is looked at.
pub(super) fn of_both(packs: [&Pack; 2], joint: &Joint) -> Vec<(LeftOut, Region)> {
    let [before, after] = packs.map(|pack| {
        let mapping = Mapping::new(pack, &joint.columns);
        let listed = pack.catalogue().impossible().iter();
        listed.map(|one| (one, mapping.joint(&one.region))).collect::<Vec<_>>()
    });
    let listed_before = |region: &Region| before.iter().any(|(_, other)| other == region);
    let both = after.into_iter().filter(|(_, region)| listed_before(region));
    both.map(|(Impossible { id, text, .. }, region)| {
        (LeftOut { id: id.clone(), text: text.clone() }, region)
    })
    .collect()
}

/// The regions that can occur, and which combinations took the others away. A region of which a
/// part can occur stays whole: cut to pieces it would say no more and read worse.
pub(super) fn left(
    regions: &[Region],
    impossible: &[(LeftOut, Region)],
) -> (Vec<Region>, BTreeSet<usize>) {
    let covers: Vec<Region> = impossible.iter().map(|(_, region)| *region).collect();
    let occurs = |region: &&Region| uncovered(**region, &covers, BOX_STEPS_MAX).is_some();
    let (left, gone): (Vec<&Region>, Vec<&Region>) = regions.iter().partition(occurs);
    let used: BTreeSet<usize> = gone.iter().flat_map(|region| because(region, &covers)).collect();
    (left.into_iter().copied().collect(), used)
}

/// The combination that holds all of a region, else those that do so together.
fn because(region: &Region, covers: &[Region]) -> Vec<usize> {
    let alone = covers.iter().position(|cover| cover.contains(region));
    let some = covers.iter().enumerate().filter(|(_, cover)| cover.intersects(region));
    alone.map_or_else(|| some.map(|(at, _)| at).collect(), |at| vec![at])
}
