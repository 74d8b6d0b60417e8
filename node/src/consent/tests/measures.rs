//! Random histories of one measure, entered and certified, and what is forgotten of them: that
//! something was forgotten never makes a measure count that did not count with everything in hand,
//! nor count as certified that did not.

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
use crate::consent::store::Body;
use crate::consent::terms::{self, Recorded};
use crate::fixture::oin;

/// Histories that are tried.
const ROUNDS: u32 = 4_000;
const QUARTER_MS: i64 = 91 * 86_400_000;

/// An act, in quarters since the start: a retention term is twenty of them.
#[derive(Debug, Clone)]
struct Drawn {
    after: i64,
    from: i64,
    lasts: Option<i64>,
    /// Of a certified one: made so many days before it was entered.
    made_before: Option<i64>,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let made = prop::option::of(0..31_i64);
    (0..6_i64, 0..24_i64, prop::option::weighted(0.7, 1..24_i64), made)
        .prop_map(|(after, from, lasts, made_before)| Drawn { after, from, lasts, made_before })
}

fn quarter(count: i64) -> Timestamp {
    moment("2026-09-15").plus_ms(count * QUARTER_MS)
}

fn written(number: usize, at: Timestamp, drawn: &Drawn) -> Written {
    let number = ConsentId::new([u8::try_from(number).unwrap(); 16]);
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

fn is_kept(one: &Recorded, at: Timestamp) -> bool {
    !matches!(one.until, Until::At(end) if end <= at)
}

/// Writes an act down as the store does, if it can count, beside what was not forgotten yet.
fn write(pack: &Pack, before: &mut Vec<Recorded>, new: Written) {
    before.retain(|one| is_kept(one, new.recorded_at));
    let on_file = OnFile::of(before.iter().map(|one| one.written.clone()).collect());
    let kind_of = |_: &_| None;
    let names = Names { pack, kind_of: &kind_of };
    let age = grondslag_policy::consent::AgeBand::Under12;
    let held = Held { names, on_file: &on_file, age, now: new.recorded_at };
    if held.check(&new.act).is_err() {
        return;
    }
    terms::add(pack, before, Body::about(KNOWN, new).unwrap(), None);
}

/// Whether it counts without a person, and whether as certified.
fn counts(acts: impl Iterator<Item = Written>, at: Timestamp) -> (bool, bool) {
    let on_file = OnFile::of(acts.collect());
    let in_force = on_file.measures(at);
    let counts = in_force.first().is_some_and(|one| !one.disputed);
    (counts, counts && in_force.iter().any(|one| one.certified))
}

#[test]
fn forgetting_never_makes_a_measure_count_that_did_not() {
    let pack = Pack::builtin().unwrap();
    let (counted, forgotten) = (Cell::new(0), Cell::new(0));
    let history = prop::collection::vec(drawn(), 1..7);
    let mut runner = TestRunner::new(Config { cases: ROUNDS, ..Config::default() });
    let tried = runner.run(&history, |history| {
        let (mut acts, mut now) = (Vec::new(), 0);
        for (number, drawn) in history.iter().enumerate() {
            now += drawn.after;
            // A moment apart, so that no two were written down at once.
            let at = quarter(now).plus_ms(i64::try_from(number).unwrap());
            write(&pack, &mut acts, written(number, at, drawn));
        }
        for later in now..now + 80 {
            let at = quarter(later).plus_ms(3_600_000);
            let left = acts.iter().filter(|one| is_kept(one, at));
            let left: Vec<Written> = left.map(|one| one.written.clone()).collect();
            let (whole, certified) = counts(acts.iter().map(|one| one.written.clone()), at);
            forgotten.set(forgotten.get() + u32::from(whole && left.len() < acts.len()));
            counted.set(counted.get() + u32::from(whole));
            let (left, left_certified) = counts(left.into_iter(), at);
            prop_assert!(whole || !left, "quarter {}", later);
            prop_assert!(certified || !left_certified, "as certified, quarter {}", later);
        }
        Ok(())
    });
    tried.unwrap();
    assert!(counted.get() > 5_000 && forgotten.get() > 500, "{counted:?} {forgotten:?}");
}
