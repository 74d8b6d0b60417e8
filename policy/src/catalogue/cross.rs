//! Whether what the catalogue names is in it.

use std::collections::BTreeSet;

use grondslag_core::catalogue::Purpose;

use super::caseload::SEVERITY;
use super::{Catalogue, Word};
use crate::fault::{Fault, Problem, Problems};
use crate::limits::{ACCEPT_DAYS_MAX, AGAIN_DAYS_MAX, APPROVAL_HOURS_MAX, CHECKLIST_MAX};

/// References inside the catalogue: a role's purposes and kind, a column's competent kinds, what
/// the caseload board names.
pub(super) fn check(file: &str, catalogue: &Catalogue, problems: &mut Problems) {
    let purposes = || catalogue.purposes.iter().map(|purpose| purpose.id.as_str());
    let kinds = || catalogue.kinds.iter().map(|kind| kind.id.as_str());
    for role in &catalogue.roles {
        let at = (file, role.id.as_str());
        let kind = role.id.kind();
        if catalogue.kind(&kind).is_none() {
            problems.push(Problem::unknown(at, "kind", kind.as_str(), kinds()));
        }
        for purpose in role.purposes.iter().filter(|p| catalogue.purpose(p).is_none()) {
            problems.push(Problem::unknown(at, "purposes", purpose.as_str(), purposes()));
        }
    }
    for column in &catalogue.columns {
        for kind in column.competent.iter().filter(|k| catalogue.kind(k).is_none()) {
            let at = (file, column.id.as_str());
            problems.push(Problem::unknown(at, "competent", kind.as_str(), kinds()));
        }
        let mut seen = BTreeSet::new();
        for value in column.values.iter().filter(|value| !seen.insert(&value.id)) {
            let problem = Problem::new(file, &column.id, Fault::DuplicateId, "");
            problems.push(problem.at("values").given(&value.id));
        }
    }
    caseload(file, catalogue, problems);
    reviewing(file, catalogue, problems);
    escalation(file, catalogue, problems);
    handover(file, catalogue, problems);
}

/// The board names a purpose and severities that there are, natures once each, and terms of at
/// least a day.
fn caseload(file: &str, catalogue: &Catalogue, problems: &mut Problems) {
    let Some((row, board)) = catalogue
        .query_kinds
        .iter()
        .find_map(|kind| kind.caseload.as_ref().map(|board| (kind.id.as_str(), board)))
    else {
        return;
    };
    let mut wrong = |fault, key: &str, given: &str| {
        problems.push(Problem::new(file, row, fault, "").at(key).given(given));
    };
    if let Some(purpose) = board.purpose.as_ref().filter(|one| catalogue.purpose(one).is_none()) {
        wrong(Fault::UnknownValue, "purpose", purpose.as_str());
    }
    each_once("natures", board.natures.iter(), &mut wrong);
    let severities = catalogue.column(SEVERITY).map(|column| column.values.as_slice());
    let known = |word: &String| severities.is_some_and(|all| all.iter().any(|one| one.id == *word));
    for word in board.red.iter().filter(|word| !known(word)) {
        wrong(Fault::UnknownValue, "red", word);
    }
    for days in [board.again.standard, board.again.urgent, board.again.acute] {
        if !(1..=AGAIN_DAYS_MAX).contains(&days) {
            wrong(Fault::Format, "again", &days.to_string());
        }
    }
}

/// A list has no empty word, and each once.
fn each_once<'a>(
    key: &str,
    words: impl Iterator<Item = &'a Word>,
    wrong: &mut impl FnMut(Fault, &str, &str),
) {
    let mut seen = BTreeSet::new();
    for word in words {
        if word.id.is_empty() || !seen.insert(&word.id) {
            wrong(Fault::DuplicateId, key, &word.id);
        }
    }
}

/// A review names roles and grounds that there are, and leaves some of the term for who leads.
fn reviewing(file: &str, catalogue: &Catalogue, problems: &mut Problems) {
    let Some((row, rules)) = catalogue
        .query_kinds
        .iter()
        .find_map(|kind| kind.reviewing.as_ref().map(|rules| (kind.id.as_str(), rules)))
    else {
        return;
    };
    let mut wrong = |fault, key: &str, given: &str| {
        problems.push(Problem::new(file, row, fault, "").at(key).given(given));
    };
    let mut seen = BTreeSet::new();
    for (key, roles) in [
        ("professionals", &rules.professionals),
        ("managers", &rules.managers),
        ("directors", &rules.directors),
    ] {
        for role in roles {
            if catalogue.role(role).is_none() {
                wrong(Fault::UnknownValue, key, role.as_str());
            } else if !seen.insert(role) {
                wrong(Fault::DuplicateId, key, role.as_str());
            }
        }
    }
    for ground in rules.refused_on.iter().filter(|one| catalogue.ground(one).is_none()) {
        wrong(Fault::UnknownValue, "refused_on", ground.as_str());
    }
    each_once("reminders", rules.reminders.iter(), &mut wrong);
    let (inner, most) = (rules.inner_percent, rules.inner_percent_max);
    if inner == 0 || inner > most || most >= 100 {
        wrong(Fault::Format, "inner_percent", &format!("{inner} {most}"));
    }
}

/// An escalation names purposes and severities that there are, each criterion once, and a term
/// within which a co-signed question leaves.
fn escalation(file: &str, catalogue: &Catalogue, problems: &mut Problems) {
    let Some((row, rules)) = catalogue
        .query_kinds
        .iter()
        .find_map(|kind| kind.escalation.as_ref().map(|rules| (kind.id.as_str(), rules)))
    else {
        return;
    };
    let mut wrong = |fault, key: &str, given: &str| {
        problems.push(Problem::new(file, row, fault, "").at(key).given(given));
    };
    if catalogue.query_kinds.iter().filter(|kind| kind.escalation.is_some()).count() > 1 {
        wrong(Fault::DuplicateId, "escalation", "");
    }
    if rules.purposes.is_empty() {
        wrong(Fault::Format, "purposes", "");
    }
    for purpose in rules.purposes.iter().filter(|one| catalogue.purpose(one).is_none()) {
        wrong(Fault::UnknownValue, "purposes", purpose.as_str());
    }
    let severities = catalogue.column(SEVERITY).map(|column| column.values.as_slice());
    for (key, word) in [("acute_is", &rules.acute_is), ("structural_is", &rules.structural_is)] {
        if !severities.is_some_and(|all| all.iter().any(|one| one.id == *word)) {
            wrong(Fault::UnknownValue, key, word);
        }
    }
    each_once("criteria", rules.criteria(), &mut wrong);
    if !(1..=APPROVAL_HOURS_MAX).contains(&rules.approval_hours) {
        wrong(Fault::Format, "approval_hours", &rules.approval_hours.to_string());
    }
    if rules.structural_min == 0 {
        wrong(Fault::Format, "structural_min", "0");
    }
}

/// A handover names roles and purposes that there are, each item of its list once, and days within
/// which it is accepted.
fn handover(file: &str, catalogue: &Catalogue, problems: &mut Problems) {
    let mut kinds = catalogue.query_kinds.iter();
    let Some((row, rules)) =
        kinds.find_map(|kind| kind.handover.as_ref().map(|rules| (kind.id.as_str(), rules)))
    else {
        return;
    };
    let mut wrong = |fault, key: &str, given: &str| {
        problems.push(Problem::new(file, row, fault, "").at(key).given(given));
    };
    if catalogue.query_kinds.iter().filter(|kind| kind.handover.is_some()).count() > 1 {
        wrong(Fault::DuplicateId, "handover", "");
    }
    let unknown = |one: &&Purpose| catalogue.purpose(one).is_none();
    for purpose in rules.purpose.iter().filter(unknown) {
        wrong(Fault::UnknownValue, "purpose", purpose.as_str());
    }
    for purpose in rules.stays_open.iter().filter(unknown) {
        wrong(Fault::UnknownValue, "stays_open", purpose.as_str());
    }
    for role in rules.holders.iter().filter(|one| catalogue.role(one).is_none()) {
        wrong(Fault::UnknownValue, "holders", role.as_str());
    }
    each_once("checklist", rules.checklist.iter(), &mut wrong);
    if rules.checklist.len() > CHECKLIST_MAX {
        wrong(Fault::Format, "checklist", &rules.checklist.len().to_string());
    }
    if !(1..=ACCEPT_DAYS_MAX).contains(&rules.accept_days) {
        wrong(Fault::Format, "accept_days", &rules.accept_days.to_string());
    }
}
