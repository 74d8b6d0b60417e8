//! What a person decided on a question.

use std::collections::BTreeSet;

use grondslag_core::answer::About;
use grondslag_core::catalogue::{Category, Ground, Kind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, StaffId};
use grondslag_core::reason::Reason;
use grondslag_core::reviewing::Said;
use grondslag_core::tier::Tier;
use grondslag_policy::{Approved, Pack};
use grondslag_proto::v1;
use serde::{Deserialize, Serialize};

use super::again::{Again, wants_second};
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
    /// Whether the asker might know of involvement when it was decided.
    pub(super) nameable: bool,
    pub(super) said: Option<Telling>,
}

/// That it was said to the asker.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Telling {
    pub(super) at: Timestamp,
    /// Of which categories something was told.
    pub(super) told: Vec<Category>,
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
    /// It is given up to a tier, of the files that the reviewer saw.
    Give { tier: Tier, files: Vec<About> },
    /// It is not, on a ground; the asker is told so or hears nothing.
    Withhold { ground: Ground, named: bool },
    /// Another kind of party is to be asked.
    Refer(Kind),
}

grondslag_core::unprinted!(Judged Telling Second JudgedLine Say);

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
        let salt = *Digest::parse(&self.salt).map_err(|_| Reason::StoreCorrupt)?.as_bytes();
        let mut given = Vec::new();
        for JudgedLine { category, say } in &self.lines {
            if let Say::Give { tier, files } = say {
                given.extend(files.iter().map(|about| (category.clone(), *about, *tier)));
            }
        }
        let confirmed = matches!(self.second, Second::By(_));
        Ok(Approved { question, given, confirmed, salt })
    }
}

/// Whether a second person of this agency must confirm: of whatever tells the asker something.
pub(super) fn needs_second(again: &Again, lines: &[JudgedLine]) -> bool {
    let tells = |line: &&JudgedLine| !matches!(line.say, Say::Withhold { named: false, .. });
    lines.iter().filter(tells).any(|line| {
        let mut decided = again.decided.categories.iter();
        let decided = decided.find(|one| one.category == line.category);
        decided.is_some_and(|one| {
            one.rulings.iter().any(|(decision, _)| wants_second(&again.in_force, decision))
        })
    })
}

/// Reads a decision, and holds it against the item, the rules and the facts of now: something of
/// every category in review, and nothing that the rules do not allow.
///
/// # Errors
/// `REVIEW_LINES`, `REVIEW_WORD`, `MORE_THAN_PERMITTED`, `REVIEW_GROUND`, `REVIEW_NAMED`, or
/// `UNKNOWN_CATEGORY`.
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
        let say = say(&wire, in_review, (pack, again))?;
        Ok(JudgedLine { category, say })
    });
    let lines = lines.collect::<Result<Vec<_>, Reason>>()?;
    if lines.len() == item.lines.len() { Ok(lines) } else { Err(Reason::ReviewLines) }
}

fn say(
    wire: &v1::JudgedLine,
    in_review: &InReview,
    (pack, again): (&Pack, &Again),
) -> Result<Say, Reason> {
    let said: Said = wire.say.parse().map_err(|_| Reason::ReviewWord)?;
    if said != Said::Withhold && !wire.ground.is_empty() {
        return Err(Reason::ReviewGround);
    }
    match said {
        Said::Give => {
            // Up to T0 would tell nothing.
            let tier = wire.tier.parse().ok().filter(|tier| *tier > Tier::T0);
            let tier = tier.ok_or(Reason::ReviewWord)?;
            Ok(Say::Give { tier, files: open_files(again, in_review, tier)? })
        }
        Said::Withhold => {
            let ground = Ground::parse(&wire.ground).map_err(|_| Reason::ReviewGround)?;
            if !pack.catalogue().reviewing().may_refuse_on(&ground) {
                return Err(Reason::ReviewGround);
            }
            if in_review.named && !wire.named {
                return Err(Reason::ReviewNamed);
            }
            Ok(Say::Withhold { ground, named: wire.named })
        }
        Said::Refer => {
            let kind = Kind::parse(&wire.refer_to).ok();
            // Nobody is sent to a shelter: that it is one of them is not told.
            let kind = kind.filter(|kind| pack.catalogue().kind(kind).is_some());
            let kind = kind.filter(|kind| !kind.is_shelter());
            kind.map(Say::Refer).ok_or(Reason::ReviewWord)
        }
    }
}

/// The files in review that the rules allow up to that tier now, if a person says so: those that
/// the reviewer saw.
fn open_files(again: &Again, in_review: &InReview, tier: Tier) -> Result<Vec<About>, Reason> {
    let mut decided = again.decided.categories.iter();
    let decided = decided.find(|one| one.category == in_review.category);
    let rulings = decided.map(|one| one.open(&in_review.files)).unwrap_or_default();
    let most = rulings.iter().map(|(decision, _)| decision.tier).max();
    if most.is_none_or(|most| tier > most) {
        return Err(Reason::MoreThanPermitted);
    }
    Ok(rulings.iter().map(|(_, ruled)| ruled.about()).collect())
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
            said_at_ms: judged.said.as_ref().map_or(0, |said| said.at.ms()),
        }
    }
}

impl From<&JudgedLine> for v1::JudgedLine {
    fn from(line: &JudgedLine) -> Self {
        let wire = Self { category: line.category.to_string(), ..Self::default() };
        match &line.say {
            Say::Give { tier, .. } => {
                Self { say: Said::Give.to_string(), tier: tier.to_string(), ..wire }
            }
            Say::Withhold { ground, named } => {
                let (say, ground) = (Said::Withhold.to_string(), ground.to_string());
                Self { say, ground, named: *named, ..wire }
            }
            Say::Refer(kind) => {
                let (say, refer_to) = (Said::Refer.to_string(), kind.to_string());
                Self { say, refer_to, named: true, ..wire }
            }
        }
    }
}
