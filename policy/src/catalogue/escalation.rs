//! What it takes to ask for a joint file on a child (query kind Q04, R29).

use grondslag_core::catalogue::Purpose;
use serde::{Deserialize, Serialize};

use super::Word;

/// What an escalation takes: serious risk by named criteria, and how long a co-signature holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    /// Purposes that may be asked for in no other way.
    #[serde(default)]
    pub purposes: Vec<Purpose>,
    /// How many hours after a co-signature the question may still leave.
    pub approval_hours: u32,
    /// Severity of the case that takes at least one acute criterion.
    pub acute_is: String,
    /// Severity of the case that takes so many structural ones, or an acute one.
    pub structural_is: String,
    /// How many structural criteria that takes.
    pub structural_min: usize,
    /// Dangers of now.
    #[serde(default)]
    pub acute: Vec<Word>,
    /// Dangers that last.
    #[serde(default)]
    pub structural: Vec<Word>,
}

impl Escalation {
    /// Whether a purpose is asked for as an escalation alone.
    pub fn is_for(&self, purpose: &Purpose) -> bool {
        self.purposes.contains(purpose)
    }

    /// Every criterion, the acute ones first.
    pub fn criteria(&self) -> impl Iterator<Item = &Word> {
        self.acute.iter().chain(&self.structural)
    }

    /// Whether all words are criteria, and together bear what a professional judged of the severity
    /// (R29: one acute or two structural). A word that is said twice counts once.
    pub fn bears(&self, severity: &str, words: &[String]) -> bool {
        let known = |word: &String| self.criteria().any(|one| one.id == *word);
        let named = |of: &[Word]| of.iter().filter(|one| words.contains(&one.id)).count();
        let acute = named(&self.acute) > 0;
        let enough = acute || named(&self.structural) >= self.structural_min;
        let borne = match severity {
            word if word == self.acute_is => acute,
            word if word == self.structural_is => enough,
            _ => false,
        };
        borne && words.iter().all(known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pack;
    use crate::fixture::planted;

    fn bears(severity: &str, words: &[&str]) -> bool {
        let pack = Pack::builtin().unwrap();
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        pack.catalogue().escalation().bears(severity, &words)
    }

    #[test]
    fn one_acute_or_two_structural_criteria_bear_an_escalation_and_nothing_less_does() {
        assert!(bears("serious", &["herhaald_geweld", "niet_gezien"]));
        assert!(bears("serious", &["letsel"]));
        assert!(bears("acute", &["letsel", "niet_gezien"]));
        for (severity, words) in [
            ("serious", &["niet_gezien"][..]),
            ("serious", &["niet_gezien", "niet_gezien"]),
            ("serious", &[]),
            ("serious", &["letsel", "onbekend"]),
            ("acute", &["herhaald_geweld", "niet_gezien"]),
            ("structural", &["letsel"]),
            ("", &["letsel"]),
        ] {
            assert!(!bears(severity, words), "{severity} {words:?}");
        }
        assert!(!Escalation::default().bears("", &[]), "without rules nobody escalates");
    }

    #[test]
    fn what_an_escalation_names_is_in_the_catalogue_and_each_criterion_once() {
        let cases = [
            ("purposes = [\"D13\"]", "purposes = [\"D77\"]", "purposes"),
            ("purposes = [\"D13\"]", "purposes = []", "purposes"),
            ("acute_is = \"acute\"", "acute_is = \"red\"", "acute_is"),
            ("structural_is = \"serious\"", "structural_is = \"\"", "structural_is"),
            ("approval_hours = 24", "approval_hours = 0", "approval_hours"),
            ("approval_hours = 24", "approval_hours = 169", "approval_hours"),
            ("structural_min = 2", "structural_min = 0", "structural_min"),
            ("{ id = \"niet_gezien\"", "{ id = \"letsel\"", "criteria"),
        ];
        for (from, to, key) in cases {
            assert_eq!(planted(from, to), ("Q04".to_owned(), Some(key.to_owned())), "{to}");
        }
    }
}
