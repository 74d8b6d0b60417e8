//! Signed statements: Ed25519 over canonical bytes, each with a label of its own, each verified
//! strictly (RFC 8032, no small-order or non-canonical points). Keys come from agency cards only.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

use crate::answer::Basis;
use crate::canonical::{Canonical, NotCanonical, Reader};
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::id::{Digest, Oin, Pseudonym, TargetId};
use crate::inquiry::{Header, Part};
use crate::limits::{CATEGORIES_MAX, REPLY_BYTES_LARGE, REPLY_BYTES_SMALL};
use crate::reason::Reason;
use crate::tier::{Tier, Verdict};

/// A signature that does not hold, or a key that is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct BadSignature;

/// Signs canonical bytes.
pub fn sign(key: &SigningKey, bytes: &[u8]) -> [u8; 64] {
    key.sign(bytes).to_bytes()
}

/// Verifies a signature over canonical bytes, strictly.
///
/// # Errors
/// [`BadSignature`] for a wrong signature or an unusable key.
pub fn verify(key: &[u8; 32], bytes: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
    let key = VerifyingKey::from_bytes(key).map_err(|_| BadSignature)?;
    key.verify_strict(bytes, &Signature::from_bytes(signature)).map_err(|_| BadSignature)
}

/// The asker's statement for one target: label, target id, target, digest of the visible header,
/// digest of the detail (protocol, decision c).
pub fn ask_bytes(id: &TargetId, target: &Oin, header: &Header, part: &Part) -> Vec<u8> {
    Canonical::new("grondslag/statement/v1")
        .bytes(id.as_bytes())
        .text(target.as_str())
        .bytes(header.digest(&part.categories, &part.approvals).as_bytes())
        .bytes(Digest::of(&part.detail).as_bytes())
        .finish()
}

/// Digest of the asker's statement: by it a question with all that was said of it is known.
pub fn ask_digest(id: &TargetId, target: &Oin, header: &Header, part: &Part) -> Digest {
    Digest::of(&ask_bytes(id, target, header, part))
}

/// What a second person signs for one target. It covers no other approval, no epoch, no bundle
/// and no ciphertext, so that a retry keeps it.
pub fn approval_bytes(
    id: &TargetId,
    header: &Header,
    categories: &[Category],
    commitment: &Digest,
) -> Vec<u8> {
    Canonical::new("grondslag/approval/v1")
        .bytes(id.as_bytes())
        .text(header.asker.as_str())
        .bytes(header.staff.as_bytes())
        .text(header.role.as_str())
        .text(header.purpose.as_str())
        .text(header.kind.as_str())
        .list(header.grounds.iter())
        .list(categories.iter())
        .text(header.urgency.word())
        .flag(header.break_glass)
        .text(header.level.word())
        .signed(header.times.answer_by.ms())
        .bytes(commitment.as_bytes())
        .finish()
}

/// What the broker decided for one category of one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The category.
    pub category: Category,
    /// Refuse, or that it could be allowed.
    pub verdict: Verdict,
    /// Highest tier that could be allowed; T0 for a refusal.
    pub cap: Tier,
}

/// A ruling with what a refusal rests on. Only the ruling stands in the leaf; whoever has the same
/// rules finds the rest anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRuling {
    /// The ruling as it stands in the leaf.
    pub ruling: Ruling,
    /// For a refusal by rule: what forbids it.
    pub basis: Basis,
    /// For a refusal: the rule's reason, or why the target cannot be dealt with.
    pub reason: Option<Reason>,
}

/// The broker's decision on one (inquiry, target). Its ledger holds a commitment to these bytes
/// alone, under a salt that travels with them.
#[derive(Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The inquiry as this target knows it.
    pub target_id: TargetId,
    /// The target.
    pub target: Oin,
    /// Digest of the header with this target's categories and approvals.
    pub header: Digest,
    /// Digest of the detail.
    pub detail: Digest,
    /// Digest of what the broker decided on. The broker keeps that beside its record, for who
    /// decides again; nobody else needs it.
    pub on: Digest,
    /// Per category.
    pub rulings: Vec<Ruling>,
    /// When it was decided.
    pub decided_at: Timestamp,
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leaf({:?}, …)", self.target_id)
    }
}

impl Leaf {
    /// The kind of record that it is in the ledger.
    pub const KIND: &'static str = "grondslag/record/broker-decision/v1";

    /// The bytes that the ledger's leaf commits to.
    pub fn canonical(&self) -> Vec<u8> {
        let rulings: Vec<Vec<u8>> = self.rulings.iter().map(Ruling::canonical).collect();
        Canonical::new(Self::KIND)
            .bytes(self.target_id.as_bytes())
            .text(self.target.as_str())
            .bytes(self.header.as_bytes())
            .bytes(self.detail.as_bytes())
            .bytes(self.on.as_bytes())
            .list(rulings.iter())
            .signed(self.decided_at.ms())
            .finish()
    }

    /// Reads the leaf's bytes back.
    ///
    /// # Errors
    /// [`NotCanonical`] for anything that [`Leaf::canonical`] would not have written.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, Self::KIND)?;
        let leaf = Self {
            target_id: TargetId::new(reader.array()?),
            target: Oin::parse(reader.text()?).map_err(|_| NotCanonical)?,
            header: Digest::new(reader.array()?),
            detail: Digest::new(reader.array()?),
            on: Digest::new(reader.array()?),
            rulings: reader
                .list(CATEGORIES_MAX)?
                .into_iter()
                .map(Ruling::parse)
                .collect::<Result<_, _>>()?,
            decided_at: Timestamp::from_ms(reader.signed()?),
        };
        reader.end()?;
        Ok(leaf)
    }

    /// Highest tier that could be allowed for any category.
    pub fn tier_cap(&self) -> Tier {
        self.rulings.iter().map(|ruling| ruling.cap).max().unwrap_or(Tier::T0)
    }

    /// Length of every whole reply to this question: its padding class follows from what could be
    /// allowed, never from what is answered. An access log has many lines.
    pub fn reply_bytes(&self) -> usize {
        let mut open = self.rulings.iter().filter(|ruling| ruling.is_let_through());
        let is_large = |ruling: &Ruling| ruling.category.is_access_log() || ruling.cap >= Tier::T4;
        if open.any(is_large) { REPLY_BYTES_LARGE } else { REPLY_BYTES_SMALL }
    }
}

impl Ruling {
    /// Whether the target may be asked for it: it is not refused.
    pub fn is_let_through(&self) -> bool {
        self.verdict != Verdict::Refuse
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, "grondslag/ruling/v1")?;
        let ruling = Self {
            category: Category::parse(reader.text()?).map_err(|_| NotCanonical)?,
            verdict: reader.text()?.parse().map_err(|_| NotCanonical)?,
            cap: reader.text()?.parse().map_err(|_| NotCanonical)?,
        };
        reader.end()?;
        Ok(ruling)
    }

    fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/ruling/v1")
            .text(self.category.as_str())
            .text(self.verdict.word())
            .text(self.cap.word())
            .finish()
    }
}

/// The broker's attestation: the decision that this ledger entry commits to stands at this index,
/// and the pair of points with this digest belongs to it; zeros when none goes to the target.
pub fn attestation_bytes(id: &TargetId, entry: &Digest, index: u64, pair: &Digest) -> Vec<u8> {
    Canonical::new("grondslag/attestation/v1")
        .bytes(id.as_bytes())
        .bytes(entry.as_bytes())
        .number(index)
        .bytes(pair.as_bytes())
        .finish()
}

/// The broker's word on how many notices wait for a node at a moment. It names the node, so
/// that no node can be given another one's, and the moment, so that an old one shows as such.
pub fn waiting_bytes(node: &Oin, count: u32, as_of: Timestamp) -> Vec<u8> {
    Canonical::new("grondslag/waiting-notices/v1")
        .text(node.as_str())
        .number(count.into())
        .signed(as_of.ms())
        .finish()
}

/// Number of the first reply to a question; those of later slots follow it.
pub const FIRST_REPLY_NO: u32 = 1;

/// The fields of a node's reply that its signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyFields<'a> {
    /// The question as the node knows it.
    pub target_id: TargetId,
    /// The node.
    pub from: &'a Oin,
    /// The asker.
    pub to: &'a Oin,
    /// Epoch of the question.
    pub epoch: u32,
    /// [`FIRST_REPLY_NO`], or higher.
    pub reply_no: u32,
    /// Part of that reply, from 1.
    pub part: u32,
    /// Whether it is the last part.
    pub last: bool,
    /// Until when replies come.
    pub answer_by: Timestamp,
    /// The body as it travels.
    pub body: &'a [u8],
}

impl<'a> ReplyFields<'a> {
    /// A reply of one part to a question with this header, the body still to be sealed.
    pub fn unsealed(target_id: TargetId, header: &'a Header, from: &'a Oin, reply_no: u32) -> Self {
        let (to, epoch, answer_by) = (&header.asker, header.epoch, header.times.answer_by);
        Self { target_id, from, to, epoch, reply_no, part: 1, last: true, answer_by, body: &[] }
    }

    /// The bytes that the node signs.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/reply/v1")
            .bytes(self.target_id.as_bytes())
            .text(self.from.as_str())
            .text(self.to.as_str())
            .number(self.epoch.into())
            .number(self.reply_no.into())
            .number(self.part.into())
            .flag(self.last)
            .signed(self.answer_by.ms())
            .bytes(Digest::of(self.body).as_bytes())
            .finish()
    }
}

/// The fields of a follow-up that its asker's signature covers: a reminder, or the acceptance of a
/// handover (domain 4a.32). Neither shows but to its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUpFields<'a> {
    /// The question as its target knows it.
    pub target_id: TargetId,
    /// Who asked.
    pub from: &'a Oin,
    /// The target.
    pub to: &'a Oin,
    /// 1 for the first follow-up to this target.
    pub number: u32,
    /// Until when replies come.
    pub answer_by: Timestamp,
    /// The body as it travels.
    pub body: &'a [u8],
}

impl FollowUpFields<'_> {
    /// The bytes that the asker signs.
    pub fn canonical(&self) -> Vec<u8> {
        Canonical::new("grondslag/follow-up/v1")
            .bytes(self.target_id.as_bytes())
            .text(self.from.as_str())
            .text(self.to.as_str())
            .number(self.number.into())
            .signed(self.answer_by.ms())
            .bytes(Digest::of(self.body).as_bytes())
            .finish()
    }
}

/// Commitment to a child inside an approval: `SHA-256(label, salt, number)`.
pub fn approval_commitment(salt: &[u8; 32], number: &[u8]) -> Digest {
    Canonical::new("grondslag/approval-subject/v1").bytes(salt).bytes(number).digest()
}

/// Binds an answer to the child that was asked about: `SHA-256(label, target id, OIN, number)`.
pub fn subject_tag(id: &TargetId, target: &Oin, number: &[u8]) -> Digest {
    Canonical::new("grondslag/subject-tag/v1")
        .bytes(id.as_bytes())
        .text(target.as_str())
        .bytes(number)
        .digest()
}

/// A reference (a report number, a court reference) as it travels: `SHA-256(label, target id,
/// reference)`.
pub fn reference_digest(id: &TargetId, reference: &str) -> Digest {
    Canonical::new("grondslag/reference/v1").bytes(id.as_bytes()).text(reference).digest()
}

/// The bytes that make a staff member's pseudonym, keyed by a secret of their node.
pub fn pseudonym_of(secret: &[u8; 32], staff: &str) -> Pseudonym {
    let digest = Canonical::new("grondslag/staff-pseudonym/v1").bytes(secret).text(staff).digest();
    let mut bytes = [0; Pseudonym::LEN];
    bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
    Pseudonym::new(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    #[test]
    fn a_signature_holds_for_its_bytes_and_key_only() {
        let signature = sign(&key(), b"abc");
        let public = key().verifying_key().to_bytes();
        assert_eq!(verify(&public, b"abc", &signature), Ok(()));
        assert_eq!(verify(&public, b"abd", &signature), Err(BadSignature));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
        assert_eq!(verify(&other, b"abc", &signature), Err(BadSignature));
    }

    #[test]
    fn a_leaf_reads_back_as_it_was_written_and_no_byte_may_change_its_form() {
        let leaf = Leaf {
            target_id: TargetId::new([2; 16]),
            target: Oin::parse("00000099000000001000").unwrap(),
            header: Digest::new([3; 32]),
            detail: Digest::new([4; 32]),
            on: Digest::new([5; 32]),
            rulings: vec![Ruling {
                category: Category::parse("G05").unwrap(),
                verdict: Verdict::Permit,
                cap: Tier::T3,
            }],
            decided_at: Timestamp::from_ms(5),
        };
        let bytes = leaf.canonical();
        assert_eq!(Leaf::parse(&bytes), Ok(leaf));
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 0x80;
            let read = Leaf::parse(&changed);
            assert!(read.is_err() || read.unwrap().canonical() == changed, "byte {index}");
        }
    }

    #[test]
    fn a_small_order_key_is_refused() {
        // The identity point: with it, a lax verifier accepts anything.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(verify(&identity, b"anything", &signature), Err(BadSignature));
    }

    #[test]
    fn a_subject_tag_binds_child_target_and_question() {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let id = TargetId::new([1; 16]);
        let tag = subject_tag(&id, &oin, b"999940004");
        assert_ne!(tag, subject_tag(&id, &oin, b"999940016"));
        assert_ne!(tag, subject_tag(&TargetId::new([2; 16]), &oin, b"999940004"));
    }

    #[test]
    fn a_count_of_waiting_notices_binds_node_number_and_moment() {
        let oin = |text| Oin::parse(text).unwrap();
        let (node, other) = (oin("00000099000000001000"), oin("00000099000000002000"));
        let at = Timestamp::from_ms(5);
        let bytes = waiting_bytes(&node, 3, at);
        assert_eq!(bytes, waiting_bytes(&node, 3, at));
        assert_ne!(bytes, waiting_bytes(&other, 3, at));
        assert_ne!(bytes, waiting_bytes(&node, 0, at));
        assert_ne!(bytes, waiting_bytes(&node, 3, Timestamp::from_ms(6)));
        let label = b"grondslag/waiting-notices/v1";
        assert!(bytes.windows(label.len()).any(|part| part == label), "a label of its own");
    }

    #[test]
    fn pseudonyms_differ_per_node_and_person() {
        let a = pseudonym_of(&[1; 32], "n.deboer");
        assert_eq!(a, pseudonym_of(&[1; 32], "n.deboer"));
        assert_ne!(a, pseudonym_of(&[2; 32], "n.deboer"));
        assert_ne!(a, pseudonym_of(&[1; 32], "m.deboer"));
    }
}
