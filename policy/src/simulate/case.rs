//! One record under one set of rules.

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};

use crate::decide::{Judged, Matched};
use crate::facts::{FactError, Facts};
use crate::table::RowSet;

use super::{By, Line, On, Recorded, Side, Under};

/// The column of whom was asked.
const TARGET_KIND: &str = "target_kind";
/// The column of what was asked for.
const CATEGORY: &str = "category";
/// The column of whose file it is.
const ABOUT: &str = "about";

/// What a record tells, in the values of some rules.
#[derive(Debug)]
pub(super) struct Told {
    visible: Facts,
    sealed: Vec<Facts>,
    /// The agency may process the number of the child.
    is_asked: bool,
}

impl Told {
    /// # Errors
    /// [`FactError`] for a word that these rules do not have.
    pub(super) fn of(recorded: &Recorded<'_>, side: &Side<'_>) -> Result<Self, FactError> {
        let visible = side.with(side.pack().facts(), &recorded.visible)?;
        let sealed = recorded.sealed.iter();
        let sealed = sealed.map(|words| side.with(side.unstated(visible), words));
        let kind = recorded.visible.iter().find(|(column, _)| *column == TARGET_KIND);
        let kind = kind.and_then(|(_, kind)| Kind::parse(kind).ok());
        Ok(Self {
            visible,
            sealed: sealed.collect::<Result<_, _>>()?,
            is_asked: kind.is_some_and(|kind| side.pack().catalogue().has_bsn_right(&kind)),
        })
    }
}

/// A record under some rules.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) told: &'a Told,
    pub(super) under: Under<'a>,
    pub(super) by: By,
    pub(super) on: Timestamp,
}

impl Case<'_> {
    /// Decides one category as broker and holder do.
    pub(super) fn decide(&self, line: &Line<'_>) -> Result<Judged, FactError> {
        let category = self.under.side.value((CATEGORY, line.category.as_str()))?;
        if !self.told.is_asked {
            return Ok(refused(Reason::NoBsnRight));
        }
        let could = self.under.side.pack().judge_could(&self.told.visible.with(category), self.on);
        match (self.by, &line.on) {
            (By::Broker, _) => Ok(could),
            // What the broker does not let through no holder sees.
            (By::Holder, _) if could.verdict == Verdict::Refuse => Ok(could),
            (By::Holder, None) => Err(missing()),
            (By::Holder, Some(on)) => {
                let facts = self.told.sealed.get(on.facts).ok_or_else(missing)?.with(category);
                self.at_holder(&facts, on, could.tier)
            }
        }
    }

    /// The line of a category is what its files come to: the most open of them.
    fn at_holder(&self, facts: &Facts, on: &On, cap: Tier) -> Result<Judged, FactError> {
        let mut came: Option<Judged> = None;
        for about in &on.about {
            let facts = match self.under.side.pack().catalogue().known().about {
                Some(_) => facts.with(self.under.side.value((ABOUT, about.word()))?),
                None => *facts,
            };
            let next = self.of_file(&facts, on.held, cap)?;
            came = Some(came.map_or(next, |came| more_open(&came, &next)));
        }
        Ok(came.unwrap_or_else(|| refused(Reason::NoRule)))
    }

    fn of_file(&self, facts: &Facts, held: bool, cap: Tier) -> Result<Judged, FactError> {
        let Under { side, overlay } = self.under;
        let mut judged = side.pack().judge_with(facts, overlay, self.on)?;
        judged.tier = judged.tier.min(cap);
        if judged.verdict != Verdict::Refuse && judged.tier == Tier::T0 {
            return Ok(refused(Reason::NoRule));
        }
        if held && judged.verdict == Verdict::Permit {
            judged.verdict = Verdict::Review;
            judged.reason = Some(Reason::FactsConflict);
        }
        Ok(judged)
    }
}

fn more_open(a: &Judged, b: &Judged) -> Judged {
    let (open, other) = if b.verdict < a.verdict { (b, a) } else { (a, b) };
    let mut open = *open;
    if open.verdict == other.verdict {
        open.tier = open.tier.max(other.tier);
        open.rows.region = open.rows.region.or(&other.rows.region);
        open.rows.local = open.rows.local.or(&other.rows.local);
    }
    open
}

/// Refused without a row.
pub(super) fn refused(reason: Reason) -> Judged {
    let rows = Matched { region: RowSet::EMPTY, local: RowSet::EMPTY };
    Judged { verdict: Verdict::Refuse, tier: Tier::T0, rows, reason: Some(reason) }
}

fn missing() -> FactError {
    FactError::Missing { columns: vec![CATEGORY.to_owned()] }
}
