use std::collections::BTreeSet;

use super::*;
use crate::bench::{Dice, thrown};
use crate::fixture::NOW;

/// The same point of the table, looked up in an overview: the ways that hold it.
fn ways<'a>(overview: &'a Overview, point: &BTreeMap<String, String>) -> Vec<&'a Opening> {
    let holds = |region: &RegionShown| {
        region.0.iter().all(|column| {
            let value = point.get(&column.id).unwrap();
            column.values.iter().any(|word| word.id == *value)
        })
    };
    let opening = overview.open.iter();
    opening
        .filter(|one| {
            one.places.iter().any(|place| holds(&place.asked) && place.conditions.iter().any(holds))
        })
        .collect()
}

#[test]
fn an_overview_says_exactly_what_the_engine_decides() {
    // Twenty thousand points in and beside the rows, held against the engine.
    let pack = Pack::builtin().unwrap();
    let roles = pack.catalogue().roles();
    let overviews: HashMap<&str, Overview> = roles
        .iter()
        .map(|role| (role.id.as_str(), pack.overview(role.id.as_str(), NOW).unwrap()))
        .collect();
    let mut dice = Dice(0x5eed_0e0e);
    let (mut open, mut shut) = (0, 0);
    for facts in thrown(&pack, 20_000, &mut dice) {
        let mut decided = pack.decide(&facts, NOW).unwrap();
        decided.refuse_what_tells_nothing();
        let columns = pack.catalogue().columns().iter().enumerate();
        let point: BTreeMap<String, String> = columns
            .map(|(at, column)| {
                let value = column.picked(facts.region().of(at)).next().unwrap();
                (column.id.clone(), value.id.clone())
            })
            .collect();
        let overview = &overviews[point["requester_role"].as_str()];
        match (decided.verdict, ways(overview, &point).as_slice()) {
            (Verdict::Refuse, []) => shut += 1,
            (Verdict::Refuse, _) => panic!("shown open and refused: {point:?}"),
            (verdict, [one]) => {
                open += 1;
                assert_eq!((one.verdict, one.tier), (verdict, decided.tier), "{point:?}");
                let rows: Vec<_> = one.rules.iter().map(|rule| rule.row.clone()).collect();
                assert_eq!(rows, decided.rows, "{point:?}");
                assert_eq!((one.notify, one.duty), (decided.notify, decided.duty));
                assert_eq!(one.deadline, decided.deadline.map(|term| term.to_string()));
            }
            (_, ways) => panic!("shown {} times: {point:?}", ways.len()),
        }
    }
    assert!(open > 1_000 && shut > 1_000, "{open} open, {shut} shut");
}

#[test]
fn an_overview_is_the_same_every_time() {
    let pack = Pack::builtin().unwrap();
    let made = || serde_json::to_string(&pack.overview("vt.onderzoeker", NOW).unwrap()).unwrap();
    assert_eq!(made(), made());
}

#[test]
fn an_unknown_role_is_refused_with_the_nearest_one() {
    let error = Pack::builtin().unwrap().overview("vt.onderzoker", NOW).unwrap_err();
    assert_eq!(error.reason(), Reason::UnknownRole);
    assert!(error.to_string().contains("\"vt.onderzoeker\""), "{error}");
}

#[test]
fn a_table_that_is_too_large_gives_no_overview_rather_than_a_part() {
    let pack = Pack::builtin().unwrap();
    let joint = Joint::new([&pack, &pack], NOW).unwrap();
    let base = joint.of_role("vt.onderzoeker");
    assert_eq!(walk::open(&joint, &base, 3).unwrap_err(), NotComparable::TooMany);
}

#[test]
fn the_lines_per_purpose_say_no_more_and_no_less_than_the_details() {
    let pack = Pack::builtin().unwrap();
    for role in pack.catalogue().roles() {
        let overview = pack.overview(role.id.as_str(), NOW).unwrap();
        let asked = |place: &Place, id: &str| -> Vec<String> {
            let column = place.asked.0.iter().find(|column| column.id == id);
            let all = || pack.catalogue().column(id).unwrap().values.iter().map(|v| v.id.clone());
            column.map_or_else(
                || all().collect(),
                |column| column.values.iter().map(|word| word.id.clone()).collect(),
            )
        };
        let mut told: BTreeMap<String, (Tier, [BTreeSet<String>; 3])> = BTreeMap::new();
        for opening in &overview.open {
            for place in &opening.places {
                for purpose in asked(place, "purpose") {
                    let (tier, sets) =
                        told.entry(purpose).or_insert((Tier::T0, Default::default()));
                    *tier = (*tier).max(opening.tier);
                    sets[0].extend(asked(place, "target_kind"));
                    sets[1].extend(asked(place, "category"));
                    sets[2].extend(opening.legal.iter().map(|ground| ground.id.to_string()));
                }
            }
        }
        assert_eq!(overview.purposes.len(), told.len(), "{}", role.id);
        for line in &overview.purposes {
            let (tier, sets) = &told[&line.purpose.id];
            let ids = |words: &[Word]| -> BTreeSet<String> {
                words.iter().map(|word| word.id.clone()).collect()
            };
            let legal: BTreeSet<String> =
                line.legal.iter().map(|ground| ground.id.to_string()).collect();
            assert_eq!(line.tier, *tier, "{} {}", role.id, line.purpose.id);
            assert_eq!([ids(&line.targets), ids(&line.categories), legal], *sets, "{}", role.id);
        }
    }
}
