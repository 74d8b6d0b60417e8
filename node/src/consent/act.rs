//! What is written down: what somebody said, and who may speak for a child.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Kind, Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Digest, Oin, StaffId};
use grondslag_policy::consent::Capacity;
use grondslag_policy::consent::acts;
use grondslag_subject::{BirthDate, Name};
use serde::{Deserialize, Serialize};

/// Somebody whose word may count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Speaker {
    /// Whom it is about.
    Subject,
    /// Somebody else, by what identifies a person where their number may not be used (Jeugdwet
    /// 7.2.4).
    Person(Named),
    /// An agency that is guardian.
    Agency(Oin),
}

/// Name and date of birth. Large and small letters make no difference, anything else does: who is
/// written in two ways is two people, and the word of neither counts for the other.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "[String; 4]", into = "[String; 4]")]
pub(crate) struct Named {
    given: String,
    prefix: String,
    family: String,
    /// `YYYY-MM-DD`.
    born: String,
}

/// What a consent is for. The three are never one flag (Autoriteit Persoonsgegevens, 2016).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ConsentKind {
    /// AVG consent as the ground of a processing (i).
    Ground,
    /// Consent to lift secrecy (ii): the only one that a decision looks at.
    Secrecy,
    /// Agreeing with help itself (iii).
    Help,
}

impl ConsentKind {
    /// The word.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ground => "ground",
            Self::Secrecy => "secrecy",
            Self::Help => "help",
        }
    }
}

/// How it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// In a conversation.
    Spoken,
    /// On paper, or signed otherwise.
    Written,
    /// In a portal of the agency's own.
    Portal,
}

/// Who may receive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Receiver {
    /// One agency.
    Agency(Oin),
    /// Parties of a kind.
    Kind(Kind),
}

/// A yes or a no.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    /// Whose word it is.
    pub(crate) speaker: Speaker,
    /// In which capacity they spoke.
    pub(crate) capacity: Capacity,
    /// What for, of the three.
    pub(crate) kind: ConsentKind,
    /// Until when it is a yes; absent for a no.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) yes_until: Option<Timestamp>,
    /// Who may give, or may not.
    pub(crate) holders: BTreeSet<Oin>,
    /// Who may receive, or may not; whoever asks when empty, which only a no may be.
    pub(crate) to: BTreeSet<Receiver>,
    /// What; everything when empty, which only a no may be.
    pub(crate) categories: BTreeSet<Category>,
    /// What for; for everything when absent, which only a no may be.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) purpose: Option<Purpose>,
    /// The plan that it belongs to, as the agency names it.
    pub(crate) plan: Option<String>,
    /// How it was said.
    pub(crate) how: How,
    /// When it was said.
    pub(crate) said_at: Timestamp,
    /// Since when it holds.
    pub(crate) from: Timestamp,
    /// Digest of the paper or recording that shows it.
    pub(crate) evidence: Option<Digest>,
    /// Digest of the exact text that the person was shown.
    pub(crate) notice: Digest,
}

/// Taking a yes or a no back.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakenBack {
    /// Who.
    pub(crate) speaker: Speaker,
    /// Which one; every yes of theirs when absent.
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) of: Option<ConsentId>,
    /// Since when.
    pub(crate) at: Timestamp,
}

/// Who holds custody (`gezagssituatie`, BW 1:245).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Custody {
    /// Both parents, one, or a guardian; nobody when it is known to be unsettled.
    pub(crate) holders: BTreeSet<Speaker>,
    /// In what it was seen: the custody register, a decision of the court.
    pub(crate) seen_in: String,
    /// When the situation began.
    pub(crate) from: Timestamp,
    /// When it ends, when that is known.
    pub(crate) until: Option<Timestamp>,
}

/// Whether a young person can weigh their interests in this matter.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ability {
    /// They can.
    pub(crate) weighs: bool,
    /// Who represents an adult that cannot.
    pub(crate) representative: Option<Speaker>,
    /// On what the judgment rests.
    pub(crate) seen_in: String,
    /// Since when.
    pub(crate) from: Timestamp,
    /// Until when, when that is known.
    pub(crate) until: Option<Timestamp>,
}

/// A measure of the court.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Measure {
    /// Value of the column `measure`.
    pub(crate) value: String,
    /// The decision.
    pub(crate) court_reference: String,
    /// Its first moment.
    pub(crate) from: Timestamp,
    /// The first moment at which it holds no longer, when that is known.
    pub(crate) until: Option<Timestamp>,
}

/// A measure as the body that is competent for it certified it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certified {
    /// The measure.
    pub(crate) measure: Measure,
    /// The statement's number.
    pub(crate) id: ConsentId,
    /// Who made it.
    pub(crate) by: Oin,
    /// In which role.
    pub(crate) role: Role,
    /// When.
    pub(crate) made_at: Timestamp,
}

/// What sort of situation an act tells of. What was certified and what was entered stand beside
/// each other: neither comes in the other's place by its date alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sort<'a> {
    pub(crate) word: &'a str,
    pub(crate) certified: bool,
}

/// One act.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Act {
    /// A yes or a no.
    Statement(Statement),
    /// A yes, or every yes, is taken back.
    Withdrawal(TakenBack),
    /// A no is taken back.
    Lift(TakenBack),
    /// Who holds custody.
    Custody(Custody),
    /// Whether the young person can weigh their interests.
    Ability(Ability),
    /// A measure of the court.
    Measure(Measure),
    /// Something that closes found no room: no yes counts any more.
    Closed,
    /// A measure of the court, certified. It stands last: pages tell acts apart by their place.
    Certified(Certified),
}

/// Who wrote an act down.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Author {
    /// Somebody of this agency.
    Staff(StaffId),
    /// Another agency, which brought it.
    Agency(Oin),
}

impl Author {
    /// Somebody of this agency.
    pub(crate) fn is_staff(&self) -> bool {
        matches!(self, Self::Staff(_))
    }
}

/// An act as it stands in the register.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Its number.
    pub(crate) id: ConsentId,
    /// When it was written down; of what came from elsewhere, there.
    pub(crate) recorded_at: Timestamp,
    /// By whom.
    pub(crate) author: Author,
    /// In which role.
    pub(crate) role: Role,
    /// What.
    pub(crate) act: Act,
}

impl Named {
    /// Takes a name with single spaces.
    pub(crate) fn new(name: &Name, born: BirthDate) -> Self {
        let plain = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            given: plain(name.given()),
            prefix: plain(name.prefix()),
            family: plain(name.family()),
            born: born.expose().to_string(),
        }
    }

    fn key(&self) -> [String; 4] {
        [&self.given, &self.prefix, &self.family, &self.born].map(|part| part.to_lowercase())
    }

    /// The name and the date, for a screen of the agency that holds it.
    pub(crate) fn expose(&self) -> String {
        let parts = [&self.given, &self.prefix, &self.family, &self.born];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

impl TryFrom<[String; 4]> for Named {
    type Error = &'static str;

    fn try_from([given, prefix, family, born]: [String; 4]) -> Result<Self, Self::Error> {
        let name = Name::parse(&given, &prefix, &family).map_err(|_| "not a name")?;
        let born = BirthDate::parse(&born).map_err(|_| "not a date of birth")?;
        Ok(Self::new(&name, born))
    }
}

impl From<Named> for [String; 4] {
    fn from(named: Named) -> Self {
        [named.given, named.prefix, named.family, named.born]
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Named {}

impl PartialOrd for Named {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Named {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Statement {
    /// A yes, and no objection.
    pub(crate) const fn is_yes(&self) -> bool {
        self.yes_until.is_some()
    }

    /// It lifts, or keeps, the secrecy of this agency.
    pub(crate) fn speaks_for(&self, holder: &Oin) -> bool {
        self.is_for(ConsentKind::Secrecy, holder)
    }

    /// It is for one of the three, at this agency.
    pub(crate) fn is_for(&self, kind: ConsentKind, holder: &Oin) -> bool {
        self.kind == kind && self.holders.contains(holder)
    }

    /// The same as the policy engine weighs it: one for each receiver that it names. A yes that has
    /// ended before its time did so by a moment.
    pub(crate) fn weighed(&self, id: &ConsentId, ended: Option<Timestamp>) -> Vec<acts::Statement> {
        let word = match self.yes_until {
            Some(until) => acts::Word::Yes { until: ended.map_or(until, |by| by.min(until)) },
            None => acts::Word::No,
        };
        let named = (!self.categories.is_empty()).then(|| self.categories.clone());
        let one = |to: acts::To| acts::Statement {
            id: *id.as_bytes(),
            word,
            scope: acts::Scope { to, categories: named.clone(), purpose: self.purpose.clone() },
            said_at: self.said_at,
            from: self.from,
        };
        if self.to.is_empty() {
            return vec![one(acts::To::Anybody)];
        }
        let to = self.to.iter().map(|receiver| match receiver {
            Receiver::Agency(oin) => acts::To::Agency(oin.clone()),
            Receiver::Kind(kind) => acts::To::Kind(kind.clone()),
        });
        to.map(one).collect()
    }
}

impl Act {
    /// The speaker, of an act that is somebody's word.
    pub(crate) const fn speaker(&self) -> Option<&Speaker> {
        match self {
            Self::Statement(statement) => Some(&statement.speaker),
            Self::Withdrawal(taken) | Self::Lift(taken) => Some(&taken.speaker),
            Self::Custody(_)
            | Self::Ability(_)
            | Self::Measure(_)
            | Self::Certified(_)
            | Self::Closed => None,
        }
    }

    /// The measure that it tells of, and by what statement it is certified, if it is.
    pub(crate) const fn measure(&self) -> Option<(&Measure, Option<&Certified>)> {
        match self {
            Self::Measure(measure) => Some((measure, None)),
            Self::Certified(certified) => Some((&certified.measure, Some(certified))),
            Self::Statement(_)
            | Self::Withdrawal(_)
            | Self::Lift(_)
            | Self::Custody(_)
            | Self::Ability(_)
            | Self::Closed => None,
        }
    }

    /// It can only close: a no, or taking back a yes.
    pub(crate) fn closes(&self) -> bool {
        match self {
            Self::Statement(said) => !said.is_yes(),
            Self::Withdrawal(_) | Self::Closed => true,
            Self::Lift(_)
            | Self::Custody(_)
            | Self::Ability(_)
            | Self::Measure(_)
            | Self::Certified(_) => false,
        }
    }

    /// When it takes back what the same person said before under this number, if it does: a yes by
    /// its number or with all others, a no by its number.
    pub(crate) fn takes_back(&self, id: &ConsentId, said: &Statement) -> Option<Timestamp> {
        let (back, is_named) = match self {
            Self::Withdrawal(back) if said.is_yes() => (back, back.of.is_none_or(|of| of == *id)),
            Self::Lift(back) if !said.is_yes() => (back, back.of == Some(*id)),
            _ => return None,
        };
        (is_named && back.speaker == said.speaker).then_some(back.at)
    }

    /// When it ends by itself, if it does.
    pub(crate) const fn end(&self) -> Option<Timestamp> {
        match self {
            Self::Statement(statement) => statement.yes_until,
            Self::Withdrawal(back) | Self::Lift(back) => Some(back.at),
            Self::Custody(custody) => custody.until,
            Self::Ability(ability) => ability.until,
            Self::Measure(measure) => measure.until,
            Self::Certified(certified) => certified.measure.until,
            Self::Closed => None,
        }
    }

    /// What sort of situation it tells of, from when until when.
    pub(crate) fn situation(&self) -> Option<(Sort<'_>, Timestamp, Option<Timestamp>)> {
        let entered = |word| Sort { word, certified: false };
        match self {
            Self::Custody(custody) => Some((entered("custody"), custody.from, custody.until)),
            Self::Ability(ability) => Some((entered("ability"), ability.from, ability.until)),
            Self::Measure(measure) => Some((entered(&measure.value), measure.from, measure.until)),
            Self::Certified(Certified { measure, .. }) => {
                let sort = Sort { word: &measure.value, certified: true };
                Some((sort, measure.from, measure.until))
            }
            Self::Statement(_) | Self::Withdrawal(_) | Self::Lift(_) | Self::Closed => None,
        }
    }

    /// It says the same as another, whoever certified either.
    pub(crate) fn says(&self, other: &Self) -> bool {
        match (self.measure(), other.measure()) {
            (Some((one, _)), Some((other, _))) => one == other,
            _ => self == other,
        }
    }

    /// The word for its kind, as `--json` and the receipt have it.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Statement(Statement { yes_until: Some(_), .. }) => "consent",
            Self::Statement(_) => "objection",
            Self::Withdrawal(_) => "withdrawal",
            Self::Lift(_) => "lift",
            Self::Custody(_) => "custody",
            Self::Ability(_) => "ability",
            Self::Measure(_) | Self::Certified(_) => "measure",
            Self::Closed => "closed",
        }
    }
}

grondslag_core::unprinted! {
    Author Speaker Named Statement TakenBack Custody Ability Measure Certified Act Written
}
