//! Lint of the catalogue: every text in both languages, roles that agree with rule R01, and
//! recorders of consent that agree with rule R43.

use grondslag_core::lang::Text;

use crate::consent;
use crate::facts::Value;
use crate::fault::{Fault, Problem};
use crate::notice::CONSENT;
use crate::pack::Pack;
use crate::region::Region;
use crate::retention;
use crate::space::Space;
use crate::table::{Effect, Row};

const FILE: &str = "catalogue.toml";
/// The rule that refuses a purpose outside a role's own.
const ROLE_RULE: &str = "R01";

pub(super) fn check(pack: &Pack) -> Vec<Problem> {
    let mut problems = labels(pack);
    problems.extend(terms(pack));
    problems.extend(consents(pack));
    problems.extend(role_purposes(pack));
    problems.extend(recorders(pack));
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
        let note = note.map(|note| (id.as_str(), "note", note));
        std::iter::once((id.as_str(), what, text)).chain(note)
    });
    let (validity, recording) = (pack.consents().validity(), pack.consents().recording());
    let certifying = pack.consents().certifying().and_then(|one| one.note.as_ref());
    let certifiers = pack.consents().certifiers().iter();
    let certifiers = certifiers.filter_map(|one| Some((one.id.as_str(), one.note.as_ref()?)));
    let certifiers = certifiers.map(|(id, note)| (id, "note", note));
    let certifying = certifying.map(|note| ("certifying", "note", note));
    let once = [("validity", &validity.note), ("recording", &recording.note)];
    let once = once.into_iter().filter_map(|(id, note)| Some((id, "note", note.as_ref()?)));
    let texts = texts.chain(once).chain(certifying).chain(certifiers);
    texts.flat_map(|(id, what, text)| empty(consent::FILE, id, what, text)).collect()
}

/// Whoever may record a consent delivers it by the rule of notices, and nobody else does: what
/// cannot be delivered would hold at one party and not at another.
fn recorders(pack: &Pack) -> Vec<Problem> {
    let space = Space::new(pack);
    let rows = space.in_force().filter(|row| *row.rule == *CONSENT.rule);
    let rows: Vec<&Row> = rows.filter(|row| row.effect == Effect::Permit).collect();
    let delivers = |role: Value| {
        rows.iter().any(|row| {
            let roles = row.region.of(role.column()) & role.bit();
            let denies = space.regions(Effect::Deny, row.window);
            !space.covered(&row.region.with(role.column(), roles), &denies)
        })
    };
    let roles = pack.catalogue().roles().iter().map(|role| &role.id);
    let differ = roles.filter(|role| {
        let value = pack.value("requester_role", role.as_str());
        value.is_ok_and(delivers) != pack.consents().may_record(role)
    });
    differ
        .map(|role| {
            let problem = Problem::new(consent::FILE, "recording", Fault::ConsentRecorder, "");
            problem.at("recorders").given(role.as_str())
        })
        .collect()
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
