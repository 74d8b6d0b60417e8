//! A comparison as people and programs read it: which rows, where, and what is cut out of it.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::catalogue::RowId;
use grondslag_core::lang::Text;
use serde::{Serialize, Serializer};

use super::joint::JointColumn;
use super::{Change, Comparison, Delta, LeftOut, Parting, left_out};
use crate::explain::Word;
use crate::region::Region;

/// A column that a region restricts, with the values it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnShown {
    /// Its code.
    pub id: String,
    /// Its name.
    pub label: Text,
    /// The values.
    pub values: Vec<Word>,
    /// Few values are left out, so that it reads better as "not these".
    pub except: Vec<Word>,
}

/// A region: the columns that it restricts. One without columns is everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionShown(pub Vec<ColumnShown>);

impl Serialize for RegionShown {
    /// Column -> the codes of its values.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let codes = |column: &ColumnShown| column.values.iter().map(|v| v.id.clone()).collect();
        let columns = self.0.iter().map(|column| (column.id.clone(), codes(column)));
        columns.collect::<BTreeMap<String, Vec<String>>>().serialize(serializer)
    }
}

/// One way in which two packs part.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeShown {
    /// The rules that make the difference.
    pub rules: BTreeSet<String>,
    /// Their rows in the first pack that the second does not have so.
    pub rows_before: BTreeSet<RowId>,
    /// Their rows in the second pack that the first does not have so.
    pub rows_after: BTreeSet<RowId>,
    /// What is decided otherwise, where both open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub becomes: Option<Delta>,
    /// What those rows are about, before anything is cut out.
    pub own: Vec<RegionShown>,
    /// Other rows because of which a part of that stays as it is.
    pub cut_out_by: BTreeSet<RowId>,
    /// Exactly where it holds.
    pub regions: Vec<RegionShown>,
}

/// A comparison, ready to be read.
#[derive(Debug, Clone, Serialize)]
pub struct ComparisonShown {
    /// Refused before, open after.
    pub newly_permitted: Vec<ChangeShown>,
    /// Open before, refused after.
    pub newly_refused: Vec<ChangeShown>,
    /// Open in both, with another outcome.
    pub changed: Vec<ChangeShown>,
    /// Combinations that cannot occur and of which something was left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

impl Comparison {
    /// The comparison in words, without what both packs say cannot occur.
    pub fn shown(&self) -> ComparisonShown {
        let mut used = BTreeSet::new();
        let mut all = |changes: &[Change]| {
            let occur = changes.iter().filter_map(|change| {
                let (left, of) = left_out::left(&change.regions, &self.impossible);
                used.extend(of);
                (!left.is_empty()).then(|| self.change(change, &left))
            });
            occur.collect()
        };
        let newly_permitted = all(&self.newly_permitted);
        let (newly_refused, changed) = (all(&self.newly_refused), all(&self.changed));
        let left_out = used.into_iter().filter_map(|at| self.impossible.get(at));
        let left_out = left_out.map(|(one, _)| one.clone()).collect();
        ComparisonShown { newly_permitted, newly_refused, changed, left_out }
    }

    /// Everything that is opened, in words, with what cannot occur too: for a proof.
    pub(crate) fn opened_shown(&self) -> Vec<ChangeShown> {
        let changes = self.newly_permitted.iter();
        changes.map(|change| self.change(change, &change.regions)).collect()
    }

    fn change(&self, change: &Change, regions: &[Region]) -> ChangeShown {
        let rows = change.before.iter().chain(&change.after);
        let rule = |row: &RowId| row.as_str().split('.').next().unwrap_or_default().to_owned();
        let becomes = match &change.parting {
            Parting::Changed(delta) => Some(delta.as_ref().clone()),
            Parting::NewlyPermitted | Parting::NewlyRefused => None,
        };
        let own: Vec<Region> = self.joint.own(change);
        ChangeShown {
            rules: rows.map(rule).collect(),
            rows_before: change.before.clone(),
            rows_after: change.after.clone(),
            becomes,
            cut_out_by: self.joint.cut_out_by(change, &own),
            own: own.iter().map(|region| self.joint.shown(region)).collect(),
            regions: regions.iter().map(|region| self.joint.shown(region)).collect(),
        }
    }
}

pub(super) fn column_shown(column: &JointColumn, mask: u64) -> ColumnShown {
    let words = |mask: u64| -> Vec<Word> {
        let values = column.values.iter().enumerate();
        let held = values.filter(|(at, _)| mask >> at & 1 == 1);
        held.map(|(_, (id, label))| Word { id: id.clone(), label: label.clone() }).collect()
    };
    let (values, outside) = (words(mask), words(column.full() & !mask));
    let except = if outside.len() < values.len() { outside } else { Vec::new() };
    ColumnShown { id: column.id.clone(), label: column.label.clone(), values, except }
}
