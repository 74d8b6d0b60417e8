//! The table and Cedar decide the same.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, Result};
use grondslag_core::tier::Verdict;
use grondslag_policy::cedar::Cedar;

use crate::draft::Draft;
use crate::drafts::{cut, drafts, put};
use crate::engine::{Engine, meant};
use crate::questions::{Dice, Questions, outcome};

/// Questions of one batch, which a seed and the number of the batch make again.
const BATCH: usize = 1_000;
/// Batches of every run.
const BATCHES: usize = 100;
/// Batches of the full run.
const BATCHES_IN_FULL: usize = 1_000;
/// One question in so many is asked at every tier, and not only where the answer turns.
const EVERY_TIER: usize = 16;
/// Questions that go to every policy as well.
const TO_ALL: usize = 200;
/// Set to run in full.
const IN_FULL: &str = "GRONDSLAG_ORACLE_FULL";
/// Set to run as before.
const SEED: &str = "GRONDSLAG_ORACLE_SEED";

/// What came out of a run.
#[derive(Debug, Default)]
struct Run {
    /// How often each row decided.
    decided: BTreeMap<String, usize>,
    /// How often each verdict was given.
    given: BTreeMap<&'static str, usize>,
    /// The first question on which they part.
    parted: Option<String>,
}

/// Throws questions at both; a table and an export that do not belong together part.
fn run(draft: &Draft, export: &Cedar, batches: usize, seed: u64) -> Result<Run> {
    let questions = Questions::of(draft);
    let engine = Engine::of(export, &questions)?;
    let (next, parted) = (AtomicUsize::new(0), AtomicBool::new(false));
    let whole = Mutex::new(Run::default());
    let work = || -> Result<()> {
        while !parted.load(Ordering::Relaxed) {
            let batch = next.fetch_add(1, Ordering::Relaxed);
            if batch >= batches {
                break;
            }
            let run = run_batch(&questions, &engine, seed, batch)?;
            parted.fetch_or(run.parted.is_some(), Ordering::Relaxed);
            whole.lock().unwrap().add(run);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism()?.get();
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().try_for_each(|one| one.join().unwrap())
    })?;
    Ok(whole.into_inner().unwrap())
}

fn run_batch(questions: &Questions, engine: &Engine, seed: u64, batch: usize) -> Result<Run> {
    let mut dice = Dice::new(seed, batch);
    let mut run = Run::default();
    for at in 0..BATCH {
        let (question, decision) = questions.throw(&mut dice);
        let asked = || format!("seed {seed}, batch {batch}: {}", questions.said(&question));
        let meant = meant(decision.verdict, decision.tier);
        let parts = engine.parts(&question, &meant, at % EVERY_TIER == 0).with_context(asked)?;
        if let Some(cedar) = parts {
            let table = outcome(&decision);
            run.parted = Some(format!("{}: the table says {table}, {cedar}", asked()));
            break;
        }
        for row in &decision.rows {
            *run.decided.entry(row.to_string()).or_default() += 1;
        }
        *run.given.entry(decision.verdict.word()).or_default() += 1;
    }
    Ok(run)
}

impl Run {
    fn add(&mut self, other: Self) {
        for (row, times) in other.decided {
            *self.decided.entry(row).or_default() += times;
        }
        for (verdict, times) in other.given {
            *self.given.entry(verdict).or_default() += times;
        }
        self.parted = self.parted.take().or(other.parted);
    }
}

fn seed() -> Result<u64> {
    match std::env::var_os(SEED) {
        Some(seed) => Ok(seed.to_str().context("a seed is a number")?.parse()?),
        None => Ok(getrandom::u64()?),
    }
}

#[test]
fn table_and_cedar_decide_the_same_on_fresh_questions_and_every_row_decides_some() -> Result<()> {
    let draft = Draft::builtin();
    let in_full = std::env::var_os(IN_FULL).is_some();
    let batches = if in_full { BATCHES_IN_FULL } else { BATCHES };
    let seed = seed()?;
    let run = run(&draft, &Cedar::of(&draft.pack()), batches, seed)?;
    assert_eq!(run.parted, None);
    let missed: Vec<String> = Questions::of(&draft)
        .rows()
        .filter(|row| !run.decided.contains_key(*row))
        .map(str::to_owned)
        .collect();
    assert!(missed.is_empty(), "seed {seed}: no question was decided by {missed:?}");
    let words = [Verdict::Permit, Verdict::Review, Verdict::Refuse].map(Verdict::word);
    for word in words {
        assert!(run.given.get(word).is_some_and(|times| *times > batches * BATCH / 20), "{run:?}");
    }
    Ok(())
}

#[test]
fn they_decide_the_same_of_rules_with_windows_default_tiers_and_another_setting() -> Result<()> {
    let draft = Draft::builtin()
        .with_setting("vir_status", "repealed")
        .with("R05.1", |row| put(row, "valid_from", "2026-07-01"))
        .with("R06.1", |row| put(row, "valid_until", "2026-07-01"))
        .with("R02.2", |row| put(row, "valid_from", "2026-12-31"))
        .with("R27.1", |row| drop(row.remove("tier_max")))
        .with("R30.1", |row| drop(row.remove("tier_max")));
    let run = run(&draft, &Cedar::of(&draft.pack()), BATCHES / 10, seed()?)?;
    assert_eq!(run.parted, None);
    let changed = ["R05.1", "R06.1", "R02.2", "R27.1", "R30.1"];
    assert!(changed.iter().all(|row| run.decided.contains_key(*row)), "{run:?}");
    Ok(())
}

#[test]
fn a_slice_of_the_policies_says_what_all_of_them_say() -> Result<()> {
    let questions = Questions::of(&Draft::builtin());
    let engine = Engine::of(&Cedar::of(&questions.pack), &questions)?;
    let seed = seed()?;
    let mut dice = Dice::new(seed, 0);
    for _ in 0..TO_ALL {
        let (question, _) = questions.throw(&mut dice);
        let in_full = engine.says_in_full(&question)?;
        let parts = engine.parts(&question, &in_full, true)?;
        assert_eq!(parts, None, "seed {seed}: {}", questions.said(&question));
    }
    Ok(())
}

#[test]
fn an_export_that_differs_in_one_place_is_caught() -> Result<()> {
    let own = Draft::builtin();
    let export = Cedar::of(&own.pack());
    let seed = seed()?;
    let planted = ["a tier less", "a person looks at it", "not in force yet"];
    let planted = drafts().into_iter().filter(|(name, _, _)| planted.contains(name));
    let planted = planted.map(|(name, _, draft)| (name, Cedar::of(&draft.pack())));
    let ids = ["R01.1", "R06.1", "R05.1 above T3", "R40.4", "R42.1"];
    let planted = planted.chain(ids.map(|id| (id, cut(&export, id))));
    let planted: Vec<(&str, Cedar)> = planted.collect();
    assert_eq!(planted.len(), 8);
    for (name, export) in planted {
        let run = run(&own, &export, BATCHES, seed)?;
        assert!(run.parted.is_some(), "seed {seed}: {name} was not seen");
    }
    Ok(())
}
