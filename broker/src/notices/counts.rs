//! How many notices wait, and since when their targets can be reached.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::limits::NOTICE_SILENT_MS;

/// Per target, per asker. Nobody for whom nothing waits stands in it, so that it is no longer than
/// what waits.
#[derive(Debug, Default)]
pub(super) struct Counts(BTreeMap<Oin, BTreeMap<Oin, Line>>);

/// What one asker has for one target.
#[derive(Debug, Default)]
struct Line {
    count: u32,
    /// Since when the target can be reached without having missed one more.
    reached: Option<Timestamp>,
}

impl Counts {
    /// How many wait for a target, whosever they are.
    pub(super) fn all_of(&self, target: &Oin) -> u32 {
        let lines = self.0.get(target).into_iter().flat_map(BTreeMap::values);
        lines.fold(0, |all, line| all.saturating_add(line.count))
    }

    /// How many of one asker wait for a target.
    pub(super) fn of(&self, target: &Oin, asker: &Oin) -> u32 {
        self.line(target, asker).map_or(0, |line| line.count)
    }

    /// One more waits.
    pub(super) fn add(&mut self, target: &Oin, asker: &Oin) {
        let line = self.0.entry(target.clone()).or_default().entry(asker.clone()).or_default();
        line.count = line.count.saturating_add(1);
    }

    /// So many wait no longer.
    pub(super) fn remove(&mut self, target: &Oin, asker: &Oin, less: u32) {
        let Some(lines) = self.0.get_mut(target) else { return };
        if let Some(line) = lines.get_mut(asker) {
            line.count = line.count.saturating_sub(less);
        }
        lines.retain(|_, line| line.count > 0);
        self.0.retain(|_, lines| !lines.is_empty());
    }

    /// A target opened `Deliver`: each of its askers has from now on, or from before.
    pub(super) fn opened(&mut self, target: &Oin, now: Timestamp) {
        let lines = self.0.get_mut(target).into_iter().flat_map(BTreeMap::values_mut);
        lines.for_each(|line| {
            line.reached.get_or_insert(now);
        });
    }

    /// A target replied to a notice of this asker.
    pub(super) fn replied(&mut self, target: &Oin, asker: &Oin, now: Timestamp) {
        if let Some(line) = self.line_mut(target, asker) {
            line.reached.get_or_insert(now);
        }
    }

    /// A target missed a notice of this asker.
    pub(super) fn missed(&mut self, target: &Oin, asker: &Oin) {
        if let Some(line) = self.line_mut(target, asker) {
            line.reached = None;
        }
    }

    /// Whether an asker has been silent for too long toward a target that can be reached.
    pub(super) fn is_silent(&self, target: &Oin, asker: &Oin, now: Timestamp) -> bool {
        self.line(target, asker).is_some_and(|line| line.is_silent(now))
    }

    /// Every target and asker of which that is so.
    pub(super) fn silent(&self, now: Timestamp) -> Vec<(Oin, Oin)> {
        let lines = self.0.iter().flat_map(|(target, lines)| {
            let silent = lines.iter().filter(move |(_, line)| line.is_silent(now));
            silent.map(move |(asker, _)| (target.clone(), asker.clone()))
        });
        lines.collect()
    }

    /// Whether some target that missed notices of this asker can be reached again.
    pub(super) fn is_back_for(&self, asker: &Oin) -> bool {
        let mut lines = self.0.values().filter_map(|lines| lines.get(asker));
        lines.any(|line| line.reached.is_some())
    }

    fn line(&self, target: &Oin, asker: &Oin) -> Option<&Line> {
        self.0.get(target)?.get(asker)
    }

    fn line_mut(&mut self, target: &Oin, asker: &Oin) -> Option<&mut Line> {
        self.0.get_mut(target)?.get_mut(asker)
    }
}

impl Line {
    fn is_silent(&self, now: Timestamp) -> bool {
        self.reached.is_some_and(|reached| now.since_ms(reached) > NOTICE_SILENT_MS)
    }
}
