use grondslag_core::tier::Verdict;

use super::*;
use crate::bench::{Dice, thrown};
use crate::catalogue::Status;
use crate::decide::Decision;
use crate::facts::Facts;
use crate::fixture::NOW;
use crate::pack::Pack;
use crate::table::{Effect, Row, Table};

/// The pack with its rows changed.
fn with_rows(pack: &Pack, change: impl FnOnce(&mut Vec<Row>)) -> Pack {
    let mut rows = pack.rows().to_vec();
    change(&mut rows);
    let mut other = pack.clone();
    other.table = Table::new(rows, pack.catalogue());
    other
}

fn compare(before: &Pack, after: &Pack) -> Comparison {
    Comparison::of(before, after, NOW).unwrap()
}

/// What the engine itself decides; a tier that tells nothing is a refusal.
fn decided(pack: &Pack, facts: &Facts) -> Decision {
    let mut decision = pack.decide(facts, NOW).unwrap();
    decision.refuse_what_tells_nothing();
    decision
}

/// What a comparison must say of one point, by what the engine decides on it.
fn expected(before: &Decision, after: &Decision) -> Option<Parting> {
    let refuses = |decision: &Decision| decision.verdict == Verdict::Refuse;
    match (refuses(before), refuses(after)) {
        (true, true) => None,
        (true, false) => Some(Parting::NewlyPermitted),
        (false, true) => Some(Parting::NewlyRefused),
        (false, false) => {
            let delta = Delta::between(&opened(before), &opened(after))?;
            Some(Parting::Changed(Box::new(delta)))
        }
    }
}

fn opened(decision: &Decision) -> delta::Opened {
    delta::Opened {
        verdict: decision.verdict,
        tier: decision.tier,
        notify: decision.notify,
        duty: decision.duty,
        deadline: decision.deadline,
        obligations: decision.obligations.iter().cloned().collect(),
        grounds: decision.grounds.iter().cloned().collect(),
    }
}

/// Holds the comparison of two packs with the same catalogue against the engine on `points`
/// points; gives back on how many they part.
fn hold_against_the_engine(before: &Pack, after: &Pack, points: &[Facts]) -> usize {
    let found = compare(before, after);
    let mut parted = 0;
    for facts in points {
        let expected = expected(&decided(before, facts), &decided(after, facts));
        let point = found.joint.region_of(before, facts);
        let of: Vec<&Change> = found
            .changes()
            .filter(|change| change.regions.iter().any(|region| region.contains(&point)))
            .collect();
        assert!(of.len() <= 1, "a point lies in two regions");
        assert_eq!(of.first().map(|change| &change.parting), expected.as_ref());
        parted += usize::from(expected.is_some());
    }
    parted
}

/// One change that an officer could make, at random.
fn shake(rows: &mut Vec<Row>, pack: &Pack, dice: &mut Dice) {
    let columns = pack.catalogue().columns().len();
    let everything = pack.catalogue().everything();
    let at = dice.below(rows.len());
    let tiers = grondslag_core::tier::Tier::ALL;
    let tier = tiers.get(dice.below(tiers.len())).copied();
    match dice.below(8) {
        0 => drop(rows.remove(at)),
        1 => rows[at].status = Status::Off,
        2 | 3 => {
            let column = dice.below(columns);
            let bit = 1 << dice.bit_of(everything.of(column));
            let set = rows[at].region.of(column) ^ bit;
            rows[at].region = rows[at].region.with(column, if set == 0 { bit } else { set });
        }
        4 => {
            let column = dice.below(columns);
            rows[at].region = rows[at].region.with(column, everything.of(column));
        }
        5 if rows[at].effect.opens() => rows[at].tier_max = tier,
        6 => rows[at].notify ^= true,
        _ => {
            let effects = [Effect::Permit, Effect::Review, Effect::Hold, Effect::Deny];
            let effect = effects[dice.below(4)];
            rows[at].tier_max = if effect.opens() { tier } else { None };
            rows[at].effect = effect;
        }
    }
}

#[test]
fn a_comparison_says_of_every_point_what_the_engine_decides() {
    let pack = Pack::builtin().unwrap();
    let mut dice = Dice(0x5eed_ca5e);
    let (mut points, mut parted) = (0, 0);
    for round in 0..60 {
        let after = with_rows(&pack, |rows| {
            (0..=round % 4).for_each(|_| shake(rows, &pack, &mut dice));
        });
        let mut tried = thrown(&pack, 10_000, &mut dice);
        tried.extend(thrown(&after, 10_000, &mut dice));
        points += tried.len();
        parted += hold_against_the_engine(&pack, &after, &tried);
    }
    assert!(points >= 1_000_000 && parted > 1_000, "{parted} of {points}");
}

#[test]
fn nothing_that_only_narrows_opens_a_point_or_takes_a_condition_away() {
    let pack = Pack::builtin().unwrap();
    let mut dice = Dice(0xfeed_5eed);
    let (mut narrowed, mut not) = (0, 0);
    for _ in 0..120 {
        let after = with_rows(&pack, |rows| shake(rows, &pack, &mut dice));
        let narrows = compare(&pack, &after).only_narrows();
        let points = [thrown(&pack, 2_000, &mut dice), thrown(&after, 2_000, &mut dice)].concat();
        let gives_more = points.iter().any(|facts| {
            let (before, after) = (decided(&pack, facts), decided(&after, facts));
            let open = after.verdict != Verdict::Refuse;
            open && (after.verdict < before.verdict
                || after.tier > before.tier
                || before.notify && !after.notify
                || before.duty && !after.duty
                || before.obligations.iter().any(|one| !after.obligations.contains(one)))
        });
        assert!(!(narrows && gives_more));
        narrowed += usize::from(narrows);
        not += usize::from(gives_more);
    }
    assert!(narrowed > 10 && not > 10, "{narrowed} narrow, {not} give more");
}

/// The pack that came with the program, with one text replaced in one file of its table.
fn edited(file: &str, from: &str, to: &str) -> Pack {
    let mut files = Pack::builtin_files();
    let text = files.get_mut(file).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    Pack::from_files(&files).unwrap()
}

const SCHOOL: &str = "table/school-en-leerplicht.toml";

#[test]
fn a_table_that_is_written_otherwise_and_decides_the_same_gives_no_difference() {
    let pack = Pack::builtin().unwrap();
    assert!(compare(&pack, &pack).is_empty());
    let two = with_rows(&pack, |rows| {
        let at = rows.iter().position(|row| row.id.as_str() == "R27.1").unwrap();
        let purpose = pack.catalogue().known().category;
        let mut half = rows[at].clone();
        let set = half.region.of(purpose);
        let lowest = set & set.wrapping_neg();
        half.region = half.region.with(purpose, lowest);
        half.id = RowId::parse("R27.9").unwrap();
        rows[at].region = rows[at].region.with(purpose, set & !lowest);
        rows.push(half);
        rows.rotate_left(7);
    });
    assert!(compare(&pack, &two).is_empty(), "one row as two, in another order");
    let text = edited(SCHOOL, "text.en = \"With consent youth", "text.en = \"If agreed, youth");
    assert!(compare(&pack, &text).is_empty(), "other words");
}

#[test]
fn a_widened_row_is_named_with_its_own_region_and_with_what_is_cut_out_of_it() {
    let pack = Pack::builtin().unwrap();
    let none = pack.value("secrecy_consent", "none").unwrap();
    let flip = |rows: &mut Vec<Row>, id: &str| {
        let row = rows.iter_mut().find(|row| row.id.as_str() == id).unwrap();
        row.region = row.region.with(none.column(), row.region.of(none.column()) ^ none.bit());
    };
    let still = with_rows(&pack, |rows| flip(rows, "R27.1"));
    assert!(compare(&pack, &still).is_empty(), "R27.2 denies what R27.1 would open");
    let wider = with_rows(&still, |rows| flip(rows, "R27.2"));
    let shown = compare(&pack, &wider).shown();
    assert!(shown.newly_refused.is_empty() && shown.changed.is_empty(), "{shown:?}");
    let [opened] = shown.newly_permitted.as_slice() else { panic!("{shown:?}") };
    let ids = |rows: &BTreeSet<RowId>| rows.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(ids(&opened.rows_after), ["R27.1"]);
    assert_eq!(ids(&opened.rows_before), ["R27.2"]);
    let consent = |region: &RegionShown| {
        let column = region.0.iter().find(|column| column.id == "secrecy_consent").unwrap();
        column.values.iter().map(|value| value.id.clone()).collect::<Vec<_>>()
    };
    assert!(opened.regions.iter().all(|region| consent(region) == ["none"]));
    // What was open already, what is still refused, and who may never ask this.
    assert_eq!(ids(&opened.cut_out_by), ["R01.28", "R27.1", "R41.19", "R41.20"]);
    let own: Vec<_> = opened.own.iter().flat_map(|region| &region.0).map(|c| &*c.id).collect();
    let named =
        ["requester_role", "purpose", "category", "target_kind", "secrecy_consent", "about"];
    assert_eq!(own, named, "the kind of asker follows from the role");
}

/// The pack that came with the program, of which these combinations cannot occur.
fn with_impossible(combinations: &[&str]) -> Pack {
    let mut files = Pack::builtin_files();
    let catalogue = files.get_mut("catalogue.toml").unwrap();
    for (at, when) in combinations.iter().enumerate() {
        let text = "text = { nl = \"x\", en = \"y\" }";
        let entry = format!("\n[[impossible]]\nid = \"t{at}\"\n{text}\nwhen = {when}\n");
        catalogue.push_str(&entry);
    }
    Pack::from_files(&files).unwrap()
}

const CANNOT: [&str; 2] = [
    "{ urgency = [\"acute\"], level = [\"aggregate\"] }",
    "{ age_band = [\"lt12\", \"12-15\"], \
     secrecy_consent = [\"given\", \"partial\"], about = [\"parent\"] }",
];

/// A deny row that no longer holds what cannot occur, or every other time nothing at all.
fn with_hole(rows: &mut Vec<Row>, pack: &Pack, dice: &mut Dice) {
    let denies: Vec<usize> =
        (0..rows.len()).filter(|at| rows[*at].effect == Effect::Deny).collect();
    let at = denies[dice.below(denies.len())];
    let [acute, aggregate] = [("urgency", "acute"), ("level", "aggregate")]
        .map(|(column, value)| pack.value(column, value).unwrap());
    let without = |row: &Row, column: usize, bits: u64| {
        let mut row = row.clone();
        row.region = row.region.with(column, row.region.of(column) & !bits);
        row
    };
    let row = rows.remove(at);
    if dice.below(2) == 0 {
        return;
    }
    rows.push(without(&row, acute.column(), acute.bit()));
    rows.push(without(&row, aggregate.column(), aggregate.bit()));
}

#[test]
fn what_is_left_of_a_difference_is_what_can_occur_by_brute_force() {
    let pack = with_impossible(&CANNOT);
    let mut dice = Dice(0x1ef7_0a75);
    let (mut shown, mut hidden) = (0, 0);
    for _ in 0..120 {
        let after = with_rows(&pack, |rows| with_hole(rows, &pack, &mut dice));
        let found = compare(&pack, &after);
        let points = [thrown(&pack, 2_000, &mut dice), thrown(&after, 2_000, &mut dice)].concat();
        for change in found.changes() {
            let (left, used) = left_out::left(&change.regions, &found.impossible);
            assert_eq!(used.is_empty(), left.len() == change.regions.len());
            // Of points that are thrown, and of a corner of every region.
            let corner = |region: &Region| {
                let sets = region.sets().map(|set| set & set.wrapping_neg());
                Facts::new(Region::new(sets))
            };
            let corners = change.regions.iter().map(corner);
            for facts in points.iter().copied().chain(corners) {
                let point = found.joint.region_of(&pack, &facts);
                let inside = change.regions.iter().any(|region| region.contains(&point));
                let mut listed = pack.catalogue().impossible().iter();
                let cannot = listed.any(|one| one.region.contains(facts.region()));
                let of = left.iter().filter(|region| region.contains(&point)).count();
                assert!(of <= 1 && (of == 0 || inside));
                assert!(!(inside && of == 0) || cannot, "what can occur is always shown");
                shown += usize::from(of == 1);
                hidden += usize::from(inside && of == 0);
            }
        }
    }
    assert!(shown > 20 && hidden > 20, "{shown} shown, {hidden} left out");
}

#[test]
fn what_cannot_occur_is_left_out_of_what_is_shown_and_of_nothing_else() {
    // A draft that opens only what cannot occur: nothing is shown, and it widens all the same.
    let opened = |pack: &Pack| {
        let mut rows = pack.rows().to_vec();
        let columns = ["urgency", "level"].map(|id| pack.catalogue().find_column(id).unwrap().0);
        let bits = [("urgency", "acute"), ("level", "aggregate")]
            .map(|(column, value)| pack.value(column, value).unwrap().bit());
        let mut row = rows.iter().find(|row| row.id.as_str() == "R27.1").unwrap().clone();
        let consent = pack.value("secrecy_consent", "none").unwrap();
        row.id = RowId::parse("R27.9").unwrap();
        row.region = row.region.with(columns[0], bits[0]).with(columns[1], bits[1]);
        row.region = row.region.with(consent.column(), consent.bit());
        rows.retain(|row| row.id.as_str() != "R27.2");
        rows.push(row);
        let mut other = pack.clone();
        other.table = Table::new(rows, pack.catalogue());
        other
    };
    let pack = with_impossible(&CANNOT);
    let draft = opened(&pack);
    let found = compare(&pack, &draft);
    assert!(found.widens() && !found.only_narrows() && !found.is_empty());
    let shown = found.shown();
    assert!(shown.newly_permitted.is_empty(), "{shown:?}");
    assert_eq!(shown.left_out.iter().map(|one| &*one.id).collect::<Vec<_>>(), ["t0"]);
    let proof = crate::prove::Proof::of(&pack, &draft, NOW).unwrap();
    assert!(proof.widens && !proof.newly_permitted.is_empty(), "a proof counts every point");
    // What only the draft calls impossible hides nothing.
    let plain = Pack::builtin().unwrap();
    assert!(!compare(&plain, &draft).shown().newly_permitted.is_empty());
}
