use grondslag_core::catalogue::RowId;

use super::*;
use crate::fixture::NOW;
use crate::table::{Effect, Table};

fn builtin() -> Pack {
    Pack::builtin().unwrap()
}

#[test]
fn what_breaks_a_promise_is_told_apart_from_what_is_wrong_in_itself() {
    assert!(invariants::ALL.iter().all(|promise| promise.fault.is_promise()));
    assert!(!Fault::NeverMatches.is_promise() && !Fault::CaseFailed.is_promise());
}

/// The pack that came with the program with one row changed.
fn with_row(id: &str, change: impl FnOnce(&Pack, &mut Row)) -> Pack {
    changed(&builtin(), id, change)
}

fn changed(pack: &Pack, id: &str, change: impl FnOnce(&Pack, &mut Row)) -> Pack {
    let mut rows = pack.rows().to_vec();
    let row = rows.iter_mut().find(|row| row.id.as_str() == id).unwrap();
    change(pack, row);
    let mut changed = pack.clone();
    changed.table = Table::new(rows, pack.catalogue());
    changed
}

fn set(pack: &Pack, row: &mut Row, column: &str, values: &[&str]) {
    let at = pack.value(column, values[0]).unwrap().column();
    let mask = values.iter().map(|value| pack.value(column, value).unwrap().bit());
    row.region = row.region.with(at, mask.fold(0, |mask, bit| mask | bit));
}

/// The invariants that a changed row breaks.
fn broken(id: &str, change: impl FnOnce(&Pack, &mut Row)) -> Vec<Invariant> {
    let proof = Proof::of(&builtin(), &with_row(id, change), NOW).unwrap();
    assert_eq!(proof.is_sound(), proof.invariants.iter().all(|one| one.holds));
    proof.invariants.into_iter().filter(|one| !one.holds).collect()
}

/// Exactly this invariant breaks, at exactly this row.
#[track_caller]
fn breaks(invariant: &str, id: &str, change: impl FnOnce(&Pack, &mut Row)) -> Vec<RegionShown> {
    let broken = broken(id, change);
    let ids: Vec<&str> = broken.iter().map(|one| one.id).collect();
    assert_eq!(ids, [invariant]);
    let rows: Vec<&RowId> = broken[0].breaches.iter().map(|breach| &breach.row).collect();
    assert!(rows.iter().all(|row| row.as_str() == id) && !rows.is_empty(), "{rows:?}");
    broken[0].breaches.iter().flat_map(|breach| breach.regions.clone()).collect()
}

fn values<'a>(region: &'a RegionShown, column: &str) -> Vec<&'a str> {
    let column = region.0.iter().find(|shown| shown.id == column).unwrap();
    column.values.iter().map(|value| value.id.as_str()).collect()
}

#[test]
fn every_invariant_holds_of_the_pack_that_came_with_the_program() {
    let proof = Proof::of(&builtin(), &builtin(), NOW).unwrap();
    assert!(proof.is_sound() && !proof.widens && proof.newly_permitted.is_empty());
    assert_eq!(proof.invariants.len(), 7);
    let json = serde_json::to_value(&proof).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 2, "nothing but what is asked for: {json}");
}

#[test]
fn tier_four_without_a_ground_that_lifts_secrecy_is_named_with_where() {
    let regions = breaks("secrecy_ground", "R28.1", |pack, row| {
        set(pack, row, "target_kind", &["sch", "ha"]);
    });
    assert!(regions.iter().all(|region| values(region, "target_kind") == ["ha"]), "{regions:?}");
}

#[test]
fn withdrawn_consent_that_opens_what_no_consent_does_not_is_named() {
    breaks("withdrawn_consent", "R33.1", |pack, row| {
        set(pack, row, "secrecy_consent", &["given", "withdrawn"]);
    });
}

#[test]
fn a_row_that_a_new_category_would_widen_is_named() {
    breaks("new_category", "R27.1", |_, row| row.names_categories = false);
}

#[test]
fn a_secret_address_is_named_where_it_could_get_out() {
    let asks = with_row("R27.1", |pack, row| set(pack, row, "category", &["G02"]));
    let proof = |draft: &Pack| Proof::of(&builtin(), draft, NOW).unwrap();
    assert!(proof(&asks).is_sound(), "R02.2 keeps it from getting out");
    let open = changed(&asks, "R02.2", |_, row| row.effect = Effect::Hold);
    let broken = proof(&open).invariants.into_iter().filter(|one| !one.holds);
    let [broken] = broken.collect::<Vec<_>>().try_into().unwrap();
    assert_eq!((broken.id, broken.breaches[0].row.as_str()), ("never_released", "R27.1"));
    let regions = &broken.breaches[0].regions;
    assert!(regions.iter().all(|region| values(region, "subject_shielded") == ["yes"]));
}

#[test]
fn a_parents_file_that_the_young_persons_yes_opens_is_named() {
    let regions = breaks("parents_file", "R08.1", |pack, row| {
        set(pack, row, "youth_view", &["agrees"]);
    });
    assert!(regions.iter().all(|region| values(region, "about") == ["parent"]), "{regions:?}");
}

#[test]
fn content_of_care_for_a_purpose_of_the_police_is_named() {
    let regions = breaks("own_purposes", "R30.1", |pack, row| {
        set(pack, row, "purpose", &["D04"]);
    });
    assert!(regions.iter().all(|region| {
        values(region, "requester_role")
            .iter()
            .all(|role| role.starts_with("pol.") || role.starts_with("om."))
    }));
}

#[test]
fn a_bill_that_opens_something_is_named() {
    let pack = builtin();
    let mut grounds = pack.catalogue().grounds().iter();
    let bill = grounds.find(|ground| ground.status != crate::catalogue::Status::InForce).unwrap();
    breaks("proposed_statute", "R27.1", |_, row| row.legal.push(bill.id.clone()));
}
