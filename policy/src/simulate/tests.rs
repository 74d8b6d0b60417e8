//! Decisions taken again under drafts of which it is known what they change.

use std::collections::BTreeMap;

use grondslag_core::catalogue::RowId;
use grondslag_core::tier::{Tier, Verdict};

use super::*;
use crate::bench::samples;
use crate::catalogue::Visibility;
use crate::facts::Facts;
use crate::fixture::NOW;
use crate::pack::Pack;

const SCHOOLS: &str = "table/school-en-leerplicht.toml";

/// One decision in words that it owns.
struct Kept {
    by: By,
    asker: Oin,
    holder: Oin,
    purpose: Purpose,
    category: Category,
    visible: Vec<(String, String)>,
    sealed: Vec<(String, String)>,
    about: Vec<About>,
    held: bool,
}

impl Kept {
    /// The decision of a party on facts with single values.
    fn of(pack: &Pack, facts: &Facts, by: By) -> Self {
        let mut words = BTreeMap::new();
        for (at, column) in pack.catalogue().columns().iter().enumerate() {
            let value = column.picked(facts.region().of(at)).next().unwrap();
            words.insert(column.id.as_str(), (column.visibility, value.id.as_str()));
        }
        let of = |visibility: Visibility, but: &str| {
            let words = words.iter().filter(|(id, (of, _))| *of == visibility && **id != but);
            words.map(|(id, (_, value))| ((*id).to_owned(), (*value).to_owned())).collect()
        };
        let about = match words.get("about").map(|(_, value)| *value) {
            Some("parent") => About::Parent,
            Some("other") => About::Other,
            _ => About::Child,
        };
        Self {
            by,
            asker: Oin::parse("00000099000000001000").unwrap(),
            holder: Oin::parse("00000099000000002000").unwrap(),
            purpose: Purpose::parse(words["purpose"].1).unwrap(),
            category: Category::parse(words["category"].1).unwrap(),
            visible: of(Visibility::Visible, "category"),
            sealed: of(Visibility::Sealed, "about"),
            about: vec![about],
            held: false,
        }
    }

    /// A school's question about the waiting list, of a child with such consent.
    fn school(by: By, consent: &str) -> Self {
        let pack = Pack::builtin().unwrap();
        let mut facts = pack.facts();
        for column in pack.catalogue().columns() {
            let value = column.when_absent().unwrap_or(0);
            if column.visibility != Visibility::Setting {
                pack.set(&mut facts, &column.id, &column.values[value].id).unwrap();
            }
        }
        for (column, value) in [
            ("requester_role", "sch.zorgcoordinator"),
            ("purpose", "D16"),
            ("category", "G12"),
            ("target_kind", "jha"),
            ("query_kind", "Q02"),
            ("urgency", "standard"),
            ("approvals", "none"),
            ("break_glass", "no"),
            ("level", "person"),
            ("secrecy_consent", consent),
            ("about", "child"),
        ] {
            pack.set(&mut facts, column, value).unwrap();
        }
        Self::of(&pack, &facts, by)
    }

    fn recorded(&self) -> Recorded<'_> {
        let at_holder = self.by == By::Holder;
        let on = at_holder.then(|| On { facts: 0, held: self.held, about: self.about.clone() });
        Recorded {
            by: self.by,
            id: TargetId::new([7; 16]),
            decided_at: NOW,
            asker: &self.asker,
            holder: &self.holder,
            purpose: &self.purpose,
            visible: of(&self.visible),
            sealed: if at_holder { vec![of(&self.sealed)] } else { Vec::new() },
            lines: vec![Line { category: &self.category, on }],
        }
    }
}

fn of(words: &[(String, String)]) -> Vec<Word<'_>> {
    words.iter().map(|(column, value)| (column.as_str(), value.as_str())).collect()
}

fn draft(row: &str, from: &str, to: &str) -> Pack {
    let mut files = Pack::builtin_files();
    change(&mut files, row, from, to);
    Pack::from_files(&files).unwrap()
}

/// Changes the first such text after the row's id.
fn change(files: &mut BTreeMap<String, String>, row: &str, from: &str, to: &str) {
    let text = files.get_mut(SCHOOLS).unwrap();
    let at = text.find(&format!("id = \"{row}\"")).unwrap();
    let (before, after) = text.split_at(at);
    assert!(after.contains(from), "{row}: {from}");
    *text = format!("{before}{}", after.replacen(from, to, 1));
}

fn simulated(draft: &Pack, kept: &[Kept], on: Option<Timestamp>) -> (Flips, Flips) {
    let now = Pack::builtin().unwrap();
    let (now, draft) = (Side::of(&now), Side::of(draft));
    let under = |side| Under { side, overlay: None };
    let mut simulation = Simulation::new(on);
    for one in kept {
        simulation.take(&one.recorded(), under(&now), under(&draft)).unwrap();
    }
    simulation.finish()
}

#[test]
fn what_was_decided_on_is_not_printed() {
    let kept = Kept::school(By::Holder, "withdrawn");
    let recorded = kept.recorded();
    assert_eq!(format!("{recorded:?} {:?}", recorded.lines[0].on), "Recorded(…) Some(On(…))");
}

fn sums(flips: &Flips) -> [u64; 4] {
    [flips.decisions, flips.all.opens, flips.all.closes, flips.all.otherwise]
}

/// The same rules under another name, on points inside and around every row.
#[test]
fn a_draft_that_decides_alike_flips_nothing() {
    let mut files = Pack::builtin_files();
    let pack = files.get_mut("pack.toml").unwrap();
    *pack = pack.replacen("1.0.0", "1.1.0", 1);
    let (pack, same) = (Pack::builtin().unwrap(), Pack::from_files(&files).unwrap());
    assert_ne!(pack.bundle(), same.bundle());
    let both = |facts: &Facts| [By::Broker, By::Holder].map(|by| Kept::of(&pack, facts, by));
    let kept: Vec<_> = samples(&pack, 3_000).iter().flat_map(both).collect();
    let (broker, holders) = simulated(&same, &kept, None);
    assert_eq!((sums(&broker), sums(&holders)), ([3_000, 0, 0, 0], [3_000, 0, 0, 0]));
    assert!(broker.per_rule.is_empty() && holders.per_agency.is_empty());
}

/// What a decision comes to is what [`Pack::rule`] and [`Pack::could`] say.
#[test]
fn every_flip_is_found_and_no_other() {
    let (now, after) = (Pack::builtin().unwrap(), draft("R27.1", "\"T3\"", "\"T5\""));
    let facts: Vec<Facts> = samples(&now, 4_000);
    let came = |pack: &Pack, facts: &Facts| {
        let kept = Kept::of(&now, facts, By::Holder);
        let mut visible = pack.facts();
        for (column, value) in &kept.visible {
            pack.set(&mut visible, column, value).unwrap();
        }
        let kind = &kept.visible.iter().find(|(column, _)| column == "target_kind").unwrap().1;
        let kind = grondslag_core::catalogue::Kind::parse(kind).unwrap();
        let could = pack.rule_visible(visible, &kept.category, NOW).unwrap();
        if could.ruling.verdict == Verdict::Refuse || !pack.catalogue().has_bsn_right(&kind) {
            return (Verdict::Refuse, Tier::T0);
        }
        let asked = crate::Asked {
            question: grondslag_core::id::Digest::new([0; 32]),
            category: &kept.category,
            about: kept.about[0],
            facts,
            overlay: None,
            cap: could.ruling.cap,
            held: false,
            on: NOW,
        };
        let (decision, _) = pack.rule(&asked).unwrap();
        (decision.verdict, decision.tier)
    };
    let differ = facts.iter().filter(|facts| came(&now, facts) != came(&after, facts)).count();
    assert!(differ > 5, "{differ}");
    let kept: Vec<_> = facts.iter().map(|facts| Kept::of(&now, facts, By::Holder)).collect();
    let (_, holders) = simulated(&after, &kept, None);
    assert_eq!(holders.all.sum(), u64::try_from(differ).unwrap());
    assert_eq!(holders.per_rule.keys().collect::<Vec<_>>(), ["R27"]);
}

/// Issue: schools see waiting-list data without consent.
#[test]
fn what_opens_is_counted_by_rule_purpose_and_agency_with_examples() {
    let mut files = Pack::builtin_files();
    change(&mut files, "R27.1", "[\"given\"]", "[\"given\", \"none\"]");
    change(&mut files, "R27.2", "\"none\", \"partial\"", "\"partial\"");
    let wider = Pack::from_files(&files).unwrap();
    let kept: Vec<Kept> = ["none", "given", "partial", "none", "none", "none"]
        .iter()
        .map(|consent| Kept::school(By::Holder, consent))
        .chain([Kept::school(By::Broker, "none")])
        .collect();
    let (broker, holders) = simulated(&wider, &kept, None);
    assert_eq!((sums(&broker), sums(&holders)), ([1, 0, 0, 0], [6, 4, 0, 0]));
    let rule = &holders.per_rule["R27"];
    assert_eq!((rule.opens, rule.examples.len()), (4, crate::limits::EXAMPLES_MAX));
    let row = |id: &str| vec![RowId::parse(id).unwrap()];
    let Example { before, after, .. } = &rule.examples[0];
    assert_eq!((&before.rows, before.verdict), (&row("R27.2"), Verdict::Refuse));
    assert_eq!((&after.rows, after.tier), (&row("R27.1"), Tier::T3));
    assert_eq!(holders.per_purpose[&Purpose::parse("D16").unwrap()].opens, 4);
    assert_eq!(holders.per_agency.keys().collect::<Vec<_>>(), [&kept[0].holder]);
    assert_eq!(holders.per_asker.keys().collect::<Vec<_>>(), [&kept[0].asker]);
}

#[test]
fn what_closes_and_what_is_told_less_of_is_told_apart() {
    let kept = [Kept::school(By::Broker, "given"), Kept::school(By::Holder, "given")];
    let lower = simulated(&draft("R27.1", "\"T3\"", "\"T2\""), &kept, None);
    assert_eq!((sums(&lower.0), sums(&lower.1)), ([1, 0, 0, 1], [1, 0, 0, 1]));
    let off = draft("R27.1", "status = \"in_force\"", "status = \"off\"");
    let (broker, holders) = simulated(&off, &kept, None);
    assert_eq!((sums(&broker), sums(&holders)), ([1, 0, 1, 0], [1, 0, 1, 0]));
    assert_eq!(holders.all.examples[0].after.reason.unwrap().code(), "NO_RULE");
    let review = draft("R27.1", "\"permit\"", "\"review\"");
    assert_eq!(sums(&simulated(&review, &kept, None).1), [1, 0, 0, 1]);
}

#[test]
fn a_row_of_later_counts_only_as_of_a_later_moment() {
    let later = "status = \"in_force\"\n  valid_until = \"2030-01-01\"";
    let ends = draft("R27.1", "status = \"in_force\"", later);
    let kept = [Kept::school(By::Holder, "given")];
    assert_eq!(simulated(&ends, &kept, None).1.all.sum(), 0);
    let then = Timestamp::parse("2030-01-02").unwrap();
    assert_eq!(simulated(&ends, &kept, Some(then)).1.all.closes, 1);
}

#[test]
fn what_the_draft_does_not_know_it_refuses_and_what_then_did_not_know_is_no_record() {
    let pack = Pack::builtin().unwrap();
    let (side, mut kept) = (Side::of(&pack), Kept::school(By::Holder, "given"));
    kept.sealed[0].1 = "nonsense".to_owned();
    let under = Under { side: &side, overlay: None };
    let mut simulation = Simulation::new(None);
    assert!(simulation.take(&kept.recorded(), under, under).is_err());
    assert_eq!(simulation.finish().1.decisions, 0);

    // The draft has no such role any more.
    let without: BTreeMap<_, _> = Pack::builtin_files()
        .into_iter()
        .map(|(path, text)| (path, text.replace("sch.zorgcoordinator", "sch.zorg")))
        .collect();
    let without = Pack::from_files(&without).unwrap();
    let (_, holders) = simulated(&without, &[Kept::school(By::Holder, "given")], None);
    assert_eq!(sums(&holders), [1, 0, 1, 0]);
    assert_eq!(holders.all.examples[0].after.rows, []);
}

/// Files of several people, facts that contradict each other, and a node's own rules.
#[test]
fn files_conflicts_and_own_rules_count_as_they_do_at_the_holder() {
    let pack = Pack::builtin().unwrap();
    let off = draft("R27.1", "status = \"in_force\"", "status = \"off\"");
    let mut kept = Kept::school(By::Holder, "given");
    kept.about = vec![About::Other, About::Child];
    kept.held = true;
    let (_, holders) = simulated(&off, &[kept], None);
    assert_eq!(holders.all.closes, 1, "the child's file was open");
    assert_eq!(holders.all.examples[0].before.verdict, Verdict::Review, "they conflict");

    let own = "[[row]]\nid = \"eigen-1\"\noutcome = \"hold\"\ntext = { nl = \"x\", en = \"x\" }\n\
               when = { category = [\"G12\"] }\n";
    let kind = grondslag_core::catalogue::Kind::parse("jha").unwrap();
    let overlay = Overlay::load(&pack, &kind, "own.toml", own).unwrap();
    let side = Side::of(&pack);
    let (with, without) = (Some(&overlay), None);
    let kept = Kept::school(By::Holder, "given");
    let mut simulation = Simulation::new(None);
    let under = |overlay| Under { side: &side, overlay };
    simulation.take(&kept.recorded(), under(without), under(with)).unwrap();
    let (_, holders) = simulation.finish();
    assert_eq!(sums(&holders), [1, 0, 0, 1]);
    assert_eq!(holders.all.examples[0].after.verdict, Verdict::Review);
    let rows = ["R27.1", "local/eigen-1"].map(|row| RowId::parse(row).unwrap());
    assert_eq!(holders.all.examples[0].after.rows, rows);
}
