//! The citizen service number (burgerservicenummer).

use std::fmt;

use grondslag_core::id::Mode;
use grondslag_core::reason::Reason;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::digits::passes_proof;

/// Positions of a number.
pub(crate) const BSN_LEN: usize = 9;
/// Numbers of the national test sets begin so (domain 6).
const TEST_PREFIX: &str = "9999";

/// A citizen service number that passes the 11-proof. Whether this process may hold it is asked
/// of [`admits`]. It cannot be serialised and is wiped when dropped.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Zeroize, ZeroizeOnDrop)]
pub struct Bsn(String);

/// Not nine digits, or the 11-proof fails. The offending text is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a citizen service number is nine digits that pass the 11-proof")]
pub struct BsnError;

impl Bsn {
    /// Parses nine digits, without spaces or dots: `9·a + 8·b + … + 2·h - i` is a multiple of 11,
    /// and they are not all zero.
    ///
    /// # Errors
    /// [`BsnError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BsnError> {
        let bytes: &[u8; BSN_LEN] = text.as_bytes().try_into().map_err(|_| BsnError)?;
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(BsnError);
        }
        if passes_proof(&bytes.map(|b| b - b'0')) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BsnError)
        }
    }

    /// Nobody's number: nine zeros, which [`Bsn::parse`] refuses.
    pub fn nobody() -> Self {
        Self("000000000".to_owned())
    }

    /// The nine digits, for the few places that must have them: the hash to the group, the keyed
    /// index of an agency's own records, the tag that binds an answer, a digest.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True for a number of the national test sets.
    pub fn is_test(&self) -> bool {
        self.0.starts_with(TEST_PREFIX)
    }
}

impl BsnError {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        Reason::BsnInvalid
    }
}

impl fmt::Debug for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bsn(…)")
    }
}

impl fmt::Display for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Whether a process of this mode may hold this number: a demo only test numbers, production only
/// others.
///
/// # Errors
/// [`Reason::BsnNotAdmitted`] for a number of the other mode.
pub fn admits(mode: Mode, bsn: &Bsn) -> Result<(), Reason> {
    match (mode, bsn.is_test()) {
        (Mode::Demo, true) | (Mode::Production, false) => Ok(()),
        (Mode::Demo, false) | (Mode::Production, true) => Err(Reason::BsnNotAdmitted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_nine_digits_that_pass_the_proof() {
        for good in ["999940004", "123456782", "111222333"] {
            assert!(Bsn::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "999940005",
            "000000000",
            "99994000",
            "9999400040",
            "999 940 004",
            "99994000x",
            " 999940004",
            "９９９９４０００４",
        ] {
            assert_eq!(Bsn::parse(bad), Err(BsnError), "{bad}");
        }
    }

    #[test]
    fn there_are_9091_valid_test_numbers() {
        let valid = (0..100_000).filter(|n| Bsn::parse(&format!("9999{n:05}")).is_ok());
        assert_eq!(valid.count(), 9_091);
    }

    #[test]
    fn a_demo_admits_test_numbers_only_and_production_others_only() {
        let test = Bsn::parse("999940004").unwrap();
        let other = Bsn::parse("123456782").unwrap();
        assert_eq!(admits(Mode::Demo, &test), Ok(()));
        assert_eq!(admits(Mode::Production, &other), Ok(()));
        assert_eq!(admits(Mode::Demo, &other), Err(Reason::BsnNotAdmitted));
        assert_eq!(admits(Mode::Production, &test), Err(Reason::BsnNotAdmitted));
    }

    #[test]
    fn a_number_does_not_show_in_any_output() {
        let bsn = Bsn::parse("999940004").unwrap();
        assert_eq!(format!("{bsn:?} {bsn}"), "Bsn(…) …");
    }

    #[test]
    fn a_valid_number_with_one_digit_changed_is_invalid() {
        let bytes = *b"999940004";
        for place in 0..BSN_LEN {
            for add in 1..10 {
                let mut changed = bytes;
                changed[place] = (bytes[place] - b'0' + add) % 10 + b'0';
                assert!(Bsn::parse(std::str::from_utf8(&changed).unwrap()).is_err());
            }
        }
    }
}
