//! A staff file: TOML, one `[[staff]]` per person.
//!
//! ```toml
//! [[staff]]
//! id = "lokaalteam-1"
//! name = "Hanneke Bruin"
//! roles = ["gem.lokaalteam", "gem.toegang"]
//! mandate_until = "2028-12-31"
//! ```
//!
//! `agency` may say whose member of staff it is, so that one file can serve a region; people of
//! others are passed over. A date in `mandate_until` counts as a whole day.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{CodeError, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{IdError, StaffId};
use grondslag_core::reason::Reason;
use serde::Deserialize;

use super::{Staff, StaffName};
use crate::limits::{STAFF_FILE_BYTES_MAX, STAFF_MAX, STAFF_ROLES_MAX};

/// What is wrong with a staff file. People are named by their place in it, from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaffFileError {
    /// Not TOML, or another key than the schema's.
    #[error("the staff file is not right at line {line}: {what}")]
    Toml {
        /// Line, from 1.
        line: usize,
        /// What the parser expected; it repeats keys only.
        what: String,
    },
    /// Too many people, roles or bytes.
    #[error("the staff file is too large")]
    TooLarge,
    /// An id that is none.
    #[error("staff number {0}: {1}")]
    Id(usize, IdError),
    /// A person that stands twice.
    #[error("staff number {0}: this id stands in the file twice")]
    Twice(usize),
    /// An empty or unfit name.
    #[error("staff number {0}: a name is 1 to 200 characters on one line")]
    Name(usize),
    /// A word that is no role.
    #[error("staff number {0}: {1}")]
    Role(usize, CodeError),
    /// A role that the catalogue does not know.
    #[error("staff number {0}: role {1} is not in the catalogue")]
    UnknownRole(usize, Role),
    /// No date or moment.
    #[error("staff number {0}: mandate_until is a date such as 2028-12-31, or a moment")]
    Mandate(usize),
}

impl StaffFileError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::TooLarge => Reason::TooLarge,
            Self::UnknownRole(..) => Reason::UnknownRole,
            Self::Toml { .. }
            | Self::Id(..)
            | Self::Twice(_)
            | Self::Name(_)
            | Self::Role(..)
            | Self::Mandate(_) => Reason::ConfigInvalid,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    staff: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    agency: Option<String>,
    id: String,
    name: String,
    roles: Vec<String>,
    mandate_until: String,
}

/// The people of one agency in a staff file.
///
/// # Errors
/// [`StaffFileError`] for the first thing that is wrong, be it of another agency.
pub fn parse(
    text: &str,
    agency: &str,
    role_exists: impl Fn(&Role) -> bool,
) -> Result<Vec<Staff>, StaffFileError> {
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > STAFF_FILE_BYTES_MAX {
        return Err(StaffFileError::TooLarge);
    }
    let file: File = toml::from_str(text).map_err(|error| not_toml(text, &error))?;
    if file.staff.len() > STAFF_MAX {
        return Err(StaffFileError::TooLarge);
    }
    let mut own = Vec::new();
    let mut seen = BTreeSet::new();
    for (place, row) in (1..).zip(file.staff) {
        let ours = row.agency.as_deref().is_none_or(|named| named == agency);
        let staff = row.check(place, &role_exists)?;
        if ours {
            if !seen.insert(staff.id.clone()) {
                return Err(StaffFileError::Twice(place));
            }
            own.push(staff);
        }
    }
    Ok(own)
}

impl Row {
    fn check(
        self,
        place: usize,
        role_exists: impl Fn(&Role) -> bool,
    ) -> Result<Staff, StaffFileError> {
        let id = StaffId::parse(&self.id).map_err(|error| StaffFileError::Id(place, error))?;
        let name = StaffName::parse(&self.name).ok_or(StaffFileError::Name(place))?;
        if self.roles.len() > STAFF_ROLES_MAX {
            return Err(StaffFileError::TooLarge);
        }
        let mut roles = BTreeSet::new();
        for word in &self.roles {
            let role = Role::parse(word).map_err(|error| StaffFileError::Role(place, error))?;
            if !role_exists(&role) {
                return Err(StaffFileError::UnknownRole(place, role));
            }
            roles.insert(role);
        }
        let mandate_until = Timestamp::parse_until(&self.mandate_until)
            .map_err(|_| StaffFileError::Mandate(place))?;
        let revoked_certificates = BTreeSet::new();
        Ok(Staff { id, name, roles, mandate_until, revoked: false, revoked_certificates })
    }
}

fn not_toml(text: &str, error: &toml::de::Error) -> StaffFileError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    StaffFileError::Toml { line, what: error.message().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[staff]]
agency = "gem-a"
id = "lokaalteam-1"
name = "Hanneke Bruin"
roles = ["gem.lokaalteam", "gem.toegang"]
mandate_until = "2028-12-31"

[[staff]]
agency = "gem-b"
id = "lokaalteam-1"
name = "Jeroen Postmus"
roles = ["gem.lokaalteam"]
mandate_until = "2026-06-01T12:00"

[[staff]]
id = "fg"
name = "Ans Prins"
roles = ["gem.fg"]
mandate_until = "2028-12-31"
"#;

    fn gem(role: &Role) -> bool {
        role.as_str().starts_with("gem.")
    }

    #[test]
    fn an_agency_takes_its_own_people_and_those_without_an_agency() {
        let staff = parse(GOOD, "gem-a", gem).unwrap();
        let names: Vec<_> = staff.iter().map(|s| s.name.expose()).collect();
        assert_eq!(names, ["Hanneke Bruin", "Ans Prins"]);
        assert_eq!(staff[0].roles.len(), 2);
        assert_eq!(parse(GOOD, "gem-b", gem).unwrap()[0].name.expose(), "Jeroen Postmus");
        assert_eq!(parse("", "gem-a", gem), Ok(Vec::new()));
    }

    #[test]
    fn a_mandate_holds_through_its_last_day_and_until_its_moment() {
        let new_year = Timestamp::parse("2029-01-01T00:00").unwrap();
        assert_eq!(parse(GOOD, "gem-a", gem).unwrap()[0].mandate_until, new_year);
        let noon = Timestamp::parse("2026-06-01T12:00").unwrap();
        assert_eq!(parse(GOOD, "gem-b", gem).unwrap()[0].mandate_until, noon);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let with = |from: &str, to: &str| parse(&GOOD.replacen(from, to, 1), "gem-a", gem);
        assert!(matches!(with("lokaalteam-1", "Lokaal"), Err(StaffFileError::Id(1, _))));
        assert_eq!(with("gem-b", "gem-a"), Err(StaffFileError::Twice(2)));
        assert_eq!(with("Hanneke Bruin", " "), Err(StaffFileError::Name(1)));
        assert_eq!(with("2028-12-31", "2028-02-31"), Err(StaffFileError::Mandate(1)));
        assert_eq!(with("gem.fg", "g m").unwrap_err().reason(), Reason::ConfigInvalid);
        let unknown = with("gem.fg", "vt.fg").unwrap_err();
        assert_eq!(unknown.reason(), Reason::UnknownRole);
        assert_eq!(unknown.to_string(), "staff number 3: role vt.fg is not in the catalogue");
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let refused = parse(&GOOD.replacen("roles", "rolls", 1), "gem-a", gem).unwrap_err();
        assert!(matches!(refused, StaffFileError::Toml { line: 6, .. }), "{refused}");
    }
}
