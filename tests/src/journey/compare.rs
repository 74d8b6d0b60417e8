//! What was expected and what was seen, side by side.

use std::collections::BTreeSet;
use std::fmt;

use super::Seen;
use crate::world::{Decided, Expect, Question, Shown};

/// Which half differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// What stands in the ledger.
    Decided,
    /// What the asker sees.
    Shown,
    /// The world says nothing of it, or twice.
    World,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The question.
    pub question: String,
    /// The target.
    pub target: String,
    /// The category.
    pub category: String,
    /// Which half.
    pub half: Half,
    /// What should be.
    pub expected: String,
    /// What is.
    pub seen: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { question, target, category, half, expected, seen } = self;
        writeln!(f, "{question} {target} {category} ({half:?})")?;
        writeln!(f, "    expected  {expected}")?;
        write!(f, "    seen      {seen}")
    }
}

/// Every difference between what the world expects of a question and what came of it.
pub fn compare(question: &Question, seen: &[Seen]) -> Vec<Mismatch> {
    seen.iter().flat_map(|seen| compare_one(question, seen)).collect()
}

fn compare_one(question: &Question, seen: &Seen) -> Vec<Mismatch> {
    let told = |expect: &&Expect| expect.target == seen.target && expect.category == seen.category;
    let expected: Vec<&Expect> = question.expect.iter().filter(told).collect();
    let differs = |half, expected: String, found: String| Mismatch {
        question: question.id.clone(),
        target: seen.target.clone(),
        category: seen.category.clone(),
        half,
        expected,
        seen: found,
    };
    let [expect] = expected.as_slice() else {
        let count = format!("{} expectations", expected.len());
        return vec![differs(Half::World, "one expectation".to_owned(), count)];
    };
    let nothing = || format!("nothing ({})", seen.why);
    let mut found = Vec::new();
    let decided = seen.decided.as_ref();
    if decided != Some(&expect.decided) {
        let what = decided.map_or_else(nothing, tell_decided);
        found.push(differs(Half::Decided, tell_decided(&expect.decided), what));
    }
    let shown = seen.shown.as_ref();
    if !shown.is_some_and(|shown| agrees(&expect.shown, shown)) {
        let what = shown.map_or_else(nothing, tell_shown);
        found.push(differs(Half::Shown, tell_shown(&expect.shown), what));
    }
    found
}

/// A tier counts with content; rows and articles where something is named for its own sake.
fn agrees(expected: &Shown, seen: &Shown) -> bool {
    let named = matches!(expected.state.as_str(), "refused" | "review");
    expected.state == seen.state
        && (expected.state != "content" || expected.tier == seen.tier)
        && (!named || (&expected.rows, &expected.legal) == (&seen.rows, &seen.legal))
}

fn tell_decided(decided: &Decided) -> String {
    let Decided { by, outcome, rows, legal } = decided;
    format!("{by} {outcome} {} {}", listed(rows), listed(legal))
}

fn tell_shown(shown: &Shown) -> String {
    let tier = shown.tier.as_deref().unwrap_or("-");
    format!("{} {tier} {} {}", shown.state, listed(&shown.rows), listed(&shown.legal))
}

fn listed(words: &BTreeSet<String>) -> String {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    format!("[{}]", words.join(" "))
}
