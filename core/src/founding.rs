//! The founding of a broker's new log after it was restored from a backup.
//!
//! Whoever follows a log sees a restored one as a log that shrank. So a restored broker does not
//! go on with its log: it begins one of the next number, and the first leaf of that is a statement
//! of where the log before ended: not by the backup, but by the highest head that anybody keeps.
//! Two operators of different organisations sign it, whom nodes pinned, so that no broker leaves
//! behind what it did by being "restored". A node that holds a higher head goes on only once that
//! head stands in an amendment, which two operators sign as well.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::canonical::{Canonical, NotCanonical, Reader};
use crate::checkpoint::{Origin, SignedCheckpoint};
use crate::clock::Timestamp;
use crate::id::{Digest, Oin};
use crate::limits::{FOUNDING_MISSED_MAX, OPERATORS_MAX};
use crate::operators::{Operator, OperatorSignature, Operators};
use crate::reason::Reason;

/// Label of what operators sign.
const STATEMENT: &str = "grondslag/founding/v1";
/// Label of the leaf, which bears the signatures too.
const LEAF: &str = "grondslag/leaf/founding/v1";

/// Where the log before ended, and that another goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Founding {
    /// Fingerprint of the region's root.
    pub region: Digest,
    /// The number of the log that begins; the one before is the next lower.
    pub number: u64,
    /// Counts what was amended since: 0 for the founding itself.
    pub amendment: u64,
    /// Since when the new log is the broker's: whatever was asked before is not answered.
    pub at: Timestamp,
    /// How many leaves of the log before are in the backup; those from there up to the head are
    /// lost.
    pub restored: u64,
    /// The highest head of the log before, with the log's own signature alone.
    #[serde(with = "note")]
    pub head: SignedCheckpoint,
    /// Agencies that were not reached: one of them may hold a higher head.
    pub missed: BTreeSet<Oin>,
}

impl Founding {
    /// The bytes that operators sign.
    pub fn canonical(&self) -> Vec<u8> {
        let missed: Vec<&str> = self.missed.iter().map(Oin::as_str).collect();
        Canonical::new(STATEMENT)
            .bytes(self.region.as_bytes())
            .number(self.number)
            .number(self.amendment)
            .signed(self.at.ms())
            .number(self.restored)
            .text(&self.head.note())
            .list(missed.iter())
            .finish()
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, STATEMENT)?;
        let region = Digest::new(reader.array()?);
        let (number, amendment) = (reader.number()?, reader.number()?);
        let (at, restored) = (Timestamp::from_ms(reader.signed()?), reader.number()?);
        let head = SignedCheckpoint::parse(reader.text()?).map_err(|_| NotCanonical)?;
        let missed = reader.list(FOUNDING_MISSED_MAX)?.into_iter().map(|bytes| {
            let text = std::str::from_utf8(bytes).map_err(|_| NotCanonical)?;
            Oin::parse(text).map_err(|_| NotCanonical)
        });
        let missed = missed.collect::<Result<_, _>>()?;
        reader.end()?;
        let parsed = Self { region, number, amendment, at, restored, head, missed };
        // One form: in order, and none twice.
        if parsed.canonical() == bytes { Ok(parsed) } else { Err(NotCanonical) }
    }

    /// Whether it says something that can be.
    ///
    /// # Errors
    /// `FOUNDING_INVALID`, or `TOO_LARGE` when too many agencies were not reached.
    pub fn check(&self) -> Result<(), Reason> {
        if self.missed.len() > FOUNDING_MISSED_MAX {
            return Err(Reason::TooLarge);
        }
        let before = self.number.checked_sub(1).filter(|before| *before > 0);
        let origin = before.map(|before| Origin::of_broker(&self.region.to_string(), before));
        let checkpoint = self.head.checkpoint();
        let holds = origin.is_some_and(|origin| origin.as_ref() == Ok(&checkpoint.origin))
            && self.restored <= checkpoint.size
            && self.head == self.head.bare();
        if holds { Ok(()) } else { Err(Reason::FoundingInvalid) }
    }

    /// Leaves that nobody can read from the broker any more.
    pub fn lost(&self) -> std::ops::Range<u64> {
        self.restored..self.head.checkpoint().size
    }
}

/// A founding with its signatures, as it stands in a file and in the new log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedFounding {
    /// What is signed.
    pub founding: Founding,
    /// Of operators.
    pub signatures: Vec<OperatorSignature>,
}

impl SignedFounding {
    /// Whether two pinned operators of different organisations founded the log in this region.
    ///
    /// # Errors
    /// `REGION_MISMATCH`, `FOUNDING_INVALID`, or why its signatures do not hold.
    pub fn verify(&self, operators: &Operators, region: &Digest) -> Result<Founded, Reason> {
        if self.founding.region != *region {
            return Err(Reason::RegionMismatch);
        }
        self.founding.check()?;
        operators.verify(&self.founding.canonical(), &self.signatures)?;
        Ok(Founded(self.founding.clone()))
    }

    /// The leaf in the new log.
    pub fn leaf(&self) -> Vec<u8> {
        let lines: Vec<String> =
            self.signatures.iter().map(|one| one.operator.to_string()).collect();
        Canonical::new(LEAF)
            .bytes(&self.founding.canonical())
            .list(lines.iter())
            .list(self.signatures.iter().map(|one| one.signature))
            .finish()
    }

    /// What the leaf is about.
    pub fn about(&self) -> Digest {
        Digest::of(&self.founding.canonical())
    }

    /// Whether a leaf says that it is a founding.
    pub fn claims(leaf: &[u8]) -> bool {
        Reader::new(leaf, LEAF).is_ok()
    }

    /// Reads a leaf; nothing of it is verified.
    ///
    /// # Errors
    /// [`NotCanonical`] for anything that [`SignedFounding::leaf`] would not have written.
    pub fn parse(leaf: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(leaf, LEAF)?;
        let founding = Founding::parse(reader.bytes()?)?;
        let (lines, signatures) = (reader.list(OPERATORS_MAX)?, reader.list(OPERATORS_MAX)?);
        reader.end()?;
        if lines.len() != signatures.len() {
            return Err(NotCanonical);
        }
        let signatures = lines.into_iter().zip(signatures).map(|(line, signature)| {
            let line = std::str::from_utf8(line).map_err(|_| NotCanonical)?;
            let operator = Operator::parse(line).map_err(|_| NotCanonical)?;
            let signature = signature.try_into().map_err(|_| NotCanonical)?;
            Ok(OperatorSignature { operator, signature })
        });
        Ok(Self { founding, signatures: signatures.collect::<Result<_, _>>()? })
    }
}

/// A founding that two operators signed.
///
/// Only [`SignedFounding::verify`] makes one:
///
/// ```compile_fail,E0423
/// fn forge(founding: grondslag_core::founding::Founding) {
///     let _ = grondslag_core::founding::Founded(founding);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founded(Founding);

impl Founded {
    /// What was founded.
    pub fn founding(&self) -> &Founding {
        &self.0
    }

    /// Whether whoever followed the log before, up to this head, may go on with the new one. That
    /// the head goes on from theirs cannot be proved any more: the leaves between are lost. Two
    /// operators answer for it.
    ///
    /// # Errors
    /// `FOUNDING_BELOW_HEAD` for one that ends below this head, or with another root at its size;
    /// `FOUNDING_INVALID` for one of another log than that which was followed.
    pub fn follows(&self, held: &SignedCheckpoint) -> Result<(), Reason> {
        let (held, head) = (held.checkpoint(), self.0.head.checkpoint());
        if held.origin != head.origin {
            return Err(Reason::FoundingInvalid);
        }
        let other = head.size == held.size && head.root != held.root;
        if head.size < held.size || other { Err(Reason::FoundingBelowHead) } else { Ok(()) }
    }
}

/// A checkpoint as its note.
mod note {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::checkpoint::SignedCheckpoint;

    pub(super) fn serialize<S: Serializer>(
        head: &SignedCheckpoint,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&head.note())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<SignedCheckpoint, D::Error> {
        SignedCheckpoint::parse(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::checkpoint::Checkpoint;

    fn oin(number: u8) -> Oin {
        Oin::parse(&format!("0000009900000000{number}000")).unwrap()
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    fn region() -> Digest {
        Digest::new([7; 32])
    }

    fn head(number: u64, size: u64, root: u8) -> SignedCheckpoint {
        let origin = Origin::of_broker(&region().to_string(), number).unwrap();
        Checkpoint { origin, size, root: Digest::new([root; 32]) }.sign(&key(9))
    }

    fn founding() -> Founding {
        let missed = BTreeSet::from([oin(4), oin(5)]);
        let (head, at) = (head(1, 10, 1), Timestamp::from_ms(5));
        Founding { region: region(), number: 2, amendment: 0, at, restored: 7, head, missed }
    }

    fn signed(founding: Founding) -> SignedFounding {
        let document = founding.canonical();
        let signatures = [1, 2].map(|n| Operator::sign(&oin(n), &key(n), &document)).into();
        SignedFounding { founding, signatures }
    }

    fn verify(signed: &SignedFounding) -> Result<Founded, Reason> {
        let all = [1, 2].map(|n| Operator::new(oin(n), &key(n)));
        signed.verify(&Operators::new(all.into()), &region())
    }

    #[test]
    fn two_operators_found_a_log_that_goes_on_where_the_highest_head_ended() {
        let founded = verify(&signed(founding())).unwrap();
        assert_eq!(founded.founding().lost(), 7..10);
        assert_eq!(founded.follows(&head(1, 10, 1)), Ok(()));
        assert_eq!(founded.follows(&head(1, 9, 3)), Ok(()));
        assert_eq!(founded.follows(&head(1, 10, 2)), Err(Reason::FoundingBelowHead));
        assert_eq!(founded.follows(&head(1, 11, 1)), Err(Reason::FoundingBelowHead));
        assert_eq!(founded.follows(&head(2, 5, 1)), Err(Reason::FoundingInvalid));
    }

    #[test]
    fn a_founding_that_cannot_be_is_refused_whoever_signed_it() {
        let refused = |change: fn(&mut Founding)| {
            let mut founding = founding();
            change(&mut founding);
            verify(&signed(founding)).unwrap_err()
        };
        assert_eq!(refused(|one| one.region = Digest::new([8; 32])), Reason::RegionMismatch);
        assert_eq!(refused(|one| one.number = 3), Reason::FoundingInvalid);
        assert_eq!(refused(|one| one.number = 1), Reason::FoundingInvalid);
        assert_eq!(refused(|one| one.number = 0), Reason::FoundingInvalid);
        assert_eq!(refused(|one| one.restored = 11), Reason::FoundingInvalid);
        let cosigned = |one: &mut Founding| {
            let name = Origin::parse(oin(6).as_str()).unwrap();
            let line = one.head.cosign(&name, &key(6), Timestamp::from_ms(0));
            one.head = one.head.clone().with(&line).unwrap();
        };
        assert_eq!(refused(cosigned), Reason::FoundingInvalid, "more than the log's signature");
        let crowd = |one: &mut Founding| {
            let many = (0..=FOUNDING_MISSED_MAX).map(|n| format!("00000099{n:09}000"));
            one.missed = many.map(|text| Oin::parse(&text).unwrap()).collect();
        };
        assert_eq!(refused(crowd), Reason::TooLarge);
    }

    #[test]
    fn whatever_changes_is_no_longer_signed_and_one_operator_is_not_enough() {
        let changes: [fn(&mut Founding); 5] = [
            |one| one.amendment = 1,
            |one| one.at = Timestamp::from_ms(6),
            |one| one.restored = 8,
            |one| one.head = head(1, 11, 1),
            |one| one.missed = BTreeSet::new(),
        ];
        for change in changes {
            let mut signed = signed(founding());
            change(&mut signed.founding);
            assert_eq!(verify(&signed).unwrap_err(), Reason::OperatorSignatureInvalid);
        }
        let mut once = signed(founding());
        once.signatures.pop();
        assert_eq!(verify(&once).unwrap_err(), Reason::OperatorsTooFew);
        let twice = once.signatures[0].clone();
        once.signatures.push(twice);
        assert_eq!(verify(&once).unwrap_err(), Reason::OperatorsTooFew, "one, twice");
    }

    #[test]
    fn a_founding_reads_back_from_its_leaf_and_from_a_file() {
        let signed = signed(founding());
        let leaf = signed.leaf();
        assert!(leaf.len() < 2_000 && SignedFounding::claims(&leaf), "{}", leaf.len());
        assert_eq!(SignedFounding::parse(&leaf), Ok(signed.clone()));
        for cut in [0, 10, leaf.len() - 1] {
            assert!(SignedFounding::parse(&leaf[..cut]).is_err(), "{cut}");
        }
        let text = serde_json::to_string(&signed).unwrap();
        assert_eq!(serde_json::from_str::<SignedFounding>(&text).unwrap(), signed);
        assert!(!SignedFounding::claims(b"grondslag"));
    }
}
