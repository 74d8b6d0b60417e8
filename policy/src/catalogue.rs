//! The catalogue: parties, roles, purposes, categories, grounds and columns, as data.
//!
//! Adding a value needs no Rust. Every list is closed once loaded: a word that is not in it is
//! refused with the nearest one that is.

use std::iter;

use grondslag_core::catalogue::{Category, Ground, Kind, Purpose, QueryKind, Role};
use grondslag_core::lang::Text;
use grondslag_core::tier::Tier;
use serde::{Deserialize, Serialize};

use crate::facts::{FactError, Value};
use crate::fault::{Fault, Problem, Problems, nearest};
use crate::parse::{entries, no_other_keys, table};
use crate::region::Region;

mod caseload;
mod columns;
mod cross;
mod escalation;
mod handover;
mod impossible;
mod informing;
mod reviewing;
mod word;
mod workflows;

pub use caseload::{Again, Caseload, SEVERITY};
pub use columns::{Column, ColumnValue, Stater, Visibility};
pub use escalation::Escalation;
pub use handover::Handover;
pub use impossible::Impossible;
pub use informing::Informing;
pub use reviewing::{Climb, Reviewing};
pub use word::Word;
use workflows::Workflows;

/// The lists of the file.
const LISTS: [&str; 9] = [
    "kind",
    "role",
    "purpose",
    "query_kind",
    "category",
    "ground",
    "obligation",
    "column",
    "impossible",
];

/// Whether a kind of party may process a citizen service number (domain 4a.33).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BsnRight {
    /// A statute says so.
    Law,
    /// Assumed, and marked as an open question wherever it is used.
    Assumed,
    /// It may not.
    None,
}

/// What a ground opens (domain 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroundKind {
    /// A ground of the GDPR.
    A,
    /// An exception for special or criminal data.
    B,
    /// Lifts secrecy, by consent.
    C,
    /// Lifts secrecy: a duty to give.
    #[serde(rename = "C!")]
    Duty,
    /// Lifts secrecy: a right to give.
    #[serde(rename = "C?")]
    Right,
    /// A task in law.
    D,
    /// A right or rule of process.
    E,
}

/// Whether a statute or a row is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In force.
    #[default]
    InForce,
    /// A bill: opens nothing.
    Proposed,
    /// Switched off: opens nothing.
    Off,
}

/// A kind of party.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of its own in the file")]
pub struct KindEntry {
    /// Its code.
    pub id: Kind,
    /// Its name.
    pub label: Text,
    /// Has a statutory duty of secrecy.
    pub secrecy: bool,
    /// Is a care holder (domain 4a.4).
    pub care: bool,
    /// May process a citizen service number.
    pub bsn_right: BsnRight,
    /// Investigates or prosecutes: what it asks for its own purposes is no business of care (R38).
    #[serde(default)]
    pub investigates: bool,
    /// Teaches: what it holds is content as well, though no secrecy by profession.
    #[serde(default)]
    pub school: bool,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
}

impl KindEntry {
    /// Holds content of care or school, which no party gets for investigations of its own.
    pub(crate) fn gives_content(&self) -> bool {
        self.care || self.school
    }
}

/// A role of staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleEntry {
    /// Its code.
    pub id: Role,
    /// Its name.
    pub label: Text,
    /// The purposes for which it may ask.
    pub purposes: Vec<Purpose>,
    /// Its approval counts as `mandated`.
    #[serde(default)]
    pub mandated: bool,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
}

/// A purpose.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposeEntry {
    /// Its code.
    pub id: Purpose,
    /// Its name.
    pub label: Text,
    /// Its identifiers in the Data Privacy Vocabulary.
    #[serde(default)]
    pub dpv: Vec<String>,
    /// Police and justice take part in it with others (R30, R31).
    #[serde(default)]
    pub with_justice: bool,
    /// An own view has a question for it only once the person was told of that question (domain
    /// 4a.31).
    #[serde(default)]
    pub told_after_notice: bool,
    /// The cap of domain 3.2; for information, a row wins.
    #[serde(default)]
    pub tier_cap: Option<Tier>,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
}

/// A kind of query.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueryKindEntry {
    /// Its code.
    pub id: QueryKind,
    /// Its name.
    pub label: Text,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
    /// Of the caseload board, how it is kept.
    #[serde(default)]
    pub caseload: Option<Caseload>,
    /// Of questions that a person must look at, how that is done.
    #[serde(default)]
    pub reviewing: Option<Reviewing>,
    /// Of the joint file on a child, what it takes to ask for it.
    #[serde(default)]
    pub escalation: Option<Escalation>,
    /// Of the handover of a case, what it takes to accept one.
    #[serde(default)]
    pub handover: Option<Handover>,
}

/// A data category.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CategoryEntry {
    /// Its code.
    pub id: Category,
    /// Its name.
    pub label: Text,
    /// How sensitive, 1 to 5.
    pub sensitivity: u8,
    /// `bsn`, `location`, `third`, `9`, `10`.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The tier where a row names none.
    pub default_tier: Tier,
    /// Its identifiers in the Data Privacy Vocabulary.
    #[serde(default)]
    pub dpv: Vec<String>,
    /// False for what is never released.
    #[serde(default = "yes")]
    pub released: bool,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
}

fn yes() -> bool {
    true
}

/// A legal ground.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroundEntry {
    /// Its code.
    pub id: Ground,
    /// What it opens.
    pub kinds: Vec<GroundKind>,
    /// Its meaning in one line.
    pub label: Text,
    /// The article as people write it.
    pub article: Text,
    /// How well it was read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// In force, or a bill.
    #[serde(default)]
    pub status: Status,
    /// Its identifier in the Data Privacy Vocabulary.
    #[serde(default)]
    pub dpv: Option<String>,
    /// Its reference in Dutch law.
    #[serde(default)]
    pub juriconnect: Option<String>,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
}

/// Something that must be done with an answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObligationEntry {
    /// Its code.
    pub id: String,
    /// Its name.
    pub label: Text,
    /// How the duty to inform is met; of that obligation alone.
    #[serde(default)]
    pub informing: Option<Informing>,
    /// Open legal question.
    #[serde(default)]
    pub note: Option<Text>,
}

/// The loaded catalogue.
#[derive(Debug, Clone)]
pub struct Catalogue {
    kinds: Vec<KindEntry>,
    roles: Vec<RoleEntry>,
    purposes: Vec<PurposeEntry>,
    query_kinds: Vec<QueryKindEntry>,
    categories: Vec<CategoryEntry>,
    grounds: Vec<GroundEntry>,
    obligations: Vec<ObligationEntry>,
    workflows: Workflows,
    columns: Vec<Column>,
    impossible: Vec<Impossible>,
    known: Known,
}

/// Where the columns stand that the engine itself looks at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    pub(crate) requester_kind: usize,
    pub(crate) requester_role: usize,
    pub(crate) purpose: usize,
    pub(crate) category: usize,
    pub(crate) target_kind: usize,
    pub(crate) approvals: Option<usize>,
    pub(crate) secrecy_consent: Option<usize>,
    pub(crate) subject_shielded: Option<usize>,
    pub(crate) about: Option<usize>,
}

impl Catalogue {
    /// Reads `catalogue.toml`. What is wrong goes to `problems`.
    pub(crate) fn parse(file: &str, text: &str, problems: &mut Problems) -> Self {
        let mut table = table(file, text, problems);
        let mut catalogue = Self {
            kinds: entries(file, "kind", &mut table, problems),
            roles: entries(file, "role", &mut table, problems),
            purposes: entries(file, "purpose", &mut table, problems),
            query_kinds: entries(file, "query_kind", &mut table, problems),
            categories: entries(file, "category", &mut table, problems),
            grounds: entries(file, "ground", &mut table, problems),
            obligations: entries(file, "obligation", &mut table, problems),
            workflows: Workflows::default(),
            columns: Vec::new(),
            impossible: Vec::new(),
            known: Known::default(),
        };
        catalogue.workflows = Workflows::of(&catalogue.obligations, &catalogue.query_kinds);
        let raw = entries(file, "column", &mut table, problems);
        catalogue.columns = columns::build(file, raw, &catalogue, problems);
        catalogue.known = columns::known(file, &catalogue.columns, problems);
        let raw = entries(file, "impossible", &mut table, problems);
        catalogue.impossible = impossible::build(file, raw, &catalogue, problems);
        no_other_keys(file, &table, &LISTS, problems);
        codes(file, &catalogue, problems);
        cross::check(file, &catalogue, problems);
        catalogue
    }

    /// Every kind of party.
    pub fn kinds(&self) -> &[KindEntry] {
        &self.kinds
    }

    /// Every role.
    pub fn roles(&self) -> &[RoleEntry] {
        &self.roles
    }

    /// Every purpose.
    pub fn purposes(&self) -> &[PurposeEntry] {
        &self.purposes
    }

    /// Every kind of query.
    pub fn query_kinds(&self) -> &[QueryKindEntry] {
        &self.query_kinds
    }

    /// Every data category.
    pub fn categories(&self) -> &[CategoryEntry] {
        &self.categories
    }

    /// Every legal ground.
    pub fn grounds(&self) -> &[GroundEntry] {
        &self.grounds
    }

    /// Every obligation.
    pub fn obligations(&self) -> &[ObligationEntry] {
        &self.obligations
    }

    /// Every column of the table, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Combinations of columns that cannot occur.
    pub fn impossible(&self) -> &[Impossible] {
        &self.impossible
    }

    /// A kind of party by code.
    pub fn kind(&self, id: &Kind) -> Option<&KindEntry> {
        self.kinds.iter().find(|entry| entry.id == *id)
    }

    /// Whether a kind of party may process a citizen service number, by law or as assumed
    /// (UAVG 46).
    pub fn has_bsn_right(&self, kind: &Kind) -> bool {
        self.kind(kind).is_some_and(|entry| entry.bsn_right != BsnRight::None)
    }

    /// Whether an approval in this role counts as mandated (domain 4a.15). Asker, broker and holder
    /// must weigh alike.
    pub fn is_mandated(&self, id: &Role) -> bool {
        self.role(id).is_some_and(|entry| entry.mandated)
    }

    /// A role by code.
    pub fn role(&self, id: &Role) -> Option<&RoleEntry> {
        self.roles.iter().find(|entry| entry.id == *id)
    }

    /// A purpose by code.
    pub fn purpose(&self, id: &Purpose) -> Option<&PurposeEntry> {
        self.purposes.iter().find(|entry| entry.id == *id)
    }

    /// A kind of query by code.
    pub fn query_kind(&self, id: &QueryKind) -> Option<&QueryKindEntry> {
        self.query_kinds.iter().find(|entry| entry.id == *id)
    }

    /// A data category by code.
    pub fn category(&self, id: &Category) -> Option<&CategoryEntry> {
        self.categories.iter().find(|entry| entry.id == *id)
    }

    /// A legal ground by code.
    pub fn ground(&self, id: &Ground) -> Option<&GroundEntry> {
        self.grounds.iter().find(|entry| entry.id == *id)
    }

    /// An obligation by code.
    pub fn obligation(&self, id: &str) -> Option<&ObligationEntry> {
        self.obligations.iter().find(|entry| entry.id == id)
    }

    /// A column by id.
    pub fn column(&self, id: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.id == id)
    }

    /// A value of a column, as the index that hot code keeps.
    ///
    /// # Errors
    /// [`FactError`] with the nearest known word.
    pub fn value(&self, column: &str, value: &str) -> Result<Value, FactError> {
        let (at, found) = self.find_column(column)?;
        let Some(value) = found.position(value) else {
            return Err(FactError::Value {
                column: column.to_owned(),
                given: value.to_owned(),
                nearest: nearest(value, found.values.iter().map(|v| v.id.as_str())),
            });
        };
        Ok(Value::new(at, value))
    }

    pub(crate) fn find_column(&self, id: &str) -> Result<(usize, &Column), FactError> {
        let found = self.columns.iter().enumerate().find(|(_, c)| c.id == id);
        found.ok_or_else(|| FactError::Column {
            given: id.to_owned(),
            nearest: nearest(id, self.columns.iter().map(|c| c.id.as_str())),
        })
    }

    pub(crate) fn known(&self) -> Known {
        self.known
    }

    /// Every value of every column.
    pub(crate) fn everything(&self) -> Region {
        Region::new(self.columns.iter().map(Column::full))
    }

    /// The highest default tier among a set of categories.
    pub(crate) fn default_tier(&self, categories: u64) -> Tier {
        let named = self.categories.iter().enumerate();
        named
            .filter(|(at, _)| categories >> at & 1 == 1)
            .map(|(_, entry)| entry.default_tier)
            .max()
            .unwrap_or(Tier::T0)
    }
}

/// Codes of columns, values and obligations are written as all codes are, so that two that look
/// alike are alike.
fn codes(file: &str, catalogue: &Catalogue, problems: &mut Problems) {
    let columns = catalogue.columns.iter();
    let columns = columns.flat_map(|column| {
        let values = column.values.iter().map(|value| ("values", value.id.as_str()));
        let own = iter::once(("id", column.id.as_str()));
        own.chain(values).map(|(key, code)| (column.id.as_str(), key, code))
    });
    let duties = catalogue.obligations.iter().map(|duty| (&*duty.id, "id", &*duty.id));
    for (row, key, code) in columns.chain(duties) {
        if let Err(error) = Kind::parse(code) {
            let problem = Problem::new(file, row, Fault::Format, error.to_string());
            problems.push(problem.at(key).given(code));
        }
    }
}
