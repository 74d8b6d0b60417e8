//! Who may be the second person of a question, and so may see its draft.

use grondslag_core::catalogue::{Purpose, Role};
use grondslag_policy::catalogue::Catalogue;

/// Functions that deal with no cases.
const WITHOUT_CASES: [&str; 3] = ["fg", "beheer", "beleid"];
/// Function that hears a citizen and has seen their identity document (domain 4a.31).
const HEARS_CITIZENS: &str = "po";
/// Kind of the citizens, whose own requests need a second person of the agency.
const CITIZENS: &str = "burger";

/// A question may be approved by its own role, by a role of the same kind that may ask for the
/// same purpose, and by a role that the catalogue marks as mandated; an escalation by the latter
/// alone; a citizen's request by the privacy officer (`po`) alone; and nothing by a role that deals
/// with no cases.
pub(crate) fn may_approve(
    catalogue: &Catalogue,
    by: &Role,
    role: &Role,
    purpose: &Purpose,
) -> bool {
    if role.kind().as_str() == CITIZENS {
        return hears_citizens(by);
    }
    let Some(entry) = catalogue.role(by) else {
        return false;
    };
    // A colleague's eyes are not enough for a joint file (R29).
    if catalogue.escalation().is_for(purpose) {
        return entry.mandated && !WITHOUT_CASES.contains(&function(by));
    }
    let colleague = by.kind() == role.kind() && entry.purposes.contains(purpose);
    !WITHOUT_CASES.contains(&function(by)) && (by == role || colleague || entry.mandated)
}

/// Whether somebody in this role is a privacy officer who deals with citizens (`po`).
pub(crate) fn hears_citizens(by: &Role) -> bool {
    function(by) == HEARS_CITIZENS
}

/// Whether somebody in this role deals with cases, as the agency's own people do.
pub(crate) fn deals_with_cases(by: &Role) -> bool {
    by.kind().as_str() != CITIZENS && !WITHOUT_CASES.contains(&function(by))
}

/// Whether somebody in this role may see who it is that asks for an own view: whoever deals with
/// cases at the agency.
pub(crate) fn may_see(by: &Role, citizen: &Role) -> bool {
    citizen.kind().as_str() == CITIZENS && deals_with_cases(by)
}

fn function(role: &Role) -> &str {
    role.as_str().split_once('.').map_or("", |(_, function)| function)
}

#[cfg(test)]
mod tests {
    use grondslag_policy::Pack;

    use super::*;

    #[test]
    fn a_question_is_approved_by_who_could_ask_it_or_holds_a_mandate_and_by_nobody_else() {
        let pack = Pack::builtin().unwrap();
        let may = |by: &str, role: &str, purpose: &str| {
            let (by, role) = (Role::parse(by).unwrap(), Role::parse(role).unwrap());
            may_approve(pack.catalogue(), &by, &role, &Purpose::parse(purpose).unwrap())
        };
        for (by, role, purpose) in [
            ("vt.onderzoeker", "vt.onderzoeker", "D06"),
            ("gem.lokaalteam", "gem.procesregisseur", "D03"),
            ("gem.doorzetter", "gem.procesregisseur", "D13"),
            ("gem.po", "burger.gezagsouder", "D21"),
        ] {
            assert!(may(by, role, purpose), "{by} {role}");
        }
        for (by, role, purpose) in [
            ("vt.veiligheidsbeoordelaar", "vt.onderzoeker", "D06"),
            ("vt.adviseur", "vt.onderzoeker", "D06"),
            ("lpa.ambtenaar", "gem.lokaalteam", "D04"),
            ("gem.procesregisseur", "gem.procesregisseur", "D13"),
            ("gem.fg", "gem.po", "D22"),
            ("gem.beheer", "gem.beheer", "D22"),
            ("gem.beleid", "gem.procesregisseur", "D20"),
            ("burger.gezagsouder", "burger.gezagsouder", "D21"),
            ("gem.doorzetter", "burger.gezagsouder", "D21"),
            ("gem.fg", "burger.jeugdige", "D21"),
            ("gem.onbekend", "gem.lokaalteam", "D03"),
        ] {
            assert!(!may(by, role, purpose), "{by} {role}");
        }
    }
}
