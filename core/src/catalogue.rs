//! Codes of the lists that officers extend: kinds, roles, purposes, categories, grounds, rules.
//!
//! Which codes exist is data (`policy/catalogue.toml`); here is only how a code is written. Dutch
//! legal codes stay Dutch.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::CODE_LEN_MAX;

/// A code was empty, too long, or held another character than a letter, a digit, `.`, `-`, `_`,
/// `:` or `/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is 1 to 48 letters, digits, '.', '-', '_', ':' or '/'")]
pub struct CodeError;

fn check(text: &str) -> Result<(), CodeError> {
    let allowed =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'/' | b':');
    if (1..=CODE_LEN_MAX).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(CodeError)
    }
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Takes a well-formed code. Whether it exists is for the catalogue to say.
            ///
            /// # Errors
            /// [`CodeError`] when empty, too long or of other characters.
            pub fn parse(text: &str) -> Result<Self, CodeError> {
                check(text)?;
                Ok(Self(text.to_owned()))
            }

            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = CodeError;
            fn try_from(text: String) -> Result<Self, CodeError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
    };
}

code!(
    /// A kind of party (`gem`, `sch`, `gi`, ...).
    Kind
);
code!(
    /// A role of staff (`gem.procesregisseur`); its part before the dot names the kind.
    Role
);
code!(
    /// A purpose (`D01` to `D99`).
    Purpose
);
code!(
    /// A kind of query (`Q01`, ...).
    QueryKind
);
code!(
    /// A data category (`G01`, ...).
    Category
);
code!(
    /// A legal ground (`jw-7.3.11-4`).
    Ground
);
code!(
    /// A row of the decision table (`R20.1`).
    RowId
);

impl Kind {
    /// Kind of a region's broker, and of a key holder beside it.
    pub const BROKER: &'static str = "broker";
    /// Kind of a shelter.
    pub const SHELTER: &'static str = "vo";

    /// Whether others put questions to parties of this kind: to all but the broker.
    pub fn is_asked(&self) -> bool {
        self.0 != Self::BROKER
    }

    /// Whether it is a shelter: that one is asked, or asks, tells where somebody may be.
    pub fn is_shelter(&self) -> bool {
        self.0 == Self::SHELTER
    }
}

impl QueryKind {
    /// What a notice is, as the catalogue writes it.
    pub const NOTICE: &'static str = "Q18";
    /// What an own view (inzage) is, as the catalogue writes it.
    pub const OWN_VIEW: &'static str = "Q12";

    /// Whether it is a notice: it brings a consent (R43), or a request about data and what came of
    /// it (R44), and no content comes back (domain 4a.30).
    pub fn is_notice(&self) -> bool {
        self.0 == Self::NOTICE
    }

    /// Whether it is an own view: a person sees who asked what about them or their child (AVG
    /// art. 15, domain 5 Q12).
    pub fn is_own_view(&self) -> bool {
        self.0 == Self::OWN_VIEW
    }
}

impl Category {
    /// The access log: who asked what (domain 4a.21).
    pub const ACCESS_LOG: &'static str = "G30";

    /// Whether it is the access log, of which a node's own ledger holds the lines and no register.
    pub fn is_access_log(&self) -> bool {
        self.0 == Self::ACCESS_LOG
    }
}

impl Role {
    /// The kind of party that staff of this role act for: the part before the first dot.
    /// `lpa` shares the OIN of its municipality, so the requester kind follows from the role
    /// (domain 4a.28).
    pub fn kind(&self) -> Kind {
        Kind(self.0.split('.').next().unwrap_or(&self.0).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_the_part_of_the_role_before_the_dot() {
        assert_eq!(Role::parse("lpa.ambtenaar").unwrap().kind(), Kind::parse("lpa").unwrap());
        assert_eq!(Role::parse("rvdk").unwrap().kind(), Kind::parse("rvdk").unwrap());
    }

    #[test]
    fn a_consent_notice_is_one_kind_of_question_and_no_other_is() {
        let is_notice = |code| QueryKind::parse(code).unwrap().is_notice();
        assert!(is_notice("Q18"));
        for other in ["Q01", "Q12", "q18", "Q180", "notice"] {
            assert!(!is_notice(other), "{other}");
        }
    }

    #[test]
    fn an_own_view_and_the_access_log_are_one_kind_and_one_category() {
        let is_own_view = |code| QueryKind::parse(code).unwrap().is_own_view();
        assert!(is_own_view("Q12") && !is_own_view("Q18") && !is_own_view("Q1"));
        let is_log = |code| Category::parse(code).unwrap().is_access_log();
        assert!(is_log("G30") && !is_log("G03") && !is_log("G31"));
    }

    #[test]
    fn a_code_is_short_and_plain() {
        assert!(Ground::parse("jw-7.3.11-4").is_ok());
        assert!(Ground::parse("bw-7:457").is_ok());
        for bad in ["", "a b", "jw\n", "é", &"x".repeat(49)] {
            assert_eq!(Ground::parse(bad), Err(CodeError));
        }
    }
}
