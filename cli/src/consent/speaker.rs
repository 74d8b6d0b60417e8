//! Whose word it is, as typed.

use std::fmt;

use clap::Args;
use grondslag_proto::v1;

use crate::ask::agency;
use crate::desk::Desk;
use crate::exit::Failure;

/// The word for the child itself.
const CHILD: &str = "child";
/// What a person is written as.
const FORM: &str = "write `child`, or `given names, family name, YYYY-MM-DD` (with a prefix: \
                    `given names, prefix, family name, YYYY-MM-DD`), or `guardian:` and an agency";

/// Whose word it is.
#[derive(Debug, Args)]
pub(super) struct ByArgs {
    /// Whose word: `child`, or `Iris, Vos, 1990-04-02`, or `guardian:` and the agency
    #[arg(long, value_name = "WHO", value_parser = Typed::parse)]
    by: Typed,
}

/// Somebody as typed. It does not show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Typed {
    /// The child.
    Child,
    /// A person.
    Person([String; 4]),
    /// An agency that is guardian, as it was typed.
    Guardian(String),
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(…)")
    }
}

impl ByArgs {
    /// The speaker for the node.
    pub(super) async fn speaker(&self, desk: &Desk) -> Result<v1::Speaker, Failure> {
        self.by.speaker(desk).await
    }

    /// The capacity in which such a person speaks, unless told otherwise.
    pub(super) const fn capacity(&self) -> &'static str {
        match self.by {
            Typed::Child => "young_person",
            Typed::Person(_) | Typed::Guardian(_) => "custody_holders",
        }
    }
}

impl Typed {
    /// Reads what was typed.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.trim() == CHILD {
            return Ok(Self::Child);
        }
        if let Some(agency) = text.trim().strip_prefix("guardian:") {
            return Ok(Self::Guardian(agency.trim().to_owned()));
        }
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        match parts.as_slice() {
            [given, family, born] => Ok(Self::named(given, "", family, born)),
            [given, prefix, family, born] => Ok(Self::named(given, prefix, family, born)),
            _ => Err(FORM.to_owned()),
        }
    }

    fn named(given: &str, prefix: &str, family: &str, born: &str) -> Self {
        Self::Person([given, prefix, family, born].map(str::to_owned))
    }

    /// The speaker for the node, of a child or a person.
    pub(crate) fn person(&self) -> Option<v1::Speaker> {
        match self {
            Self::Child => Some(v1::Speaker { subject: true, ..v1::Speaker::default() }),
            Self::Person([given, prefix, family, born]) => Some(v1::Speaker {
                given_names: given.clone(),
                prefix: prefix.clone(),
                family_name: family.clone(),
                birth_date: born.clone(),
                ..v1::Speaker::default()
            }),
            Self::Guardian(_) => None,
        }
    }

    /// The speaker for the node; an agency is looked up in the region's directory.
    pub(super) async fn speaker(&self, desk: &Desk) -> Result<v1::Speaker, Failure> {
        match self {
            Self::Guardian(_) => self.among(&desk.agencies().await?),
            Self::Child | Self::Person(_) => self.among(&[]),
        }
    }

    /// The same, with these agencies in the region.
    pub(super) fn among(&self, region: &[v1::AgencySummary]) -> Result<v1::Speaker, Failure> {
        match self {
            Self::Guardian(typed) => {
                let agency_oin = agency(typed, region)?;
                Ok(v1::Speaker { agency_oin, ..v1::Speaker::default() })
            }
            Self::Child | Self::Person(_) => Ok(self.person().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_the_child_a_person_with_a_birth_date_or_a_guardian() {
        assert_eq!(Typed::parse(" child "), Ok(Typed::Child));
        assert_eq!(Typed::parse("guardian: Baken"), Ok(Typed::Guardian("Baken".into())));
        let iris = Typed::named("Iris", "", "Vos", "1990-04-02");
        assert_eq!(Typed::parse("Iris, Vos, 1990-04-02"), Ok(iris));
        let jan = Typed::named("Jan", "van der", "Berg", "1980-01-01");
        assert_eq!(Typed::parse("Jan, van der, Berg, 1980-01-01"), Ok(jan.clone()));
        assert_eq!(format!("{jan:?}"), "Typed(…)");
        for bad in ["", "Iris Vos", "Iris, 1990-04-02", "a, b, c, d, e"] {
            assert!(Typed::parse(bad).is_err(), "{bad}");
        }
    }
}
