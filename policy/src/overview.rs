//! All that one role may ask: of whom, what for, which data, up to where, by which article, and
//! what must be true of the case besides (policy A, "overview").
//!
//! Exact on the table: the space of one role is cut along every row until each piece is refused
//! or open in one way; what is open in the same way by the same rows is then merged.

use std::collections::{BTreeMap, HashMap};

use grondslag_core::catalogue::{Ground, Role, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use serde::Serialize;

use crate::catalogue::Visibility;
use crate::compare::delta::Opened;
use crate::compare::joint::{Content, Joint, Side};
use crate::compare::{NotComparable, RegionShown};
use crate::explain::{GroundShown, ObligationShown, RuleShown, Word};
use crate::fault::nearest;
use crate::limits::OPEN_STEPS_MAX;
use crate::pack::Pack;
use crate::region::{Region, merged};
use crate::table::Row;

mod summary;
mod walk;

pub use summary::ForPurpose;

/// A role of which no overview can be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OverviewError {
    /// The catalogue has no such role.
    #[error("\"{given}\" is not a role of the catalogue{}", hint(.nearest.as_deref()))]
    Role {
        /// What was given.
        given: String,
        /// The role that looks most like it.
        nearest: Option<String>,
    },
    /// The table cannot be listed.
    #[error(transparent)]
    NotListed(#[from] NotComparable),
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!("; did you mean \"{word}\"?"))
}

impl OverviewError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Role { .. } => Reason::UnknownRole,
            Self::NotListed(error) => error.reason(),
        }
    }
}

/// All that one role may ask.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// The role.
    pub role: Role,
    /// Its name.
    pub label: Text,
    /// The version of the rules.
    pub version: String,
    /// What it may ask, in one line per purpose.
    pub purposes: Vec<ForPurpose>,
    /// What it may ask, in the order of the table.
    pub open: Vec<Opening>,
    /// Purposes that the catalogue gives the role and for which the table opens nothing.
    pub nothing_for: Vec<Word>,
}

/// What is open in one way, because of the same rows.
#[derive(Debug, Clone, Serialize)]
pub struct Opening {
    /// Permitted, or a professional decides.
    pub verdict: Verdict,
    /// Up to where.
    pub tier: Tier,
    /// The rows that open it or have a person look.
    pub rules: Vec<RuleShown>,
    /// Their articles.
    pub legal: Vec<GroundShown>,
    /// What must be done with the answer.
    pub obligations: Vec<ObligationShown>,
    /// The subject is told.
    pub notify: bool,
    /// The reply is a legal duty.
    pub duty: bool,
    /// The term of the reply, as a row writes it (`2h`).
    pub deadline: Option<String>,
    /// Open legal questions.
    pub notes: Vec<Text>,
    /// Exactly where.
    pub places: Vec<Place>,
}

/// A part of what can be asked, with what must be true of the case.
#[derive(Debug, Clone, Serialize)]
pub struct Place {
    /// The columns that asker and broker see: whom, what for, which data.
    pub asked: RegionShown,
    /// The sealed columns that must hold, as alternatives: one of these is enough, and one without
    /// columns asks nothing.
    pub conditions: Vec<RegionShown>,
}

impl Pack {
    /// All that a role may ask at a moment.
    ///
    /// # Errors
    /// [`OverviewError`] for an unknown role, or a table that cannot be listed.
    pub fn overview(&self, role: &str, on: Timestamp) -> Result<Overview, OverviewError> {
        let roles = || self.catalogue().roles().iter();
        let Some(entry) = roles().find(|entry| entry.id.as_str() == role) else {
            let known = roles().map(|entry| entry.id.as_str());
            let nearest = nearest(role, known);
            return Err(OverviewError::Role { given: role.to_owned(), nearest });
        };
        let joint = Joint::new([self, self], on)?;
        let pieces = walk::open(&joint, &joint.of_role(entry.id.as_str()), OPEN_STEPS_MAX)?;
        let order: HashMap<&RowId, usize> =
            self.rows().iter().enumerate().map(|(at, row)| (&row.id, at)).collect();
        let mut ways: BTreeMap<Vec<usize>, (Opened, Vec<Region>)> = BTreeMap::new();
        for (region, whole) in pieces {
            let rows = || whole.iter().filter_map(|at| joint.rows.get(*at));
            let ids = rows().filter_map(|row| order.get(row.id(Side::After)?).copied());
            let mut ids: Vec<usize> = ids.collect();
            ids.sort_unstable();
            let contents: Vec<&Content> = rows().map(|row| &row.content).collect();
            let way = ways.entry(ids).or_insert_with(|| (Opened::of(&contents), Vec::new()));
            way.1.push(region);
        }
        let purposes = ways
            .values()
            .flat_map(|(_, regions)| regions)
            .fold(0, |mask, region| mask | region.of(joint.place("purpose")));
        let of_role = self.catalogue().purposes().iter().enumerate();
        let unopened = of_role
            .filter(|(at, purpose)| entry.purposes.contains(&purpose.id) && purposes >> at & 1 == 0)
            .map(|(_, p)| Word { id: p.id.to_string(), label: p.label.clone() });
        Ok(Overview {
            role: entry.id.clone(),
            label: entry.label.clone(),
            version: self.version().to_owned(),
            nothing_for: unopened.collect(),
            purposes: summary::by_purpose(self, &joint, &ways.values()),
            open: ways
                .into_iter()
                .map(|(rows, (outcome, regions))| self.opening(&joint, &rows, outcome, regions))
                .collect(),
        })
    }

    fn opening(
        &self,
        joint: &Joint,
        rows: &[usize],
        outcome: Opened,
        regions: Vec<Region>,
    ) -> Opening {
        let rows: Vec<&Row> = rows.iter().filter_map(|at| self.rows().get(*at)).collect();
        let grounds: Vec<Ground> = outcome.grounds.into_iter().collect();
        let mut notes: Vec<Text> =
            rows.iter().filter_map(|row| row.note.as_deref()).cloned().collect();
        notes.dedup();
        let duties = outcome.obligations.iter();
        let duties = duties.filter_map(|id| self.catalogue().obligation(id));
        Opening {
            verdict: outcome.verdict,
            tier: outcome.tier,
            rules: rows.iter().map(|row| self.show(row)).collect(),
            legal: self.show_grounds(&grounds),
            obligations: duties
                .map(|entry| ObligationShown { id: entry.id.clone(), label: entry.label.clone() })
                .collect(),
            notify: outcome.notify,
            duty: outcome.duty,
            deadline: outcome.deadline.map(|term| term.to_string()),
            notes,
            places: self.places(joint, regions),
        }
    }

    /// The same regions, as what is asked and what must be true besides.
    fn places(&self, joint: &Joint, regions: Vec<Region>) -> Vec<Place> {
        let whole = joint.everything();
        let sealed = |id: &str| {
            let column = self.catalogue().column(id);
            column.is_some_and(|column| column.visibility == Visibility::Sealed)
        };
        let sealed: Vec<bool> = joint.columns.iter().map(|column| sealed(&column.id)).collect();
        let keep = |region: &Region, of: bool| {
            let columns = sealed.iter().enumerate().filter(|(_, is)| **is != of);
            columns.fold(*region, |region, (at, _)| region.with(at, whole.of(at)))
        };
        let mut by_asked: HashMap<Region, Vec<Region>> = HashMap::new();
        for region in merged(regions) {
            by_asked.entry(keep(&region, false)).or_default().push(keep(&region, true));
        }
        let mut by_conditions: HashMap<Vec<Region>, Vec<Region>> = HashMap::new();
        for (asked, conditions) in by_asked {
            by_conditions.entry(merged(conditions)).or_default().push(asked);
        }
        let mut places: Vec<(Region, Vec<Region>)> = by_conditions
            .into_iter()
            .flat_map(|(conditions, asked)| {
                merged(asked).into_iter().map(move |asked| (asked, conditions.clone()))
            })
            .collect();
        places.sort_by(|(a, of_a), (b, of_b)| {
            let sets = |region: &Region| region.sets().collect::<Vec<_>>();
            let all = |regions: &[Region]| regions.iter().map(sets).collect::<Vec<_>>();
            (sets(a), all(of_a)).cmp(&(sets(b), all(of_b)))
        });
        let shown = |region: &Region| joint.shown_besides_asker(region);
        places
            .iter()
            .map(|(asked, conditions)| Place {
                asked: shown(asked),
                conditions: conditions.iter().map(shown).collect(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
