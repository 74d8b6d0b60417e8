//! How much of a record may be told (domain 3.2), how urgent a question is, how it is decided.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is not in a closed list, with the words that are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of: {0}")]
pub struct UnknownWord(pub &'static str);

/// A closed list whose words are the same in TOML, JSON, canonical bytes and on screen.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $all:literal, {
        $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as written in files and on the wire.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err(UnknownWord($all)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownWord;
            fn try_from(text: String) -> Result<Self, UnknownWord> { text.parse() }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self { value.word().to_owned() }
        }
    };
}
pub(crate) use words;

words!(
    /// A disclosure tier: how much may be told (domain 3.2).
    Tier, "T0, T1, T2, T3, T4, T5", {
        /// Neutral: nothing is told.
        T0 = "T0",
        /// Domain class: "a care party is involved".
        T1 = "T1",
        /// Organisation and contact point.
        T2 = "T2",
        /// Status facts: since, phase, plan goals, waiting.
        T3 = "T3",
        /// Structured summary: safety estimate, agreements.
        T4 = "T4",
        /// Document or extract.
        T5 = "T5",
    }
);

words!(
    /// How soon the law wants an answer; fixes terms and reply slots (design 5).
    Urgency, "standard, urgent, acute", {
        /// Working days.
        Standard = "standard",
        /// Within a day.
        Urgent = "urgent",
        /// Within hours.
        Acute = "acute",
    }
);

words!(
    /// Whether a question is about a person or about counts (domain 4a.19).
    Level, "person, aggregate", {
        /// About one person.
        Person = "person",
        /// Counts only.
        Aggregate = "aggregate",
    }
);

words!(
    /// What a second person has added to a question (domain 4a.15).
    Approvals, "none, second_person, mandated", {
        /// Nobody co-signed.
        None = "none",
        /// A second person of the asker's agency co-signed.
        SecondPerson = "second_person",
        /// The second person holds a role with a mandate (`gem.doorzetter`).
        Mandated = "mandated",
    }
);

words!(
    /// What the table says of one category at one target. A hold becomes a review before it
    /// gets here.
    Verdict, "permit, review, refuse", {
        /// May be released up to a tier.
        Permit = "permit",
        /// A professional of the holder decides.
        Review = "review",
        /// May not be released.
        Refuse = "refuse",
    }
);

impl Verdict {
    /// The stricter of two: refuse over review over permit.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        self.max(other)
    }
}

words!(
    /// How far a fact may be relied upon (design 6); every decision record says it per fact.
    Standing, "claimed, verified, certified", {
        /// The asker says so.
        Claimed = "claimed",
        /// The holder's own register says so.
        Verified = "verified",
        /// The body that is competent for it signed it.
        Certified = "certified",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_are_ordered_and_written_as_the_law_table_writes_them() {
        assert!(Tier::T0 < Tier::T5);
        assert_eq!("T3".parse::<Tier>(), Ok(Tier::T3));
        assert!("t3".parse::<Tier>().is_err());
        assert_eq!(serde_json::to_string(&Tier::T4).unwrap(), "\"T4\"");
    }

    #[test]
    fn refuse_is_stricter_than_review_is_stricter_than_permit() {
        assert_eq!(Verdict::Permit.stricter(Verdict::Review), Verdict::Review);
        assert_eq!(Verdict::Refuse.stricter(Verdict::Review), Verdict::Refuse);
    }
}
