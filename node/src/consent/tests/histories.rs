//! Random histories: in whatever order acts are written down, a withdrawn consent permits no more
//! than no consent.

use std::cell::Cell;

use grondslag_core::catalogue::{Category, Kind, Purpose, Role};
use grondslag_core::id::{ConsentId, Oin};
use grondslag_policy::Pack;
use grondslag_policy::consent::acts::Wanted;
use grondslag_policy::consent::{Capacity, SecrecyConsent};
use grondslag_subject::Name;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::consent::act::{
    Act, Author, ConsentKind, Custody, How, Named, Receiver, Speaker, Statement, TakenBack, Written,
};
use crate::consent::on_file::{OnFile, Place};

/// Histories that are tried.
const ROUNDS: u32 = 4_000;

fn parent(given: &str) -> Speaker {
    let name = Name::parse(given, "", "Vos").unwrap();
    Speaker::Person(Named::new(&name, BirthDate::parse("1990-04-02").unwrap()))
}

fn holder() -> Oin {
    Oin::parse(OWN).unwrap()
}

fn wanted() -> Wanted {
    Wanted {
        agency: Oin::parse(GI).unwrap(),
        kind: Kind::parse("gi").unwrap(),
        category: Category::parse("G16").unwrap(),
        purpose: Purpose::parse("D02").unwrap(),
    }
}

/// A yes or a no: by whom, when, for how long, and whether it names anything.
#[derive(Debug, Clone)]
struct Said {
    who: usize,
    at: i64,
    lasts: i64,
    is_yes: bool,
    is_narrow: bool,
}

/// A withdrawal: of which of them, by its number or of all, and when.
#[derive(Debug, Clone)]
struct Back {
    of: prop::sample::Index,
    is_named: bool,
    at: i64,
}

fn said() -> impl Strategy<Value = Said> {
    (0..3_usize, 0..1_000_i64, 1..1_000_i64, prop::bool::weighted(0.7), any::<bool>())
        .prop_map(|(who, at, lasts, is_yes, is_narrow)| Said { who, at, lasts, is_yes, is_narrow })
}

fn back() -> impl Strategy<Value = Back> {
    (any::<prop::sample::Index>(), any::<bool>(), 0..1_000_i64)
        .prop_map(|(of, is_named, at)| Back { of, is_named, at })
}

fn start() -> Timestamp {
    moment("2026-09-15")
}

fn written(number: usize, at: Timestamp, act: Act) -> Written {
    Written {
        id: ConsentId::new([u8::try_from(number).unwrap(); 16]),
        recorded_at: at,
        author: Author::Staff(StaffId::parse("dokter").unwrap()),
        role: Role::parse("ha.arts").unwrap(),
        act,
    }
}

fn statement(number: usize, said: &Said) -> Written {
    let (speaker, capacity) = match said.who {
        0 => (Speaker::Subject, Capacity::YoungPerson),
        1 => (parent("Iris"), Capacity::CustodyHolders),
        _ => (parent("Wouter"), Capacity::CustodyHolders),
    };
    let (at, wanted) = (start().plus_ms(said.at), wanted());
    let is_narrow = said.is_yes || said.is_narrow;
    let act = Act::Statement(Statement {
        speaker,
        capacity,
        kind: ConsentKind::Secrecy,
        yes_until: said.is_yes.then(|| at.plus_ms(said.lasts)),
        holders: [holder()].into(),
        to: is_narrow.then_some(Receiver::Agency(wanted.agency)).into_iter().collect(),
        categories: is_narrow.then_some(wanted.category).into_iter().collect(),
        purpose: is_narrow.then_some(wanted.purpose),
        plan: None,
        how: How::Spoken,
        said_at: at,
        from: at,
        evidence: None,
        notice: Digest::of(b""),
    });
    written(number, at, act)
}

fn withdrawal(number: usize, back: &Back, statements: &[Written]) -> Option<Written> {
    let of = back.of.get(statements);
    let Act::Statement(said) = &of.act else { return None };
    let at = start().plus_ms(back.at);
    let (speaker, of) = (said.speaker.clone(), back.is_named.then_some(of.id));
    Some(written(number, at, Act::Withdrawal(TakenBack { speaker, of, at })))
}

fn both_hold_custody() -> Written {
    let custody = Custody {
        holders: [parent("Iris"), parent("Wouter")].into(),
        seen_in: "register".into(),
        from: start(),
        until: None,
    };
    written(200, start(), Act::Custody(custody))
}

#[test]
fn withdrawn_consent_never_permits_more_than_none_in_any_order() {
    let (pack, own) = (Pack::builtin().unwrap(), holder());
    let (given, closed) = (Cell::new(0), Cell::new(0));
    let history = (
        8..20_i16,
        0..1_500_i64,
        prop::collection::vec(said(), 1..10),
        prop::collection::vec(back(), 1..4),
    );
    let history = history.prop_flat_map(|(years, at, said, back)| {
        let statements: Vec<Written> =
            said.iter().enumerate().map(|(number, said)| statement(number, said)).collect();
        let withdrawals = back.iter().enumerate();
        let withdrawals =
            withdrawals.filter_map(|(number, back)| withdrawal(100 + number, back, &statements));
        let all: Vec<Written> =
            statements.iter().cloned().chain(withdrawals).chain([both_hold_custody()]).collect();
        (Just((years, at, statements)), Just(all).prop_shuffle())
    });
    let mut runner = TestRunner::new(Config { cases: ROUNDS, ..Config::default() });
    let tried = runner.run(&history, |((years, at, mut statements), all)| {
        let today = start().date();
        let born = today.with().year(today.year() - years).build().unwrap();
        let place = Place {
            matrix: pack.consents(),
            holder: &own,
            regime: "wgbo",
            birth: BirthDate::from(born),
            registered: start(),
            at: start().plus_ms(at),
        };
        let mut sorted = all.clone();
        sorted.sort_by_key(|one| one.id);
        let with = OnFile::of(all).say(&wanted(), &place);
        prop_assert_eq!(OnFile::of(sorted).say(&wanted(), &place), with, "order");
        statements.push(both_hold_custody());
        let without = OnFile::of(statements).say(&wanted(), &place);
        let opens = |word: Option<SecrecyConsent>| word == Some(SecrecyConsent::Given);
        given.set(given.get() + u32::from(opens(without.consent)));
        closed.set(closed.get() + u32::from(opens(without.consent) && !opens(with.consent)));
        prop_assert!(opens(without.consent) || !opens(with.consent));
        Ok(())
    });
    tried.unwrap();
    assert!(given.get() > 50 && closed.get() > 20, "{} {}", given.get(), closed.get());
}
