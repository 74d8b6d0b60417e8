//! The table as a schema and policies of Cedar (policy A, "Cedar is the oracle").
//!
//! Another engine can then decide the same questions, and a solver can prove what holds of them.
//! Nothing here decides: the text is written row by row, and the same pack gives the same bytes.
//!
//! A question is: may this role (principal) `release` or `consider` this category (resource), up
//! to `context.tier`? What is permitted may be released; what is permitted or under review may be
//! considered. So with the fixed meaning of `decide`:
//! - a permit row permits both, a review row `consider` alone;
//! - a deny row forbids both; a review or hold row forbids `release`, and opens nothing by that;
//! - a row that opens forbids every tier above its own, so that the lowest tier wins;
//! - what no row permits is refused, as in Cedar itself.
//!
//! A setting is filled in, as the pack does. A role together with another kind of party cannot
//! occur, and is forbidden. The moment counts as `context.on`.

use std::fmt::Write as _;

use crate::catalogue::{Column, Status, Visibility};
use crate::pack::Pack;
use crate::table::Row;

mod rows;
mod text;

use text::{quoted, type_names};

/// Type of the tiers; no column is called so.
const TIER: &str = "Tier";

/// A pack in the words of Cedar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cedar {
    /// The schema: an enumerated type per column, the tiers, and both actions.
    pub schema: String,
    /// The policies, in the order of the rows.
    pub policies: String,
}

/// A column with its type.
struct Typed<'a> {
    /// Where it stands in the pack.
    at: usize,
    column: &'a Column,
    name: String,
}

impl Cedar {
    /// What the file with the schema is called, as Cedar's own tools expect it.
    pub const SCHEMA_FILE: &str = "grondslag.cedarschema";
    /// What the file with the policies is called.
    pub const POLICIES_FILE: &str = "grondslag.cedar";

    /// Writes a pack out; the same pack gives the same bytes.
    pub fn of(pack: &Pack) -> Self {
        let columns = typed(pack);
        Self { schema: schema(pack, &columns), policies: policies(pack, &columns) }
    }
}

/// Every column that a question fills in.
fn typed(pack: &Pack) -> Vec<Typed<'_>> {
    let columns = pack.catalogue().columns();
    let names = type_names(columns.iter().map(|column| column.id.as_str()), TIER);
    let columns = columns.iter().enumerate().zip(names);
    let columns = columns.filter(|((_, column), _)| column.visibility != Visibility::Setting);
    columns.map(|((at, column), name)| Typed { at, column, name }).collect()
}

fn schema(pack: &Pack, columns: &[Typed<'_>]) -> String {
    let known = pack.catalogue().known();
    let mut out = head(pack);
    let mut list = |name: &str, values: Vec<String>| {
        let _ = writeln!(out, "entity {name} enum [{}];", values.join(", "));
    };
    for Typed { column, name, .. } in columns {
        list(name, column.values.iter().map(|value| quoted(&value.id)).collect());
    }
    list(TIER, grondslag_core::tier::Tier::ALL.iter().map(|tier| quoted(tier.word())).collect());
    let scope = |at: usize| {
        let mut found = columns.iter().filter(|typed| typed.at == at);
        found.next().map_or("", |typed| typed.name.as_str())
    };
    let (role, category) = (scope(known.requester_role), scope(known.category));
    out.push_str("\naction \"release\", \"consider\" appliesTo {\n");
    let _ = writeln!(out, "  principal: [{role}],\n  resource: [{category}],\n  context: {{");
    out.push_str("    \"facts\": {\n");
    let of_context = columns.iter();
    let of_context =
        of_context.filter(|typed| ![known.requester_role, known.category].contains(&typed.at));
    for Typed { column, name, .. } in of_context {
        let _ = writeln!(out, "      {}: {name},", quoted(&column.id));
    }
    let _ = writeln!(out, "    }},\n    \"tier\": {TIER},\n    \"on\": datetime,\n  }},\n}};");
    out
}

fn policies(pack: &Pack, columns: &[Typed<'_>]) -> String {
    let mut out = head(pack);
    out.push_str(&rows::possible(pack, columns));
    for row in pack.rows() {
        out.push('\n');
        if let Some(why) = unused(pack, row) {
            let _ = writeln!(out, "// {}: {why}", quoted(row.id.as_str()));
        } else {
            out.push_str(&rows::of(pack, columns, row));
        }
    }
    out
}

/// Why a row has no policy.
fn unused(pack: &Pack, row: &Row) -> Option<&'static str> {
    match row.status {
        Status::Proposed => return Some("proposed; decides nothing"),
        Status::Off => return Some("off; decides nothing"),
        Status::InForce => {}
    }
    (!pack.settings_allow(row)).then_some("the settings of this pack rule it out")
}

fn head(pack: &Pack) -> String {
    let version = quoted(pack.version());
    format!("// Grondslag, rules {version}\n// bundle {}\n\n", pack.bundle())
}

#[cfg(test)]
mod tests;
