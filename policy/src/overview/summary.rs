//! What a role may ask, in one line per purpose: the answer before the conditions.

use std::collections::BTreeSet;

use grondslag_core::catalogue::Ground;
use grondslag_core::tier::{Tier, Verdict};
use serde::Serialize;

use crate::compare::delta::Opened;
use crate::compare::joint::Joint;
use crate::explain::{GroundShown, Word};
use crate::pack::Pack;
use crate::region::Region;

/// What one role may ask for one purpose, all ways together.
#[derive(Debug, Clone, Serialize)]
pub struct ForPurpose {
    /// The purpose.
    pub purpose: Word,
    /// Permitted somewhere, or a professional always decides.
    pub verdict: Verdict,
    /// The highest tier.
    pub tier: Tier,
    /// The kinds of party that may be asked.
    pub targets: Vec<Word>,
    /// The categories.
    pub categories: Vec<Word>,
    /// Every article on which some of it rests.
    pub legal: Vec<GroundShown>,
}

/// What was gathered of one purpose.
struct Gathered {
    verdict: Verdict,
    tier: Tier,
    targets: u64,
    categories: u64,
    grounds: BTreeSet<Ground>,
}

/// One line per purpose for which something is open, in the order of the catalogue.
pub(super) fn by_purpose<'a>(
    pack: &Pack,
    joint: &Joint,
    ways: &(impl Iterator<Item = &'a (Opened, Vec<Region>)> + Clone),
) -> Vec<ForPurpose> {
    let [purpose, target, category] =
        ["purpose", "target_kind", "category"].map(|id| joint.place(id));
    let purposes = words(joint, purpose, u64::MAX).into_iter().enumerate();
    let lines = purposes.filter_map(|(at, word)| {
        let mut gathered: Option<Gathered> = None;
        for (outcome, regions) in ways.clone() {
            for region in regions.iter().filter(|region| region.of(purpose) >> at & 1 == 1) {
                let known = gathered.get_or_insert_with(|| Gathered::none(outcome));
                known.add(outcome, region.of(target), region.of(category));
            }
        }
        let found = gathered?;
        let grounds: Vec<Ground> = found.grounds.into_iter().collect();
        Some(ForPurpose {
            purpose: word,
            verdict: found.verdict,
            tier: found.tier,
            targets: words(joint, target, found.targets),
            categories: words(joint, category, found.categories),
            legal: pack.show_grounds(&grounds),
        })
    });
    lines.collect()
}

impl Gathered {
    fn none(outcome: &Opened) -> Self {
        let (verdict, tier) = (outcome.verdict, outcome.tier);
        Self { verdict, tier, targets: 0, categories: 0, grounds: BTreeSet::new() }
    }

    fn add(&mut self, outcome: &Opened, targets: u64, categories: u64) {
        self.verdict = self.verdict.min(outcome.verdict);
        self.tier = self.tier.max(outcome.tier);
        self.targets |= targets;
        self.categories |= categories;
        self.grounds.extend(outcome.grounds.iter().cloned());
    }
}

fn words(joint: &Joint, column: usize, mask: u64) -> Vec<Word> {
    let values = joint.columns.get(column).into_iter().flat_map(|column| &column.values);
    let held = values.enumerate().filter(|(at, _)| mask >> at & 1 == 1);
    held.map(|(_, (id, label))| Word { id: id.clone(), label: label.clone() }).collect()
}
