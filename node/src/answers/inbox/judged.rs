//! What a person decided on a question.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Ground, Kind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, StaffId};
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Tier, Verdict};
use grondslag_policy::{Approved, Pack};
use grondslag_proto::v1;
use serde::{Deserialize, Serialize};

use super::again::Again;
use super::{InReview, Item};

/// A decision, and how far it has come.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Judged {
    pub(super) by: StaffId,
    pub(super) role: Role,
    pub(super) at: Timestamp,
    pub(super) lines: Vec<JudgedLine>,
    /// Why, without names.
    pub(super) reason: String,
    /// Hexadecimal.
    pub(super) salt: String,
    /// Where it stands in the node's ledger.
    pub(super) leaf: u64,
    pub(super) second: Second,
    /// When it was said to the asker.
    pub(super) said: Option<Timestamp>,
}

/// Whether a second person of this agency must confirm.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Second {
    NotWanted,
    Wanted,
    By(StaffId),
}

/// What was decided of one category.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct JudgedLine {
    pub(super) category: Category,
    pub(super) say: Say,
}

/// What is said of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Say {
    /// It is given, up to a tier.
    Give(Tier),
    /// It is not, on a ground; the asker is told so or hears nothing.
    Withhold { ground: Ground, named: bool },
    /// Another kind of party is to be asked.
    Refer(Kind),
}

grondslag_core::unprinted!(Judged Second JudgedLine Say);

impl Judged {
    pub(super) fn waits_for_second(&self) -> bool {
        self.second == Second::Wanted
    }

    pub(super) fn say(&self, category: &Category) -> Option<&Say> {
        self.lines.iter().find(|line| line.category == *category).map(|line| &line.say)
    }

    /// What was decided to be given: what its record is about.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for a salt that is none.
    pub(super) fn approved(&self, question: Digest) -> Result<Approved, Reason> {
        let salt = Digest::parse(&self.salt).map_err(|_| Reason::StoreCorrupt)?;
        Ok(approved(question, &self.lines, *salt.as_bytes()))
    }
}

/// What is given of what was decided.
pub(super) fn approved(question: Digest, lines: &[JudgedLine], salt: [u8; 32]) -> Approved {
    let given = lines.iter().filter_map(|line| match line.say {
        Say::Give(tier) => Some((line.category.clone(), tier)),
        Say::Withhold { .. } | Say::Refer(_) => None,
    });
    Approved { question, given: given.collect(), salt }
}

/// Reads a decision, and holds it against the item, the rules and the facts of now: something of
/// every category in review, and nothing that the rules do not allow.
///
/// # Errors
/// `REVIEW_LINES`, `MORE_THAN_PERMITTED`, `REVIEW_GROUND`, `REVIEW_NAMED`, or what is wrong with a
/// word.
pub(super) fn read(
    wire: Vec<v1::JudgedLine>,
    item: &Item,
    (pack, again): (&Pack, &Again),
) -> Result<Vec<JudgedLine>, Reason> {
    let mut seen = BTreeSet::new();
    let lines = wire.into_iter().map(|wire| {
        let category = Category::parse(&wire.category).map_err(|_| Reason::UnknownCategory)?;
        let in_review = item.line(&category).ok_or(Reason::ReviewLines)?;
        if !seen.insert(category.clone()) {
            return Err(Reason::ReviewLines);
        }
        let say = say(&wire, in_review, pack)?;
        if let Say::Give(tier) = say
            && !may_give(again, &category, tier)
        {
            return Err(Reason::MoreThanPermitted);
        }
        Ok(JudgedLine { category, say })
    });
    let lines = lines.collect::<Result<Vec<_>, Reason>>()?;
    if lines.len() == item.lines.len() { Ok(lines) } else { Err(Reason::ReviewLines) }
}

fn say(wire: &v1::JudgedLine, in_review: &InReview, pack: &Pack) -> Result<Say, Reason> {
    match wire.say.as_str() {
        "give" if wire.ground.is_empty() => {
            let tier: Tier = wire.tier.parse().map_err(|_| Reason::ReviewLines)?;
            // Up to T0 would tell nothing.
            let gives = tier > Tier::T0;
            if gives { Ok(Say::Give(tier)) } else { Err(Reason::ReviewLines) }
        }
        "withhold" => {
            let ground = Ground::parse(&wire.ground).map_err(|_| Reason::ReviewGround)?;
            if !pack.catalogue().reviewing().may_refuse_on(&ground) {
                return Err(Reason::ReviewGround);
            }
            if in_review.named && !wire.named {
                return Err(Reason::ReviewNamed);
            }
            Ok(Say::Withhold { ground, named: wire.named })
        }
        "refer" if wire.ground.is_empty() => {
            let kind = Kind::parse(&wire.refer_to).ok();
            let kind = kind.filter(|kind| pack.catalogue().kind(kind).is_some());
            kind.map(Say::Refer).ok_or(Reason::ReviewLines)
        }
        "give" | "refer" => Err(Reason::ReviewGround),
        _ => Err(Reason::ReviewLines),
    }
}

/// The rules allow a category up to that tier now, if a person says so.
fn may_give(again: &Again, category: &Category, tier: Tier) -> bool {
    let decided = again.decided.categories.iter().find(|one| one.category == *category);
    decided.is_some_and(|one| one.verdict() != Verdict::Refuse && tier <= one.tier_open())
}

impl From<&Judged> for v1::Judgement {
    fn from(judged: &Judged) -> Self {
        let second = match &judged.second {
            Second::By(staff) => staff.as_str().to_owned(),
            Second::NotWanted | Second::Wanted => String::new(),
        };
        Self {
            lines: judged.lines.iter().map(v1::JudgedLine::from).collect(),
            reason: judged.reason.clone(),
            staff_id: judged.by.as_str().to_owned(),
            at_ms: judged.at.ms(),
            second_staff_id: second,
            said_at_ms: judged.said.map_or(0, Timestamp::ms),
        }
    }
}

impl From<&JudgedLine> for v1::JudgedLine {
    fn from(line: &JudgedLine) -> Self {
        let wire = Self { category: line.category.to_string(), ..Self::default() };
        match &line.say {
            Say::Give(tier) => Self { say: "give".into(), tier: tier.to_string(), ..wire },
            Say::Withhold { ground, named } => {
                Self { say: "withhold".into(), ground: ground.to_string(), named: *named, ..wire }
            }
            Say::Refer(kind) => {
                Self { say: "refer".into(), refer_to: kind.to_string(), named: true, ..wire }
            }
        }
    }
}
