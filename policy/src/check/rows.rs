//! Lint of the rows, one by one and pair by pair.

use std::collections::BTreeSet;

use grondslag_core::catalogue::RowId;

use super::catalogue::empty;
use crate::catalogue::{GroundKind, Status};
use crate::fault::{Fault, Problem};
use crate::pack::Pack;
use crate::space::Space;
use crate::table::{Effect, Row};

/// The rules that refuse what rests on consent: no deny row of theirs may meet a duty
/// (domain 4a.24).
const CONSENT_RULES: [&str; 2] = ["R40", "R41"];

pub(super) fn check(pack: &Pack) -> Vec<Problem> {
    let space = Space::new(pack);
    let mut problems = Vec::new();
    for rule in pack.rules() {
        problems.extend(empty(&rule.file, &rule.id, "title", &rule.title));
        if !pack.rows().iter().any(|row| *row.rule == *rule.id) {
            problems.push(Problem::new(&rule.file, &rule.id, Fault::NoRows, ""));
        }
    }
    for row in pack.rows() {
        problems.extend(empty(&row.file, row.id.as_str(), "text", &row.text));
        if let Some(note) = &row.note {
            problems.extend(empty(&row.file, row.id.as_str(), "note", note));
        }
        problems.extend(law(pack, row));
        if space.possible(&row.region).is_empty() {
            problems.push(of(row, Fault::NeverMatches, "requester_role × requester_kind"));
        }
        if row.status == Status::InForce {
            problems.extend(shadow(&space, row));
            problems.extend(consent_blocks_duty(&space, row));
        }
    }
    problems
}

/// Rows in force that no golden case hits.
pub(super) fn uncovered(pack: &Pack, hit: &BTreeSet<RowId>) -> Vec<Problem> {
    let rows = pack.rows().iter();
    let rows = rows.filter(|row| row.status == Status::InForce && !hit.contains(&row.id));
    rows.map(|row| of(row, Fault::NoCase, "")).collect()
}

fn of(row: &Row, fault: Fault, detail: impl Into<String>) -> Problem {
    Problem::new(&row.file, row.id.as_str(), fault, detail)
}

/// A row names its grounds, and a duty rests on a duty.
fn law(pack: &Pack, row: &Row) -> Vec<Problem> {
    let mut problems = Vec::new();
    if row.legal.is_empty() {
        problems.push(of(row, Fault::NoLegalId, "").at("legal"));
    }
    if row.duty && !rests_on(pack, row, &[GroundKind::Duty]) {
        problems.push(of(row, Fault::DutyWithoutLaw, "").at("legal"));
    }
    problems
}

/// One of the row's grounds is of one of these kinds.
pub(crate) fn rests_on(pack: &Pack, row: &Row, kinds: &[GroundKind]) -> bool {
    let grounds = row.legal.iter().filter_map(|id| pack.catalogue().ground(id));
    let mut opened = grounds.flat_map(|ground| &ground.kinds);
    opened.any(|kind| kinds.contains(kind))
}

/// A row that opens is useless where denies hold all of it; any row is where another row of the
/// same outcome holds it and adds nothing less.
fn shadow(space: &Space<'_>, row: &Row) -> Option<Problem> {
    let others = || space.in_force().filter(|other| other.id != row.id);
    let deny = others().find(|other| {
        other.effect == Effect::Deny
            && row.effect != Effect::Deny
            && other.window.holds_during(row.window)
            && other.region.contains(&row.region)
    });
    if let Some(deny) = deny {
        return Some(of(row, Fault::Shadowed, deny.id.as_str()));
    }
    if row.effect.opens() {
        let denies = space.regions(Effect::Deny, row.window);
        if space.covered(&row.region, &denies) {
            return Some(of(row, Fault::Shadowed, "deny"));
        }
    }
    let same = others().find(|other| adds_as_much(other, row));
    same.map(|same| of(row, Fault::Shadowed, same.id.as_str()))
}

/// Wherever `row` matches, `other` does too, with the same outcome and at least as strict.
/// Of two rows that say exactly the same the later one is the useless one.
fn adds_as_much(other: &Row, row: &Row) -> bool {
    let stricter = |a: &Row, b: &Row| {
        a.effect == b.effect
            && a.region.contains(&b.region)
            && a.window.holds_during(b.window)
            && match (a.tier_max, b.tier_max) {
                (Some(a), Some(b)) => a <= b,
                (a, b) => a == b,
            }
            && (a.notify || !b.notify)
            && (a.duty || !b.duty)
            && (a.deadline == b.deadline || b.deadline.is_none())
            && b.legal.iter().all(|ground| a.legal.contains(ground))
            && b.obligations.iter().all(|duty| a.obligations.contains(duty))
    };
    stricter(other, row) && (!stricter(row, other) || other.id < row.id)
}

/// A refusal for want of consent that meets what does not rest on consent.
fn consent_blocks_duty(space: &Space<'_>, row: &Row) -> Vec<Problem> {
    if row.effect != Effect::Deny || !CONSENT_RULES.contains(&&*row.rule) {
        return Vec::new();
    }
    let duties =
        space.opening().filter(|open| open.duty || rests_on(space.pack, open, &[GroundKind::Duty]));
    let met = duties.filter(|duty| !space.possible(&row.region.meet(&duty.region)).is_empty());
    met.map(|duty| of(row, Fault::ConsentBlocksDuty, duty.id.as_str())).collect()
}
