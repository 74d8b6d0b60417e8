//! The region's privacy officers: people who sign the rules. Whoever holds rules against their
//! keys begins with some that it was given, and after that the keys change only by rules that two
//! of them signed.
//!
//! An officer is named by organisation and function, never as a person: the name goes to every
//! party of the region.

use std::collections::BTreeSet;
use std::fmt;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::canonical::Canonical;
use crate::checkpoint::{Origin, SignatureType, VerifierKey};
use crate::clock::{Timestamp, parse_date};
use crate::id::{Oin, check_name};
use crate::limits::{OFFICERS_MAX, OFFICERS_MIN};
use crate::operators::hex_signature;
use crate::reason::Reason;
use crate::statement;

/// The text is no public line of an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an officer is written as OIN/function+key id+key, with @2028-01-01 where a term is asked")]
pub struct NotAnOfficer;

/// An officer: organisation, function and public key. The public line is a verifier key of C2SP,
/// so that a typing error shows in the key id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Officer {
    oin: Oin,
    function: String,
    key: [u8; 32],
}

impl Officer {
    /// The officer with this key. A function is 1 to 64 characters of `a-z`, `0-9`, `.`, `-`, `_`.
    ///
    /// # Errors
    /// [`NotAnOfficer`] for another function.
    pub fn new(oin: Oin, function: &str, key: [u8; 32]) -> Result<Self, NotAnOfficer> {
        check_name(function).map_err(|_| NotAnOfficer)?;
        Ok(Self { oin, function: function.to_owned(), key })
    }

    /// Reads a public line.
    ///
    /// # Errors
    /// [`NotAnOfficer`] for anything else.
    pub fn parse(line: &str) -> Result<Self, NotAnOfficer> {
        let vkey = VerifierKey::parse(line).map_err(|_| NotAnOfficer)?;
        let (oin, function) = vkey.name.as_str().split_once('/').ok_or(NotAnOfficer)?;
        let oin = Oin::parse(oin).map_err(|_| NotAnOfficer)?;
        match vkey.kind {
            SignatureType::Ed25519 => Self::new(oin, function, vkey.key),
            SignatureType::Cosignature => Err(NotAnOfficer),
        }
    }

    /// Signs rules as this officer; `key` is the one that belongs to the public line.
    pub fn sign(&self, key: &SigningKey, document: &[u8]) -> OfficerSignature {
        OfficerSignature { officer: self.clone(), signature: statement::sign(key, document) }
    }
}

impl fmt::Display for Officer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{}/{}", self.oin, self.function);
        let name = Origin::parse(&name).map_err(|_| fmt::Error)?;
        VerifierKey::new(name, SignatureType::Ed25519, self.key).fmt(f)
    }
}

impl TryFrom<String> for Officer {
    type Error = NotAnOfficer;

    fn try_from(line: String) -> Result<Self, NotAnOfficer> {
        Self::parse(&line)
    }
}

impl From<Officer> for String {
    fn from(officer: Officer) -> Self {
        officer.to_string()
    }
}

/// One officer's signature under rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerSignature {
    /// Who signed, by its own word.
    pub officer: Officer,
    /// Ed25519 over the rules' canonical bytes.
    #[serde(with = "hex_signature")]
    pub signature: [u8; 64],
}

/// An officer, and until when the key counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointment {
    /// The officer.
    pub officer: Officer,
    /// The first moment at which a signature no longer counts.
    pub until: Timestamp,
}

impl Appointment {
    /// Reads a public line with the first day on which it no longer counts, `LINE@2028-01-01`:
    /// how officers are pinned.
    ///
    /// # Errors
    /// [`NotAnOfficer`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotAnOfficer> {
        let (line, until) = text.split_once('@').ok_or(NotAnOfficer)?;
        let day = parse_date(until).map_err(|_| NotAnOfficer)?;
        let until = Timestamp::parse(&format!("{day}T00:00")).map_err(|_| NotAnOfficer)?;
        Ok(Self { officer: Officer::parse(line)?, until })
    }
}

impl fmt::Display for Appointment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.officer, self.until.date())
    }
}

/// Whoever may sign rules.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Officers(Vec<Appointment>);

impl Officers {
    /// These officers.
    pub fn new(all: Vec<Appointment>) -> Self {
        Self(all)
    }

    /// The officers.
    pub fn all(&self) -> &[Appointment] {
        &self.0
    }

    /// The part of a document that says who they are.
    pub fn canonical(&self) -> Vec<u8> {
        let of = |one: &Appointment| {
            let line = Canonical::new("grondslag/officer/v1").text(&one.officer.to_string());
            line.signed(one.until.ms()).finish()
        };
        Canonical::new("grondslag/officers/v1").list(self.0.iter().map(of)).finish()
    }

    /// Whether these can sign rules from a moment on: two at least whose keys still count, and
    /// nobody twice, not under another name or with another key either.
    ///
    /// # Errors
    /// `OFFICERS_TOO_FEW`, `OFFICERS_TWICE`, or `TOO_LARGE`.
    pub fn check(&self, at: Timestamp) -> Result<(), Reason> {
        if self.0.len() > OFFICERS_MAX {
            return Err(Reason::TooLarge);
        }
        let all = || self.0.iter().map(|one| &one.officer);
        let names: BTreeSet<_> = all().map(|one| (&one.oin, &one.function)).collect();
        let keys: BTreeSet<_> = all().map(|one| &one.key).collect();
        if names.len() < self.0.len() || keys.len() < self.0.len() {
            return Err(Reason::OfficersTwice);
        }
        let count = self.0.iter().filter(|one| at < one.until).count();
        if count < OFFICERS_MIN { Err(Reason::OfficersTooFew) } else { Ok(()) }
    }

    /// Whether at least `needed` different officers signed a document at a moment, and nobody else
    /// tried to.
    ///
    /// # Errors
    /// `OFFICER_UNKNOWN`, `OFFICER_EXPIRED`, `OFFICER_SIGNATURE_INVALID`, `OFFICERS_TOO_FEW`, or
    /// `TOO_LARGE`.
    pub fn verify(
        &self,
        document: &[u8],
        signatures: &[OfficerSignature],
        at: Timestamp,
        needed: usize,
    ) -> Result<(), Reason> {
        if signatures.len() > OFFICERS_MAX {
            return Err(Reason::TooLarge);
        }
        for OfficerSignature { officer, signature } in signatures {
            let known = self.0.iter().find(|one| one.officer == *officer);
            let known = known.ok_or(Reason::OfficerUnknown)?;
            if known.until <= at {
                return Err(Reason::OfficerExpired);
            }
            statement::verify(&officer.key, document, signature)
                .map_err(|_| Reason::OfficerSignatureInvalid)?;
        }
        let different: BTreeSet<_> = signatures.iter().map(|one| &one.officer).collect();
        if different.len() < needed { Err(Reason::OfficersTooFew) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn officer(function: &str, seed: u8) -> Officer {
        let oin = Oin::parse("00000099000000001000").unwrap();
        Officer::new(oin, function, key(seed).verifying_key().to_bytes()).unwrap()
    }

    fn appointed(function: &str, seed: u8, until: i64) -> Appointment {
        Appointment { officer: officer(function, seed), until: NOW.plus_ms(until) }
    }

    fn pinned() -> Officers {
        Officers::new(vec![appointed("po-1", 1, 1), appointed("po-2", 2, 1), appointed("fg", 3, 0)])
    }

    fn signed(by: &[(&str, u8)]) -> Vec<OfficerSignature> {
        by.iter()
            .map(|(function, seed)| officer(function, *seed).sign(&key(*seed), b"doc"))
            .collect()
    }

    #[test]
    fn two_different_officers_are_needed_whose_keys_still_count() {
        let verify = |by: &[(&str, u8)]| pinned().verify(b"doc", &signed(by), NOW, 2);
        assert_eq!(verify(&[("po-1", 1), ("po-2", 2)]), Ok(()));
        assert_eq!(verify(&[("po-1", 1)]), Err(Reason::OfficersTooFew));
        assert_eq!(verify(&[("po-1", 1), ("po-1", 1)]), Err(Reason::OfficersTooFew), "one, twice");
        assert_eq!(verify(&[("po-1", 1), ("fg", 3)]), Err(Reason::OfficerExpired));
        assert_eq!(verify(&[("po-1", 1), ("po-3", 4)]), Err(Reason::OfficerUnknown));
        // A key that counts, under another function.
        assert_eq!(verify(&[("po-1", 1), ("po-3", 2)]), Err(Reason::OfficerUnknown));
        assert_eq!(verify(&vec![("po-1", 1); OFFICERS_MAX + 1]), Err(Reason::TooLarge));
        let one = pinned().verify(b"doc", &signed(&[("po-1", 1)]), NOW, 1);
        assert_eq!(one, Ok(()));
        let none = pinned().verify(b"doc", &[], NOW, 1);
        assert_eq!(none, Err(Reason::OfficersTooFew));
    }

    #[test]
    fn a_signature_of_another_document_or_key_does_not_hold() {
        let mut both = signed(&[("po-1", 1), ("po-2", 2)]);
        let other = pinned().verify(b"other", &both, NOW, 2);
        assert_eq!(other, Err(Reason::OfficerSignatureInvalid));
        both[1] = officer("po-2", 2).sign(&key(9), b"doc");
        let forged = pinned().verify(b"doc", &both, NOW, 2);
        assert_eq!(forged, Err(Reason::OfficerSignatureInvalid));
    }

    #[test]
    fn those_who_may_sign_are_two_or_more_and_nobody_twice() {
        let check = |all: &[Appointment]| Officers::new(all.to_vec()).check(NOW);
        let all = pinned().all().to_vec();
        assert_eq!(check(&all), Ok(()));
        assert_eq!(check(&all[1..]), Err(Reason::OfficersTooFew), "one has expired");
        assert_eq!(check(&[]), Err(Reason::OfficersTooFew));
        let with = |more: Appointment| [all.as_slice(), &[more]].concat();
        assert_eq!(check(&with(appointed("po-1", 7, 1))), Err(Reason::OfficersTwice), "name");
        assert_eq!(check(&with(appointed("po-3", 1, 1))), Err(Reason::OfficersTwice), "key");
        assert_eq!(check(&vec![all[0].clone(); OFFICERS_MAX + 1]), Err(Reason::TooLarge));
    }

    #[test]
    fn a_public_line_reads_back_and_a_typing_error_does_not() {
        let officer = officer("po-1", 1);
        let line = officer.to_string();
        assert!(line.starts_with("00000099000000001000/po-1+"), "{line}");
        assert_eq!(Officer::parse(&line), Ok(officer.clone()));
        for at in 0..line.len() {
            let mut typed = line.clone().into_bytes();
            typed[at] ^= 1;
            assert!(Officer::parse(&String::from_utf8(typed).unwrap()).is_err(), "byte {at}");
        }
        let pinned = Appointment::parse(&format!("{line}@2028-01-01")).unwrap();
        assert_eq!((pinned.to_string(), &pinned.officer), (format!("{line}@2028-01-01"), &officer));
        for wrong in [line.clone(), format!("{line}@"), format!("{line}@2028-13-01"), "@".into()] {
            assert_eq!(Appointment::parse(&wrong), Err(NotAnOfficer), "{wrong}");
        }
        for function in ["", "PO", "po 1", "po/1", "pö", &"a".repeat(65)] {
            assert_eq!(Officer::new(officer.oin.clone(), function, [1; 32]), Err(NotAnOfficer));
        }
    }

    #[test]
    fn everything_about_them_is_in_what_is_signed() {
        let base = pinned().canonical();
        let changes: [fn(&mut Vec<Appointment>); 4] = [
            |all| drop(all.pop()),
            |all| all.swap(0, 1),
            |all| all[0].until = all[0].until.plus_ms(1),
            |all| all[0].officer = officer("po-9", 1),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut all = pinned().all().to_vec();
            change(&mut all);
            assert_ne!(Officers::new(all).canonical(), base, "{number}");
        }
    }
}
