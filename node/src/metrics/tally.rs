//! Counting.

use std::collections::BTreeMap;

use grondslag_core::answer::Outcome;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::TargetId;
use grondslag_core::metrics::{Count, STEPS, suppressed};
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::Stage;
use grondslag_core::tier::Urgency;

use crate::agency::Agency;
use crate::answers::inbox::{said_at, stage_of};
use crate::answers::record::{DecisionRecord, Ruled, on_target};
use crate::answers::slots::ended;
use crate::recorded::Kind;

/// Counts of a period.
pub(super) struct Tally {
    /// What depends on no child.
    exact: BTreeMap<String, u64>,
    /// What does, in groups that add up to something.
    groups: BTreeMap<String, BTreeMap<String, u64>>,
    /// Refusals per ground: what is few is not named at all.
    refused: BTreeMap<String, u64>,
    /// Questions whose term ended without an outcome.
    overdue: u64,
    /// What was said after a review, and not taken back.
    said: BTreeMap<TargetId, Timestamp>,
}

impl Tally {
    /// Nothing yet: every count of a group is there from the start, so that none tells by its
    /// absence.
    pub(super) fn new() -> Self {
        let (mut exact, mut groups) = (BTreeMap::new(), BTreeMap::new());
        let zeros = |words: Vec<&str>| words.into_iter().map(|word| (word.to_owned(), 0)).collect();
        for urgency in Urgency::ALL {
            exact.insert(format!("answered.{urgency}"), 0);
            let steps = STEPS.iter().map(|(step, _)| *step).collect();
            groups.insert(format!("reviewed.{urgency}"), zeros(steps));
        }
        let outcomes = Outcome::ALL.iter().map(|outcome| outcome.word()).collect();
        groups.insert("outcome".into(), zeros(outcomes));
        groups.insert("climbed".into(), zeros(Stage::ALL.iter().map(|one| one.word()).collect()));
        for name in ["asked", "ended", "slots.missed", "glass.put"] {
            exact.insert(name.to_owned(), 0);
        }
        let (refused, said) = (BTreeMap::new(), BTreeMap::new());
        Self { exact, groups, refused, overdue: 0, said }
    }

    /// Whether records of a kind are counted.
    pub(super) fn counts(kind: &str) -> bool {
        let kinds = [Kind::Decision, Kind::Released, Kind::Ended, Kind::Climbed, Kind::Asked];
        kinds.iter().any(|one| one.label() == kind)
    }

    /// Adds to what depends on no child.
    pub(super) fn exact(&mut self, name: &str, count: u64) {
        let all = self.exact.entry(name.to_owned()).or_default();
        *all = all.saturating_add(count);
    }

    fn one(&mut self, group: &str, name: &str) {
        let group = self.groups.entry(group.to_owned()).or_default();
        let all = group.entry(name.to_owned()).or_default();
        *all = all.saturating_add(1);
    }

    /// Counts one record.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for a record that is none.
    pub(super) fn add(&mut self, kind: &str, body: &[u8]) -> Result<(), Reason> {
        if kind == Kind::Decision.label() {
            self.decided(&DecisionRecord::parse(body).ok_or(Reason::StoreCorrupt)?);
        } else if kind == Kind::Asked.label() {
            self.exact("asked", 1);
        } else if kind == Kind::Climbed.label() {
            self.one("climbed", stage_of(body)?.word());
        } else if kind == Kind::Ended.label() {
            let ended = ended(body)?;
            self.exact("ended", 1);
            self.exact("slots.missed", ended.missed);
            self.overdue = self.overdue.saturating_add(ended.lapsed.into());
        } else if kind == Kind::Released.label() {
            self.released(body)?;
        }
        Ok(())
    }

    fn decided(&mut self, record: &DecisionRecord) {
        let urgency = urgency_of(record);
        self.exact(&format!("answered.{urgency}"), 1);
        self.exact("glass.put", record.break_glass.into());
        self.one("outcome", record.outcome.word());
        let refused = record.lines.iter().filter(|line| line.outcome == Ruled::Refuse);
        for ground in refused.flat_map(|line| &line.basis.grounds) {
            let all = self.refused.entry(ground.to_string()).or_default();
            *all = all.saturating_add(1);
        }
    }
}

impl Tally {
    fn released(&mut self, body: &[u8]) -> Result<(), Reason> {
        let (target, at, taken_back) = said_at(body)?;
        if taken_back {
            self.said.remove(&target);
        } else {
            // More may be said later: the asker heard with the first.
            self.said.entry(target).or_insert(at);
        }
        Ok(())
    }

    /// How long it took a person until the asker heard.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn finish(&mut self, agency: &Agency) -> Result<(), Reason> {
        for (target, at) in std::mem::take(&mut self.said) {
            let Some(decided) = on_target(agency, &target).await? else { continue };
            let took = at.since_ms(decided.decided_at);
            let step =
                STEPS.iter().find(|(_, most)| took <= *most).map_or("more", |(step, _)| *step);
            self.one(&format!("reviewed.{}", urgency_of(&decided)), step);
        }
        Ok(())
    }

    /// As it may leave the node.
    pub(super) fn shown(self) -> BTreeMap<String, Count> {
        let mut shown: BTreeMap<String, Count> =
            self.exact.into_iter().map(|(name, count)| (name, Count::Exact(count))).collect();
        for (group, counts) in self.groups {
            let counts = suppressed(&counts).into_iter();
            shown.extend(counts.map(|(name, count)| (format!("{group}.{name}"), count)));
        }
        shown.insert("overdue".to_owned(), Count::tens(self.overdue));
        // Nobody knows what these add up to.
        let refused = self.refused.into_iter().map(|(on, count)| (on, Count::tens(count)));
        let refused = refused.filter(|(_, count)| *count != Count::Few);
        shown.extend(refused.map(|(ground, count)| (format!("refused.{ground}"), count)));
        shown
    }
}

/// How soon a question was to be answered.
fn urgency_of(record: &DecisionRecord) -> String {
    let urgency = record.visible.get("urgency").and_then(|word| word.parse::<Urgency>().ok());
    urgency.unwrap_or(Urgency::Standard).to_string()
}
