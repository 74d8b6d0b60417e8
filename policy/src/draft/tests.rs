use std::collections::BTreeMap;

use super::*;
use crate::compare::Comparison;
use crate::fault::Fault;
use crate::fixture::NOW;

const SCHOOL: &str = "table/school-en-leerplicht.toml";

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn only(column: &str, values: &[&str]) -> Condition {
    Condition::Only(column.to_owned(), words(values))
}

fn of(row: &str) -> Edit {
    Edit { row: row.to_owned(), ..Edit::default() }
}

fn edited(edit: &Edit) -> Edited {
    edit.of(&Pack::builtin_files()).unwrap()
}

fn refused(edit: &Edit) -> crate::Problem {
    edit.of(&Pack::builtin_files()).unwrap_err().problems.remove(0)
}

/// The lines that only one of two texts has.
fn lines(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let other = |a: &str, b: &str| -> Vec<String> {
        let mut b: Vec<&str> = b.lines().collect();
        let more = a.lines().filter(|line| match b.iter().position(|other| other == line) {
            Some(at) => {
                b.remove(at);
                false
            }
            None => true,
        });
        more.map(str::to_owned).collect()
    };
    (other(before, after), other(after, before))
}

#[test]
fn a_condition_is_changed_on_its_own_line_and_nothing_else_is() {
    let edit = Edit {
        conditions: vec![only("secrecy_consent", &["not_needed", "partial"])],
        ..of("R27.2")
    };
    let edited = edited(&edit);
    assert_eq!(edited.file, SCHOOL);
    let (before, after) = lines(&Pack::builtin_files()[SCHOOL], &edited.text);
    assert_eq!(before, ["  when.secrecy_consent = [\"not_needed\", \"none\", \"partial\"]"]);
    assert_eq!(after, ["  when.secrecy_consent = [\"not_needed\", \"partial\"]"]);
    let [change] = edited.changes.as_slice() else { panic!("{:?}", edited.changes) };
    assert_eq!(change.key, "when.secrecy_consent");
    assert_eq!(change.to.as_deref(), Some("[\"not_needed\", \"partial\"]"));
}

#[test]
fn remarks_and_order_stay_as_the_officer_wrote_them() {
    let mut files = Pack::builtin_files();
    let text = files[SCHOOL].replace(
        "  when.purpose = [\"D16\"]\n",
        "  # waarom\n  when.purpose = [\"D16\"] # alleen dit\n",
    );
    files.insert(SCHOOL.to_owned(), text.clone());
    let edit = Edit { conditions: vec![only("purpose", &["D16", "D01"])], ..of("R27.1") };
    let (before, after) = lines(&text, &edit.of(&files).unwrap().text);
    assert_eq!(before.len(), 1);
    assert_eq!(after, ["  when.purpose = [\"D16\", \"D01\"] # alleen dit"]);
}

#[test]
fn every_key_can_be_set_and_the_optional_ones_taken_away() {
    let keys = [
        (Key::Outcome, "review"),
        (Key::Tier, "T2"),
        (Key::Deadline, ""),
        (Key::Notify, "true"),
        (Key::Legal, "jw-7.3.11-1, avg-9-2-a"),
        (Key::Obligations, "melden"),
        (Key::TextEn, "With \"consent\"."),
        (Key::NoteNl, ""),
        (Key::NoteEn, ""),
    ];
    let keys = keys.map(|(key, text)| (key, text.to_owned())).to_vec();
    let conditions = vec![
        Condition::Any("about".to_owned()),
        Condition::Not("urgency".to_owned(), words(&["standard"])),
    ];
    let edited = edited(&Edit { conditions, keys, ..of("R27.1") });
    let row = edited.after.rows().iter().find(|row| row.id.as_str() == "R27.1").unwrap();
    assert_eq!(row.effect, crate::Effect::Review);
    assert_eq!(row.tier_max.map(|tier| tier.to_string()).as_deref(), Some("T2"));
    assert!(row.notify && row.deadline.is_none() && row.note.is_none());
    assert_eq!((row.legal.len(), row.obligations.as_slice()), (2, &words(&["melden"])[..]));
    assert_eq!(row.text.en, "With \"consent\".");
    assert!(
        edited.text.contains("\n  when.urgency = { not = [\"standard\"] }\n"),
        "{}",
        edited.text
    );
    assert!(edited.text.contains("\n  notify = true\n"));
    assert_eq!(edited.changes.len(), 11, "{:?}", edited.changes);
}

#[test]
fn a_copy_goes_last_of_its_rule_and_the_first_stays_as_it_is() {
    let edit = Edit {
        copy_as: Some("R27.3".to_owned()),
        conditions: vec![only("category", &["G12"])],
        ..of("R27.1")
    };
    let edited = edited(&edit);
    let ids: Vec<&str> = edited.after.rows().iter().map(|row| row.id.as_str()).collect();
    let at = ids.iter().position(|id| *id == "R27.3").unwrap();
    assert_eq!(ids[at - 1..=at + 1], ["R27.2", "R27.3", "R28.1"]);
    let (before, after) = lines(&Pack::builtin_files()[SCHOOL], &edited.text);
    assert_eq!(before, Vec::<String>::new());
    assert_eq!(after.len(), 18, "a blank line and the row: {after:?}");
    assert!(after.contains(&"  when.category = [\"G12\"]".to_owned()));
    assert!(edited.text.contains("\n\n  [[rule.row]]\n  id = \"R27.3\"\n"), "{}", edited.text);
}

#[test]
fn a_row_that_is_removed_is_gone_and_what_it_opened_is_closed() {
    let edited = edited(&Edit { remove: true, ..of("R27.1") });
    assert!(edited.after.rows().iter().all(|row| row.id.as_str() != "R27.1"));
    assert!(edited.changes.iter().all(|change| change.to.is_none()));
    let found = Comparison::of(&edited.before, &edited.after, NOW).unwrap();
    assert!(!found.newly_refused.is_empty() && found.only_narrows());
}

#[test]
fn what_would_not_load_is_refused_with_what_may_stand_there() {
    let consent = |values: &[&str]| vec![only("secrecy_consent", values)];
    let keys = |key, text: &str| vec![(key, text.to_owned())];
    for (edit, nearest, fault) in [
        (of("R27.11"), Some("R27.1"), Fault::UnknownValue),
        (
            Edit { conditions: vec![only("secrecy_consnt", &["given"])], ..of("R27.1") },
            Some("secrecy_consent"),
            Fault::UnknownValue,
        ),
        (
            Edit { conditions: vec![Condition::Any("purpos".to_owned())], ..of("R27.1") },
            Some("purpose"),
            Fault::UnknownValue,
        ),
        (
            Edit { conditions: consent(&["give"]), ..of("R27.1") },
            Some("given"),
            Fault::UnknownValue,
        ),
        (Edit { conditions: consent(&[]), ..of("R27.1") }, None, Fault::EmptySet),
        (
            Edit { keys: keys(Key::Outcome, "permits"), ..of("R27.1") },
            Some("permit"),
            Fault::UnknownValue,
        ),
        (Edit { keys: keys(Key::Tier, "T3"), ..of("R27.2") }, None, Fault::Misplaced),
        (Edit { keys: keys(Key::Tier, "T7"), ..of("R27.1") }, Some("T0"), Fault::Field),
        (Edit { keys: keys(Key::Notify, "ja"), ..of("R27.1") }, None, Fault::Field),
        (Edit { keys: keys(Key::TextNl, "a\u{202e}b"), ..of("R27.1") }, None, Fault::Unseen),
        (Edit { copy_as: Some("R27.2".to_owned()), ..of("R27.1") }, None, Fault::DuplicateId),
        (Edit { copy_as: Some("R28.9".to_owned()), ..of("R27.1") }, None, Fault::WrongRule),
    ] {
        let problem = refused(&edit);
        assert_eq!(problem.fault, fault, "{edit:?}: {problem}");
        assert_eq!(problem.nearest.as_deref(), nearest, "{edit:?}");
        assert_eq!(problem.line, None, "{edit:?}");
    }
}

#[test]
fn an_inline_condition_stays_inline() {
    let mut files = Pack::builtin_files();
    let row = "[[rule]]\nid = \"R99\"\ntitle = { nl = \"a\", en = \"b\" }\n[[rule.row]]\n\
               id = \"R99.1\"\noutcome = \"hold\"\nlegal = []\n\
               text = { nl = \"a\", en = \"b\" }\nwhen = { purpose = \"D01\" }\n";
    files.insert("table/z.toml".to_owned(), row.to_owned());
    let edit = Edit { conditions: vec![only("about", &["child"])], ..of("R99.1") };
    let text = edit.of(&files).unwrap().text;
    assert!(text.contains("when = { purpose = \"D01\", about = [\"child\"] }\n"), "{text}");
}

#[test]
fn a_draft_says_of_which_rules_it_is_one_and_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(Origin::read(folder.path()), Ok(None));
    let origin = Origin::of(&Pack::builtin().unwrap());
    let file = folder.path().join(DRAFT_FILE);
    std::fs::write(&file, origin.text()).unwrap();
    assert_eq!(Origin::read(folder.path()), Ok(Some(origin.clone())));
    for (from, to, fault) in [
        ("version", "versie", Fault::Field),
        ("bundle = \"", "bundle = \"x", Fault::Field),
        ("bundle = ", "# ", Fault::MissingKey),
        ("version = ", "version ", Fault::Syntax),
    ] {
        std::fs::write(&file, origin.text().replacen(from, to, 1)).unwrap();
        let problem = Origin::read(folder.path()).unwrap_err().problems.remove(0);
        assert_eq!((problem.file.as_str(), problem.fault), (DRAFT_FILE, fault), "{to}");
    }
}

#[test]
fn whatever_is_set_is_what_the_row_then_says() {
    // Every column of a real row set to each of its values in turn reads back as exactly that.
    let files: BTreeMap<_, _> = Pack::builtin_files();
    let pack = Pack::builtin().unwrap();
    for (at, column) in pack.catalogue().columns().iter().enumerate() {
        let value = &column.values[column.values.len() / 2].id;
        let edit = Edit { conditions: vec![only(&column.id, &[value])], ..of("R27.1") };
        let edited = edit.of(&files).unwrap();
        let row = edited.after.rows().iter().find(|row| row.id.as_str() == "R27.1").unwrap();
        let bit = pack.value(&column.id, value).unwrap().bit();
        assert_eq!(row.region.of(at), bit, "{}", column.id);
    }
}
