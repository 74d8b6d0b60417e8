//! Which body may certify a measure of the court to others.

use grondslag_core::catalogue::{Ground, Kind, Role};
use grondslag_core::lang::Text;
use serde::{Deserialize, Serialize};

use super::read::grounded;
use super::{Consents, FILE};
use crate::catalogue::{Catalogue, Column};
use crate::fault::{Fault, Problem, Problems};
use crate::limits::CERTIFIED_DAYS_MAX;
use crate::parse::marked;

/// Column of the court's measures.
const MEASURE: &str = "measure";

/// How long a certified statement may be entered elsewhere.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certifying {
    /// At most so many days after it was made.
    pub days_max: u16,
    /// How well the law was read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Roles that may certify a measure.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certifier {
    /// Its id.
    pub id: String,
    /// The measure: a value of the column `measure`.
    pub measure: String,
    /// In these roles; their parties are competent for the column.
    pub roles: Vec<Role>,
    /// The articles.
    pub legal: Vec<Ground>,
    /// How well those were read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

impl Consents {
    /// How long a certified statement may be entered elsewhere; nothing in rules that know none.
    pub fn certifying(&self) -> Option<&Certifying> {
        self.certifying.as_ref()
    }

    /// Who may certify what, in the order of the file.
    pub fn certifiers(&self) -> &[Certifier] {
        &self.certifiers
    }

    /// Whether somebody in this role may certify this measure.
    pub fn may_certify(&self, role: &Role, measure: &str) -> bool {
        let of = self.certifiers.iter().filter(|one| one.measure == measure);
        self.certifying.is_some() && of.flat_map(|one| &one.roles).any(|one| one == role)
    }
}

impl Certifying {
    pub(super) fn check(&self, problems: &mut Problems) {
        marked((FILE, "certifying"), &self.mark, self.note.as_ref(), problems);
        if !(1..=CERTIFIED_DAYS_MAX).contains(&self.days_max) {
            let bounds = format!("1 .. {CERTIFIED_DAYS_MAX}");
            let problem = Problem::new(FILE, "certifying", Fault::OutOfTerm, bounds);
            problems.push(problem.at("days_max").given(&self.days_max.to_string()));
        }
    }
}

impl Certifier {
    pub(super) fn check(&self, catalogue: &Catalogue, problems: &mut Problems) {
        let id = &self.id;
        marked((FILE, id), &self.mark, self.note.as_ref(), problems);
        let column = catalogue.column(MEASURE);
        let values = || column.iter().flat_map(|column| &column.values).map(|one| one.id.as_str());
        // That there is no measure is nobody's to certify: it would close what others opened.
        let none = column.and_then(Column::strictest);
        let none = none.and_then(|at| values().nth(at));
        if !values().any(|value| value == self.measure) || none == Some(&self.measure) {
            let known = values().filter(|value| Some(*value) != none);
            problems.push(Problem::unknown((FILE, id), "measure", &self.measure, known));
        }
        if self.roles.is_empty() {
            problems.push(Problem::new(FILE, id, Fault::EmptySet, "").at("roles"));
        }
        let competent = |kind: &Kind| column.is_some_and(|column| column.competent.contains(kind));
        let known = || {
            let roles = catalogue.roles().iter().filter(|role| competent(&role.id.kind()));
            roles.map(|role| role.id.as_str())
        };
        for role in self.roles.iter().filter(|role| !known().any(|one| one == role.as_str())) {
            problems.push(Problem::unknown((FILE, id), "roles", role.as_str(), known()));
        }
        grounded(id, &self.legal, catalogue, problems);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Report;
    use crate::pack::Pack;

    #[test]
    fn a_guardianship_agency_certifies_what_it_carries_out_and_a_school_nothing() {
        let pack = Pack::builtin().unwrap();
        let may = |role, measure| pack.consents().may_certify(&Role::parse(role).unwrap(), measure);
        assert!(may("gi.jeugdbeschermer", "ots") && may("gi.jeugdbeschermer", "voogdij"));
        assert!(may("gi.jeugdreclasseerder", "jeugdreclassering"));
        assert!(may("rvdk.raadsonderzoeker", "ots") && !may("rvdk.raadsonderzoeker", "voogdij"));
        assert!(!may("gi.jeugdreclasseerder", "ots") && !may("gi.jeugdbeschermer", "none"));
        assert!(!may("sch.zorgcoordinator", "ots") && !may("gi.jeugdbeschermer", "otz"));
    }

    #[test]
    fn who_is_not_competent_or_what_nobody_may_certify_is_named() {
        let (roles, measure) = ("roles = [\"gi.jeugdbeschermer\"]", "measure = \"voogdij\"");
        let after = |from: &str, to: &str| {
            let mut files = Pack::builtin_files();
            let text = files.get_mut(FILE).unwrap();
            assert!(text.contains(from), "{from}");
            *text = text.replacen(from, to, 1);
            let problems = Report::of_files(&files).problems.into_iter();
            problems.map(|one| (one.row, one.column)).collect::<Vec<_>>()
        };
        let at = |row: &str, column: &str| vec![(row.to_owned(), Some(column.to_owned()))];
        let school = "roles = [\"sch.zorgcoordinator\"]";
        assert_eq!(after(roles, school), at("certify-ots-gi", "roles"));
        assert_eq!(after(roles, "roles = []"), at("certify-ots-gi", "roles"));
        assert_eq!(after(measure, "measure = \"none\""), at("certify-voogdij-gi", "measure"));
        assert_eq!(after(measure, "measure = \"otz\""), at("certify-voogdij-gi", "measure"));
        assert_eq!(after("days_max = 31", "days_max = 367"), at("certifying", "days_max"));
        let section = "[certifying]\ndays_max = 31";
        let gone = after(section, "[certify]\ndays_max = 31");
        assert!(gone.contains(&(String::new(), Some("certifying".to_owned()))), "{gone:?}");
        assert_eq!(after(roles, roles), [], "the control");
    }

    /// Rules that were published before know nothing of it.
    #[test]
    fn without_the_section_nobody_certifies_anything() {
        let mut files = Pack::builtin_files();
        let text = files.get_mut(FILE).unwrap();
        let (before, rest) = text.split_once("\n[certifying]\n").unwrap();
        let (_, after) = rest.split_once("\n[[regime]]\n").unwrap();
        *text = format!("{before}\n[[regime]]\n{after}");
        let pack = Pack::from_files(&files).unwrap();
        let gi = Role::parse("gi.jeugdbeschermer").unwrap();
        assert!(pack.consents().certifying().is_none() && !pack.consents().may_certify(&gi, "ots"));
    }
}
