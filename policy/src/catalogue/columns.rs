//! The columns of the table: closed lists, each at most 64 values.

use grondslag_core::catalogue::Kind;
use grondslag_core::lang::Text;
use serde::{Deserialize, Serialize};

use super::{Catalogue, Known};
use crate::fault::{Fault, Problem, Problems};
use crate::limits::{COLUMNS_MAX, VALUES_MAX};

/// Who sees a column's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// The broker does too.
    Visible,
    /// Only asker and holder; the broker holds every value possible.
    Sealed,
    /// Nobody states it: the pack does.
    Setting,
}

/// Who may state a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stater {
    /// The asker, as a claim.
    Asker,
    /// The holder, from its own register.
    Holder,
}

/// What a conflict between register and statement does. There is one answer: a person looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Conflict {
    #[default]
    Review,
}

/// One value of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnValue {
    /// Its code.
    pub id: String,
    /// Its name.
    pub label: Text,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its code.
    pub id: String,
    /// Its name.
    pub label: Text,
    /// Who sees it.
    pub visibility: Visibility,
    /// Its closed list.
    pub values: Vec<ColumnValue>,
    /// Who may state it.
    pub stated_by: Vec<Stater>,
    /// Kinds whose own statement certifies it.
    pub competent: Vec<Kind>,
    unknown: Option<usize>,
    absent: Option<usize>,
}

impl Column {
    /// The mask of every value.
    pub(crate) fn full(&self) -> u64 {
        match self.values.len() {
            0 => 1,
            len => u64::MAX >> (VALUES_MAX - len.min(VALUES_MAX)),
        }
    }

    /// Where a value stands in the list.
    pub(crate) fn position(&self, value: &str) -> Option<usize> {
        self.values.iter().position(|known| known.id == value)
    }

    /// The values of a mask.
    pub(crate) fn picked(&self, mask: u64) -> impl Iterator<Item = &ColumnValue> {
        let values = self.values.iter().enumerate();
        values.filter(move |(at, _)| mask >> at & 1 == 1).map(|(_, value)| value)
    }

    /// What counts when nobody knows: the strictest value, or the catalogue's `absent` where a
    /// register without an entry means something.
    pub(crate) fn when_absent(&self) -> Option<usize> {
        self.absent.or(self.unknown)
    }

    /// The strictest value: what a conflict inside a register counts as.
    pub(crate) fn strictest(&self) -> Option<usize> {
        self.unknown
    }
}

/// A column as written in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    id: String,
    label: Text,
    visibility: Visibility,
    #[serde(default)]
    values: Option<Vec<ColumnValue>>,
    #[serde(default)]
    values_from: Option<List>,
    #[serde(default)]
    stated_by: Vec<Stater>,
    #[serde(default)]
    competent: Vec<Kind>,
    #[serde(default)]
    unknown: Option<String>,
    #[serde(default)]
    absent: Option<String>,
    #[serde(default, rename = "conflict")]
    _conflict: Conflict,
    #[serde(default, rename = "note")]
    _note: Option<Text>,
}

/// A catalogue list that a column takes its values from.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum List {
    Kind,
    Role,
    Purpose,
    QueryKind,
    Category,
}

/// Builds the columns, with the values that come from other lists filled in.
pub(super) fn build(
    file: &str,
    raw: Vec<Raw>,
    catalogue: &Catalogue,
    problems: &mut Problems,
) -> Vec<Column> {
    if raw.len() > COLUMNS_MAX {
        let detail = format!("{} > {COLUMNS_MAX}", raw.len());
        problems.push(Problem::new(file, "", Fault::TooMany, detail).at("column"));
    }
    let columns = raw.into_iter().take(COLUMNS_MAX);
    columns.map(|raw| column(file, raw, catalogue, problems)).collect()
}

fn column(file: &str, raw: Raw, catalogue: &Catalogue, problems: &mut Problems) -> Column {
    let values = match (raw.values, raw.values_from) {
        (Some(values), None) => values,
        (None, Some(list)) => list.values(catalogue),
        (Some(_), Some(_)) | (None, None) => {
            let detail = "values / values_from: one of the two";
            problems.push(Problem::new(file, &raw.id, Fault::Field, detail).at("values"));
            Vec::new()
        }
    };
    if values.is_empty() || values.len() > VALUES_MAX {
        let detail = format!("1 .. {VALUES_MAX}");
        let problem = Problem::new(file, &raw.id, Fault::TooMany, detail).at("values");
        problems.push(problem.given(&values.len().to_string()));
    }
    let mut find = |what: &str, value: Option<String>| {
        let value = value?;
        let found = values.iter().position(|known| known.id == value);
        if found.is_none() {
            let ids = values.iter().map(|known| known.id.as_str());
            problems.push(Problem::unknown((file, &raw.id), what, &value, ids));
        }
        found
    };
    let (unknown, absent) = (find("unknown", raw.unknown), find("absent", raw.absent));
    if raw.visibility == Visibility::Sealed && unknown.is_none() {
        let problem = Problem::new(file, &raw.id, Fault::MissingKey, "sealed").at("unknown");
        problems.push(problem.may_be(values.iter().map(|value| value.id.as_str())));
    }
    Column {
        id: raw.id,
        label: raw.label,
        visibility: raw.visibility,
        values,
        stated_by: raw.stated_by,
        competent: raw.competent,
        unknown,
        absent,
    }
}

impl List {
    fn values(self, catalogue: &Catalogue) -> Vec<ColumnValue> {
        macro_rules! values {
            ($list:ident) => {
                catalogue
                    .$list
                    .iter()
                    .map(|entry| ColumnValue {
                        id: entry.id.to_string(),
                        label: entry.label.clone(),
                    })
                    .collect()
            };
        }
        match self {
            Self::Kind => values!(kinds),
            Self::Role => values!(roles),
            Self::Purpose => values!(purposes),
            Self::QueryKind => values!(query_kinds),
            Self::Category => values!(categories),
        }
    }
}

/// Finds the columns that the engine itself looks at.
pub(super) fn known(file: &str, columns: &[Column], problems: &mut Problems) -> Known {
    let find = |id: &str| columns.iter().position(|column| column.id == id);
    let mut must = |id: &str| {
        find(id).unwrap_or_else(|| {
            problems.push(Problem::new(file, "", Fault::MissingKey, "[[column]]").at(id));
            0
        })
    };
    Known {
        requester_kind: must("requester_kind"),
        requester_role: must("requester_role"),
        purpose: must("purpose"),
        category: must("category"),
        target_kind: must("target_kind"),
        approvals: find("approvals"),
        secrecy_consent: find("secrecy_consent"),
        subject_shielded: find("subject_shielded"),
        about: find("about"),
    }
}
