//! The policies of a row.

use std::fmt::Write as _;

use grondslag_core::catalogue::Ground;
use grondslag_core::tier::Tier;

use super::text::quoted;
use super::{TIER, Typed};
use crate::facts::Value;
use crate::pack::Pack;
use crate::region::Region;
use crate::table::{Effect, Row, Window};

/// Both actions.
const BOTH: &str = "action in [Action::\"release\", Action::\"consider\"]";
const RELEASE: &str = "action == Action::\"release\"";
const CONSIDER: &str = "action == Action::\"consider\"";
/// What the policies are called that forbid what cannot occur.
const POSSIBLE: &str = "role of its kind:";

/// Forbids a role together with a kind of party that does not have it, kind by kind.
pub(super) fn possible(pack: &Pack, columns: &[Typed<'_>]) -> String {
    let catalogue = pack.catalogue();
    let (whole, known) = (catalogue.everything(), catalogue.known());
    let mut out = String::new();
    for kind in catalogue.kinds() {
        let roles = catalogue.roles().iter().filter(|role| role.id.kind() == kind.id);
        let roles = roles.filter_map(|role| pack.value("requester_role", role.id.as_str()).ok());
        let roles = roles.fold(0, |mask, role| mask | role.bit());
        let own = pack.value("requester_kind", kind.id.as_str()).map_or(0, Value::bit);
        let others = whole.of(known.requester_kind) & !own;
        let region = whole.with(known.requester_role, roles).with(known.requester_kind, others);
        if !region.is_empty() {
            let name = format!("{POSSIBLE} {}", kind.id);
            let when = tests(pack, columns, &region);
            out.push_str(&policy(&[("id", name)], "forbid", BOTH, &when));
        }
    }
    out
}

/// Every policy of a row, the one that carries its texts first.
pub(super) fn of(pack: &Pack, columns: &[Typed<'_>], row: &Row) -> String {
    let when = conditions(pack, columns, row, &row.region);
    let first = annotations(row);
    let (effect, action) = match row.effect {
        Effect::Permit => ("permit", BOTH),
        Effect::Review => ("permit", CONSIDER),
        Effect::Deny => ("forbid", BOTH),
        Effect::Hold => ("forbid", RELEASE),
        // Only an overlay lowers, and an overlay is not part of a pack.
        Effect::Lower => return String::new(),
    };
    let mut out = policy(&first, effect, action, &when);
    if row.effect == Effect::Review {
        out.push_str(&policy(&[named(row, "review")], "forbid", RELEASE, &when));
    }
    if row.effect.opens() {
        for (tier, region) in pack.tiers_of(row) {
            let mut when = conditions(pack, columns, row, &region);
            let above = Tier::ALL.iter().filter(|other| **other > tier);
            let above: Vec<String> = above.map(|tier| entity(TIER, tier.word())).collect();
            if above.is_empty() {
                continue;
            }
            when.push(format!("[{}].contains(context.tier)", above.join(", ")));
            let name = named(row, &format!("above {}", tier.word()));
            out.push_str(&policy(&[name], "forbid", action, &when));
        }
    }
    out
}

fn named(row: &Row, what: &str) -> (&'static str, String) {
    ("id", format!("{} {what}", row.id))
}

fn annotations(row: &Row) -> Vec<(&'static str, String)> {
    let legal: Vec<&str> = row.legal.iter().map(Ground::as_str).collect();
    let mut all = vec![("id", row.id.to_string()), ("legal", legal.join(" "))];
    let mut add = |name, value: Option<String>| all.extend(value.map(|value| (name, value)));
    let yes = |said: bool| said.then(|| "yes".to_owned());
    add("obligations", Some(row.obligations.join(" ")).filter(|all| !all.is_empty()));
    add("notify", yes(row.notify));
    add("duty", yes(row.duty));
    add("deadline", row.deadline.map(|term| term.to_string()));
    add("nl", Some(row.text.nl.clone()));
    add("en", Some(row.text.en.clone()));
    all
}

fn policy(annotations: &[(&str, String)], effect: &str, action: &str, when: &[String]) -> String {
    let mut out = String::new();
    for (name, value) in annotations {
        let _ = writeln!(out, "@{name}({})", quoted(value));
    }
    let _ = write!(out, "{effect} (principal, {action}, resource)");
    if !when.is_empty() {
        let _ = write!(out, "\nwhen {{\n  {}\n}}", when.join(" &&\n  "));
    }
    out.push_str(";\n");
    out
}

fn conditions(pack: &Pack, columns: &[Typed<'_>], row: &Row, region: &Region) -> Vec<String> {
    let mut all = tests(pack, columns, region);
    all.extend(within(row.window));
    all
}

/// A test per column that leaves something out: who asks and for what first, so that a reader, and
/// an engine that knows no more yet, can pass the policy over; then the shortest.
fn tests(pack: &Pack, columns: &[Typed<'_>], region: &Region) -> Vec<String> {
    let known = pack.catalogue().known();
    let mut all: Vec<(usize, String)> = Vec::new();
    for typed in columns {
        let rank = [known.requester_role, known.category].iter().position(|at| *at == typed.at);
        let rank = |text: &str| rank.unwrap_or_else(|| 2 + text.len());
        all.extend(test(pack, typed, region.of(typed.at)).map(|text| (rank(&text), text)));
    }
    all.sort_by_key(|(rank, _)| *rank);
    all.into_iter().map(|(_, text)| text).collect()
}

fn test(pack: &Pack, typed: &Typed<'_>, mask: u64) -> Option<String> {
    let Typed { at, column, name } = typed;
    let known = pack.catalogue().known();
    let subject = match *at {
        at if at == known.requester_role => "principal".to_owned(),
        at if at == known.category => "resource".to_owned(),
        _ => format!("context.facts[{}]", quoted(&column.id)),
    };
    let without = column.full() & !mask;
    if without == 0 {
        return None;
    }
    let (not, set) =
        if without.count_ones() < mask.count_ones() { (true, without) } else { (false, mask) };
    let values: Vec<String> = column.picked(set).map(|value| entity(name, &value.id)).collect();
    Some(match values.as_slice() {
        [one] => format!("{subject} {} {one}", if not { "!=" } else { "==" }),
        _ => format!("{}[{}].contains({subject})", if not { "!" } else { "" }, values.join(", ")),
    })
}

fn entity(name: &str, id: &str) -> String {
    format!("{name}::{}", quoted(id))
}

fn within(window: Window) -> Vec<String> {
    let moment = |at: grondslag_core::clock::Timestamp| {
        // Milliseconds since 1970 say the same everywhere.
        format!("datetime(\"1970-01-01\").offset(duration(\"{}ms\"))", at.ms())
    };
    let from = window.from.map(|from| format!("context.on >= {}", moment(from)));
    let until = window.until.map(|until| format!("context.on < {}", moment(until)));
    from.into_iter().chain(until).collect()
}
