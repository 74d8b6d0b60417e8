//! Drafts of which it is known how they stand to the rules that come with the program.

use grondslag_policy::cedar::Cedar;

use crate::draft::{Draft, when};

/// How a draft stands to the rules in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stands {
    /// It decides the same everywhere.
    pub(crate) same: bool,
    /// It opens something that was refused.
    pub(crate) widens: bool,
    /// Nowhere is it less strict.
    pub(crate) narrows: bool,
}

pub(crate) const SAME: Stands = Stands { same: true, widens: false, narrows: true };
pub(crate) const NARROWED: Stands = Stands { same: false, widens: false, narrows: true };
pub(crate) const WIDENED: Stands = Stands { same: false, widens: true, narrows: false };
/// Less strict where it was open already.
pub(crate) const LOOSENED: Stands = Stands { same: false, widens: false, narrows: false };

/// Drafts that change what is decided, and no more than that: what must be done with an answer is
/// an annotation, of which Cedar decides nothing.
pub(crate) fn drafts() -> Vec<(&'static str, Stands, Draft)> {
    let own = Draft::builtin;
    let tier = |tier: &'static str| move |row: &mut toml::Table| put(row, "tier_max", tier);
    let outcome = |word: &'static str| move |row: &mut toml::Table| put(row, "outcome", word);
    let without_consent =
        || own().with("R27.1", |row| when(row, "secrecy_consent", &["given", "none"]));
    let mut drafts = vec![
        ("nothing changed", SAME, own()),
        ("one row written as two", SAME, {
            let one = own().with("R05.1", |row| when(row, "requester_role", &["gem.toegang"]));
            one.with_another("R05.1", "R05.9", |row| {
                when(row, "requester_role", &["gem.lokaalteam"]);
            })
        }),
        ("a row that another one holds", SAME, {
            own().with_another("R02.2", "R02.9", |row| when(row, "target_kind", &["gem"]))
        }),
        (
            "a category less",
            NARROWED,
            own().with("R05.1", |row| {
                when(row, "category", &["G05", "G06"]);
            }),
        ),
        ("a tier less", NARROWED, own().with("R27.1", tier("T2"))),
        ("a row less", NARROWED, own().without("R28.1")),
        ("a person looks at it", NARROWED, own().with("R28.1", outcome("review"))),
        (
            "a refusal more",
            NARROWED,
            own().with_another("R02.2", "R02.9", |row| {
                when(row, "category", &["G12"]);
            }),
        ),
        (
            "without consent too",
            WIDENED,
            without_consent().with("R27.2", |row| {
                when(row, "secrecy_consent", &["not_needed", "partial"]);
            }),
        ),
        ("what a refusal takes away again", SAME, without_consent()),
        (
            "a category more",
            WIDENED,
            own().with("R28.1", |row| {
                when(row, "category", &["G15", "G14"]);
            }),
        ),
        ("a refusal less", WIDENED, without_consent().without("R27.2")),
        ("a tier more", LOOSENED, own().with("R05.1", tier("T4"))),
    ];
    drafts.extend(at_other_moments());
    drafts
}

fn at_other_moments() -> [(&'static str, Stands, Draft); 3] {
    let own = Draft::builtin;
    [
        (
            "not in force yet",
            NARROWED,
            own().with("R28.1", |row| {
                put(row, "valid_from", "2026-09-16");
            }),
        ),
        (
            "in force from today",
            SAME,
            own().with("R28.1", |row| {
                put(row, "valid_from", "2026-09-15");
            }),
        ),
        (
            "no longer in force",
            NARROWED,
            own().with("R28.1", |row| {
                put(row, "valid_until", "2026-09-14");
            }),
        ),
    ]
}

pub(crate) fn put(row: &mut toml::Table, key: &str, value: &str) {
    row.insert(key.to_owned(), value.into());
}

/// The export without one policy.
pub(crate) fn cut(export: &Cedar, id: &str) -> Cedar {
    let named = format!("@id(\"{id}\")\n");
    let (before, rest) = export.policies.split_once(&named).unwrap();
    let (_, after) = rest.split_once("};\n").unwrap();
    Cedar { schema: export.schema.clone(), policies: format!("{before}{after}") }
}
