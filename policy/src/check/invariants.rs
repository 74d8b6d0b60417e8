//! The standing invariants that the box method holds exactly and cheaply (policy A).

use grondslag_core::tier::Tier;

use super::rows::rests_on;
use crate::catalogue::GroundKind;
use crate::fault::{Fault, Problem};
use crate::pack::Pack;
use crate::region::Region;
use crate::space::Space;
use crate::table::{Effect, Row};

/// Flag of a category that tells where somebody is.
const LOCATION: &str = "location";
/// From here on a holder with a secrecy duty needs a ground that lifts it.
const SECRECY_TIER: Tier = Tier::T4;

pub(super) fn check(pack: &Pack) -> Vec<Problem> {
    let space = Space::new(pack);
    let mut problems = Vec::new();
    for row in space.opening() {
        problems.extend(lifts_secrecy(&space, row));
        problems.extend(never_released(&space, row));
        problems.extend(withdrawn(&space, row));
    }
    problems
}

fn of(row: &Row, fault: Fault, detail: impl Into<String>) -> Problem {
    Problem::new(&row.file, row.id.as_str(), fault, detail)
}

/// The part of a row that no deny takes away is empty.
fn denied(space: &Space<'_>, row: &Row, region: &Region) -> bool {
    space.covered(region, &space.regions(Effect::Deny, row.window))
}

/// No path to tier 4 or higher at a holder with a secrecy duty without a ground that lifts it:
/// a duty, a right, or consent given.
fn lifts_secrecy(space: &Space<'_>, row: &Row) -> Option<Problem> {
    let pack = space.pack;
    let catalogue = pack.catalogue();
    let region = row.region;
    let categories = region.of(catalogue.known().category);
    let reach = row.tier_max.unwrap_or(catalogue.default_tier(categories));
    let kinds = catalogue.kinds().iter().filter(|kind| kind.secrecy);
    let secret = kinds.filter_map(|kind| pack.value("target_kind", kind.id.as_str()).ok());
    let secret = secret.fold(0, |mask, kind| mask | kind.bit());
    let target_at = catalogue.known().target_kind;
    let at_secret = region.with(target_at, region.of(target_at) & secret);
    let given = pack.value("secrecy_consent", "given").map_or(0, crate::facts::Value::bit);
    let by_consent = catalogue.known().secrecy_consent;
    let by_consent = by_consent.is_some_and(|at| region.of(at) == given);
    let bare = reach >= SECRECY_TIER
        && !at_secret.is_empty()
        && !by_consent
        && !rests_on(pack, row, &[GroundKind::Duty, GroundKind::Right])
        && !denied(space, row, &at_secret);
    bare.then(|| of(row, Fault::NoSecrecyGround, reach.word()))
}

/// What the catalogue marks as never released, and the place of a shielded subject.
fn never_released(space: &Space<'_>, row: &Row) -> Vec<Problem> {
    let pack = space.pack;
    let catalogue = pack.catalogue();
    let category_at = catalogue.known().category;
    let shielded = pack.value("subject_shielded", "yes");
    let mut problems = Vec::new();
    for category in catalogue.categories() {
        let place = category.flags.iter().any(|flag| flag == LOCATION);
        let Ok(bit) = pack.value("category", category.id.as_str()) else {
            continue;
        };
        let mut region = row.region.with(category_at, row.region.of(category_at) & bit.bit());
        if category.released {
            let (true, Ok(yes)) = (place, shielded.as_ref()) else {
                continue;
            };
            region = region.with(yes.column(), region.of(yes.column()) & yes.bit());
        }
        if !region.is_empty() && !denied(space, row, &region) {
            problems.push(of(row, Fault::NeverReleased, category.id.as_str()));
        }
    }
    problems
}

/// Withdrawn consent never permits more than no consent: where this row opens on withdrawn
/// consent and no deny takes it away, it opens on no consent too, and no row makes no consent
/// stricter there than withdrawn consent is.
fn withdrawn(space: &Space<'_>, row: &Row) -> Vec<Problem> {
    let pack = space.pack;
    let none = pack.value("secrecy_consent", "none");
    let gone = pack.value("secrecy_consent", "withdrawn");
    let (Ok(none), Ok(gone)) = (none, gone) else {
        return Vec::new();
    };
    let (at, none, gone) = (none.column(), none.bit(), gone.bit());
    if row.region.of(at) & gone == 0 {
        return Vec::new();
    }
    let on_gone = row.region.with(at, gone);
    if row.region.of(at) & none == 0 && !denied(space, row, &on_gone) {
        return vec![of(row, Fault::WithdrawnOpens, "none")];
    }
    let stricter = space.in_force().filter(|other| {
        let (on_none, on_gone) = (other.region.of(at) & none, other.region.of(at) & gone);
        on_none != 0 && on_gone == 0 && tightens(other, row, pack)
    });
    let mut problems = Vec::new();
    for other in stricter {
        let shared = on_gone.meet(&other.region.with(at, gone));
        let mut covers = space.regions(Effect::Deny, row.window);
        covers.extend(as_strict(space, other, row, gone, at));
        if !shared.is_empty() && !space.covered(&shared, &covers) {
            problems.push(of(row, Fault::WithdrawnOpens, other.id.as_str()));
        }
    }
    problems
}

/// Where both match, `other` leaves less than `row` alone does.
fn tightens(other: &Row, row: &Row, pack: &Pack) -> bool {
    match other.effect {
        Effect::Deny => true,
        Effect::Hold => row.effect == Effect::Permit,
        Effect::Review | Effect::Permit => {
            let reviews = other.effect == Effect::Review && row.effect == Effect::Permit;
            reviews || reach(other, row, pack) < reach(row, other, pack)
        }
        Effect::Lower => false,
    }
}

/// The tier of a row where it meets another.
fn reach(row: &Row, other: &Row, pack: &Pack) -> Tier {
    let shared = row.region.meet(&other.region);
    let categories = shared.of(pack.catalogue().known().category);
    row.tier_max.unwrap_or(pack.catalogue().default_tier(categories))
}

/// The regions in which withdrawn consent is at least as strict as `other` makes no consent.
fn as_strict(space: &Space<'_>, other: &Row, row: &Row, gone: u64, at: usize) -> Vec<Region> {
    let on_gone = space.in_force().filter(|third| third.region.of(at) & gone != 0);
    let during = on_gone.filter(|third| third.window.holds_during(row.window));
    let looks = |third: &Row| matches!(third.effect, Effect::Hold | Effect::Review);
    let strict = during.filter(|third| match other.effect {
        Effect::Deny | Effect::Lower => false,
        Effect::Hold => looks(third),
        Effect::Review | Effect::Permit => {
            let low = third.effect.opens()
                && reach(third, row, space.pack) <= reach(other, row, space.pack);
            let looked_at = other.effect == Effect::Permit || looks(third);
            low && looked_at
        }
    });
    strict.map(|third| third.region).collect()
}
