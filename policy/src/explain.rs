//! Why: the rows and articles behind a decision, and for a refusal what would have to be true.

use grondslag_core::catalogue::{Ground, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use serde::Serialize;

use crate::catalogue::{Column, GroundKind, Status, Visibility};
use crate::facts::{FactError, Facts};
use crate::limits::{NEAR_MISS_COLUMNS_MAX, NEAR_MISSES_MAX};
use crate::overlay::Overlay;
use crate::pack::Pack;
use crate::table::{Effect, Row, Term};

/// How the facts were judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Every column has one value: this is the decision.
    Decision,
    /// Some column has more: this says what could be.
    Could,
}

/// An explained outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// How the facts were judged.
    pub mode: Mode,
    /// The outcome.
    pub verdict: Verdict,
    /// Up to where.
    pub tier: Tier,
    /// Why it is refused.
    pub reason: Option<Reason>,
    /// The rows that decide; for a refusal the denies.
    pub rules: Vec<RuleShown>,
    /// The grounds of those rows.
    pub legal: Vec<GroundShown>,
    /// What must be done with the answer.
    pub obligations: Vec<ObligationShown>,
    /// The subject is told.
    pub notify: bool,
    /// The reply is a legal duty.
    pub duty: bool,
    /// The term of the reply.
    pub deadline: Option<Term>,
    /// Open legal questions.
    pub notes: Vec<Text>,
    /// Of a refusal: rows that would open it, nearest first.
    pub near_misses: Vec<NearMiss>,
}

/// A row, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleShown {
    /// The row.
    pub row: RowId,
    /// Its rule; empty for a node's own row.
    pub rule: String,
    /// The rule's name.
    pub title: Option<Text>,
    /// What the row does.
    pub outcome: Effect,
    /// What it says.
    pub text: Text,
}

/// A ground, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroundShown {
    /// Its code.
    pub id: Ground,
    /// The article.
    pub article: Text,
    /// Its meaning in one line.
    pub meaning: Text,
    /// What it opens.
    pub kinds: Vec<GroundKind>,
    /// How well it was read.
    pub mark: String,
    /// In force, or a bill.
    pub status: Status,
}

/// An obligation, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObligationShown {
    /// Its code.
    pub id: String,
    /// Its name.
    pub label: Text,
}

/// A row that would open the question, and what is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The row.
    #[serde(flatten)]
    pub rule: RuleShown,
    /// Up to where it would open.
    pub tier: Tier,
    /// What would have to be true, per column.
    pub needs: Vec<Need>,
}

/// A column on which a row fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The column.
    pub column: String,
    /// Its name.
    pub label: Text,
    /// Who sees it.
    pub visibility: Visibility,
    /// What it is now.
    pub now: Vec<Word>,
    /// One of these would do.
    pub needed: Vec<Word>,
}

/// A value with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Its code.
    pub id: String,
    /// Its name.
    pub label: Text,
}

impl Pack {
    /// Explains what the table says: the decision where every column has one value, else what
    /// could be (then the overlay, which only a holder has, is left out).
    ///
    /// # Errors
    /// [`FactError`] when the facts cannot be judged.
    pub fn explain(
        &self,
        facts: &Facts,
        overlay: Option<&Overlay>,
        on: Timestamp,
    ) -> Result<Explained, FactError> {
        let mut explained = if facts.is_single() {
            self.explain_decision(facts, overlay, on)?
        } else {
            self.explain_could(facts, on)
        };
        if explained.verdict == Verdict::Refuse {
            explained.near_misses = self.near_misses(facts, on);
        }
        Ok(explained)
    }

    fn explain_decision(
        &self,
        facts: &Facts,
        overlay: Option<&Overlay>,
        on: Timestamp,
    ) -> Result<Explained, FactError> {
        let decision = self.decide_with(facts, overlay, on)?;
        let local = overlay.map_or(&[][..], Overlay::rows);
        let rows = decision.rows.iter();
        let rows = rows.filter_map(|id| self.row(id).or(local.iter().find(|row| row.id == *id)));
        let obligations = decision.obligations.iter();
        let obligations = obligations.filter_map(|id| self.catalogue().obligation(id));
        Ok(Explained {
            mode: Mode::Decision,
            verdict: decision.verdict,
            tier: decision.tier,
            reason: decision.reason,
            rules: rows.map(|row| self.show(row)).collect(),
            legal: self.show_grounds(&decision.grounds),
            obligations: obligations
                .map(|entry| ObligationShown { id: entry.id.clone(), label: entry.label.clone() })
                .collect(),
            notify: decision.notify,
            duty: decision.duty,
            deadline: decision.deadline,
            notes: decision.notes.iter().map(|note| Text::clone(note)).collect(),
            near_misses: Vec::new(),
        })
    }

    fn explain_could(&self, facts: &Facts, on: Timestamp) -> Explained {
        let could = self.could(facts, on);
        let rows: Vec<&Row> = could.rows.iter().filter_map(|id| self.row(id)).collect();
        let notes = rows.iter().filter_map(|row| row.note.as_deref());
        Explained {
            mode: Mode::Could,
            verdict: could.verdict,
            tier: could.cap,
            reason: could.reason,
            rules: rows.iter().map(|row| self.show(row)).collect(),
            legal: self.show_grounds(&could.grounds),
            obligations: Vec::new(),
            notify: rows.iter().any(|row| row.notify),
            duty: rows.iter().any(|row| row.duty),
            deadline: could.deadline,
            notes: notes.cloned().collect(),
            near_misses: Vec::new(),
        }
    }

    /// Permit and review rows in force that fail on at most three columns, fewest first.
    fn near_misses(&self, facts: &Facts, on: Timestamp) -> Vec<NearMiss> {
        let opening = self.table.permits.or(&self.table.reviews);
        let rows = self.table.pick(self.table.in_force(on).and(&opening));
        let mut near: Vec<(Vec<Need>, &Row)> = rows
            .map(|row| (self.needs(row, facts), row))
            .filter(|(needs, _)| (1..=NEAR_MISS_COLUMNS_MAX).contains(&needs.len()))
            .collect();
        // Stable: rows that are equally near keep the table's order.
        near.sort_by_key(|(needs, _)| needs.len());
        let near = near.into_iter().take(NEAR_MISSES_MAX);
        let default = self.default_tier(facts);
        near.map(|(needs, row)| NearMiss {
            rule: self.show(row),
            tier: row.tier_max.unwrap_or(default),
            needs,
        })
        .collect()
    }

    fn needs(&self, row: &Row, facts: &Facts) -> Vec<Need> {
        let columns = self.catalogue().columns().iter().enumerate();
        let words = |column: &Column, mask: u64| {
            let values = column.picked(mask);
            let words =
                values.map(|value| Word { id: value.id.clone(), label: value.label.clone() });
            words.collect()
        };
        let failing = columns.filter_map(|(at, column)| {
            let (now, needed) = (facts.region().of(at), row.region.of(at));
            // The kind follows from the role: one thing in the way is told once.
            let told = at == self.catalogue().known().requester_kind
                && row.region.of(self.catalogue().known().requester_role)
                    & facts.region().of(self.catalogue().known().requester_role)
                    == 0;
            (now & needed == 0 && !told).then(|| Need {
                column: column.id.clone(),
                label: column.label.clone(),
                visibility: column.visibility,
                now: words(column, now),
                needed: words(column, needed),
            })
        });
        failing.collect()
    }

    pub(crate) fn show(&self, row: &Row) -> RuleShown {
        RuleShown {
            row: row.id.clone(),
            rule: row.rule.to_string(),
            title: self.rule_of(row).map(|rule| rule.title.clone()),
            outcome: row.effect,
            text: row.text.clone(),
        }
    }

    pub(crate) fn show_grounds(&self, grounds: &[Ground]) -> Vec<GroundShown> {
        let entries = grounds.iter().filter_map(|id| self.catalogue().ground(id));
        let shown = entries.map(|entry| GroundShown {
            id: entry.id.clone(),
            article: entry.article.clone(),
            meaning: entry.label.clone(),
            kinds: entry.kinds.clone(),
            mark: entry.mark.clone(),
            status: entry.status,
        });
        shown.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{NOW, facts, pack};

    #[test]
    fn a_permit_is_explained_with_its_rows_articles_and_obligations() {
        let pack = pack();
        let facts = facts(&pack, &[("case_fact", "stated")]);
        let explained = pack.explain(&facts, None, NOW).unwrap();
        assert_eq!(explained.verdict, Verdict::Permit);
        assert_eq!(explained.rules[0].row.as_str(), "R05.1");
        assert_eq!(explained.legal[0].article.en, "Youth Act art. 7.4.0(2)");
        assert_eq!(explained.obligations[0].id, "melden");
        assert!(explained.near_misses.is_empty());
    }

    #[test]
    fn a_refusal_says_what_would_have_to_be_true() {
        let pack = pack();
        let facts = facts(&pack, &[]);
        let explained = pack.explain(&facts, None, NOW).unwrap();
        assert_eq!(explained.reason, Some(Reason::NoRule));
        let nearest = &explained.near_misses[0];
        assert_eq!(nearest.rule.row.as_str(), "R05.1");
        assert_eq!(nearest.needs.len(), 1);
        assert_eq!(nearest.needs[0].column, "case_fact");
        let needed: Vec<_> = nearest.needs[0].needed.iter().map(|w| w.id.as_str()).collect();
        assert_eq!(needed, ["stated", "certified"]);
        assert!(explained.near_misses.len() <= NEAR_MISSES_MAX);
        let order: Vec<_> = explained.near_misses.iter().map(|miss| miss.needs.len()).collect();
        assert!(order.is_sorted());
    }

    #[test]
    fn a_denied_question_shows_the_denies_that_hit() {
        let pack = pack();
        let facts = facts(&pack, &[("case_fact", "stated"), ("match", "ambiguous")]);
        let explained = pack.explain(&facts, None, NOW).unwrap();
        assert_eq!(explained.rules[0].row.as_str(), "R01.1");
        assert_eq!(explained.rules[0].outcome, Effect::Deny);
    }

    #[test]
    fn facts_that_are_sets_are_explained_as_what_could_be() {
        let pack = pack();
        let mut facts = facts(&pack, &[]);
        pack.set_many(&mut facts, "case_fact", &["none", "stated"]).unwrap();
        let explained = pack.explain(&facts, None, NOW).unwrap();
        assert_eq!((explained.mode, explained.verdict), (Mode::Could, Verdict::Permit));
        let json = serde_json::to_value(&explained).unwrap();
        assert_eq!(json["mode"], "could");
        assert_eq!(json["rules"][0]["outcome"], "permit");
    }
}
