//! Questions that are thrown at both: in every row, where rows meet, one step beside a row, and
//! anywhere.

use grondslag_core::clock::Timestamp;
use grondslag_core::tier::Verdict;
use grondslag_policy::catalogue::Visibility;
use grondslag_policy::{Decision, Facts, Pack, Value};

use crate::draft::{Draft, Written};

/// A moment at which no test says otherwise.
pub(crate) const MOMENT: &str = "2026-09-15T09:00";
/// Throws at a row before one is taken that it does not decide.
const THROWS: usize = 12;

/// A column that a question fills in.
pub(crate) struct Column {
    pub(crate) id: String,
    pub(crate) values: Vec<String>,
    known: Vec<Value>,
}

/// A question: the place of a value per column, and when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) places: Vec<usize>,
    pub(crate) on: Timestamp,
}

/// Where a row lies: the places that it holds, per column.
struct Place {
    id: String,
    held: Vec<Vec<usize>>,
}

/// Throws questions, as many of each row as of any other.
pub(crate) struct Questions {
    pub(crate) pack: Pack,
    pub(crate) columns: Vec<Column>,
    pub(crate) role: usize,
    pub(crate) category: usize,
    pub(crate) moments: Vec<Timestamp>,
    kind: usize,
    /// The place of the kind that each role has.
    kind_of: Vec<usize>,
    rows: Vec<Place>,
}

/// How a question is thrown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Throw {
    /// Where the row decides.
    Hit,
    /// In the row and in another one.
    Meet,
    /// In the row but for one column.
    Beside,
    Anywhere,
}

impl Questions {
    pub(crate) fn of(draft: &Draft) -> Self {
        let pack = draft.pack();
        let columns = columns(&pack);
        let place = |id: &str| columns.iter().position(|column| column.id == id).unwrap();
        let (role, kind) = (place("requester_role"), place("requester_kind"));
        let kind_of = columns[role].values.iter().map(|role| {
            let own = role.split('.').next().unwrap();
            columns[kind].values.iter().position(|kind| kind == own).unwrap()
        });
        // A row for another setting than the pack's decides nothing.
        let mut written = draft.rows();
        written.retain(|row| {
            let mut settings = pack.settings().iter();
            settings.all(|(column, value)| row.when.get(column).is_none_or(|it| it.hold(value)))
        });
        let now = Timestamp::parse(MOMENT).unwrap();
        let bounds = written.iter().flat_map(|row| &row.bounds);
        let mut moments: Vec<Timestamp> = bounds.flat_map(|at| [at.plus_ms(-1), *at]).collect();
        moments.push(now);
        Self {
            kind_of: kind_of.collect(),
            rows: written.iter().map(|row| at(row, &columns)).collect(),
            category: place("category"),
            role,
            kind,
            moments,
            columns,
            pack,
        }
    }

    /// The rows that must each decide at least once.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.id.as_str())
    }

    /// The next question, and what the table says of it.
    pub(crate) fn throw(&self, dice: &mut Dice) -> (Question, Decision) {
        let row = dice.of(&self.rows);
        let throw = match dice.below(8) {
            0..4 => Throw::Hit,
            4 => Throw::Meet,
            5..7 => Throw::Beside,
            _ => Throw::Anywhere,
        };
        for _ in 1..THROWS {
            let (question, decision) = self.one(row, throw, dice);
            let decides = decision.rows.iter().any(|decided| decided.as_str() == row.id);
            if throw != Throw::Hit || decides {
                return (question, decision);
            }
        }
        self.one(row, throw, dice)
    }

    fn one(&self, row: &Place, throw: Throw, dice: &mut Dice) -> (Question, Decision) {
        let other = (throw == Throw::Meet).then(|| dice.of(&self.rows));
        let astray = (throw == Throw::Beside).then(|| dice.below(self.columns.len()));
        let mut places: Vec<usize> = Vec::with_capacity(self.columns.len());
        for (at, column) in self.columns.iter().enumerate() {
            let whole: Vec<usize> = (0..column.values.len()).collect();
            let anywhere = throw == Throw::Anywhere || astray == Some(at);
            let held = if anywhere { &whole } else { &row.held[at] };
            let shared = other.map(|other| shared(held, &other.held[at])).unwrap_or_default();
            places.push(*dice.of(if shared.is_empty() { held } else { &shared }));
        }
        self.with_own_kind(row, &mut places, dice);
        let question = Question { places, on: *dice.of(&self.moments) };
        let decision = self.pack.decide(&self.facts(&question), question.on).unwrap();
        (question, decision)
    }

    /// A role belongs to one kind of party. A row may name the kind alone: then one of its roles.
    fn with_own_kind(&self, row: &Place, places: &mut [usize], dice: &mut Dice) {
        let kinds = &row.held[self.kind];
        let roles = row.held[self.role].iter();
        let fit: Vec<usize> =
            roles.filter(|role| kinds.contains(&self.kind_of[**role])).copied().collect();
        if !kinds.contains(&self.kind_of[places[self.role]]) && !fit.is_empty() {
            places[self.role] = *dice.of(&fit);
        }
        places[self.kind] = self.kind_of[places[self.role]];
    }

    fn facts(&self, question: &Question) -> Facts {
        let named = self.columns.iter().zip(&question.places);
        named.fold(self.pack.facts(), |facts, (column, place)| facts.with(column.known[*place]))
    }

    /// The question in words.
    pub(crate) fn said(&self, question: &Question) -> String {
        let named = self.columns.iter().zip(&question.places);
        let named = named.map(|(column, place)| format!("{}={}", column.id, column.values[*place]));
        format!("{} on {}", named.collect::<Vec<_>>().join(" "), question.on)
    }
}

/// What the table says, without what follows from it.
pub(crate) fn outcome(decision: &Decision) -> String {
    match decision.verdict {
        Verdict::Refuse => "refuse".to_owned(),
        verdict => format!("{verdict} up to {}", decision.tier),
    }
}

fn columns(pack: &Pack) -> Vec<Column> {
    let asked = pack.catalogue().columns().iter();
    let asked = asked.filter(|column| column.visibility != Visibility::Setting);
    let columns = asked.map(|column| {
        let values: Vec<String> = column.values.iter().map(|value| value.id.clone()).collect();
        let known = values.iter().map(|value| pack.value(&column.id, value).unwrap());
        Column { id: column.id.clone(), known: known.collect(), values: values.clone() }
    });
    columns.collect()
}

fn at(row: &Written, columns: &[Column]) -> Place {
    let held = columns.iter().map(|column| {
        let words = row.when.get(&column.id);
        let fits = |value: &str| words.is_none_or(|words| words.hold(value));
        let places = column.values.iter().enumerate().filter(|(_, value)| fits(value));
        places.map(|(place, _)| place).collect()
    });
    Place { id: row.id.clone(), held: held.collect() }
}

fn shared(one: &[usize], other: &[usize]) -> Vec<usize> {
    one.iter().filter(|place| other.contains(place)).copied().collect()
}

/// A small generator (splitmix64): the same seed gives the same questions.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, batch: usize) -> Self {
        Self(seed ^ (batch as u64).wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound as u64).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
