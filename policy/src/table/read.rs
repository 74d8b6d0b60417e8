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
use crate::fault::{Fault, Problem, Problems};
use crate::limits::{ROWS_MAX, RULES_MAX};
use crate::parse::{entries, id_of, no_other_keys, read, table};
use crate::region::Region;

/// What a row of the region may do.
const OUTCOMES: [&str; 4] = ["permit", "review", "hold", "deny"];
/// What a row of an overlay may do.
const LOCAL: [&str; 3] = ["hold", "deny", "lower"];

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

impl Place<'_> {
    fn problem(&self, id: &str, fault: Fault, detail: impl Into<String>) -> Problem {
        Problem::new(self.file, id, fault, detail)
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue, problems: &'a mut Problems) -> Self {
        Self { catalogue, problems, rules: Vec::new(), rows: Vec::new(), row_ids: BTreeSet::new() }
    }

    /// Reads one file of the region's table.
    pub(crate) fn region_file(&mut self, file: &str, text: &str) {
        let mut table = table(file, text, self.problems);
        let rules: Vec<RawRule> = entries(file, "rule", &mut table, self.problems);
        no_other_keys(file, &table, &["rule"], self.problems);
        if self.is_too_long(file, &rules) {
            return;
        }
        let file: Arc<str> = file.into();
        for raw in rules {
            if self.rules.iter().any(|rule| rule.id == raw.id) {
                let problem = Problem::new(&file, &raw.id, Fault::DuplicateId, "rule");
                self.problems.push(problem.at("id").given(&raw.id));
            }
            let rule: Arc<str> = raw.id.as_str().into();
            let place = Place { file: &file, rule: &rule, local: false };
            raw.row.into_iter().for_each(|row| self.row(&place, row));
            self.rules.push(Rule { id: raw.id, title: raw.title, file: Arc::clone(&file) });
        }
    }

    /// Says once that there are too many, before any row is read.
    fn is_too_long(&mut self, file: &str, rules: &[RawRule]) -> bool {
        let rows = self.rows.len() + rules.iter().map(|rule| rule.row.len()).sum::<usize>();
        let counts = [("rule", self.rules.len() + rules.len(), RULES_MAX), ("row", rows, ROWS_MAX)];
        let over = counts.into_iter().find(|(_, count, most)| count > most);
        if let Some((what, count, most)) = over {
            let problem = Problem::new(file, "", Fault::TooMany, format!("{count} > {most}"));
            self.problems.push(problem.at(what));
        }
        over.is_some()
    }

    /// Reads an overlay: rows without rules.
    pub(crate) fn overlay_file(&mut self, file: &str, text: &str) {
        let mut table = table(file, text, self.problems);
        let rows: Vec<toml::Value> = entries(file, "row", &mut table, self.problems);
        no_other_keys(file, &table, &["row"], self.problems);
        let place = Place { file: &file.into(), rule: &"".into(), local: true };
        for row in rows {
            self.row(&place, row);
        }
    }

    fn row(&mut self, place: &Place<'_>, value: toml::Value) {
        let id = id_of(&value);
        let raw: RawRow = match read(value) {
            Ok(raw) => raw,
            Err(wrong) => return self.problems.push(wrong.problem(place.file, &id)),
        };
        if self.rows.len() >= ROWS_MAX {
            return self.problems.push(place.problem(&id, Fault::TooMany, format!("> {ROWS_MAX}")));
        }
        let row_id =
            if place.local { RowId::parse(&format!("local/{id}")) } else { Ok(raw.id.clone()) };
        let Ok(row_id) = row_id else {
            return self.problems.push(place.problem(&id, Fault::Format, "").at("id").given(&id));
        };
        if !self.row_ids.insert(row_id.clone()) {
            let problem = place.problem(&id, Fault::DuplicateId, "row");
            self.problems.push(problem.at("id").given(&id));
        }
        if !place.local && !id.starts_with(&format!("{}.", place.rule)) {
            let problem = place.problem(&id, Fault::WrongRule, format!("{}.", place.rule));
            self.problems.push(problem.at("id").given(&id));
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
                let problem = place.problem(name, Fault::Format, "30min, 2h, 5wd, 14d");
                self.problems.push(problem.at("deadline").given(text));
            }
            term
        });
        let window = Window {
            from: self.day(place, name, ("valid_from", raw.valid_from.as_deref()), 0),
            until: self.day(place, name, ("valid_until", raw.valid_until.as_deref()), 1),
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
                let problem = place.problem(id, Fault::LocalPermit, "");
                let allowed = LOCAL.iter().copied();
                self.problems.push(problem.at("outcome").given(word).may_be(allowed));
                None
            }
            ("permit", false) => Some(Effect::Permit),
            ("review", false) => Some(Effect::Review),
            ("hold", _) => Some(Effect::Hold),
            ("deny", _) => Some(Effect::Deny),
            ("lower", true) => Some(Effect::Lower),
            _ => {
                let allowed: &[&str] = if place.local { &LOCAL } else { &OUTCOMES };
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
            let problem = place.problem(id, Fault::Misplaced, format!("{effect:?}").to_lowercase());
            self.problems.push(problem.at("tier_max"));
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
        (key, text): (&str, Option<&str>),
        later: i64,
    ) -> Option<Timestamp> {
        let text = text?;
        let day = text.parse::<Date>().ok();
        let day = day.and_then(|date| date.checked_add(jiff::Span::new().days(later)).ok());
        let start = day.and_then(|date| Timestamp::start_of(date).ok());
        if start.is_none() {
            self.problems.push(place.problem(id, Fault::Format, "").at(key).given(text));
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
                let at = (place.file.as_ref(), id);
                self.problems.push(Problem::no_column(at, column, self.catalogue));
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
            let detail = "\"a\" / [\"a\", \"b\"] / { not = [\"a\"] }";
            self.problems.push(place.problem(id, Fault::Field, detail).at(column));
        }
        let bits: Vec<Option<u64>> =
            words.iter().map(|word| self.bit(place, id, column, word)).collect();
        let mask = bits.iter().flatten().fold(0, |mask, bit| mask | bit);
        let full = self.catalogue.column(column).map_or(0, Column::full);
        let mask = if not.is_some() { full & !mask } else { mask };
        if mask == 0 && bits.iter().all(Option::is_some) {
            let values = self.catalogue.column(column).into_iter().flat_map(|c| &c.values);
            let problem = place.problem(id, Fault::EmptySet, "").at(column);
            self.problems.push(problem.may_be(values.map(|value| value.id.as_str())));
        }
        mask
    }

    fn bit(&mut self, place: &Place<'_>, id: &str, column: &str, word: &str) -> Option<u64> {
        if let Ok(value) = self.catalogue.value(column, word) {
            return Some(value.bit());
        }
        let known = self.catalogue.column(column);
        let known = known.into_iter().flat_map(|c| c.values.iter()).map(|v| v.id.as_str());
        self.problems.push(Problem::unknown((place.file.as_ref(), id), column, word, known));
        None
    }
}
