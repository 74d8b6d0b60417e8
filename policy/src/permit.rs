//! A permit is a value that only the table makes; without one nothing can be released.

use std::fmt;

use grondslag_core::answer::{About, Entry, Mark, Record};
use grondslag_core::canonical::Canonical;
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::durable::Durable;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};

use crate::decide::Decision;
use crate::facts::{FactError, Facts};
use crate::overlay::Overlay;
use crate::pack::Pack;

/// Obligation that hides every place, as in the catalogue.
const HIDE_PLACE: &str = "adres_schermen";
/// Label of what a person's decision is the digest of.
const APPROVED: &str = "grondslag/approved/v1";
/// The lowest tier that tells where a record comes from and since when (domain 3.2: T3 is
/// "status facts: since, phase, ...").
const STATUS_TIER: Tier = Tier::T3;

/// What a holder asks of the table: one category of one person's file, on verified facts.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Digest of the question as this target got it; permit, receipt and release compare it.
    pub question: Digest,
    /// The category. It overrides the one in `facts`.
    pub category: &'a Category,
    /// Whose file. It overrides the one in `facts`: a parent's file is not the child's.
    pub about: About,
    /// Facts with single values.
    pub facts: &'a Facts,
    /// The node's own rows.
    pub overlay: Option<&'a Overlay>,
    /// The broker's cap; the holder takes the minimum.
    pub cap: Tier,
    /// The facts conflict: a permit becomes a review.
    pub held: bool,
    /// The moment of the decision.
    pub on: Timestamp,
}

/// What the table ruled.
#[derive(Debug)]
#[must_use = "a ruling is either released, put before a person, or refused"]
pub enum Ruled {
    /// May be released.
    Permit(Permit),
    /// A person decides.
    Review(Review),
    /// May not be released.
    Refuse(Refusal),
}

impl Ruled {
    /// Whose file.
    pub fn about(&self) -> About {
        match self {
            Self::Permit(permit) => permit.about(),
            Self::Review(review) => review.about(),
            Self::Refuse(refusal) => refusal.about,
        }
    }
}

/// The right to release one category of one person's file, up to a tier, for one question.
/// [`Pack::rule`] and [`Review::approve`] alone make it; it cannot be copied, stored or made up.
///
/// ```compile_fail
/// fn wider(permit: grondslag_policy::Permit, other: grondslag_policy::Permit) {
///     let _made_up = grondslag_policy::Permit(other.0);
/// }
/// ```
///
/// ```compile_fail
/// fn twice(permit: &grondslag_policy::Permit) -> grondslag_policy::Permit {
///     permit.clone()
/// }
/// ```
///
/// ```compile_fail
/// fn store(permit: &grondslag_policy::Permit) -> String {
///     serde_json::to_string(permit).unwrap()
/// }
/// ```
#[derive(Debug)]
#[must_use = "a permit is consumed by a release"]
pub struct Permit(Scope);

/// What may be told to one question: a category of one person's file, up to a tier.
#[derive(Debug, PartialEq, Eq)]
struct Scope {
    question: Digest,
    category: Category,
    about: About,
    tier: Tier,
    hide_place: bool,
}

/// A person of the holder decides, up to a tier. It gives no access by itself, and [`Pack::rule`]
/// alone makes it, for it becomes a permit once a person approved.
///
/// ```compile_fail
/// fn forge(permit: grondslag_policy::Permit) -> grondslag_policy::Review {
///     grondslag_policy::Review(permit.0)
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a person decides on a review"]
pub struct Review(Scope);

/// What a person of the holder decided to give: which categories, and of each up to where. What is
/// recorded of it is about [`Approved::digest`], so that no receipt of another decision opens
/// anything.
#[derive(Clone, PartialEq, Eq)]
pub struct Approved {
    /// Digest of the question.
    pub question: Digest,
    /// Whose file of which category, up to which tier.
    pub given: Vec<(Category, About, Tier)>,
    /// A second person confirmed it.
    pub confirmed: bool,
    /// Random, so that nobody can try out what was decided.
    pub salt: [u8; 32],
}

/// A review does not become a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this decision, or what shows that it lasts, is of another question or file")]
pub struct NotApproved;

/// A refusal is data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The category.
    pub category: Category,
    /// Whose file.
    pub about: About,
    /// `NO_RULE`, `DENIED_BY_RULE` or `NEEDS_SECOND_PERSON`.
    pub reason: Reason,
}

/// What may leave: the permitted category, cut to the permitted tier, redacted.
/// [`Permit::minimise`] alone makes it.
///
/// ```compile_fail
/// use grondslag_core::id::Digest;
/// let leak = grondslag_policy::Minimised { question: Digest::new([0; 32]), entries: vec![] };
/// ```
#[derive(PartialEq, Eq)]
pub struct Minimised {
    question: Digest,
    entries: Vec<Entry>,
}

impl Pack {
    /// Decides at the holder and makes the permit where there is one. The decision's tier is
    /// already the minimum with the broker's cap; what would be open up to T0 only tells nothing
    /// and is refused, so that an empty release never reads as "no record".
    ///
    /// # Errors
    /// [`FactError`] when a fact has not exactly one value, or the category is not in the
    /// catalogue: fail closed.
    pub fn rule(&self, asked: &Asked<'_>) -> Result<(Decision, Ruled), FactError> {
        let mut facts = *asked.facts;
        self.set(&mut facts, "category", asked.category.as_str())?;
        if self.catalogue().known().about.is_some() {
            self.set(&mut facts, "about", asked.about.word())?;
        }
        let mut decision = self.decide_with(&facts, asked.overlay, asked.on)?;
        decision.tier = decision.tier.min(asked.cap);
        decision.refuse_what_tells_nothing();
        if asked.held && decision.verdict == Verdict::Permit {
            decision.verdict = Verdict::Review;
            decision.reason = Some(Reason::FactsConflict);
        }
        let ruled = self.ruled(asked, &facts, &decision);
        Ok((decision, ruled))
    }

    fn ruled(&self, asked: &Asked<'_>, facts: &Facts, decision: &Decision) -> Ruled {
        let scope = Scope {
            question: asked.question,
            category: asked.category.clone(),
            about: asked.about,
            tier: decision.tier,
            hide_place: self.shielded(facts)
                || decision.obligations.iter().any(|duty| duty == HIDE_PLACE),
        };
        match decision.verdict {
            Verdict::Permit => Ruled::Permit(Permit(scope)),
            Verdict::Review => Ruled::Review(Review(scope)),
            Verdict::Refuse => Ruled::Refuse(Refusal {
                category: scope.category,
                about: scope.about,
                reason: decision.reason.unwrap_or(Reason::NoRule),
            }),
        }
    }

    /// The subject's place is secret, or may be.
    fn shielded(&self, facts: &Facts) -> bool {
        let Some(column) = self.catalogue().known().subject_shielded else {
            return false;
        };
        let open = self.value("subject_shielded", "no");
        open.map_or(true, |open| facts.region().of(column) != open.bit())
    }
}

impl Approved {
    /// Up to where the file of one person is given; nothing for one that is not.
    pub fn tier(&self, category: &Category, about: About) -> Option<Tier> {
        let mut given = self.given.iter();
        given.find(|(one, whose, _)| one == category && *whose == about).map(|(.., tier)| *tier)
    }

    /// What the record of the decision is about.
    pub fn digest(&self) -> Digest {
        let given = self.given.iter();
        let given: Vec<String> =
            given.map(|(category, about, tier)| format!("{category} {about} {tier}")).collect();
        let bytes = Canonical::new(APPROVED)
            .bytes(self.question.as_bytes())
            .list(given.iter())
            .flag(self.confirmed)
            .bytes(&self.salt);
        Digest::of(&bytes.finish())
    }
}

impl fmt::Debug for Approved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Approved(…)")
    }
}

impl Review {
    /// Whose file.
    pub fn about(&self) -> About {
        self.0.about
    }

    /// The category.
    pub fn category(&self) -> &Category {
        &self.0.category
    }

    /// Up to where it may be permitted.
    pub fn tier(&self) -> Tier {
        self.0.tier
    }

    /// What a permit up to its own tier would let out, for the one who decides. It cannot be
    /// released.
    pub fn preview(&self, records: &[Record], now: Timestamp) -> Vec<Entry> {
        self.0.entries(self.0.tier, records, &[], now)
    }

    /// The permit, once a person decided so and that decision lasts: up to the lower of the rule's
    /// tier and theirs.
    ///
    /// # Errors
    /// [`NotApproved`] for a decision on another question, one that does not give this file, or
    /// evidence of another decision.
    pub fn approve(self, approved: &Approved, lasts: &impl Durable) -> Result<Permit, NotApproved> {
        let tier = approved.tier(&self.0.category, self.0.about).ok_or(NotApproved)?;
        if approved.question != self.0.question || lasts.about() != approved.digest() {
            return Err(NotApproved);
        }
        Ok(Permit(self.0).up_to(tier))
    }
}

impl Permit {
    /// The same up to no more than a tier.
    pub fn up_to(self, tier: Tier) -> Self {
        Self(Scope { tier: self.0.tier.min(tier), ..self.0 })
    }

    /// Digest of the question.
    pub fn question(&self) -> Digest {
        self.0.question
    }

    /// The category.
    pub fn category(&self) -> &Category {
        &self.0.category
    }

    /// Whose file.
    pub fn about(&self) -> About {
        self.0.about
    }

    /// Up to where.
    pub fn tier(&self) -> Tier {
        self.0.tier
    }

    /// Keeps the records of this category and person that existed at `now`, the layers up to the
    /// permitted tier, and of those what is not hidden. Third parties and reporters are always
    /// hidden, places when the subject is shielded (domain 4a.6), and what `hide` adds.
    ///
    /// Below T3 an entry tells neither its source nor its date: its date is then the moment of
    /// the answer, and entries that say the same are one.
    pub fn minimise(&self, records: &[Record], hide: &[Mark], now: Timestamp) -> Minimised {
        let entries = self.0.entries(self.0.tier, records, hide, now);
        Minimised { question: self.0.question, entries }
    }
}

impl Scope {
    fn entries(&self, tier: Tier, records: &[Record], hide: &[Mark], now: Timestamp) -> Vec<Entry> {
        let mut hidden = vec![Mark::Third, Mark::Reporter];
        hidden.extend(self.hide_place.then_some(Mark::Place));
        hidden.extend(hide);
        let mut entries = Vec::new();
        for record in records.iter().filter(|record| self.covers(record, now)) {
            let entry = entry(tier, record, &hidden);
            let told = !entry.texts.is_empty();
            if told && (tier >= STATUS_TIER || !entries.contains(&entry)) {
                entries.push(entry);
            }
        }
        entries
    }

    fn covers(&self, record: &Record, now: Timestamp) -> bool {
        record.category == self.category && record.about == self.about && record.dated <= now
    }
}

fn entry(tier: Tier, record: &Record, hidden: &[Mark]) -> Entry {
    let mut redacted = false;
    let layers = record.layers.range(..=tier);
    let texts = layers
        .map(|(tier, layer)| {
            let (text, left_out) = layer.without(hidden);
            redacted |= left_out;
            (*tier, text)
        })
        .collect();
    let status = tier >= STATUS_TIER;
    Entry {
        about: record.about,
        dated: status.then_some(record.dated),
        source: if status { record.source.clone() } else { String::new() },
        texts,
        redacted,
    }
}

impl Minimised {
    /// Digest of the question that it answers.
    pub fn question(&self) -> Digest {
        self.question
    }

    /// What may be told.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What may be told, to be sealed.
    pub fn into_entries(self) -> Vec<Entry> {
        self.entries
    }
}

impl fmt::Debug for Minimised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Minimised(…)")
    }
}

#[cfg(test)]
mod tests;
