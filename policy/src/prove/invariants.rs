//! The standing invariants (policy A), each exact on the table.

use grondslag_core::tier::Tier;

use super::Breach;
use crate::catalogue::{GroundKind, KindEntry, Status};
use crate::check::rows::rests_on;
use crate::fault::Fault;
use crate::pack::Pack;
use crate::region::Region;
use crate::space::Space;
use crate::table::{Effect, Row};

/// Flag of a category that tells where somebody is.
const LOCATION: &str = "location";
/// From here on a holder with a secrecy duty needs a ground that lifts it.
const SECRECY_TIER: Tier = Tier::T4;
/// From here on an answer says something of care, and not only who is involved.
const CONTENT_TIER: Tier = Tier::T3;

/// A standing invariant: its code, what a breach of it is called, and what it says.
pub(super) struct Standing {
    pub(super) id: &'static str,
    pub(super) fault: Fault,
    pub(super) nl: &'static str,
    pub(super) en: &'static str,
}

/// Every standing invariant, in the order of policy A.
pub(super) const ALL: [Standing; 7] = [
    Standing {
        id: "secrecy_ground",
        fault: Fault::NoSecrecyGround,
        nl: "Wie een geheimhoudingsplicht heeft geeft niets van tier 4 of hoger zonder grond die \
             die plicht doorbreekt.",
        en: "A holder with a secrecy duty gives nothing of tier 4 or higher without a ground that \
             lifts it.",
    },
    Standing {
        id: "withdrawn_consent",
        fault: Fault::WithdrawnOpens,
        nl: "Ingetrokken toestemming laat nooit meer toe dan geen toestemming.",
        en: "Withdrawn consent never permits more than no consent.",
    },
    Standing {
        id: "new_category",
        fault: Fault::OpenCategory,
        nl: "Een nieuwe soort gegevens verruimt geen bestaande rij.",
        en: "A new category of data widens no row that is there.",
    },
    Standing {
        id: "never_released",
        fault: Fault::NeverReleased,
        nl: "Een geheim adres en wie bij Veilig Thuis meldde worden nooit gegeven.",
        en: "A shielded address and who reported to Veilig Thuis are never released.",
    },
    Standing {
        id: "parents_file",
        fault: Fault::ChildOpensParent,
        nl: "Het dossier van een ouder gaat nooit open door het ja van het kind.",
        en: "A parent's file never follows from the child's consent.",
    },
    Standing {
        id: "own_purposes",
        fault: Fault::OwnPurpose,
        nl: "Politie en justitie krijgen voor eigen doelen geen inhoud over zorg of school.",
        en: "Police and justice get no care or school content for purposes of their own.",
    },
    Standing {
        id: "proposed_statute",
        fault: Fault::ProposedGround,
        nl: "Een wetsvoorstel opent niets.",
        en: "A proposed statute opens nothing.",
    },
];

/// Every row in force that breaks one of them, and where.
pub(crate) fn breaches(pack: &Pack) -> Vec<Breach<'_>> {
    let space = Space::new(pack);
    let mut found = Vec::new();
    for row in space.opening() {
        found.extend(lifts_secrecy(&space, row));
        found.extend(withdrawn(&space, row));
        found.extend(names_categories(row));
        found.extend(never_released(&space, row));
        found.extend(child_opens_parent(&space, row));
        found.extend(own_purpose(&space, row));
        found.extend(proposed(pack, row));
    }
    found
}

/// The part of a region that no deny takes away, as a breach; none when denies take all of it.
fn breach<'a>(
    space: &Space<'_>,
    row: &'a Row,
    region: &Region,
    fault: Fault,
    detail: impl Into<String>,
) -> Option<Breach<'a>> {
    uncovered(space, row, region, &space.regions(Effect::Deny, row.window), fault, detail)
}

fn uncovered<'a>(
    space: &Space<'_>,
    row: &'a Row,
    region: &Region,
    covers: &[Region],
    fault: Fault,
    detail: impl Into<String>,
) -> Option<Breach<'a>> {
    let open = !region.is_empty() && !space.covered(region, covers);
    let regions = || space.rest(region, covers);
    open.then(|| Breach { row, fault, detail: detail.into(), regions: regions() })
}

/// No path to tier 4 or higher at a holder with a secrecy duty without a ground that lifts it:
/// a duty, a right, or consent given.
fn lifts_secrecy<'a>(space: &Space<'_>, row: &'a Row) -> Option<Breach<'a>> {
    let pack = space.pack;
    let catalogue = pack.catalogue();
    let region = row.region;
    let reach =
        row.tier_max.unwrap_or(catalogue.default_tier(region.of(catalogue.known().category)));
    let given = pack.value("secrecy_consent", "given").map_or(0, crate::facts::Value::bit);
    let by_consent = catalogue.known().secrecy_consent;
    let by_consent = by_consent.is_some_and(|at| region.of(at) == given);
    let lifted = by_consent || rests_on(pack, row, &[GroundKind::Duty, GroundKind::Right]);
    if lifted || reach < SECRECY_TIER {
        return None;
    }
    let secret = space.kinds_where(|kind| kind.secrecy);
    let target_at = catalogue.known().target_kind;
    let at_secret = region.with(target_at, region.of(target_at) & secret);
    breach(space, row, &at_secret, Fault::NoSecrecyGround, reach.word())
}

/// What the catalogue marks as never released, and the place of a shielded subject.
fn never_released<'a>(space: &Space<'_>, row: &'a Row) -> Vec<Breach<'a>> {
    let pack = space.pack;
    let catalogue = pack.catalogue();
    let category_at = catalogue.known().category;
    let shielded = pack.value("subject_shielded", "yes");
    let mut found = Vec::new();
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
        found.extend(breach(space, row, &region, Fault::NeverReleased, category.id.as_str()));
    }
    found
}

/// Withdrawn consent never permits more than no consent: where this row opens on withdrawn
/// consent and no deny takes it away, it opens on no consent too, and no row makes no consent
/// stricter there than withdrawn consent is.
fn withdrawn<'a>(space: &Space<'_>, row: &'a Row) -> Vec<Breach<'a>> {
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
    if row.region.of(at) & none == 0 {
        return breach(space, row, &on_gone, Fault::WithdrawnOpens, "none").into_iter().collect();
    }
    let stricter = space.in_force().filter(|other| {
        let (on_none, on_gone) = (other.region.of(at) & none, other.region.of(at) & gone);
        on_none != 0 && on_gone == 0 && tightens(other, row, pack)
    });
    let mut found = Vec::new();
    for other in stricter {
        let shared = on_gone.meet(&other.region.with(at, gone));
        let mut covers = space.regions(Effect::Deny, row.window);
        covers.extend(as_strict(space, other, row, gone, at));
        let fault = Fault::WithdrawnOpens;
        found.extend(uncovered(space, row, &shared, &covers, fault, other.id.as_str()));
    }
    found
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

/// A row that opens names its categories one by one.
fn names_categories(row: &Row) -> Option<Breach<'_>> {
    let breach = || Breach {
        row,
        fault: Fault::OpenCategory,
        detail: "when.category".to_owned(),
        regions: vec![row.region],
    };
    (!row.names_categories).then(breach)
}

/// Nothing about a parent is open because the young person agrees: where a row opens on that, it
/// opens as well when nobody heard the young person.
fn child_opens_parent<'a>(space: &Space<'_>, row: &'a Row) -> Option<Breach<'a>> {
    let pack = space.pack;
    let about = pack.value("about", "parent").ok()?;
    let agrees = pack.value("youth_view", "agrees").ok()?;
    let unheard = pack.value("youth_view", "not_heard").ok()?;
    let of_view = row.region.of(agrees.column());
    if of_view & agrees.bit() == 0 || of_view & unheard.bit() != 0 {
        return None;
    }
    let on_yes = row.region.with(agrees.column(), agrees.bit());
    let region = on_yes.with(about.column(), row.region.of(about.column()) & about.bit());
    breach(space, row, &region, Fault::ChildOpensParent, "youth_view")
}

/// An asker that investigates gets content of care or school only for a purpose in which such
/// parties take part with others.
fn own_purpose<'a>(space: &Space<'_>, row: &'a Row) -> Option<Breach<'a>> {
    let catalogue = space.pack.catalogue();
    let known = catalogue.known();
    let reach = row.tier_max.unwrap_or(catalogue.default_tier(row.region.of(known.category)));
    if reach < CONTENT_TIER {
        return None;
    }
    let only = |region: Region, at: usize, mask: u64| region.with(at, region.of(at) & mask);
    let region =
        only(row.region, known.requester_kind, space.kinds_where(|kind| kind.investigates));
    let region = only(region, known.target_kind, space.kinds_where(KindEntry::gives_content));
    let region = only(region, known.purpose, space.purposes_where(|purpose| !purpose.with_justice));
    breach(space, row, &region, Fault::OwnPurpose, reach.word())
}

/// A row in force that opens rests on law in force.
fn proposed<'a>(pack: &Pack, row: &'a Row) -> Vec<Breach<'a>> {
    let grounds = row.legal.iter().filter_map(|id| pack.catalogue().ground(id));
    let proposed = grounds.filter(|ground| ground.status != Status::InForce);
    let breach = |ground: &str| Breach {
        row,
        fault: Fault::ProposedGround,
        detail: ground.to_owned(),
        regions: vec![row.region],
    };
    proposed.map(|ground| breach(ground.id.as_str())).collect()
}
