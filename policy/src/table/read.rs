//! Reading rows from TOML, row by row, so that an error names the row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use grondslag_core::catalogue::{Ground, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use grondslag_core::tier::Tier;
use jiff::civil::Date;
use serde::Deserialize;

use super::{Effect, Row, Rule, Window};
use crate::catalogue::{Catalogue, Column, Status};
use crate::fault::{Fault, Problem, Problems, nearest};
use crate::limits::ROWS_MAX;
use crate::parse::{entries, id_of, no_other_keys, one_line, table};
use crate::region::Region;

/// A rule as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    id: String,
    title: Text,
    #[serde(default)]
    row: Vec<toml::Value>,
}

/// A row as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    id: RowId,
    outcome: String,
    #[serde(default)]
    tier_max: Option<Tier>,
    #[serde(default)]
    notify: bool,
    #[serde(default)]
    duty: bool,
    #[serde(default)]
    deadline: Option<String>,
    #[serde(default)]
    obligations: Vec<String>,
    #[serde(default)]
    legal: Vec<Ground>,
    #[serde(default)]
    status: Status,
    #[serde(default)]
    valid_from: Option<String>,
    #[serde(default)]
    valid_until: Option<String>,
    #[serde(default)]
    note: Option<Text>,
    text: Text,
    #[serde(default)]
    when: BTreeMap<String, toml::Value>,
}

/// Reads table files; collects what is wrong.
pub(crate) struct Reader<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) problems: &'a mut Problems,
    pub(crate) rules: Vec<Rule>,
    pub(crate) rows: Vec<Row>,
    row_ids: BTreeSet<RowId>,
}

/// Where a row stands.
struct Place<'a> {
    file: &'a Arc<str>,
    rule: &'a Arc<str>,
    local: bool,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, problems: &'a mut Problems) -> Self {
        Self { catalogue, problems, rules: Vec::new(), rows: Vec::new(), row_ids: BTreeSet::new() }
    }

    /// Reads one file of the region's table.
    pub(crate) fn region_file(&mut self, file: &str, text: &str) {
        let mut table = table(file, text, self.problems);
        let rules: Vec<RawRule> = entries(file, "rule", &mut table, self.problems);
        no_other_keys(file, &table, self.problems);
        let file: Arc<str> = file.into();
        for raw in rules {
            if self.rules.iter().any(|rule| rule.id == raw.id) {
                let problem = Problem::new(&file, &raw.id, Fault::DuplicateId, "rule");
                self.problems.push(problem);
            }
            let rule: Arc<str> = raw.id.as_str().into();
            let place = Place { file: &file, rule: &rule, local: false };
            raw.row.into_iter().for_each(|row| self.row(&place, row));
            self.rules.push(Rule { id: raw.id, title: raw.title, file: Arc::clone(&file) });
        }
    }

    /// Reads an overlay: rows without rules.
    pub(crate) fn overlay_file(&mut self, file: &str, text: &str) {
        let mut table = table(file, text, self.problems);
        let rows: Vec<toml::Value> = entries(file, "row", &mut table, self.problems);
        no_other_keys(file, &table, self.problems);
        let place = Place { file: &file.into(), rule: &"".into(), local: true };
        for row in rows {
            self.row(&place, row);
        }
    }

    fn row(&mut self, place: &Place<'_>, value: toml::Value) {
        let id = id_of(&value);
        let raw: RawRow = match value.try_into() {
            Ok(raw) => raw,
            Err(error) => {
                let detail = one_line(&error);
                return self.problem(place, &id, Fault::Field, detail);
            }
        };
        if self.rows.len() >= ROWS_MAX {
            return self.problem(place, &id, Fault::TooMany, format!("> {ROWS_MAX}"));
        }
        let row_id =
            if place.local { RowId::parse(&format!("local/{id}")) } else { Ok(raw.id.clone()) };
        let Ok(row_id) = row_id else {
            return self.problem(place, &id, Fault::Format, "id");
        };
        if !self.row_ids.insert(row_id.clone()) {
            self.problem(place, &id, Fault::DuplicateId, "row");
        }
        if !place.local && !id.starts_with(&format!("{}.", place.rule)) {
            self.problem(place, &id, Fault::WrongRule, place.rule.as_ref());
        }
        if let Some(row) = self.build(place, row_id, raw) {
            self.rows.push(row);
        }
    }

    fn build(&mut self, place: &Place<'_>, id: RowId, raw: RawRow) -> Option<Row> {
        let name = raw.id.as_str();
        let effect = self.effect(place, name, &raw.outcome)?;
        self.check_tier(place, name, effect, raw.tier_max);
        self.check_ids(place, name, &raw.legal, &raw.obligations);
        let deadline = raw.deadline.as_deref().and_then(|text| {
            let term = text.parse().ok();
            if term.is_none() {
                self.problem(place, name, Fault::Format, format!("deadline \"{text}\""));
            }
            term
        });
        let window = Window {
            from: self.day(place, name, raw.valid_from.as_deref(), 0),
            until: self.day(place, name, raw.valid_until.as_deref(), 1),
        };
        let region = self.region(place, name, &raw.when);
        Some(Row {
            id,
            rule: Arc::clone(place.rule),
            file: Arc::clone(place.file),
            effect,
            tier_max: raw.tier_max,
            notify: raw.notify,
            duty: raw.duty,
            deadline,
            obligations: raw.obligations,
            legal: raw.legal,
            status: raw.status,
            note: raw.note.map(Arc::new),
            text: raw.text,
            names_categories: raw.when.get("category").is_some_and(|set| !set.is_table()),
            window,
            region,
        })
    }

    fn effect(&mut self, place: &Place<'_>, id: &str, word: &str) -> Option<Effect> {
        match (word, place.local) {
            ("permit" | "review", true) => {
                self.problem(place, id, Fault::LocalPermit, format!("outcome \"{word}\""));
                None
            }
            ("permit", false) => Some(Effect::Permit),
            ("review", false) => Some(Effect::Review),
            ("hold", _) => Some(Effect::Hold),
            ("deny", _) => Some(Effect::Deny),
            ("lower", true) => Some(Effect::Lower),
            _ => {
                let allowed: &[&str] = if place.local {
                    &["hold", "deny", "lower"]
                } else {
                    &["permit", "review", "hold", "deny"]
                };
                let at = (place.file.as_ref(), id);
                let allowed = allowed.iter().copied();
                self.problems.push(Problem::unknown(at, "outcome", word, allowed));
                None
            }
        }
    }

    /// A tier belongs to what opens or lowers, and `lower` is nothing without one.
    fn check_tier(&mut self, place: &Place<'_>, id: &str, effect: Effect, tier: Option<Tier>) {
        let wrong = match effect {
            Effect::Permit | Effect::Review => false,
            Effect::Hold | Effect::Deny => tier.is_some(),
            Effect::Lower => tier.is_none(),
        };
        if wrong {
            self.problem(place, id, Fault::Misplaced, "tier_max");
        }
    }

    fn check_ids(&mut self, place: &Place<'_>, id: &str, legal: &[Ground], duties: &[String]) {
        let at = (place.file.as_ref(), id);
        let catalogue = self.catalogue;
        for ground in legal.iter().filter(|g| catalogue.ground(g).is_none()) {
            let known = catalogue.grounds().iter().map(|entry| entry.id.as_str());
            self.problems.push(Problem::unknown(at, "legal", ground.as_str(), known));
        }
        for duty in duties.iter().filter(|d| catalogue.obligation(d).is_none()) {
            let known = catalogue.obligations().iter().map(|entry| entry.id.as_str());
            self.problems.push(Problem::unknown(at, "obligations", duty, known));
        }
    }

    /// The start of a calendar day, `later` days on.
    fn day(
        &mut self,
        place: &Place<'_>,
        id: &str,
        text: Option<&str>,
        later: i64,
    ) -> Option<Timestamp> {
        let text = text?;
        let day = text.parse::<Date>().ok();
        let day = day.and_then(|date| date.checked_add(jiff::Span::new().days(later)).ok());
        let start = day.and_then(|date| Timestamp::start_of(date).ok());
        if start.is_none() {
            self.problem(place, id, Fault::Format, format!("\"{text}\""));
        }
        start
    }

    fn region(
        &mut self,
        place: &Place<'_>,
        id: &str,
        when: &BTreeMap<String, toml::Value>,
    ) -> Region {
        let mut region = self.catalogue.everything();
        for (column, set) in when {
            let Ok((at, _)) = self.catalogue.find_column(column) else {
                let known = self.catalogue.columns().iter().map(|c| c.id.as_str());
                let at = (place.file.as_ref(), id);
                self.problems.push(Problem::unknown(at, "column", column, known));
                continue;
            };
            let mask = self.mask(place, id, column, set);
            region = region.with(at, mask);
        }
        region
    }

    /// A word, a list of words, or `{ not = [...] }`.
    fn mask(&mut self, place: &Place<'_>, id: &str, column: &str, set: &toml::Value) -> u64 {
        let not = set.as_table().and_then(|table| {
            let only = table.len() == 1;
            table.get("not").filter(|_| only)
        });
        let words = match not.unwrap_or(set) {
            toml::Value::String(word) => vec![word.as_str()],
            toml::Value::Array(list) => list.iter().filter_map(toml::Value::as_str).collect(),
            _ => Vec::new(),
        };
        let given = not.unwrap_or(set).as_array().map_or(1, Vec::len);
        if words.len() != given {
            self.problem(place, id, Fault::Field, format!("when.{column}"));
        }
        let bits: Vec<Option<u64>> =
            words.iter().map(|word| self.bit(place, id, column, word)).collect();
        let mask = bits.iter().flatten().fold(0, |mask, bit| mask | bit);
        let full = self.catalogue.column(column).map_or(0, Column::full);
        let mask = if not.is_some() { full & !mask } else { mask };
        if mask == 0 && bits.iter().all(Option::is_some) {
            self.problem(place, id, Fault::EmptySet, column);
        }
        mask
    }

    fn bit(&mut self, place: &Place<'_>, id: &str, column: &str, word: &str) -> Option<u64> {
        if let Ok(value) = self.catalogue.value(column, word) {
            return Some(value.bit());
        }
        let known = self.catalogue.column(column);
        let known = known.into_iter().flat_map(|c| c.values.iter()).map(|v| v.id.as_str());
        self.problems.push(Problem {
            nearest: nearest(word, known),
            ..Problem::new(place.file, id, Fault::UnknownValue, format!("{column} \"{word}\""))
        });
        None
    }

    fn problem(&mut self, place: &Place<'_>, id: &str, fault: Fault, detail: impl Into<String>) {
        self.problems.push(Problem::new(place.file, id, fault, detail));
    }
}
