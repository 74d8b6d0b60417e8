//! A question as the broker sees it: a header, and per target what only that target may read.

mod asked;

use crate::blind::{Element, Proof};
use crate::canonical::Canonical;
use crate::catalogue::{Category, Ground, Purpose, QueryKind, Role};
use crate::clock::Timestamp;
use crate::id::{Digest, InquiryId, Oin, Pseudonym, TargetId};
use crate::limits::{
    ANSWER_TERM_MS_MAX, APPROVERS_MAX, ASK_LIFE_MS_MAX, CATEGORIES_MAX, CLOCK_SKEW_MS_MAX,
    DETAIL_BYTES, GROUNDS_MAX, TARGETS_MAX,
};
use crate::reason::Reason;
use crate::tier::{Level, Urgency};

pub use self::asked::AskedOf;

/// The three times of a question (design 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Until when broker and key holders take it; at most five minutes later.
    pub ask_expires_at: Timestamp,
    /// The law's term: until when the holder may answer.
    pub answer_by: Timestamp,
}

impl Times {
    /// Checks order and length, then freshness at `now`.
    ///
    /// # Errors
    /// `TIMES_INVALID`, `QUESTION_FROM_FUTURE` or `QUESTION_EXPIRED`.
    pub fn check_fresh(&self, now: Timestamp) -> Result<(), Reason> {
        self.check_order()?;
        if self.asked_at.since_ms(now) > CLOCK_SKEW_MS_MAX {
            return Err(Reason::QuestionFromFuture);
        }
        if now.since_ms(self.ask_expires_at) > CLOCK_SKEW_MS_MAX {
            return Err(Reason::QuestionExpired);
        }
        Ok(())
    }

    /// What a holder checks: a question may wait for it until `answer_by`.
    ///
    /// # Errors
    /// As [`Times::check_fresh`].
    pub fn check_answerable(&self, now: Timestamp) -> Result<(), Reason> {
        self.check_order()?;
        if self.asked_at.since_ms(now) > CLOCK_SKEW_MS_MAX {
            return Err(Reason::QuestionFromFuture);
        }
        if now > self.answer_by {
            return Err(Reason::QuestionExpired);
        }
        Ok(())
    }

    fn check_order(&self) -> Result<(), Reason> {
        let life = self.ask_expires_at.since_ms(self.asked_at);
        let term = self.answer_by.since_ms(self.asked_at);
        let ordered =
            (1..=ASK_LIFE_MS_MAX).contains(&life) && (life..=ANSWER_TERM_MS_MAX).contains(&term);
        if ordered { Ok(()) } else { Err(Reason::TimesInvalid) }
    }
}

/// A second person as shown outside their node, vouched for with the asker's sign key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// The person, meaningless outside.
    pub pseudonym: Pseudonym,
    /// The role in which they approve.
    pub role: Role,
    /// When their mandate ends.
    pub mandate_until: Timestamp,
    /// Their own desk key, Ed25519.
    pub public_key: [u8; 32],
    /// Signature of the asker's card key over the four fields above.
    pub vouched: [u8; 64],
}

/// A second person's signature for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Which approver of the header.
    pub pseudonym: Pseudonym,
    /// Commitment to the child, salted; the salt stays at the asker's node.
    pub commitment: Digest,
    /// Ed25519 signature of the person's own desk key.
    pub signature: [u8; 64],
}

/// What broker and every target may see of a question. It does not hold the inquiry id, which
/// never reaches a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The asking agency.
    pub asker: Oin,
    /// The role in which the person asks.
    pub role: Role,
    /// The person, meaningless outside.
    pub staff: Pseudonym,
    /// What for.
    pub purpose: Purpose,
    /// What sort of question.
    pub kind: QueryKind,
    /// The legal grounds that the asker claims.
    pub grounds: Vec<Ground>,
    /// How soon.
    pub urgency: Urgency,
    /// Asked alone in acute danger; looked at afterwards.
    pub break_glass: bool,
    /// About a person, or counts.
    pub level: Level,
    /// Epoch of the pseudonyms.
    pub epoch: u32,
    /// The rules that the asker used.
    pub bundle: Digest,
    /// The three times.
    pub times: Times,
    /// Second persons.
    pub approvers: Vec<Approver>,
}

/// The part of a question for one target.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// What is asked.
    pub categories: Vec<Category>,
    /// Second persons' signatures for this target.
    pub approvals: Vec<Approval>,
    /// Sealed: what only the target may read. Always of one length.
    pub detail: Vec<u8>,
    /// The asker's signature over this part (`statement`).
    pub signature: [u8; 64],
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part").field("categories", &self.categories).finish_non_exhaustive()
    }
}

impl Header {
    /// Structural bounds that hold for every reader of a header.
    ///
    /// # Errors
    /// `TOO_LARGE` when a list is longer than its bound.
    pub fn check_bounds(&self) -> Result<(), Reason> {
        let bounded = self.grounds.len() <= GROUNDS_MAX && self.approvers.len() <= APPROVERS_MAX;
        if bounded { Ok(()) } else { Err(Reason::TooLarge) }
    }
}

impl Part {
    /// Structural bounds that hold for every reader of a part.
    ///
    /// # Errors
    /// `CATEGORIES_NONE`, `TOO_LARGE`, or `SEAL_INVALID` for a detail of another length.
    pub fn check_bounds(&self) -> Result<(), Reason> {
        if self.categories.is_empty() {
            return Err(Reason::CategoriesNone);
        }
        let bounded = self.categories.len() <= CATEGORIES_MAX
            && self.approvals.len() <= APPROVERS_MAX
            && self.detail.len() <= DETAIL_BYTES;
        if !bounded {
            return Err(Reason::TooLarge);
        }
        // Any other length would tell something of what it holds.
        if self.detail.len() == DETAIL_BYTES { Ok(()) } else { Err(Reason::SealInvalid) }
    }
}

impl Approver {
    /// The bytes that the asker's card key vouches for.
    pub fn vouch_bytes(&self, asker: &Oin) -> Vec<u8> {
        Canonical::new("grondslag/approver/v1")
            .text(asker.as_str())
            .bytes(self.pseudonym.as_bytes())
            .text(self.role.as_str())
            .signed(self.mandate_until.ms())
            .bytes(&self.public_key)
            .finish()
    }
}

/// A question that is well formed and fresh. Only [`Inquiry::parse`] makes one.
///
/// ```compile_fail,E0451
/// use grondslag_core::inquiry::{Inquiry, RawInquiry};
/// fn forge(raw: RawInquiry) -> Inquiry {
///     let RawInquiry { id, attempt, header, parts, hidden, signature } = raw;
///     Inquiry { id, attempt, header, parts, hidden, signature }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inquiry {
    id: InquiryId,
    attempt: u8,
    header: Header,
    parts: Vec<(Oin, Part)>,
    hidden: Hidden,
    signature: [u8; 64],
}

/// The number that a question is about, as broker and key holders see it (`blind`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// r G.
    pub one: Element,
    /// Per target M + r X, in the order of the parts.
    pub two: Vec<Element>,
    /// That all hide one number and belong to this question.
    pub proof: Proof,
}

/// A question as it comes off the wire, before anything is checked.
#[derive(Debug, Clone)]
pub struct RawInquiry {
    /// Minted by the asker.
    pub id: InquiryId,
    /// 1, or 2 for targets that answered with a stale code.
    pub attempt: u8,
    /// What broker and targets may see.
    pub header: Header,
    /// Per target.
    pub parts: Vec<(Oin, Part)>,
    /// About whom, hidden.
    pub hidden: Hidden,
    /// The asker's signature over the whole, for broker and key holders.
    pub signature: [u8; 64],
}

impl Inquiry {
    /// Checks form, bounds and freshness. It checks no signature: that needs the asker's card.
    ///
    /// # Errors
    /// The reason code of what is wrong.
    pub fn parse(raw: RawInquiry, now: Timestamp) -> Result<Self, Reason> {
        let RawInquiry { id, attempt, header, parts, hidden, signature } = raw;
        if parts.is_empty() {
            return Err(Reason::TargetsNone);
        }
        if parts.len() > TARGETS_MAX {
            return Err(Reason::TargetsTooMany);
        }
        if !(1..=2).contains(&attempt) || hidden.two.len() != parts.len() {
            return Err(Reason::Malformed);
        }
        header.check_bounds()?;
        parts.iter().try_for_each(|(_, part)| part.check_bounds())?;
        let mut targets: Vec<&Oin> = parts.iter().map(|(oin, _)| oin).collect();
        targets.sort_unstable();
        targets.dedup();
        if targets.len() != parts.len() {
            return Err(Reason::TargetTwice);
        }
        header.times.check_fresh(now)?;
        Ok(Self { id, attempt, header, parts, hidden, signature })
    }

    /// The inquiry's id, known to asker, broker and key holders only.
    pub fn id(&self) -> &InquiryId {
        &self.id
    }

    /// 1 or 2.
    pub fn attempt(&self) -> u8 {
        self.attempt
    }

    /// What broker and targets may see.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Per target what is asked, in the asker's order.
    pub fn parts(&self) -> &[(Oin, Part)] {
        &self.parts
    }

    /// About whom, hidden.
    pub fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// The asker's signature over the whole.
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Digest of everything the broker received: what a replay is compared with.
    pub fn digest(&self) -> Digest {
        self.whole().digest()
    }

    /// What broker and key holders get of it.
    pub fn whole(&self) -> Whole {
        let Hidden { one, two, .. } = &self.hidden;
        Whole::of(&self.id, self.attempt, &self.header, &self.parts, *one, two)
    }
}

/// What the asker signs for broker and key holders (protocol, decision d), and all that a key
/// holder elsewhere gets to see: not who asks in which role, not what for, not what is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Minted by the asker.
    pub id: InquiryId,
    /// 1, or 2 for targets that answered with a stale code.
    pub attempt: u8,
    /// The asking agency: whose signature it is.
    pub asker: Oin,
    /// Epoch of the pseudonyms.
    pub epoch: u32,
    /// Until when broker and key holders take it.
    pub ask_expires_at: Timestamp,
    /// r G.
    pub one: Element,
    /// Per target, in the asker's order.
    pub targets: Vec<WholeTarget>,
}

/// What broker and key holders get for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeTarget {
    /// The target.
    pub oin: Oin,
    /// M + r X.
    pub two: Element,
    /// Digest of the asker's statement for it.
    pub statement: Digest,
}

impl Whole {
    /// Of a question's parts and what hides its number; `two` is in the order of the parts.
    pub fn of(
        id: &InquiryId,
        attempt: u8,
        header: &Header,
        parts: &[(Oin, Part)],
        one: Element,
        two: &[Element],
    ) -> Self {
        let targets = parts.iter().zip(two).map(|((oin, part), two)| {
            let target = TargetId::derive(id, oin);
            let statement = Digest::of(&crate::statement::ask_bytes(&target, oin, header, part));
            WholeTarget { oin: oin.clone(), two: *two, statement }
        });
        Self {
            id: *id,
            attempt,
            asker: header.asker.clone(),
            epoch: header.epoch,
            ask_expires_at: header.times.ask_expires_at,
            one,
            targets: targets.collect(),
        }
    }

    /// Whether it is taken at this moment. It holds no moment of asking: an expiry further off than
    /// any question's life is of the future.
    ///
    /// # Errors
    /// `QUESTION_EXPIRED` or `QUESTION_FROM_FUTURE`.
    pub fn check_fresh(&self, now: Timestamp) -> Result<(), Reason> {
        let left = self.ask_expires_at.since_ms(now);
        if left < -CLOCK_SKEW_MS_MAX {
            return Err(Reason::QuestionExpired);
        }
        let longest = ASK_LIFE_MS_MAX + CLOCK_SKEW_MS_MAX;
        if left > longest { Err(Reason::QuestionFromFuture) } else { Ok(()) }
    }

    /// What a replay is compared with, and what the proof of the hidden number is bound to.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.signed_bytes())
    }

    /// The bytes of the asker's signature: id, attempt, epoch, expiry, r G, and per target its OIN,
    /// its hidden number and the digest of its statement.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let start = Canonical::new("grondslag/inquiry/v1")
            .bytes(self.id.as_bytes())
            .number(self.attempt.into())
            .number(self.epoch.into())
            .signed(self.ask_expires_at.ms())
            .bytes(&self.one.bytes())
            .number(u64::try_from(self.targets.len()).unwrap_or(u64::MAX));
        let bytes = self.targets.iter().fold(start, |out, target| {
            out.text(target.oin.as_str())
                .bytes(&target.two.bytes())
                .bytes(target.statement.as_bytes())
        });
        bytes.finish()
    }
}

#[cfg(test)]
#[path = "inquiry_tests.rs"]
pub(crate) mod tests;
