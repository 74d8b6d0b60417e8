//! Consent: who must say yes before secrecy is lifted, and what everybody's acts come to.
//!
//! Two halves. [`Consents`] is the matrix of domain section 2.3 as data (`consent.toml`): per law,
//! age and ability who must all say yes; it turns what each of them said ([`Said`]) into the values
//! of the columns `secrecy_consent` and `youth_view`. [`acts`] turns what one person did over time
//! (gave, objected, withdrew, renewed, for whom and what for) into what they say of one question at
//! one moment. Beside them stands who may write that down and how long it holds, and which body may
//! certify a measure of the court ([`Certifier`]); [`crate::notice`] are the codes of what carries
//! it to others, and the pack itself says for which purposes it counts
//! ([`Pack::rests_on_consent`](crate::Pack::rests_on_consent)).
//!
//! Unknown means no: without an act nobody said yes, and while nobody knows who holds custody those
//! who hold it have not all said yes. Nothing that is added, a withdrawal least of all, opens more
//! than was open without it, but a consent.

pub mod acts;
mod certify;
mod matrix;
mod read;
mod rests;
#[cfg(test)]
mod tests;

use grondslag_core::catalogue::{Ground, Kind, Role};
use grondslag_core::lang::Text;
use serde::{Deserialize, Serialize};

pub use certify::{Certifier, Certifying};
pub use matrix::{Consents, Custody, Voices, Weighed};
pub(crate) use read::FILE;

/// The age on which it depends who must say yes, as the column `age_band` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AgeBand {
    /// Under 12.
    #[serde(rename = "lt12")]
    Under12,
    /// 12 to 15.
    #[serde(rename = "12-15")]
    From12,
    /// 16 or 17.
    #[serde(rename = "16-17")]
    From16,
    /// 18 or over.
    #[serde(rename = "18plus")]
    Adult,
}

/// Who must say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capacity {
    /// Whom it is about.
    YoungPerson,
    /// Everybody who holds custody: both parents, the one parent, or the guardian.
    CustodyHolders,
    /// Who represents an adult that cannot weigh their interests.
    Representative,
}

/// What one person says of one question, when they said anything. Only the first is a yes (DPV:
/// `ConsentGiven`, `RenewedConsentGiven`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Yes.
    Given,
    /// Yes, until its end, which has passed.
    Expired,
    /// Yes, until they took it back.
    Withdrawn,
    /// No.
    Refused,
}

/// The value of the column `secrecy_consent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecrecyConsent {
    /// Nobody who must say yes said anything, or nobody knows who that is.
    None,
    /// All who must say yes did.
    Given,
    /// Some did.
    Partial,
    /// One said no.
    Refused,
    /// One took it back.
    Withdrawn,
    /// The consent of one has ended.
    Expired,
}

/// The value of the column `youth_view`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum YouthView {
    /// The young person said yes.
    Agrees,
    /// They said nothing that counts.
    NotHeard,
    /// They said no, or took their yes back.
    Refuses,
}

/// How long a consent holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// So many months, when nobody says how many.
    pub months_default: u8,
    /// At most so many; after that consent is asked again.
    pub months_max: u8,
    /// How well the law was read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Who writes down what somebody said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// These roles; they deliver it too (R43).
    pub recorders: Vec<Role>,
    /// How well the law was read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// A law that asks for consent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regime {
    /// Its id.
    pub id: String,
    /// Its name.
    pub label: Text,
    /// The kinds of party whose secrecy it governs.
    pub holders: Vec<Kind>,
    /// Where consent is itself the ground: the kinds of party for which it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_ground_for: Option<Vec<Kind>>,
    /// The articles.
    pub legal: Vec<Ground>,
    /// How well those were read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// Who must all say yes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// Its id.
    pub id: String,
    /// Under which laws.
    pub regime: Vec<String>,
    /// At which ages.
    pub age: Vec<AgeBand>,
    /// Whether the young person can weigh their interests.
    pub weighs: Vec<bool>,
    /// All of these say yes.
    pub all: Vec<Capacity>,
    /// The young person is heard, whatever the others say.
    #[serde(default)]
    pub hear: bool,
    /// In words.
    pub text: Text,
    /// The articles.
    pub legal: Vec<Ground>,
    /// How well those were read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

impl AgeBand {
    /// Every age.
    pub const ALL: [Self; 4] = [Self::Under12, Self::From12, Self::From16, Self::Adult];

    /// Of somebody of so many years.
    pub const fn of_years(years: u8) -> Self {
        match years {
            0..12 => Self::Under12,
            12..16 => Self::From12,
            16..18 => Self::From16,
            _ => Self::Adult,
        }
    }

    /// The value of the column `age_band`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Under12 => "lt12",
            Self::From12 => "12-15",
            Self::From16 => "16-17",
            Self::Adult => "18plus",
        }
    }
}

impl SecrecyConsent {
    /// The value of the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Given => "given",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
        }
    }
}

impl YouthView {
    /// The value of the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::NotHeard => "not_heard",
            Self::Refuses => "refuses",
        }
    }
}

impl Who {
    /// It speaks of this law, age and ability.
    fn is_of(&self, regime: &str, age: AgeBand, weighs: bool) -> bool {
        let of_regime = self.regime.iter().any(|one| one == regime);
        of_regime && self.age.contains(&age) && self.weighs.contains(&weighs)
    }
}
