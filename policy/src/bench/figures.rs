//! The figures of the policy office: how long what an officer waits for takes on this machine.

use std::fmt;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use grondslag_core::answer::About;
use grondslag_core::catalogue::{Category, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};

use crate::catalogue::{Catalogue, Visibility};
use crate::check::Report;
use crate::compare::{Comparison, NotComparable};
use crate::facts::{FactError, Facts};
use crate::fault::PackError;
use crate::folder::in_folder;
use crate::pack::Pack;
use crate::simulate::{By, Line, On, Recorded, Side, Simulation, Under, Word};

use super::{Dice, MOMENT, decision_ns, samples};

/// Rules of the large pack.
const MANY: usize = 1_000;
/// Rules of the packs that are held against each other.
const COMPARED: usize = 500;
/// Rows of them that differ.
const DIFFERENT: usize = 10;
/// How often what is short is done; the median counts.
const TIMES: usize = 9;
/// Records that are simulated, at broker and holder by turns.
const RECORDS: usize = 20_000;
/// Categories of each, as an ordinary question has.
const CATEGORIES: usize = 4;
/// Seed of everything that is made up.
const SEED: u64 = 0x51f1_5eed;

/// What was measured.
#[derive(Debug)]
pub struct Figure {
    /// Of what.
    pub what: &'static str,
    /// How much.
    pub value: f64,
    /// In which unit.
    pub unit: &'static str,
    /// What was asked of it.
    pub bound: &'static str,
}

/// A figure could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum Unmeasured {
    /// A pack that was made up does not load.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// Two packs cannot be held against each other.
    #[error(transparent)]
    NotComparable(#[from] NotComparable),
    /// A record that was made up cannot be decided.
    #[error(transparent)]
    Facts(#[from] FactError),
    /// A word that was made up is none.
    #[error("a word of the catalogue is none")]
    Word,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, value, unit, bound } = self;
        write!(f, "{what:<46} {value:>12.1} {unit:<12} (asked: {bound})")
    }
}

/// Takes every figure.
///
/// # Errors
/// [`Unmeasured`].
pub fn figures() -> Result<Vec<Figure>, Unmeasured> {
    let own = Pack::builtin()?;
    let many = made(MANY, 0)?;
    let figure = |what, value, unit, bound| Figure { what, value, unit, bound };
    let ns = |pack| f64::from(u32::try_from(decision_ns(pack)).unwrap_or(u32::MAX));
    Ok(vec![
        figure("a decision, 44 rules", ns(&own), "ns", "1,000"),
        figure("a decision, 1,000 rules", ns(&many), "ns", "10,000"),
        figure("check of the default pack", ms(check), "ms", "50"),
        figure("diff of two packs of 44 rules", diff(&own, &raised()?)?, "ms", "100"),
        figure(
            "diff of two packs of 500 rules",
            diff(&made(COMPARED, 0)?, &made(COMPARED, DIFFERENT)?)?,
            "ms",
            "5,000",
        ),
        figure("simulate from memory, per core", simulated(&own)?, "decisions/s", "1,000,000"),
    ])
}

fn check() {
    let _ = black_box(Report::of_builtin());
}

fn diff(before: &Pack, after: &Pack) -> Result<f64, NotComparable> {
    let on = Timestamp::parse(MOMENT).unwrap_or_default();
    let compared = || Comparison::of(black_box(before), black_box(after), on).map(drop);
    compared()?;
    Ok(ms(|| drop(black_box(compared()))))
}

/// Median of some runs, in milliseconds.
fn ms(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times.get(TIMES / 2).copied().unwrap_or_default().as_secs_f64() * 1_000.0
}

/// The pack of the program with other tiers in one file.
fn raised() -> Result<Pack, PackError> {
    let mut files = Pack::builtin_files();
    if let Some(text) = files.get_mut("table/gemeente.toml") {
        *text = text.replace("tier_max = \"T3\"", "tier_max = \"T4\"");
    }
    Pack::from_files(&files)
}

/// A pack of so many rules of one row, with the catalogue of the program; the last `different`
/// rows have another tier.
fn made(rules: usize, different: usize) -> Result<Pack, PackError> {
    let mut files = Pack::builtin_files();
    files.retain(|path, _| !in_folder(path, "table") && !in_folder(path, "cases"));
    let builtin = Pack::builtin()?;
    let (mut dice, mut text) = (Dice(SEED), String::new());
    for number in 1..=rules {
        let tier = if number + different > rules { "T4" } else { "T3" };
        rule(number, tier, builtin.catalogue(), &mut dice, &mut text);
    }
    files.insert("table/made.toml".to_owned(), text);
    Pack::from_files(&files)
}

fn rule(number: usize, tier: &str, catalogue: &Catalogue, dice: &mut Dice, to: &mut String) {
    let outcome = match dice.below(4) {
        0 => "outcome = \"deny\"".to_owned(),
        1 => format!("outcome = \"review\"\ntier_max = \"{tier}\""),
        _ => format!("outcome = \"permit\"\ntier_max = \"{tier}\""),
    };
    let grounds = catalogue.grounds();
    let ground = grounds.get(dice.below(grounds.len())).map_or("", |ground| ground.id.as_str());
    let _ = write!(
        to,
        "[[rule]]\nid = \"R{number}\"\ntitle.nl = \"x\"\ntitle.en = \"x\"\n[[rule.row]]\n\
         id = \"R{number}.1\"\n{outcome}\nlegal = [\"{ground}\"]\nstatus = \"in_force\"\n\
         text.nl = \"x\"\ntext.en = \"x\"\n",
    );
    for (column, values) in
        [("requester_role", 2), ("purpose", 1), ("category", 3), ("target_kind", 2)]
    {
        let known = catalogue.column(column).map_or(&[][..], |column| &column.values);
        let first = dice.below(known.len());
        let picked = known.iter().cycle().skip(first).take(values);
        let picked = picked.map(|value| format!("\"{}\"", value.id)).collect::<Vec<_>>();
        let _ = writeln!(to, "when.{column} = [{}]", picked.join(", "));
    }
}

/// A record in words of its own.
struct Kept {
    by: By,
    purpose: Purpose,
    visible: Vec<(String, String)>,
    sealed: Vec<(String, String)>,
    categories: Vec<Category>,
}

/// Records in memory, as a ledger tells them, taken again under a draft; decisions a second.
fn simulated(pack: &Pack) -> Result<f64, Unmeasured> {
    let draft = raised()?;
    let facts = samples(pack, RECORDS);
    let kept = facts.iter().enumerate().map(|(at, facts)| Kept::of(pack, facts, at));
    let kept = kept.collect::<Option<Vec<_>>>().ok_or(Unmeasured::Word)?;
    let oin = Oin::parse("00000099000000001000").map_err(|_| Unmeasured::Word)?;
    let records: Vec<Recorded<'_>> = kept.iter().map(|kept| kept.recorded(&oin)).collect();
    let (then, draft) = (Side::of(pack), Side::of(&draft));
    let under = |side| Under { side, overlay: None };
    let mut simulation = Simulation::new(None);
    let start = Instant::now();
    for record in &records {
        simulation.take(record, under(&then), under(&draft))?;
    }
    let took = start.elapsed().as_secs_f64();
    let (broker, holders) = simulation.finish();
    let decisions = broker.decisions.saturating_add(holders.decisions);
    Ok(f64::from(u32::try_from(decisions).unwrap_or(u32::MAX)) / took)
}

impl Kept {
    fn of(pack: &Pack, facts: &Facts, at: usize) -> Option<Self> {
        let columns = pack.catalogue().columns().iter().enumerate();
        let words = columns.filter_map(|(at, column)| {
            let value = column.picked(facts.region().of(at)).next()?;
            Some((column.visibility, column.id.as_str(), value.id.as_str()))
        });
        let words: Vec<_> = words.collect();
        let of = |visibility: Visibility, but: &str| {
            let words = words.iter().filter(|(of, id, _)| *of == visibility && *id != but);
            words.map(|(_, id, value)| ((*id).to_owned(), (*value).to_owned())).collect()
        };
        let (_, _, purpose) = words.iter().find(|(_, id, _)| *id == "purpose")?;
        let known = pack.catalogue().categories();
        let categories = known.iter().cycle().skip(at % known.len().max(1)).take(CATEGORIES);
        Some(Self {
            by: if at.is_multiple_of(2) { By::Broker } else { By::Holder },
            purpose: Purpose::parse(purpose).ok()?,
            visible: of(Visibility::Visible, "category"),
            sealed: of(Visibility::Sealed, "about"),
            categories: categories.map(|category| category.id.clone()).collect(),
        })
    }

    fn recorded<'a>(&'a self, oin: &'a Oin) -> Recorded<'a> {
        let at_holder = self.by == By::Holder;
        let on = || On { facts: 0, held: false, about: vec![About::Child] };
        let lines = self.categories.iter();
        Recorded {
            by: self.by,
            id: TargetId::new([7; 16]),
            decided_at: Timestamp::parse(MOMENT).unwrap_or_default(),
            asker: oin,
            holder: oin,
            purpose: &self.purpose,
            visible: words(&self.visible),
            sealed: if at_holder { vec![words(&self.sealed)] } else { Vec::new() },
            lines: lines.map(|category| Line { category, on: at_holder.then(on) }).collect(),
        }
    }
}

fn words(words: &[(String, String)]) -> Vec<Word<'_>> {
    words.iter().map(|(column, value)| (column.as_str(), value.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_that_were_made_up_load_and_differ_in_as_many_rows_as_was_asked() {
        let (one, other) = (made(60, 0).unwrap(), made(60, 10).unwrap());
        assert_eq!(one.rules().len(), 60);
        let tiers = |pack: &Pack| pack.rows().iter().map(|row| row.tier_max).collect::<Vec<_>>();
        let pairs = tiers(&one).into_iter().zip(tiers(&other));
        let differ = pairs.filter(|(one, other)| one != other).count();
        assert!((1..=10).contains(&differ), "{differ}: a deny has no tier");
        let on = Timestamp::parse(MOMENT).unwrap();
        assert!(!Comparison::of(&one, &other, on).unwrap().is_empty());
    }

    #[test]
    fn records_that_were_made_up_are_decided() {
        assert!(simulated(&Pack::builtin().unwrap()).unwrap() > 0.0);
        assert_ne!(raised().unwrap().bundle(), Pack::builtin().unwrap().bundle());
    }
}
