//! Deciding again: a record of the broker and the rules that it names give the rulings that its
//! leaf tells, or the record, the rules or the engine is not what it was.

use grondslag_core::answer::Basis;
use grondslag_core::approval;
use grondslag_core::catalogue::{Category, Role};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{NamedRuling, Ruling};
use grondslag_core::tier::Approvals;
use grondslag_policy::{Difference, Differences, NotAgain, Pack, What, standing};

use super::DecisionRecord;
use crate::route::decide::{rule, shut};

/// What differences of the record itself are of.
const RECORD: &str = "record";

impl DecisionRecord {
    /// Decides again, and says what differs.
    ///
    /// # Errors
    /// [`NotAgain`] for rules that are not those of the record.
    pub fn again(&self, pack: &Pack) -> Result<Vec<Difference>, NotAgain> {
        if pack.bundle() != self.bundle {
            return Err(NotAgain::Bundle(self.bundle));
        }
        let mut found = Differences::default();
        found.hold(RECORD, What::Version, &self.version.as_str(), &pack.version());
        let ruled = self.leaf.rulings.iter().map(|ruling| &ruling.category);
        let ruled: Vec<&Category> = ruled.collect();
        let asked: Vec<&Category> = self.asked.categories.iter().collect();
        found.hold(RECORD, What::Categories, &ruled, &asked);
        found.hold(RECORD, What::Rows, &self.rests_on.len(), &ruled.len());
        self.columns(pack, &mut found);
        match self.rulings(pack) {
            Err(reason) => found.undecided(RECORD, reason),
            Ok(again) => {
                let both = self.leaf.rulings.iter().zip(&self.rests_on).zip(&again);
                for ((ruling, rests_on), again) in both {
                    compare(ruling, rests_on, again, &mut found);
                }
            }
        }
        Ok(found.into_vec())
    }

    /// The columns follow from the header, and from what the broker added: the target's kind and
    /// what the approvals amount to.
    fn columns(&self, pack: &Pack, found: &mut Differences) {
        let Some(kind) = self.target_kind() else {
            return found.hold(RECORD, What::Columns, &self.columns.len(), &0);
        };
        let facts = pack.visible(&self.asked.header, &kind, Some(self.approvals(pack)));
        let told = facts.map(|facts| pack.told(&facts)).unwrap_or_default();
        let again = told.into_iter().map(|(name, value)| {
            let standing = standing(&name).to_owned();
            (name, super::Column { value, standing })
        });
        found.hold(RECORD, What::Columns, &self.columns, &again.collect());
    }

    /// From the signatures that are kept: the column alone would be the broker's own word.
    fn approvals(&self, pack: &Pack) -> Approvals {
        let mandated = |role: &Role| pack.catalogue().is_mandated(role);
        approval::amount_to(&self.asked.header, &self.asked.approvals, &mandated)
    }

    fn rulings(&self, pack: &Pack) -> Result<Vec<NamedRuling>, Reason> {
        let (header, categories) = (&self.asked.header, &self.asked.categories);
        let Some(kind) = self.target_kind() else {
            // Without a card nothing is let through, and the reason says why there was none.
            let reason = self.rests_on.iter().find_map(|(_, reason)| *reason);
            return Ok(shut(categories, reason.unwrap_or(Reason::Internal)));
        };
        rule(pack, header, categories, &kind, self.approvals(pack), self.leaf.decided_at)
    }
}

fn compare(
    recorded: &Ruling,
    (basis, reason): &(Basis, Option<Reason>),
    again: &NamedRuling,
    found: &mut Differences,
) {
    let of = recorded.category.as_str();
    found.hold(of, What::Outcome, &recorded.verdict, &again.ruling.verdict);
    found.hold(of, What::Tier, &recorded.cap, &again.ruling.cap);
    found.hold(of, What::Rows, &basis.rows, &again.basis.rows);
    found.hold(of, What::Grounds, &basis.grounds, &again.basis.grounds);
    found.hold(of, What::Reason, reason, &again.reason);
}
