//! How the caseload board is kept (query kind Q09).

use grondslag_core::catalogue::{Purpose, Role};
use grondslag_core::tier::Urgency;
use serde::{Deserialize, Serialize};

use super::{Catalogue, Word};

/// Column of what a professional judges of the severity.
pub const SEVERITY: &str = "severity";

/// How the caseload board is kept: what a professional sets of a case, and how soon they look
/// again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caseload {
    /// The purpose of a role that keeps it; without one nobody does.
    pub purpose: Option<Purpose>,
    /// Within how many days a case is looked at again, by its urgency.
    #[serde(default)]
    pub again: Again,
    /// Severities of which a case is looked at again as soon as an acute one.
    #[serde(default)]
    pub red: Vec<String>,
    /// What a case may be about (aard).
    #[serde(default)]
    pub natures: Vec<Word>,
}

/// Days until a case is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// Of a standard case.
    pub standard: u32,
    /// Of an urgent one.
    pub urgent: u32,
    /// Of an acute one.
    pub acute: u32,
}

impl Default for Again {
    /// Where a region's rules say nothing: every day.
    fn default() -> Self {
        Self { standard: 1, urgent: 1, acute: 1 }
    }
}

impl Again {
    /// For a case of that urgency.
    const fn days(self, urgency: Urgency) -> u32 {
        match urgency {
            Urgency::Standard => self.standard,
            Urgency::Urgent => self.urgent,
            Urgency::Acute => self.acute,
        }
    }
}

impl Caseload {
    /// Within how many days a case is looked at again.
    pub fn again_days(&self, severity: &str, urgency: Urgency) -> u32 {
        let days = self.again.days(urgency);
        let is_red = self.red.iter().any(|red| red == severity);
        if is_red { days.min(self.again.acute) } else { days }
    }

    /// What a case is about, of a word.
    pub fn nature(&self, word: &str) -> Option<&Word> {
        self.natures.iter().find(|nature| nature.id == word)
    }
}

impl Catalogue {
    /// Whether somebody in a role keeps the caseload board.
    pub fn keeps_caseload(&self, role: &Role) -> bool {
        let purpose = self.caseload().purpose.as_ref();
        purpose.is_some_and(|purpose| {
            self.role(role).is_some_and(|role| role.purposes.contains(purpose))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pack;

    #[test]
    fn who_keeps_the_board_and_how_soon_follow_from_the_catalogue() {
        let pack = Pack::builtin().unwrap();
        let catalogue = pack.catalogue();
        for (role, keeps) in [
            ("gem.procesregisseur", true),
            ("gem.toegang", true),
            ("gem.fg", false),
            ("ha.arts", false),
        ] {
            assert_eq!(catalogue.keeps_caseload(&Role::parse(role).unwrap()), keeps, "{role}");
        }
        let caseload = catalogue.caseload();
        for (severity, urgency, days) in [
            ("concern", Urgency::Standard, 7),
            ("concern", Urgency::Acute, 1),
            ("acute", Urgency::Standard, 1),
        ] {
            assert_eq!(caseload.again_days(severity, urgency), days, "{severity} {urgency}");
        }
        assert!(caseload.nature("veiligheid").is_some() && caseload.nature("geld").is_none());
        assert_eq!(Caseload::default().again.days(Urgency::Standard), 1);
    }
}
