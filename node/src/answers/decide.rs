//! Deciding on a child who is known here: every category that the broker let through, for each
//! person whose file this agency holds under it.

use std::collections::BTreeSet;

use grondslag_core::answer::{About, Basis, Record};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::statement::Ruling;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_policy::{Asked, Decision, FactError, Overlay, Pack, Ruled};

use super::facts::{self, Case};
use super::record::{DecidedOn, DecisionFact, FileRuling, Naming};
use super::verify::Attested;
use crate::consent::on_file::OnFile;
use crate::own_rules::InForce;
use crate::records::{Client, RegisterFact};
use crate::rights::standing::Standing;

/// Category that says whether a child is known at all; whoever may have it may be told why
/// something else is refused (domain 4a.23).
const INVOLVEMENT: &str = "G05";

/// What this agency holds on the child, at the moment of the question.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) client: Client,
    pub(super) records: Vec<Record>,
    pub(super) facts: Vec<RegisterFact>,
    pub(super) consents: OnFile,
    /// What stands against telling of them.
    pub(super) standing: Standing,
}

impl Found {
    /// Nobody: somebody of whom nothing is held, to decide on as on a client.
    pub(super) fn decoy(now: Timestamp) -> Self {
        Self {
            client: Client::decoy(now),
            records: Vec::new(),
            facts: Vec::new(),
            consents: OnFile::default(),
            standing: Standing::default(),
        }
    }
}

/// The rules in force here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) pack: &'a Pack,
    pub(super) overlay: Option<&'a Overlay>,
    pub(super) now: Timestamp,
}

impl<'a> Rules<'a> {
    /// Those that decide a question, at this moment.
    pub(super) fn of(in_force: &'a InForce, now: Timestamp) -> Self {
        Self { pack: &in_force.pack, overlay: in_force.overlay.as_deref(), now }
    }
}

/// What was decided on one child.
#[derive(Debug)]
pub(super) struct Decided {
    /// In the order asked.
    pub(super) categories: Vec<CategoryDecided>,
    /// Whether what depends on the child may be shown as such to this asker.
    pub(super) naming: Naming,
    /// The facts used, as sets: categories with the same facts share one.
    pub(super) facts: Vec<Vec<DecisionFact>>,
}

/// The rulings on one category, one for each person whose file it is.
#[derive(Debug)]
pub(super) struct CategoryDecided {
    pub(super) category: Category,
    /// The broker's cap.
    pub(super) cap: Tier,
    /// Which set of facts.
    facts: usize,
    /// The facts contradict each other.
    held: bool,
    pub(super) rulings: Vec<(Decision, Ruled)>,
}

impl CategoryDecided {
    /// On what it was decided, for the record.
    pub(super) fn on(&self) -> DecidedOn {
        let files = self.rulings.iter().map(|(decision, ruled)| FileRuling {
            about: ruled.about(),
            verdict: decision.verdict,
            tier: decision.tier,
            rows: decision.rows.clone(),
            reason: decision.reason,
        });
        DecidedOn { facts: self.facts, held: self.held, files: files.collect() }
    }

    /// What the rulings come to: what may be given of one file is given, whatever becomes of
    /// another.
    pub(super) fn verdict(&self) -> Verdict {
        let verdicts = self.rulings.iter().map(|(decision, _)| decision.verdict);
        verdicts.min().unwrap_or(Verdict::Refuse)
    }

    /// What the rulings on these files come to.
    pub(super) fn verdict_on(&self, files: &[About]) -> Verdict {
        let of = self.rulings.iter().filter(|(_, ruled)| files.contains(&ruled.about()));
        of.map(|(decision, _)| decision.verdict).min().unwrap_or(Verdict::Refuse)
    }

    /// The decisions with that verdict.
    pub(super) fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Decision> {
        let decisions = self.rulings.iter().map(|(decision, _)| decision);
        decisions.filter(move |decision| decision.verdict == verdict)
    }

    /// Rows and grounds of the decisions with that verdict.
    pub(super) fn basis(&self, verdict: Verdict) -> Basis {
        let mut basis = Basis::default();
        for decision in self.with(verdict) {
            add_new(&mut basis.rows, &decision.rows);
            add_new(&mut basis.grounds, &decision.grounds);
        }
        basis
    }

    /// The rulings on these files by which they may be given, by themselves or by a person.
    pub(super) fn open(&self, files: &[About]) -> Vec<&(Decision, Ruled)> {
        let open = self.rulings.iter().filter(|(one, _)| one.verdict != Verdict::Refuse);
        open.filter(|(_, ruled)| files.contains(&ruled.about())).collect()
    }

    /// The highest tier that was decided.
    pub(super) fn tier(&self) -> Tier {
        let tiers = self.with(self.verdict()).map(|decision| decision.tier);
        tiers.max().unwrap_or(Tier::T0)
    }
}

fn add_new<T: Clone + PartialEq>(list: &mut Vec<T>, items: &[T]) {
    for item in items {
        if !list.contains(item) {
            list.push(item.clone());
        }
    }
}

/// Decides on everything that the broker let through.
///
/// # Errors
/// [`FactError`] when a fact cannot be settled: fail closed.
pub(super) fn decide(
    case: &Case<'_>,
    attested: &Attested,
    found: &Found,
    rules: Rules<'_>,
) -> Result<Decided, FactError> {
    let mut facts = Vec::new();
    let mut categories = Vec::new();
    for ruling in attested.let_through() {
        categories.push(category(case, attested, ruling, found, rules, &mut facts)?);
    }
    let naming = naming(case, found, rules, &mut facts)?;
    Ok(Decided { categories, naming, facts })
}

fn category(
    case: &Case<'_>,
    attested: &Attested,
    ruling: &Ruling,
    found: &Found,
    rules: Rules<'_>,
    facts: &mut Vec<Vec<DecisionFact>>,
) -> Result<CategoryDecided, FactError> {
    let category = &ruling.category;
    let known = case.sealed(category, found, rules.now)?;
    let held = known.held();
    let rulings = files(category, &found.records).into_iter().map(|about| {
        rules.pack.rule(&Asked {
            question: attested.statement(),
            category,
            about,
            facts: &known.resolved.facts,
            overlay: rules.overlay,
            cap: ruling.cap,
            held,
            on: rules.now,
        })
    });
    let rulings = rulings.collect::<Result<_, _>>()?;
    let facts = place(facts, facts::told(&known.resolved));
    Ok(CategoryDecided { category: category.clone(), cap: ruling.cap, facts, held, rulings })
}

/// Where a set of facts stands among those of a record.
fn place(sets: &mut Vec<Vec<DecisionFact>>, set: Vec<DecisionFact>) -> usize {
    let found = sets.iter().position(|known| *known == set);
    found.unwrap_or_else(|| {
        sets.push(set);
        sets.len() - 1
    })
}

/// Whose files there are under a category; without any, the child's own is asked about.
fn files(category: &Category, records: &[Record]) -> BTreeSet<About> {
    let of_category = records.iter().filter(|record| record.category == *category);
    let files: BTreeSet<About> = of_category.map(|record| record.about).collect();
    if files.is_empty() { BTreeSet::from([About::Child]) } else { files }
}

/// Whether this asker would be permitted to know that the child is known here. Not while a fact
/// of the register cannot be understood: it may be the one that shields the child.
fn naming(
    case: &Case<'_>,
    found: &Found,
    rules: Rules<'_>,
    facts: &mut Vec<Vec<DecisionFact>>,
) -> Result<Naming, FactError> {
    let involvement = Category::parse(INVOLVEMENT)
        .map_err(|_| FactError::Column { given: INVOLVEMENT.to_owned(), nearest: None })?;
    let known = case.sealed(&involvement, found, rules.now)?;
    let may_name = rules.pack.may_name(&known.resolved.facts, rules.overlay, rules.now);
    let (understood, nameable) = (known.understood, known.understood && may_name);
    Ok(Naming { facts: place(facts, facts::told(&known.resolved)), understood, nameable })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn record(category: &str, about: About) -> Record {
        Record {
            category: Category::parse(category).unwrap(),
            about,
            dated: Timestamp::from_ms(0),
            source: String::new(),
            layers: BTreeMap::new(),
        }
    }

    #[test]
    fn every_file_under_a_category_is_decided_and_without_any_the_childs() {
        let records = [
            record("G08", About::Parent),
            record("G08", About::Child),
            record("G16", About::Parent),
        ];
        let of = |code| files(&Category::parse(code).unwrap(), &records);
        assert_eq!(of("G08"), BTreeSet::from([About::Child, About::Parent]));
        assert_eq!(of("G16"), BTreeSet::from([About::Parent]));
        assert_eq!(of("G05"), BTreeSet::from([About::Child]));
    }
}
