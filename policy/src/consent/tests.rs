//! The matrix and its examples, and what acts come to in whatever order they came.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Kind, Purpose, QueryKind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;

use super::acts::{Acts, Lift, Scope, Statement, To, Wanted, Withdrawal, Word};
use super::*;
use crate::bench::Dice;
use crate::fault::{Fault, Problem};
use crate::fixture::changed;
use crate::notice;
use crate::pack::Pack;
use crate::space::Space;
use crate::table::{Effect, Row};

const SAID: [Option<Said>; 5] =
    [None, Some(Said::Given), Some(Said::Expired), Some(Said::Withdrawn), Some(Said::Refused)];

/// Everything that three people can have said, with the young person among them.
fn voices() -> impl Iterator<Item = Voices> {
    let pairs = SAID.into_iter().flat_map(|one| SAID.into_iter().map(move |two| (one, two)));
    let custody = pairs.flat_map(|(one, two)| {
        [
            Custody::Unknown,
            Custody::Held(vec![one]),
            Custody::Held(vec![one, two]),
            Custody::Held(Vec::new()),
        ]
    });
    custody.flat_map(|custody| {
        SAID.into_iter().map(move |young_person| Voices {
            young_person,
            custody: custody.clone(),
            representative: young_person,
        })
    })
}

/// Every law, age and ability.
fn cells(consents: &Consents) -> Vec<(&str, AgeBand, bool)> {
    let regimes = consents.regimes().iter().map(|regime| regime.id.as_str());
    let ages = regimes.flat_map(|id| AgeBand::ALL.map(|age| (id, age)));
    ages.flat_map(|(id, age)| [(id, age, true), (id, age, false)]).collect()
}

#[test]
fn the_matrix_of_the_domain_is_whole_and_its_examples_come_out() {
    let pack = Pack::builtin().unwrap();
    let consents = pack.consents();
    assert_eq!(cells(consents).len(), 4 * 4 * 2, "four laws, four ages, able or not");
    for (regime, age, weighs) in cells(consents) {
        assert!(consents.who(regime, age, weighs).is_some());
    }
    for kind in pack.catalogue().kinds() {
        assert!(consents.of_holder(&kind.id).is_some(), "{}", kind.id);
    }
    let marked = consents.all().iter().map(|who| (&who.mark, &who.note));
    for (mark, note) in marked.chain(consents.regimes().iter().map(|one| (&one.mark, &one.note))) {
        let told = note.as_ref().is_some_and(|note| note.nl.contains(&format!("[{mark}]")));
        assert_eq!(told, mark != "V");
    }
}

/// By brute force over all that can be said: only a yes of all who must say it is a yes, and no
/// other word of anybody makes one of what was none.
#[test]
fn consent_is_given_by_all_who_must_and_by_nobody_else() {
    let pack = Pack::builtin().unwrap();
    let consents = pack.consents();
    for (regime, age, weighs) in cells(consents) {
        let who = consents.who(regime, age, weighs).unwrap();
        for (round, voices) in voices().enumerate() {
            let came = consents.weigh(regime, (age, weighs), &voices).unwrap().consent;
            let all = who.all.iter().all(|capacity| match (capacity, &voices.custody) {
                (Capacity::YoungPerson, _) => voices.young_person == Some(Said::Given),
                (Capacity::Representative, _) => voices.representative == Some(Said::Given),
                (Capacity::CustodyHolders, Custody::Unknown) => false,
                (Capacity::CustodyHolders, Custody::Held(held)) => {
                    !held.is_empty() && held.iter().all(|one| *one == Some(Said::Given))
                }
            });
            assert_eq!(came == SecrecyConsent::Given, all, "{} {round}", who.id);
        }
    }
}

#[test]
fn what_is_wrong_with_the_matrix_is_named() {
    for (from, to, row, fault) in [
        ("age = [\"lt12\"]", "age = [\"lt13\"]", "young", Fault::Field),
        ("weighs = [true, false]", "weighs = [true]", "jw lt12 weighs=false", Fault::ConsentHole),
        (
            "age = [\"12-15\"]",
            "age = [\"12-15\", \"lt12\"]",
            "jw lt12 weighs=true",
            Fault::ConsentTwice,
        ),
        ("all = [\"young_person\"]", "all = []", "self", Fault::EmptySet),
        ("\"jha\", \"sch\"", "\"sch\"", "jha", Fault::ConsentHole),
        ("\"sch\", \"pol\"", "\"sch\", \"pool\"", "jw", Fault::UnknownValue),
        ("regime = [\"jw\"]", "regime = [\"jv\"]", "young", Fault::UnknownValue),
        ("legal = [\"jw-7.3.11-1\"]", "legal = []", "jw", Fault::NoLegalId),
        ("legal = [\"jw-7.3.11-1\"]", "legal = [\"jw-7.3.99\"]", "jw", Fault::UnknownValue),
        ("1\"]\nmark = \"V\"", "1\"]\nmark = \"W\"", "jw", Fault::UnknownValue),
        ("1\"]\nmark = \"V\"", "1\"]\nmark = \"U\"", "jw", Fault::MissingText),
        ("expect = \"given\"", "expect = \"none\"", "parents", Fault::CaseFailed),
        (
            "expect = \"given\"",
            "expect = \"given\"\nview = \"agrees\"",
            "parents",
            Fault::CaseFailed,
        ),
    ] {
        let problems = changed(FILE, from, to).unwrap_err().problems;
        let problem = problems.iter().find(|one| one.row == row && one.fault == fault);
        assert!(problem.is_some_and(|one| one.file == FILE), "{to}: {problems:?}");
    }
}

/// The consent matrix of the program with one text replaced; the text must be there.
fn builtin_with(from: &str, to: &str) -> Vec<Problem> {
    let mut files = Pack::builtin_files();
    let text = files.get_mut(FILE).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    Pack::from_files(&files).map_or_else(|error| error.problems, |_| Vec::new())
}

/// An entry of the program's consent matrix as it is written.
fn entry(id: &str) -> String {
    let files = Pack::builtin_files();
    let start = format!("[[who]]\nid = \"{id}\"\n");
    let entry = files[FILE].split_once(&start).unwrap().1;
    format!("{start}{}", entry.split("\n\n").next().unwrap())
}

/// The cells of the matrix that an entry is of.
fn cells_of(who: &Who) -> BTreeSet<String> {
    let of = |regime: &String, age: AgeBand, weighs: bool| {
        who.is_of(regime, age, weighs).then(|| format!("{regime} {} weighs={weighs}", age.word()))
    };
    let regimes = who.regime.iter();
    let ages = regimes.flat_map(|regime| AgeBand::ALL.map(|age| (regime, age)));
    ages.flat_map(|(regime, age)| [of(regime, age, true), of(regime, age, false)])
        .flatten()
        .collect()
}

/// Every entry of the program's matrix is taken out once, and written twice once.
#[test]
fn a_cell_that_nobody_or_two_entries_speak_of_is_named() {
    for who in Pack::builtin().unwrap().consents().all() {
        let entry = entry(&who.id);
        let twice = format!("{entry}\n\n{}", entry.replacen(&who.id, "again", 1));
        for (planted, fault) in [("", Fault::ConsentHole), (&twice, Fault::ConsentTwice)] {
            let problems = builtin_with(&entry, planted);
            assert!(problems.iter().all(|one| one.fault == fault), "{problems:?}");
            let named: BTreeSet<String> = problems.into_iter().map(|one| one.row).collect();
            assert_eq!(named, cells_of(who), "{}", who.id);
        }
    }
}

/// Where nobody must say yes, silence would be one: every entry of the program's matrix is left
/// without anybody once.
#[test]
fn an_entry_that_asks_nobody_is_named() {
    for who in Pack::builtin().unwrap().consents().all() {
        let entry = entry(&who.id);
        let nobody =
            entry.lines().map(|line| if line.starts_with("all = ") { "all = []" } else { line });
        let problems = builtin_with(&entry, &nobody.collect::<Vec<_>>().join("\n"));
        let [problem] = problems.try_into().unwrap();
        let named = (problem.row.as_str(), problem.column.as_deref(), problem.fault);
        assert_eq!(named, (who.id.as_str(), Some("all"), Fault::EmptySet));
        assert!(problem.line.is_some());
    }
}

#[test]
fn what_is_wrong_with_the_length_the_recorders_or_the_ground_is_named_with_its_line() {
    let ground = "legal = [\"avg-6-1-e\"]";
    for (from, to, (row, key, fault)) in [
        ("default = 6", "default = 0", ("validity", "months_default", Fault::OutOfTerm)),
        ("default = 6", "default = 25", ("validity", "months_default", Fault::OutOfTerm)),
        ("max = 24", "max = 0", ("validity", "months_max", Fault::OutOfTerm)),
        ("max = 24", "max = 61", ("validity", "months_max", Fault::OutOfTerm)),
        ("max = 24", "max = \"long\"", ("validity", "months_max", Fault::Field)),
        ("max = 24", "max = 24\nmonth = 1", ("validity", "month", Fault::Field)),
        ("24\nmark = \"V\"", "24\nmark = \"U\"", ("validity", "note", Fault::MissingText)),
        ("24\nmark = \"V\"", "24\nmark = \"W\"", ("validity", "mark", Fault::UnknownValue)),
        ("[]\nmark = \"V\"", "[]\nmark = \"U\"", ("recording", "note", Fault::MissingText)),
        ("[]", "[\"gem.lokalteam\"]", ("recording", "recorders", Fault::UnknownValue)),
        ("holders", "no_ground_for = []\nholders", ("jw", "no_ground_for", Fault::ConsentGround)),
        ("legal = [\"jw-7.3.11-1\"]", ground, ("jw", "no_ground_for", Fault::ConsentGround)),
        (
            "legal = [\"jw-7.3.11-1\"]",
            &format!("no_ground_for = [\"gen\"]\n{ground}"),
            ("jw", "no_ground_for", Fault::UnknownValue),
        ),
    ] {
        let problems = changed(FILE, from, to).unwrap_err().problems;
        let problem = problems.iter().find(|one| one.row == row && one.fault == fault);
        let problem = problem.unwrap_or_else(|| panic!("{to}: {problems:?}"));
        assert_eq!(problem.column.as_deref(), Some(key), "{to}");
        assert!(problem.line.is_some(), "{to}: {problem:?}");
    }
    for section in ["validity", "recording"] {
        let missing = changed(FILE, &format!("[{section}]"), "[other]").unwrap_err().problems;
        let named = |key: &str, fault| {
            missing.iter().any(|one| one.column.as_deref() == Some(key) && one.fault == fault)
        };
        assert!(named(section, Fault::MissingKey) && named("other", Fault::Field), "{missing:?}");
    }
}

#[test]
fn the_rules_say_how_long_a_consent_holds_who_records_it_and_for_whom_it_is_no_ground() {
    let pack = Pack::builtin().unwrap();
    let consents = pack.consents();
    assert_eq!((consents.months_default(), consents.months_max()), (6, 24));
    for section in [&consents.validity().note, &consents.recording().note] {
        assert!(section.as_ref().unwrap().nl.contains("[U]"));
    }
    let records = |role: &str| consents.may_record(&Role::parse(role).unwrap());
    for role in ["gem.lokaalteam", "sch.zorgcoordinator", "ha.arts", "vo.hulpverlener"] {
        assert!(records(role), "{role}");
    }
    for role in ["gem.beleid", "gem.doorzetter", "sch.bestuur", "rvdk.raadsonderzoeker", "x.y"] {
        assert!(!records(role), "{role}");
    }
    let no_ground = pack.catalogue().kinds().iter().map(|kind| &kind.id);
    let no_ground = no_ground.filter(|kind| !consents.is_ground_for(kind)).map(Kind::as_str);
    let expected = ["gem", "lpa", "rvdk", "pol", "om", "raad"];
    assert_eq!(no_ground.collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    assert!(!consents.is_ground_for(&Kind::parse("elsewhere").unwrap()));
    let fixture = crate::fixture::pack();
    let of = |kind: &str| fixture.consents().is_ground_for(&Kind::parse(kind).unwrap());
    assert!(!of("sch"), "no law of these rules makes consent a ground");
}

/// A withdrawal that waits keeps open what somebody closed.
#[test]
fn nothing_but_doubt_who_it_is_stands_in_the_way_of_a_notice() {
    let pack = Pack::builtin().unwrap();
    let space = Space::new(&pack);
    for codes in notice::ALL {
        nothing_but_doubt(&pack, &space, codes);
    }
}

fn nothing_but_doubt(pack: &Pack, space: &Space<'_>, codes: notice::Codes) {
    let notices: Vec<&Row> = space.in_force().filter(|row| *row.rule == *codes.rule).collect();
    assert!(notices.len() > 1 && notices.iter().all(|row| row.effect == Effect::Permit));
    let columns = [
        ("purpose", codes.purpose),
        ("category", codes.category),
        ("query_kind", QueryKind::NOTICE),
    ];
    for (column, code) in columns {
        let value = pack.value(column, code).unwrap();
        assert!(notices.iter().all(|row| row.region.of(value.column()) == value.bit()), "{code}");
    }
    let meets = |row: &&Row| {
        let met = |notice: &&Row| !space.possible(&notice.region.meet(&row.region)).is_empty();
        *row.rule != *codes.rule && notices.iter().any(met)
    };
    let in_the_way: Vec<&str> = space.in_force().filter(meets).map(|row| row.id.as_str()).collect();
    assert_eq!(in_the_way, ["R01.28"], "{}", codes.rule);
}

#[test]
fn what_somebody_said_is_not_printed() {
    let acts = Acts { statements: vec![yes(1, scope(2, true, true), 10, 20)], ..Acts::default() };
    assert_eq!(format!("{acts:?} {:?}", acts.statements), "Acts(…) [Statement(…)]");
    let withdrawal = Withdrawal { of: None, at: at(6) };
    let lift = Lift { of: [1; 16], at: at(6) };
    assert_eq!(format!("{withdrawal:?} {lift:?}"), "Withdrawal(…) Lift(…)");
    let voices = Voices { young_person: Some(Said::Refused), ..Voices::SILENCE };
    assert_eq!(format!("{voices:?} {:?}", voices.custody), "Voices(…) Custody(…)");
}

#[test]
fn an_age_begins_with_the_birthday() {
    let words = [11, 12, 15, 16, 17, 18, 255].map(|years| AgeBand::of_years(years).word());
    assert_eq!(words, ["lt12", "12-15", "12-15", "16-17", "16-17", "18plus", "18plus"]);
}

fn oin(last: u8) -> Oin {
    Oin::parse(&format!("0000009900000000{last}000")).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

fn wanted() -> Wanted {
    Wanted {
        agency: oin(1),
        kind: Kind::parse("jha").unwrap(),
        category: Category::parse("G05").unwrap(),
        purpose: Purpose::parse("D01").unwrap(),
    }
}

fn scope(to: u8, categories: bool, purpose: bool) -> Scope {
    Scope {
        to: match to {
            0 => To::Anybody,
            1 => To::Kind(wanted().kind),
            2 => To::Agency(wanted().agency),
            _ => To::Agency(oin(9)),
        },
        categories: categories.then(|| BTreeSet::from([wanted().category])),
        purpose: purpose.then(|| wanted().purpose),
    }
}

fn yes(id: u8, scope: Scope, from: i64, until: i64) -> Statement {
    let word = Word::Yes { until: at(until) };
    Statement { id: [id; 16], word, scope, said_at: at(from), from: at(from) }
}

fn no(id: u8, scope: Scope, from: i64) -> Statement {
    Statement { id: [id; 16], word: Word::No, scope, said_at: at(from), from: at(from) }
}

#[test]
fn a_consent_holds_from_its_start_to_its_end_or_until_it_is_taken_back() {
    let mut acts =
        Acts { statements: vec![yes(1, scope(2, true, true), 10, 20)], ..Acts::default() };
    let said = |acts: &Acts, ms: i64| acts.say(&wanted(), at(ms));
    assert_eq!(said(&acts, 9), None);
    assert_eq!([said(&acts, 10), said(&acts, 19)], [Some(Said::Given); 2]);
    assert_eq!(said(&acts, 20), Some(Said::Expired));
    acts.withdrawals.push(Withdrawal { of: Some([1; 16]), at: at(15) });
    assert_eq!(said(&acts, 14), Some(Said::Given), "lawful past sharing stands");
    assert_eq!([said(&acts, 15), said(&acts, 99)], [Some(Said::Withdrawn); 2]);
    acts.statements.push(yes(2, scope(2, true, true), 16, 30));
    assert_eq!(said(&acts, 16), Some(Said::Given), "renewed");
    acts.withdrawals.push(Withdrawal { of: None, at: at(16) });
    assert_eq!(said(&acts, 16), Some(Said::Withdrawn), "at one moment the withdrawal counts");
    let elsewhere = Wanted { agency: oin(2), ..wanted() };
    assert_eq!(acts.say(&elsewhere, at(16)), None, "it speaks of one agency");
}

#[test]
fn what_holds_from_later_on_is_taken_back_before_it_holds_and_nothing_holds_before_it_was_said() {
    let later = Statement { said_at: at(1), ..yes(1, scope(2, true, true), 10, 20) };
    let mut acts = Acts { statements: vec![later], ..Acts::default() };
    assert_eq!([9, 10].map(|ms| acts.say(&wanted(), at(ms))), [None, Some(Said::Given)]);
    acts.withdrawals.push(Withdrawal { of: None, at: at(5) });
    assert_eq!(acts.say(&wanted(), at(10)), Some(Said::Withdrawn));
    let back_dated = Statement { said_at: at(8), ..yes(2, scope(2, true, true), 2, 20) };
    let acts = Acts { statements: vec![back_dated], ..Acts::default() };
    assert_eq!([7, 8].map(|ms| acts.say(&wanted(), at(ms))), [None, Some(Said::Given)]);
}

#[test]
fn the_more_specific_wins_and_at_equal_specificness_the_objection() {
    let say = |yes_to: Scope, no_to: Scope| {
        let statements = vec![yes(1, yes_to, 1, 100), no(2, no_to, 1)];
        Acts { statements, ..Acts::default() }.say(&wanted(), at(5)).unwrap()
    };
    let s = scope;
    for (yes_to, no_to, came) in [
        (s(2, false, false), s(0, false, false), Said::Given),
        (s(2, false, false), s(1, false, false), Said::Given),
        (s(1, false, true), s(1, false, false), Said::Given),
        (s(1, false, false), s(1, false, false), Said::Refused),
        (s(1, false, false), s(2, false, false), Said::Refused),
        (s(2, true, true), s(2, true, true), Said::Refused),
        // Neither names more than the other in every respect.
        (s(2, false, false), s(0, true, false), Said::Refused),
        (s(0, true, true), s(1, false, false), Said::Refused),
    ] {
        assert_eq!(say(yes_to.clone(), no_to.clone()), came, "{yes_to:?} {no_to:?}");
    }
    let mut acts = Acts { statements: vec![yes(1, s(0, false, false), 1, 100)], ..Acts::default() };
    acts.statements.push(no(2, s(2, false, false), 1));
    acts.withdrawals.push(Withdrawal { of: Some([2; 16]), at: at(3) });
    assert_eq!(acts.say(&wanted(), at(5)), Some(Said::Refused), "a withdrawal lifts no objection");
    acts.lifted.push(Lift { of: [2; 16], at: at(4) });
    assert_eq!(acts.say(&wanted(), at(3)), Some(Said::Refused));
    assert_eq!(acts.say(&wanted(), at(4)), Some(Said::Given));
}

fn thrown(dice: &mut Dice) -> Acts {
    let scope = |dice: &mut Dice| {
        let to = u8::try_from(dice.below(4)).unwrap();
        scope(to, dice.below(2) == 0, dice.below(2) == 0)
    };
    let moment = |dice: &mut Dice| i64::try_from(dice.below(12)).unwrap();
    let mut acts = Acts::default();
    for id in 0..u8::try_from(1 + dice.below(5)).unwrap() {
        let (scope, from) = (scope(dice), moment(dice));
        let statement = match dice.below(3) {
            0 => no(id, scope, from),
            _ => yes(id, scope, from, from + 1 + moment(dice)),
        };
        acts.statements.push(Statement { said_at: at(moment(dice)), ..statement });
    }
    let some = |dice: &mut Dice| [u8::try_from(dice.below(5)).unwrap(); 16];
    for _ in 0..dice.below(3) {
        let of = (dice.below(3) > 0).then(|| some(dice));
        acts.withdrawals.push(Withdrawal { of, at: at(moment(dice)) });
    }
    if dice.below(4) == 0 {
        acts.lifted.push(Lift { of: some(dice), at: at(moment(dice)) });
    }
    acts
}

/// What holds of every set of acts, at every moment.
#[test]
fn a_withdrawal_or_an_objection_never_opens_and_the_order_of_arrival_makes_no_difference() {
    let mut dice = Dice(0x0c0f_fee0);
    let (mut given, mut taken_back) = (0, 0);
    for round in 0..20_000 {
        let acts = thrown(&mut dice);
        let mut shuffled = acts.clone();
        shuffled.statements.reverse();
        shuffled.withdrawals.reverse();
        let mut withdrawn = acts.clone();
        withdrawn.withdrawals.push(Withdrawal { of: None, at: at(6) });
        let mut objected = acts.clone();
        objected.statements.push(no(9, scope(0, false, false), 6));
        for ms in 0..26 {
            let said = |acts: &Acts| acts.say(&wanted(), at(ms));
            let (was, is_yes) = (said(&acts), said(&acts) == Some(Said::Given));
            given += u32::from(is_yes);
            assert_eq!(said(&shuffled), was, "{round} {ms}");
            for more in [&withdrawn, &objected] {
                assert!(is_yes || said(more) != Some(Said::Given), "{round} {ms}");
            }
            // A yes that was taken back opens no more than one that was never said.
            let back = acts.withdrawals.iter().any(|one| one.of.is_none() && one.at <= at(ms));
            let since = acts.withdrawals.iter().filter(|one| one.of.is_none()).map(|one| one.at);
            if back && is_yes {
                let since = since.filter(|since| *since <= at(ms)).max().unwrap();
                let mut never = acts.clone();
                never.statements.retain(|one| one.word == Word::No || one.said_at > since);
                assert_eq!(said(&never), Some(Said::Given), "{round} {ms}");
                taken_back += 1;
            }
        }
    }
    assert!(given > 10_000 && taken_back > 100, "{given} {taken_back}");
}
