use std::sync::LazyLock;

use grondslag_core::access_log::{LogCategory, LogOutcome};
use grondslag_core::catalogue::{Category, Ground, Kind, Purpose, Role};
use grondslag_policy::Pack;
use proptest::prelude::*;

use super::*;

const SCHOOL: &str = "00000099000000001000";
const CARE: &str = "00000099000000002000";
const GEM: &str = "00000099000000003000";

fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

/// `asker` asked `holder` at an hour of a day.
fn line(id: u8, asker: &str, holder: &str, at: &str, outcome: LogOutcome) -> LogLine {
    LogLine {
        at: Timestamp::parse(at).unwrap(),
        asker: oin(asker),
        role: Role::parse("sch.zorgcoordinator").unwrap(),
        purpose: Purpose::parse("D16").unwrap(),
        holder: oin(holder),
        target_id: TargetId::new([id; 16]),
        categories: vec![LogCategory {
            category: Category::parse("G12").unwrap(),
            outcome,
            grounds: Vec::new(),
        }],
    }
}

fn told(from: &str, shielded: bool, lines: Vec<LogLine>) -> (Oin, v1::AgencyLine) {
    let head = LogEntry::Head(LogHead { shielded, more: false });
    let entries = [head].into_iter().chain(lines.into_iter().map(LogEntry::Line));
    wire(from, entries.map(|entry| entry.to_text().unwrap()).collect())
}

fn wire(from: &str, texts: Vec<String>) -> (Oin, v1::AgencyLine) {
    let text = |text| v1::AnswerEntry {
        about: "child".into(),
        texts: vec![v1::TierText { tier: "T3".into(), text }],
        ..v1::AnswerEntry::default()
    };
    let entries = texts.into_iter().map(text).collect();
    let line = v1::AnswerLine { entries, state: "content".into(), ..v1::AnswerLine::default() };
    let lines = vec![v1::DeskLine { line: Some(line), ..v1::DeskLine::default() }];
    let (state, outcome) = (Stand::Replied.word().to_owned(), "verstrekt".to_owned());
    (oin(from), v1::AgencyLine { state, outcome, lines, ..v1::AgencyLine::default() })
}

fn neutral(from: &str, state: Stand) -> (Oin, v1::AgencyLine) {
    let state = state.word().to_owned();
    (oin(from), v1::AgencyLine { state, ..v1::AgencyLine::default() })
}

const YOUNG: Sighted = Sighted { is_of_child: false, is_parent: false, names_checked: false };
/// A parent, where both who saw them looked what speaks against names.
const PARENT: Sighted = Sighted { is_of_child: true, is_parent: true, names_checked: true };

fn tell(all: &[(Oin, v1::AgencyLine)], sighted: Sighted) -> v1::OwnView {
    static PACK: LazyLock<Pack> = LazyLock::new(|| Pack::builtin().unwrap());
    let name_of = |oin: &Oin| format!("Naam {oin}");
    let kind_of = |oin: &Oin| {
        let kind = match oin.as_str() {
            SCHOOL => "sch",
            CARE => "jha",
            _ => "gem",
        };
        Some(Kind::parse(kind).unwrap())
    };
    let words = Words { pack: &PACK, name_of: &name_of, kind_of: &kind_of };
    let now = Timestamp::parse("2026-06-10T14:00").unwrap();
    let telling = Telling { words, lang: Lang::Nl, now, sighted };
    let mut gathered = Gathered::default();
    for (from, line) in all {
        gathered.add(from, line, &telling);
    }
    let asked = [SCHOOL, CARE, GEM].map(oin);
    let heard = all.iter().map(|(from, _)| from.clone()).collect();
    gathered.missing(asked.into_iter(), &heard);
    gathered.tell(&BTreeSet::new(), &telling)
}

fn outcomes(view: &v1::OwnView) -> Vec<(&str, &str, &str)> {
    let one = |line: &'_ v1::OwnViewLine| line.categories[0].outcome.clone();
    assert!(view.lines.iter().all(|line| !one(line).is_empty()));
    let lines = view.lines.iter();
    lines.map(|line| (&*line.asker, &*line.holder, &*line.categories[0].outcome)).collect()
}

#[test]
fn a_question_stands_once_with_what_the_holder_decided_and_both_ledgers() {
    let at = "2026-06-02T10:15";
    let of_asker = line(1, SCHOOL, CARE, at, LogOutcome::NoAnswer);
    let of_holder = line(1, SCHOOL, CARE, at, LogOutcome::Refused);
    for turned in [false, true] {
        let mut all = vec![
            told(SCHOOL, false, vec![of_asker.clone()]),
            told(CARE, false, vec![of_holder.clone()]),
            neutral(GEM, Stand::Replied),
        ];
        if turned {
            all.reverse();
        }
        let view = tell(&all, YOUNG);
        let names = [format!("Naam {SCHOOL}"), format!("Naam {CARE}")];
        assert_eq!(outcomes(&view), [(&*names[0], &*names[1], "refused")]);
        assert_eq!(view.lines[0].ledger_oins, [SCHOOL, CARE]);
        assert_eq!(
            view.lines[0].sentence,
            format!("Op 2 juni 2026 vroeg Naam {SCHOOL} iets aan Naam {CARE}.")
        );
        assert!(view.not_reached.is_empty() && !view.unnamed);
    }
}

/// The broker refused one of two categories, so that the holder never heard of it.
#[test]
fn what_only_one_side_knows_of_a_question_stands_in_the_same_line() {
    let at = "2026-06-02T10:15";
    let mut of_asker = line(1, SCHOOL, CARE, at, LogOutcome::NoAnswer);
    let category = Category::parse("G02").unwrap();
    let refused = LogCategory { category, outcome: LogOutcome::Refused, grounds: Vec::new() };
    of_asker.categories.push(refused);
    let of_holder = line(1, SCHOOL, CARE, at, LogOutcome::Given);
    let all = [told(SCHOOL, false, vec![of_asker]), told(CARE, false, vec![of_holder])];
    for all in [all.to_vec(), all.iter().rev().cloned().collect()] {
        let view = tell(&all, YOUNG);
        assert_eq!(view.lines.len(), 1);
        let came: Vec<_> =
            view.lines[0].categories.iter().map(|one| (&*one.code, &*one.outcome)).collect();
        assert_eq!(came, [("G02", "refused"), ("G12", "given")]);
    }
}

#[test]
fn a_line_of_time_to_come_is_no_line() {
    let late = line(1, CARE, GEM, "2099-06-02T10:15", LogOutcome::Given);
    assert_eq!(tell(&[told(CARE, false, vec![late])], YOUNG).lines, []);
}

#[test]
fn nobody_tells_of_others_and_nobodys_line_stands_in_for_anothers() {
    let at = "2026-06-02T10:15";
    let true_one = line(1, SCHOOL, CARE, at, LogOutcome::Given);
    let of_others = told(GEM, false, vec![line(2, SCHOOL, CARE, at, LogOutcome::Given)]);
    let view = tell(&[of_others, told(CARE, false, vec![true_one.clone()])], YOUNG);
    assert_eq!(view.lines.len(), 1);
    assert_eq!(view.not_reached.len(), 2, "who told of others, and who was not heard of");
    // Under the number of another's question, as if it were asked of the liar.
    let stolen = told(GEM, false, vec![line(1, SCHOOL, GEM, at, LogOutcome::Refused)]);
    let view = tell(&[told(CARE, false, vec![true_one]), stolen], YOUNG);
    assert_eq!(view.lines.len(), 2);
    assert!(outcomes(&view).iter().any(|(_, _, outcome)| *outcome == "given"));
}

#[test]
fn what_is_no_log_is_as_if_the_agency_had_not_been_reached() {
    let head = LogEntry::Head(LogHead { shielded: false, more: false }).to_text().unwrap();
    let one = line(1, GEM, CARE, "2026-06-02T10:15", LogOutcome::Given);
    let one = LogEntry::Line(one).to_text().unwrap();
    for bad in [vec!["vrije tekst".to_owned()], vec![one.clone()], vec![head.clone(), head]] {
        let view = tell(&[wire(GEM, bad), neutral(SCHOOL, Stand::Replied)], YOUNG);
        assert_eq!((view.lines.len(), view.not_reached.len()), (0, 2));
    }
    let view = tell(&[neutral(GEM, Stand::NotAsked), neutral(CARE, Stand::Unreachable)], YOUNG);
    assert_eq!(view.not_reached, [format!("Naam {SCHOOL}"), format!("Naam {CARE}")]);
}

#[test]
fn a_reply_that_was_cut_says_that_there_are_older_lines() {
    let (from, mut cut) = told(CARE, false, Vec::new());
    assert!(!tell(&[(from.clone(), cut.clone())], YOUNG).more);
    cut.outcome = "deels_verstrekt".into();
    let view = tell(&[(from, cut)], YOUNG);
    assert!(view.more && view.notes.iter().any(|note| note.contains("oudere regels")));
}

#[test]
fn a_parent_reads_no_names_unless_everybody_answered_and_nobody_shields_the_child() {
    let all = |shielded, last: Stand| {
        let one = line(1, SCHOOL, CARE, "2026-06-02T10:15", LogOutcome::Given);
        [told(CARE, false, vec![one]), told(SCHOOL, shielded, Vec::new()), neutral(GEM, last)]
    };
    let named = tell(&all(false, Stand::Replied), PARENT);
    assert!(!named.unnamed && named.lines[0].asker.starts_with("Naam"));
    for unsafe_one in [all(true, Stand::Replied), all(false, Stand::Unreachable)] {
        let view = tell(&unsafe_one, PARENT);
        assert!(view.unnamed);
        let whole = format!("{:?}{:?}", view.notes, view.not_reached);
        let lines = view.lines.iter().map(|line| format!("{}{}", line.sentence, line.holder));
        assert!(!(whole + &lines.collect::<String>()).contains("Naam"));
        // The child itself reads them.
        assert!(!tell(&unsafe_one, YOUNG).unnamed);
    }
}

#[test]
fn a_parent_reads_no_names_unless_both_who_saw_them_looked() {
    let one = line(1, SCHOOL, CARE, "2026-06-02T10:15", LogOutcome::Given);
    let rest = [SCHOOL, GEM].map(|from| neutral(from, Stand::Replied));
    let all = [[told(CARE, false, vec![one])].as_slice(), &rest].concat();
    assert!(!tell(&all, PARENT).unnamed);
    let unlooked = Sighted { names_checked: false, ..PARENT };
    let view = tell(&all, unlooked);
    assert!(view.unnamed && view.lines[0].time.is_empty() && view.lines[0].ledger_oins.is_empty());
    // Of themselves they read all.
    let own = Sighted { is_of_child: false, ..unlooked };
    assert!(!tell(&all, own).unnamed);
}

/// What is told of another's file than was asked about is not for this reader.
#[test]
fn a_childs_log_is_not_told_to_who_asked_about_themselves() {
    let all = [told(CARE, false, vec![line(1, SCHOOL, CARE, "2026-06-02", LogOutcome::Given)])];
    let own = Sighted { is_of_child: false, ..PARENT };
    assert_eq!((tell(&all, own).lines.len(), tell(&all, PARENT).lines.len()), (0, 1));
}

#[test]
fn words_that_the_law_does_not_know_are_told_to_nobody() {
    let one = || line(1, CARE, GEM, "2026-06-02T10:15", LogOutcome::Given);
    let role = LogLine { role: Role::parse("sch.Watertoren-groep4").unwrap(), ..one() };
    let purpose = LogLine { purpose: Purpose::parse("Havenkade-12").unwrap(), ..one() };
    let mut category = one();
    category.categories[0].category = Category::parse("Oever").unwrap();
    let nothing = LogLine { categories: Vec::new(), ..one() };
    for bad in [role, purpose, category, nothing] {
        let view = tell(&[told(CARE, false, vec![bad])], YOUNG);
        assert_eq!((view.lines.len(), view.not_reached.len()), (0, 3));
    }
    let mut ground = one();
    let grounds = ["Havenkade-12", "avg-7-3"].map(|code| Ground::parse(code).unwrap());
    ground.categories[0].grounds = grounds.into();
    let view = tell(&[told(CARE, false, vec![ground])], YOUNG);
    assert_eq!(view.lines[0].categories[0].grounds, ["AVG art. 7 lid 3"]);
}

#[test]
fn who_tells_otherwise_than_the_other_side_does_not_replace_it() {
    let of_asker = line(1, SCHOOL, CARE, "2026-06-02T10:15", LogOutcome::NoAnswer);
    let of_holder = LogLine { purpose: Purpose::parse("D25").unwrap(), ..of_asker.clone() };
    let view =
        tell(&[told(SCHOOL, false, vec![of_asker]), told(CARE, false, vec![of_holder])], YOUNG);
    assert_eq!(view.lines.len(), 2);
    assert!(view.lines.iter().all(|line| line.ledger_oins.len() == 1));
}

/// Every agency that was part of an own view tells of it: to the young person it is one, and a
/// parent reads nothing of who else looked.
#[test]
fn an_own_view_is_told_once_and_to_no_parent() {
    let look = |id, holder: &str, at: &str, outcome| {
        let mut look = line(id, GEM, holder, at, outcome);
        look.role = Role::parse("burger.gezagsouder").unwrap();
        look.categories[0].category = Category::parse("G30").unwrap();
        look
    };
    let all = [
        told(CARE, false, vec![look(1, CARE, "2026-06-02T10:15", LogOutcome::Refused)]),
        told(SCHOOL, false, vec![look(2, SCHOOL, "2026-06-02T10:16", LogOutcome::Given)]),
        told(GEM, false, vec![look(3, GEM, "2026-06-03T10:16", LogOutcome::NoAnswer)]),
    ];
    let view = tell(&all, YOUNG);
    let outcomes: Vec<&str> = view.lines.iter().map(|line| &*line.categories[0].outcome).collect();
    assert_eq!(outcomes, ["no_answer", "given"]);
    assert_eq!(view.lines[1].ledger_oins, [SCHOOL, CARE]);
    assert_eq!(tell(&all, PARENT).lines, []);
}

#[test]
fn what_one_message_does_not_hold_is_left_out_from_the_oldest_and_said() {
    let day = |number: usize| format!("2025-{:02}-{:02}T10:15", 1 + number / 28, 1 + number % 28);
    let mut all = Vec::new();
    for (from, first) in [(CARE, 0_u8), (SCHOOL, 1), (GEM, 2)] {
        let lines = (0..250_usize).map(|number| {
            let mut one = line(0, from, CARE, &day(number), LogOutcome::Given);
            let id = [u8::try_from(number).unwrap(), first];
            one.target_id = TargetId::new([id; 8].concat().try_into().unwrap());
            one
        });
        all.push(told(from, false, lines.collect()));
    }
    let view = tell(&all, YOUNG);
    assert!(view.more && view.lines.len() <= OWN_VIEW_LINES_MAX && view.lines.len() > 400);
    assert!(view.encoded_len() < grondslag_core::limits::MESSAGE_BYTES_MAX);
    let last = view.lines.last().unwrap();
    assert!(view.lines[0].day > last.day, "the newest stay");
}

proptest! {
    /// Who may not know where a child is reads the same whoever asked whom of the same kind at
    /// whatever hour of the day: no field, count, order or time tells one world from the other.
    #[test]
    fn a_shielded_view_is_the_same_whoever_of_a_kind_it_was(
        all in prop::collection::vec((1_u8..200, 1_u8..28, 0_u8..24, 0_u8..24), 1..12),
        other in 4_u8..9,
    ) {
        let mut seen = BTreeSet::new();
        let all: Vec<_> = all.into_iter().filter(|one| seen.insert(one.0)).collect();
        let world = |gem: &str, second: bool| {
            let lines = all.iter().map(|(id, day, one, two)| {
                let hour = if second { two } else { one };
                line(*id, gem, CARE, &format!("2026-05-{day:02}T{hour:02}:30"), LogOutcome::Given)
            });
            let lines: Vec<LogLine> = lines.collect();
            let school = neutral(SCHOOL, Stand::Replied);
            tell(&[told(CARE, true, lines), school, neutral(GEM, Stand::Replied)], PARENT)
        };
        let elsewhere = format!("0000009900000000{other}000");
        prop_assert_eq!(world(GEM, false), world(&elsewhere, true));
    }
}
