//! The one fixed meaning of the table (policy A): deny beats review beats permit, a hold turns
//! what is open into review and opens nothing, the lowest tier wins, obligations add up.

use std::collections::BTreeMap;
use std::sync::Arc;

use grondslag_core::catalogue::{Ground, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};

use crate::catalogue::Visibility;
use crate::facts::{FactError, Facts};
use crate::overlay::Overlay;
use crate::pack::Pack;
use crate::region::Region;
use crate::table::{Reached, Row, RowSet, Term};

/// Code of the category that says whether a child is known at all (domain 3.3).
const INVOLVEMENT: &str = "G05";
/// The lowest tier at which involvement names the agency (design 2, invariant 4).
const INVOLVEMENT_TIER: Tier = Tier::T2;

/// What the table says of one category at one target, on facts with single values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The outcome.
    pub verdict: Verdict,
    /// Up to where; `T0` when refused.
    pub tier: Tier,
    /// The rows that decide: the denies of a refusal (none for `NO_RULE`), else every matching
    /// permit, review and hold row, and the overlay's rows as `local/...`.
    pub rows: Vec<RowId>,
    /// The grounds of those rows.
    pub grounds: Vec<Ground>,
    /// The obligations of those rows, by code.
    pub obligations: Vec<String>,
    /// The subject is told.
    pub notify: bool,
    /// The reply is a legal duty.
    pub duty: bool,
    /// The shortest term of those rows.
    pub deadline: Option<Term>,
    /// Open legal questions of those rows.
    pub notes: Vec<Arc<Text>>,
    /// Why it is refused: `NO_RULE`, `DENIED_BY_RULE` or `NEEDS_SECOND_PERSON`; or why a permit
    /// became a review: `FACTS_CONFLICT`.
    pub reason: Option<Reason>,
}

/// What the table says on facts that are sets: could this be allowed at all?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Could {
    /// `Refuse` when no point of the facts can be allowed; `Review` when no more than that can
    /// be reached; else `Permit`.
    pub verdict: Verdict,
    /// The highest tier that can be reached; `T0` when refused.
    pub cap: Tier,
    /// The permit and review rows that may match, or the denies that surely do.
    pub rows: Vec<RowId>,
    /// The grounds of those rows.
    pub grounds: Vec<Ground>,
    /// The shortest term of those rows.
    pub deadline: Option<Term>,
    /// `NO_RULE`, `DENIED_BY_RULE` or `NEEDS_SECOND_PERSON` when refused.
    pub reason: Option<Reason>,
}

/// The rows in force that hold a point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matched {
    pub(crate) region: RowSet,
    pub(crate) local: RowSet,
}

/// A decision before its rows are written out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) tier: Tier,
    pub(crate) rows: Matched,
    pub(crate) reason: Option<Reason>,
}

impl Pack {
    /// Decides on single values, without a local overlay.
    ///
    /// # Errors
    /// [`FactError::NotSingle`] when a column has another number of values than one: fail closed.
    pub fn decide(&self, facts: &Facts, on: Timestamp) -> Result<Decision, FactError> {
        self.decide_with(facts, None, on)
    }

    /// Decides on single values: the stricter of the region's table and the node's overlay.
    ///
    /// # Errors
    /// As [`Pack::decide`].
    pub fn decide_with(
        &self,
        facts: &Facts,
        overlay: Option<&Overlay>,
        on: Timestamp,
    ) -> Result<Decision, FactError> {
        Ok(self.write_out(&self.judge_with(facts, overlay, on)?, overlay))
    }

    /// The same, without its rows written out.
    ///
    /// # Errors
    /// As [`Pack::decide`].
    pub(crate) fn judge_with(
        &self,
        facts: &Facts,
        overlay: Option<&Overlay>,
        on: Timestamp,
    ) -> Result<Judged, FactError> {
        let matched = self.matched(facts, overlay, on)?;
        Ok(self.judge(matched, self.default_tier(facts), overlay))
    }

    /// Says whether facts that are sets could be allowed at all (design 6). It leans to
    /// forwarding: it refuses only when no permit or review row touches the facts, or when one
    /// deny row holds them wholly.
    pub fn could(&self, facts: &Facts, on: Timestamp) -> Could {
        let Judged { verdict, tier, rows, reason } = self.judge_could(facts, on);
        self.could_of(verdict, tier, rows.region, reason)
    }

    /// The same, without its rows written out.
    pub(crate) fn judge_could(&self, facts: &Facts, on: Timestamp) -> Judged {
        let judged = |verdict, tier, region, reason| Judged {
            verdict,
            tier,
            rows: Matched { region, local: RowSet::EMPTY },
            reason,
        };
        let region = facts.region();
        let Reached { some: touching, every: sure } = self.table.reached(region, on);
        let denies = sure.and(&self.table.denies);
        if denies.any() {
            return judged(Verdict::Refuse, Tier::T0, denies, Some(self.why_denied(denies)));
        }
        let permits = touching.and(&self.table.permits);
        let open = permits.or(&touching.and(&self.table.reviews));
        if !open.any() {
            return judged(Verdict::Refuse, Tier::T0, RowSet::EMPTY, Some(Reason::NoRule));
        }
        let default = self.default_tier(facts);
        let tiers = self.table.pick(open).map(|row| row.tier_max.unwrap_or(default));
        let cap = tiers.max().unwrap_or(Tier::T0);
        let surely_looked_at = sure.and(&self.table.reviews.or(&self.table.holds));
        let verdict = if permits.any() && !surely_looked_at.any() {
            Verdict::Permit
        } else {
            Verdict::Review
        };
        judged(verdict, cap, open, None)
    }

    /// Whether what depends on the child may be shown as such to this asker (domain 4a.23): the
    /// same facts, asked for the involvement of the child, are permitted at T2 or higher. The
    /// overlay's denies and tiers count; hold rows, the region's and the node's, do not. False
    /// when the facts do not decide.
    pub fn may_name(&self, facts: &Facts, overlay: Option<&Overlay>, on: Timestamp) -> bool {
        let Some(facts) = self.involvement(*facts) else {
            return false;
        };
        let Ok(mut matched) = self.matched(&facts, overlay, on) else {
            return false;
        };
        matched.region = matched.region.without(&self.table.holds);
        if let Some(overlay) = overlay {
            matched.local = matched.local.without(&overlay.table.holds);
        }
        let judged = self.judge(matched, self.default_tier(&facts), overlay);
        judged.verdict == Verdict::Permit && judged.tier >= INVOLVEMENT_TIER
    }

    /// The same facts asked for the child's involvement, whatever category and file they were
    /// about.
    fn involvement(&self, facts: Facts) -> Option<Facts> {
        let facts = facts.with(self.value("category", INVOLVEMENT).ok()?);
        if self.catalogue().known().about.is_none() {
            return Some(facts);
        }
        Some(facts.with(self.value("about", "child").ok()?))
    }

    fn matched(
        &self,
        facts: &Facts,
        overlay: Option<&Overlay>,
        on: Timestamp,
    ) -> Result<Matched, FactError> {
        let not_single = |column: usize| FactError::NotSingle {
            column: self
                .catalogue()
                .columns()
                .get(column)
                .map_or_else(String::new, |column| column.id.clone()),
        };
        let region = self.table.matching(facts.region(), on).map_err(not_single)?;
        let local = match overlay {
            Some(overlay) => overlay.table.matching(facts.region(), on).map_err(not_single)?,
            None => RowSet::EMPTY,
        };
        Ok(Matched { region, local })
    }

    fn judge(&self, matched: Matched, default: Tier, overlay: Option<&Overlay>) -> Judged {
        let table = &self.table;
        let refuse = |region: RowSet, local: RowSet, reason: Reason| Judged {
            verdict: Verdict::Refuse,
            tier: Tier::T0,
            rows: Matched { region, local },
            reason: Some(reason),
        };
        let local = |pick: fn(&Overlay) -> RowSet| {
            overlay.map_or(RowSet::EMPTY, |overlay| matched.local.and(&pick(overlay)))
        };
        let local_denies = local(|overlay| overlay.table.denies);
        let denies = matched.region.and(&table.denies);
        if denies.any() {
            return refuse(denies, local_denies, self.why_denied(denies));
        }
        let open = matched.region.and(&table.permits.or(&table.reviews));
        if !open.any() {
            return refuse(RowSet::EMPTY, RowSet::EMPTY, Reason::NoRule);
        }
        if local_denies.any() {
            return refuse(RowSet::EMPTY, local_denies, Reason::DeniedByRule);
        }
        let holds = matched.region.and(&table.holds);
        let local_holds = local(|overlay| overlay.table.holds);
        let lowers = local(|overlay| overlay.table.lowers);
        let looked_at = holds.any() || local_holds.any() || open.and(&table.reviews).any();
        let tiers = table.pick(open).map(|row| row.tier_max.unwrap_or(default));
        let lowered = overlay.into_iter().flat_map(|overlay| overlay.table.pick(lowers));
        let lowered = lowered.filter_map(|row| row.tier_max);
        Judged {
            verdict: if looked_at { Verdict::Review } else { Verdict::Permit },
            tier: tiers.chain(lowered).min().unwrap_or(Tier::T0),
            rows: Matched { region: open.or(&holds), local: local_holds.or(&lowers) },
            reason: None,
        }
    }

    /// `NEEDS_SECOND_PERSON` when every deny only stands because nobody co-signed (domain 4a.9).
    fn why_denied(&self, denies: RowSet) -> Reason {
        let Some(approvals) = self.catalogue().known().approvals else {
            return Reason::DeniedByRule;
        };
        let Ok(nobody) = self.value("approvals", "none") else {
            return Reason::DeniedByRule;
        };
        let alone = |row: &Row| row.region.of(approvals) == nobody.bit();
        if self.table.pick(denies).all(alone) {
            Reason::NeedsSecondPerson
        } else {
            Reason::DeniedByRule
        }
    }

    pub(crate) fn default_tier(&self, facts: &Facts) -> Tier {
        let catalogue = self.catalogue();
        catalogue.default_tier(facts.region().of(catalogue.known().category))
    }

    /// Up to which tier a row that opens something opens what: without a tier of its own the
    /// default of each category.
    pub(crate) fn tiers_of(&self, row: &Row) -> Vec<(Tier, Region)> {
        if let Some(tier) = row.tier_max {
            return vec![(tier, row.region)];
        }
        let catalogue = self.catalogue();
        let at = catalogue.known().category;
        let mut by_tier: BTreeMap<Tier, u64> = BTreeMap::new();
        for place in 0..catalogue.categories().len() {
            let bit = row.region.of(at) & (1 << place);
            *by_tier.entry(catalogue.default_tier(bit)).or_default() |= bit;
        }
        let parts = by_tier.into_iter().filter(|(_, mask)| *mask != 0);
        parts.map(|(tier, mask)| (tier, row.region.with(at, mask))).collect()
    }

    /// The pack's own settings lie in the row.
    pub(crate) fn settings_allow(&self, row: &Row) -> bool {
        let facts = self.facts();
        let columns = self.catalogue().columns().iter().enumerate();
        let mut settings = columns.filter(|(_, column)| column.visibility == Visibility::Setting);
        settings.all(|(at, _)| row.region.of(at) & facts.region().of(at) != 0)
    }

    fn write_out(&self, judged: &Judged, overlay: Option<&Overlay>) -> Decision {
        let mut decision = Decision::blank(judged.verdict, judged.tier, judged.reason);
        let region = self.table.pick(judged.rows.region);
        let local = overlay.into_iter();
        let local = local.flat_map(|overlay| overlay.table.pick(judged.rows.local));
        region.chain(local).for_each(|row| decision.add(row));
        decision
    }

    fn could_of(&self, verdict: Verdict, cap: Tier, rows: RowSet, reason: Option<Reason>) -> Could {
        let mut grounds = Vec::new();
        let of_rows = self.table.pick(rows).flat_map(|row| &row.legal);
        of_rows.for_each(|ground| add_once(&mut grounds, ground));
        let terms = self.table.pick(rows).filter_map(|row| row.deadline);
        Could {
            verdict,
            cap,
            rows: self.table.pick(rows).map(|row| row.id.clone()).collect(),
            grounds,
            deadline: terms.reduce(Term::shorter),
            reason,
        }
    }
}

impl Decision {
    /// A permit or review up to T0 would tell nothing: then nothing is open.
    pub(crate) fn refuse_what_tells_nothing(&mut self) {
        if self.verdict != Verdict::Refuse && self.tier == Tier::T0 {
            *self = Self::blank(Verdict::Refuse, Tier::T0, Some(Reason::NoRule));
        }
    }

    fn blank(verdict: Verdict, tier: Tier, reason: Option<Reason>) -> Self {
        Self {
            verdict,
            tier,
            rows: Vec::new(),
            grounds: Vec::new(),
            obligations: Vec::new(),
            notify: false,
            duty: false,
            deadline: None,
            notes: Vec::new(),
            reason,
        }
    }

    fn add(&mut self, row: &Row) {
        self.rows.push(row.id.clone());
        row.legal.iter().for_each(|ground| add_once(&mut self.grounds, ground));
        let obligations = row.obligations.iter();
        obligations.for_each(|obligation| add_once(&mut self.obligations, obligation));
        self.notify |= row.notify;
        self.duty |= row.duty;
        self.deadline = match (self.deadline, row.deadline) {
            (Some(a), Some(b)) => Some(a.shorter(b)),
            (a, b) => a.or(b),
        };
        self.notes.extend(row.note.clone());
    }
}

fn add_once<T: Clone + PartialEq>(list: &mut Vec<T>, item: &T) {
    if !list.contains(item) {
        list.push(item.clone());
    }
}

#[cfg(test)]
mod tests;
