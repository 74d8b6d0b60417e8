//! How a case goes from one holder to the next (query kind Q08, R34).

use grondslag_core::catalogue::{Purpose, Role};
use serde::{Deserialize, Serialize};

use super::Word;

/// How a handover is accepted, and what its old holder may ask for afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// The purpose for which the new holder asks; without one there is no handover.
    pub purpose: Option<Purpose>,
    /// Within how many working days of the plan coming it is accepted.
    pub accept_days: u32,
    /// Roles that hold a case: they accept it, and those of the old holder ask no more about the
    /// child afterwards.
    #[serde(default)]
    pub holders: Vec<Role>,
    /// Purposes for which they still may.
    #[serde(default)]
    pub stays_open: Vec<Purpose>,
    /// What the new holder looks at: done, or a gap.
    #[serde(default)]
    pub checklist: Vec<Word>,
}

impl Default for Handover {
    /// Where a region's rules say nothing: there is none.
    fn default() -> Self {
        let (holders, stays_open, checklist) = (Vec::new(), Vec::new(), Vec::new());
        Self { purpose: None, accept_days: 1, holders, stays_open, checklist }
    }
}

impl Handover {
    /// Whether a question for a purpose takes over a case.
    pub fn is_for(&self, purpose: &Purpose) -> bool {
        self.purpose.as_ref() == Some(purpose)
    }

    /// Whether somebody in a role holds a case.
    pub fn holds(&self, role: &Role) -> bool {
        self.holders.contains(role)
    }

    /// Whether whoever held a case may ask for a purpose after it was handed over.
    pub fn stays_open(&self, purpose: &Purpose) -> bool {
        self.stays_open.contains(purpose)
    }

    /// Whether words say of every item of the list, each once, that it was done or is a gap.
    pub fn is_whole(&self, done: &[String], gaps: &[String]) -> bool {
        let said: Vec<&String> = done.iter().chain(gaps).collect();
        let once = |item: &Word| said.iter().filter(|word| ***word == item.id).count() == 1;
        said.len() == self.checklist.len() && self.checklist.iter().all(once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pack;
    use crate::fixture::planted;

    #[test]
    fn every_item_is_done_or_a_gap_and_none_is_left_out_or_said_twice() {
        let pack = Pack::builtin().unwrap();
        let rules = pack.catalogue().handover();
        let all: Vec<String> = rules.checklist.iter().map(|item| item.id.clone()).collect();
        assert!(rules.is_whole(&all, &[]));
        assert!(rules.is_whole(&all[1..], &all[..1]));
        assert!(rules.is_whole(&[], &all));
        assert!(!rules.is_whole(&all[1..], &[]));
        assert!(!rules.is_whole(&all, &all[..1]));
        assert!(!rules.is_whole(&all[1..], &["onbekend".to_owned()]));
        assert!(!rules.is_whole(&[], &[]));
    }

    #[test]
    fn who_held_a_case_may_ask_in_acute_danger_to_take_it_back_and_under_an_order() {
        let pack = Pack::builtin().unwrap();
        let rules = pack.catalogue().handover();
        let purpose = |word: &str| Purpose::parse(word).unwrap();
        for (word, stays) in
            [("D12", true), ("D18", true), ("D09", true), ("D01", false), ("D13", false)]
        {
            assert_eq!(rules.stays_open(&purpose(word)), stays, "{word}");
        }
        assert!(rules.holds(&Role::parse("gi.jeugdbeschermer").unwrap()));
        assert!(!rules.holds(&Role::parse("gem.doorzetter").unwrap()));
        assert!(!Handover::default().is_for(&purpose("D18")), "without rules there is none");
    }

    #[test]
    fn what_a_handover_names_is_in_the_catalogue() {
        let cases = [
            ("accept_days = 3", "accept_days = 0", "accept_days"),
            ("accept_days = 3", "accept_days = 100", "accept_days"),
            ("stays_open = [\"D09\"", "stays_open = [\"D77\"", "stays_open"),
            ("purpose = \"D18\"", "purpose = \"D78\"", "purpose"),
            ("id = \"gesprek\"", "id = \"plan\"", "checklist"),
            ("holders = [\n    \"gem.toegang\"", "holders = [\n    \"gem.koning\"", "holders"),
        ];
        for (from, to, key) in cases {
            assert_eq!(planted(from, to), ("Q08".to_owned(), Some(key.to_owned())), "{to}");
        }
    }
}
