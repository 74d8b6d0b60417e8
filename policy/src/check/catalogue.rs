//! Lint of the catalogue: every text in both languages, and roles that agree with rule R01.

use grondslag_core::lang::Text;

use crate::consent;
use crate::fault::{Fault, Problem};
use crate::pack::Pack;
use crate::region::Region;
use crate::retention;
use crate::space::Space;
use crate::table::Effect;

const FILE: &str = "catalogue.toml";
/// The rule that refuses a purpose outside a role's own.
const ROLE_RULE: &str = "R01";

pub(super) fn check(pack: &Pack) -> Vec<Problem> {
    let mut problems = labels(pack);
    problems.extend(terms(pack));
    problems.extend(consents(pack));
    problems.extend(role_purposes(pack));
    problems
}

/// A label that is empty in a language.
pub(super) fn empty(file: &str, row: &str, what: &str, text: &Text) -> Vec<Problem> {
    let languages = [("nl", &text.nl), ("en", &text.en)];
    let empty = languages.into_iter().filter(|(_, text)| text.trim().is_empty());
    empty
        .map(|(lang, _)| {
            Problem::new(file, row, Fault::MissingText, "").at(&format!("{what}.{lang}"))
        })
        .collect()
}

fn labels(pack: &Pack) -> Vec<Problem> {
    let catalogue = pack.catalogue();
    let mut problems = Vec::new();
    macro_rules! labels {
        ($($list:ident),+) => {
            $(for entry in catalogue.$list() {
                problems.extend(empty(FILE, entry.id.as_ref(), "label", &entry.label));
            })+
        };
    }
    labels!(obligations, columns);
    macro_rules! code_labels {
        ($($list:ident),+) => {
            $(for entry in catalogue.$list() {
                problems.extend(empty(FILE, entry.id.as_str(), "label", &entry.label));
            })+
        };
    }
    code_labels!(kinds, roles, purposes, query_kinds, categories, grounds);
    for ground in catalogue.grounds() {
        problems.extend(empty(FILE, ground.id.as_str(), "article", &ground.article));
    }
    for column in catalogue.columns() {
        for value in &column.values {
            problems.extend(empty(FILE, &column.id, &value.id, &value.label));
        }
    }
    problems
}

/// A retention term whose texts are empty in a language.
fn terms(pack: &Pack) -> Vec<Problem> {
    let terms = pack.retention().terms().iter();
    let texts = terms.flat_map(|term| {
        let named = [("label", Some(&term.label)), ("legal", Some(&term.legal))];
        let named = named.into_iter().chain([("note", term.note.as_ref())]);
        named.filter_map(|(what, text)| Some((term.id.word(), what, text?)))
    });
    texts.flat_map(|(row, what, text)| empty(retention::FILE, row, what, text)).collect()
}

/// Something of the consent matrix whose texts are empty in a language.
fn consents(pack: &Pack) -> Vec<Problem> {
    let regimes = pack.consents().regimes().iter();
    let regimes = regimes.map(|one| (&one.id, "label", &one.label, one.note.as_ref()));
    let who = pack.consents().all().iter();
    let who = who.map(|one| (&one.id, "text", &one.text, one.note.as_ref()));
    let texts = regimes.chain(who).flat_map(|(id, what, text, note)| {
        let note = note.map(|note| (id, "note", note));
        std::iter::once((id, what, text)).chain(note)
    });
    texts.flat_map(|(id, what, text)| empty(consent::FILE, id, what, text)).collect()
}

/// A purpose outside a role's own is denied whatever else holds, and R01 denies no purpose that
/// is a role's own by role and purpose alone.
fn role_purposes(pack: &Pack) -> Vec<Problem> {
    let catalogue = pack.catalogue();
    let space = Space::new(pack);
    let (role_at, purpose_at) = (catalogue.known().requester_role, catalogue.known().purpose);
    let everything = *pack.facts().region();
    let denies: Vec<_> = space.in_force().filter(|row| row.effect == Effect::Deny).collect();
    let all: Vec<Region> = denies.iter().map(|row| row.region).collect();
    let of_rule = denies.iter().filter(|row| *row.rule == *ROLE_RULE);
    let of_rule: Vec<Region> = of_rule.map(|row| row.region).collect();
    let mut problems = Vec::new();
    for role in catalogue.roles() {
        for purpose in catalogue.purposes() {
            let role_bit = pack.value("requester_role", role.id.as_str());
            let purpose_bit = pack.value("purpose", purpose.id.as_str());
            let (Ok(role_bit), Ok(purpose_bit)) = (role_bit, purpose_bit) else {
                continue;
            };
            let asked =
                everything.with(role_at, role_bit.bit()).with(purpose_at, purpose_bit.bit());
            let own = role.purposes.contains(&purpose.id);
            let wrong =
                if own { space.covered(&asked, &of_rule) } else { !space.covered(&asked, &all) };
            if wrong {
                let detail = format!("{} × {}", role.id, purpose.id);
                problems.push(Problem::new(FILE, role.id.as_str(), Fault::RolePurpose, detail));
            }
        }
    }
    problems
}
