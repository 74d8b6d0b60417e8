//! Who is who: organisations, people of an organisation, questions, digests.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::canonical::Canonical;
use crate::limits::NAME_LEN_MAX;

/// Length of an OIN in positions (Logius, OIN-stelsel).
const OIN_LEN: usize = 20;
/// Prefix that Logius reserves for tests; it makes a process a demo process.
const OIN_TEST_PREFIX: &str = "00000099";

/// Why an identifier was refused. The offending text is not repeated: it may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// An OIN is 8 digits, 8 or 9 letters or digits, and 3 or 4 zeros: 20 positions in all.
    #[error("an OIN has 20 positions: 8 digits, then 8 or 9 letters or digits, then 3 or 4 zeros")]
    Oin,
    /// An identifier holds lower-case letters, digits, `.`, `-` and `_` only, 1 to 64 of them.
    #[error("an identifier is 1 to 64 characters of a-z, 0-9, '.', '-' and '_'")]
    Name,
    /// A fixed-length identifier in hexadecimal had another length or another alphabet.
    #[error("expected {0} bytes as {chars} hexadecimal characters", chars = .0 * 2)]
    Hex(usize),
}

/// An organisation: its Organisatie-identificatienummer, as in `Subject.serialNumber` of its
/// certificate (Digikoppeling PKI001).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oin(String);

impl Oin {
    /// Parses the 20 positions: prefix 8 digits, main number 8 or 9 letters or digits, suffix of
    /// zeros.
    ///
    /// # Errors
    /// [`IdError::Oin`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bytes = text.as_bytes();
        let prefix = bytes.get(..8).ok_or(IdError::Oin)?;
        let main = bytes.get(8..16).ok_or(IdError::Oin)?;
        let (ninth, suffix) =
            bytes.get(16..).and_then(|rest| rest.split_first()).ok_or(IdError::Oin)?;
        let well_formed = bytes.len() == OIN_LEN
            && prefix.iter().all(u8::is_ascii_digit)
            && main.iter().all(u8::is_ascii_alphanumeric)
            && ninth.is_ascii_alphanumeric()
            && suffix.iter().all(|b| *b == b'0');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(IdError::Oin) }
    }

    /// The 20 positions as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Demo for the reserved test prefix, production for every other OIN. The mode of a process
    /// follows from its own certificate, never from a flag.
    pub fn mode(&self) -> Mode {
        if self.0.starts_with(OIN_TEST_PREFIX) { Mode::Demo } else { Mode::Production }
    }
}

impl fmt::Debug for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Oin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Oin {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<Oin> for String {
    fn from(oin: Oin) -> Self {
        oin.0
    }
}

/// Whether a process plays with fictional people or serves real ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Certificate with the reserved test OIN prefix: admits test numbers only.
    Demo,
    /// Any other certificate: refuses test numbers.
    Production,
}

/// A member of staff inside their own organisation, as in the subject of their desk certificate.
/// It never leaves the node; outside, the person is a [`Pseudonym`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffId(String);

impl StaffId {
    /// Parses 1 to 64 characters of `a-z`, `0-9`, `.`, `-`, `_`.
    ///
    /// # Errors
    /// [`IdError::Name`] for anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        check_name(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StaffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaffId(…)")
    }
}

impl TryFrom<String> for StaffId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<StaffId> for String {
    fn from(id: StaffId) -> Self {
        id.0
    }
}

/// True for 1 to 64 characters of `a-z`, `0-9`, `.`, `-`, `_`.
pub(crate) fn check_name(text: &str) -> Result<(), IdError> {
    let allowed =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_');
    if (1..=NAME_LEN_MAX).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(IdError::Name)
    }
}

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Wraps bytes that already have the right length.
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Takes a slice.
            ///
            /// # Errors
            /// [`IdError::Hex`] when the length differs.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError::Hex($len))
            }

            /// Parses hexadecimal text.
            ///
            /// # Errors
            /// [`IdError::Hex`] for another length or alphabet.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let bytes = hex::decode(text).map_err(|_| IdError::Hex($len))?;
                Self::from_slice(&bytes)
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

fixed_bytes!(
    /// One inquiry, minted by the asker. It never reaches a target: see [`TargetId`].
    InquiryId,
    16
);
fixed_bytes!(
    /// One inquiry as one target knows it, so that targets cannot compare notes by id.
    TargetId,
    16
);
fixed_bytes!(
    /// A person of another organisation: stable for that organisation, meaningless elsewhere.
    Pseudonym,
    16
);
fixed_bytes!(
    /// One act in a consent register: a yes, a no, taking one back, or who holds custody.
    ConsentId,
    16
);
fixed_bytes!(
    /// A request of somebody about their own data, or a repair after one.
    RequestId,
    16
);
fixed_bytes!(
    /// A child on a municipality's caseload board.
    CaseId,
    16
);
fixed_bytes!(
    /// A SHA-256 digest.
    Digest,
    32
);

impl TargetId {
    /// `SHA-256(label, inquiry id, OIN)[..16]` (protocol, decisions at the top).
    pub fn derive(inquiry: &InquiryId, target: &Oin) -> Self {
        let bytes = Canonical::new("grondslag/target-id/v1")
            .bytes(inquiry.as_bytes())
            .text(target.as_str())
            .finish();
        let digest = Digest::of(&bytes);
        let mut id = [0; Self::LEN];
        id.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        Self(id)
    }
}

impl Digest {
    /// Hashes bytes that already carry a label (canonical bytes, or a body whose label is signed
    /// beside it).
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oin_has_twenty_positions_and_a_zero_suffix() {
        assert!(Oin::parse("00000099000000001000").is_ok());
        assert!(Oin::parse("0000000912345678A000").is_ok());
        for bad in [
            "",
            "0000009900000000100",
            "000000990000000010000",
            "0000009X000000001000",
            "00000099000000001001",
            "00000099-00000001000",
            "0000009900000000100é",
        ] {
            assert_eq!(Oin::parse(bad), Err(IdError::Oin), "{bad}");
        }
    }

    #[test]
    fn the_mode_follows_from_the_reserved_prefix() {
        assert_eq!(Oin::parse("00000099000000001000").unwrap().mode(), Mode::Demo);
        assert_eq!(Oin::parse("00000001003214345000").unwrap().mode(), Mode::Production);
    }

    #[test]
    fn target_ids_of_one_inquiry_differ_per_target() {
        let inquiry = InquiryId::new([7; 16]);
        let a = TargetId::derive(&inquiry, &Oin::parse("00000099000000001000").unwrap());
        let b = TargetId::derive(&inquiry, &Oin::parse("00000099000000002000").unwrap());
        assert_ne!(a, b);
        assert_eq!(a, TargetId::derive(&inquiry, &Oin::parse("00000099000000001000").unwrap()));
    }

    #[test]
    fn staff_ids_do_not_show_in_debug_output() {
        let id = StaffId::parse("n.deboer").unwrap();
        assert_eq!(format!("{id:?}"), "StaffId(…)");
        assert!(StaffId::parse("N. de Boer").is_err());
    }

    #[test]
    fn hexadecimal_ids_round_trip_through_json() {
        let id = InquiryId::new([0xab; 16]);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<InquiryId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<InquiryId>("\"abcd\"").is_err());
    }
}
