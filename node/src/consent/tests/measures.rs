//! Random histories of one measure, entered and certified, and what is forgotten of them: that
//! something was forgotten never makes a measure count that did not count with everything in hand,
//! nor count as certified that did not; and what counted is still seen to have counted for as long
//! as the law has it kept. What was forgotten before somebody enters an act is not in hand.

use std::cell::Cell;

use grondslag_core::id::ConsentId;
use grondslag_evidence::records::Until;
use grondslag_policy::Pack;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::consent::act::{Act, Author, Certified, Measure, Written};
use crate::consent::check::{Held, Names};
use crate::consent::on_file::OnFile;
use crate::consent::terms::{self, Termed};
use crate::fixture::oin;
use crate::processing::DataSubject;

/// Histories that are tried.
const ROUNDS: u32 = 4_000;
const QUARTER_MS: i64 = 91 * 86_400_000;
/// Quarters of that length in a retention term.
const TERM_QUARTERS: i64 = 20;

/// An act, in quarters since the start: a retention term is twenty of them.
#[derive(Debug, Clone)]
struct Drawn {
    after: i64,
    from: i64,
    lasts: Option<i64>,
    /// Of a certified one: made so many days before it was entered.
    made_before: Option<i64>,
    /// The beginning of its number, which no order rests on.
    number: u8,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let made = prop::option::of(0..31_i64);
    let lasts = prop::option::weighted(0.7, 1..24_i64);
    (0..6_i64, 0..24_i64, lasts, made, any::<u8>()).prop_map(
        |(after, from, lasts, made_before, number)| Drawn {
            after,
            from,
            lasts,
            made_before,
            number,
        },
    )
}

fn quarter(count: i64) -> Timestamp {
    moment("2026-09-15").plus_ms(count * QUARTER_MS)
}

fn written(number: usize, at: Timestamp, drawn: &Drawn) -> Written {
    let mut id = [u8::try_from(number).unwrap(); 16];
    id[0] = drawn.number;
    let number = ConsentId::new(id);
    let measure = Measure {
        value: "ots".into(),
        court_reference: "C/19".into(),
        from: quarter(drawn.from),
        until: drawn.lasts.map(|lasts| quarter(drawn.from + lasts)),
    };
    let act = match drawn.made_before {
        None => Act::Measure(measure),
        Some(days) => Act::Certified(Certified {
            measure,
            id: number,
            by: oin(GI),
            role: Role::parse("gi.jeugdbeschermer").unwrap(),
            made_at: at.plus_ms(-days * 86_400_000),
        }),
    };
    Written {
        id: number,
        recorded_at: at,
        author: Author::Staff(StaffId::parse("dokter").unwrap()),
        role: Role::parse("ha.arts").unwrap(),
        act,
    }
}

fn is_kept(one: &Termed, at: Timestamp) -> bool {
    !matches!(one.until, Until::At(end) if end <= at)
}

/// Writes an act down as the store does, if it can count, beside what was not forgotten yet.
fn write(pack: &Pack, before: &mut Vec<Termed>, new: Written) {
    before.retain(|one| is_kept(one, new.recorded_at));
    let on_file = OnFile::of(before.iter().map(|one| one.written.clone()).collect());
    let kind_of = |_: &_| None;
    let names = Names { pack, kind_of: &kind_of };
    let age = grondslag_policy::consent::AgeBand::Under12;
    let held = Held { names, on_file: &on_file, age, now: new.recorded_at };
    if held.check(&new.act).is_err() {
        return;
    }
    terms::add(pack, before, (DataSubject::of(KNOWN).unwrap(), new), None);
}

/// Whether it counts without a person, and whether as certified.
fn counts(acts: impl Iterator<Item = Written>, at: Timestamp) -> (bool, bool) {
    let on_file = OnFile::of(acts.collect());
    let in_force = on_file.measures(at);
    let counts = in_force.first().is_some_and(|one| !one.disputed);
    (counts, counts && in_force.iter().any(|one| one.certified))
}

#[test]
fn forgetting_never_makes_a_measure_count_nor_loses_that_it_counted() {
    let pack = Pack::builtin().unwrap();
    let (counted, forgotten) = (Cell::new(0), Cell::new(0));
    let history = prop::collection::vec(drawn(), 1..7);
    let mut runner = TestRunner::new(Config { cases: ROUNDS, ..Config::default() });
    let tried = runner.run(&history, |history| {
        let (mut acts, mut now) = (Vec::new(), 0);
        for (number, drawn) in history.iter().enumerate() {
            now += drawn.after;
            write(&pack, &mut acts, written(number, quarter(now), drawn));
        }
        let counts_of = |at: Timestamp, kept_at: Timestamp| {
            let left = acts.iter().filter(|one| is_kept(one, kept_at));
            counts(left.map(|one| one.written.clone()), at)
        };
        for later in now..now + 80 {
            let at = quarter(later).plus_ms(3_600_000);
            let (whole, certified) = counts(acts.iter().map(|one| one.written.clone()), at);
            let (left, left_certified) = counts_of(at, at);
            prop_assert!(whole || !left, "quarter {}", later);
            prop_assert!(certified || !left_certified, "as certified, quarter {}", later);
            let last_day = quarter(later + TERM_QUARTERS);
            prop_assert!(!whole || counts_of(at, last_day).0, "soon forgotten, quarter {}", later);
            let is_less = acts.iter().any(|one| !is_kept(one, at));
            forgotten.set(forgotten.get() + u32::from(whole && is_less));
            counted.set(counted.get() + u32::from(whole));
        }
        Ok(())
    });
    tried.unwrap();
    assert!(counted.get() > 5_000 && forgotten.get() > 500, "{counted:?} {forgotten:?}");
}
