//! `grondslag demo --load`: many questions of the people of the stories, drawn by a seed, so that
//! there is something to audit. Each goes the whole way: desk, broker, nodes and back.
//!
//! What is asked follows from the seed and the world alone: who asks in which role, what for, about
//! whom, and which eight agencies. The clock stands still meanwhile, so that no reply slot comes
//! due, and steps a day once somebody's budget for the day is used up.

use std::collections::BTreeMap;
use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use indicatif::ProgressBar;
use serde::Serialize;

use super::driver::Driver;
use super::limits::{LOAD_AT_ONCE, LOAD_DAY_MAX, LOAD_TARGETS};
use super::own_views::OwnViewSeen;
use super::world::{Question, World};
use crate::exit::Failure;
use crate::limits::DAY_MS;

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Loaded {
    pub(super) seed: u64,
    /// Questions that were put.
    pub(super) questions: u64,
    /// Those that were not refused as a whole.
    pub(super) asked: u64,
    /// Agencies that they went to: as many decisions of the broker.
    pub(super) targets: u64,
    /// Agencies that replied: as many decisions of holders at the least.
    pub(super) replied: u64,
    /// Whole questions that were refused, by reason.
    pub(super) refused: BTreeMap<String, u64>,
    pub(super) ms: u64,
    /// The longest time that an own view over every agency then took; none in a world without one.
    pub(super) own_view_ms: Option<u64>,
    /// Lines of the longest.
    pub(super) own_view_lines: usize,
}

/// Numbers that follow from a seed.
#[derive(Debug)]
struct Drawn {
    from: u64,
    count: u64,
}

impl Drawn {
    /// The next number below `end`.
    fn below(&mut self, end: usize) -> usize {
        let bytes = [self.from.to_be_bytes(), self.count.to_be_bytes()].concat();
        self.count = self.count.wrapping_add(1);
        let first = Digest::of(&bytes).as_bytes().first_chunk().copied().unwrap_or_default();
        let number = u64::from_be_bytes(first) % u64::try_from(end.max(1)).unwrap_or(u64::MAX);
        usize::try_from(number).unwrap_or_default()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// The questions of each day, drawn by a seed.
fn days(world: &World, count: usize, seed: u64) -> Vec<Vec<Question>> {
    // What is asked alone in acute danger is looked at by a person afterwards: nobody would.
    let stories = world.timeline().into_iter().filter(|question| !question.break_glass);
    let stories: Vec<&Question> = stories.collect();
    let mut drawn = Drawn { from: seed, count: 0 };
    let (mut days, mut today, mut used) = (Vec::new(), Vec::new(), BTreeMap::new());
    for _ in 0..count {
        let (Some(story), Some(about)) = (drawn.of(&stories), drawn.of(&stories)) else { break };
        let mut others: Vec<&String> = world.agencies.iter().map(|agency| &agency.id).collect();
        others.retain(|agency| **agency != story.agency);
        while others.len() > LOAD_TARGETS {
            others.swap_remove(drawn.below(others.len()));
        }
        let mut question = Question::clone(story);
        question.subject = about.subject.clone();
        question.to = others.into_iter().cloned().collect();
        let person = (story.agency.clone(), story.staff.clone(), story.purpose.clone());
        if used.get(&person).is_some_and(|count| *count >= LOAD_DAY_MAX) {
            days.push(std::mem::take(&mut today));
            used.clear();
        }
        *used.entry(person).or_insert(0_usize) += 1;
        today.push(question);
    }
    days.push(today);
    days
}

/// Puts so many questions, some at the same time.
///
/// # Errors
/// A failure that is no refusal: the region does not work.
pub(super) async fn load(
    driver: &Driver<'_>,
    count: usize,
    seed: u64,
    bar: &ProgressBar,
) -> Result<Loaded, Failure> {
    let since = Instant::now();
    let mut loaded = Loaded { seed, ..Loaded::default() };
    let mut at = driver.world.region.clock_demo;
    for today in days(driver.world, count, seed) {
        driver.step_to(at)?;
        at = at.plus_ms(DAY_MS);
        let mut asked = stream::iter(&today)
            .map(async |question: &Question| (question.to.len(), driver.ask(question).await))
            .buffer_unordered(LOAD_AT_ONCE);
        while let Some((targets, answered)) = asked.next().await {
            bar.inc(1);
            loaded.count(targets, answered.map(|answered| answered.replied))?;
        }
    }
    loaded.ms = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(loaded)
}

impl Loaded {
    /// Takes an own view into account.
    pub(super) fn view(&mut self, seen: &OwnViewSeen) {
        self.own_view_ms = self.own_view_ms.max(Some(seen.took_ms));
        self.own_view_lines = self.own_view_lines.max(seen.seen.len());
    }

    fn count(&mut self, targets: usize, replied: Result<u32, Failure>) -> Result<(), Failure> {
        self.questions += 1;
        match replied {
            Ok(replied) => {
                self.asked += 1;
                self.targets += u64::try_from(targets).unwrap_or(u64::MAX);
                self.replied += u64::from(replied);
            }
            Err(failure) if is_refusal(failure.reason()) => {
                *self.refused.entry(failure.reason().code().to_owned()).or_default() += 1;
            }
            Err(failure) => return Err(failure),
        }
        Ok(())
    }
}

/// A refusal is an answer; a region that cannot be reached, or has a fault, is none.
fn is_refusal(reason: Reason) -> bool {
    !reason.is_fault() && !matches!(reason, Reason::Unreachable | Reason::DeadlinePassed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::world::extract;

    fn world() -> (tempfile::TempDir, World) {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("world");
        extract(&folder).unwrap();
        let world = World::load(&folder).unwrap();
        (temp, world)
    }

    fn told(days: &[Vec<Question>]) -> Vec<(String, String, Vec<String>)> {
        let all = days.iter().flatten();
        all.map(|one| (one.id.clone(), one.subject.0.clone(), one.to.clone())).collect()
    }

    #[test]
    fn the_same_seed_asks_the_same_and_another_seed_something_else() {
        let (_temp, world) = world();
        let first = told(&days(&world, 200, 7));
        assert_eq!(first, told(&days(&world, 200, 7)));
        assert_ne!(first, told(&days(&world, 200, 8)));
        assert_eq!(first.len(), 200);
        let askers: std::collections::BTreeSet<&String> = first.iter().map(|one| &one.0).collect();
        assert!(askers.len() > 20, "many stories: {}", askers.len());
    }

    #[test]
    fn a_question_goes_to_eight_others_and_nobody_asks_beyond_the_budget_of_a_day() {
        let (_temp, world) = world();
        let days = days(&world, 3_000, 1);
        for today in &days {
            let mut used = BTreeMap::new();
            for question in today {
                let mut to = question.to.clone();
                to.sort();
                to.dedup();
                assert!(to.len() == LOAD_TARGETS && !to.contains(&question.agency));
                assert!(!question.break_glass);
                let person = (&question.agency, &question.staff, &question.purpose);
                *used.entry(person).or_insert(0) += 1;
            }
            assert!(used.values().all(|count| *count <= LOAD_DAY_MAX));
        }
        assert_eq!(days.iter().map(Vec::len).sum::<usize>(), 3_000);
    }

    #[test]
    fn a_refusal_is_counted_and_a_fault_ends_the_run() {
        let mut loaded = Loaded::default();
        loaded.count(8, Ok(5)).unwrap();
        loaded.count(8, Err(Reason::BudgetExceeded.into())).unwrap();
        assert_eq!((loaded.questions, loaded.asked, loaded.targets, loaded.replied), (2, 1, 8, 5));
        assert_eq!(loaded.refused["BUDGET_EXCEEDED"], 1);
        for fault in [Reason::Unreachable, Reason::StoreFull] {
            assert_eq!(loaded.count(8, Err(fault.into())).unwrap_err().reason(), fault);
        }
    }
}
