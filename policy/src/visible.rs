//! What follows from the columns that the broker sees: asker, broker and holder fill them alike.

use grondslag_core::answer::Basis;
use grondslag_core::catalogue::{Category, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::inquiry::Header;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{NamedRuling, Ruling};
use grondslag_core::tier::{Approvals, Tier, Verdict};

use crate::facts::{FactError, Facts};
use crate::pack::Pack;

/// The column that says so.
const BREAK_GLASS: &str = "break_glass";

/// How far the value of a visible column may be relied upon; the others are the asker's signed
/// word.
const STANDINGS: [(&str, &str); 4] = [
    // The region's authority admitted the asker to its kinds.
    ("requester_kind", "certified"),
    // The target's own card.
    ("target_kind", "verified"),
    // Signed by the second persons, whose node vouches for them.
    ("approvals", "verified"),
    ("level", "verified"),
];

/// How far the value of a visible column may be relied upon: `claimed`, `verified` or `certified`.
pub fn standing(column: &str) -> &'static str {
    let found = STANDINGS.iter().find(|(of, _)| *of == column);
    found.map_or("claimed", |(_, standing)| standing)
}

impl Pack {
    /// The visible columns of a question to a kind of target, but for the category; sealed columns
    /// keep every value. Approvals that are still to come keep every value too.
    ///
    /// # Errors
    /// [`FactError`] for a word that is not in the catalogue.
    pub fn visible(
        &self,
        header: &Header,
        target: &Kind,
        approvals: Option<Approvals>,
    ) -> Result<Facts, FactError> {
        let mut facts = self.facts();
        let break_glass = if header.break_glass { "yes" } else { "no" };
        for (column, value) in [
            ("requester_role", header.role.as_str()),
            ("purpose", header.purpose.as_str()),
            ("query_kind", header.kind.as_str()),
            ("target_kind", target.as_str()),
            ("urgency", header.urgency.word()),
            (BREAK_GLASS, break_glass),
            ("level", header.level.word()),
        ] {
            self.set(&mut facts, column, value)?;
        }
        if let Some(approvals) = approvals {
            self.set(&mut facts, "approvals", approvals.word())?;
        }
        Ok(facts)
    }

    /// Whether break glass could open something that stays closed without it, on facts that say so.
    ///
    /// # Errors
    /// [`FactError`] for rules without such a column.
    pub fn opened_by_break_glass(&self, facts: &Facts, on: Timestamp) -> Result<bool, FactError> {
        let mut without = *facts;
        self.set(&mut without, BREAK_GLASS, "no")?;
        let (with, without) = (self.could(facts, on), self.could(&without, on));
        let is_open = with.verdict != Verdict::Refuse;
        // Where it is refused without, the rows are the denies: none of them opens.
        Ok(is_open && with.rows.iter().any(|row| !without.rows.contains(row)))
    }

    /// "Could this be allowed at all?" for one category, on what is visible (design 6). What could
    /// be allowed is the holder's to name; only a refusal names its rows here.
    ///
    /// # Errors
    /// [`FactError`] for a category that is not in the catalogue.
    pub fn rule_visible(
        &self,
        visible: Facts,
        category: &Category,
        on: Timestamp,
    ) -> Result<NamedRuling, FactError> {
        let mut facts = visible;
        self.set(&mut facts, "category", category.as_str())?;
        let could = self.could(&facts, on);
        let (verdict, category) = (could.verdict, category.clone());
        if verdict != Verdict::Refuse {
            let ruling = Ruling { category, verdict, cap: could.cap };
            return Ok(NamedRuling { ruling, basis: Basis::default(), reason: None });
        }
        Ok(NamedRuling {
            ruling: Ruling { category, verdict, cap: Tier::T0 },
            basis: Basis { rows: could.rows, grounds: could.grounds },
            reason: Some(could.reason.unwrap_or(Reason::NoRule)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value of a column with which break glass opens something, whatever the others are.
    fn opened_with(column: &str) -> Vec<String> {
        let pack = Pack::builtin().unwrap();
        let mut facts = pack.facts();
        pack.set(&mut facts, BREAK_GLASS, "yes").unwrap();
        let on = Timestamp::parse("2026-09-15").unwrap();
        let values = pack.catalogue().column(column).unwrap().values.iter();
        let opened = values.filter(|value| {
            let mut facts = facts;
            pack.set(&mut facts, column, &value.id).unwrap();
            pack.opened_by_break_glass(&facts, on).unwrap()
        });
        opened.map(|value| value.id.clone()).collect()
    }

    /// R30: acute danger, alone, safety and of care what is medically least.
    #[test]
    fn break_glass_opens_what_rule_30_says_and_nothing_else() {
        assert_eq!(opened_with("purpose"), ["D12"]);
        assert_eq!(opened_with("urgency"), ["acute"]);
        assert_eq!(opened_with("severity"), ["acute"]);
        assert_eq!(opened_with("approvals"), ["none"]);
        assert_eq!(opened_with("category"), ["G05", "G06", "G08", "G09", "G16"]);
        assert_eq!(opened_with(BREAK_GLASS), ["yes"]);
        let asked = opened_with("target_kind");
        assert!(!asked.contains(&"om".to_owned()) && asked.contains(&"vt".to_owned()), "{asked:?}");
        let asks = opened_with("requester_role");
        assert!(asks.contains(&"ha.arts".to_owned()), "{asks:?}");
        assert!(
            !asks
                .iter()
                .any(|role| ["corp.consulent", "gem.fg", "om.officier"].contains(&role.as_str()))
        );
    }
}
