//! How the duty to inform is met.

use grondslag_core::catalogue::{Kind, Role};
use serde::{Deserialize, Serialize};

/// How the duty to inform is met (AVG art. 14 lid 3, Wmo art. 5.3.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Informing {
    /// Within how many days.
    pub days: u32,
    /// Kinds of party whose people may put it off.
    pub postponed_by_kinds: Vec<Kind>,
    /// Functions, as behind the dot in a role, that may put it off and see all that is to be told.
    pub overseen_by: Vec<String>,
    /// For how many days at a time.
    pub postponed_days_max: u32,
}

impl Default for Informing {
    /// Where a region's rules say nothing: within the shortest month, and nobody puts it off.
    fn default() -> Self {
        let (postponed_by_kinds, overseen_by) = (Vec::new(), Vec::new());
        Self { days: 28, postponed_by_kinds, overseen_by, postponed_days_max: 0 }
    }
}

impl Informing {
    /// Whether somebody in this role may put it off.
    pub fn may_postpone(&self, role: &Role) -> bool {
        self.postponed_by_kinds.contains(&role.kind()) || self.sees_all(role)
    }

    /// Whether somebody in this role sees all that is to be told.
    pub fn sees_all(&self, role: &Role) -> bool {
        let function = role.as_str().split_once('.').map(|(_, function)| function);
        function.is_some_and(|function| self.overseen_by.iter().any(|one| one == function))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_put_it_off_follows_from_kind_and_function_and_by_default_nobody_may() {
        let rules = Informing {
            postponed_by_kinds: vec![Kind::parse("vt").unwrap()],
            overseen_by: vec!["fg".to_owned()],
            ..Informing::default()
        };
        for (role, may, sees) in [
            ("vt.onderzoeker", true, false),
            ("gem.fg", true, true),
            ("gem.lokaalteam", false, false),
            ("fg", false, false),
        ] {
            let role = Role::parse(role).unwrap();
            assert_eq!((rules.may_postpone(&role), rules.sees_all(&role)), (may, sees), "{role}");
            assert!(!Informing::default().may_postpone(&role));
        }
    }
}
