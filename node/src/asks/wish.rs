//! What a person wants to ask, parsed once at the desk.

use std::collections::BTreeMap;

use grondslag_core::blind::{BlindError, Element};
use grondslag_core::catalogue::{Category, Ground, Kind, Purpose, QueryKind, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::limits::{CATEGORIES_MAX, GROUNDS_MAX, TARGETS_MAX};
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Level, Urgency};
use grondslag_policy::catalogue::{Catalogue, Stater, Visibility};
use grondslag_proto::v1;
use grondslag_subject::pseudonym::{Canary, canary_point, number_point};
use grondslag_subject::{Bsn, admits};

use super::escalation::Escalation;
use super::notice::Carries;
use super::own_view;
use super::term;
use crate::agency::Agency;
use crate::detail::{check_text, stated};
use crate::limits::{REFERENCE_CHARS_MAX, STATED_FACTS_MAX};

/// About whom a question is.
#[derive(Debug, Clone)]
pub(crate) enum Subject {
    /// A person.
    Person(Bsn),
    /// A made-up subject, with which this node tests the mapping.
    Canary(Canary),
}

impl Subject {
    /// The nine digits.
    pub(crate) fn expose(&self) -> &str {
        match self {
            Self::Person(number) => number.expose(),
            Self::Canary(canary) => canary.expose(),
        }
    }

    /// H(b).
    pub(crate) fn point(&self, region: &str) -> Result<Element, BlindError> {
        match self {
            Self::Person(number) => number_point(region, number),
            Self::Canary(canary) => canary_point(region, canary),
        }
    }
}

/// A question as a person puts it: every code known, every bound kept, no name in the text.
pub(crate) struct Wish {
    /// About whom.
    pub subject: Subject,
    /// In which role.
    pub role: Role,
    /// What for.
    pub purpose: Purpose,
    /// What sort of question.
    pub kind: QueryKind,
    /// How soon.
    pub urgency: Urgency,
    /// About a person, or counts.
    pub level: Level,
    /// Asked alone in acute danger.
    pub break_glass: bool,
    /// Grounds claimed.
    pub grounds: Vec<Ground>,
    /// Whom, and what of each.
    pub targets: Vec<(Oin, Vec<Category>)>,
    /// Why.
    pub necessity: String,
    /// Report number, court reference; empty for none.
    pub reference: String,
    /// Facts that the asker states: column and value.
    pub facts: BTreeMap<String, String>,
    /// An own term in minutes; 0 for the default.
    pub term_minutes: u32,
    /// What a notice brings; nothing else carries anything.
    pub carries: Option<Carries>,
    /// What makes it an escalation.
    pub escalation: Option<Escalation>,
}

impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wish").field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

impl Wish {
    /// Parses what came from the desk, of somebody who may act in the role that it names: a text
    /// is held against the names under which the agency knows the child.
    ///
    /// # Errors
    /// The reason code of the first thing that is wrong.
    pub(crate) async fn parse(agency: &Agency, mut wire: v1::DeskQuestion) -> Result<Self, Reason> {
        if !wire.on_behalf_of.is_empty() {
            return Err(Reason::PersonInField);
        }
        let pack = agency.pack();
        let catalogue = pack.catalogue();
        let role = known_role(catalogue, &wire.role)?;
        check_bsn_right(catalogue, &agency.kind)?;
        let subject = Bsn::parse(&wire.subject).map_err(|_| Reason::BsnInvalid)?;
        admits(agency.mode, &subject)?;
        // The node's own words name nobody, whatever somebody is called.
        if wire.necessity != own_view::NECESSITY {
            check_text(agency, &wire.necessity, &subject).await?;
        }
        if wire.reference.chars().count() > REFERENCE_CHARS_MAX {
            return Err(Reason::TooLarge);
        }
        let (kind, targets) =
            (known_kind(catalogue, &wire.query_kind)?, known_targets(catalogue, &wire.targets)?);
        check_log(&kind, &targets)?;
        let escalation = Escalation::parse(agency, &mut wire, &subject).await?;
        Ok(Self {
            purpose: known_purpose(catalogue, &wire.purpose)?,
            kind,
            urgency: or_default(&wire.urgency, Urgency::Standard)?,
            level: or_default(&wire.level, Level::Person)?,
            break_glass: wire.break_glass,
            grounds: known_grounds(catalogue, &wire.grounds)?,
            targets,
            facts: known_facts(catalogue, &role, wire.facts)?,
            necessity: wire.necessity,
            reference: wire.reference,
            term_minutes: wire.term_minutes,
            subject: Subject::Person(subject),
            role,
            carries: None,
            escalation,
        })
    }

    /// Whether it asks for the access log of a person: that is shown as a timeline, and in no
    /// other way.
    pub(crate) fn is_own_view(&self) -> bool {
        let mut asked = self.targets.iter().flat_map(|(_, categories)| categories);
        self.kind.is_own_view() && asked.any(Category::is_access_log)
    }

    /// The same question about another subject, for another reason and without what was stated: to
    /// the broker it looks the same.
    pub(crate) fn like(&self, subject: Subject, necessity: &str) -> Self {
        Self {
            subject,
            role: self.role.clone(),
            purpose: self.purpose.clone(),
            kind: self.kind.clone(),
            urgency: self.urgency,
            level: self.level,
            break_glass: self.break_glass,
            grounds: self.grounds.clone(),
            targets: self.targets.clone(),
            necessity: necessity.to_owned(),
            reference: String::new(),
            facts: BTreeMap::new(),
            term_minutes: self.term_minutes,
            carries: None,
            escalation: None,
        }
    }

    /// When the outcome is due, of a question that is put now.
    pub(crate) fn answer_by(&self, now: Timestamp) -> Timestamp {
        match &self.escalation {
            Some(_) => term::escalated(now, self.urgency),
            None => term::answer_by(now, self.urgency, self.term_minutes),
        }
    }

    /// Why an agency is asked.
    pub(crate) fn why(&self, oin: &Oin) -> &str {
        let own = self.escalation.as_ref().and_then(|one| one.why.get(oin));
        own.unwrap_or(&self.necessity)
    }

    /// The wish as it came, to keep a draft.
    pub(crate) fn to_wire(&self) -> v1::DeskQuestion {
        let targets = self.targets.iter().map(|(oin, categories)| v1::DeskTarget {
            oin: oin.to_string(),
            categories: categories.iter().map(ToString::to_string).collect(),
            necessity: match &self.escalation {
                Some(_) => self.why(oin).to_owned(),
                None => String::new(),
            },
        });
        v1::DeskQuestion {
            subject: self.subject.expose().to_owned(),
            role: self.role.to_string(),
            purpose: self.purpose.to_string(),
            query_kind: self.kind.to_string(),
            urgency: self.urgency.to_string(),
            level: self.level.to_string(),
            break_glass: self.break_glass,
            grounds: self.grounds.iter().map(ToString::to_string).collect(),
            targets: targets.collect(),
            necessity: self.necessity.clone(),
            reference: self.reference.clone(),
            facts: self.facts.iter().map(stated).collect(),
            on_behalf_of: String::new(),
            term_minutes: self.term_minutes,
            escalation: self.escalation.as_ref().map(Escalation::to_wire),
        }
    }
}

/// A log is asked for by itself, as an own view, or not at all: what comes of it has a door of its
/// own.
fn check_log(kind: &QueryKind, targets: &[(Oin, Vec<Category>)]) -> Result<(), Reason> {
    let asked = || targets.iter().flat_map(|(_, categories)| categories);
    let apart = kind.is_own_view() && asked().all(Category::is_access_log);
    if apart || !asked().any(Category::is_access_log) { Ok(()) } else { Err(Reason::OwnViewApart) }
}

/// A role of the catalogue.
///
/// # Errors
/// `UNKNOWN_ROLE`.
pub(crate) fn known_role(catalogue: &Catalogue, code: &str) -> Result<Role, Reason> {
    let role = Role::parse(code).map_err(|_| Reason::UnknownRole)?;
    catalogue.role(&role).ok_or(Reason::UnknownRole)?;
    Ok(role)
}

/// An agency without a right to the number does not ask by number (domain 4a.33). A citizen asks
/// through a municipality's node: it is the municipality that processes the number.
fn check_bsn_right(catalogue: &Catalogue, own: &Kind) -> Result<(), Reason> {
    if catalogue.has_bsn_right(own) { Ok(()) } else { Err(Reason::NoBsnRight) }
}

fn known_purpose(catalogue: &Catalogue, code: &str) -> Result<Purpose, Reason> {
    let purpose = Purpose::parse(code).map_err(|_| Reason::UnknownPurpose)?;
    catalogue.purpose(&purpose).ok_or(Reason::UnknownPurpose)?;
    Ok(purpose)
}

fn known_kind(catalogue: &Catalogue, code: &str) -> Result<QueryKind, Reason> {
    let kind = QueryKind::parse(code).map_err(|_| Reason::UnknownQueryKind)?;
    catalogue.query_kind(&kind).ok_or(Reason::UnknownQueryKind)?;
    Ok(kind)
}

fn known_grounds(catalogue: &Catalogue, codes: &[String]) -> Result<Vec<Ground>, Reason> {
    if codes.len() > GROUNDS_MAX {
        return Err(Reason::TooLarge);
    }
    let known = |code: &String| {
        let ground = Ground::parse(code).map_err(|_| Reason::UnknownGround)?;
        catalogue.ground(&ground).ok_or(Reason::UnknownGround)?;
        Ok(ground)
    };
    codes.iter().map(known).collect()
}

fn known_targets(
    catalogue: &Catalogue,
    targets: &[v1::DeskTarget],
) -> Result<Vec<(Oin, Vec<Category>)>, Reason> {
    match targets.len() {
        0 => return Err(Reason::TargetsNone),
        1..=TARGETS_MAX => {}
        _ => return Err(Reason::TargetsTooMany),
    }
    let known = |target: &v1::DeskTarget| {
        let oin = Oin::parse(&target.oin).map_err(|_| Reason::UnknownAgency)?;
        Ok((oin, known_categories(catalogue, &target.categories)?))
    };
    targets.iter().map(known).collect()
}

fn known_categories(catalogue: &Catalogue, codes: &[String]) -> Result<Vec<Category>, Reason> {
    match codes.len() {
        0 => return Err(Reason::CategoriesNone),
        1..=CATEGORIES_MAX => {}
        _ => return Err(Reason::TooLarge),
    }
    let known = |code: &String| {
        let category = Category::parse(code).map_err(|_| Reason::UnknownCategory)?;
        catalogue.category(&category).ok_or(Reason::UnknownCategory)?;
        Ok(category)
    };
    codes.iter().map(known).collect()
}

/// Sealed columns that this role's kind may state: as the asker, or as the competent body.
fn known_facts(
    catalogue: &Catalogue,
    role: &Role,
    facts: Vec<v1::StatedFact>,
) -> Result<BTreeMap<String, String>, Reason> {
    if facts.len() > STATED_FACTS_MAX {
        return Err(Reason::TooLarge);
    }
    let known = |fact: v1::StatedFact| {
        let column = catalogue.column(&fact.column).ok_or(Reason::UnknownFact)?;
        let competent = column.competent.contains(&role.kind());
        let may_state = competent || column.stated_by.contains(&Stater::Asker);
        let sealed = column.visibility == Visibility::Sealed;
        catalogue.value(&fact.column, &fact.value).map_err(|_| Reason::UnknownFact)?;
        if sealed && may_state { Ok((fact.column, fact.value)) } else { Err(Reason::UnknownFact) }
    };
    facts.into_iter().map(known).collect()
}

fn or_default<T: std::str::FromStr + Copy>(word: &str, default: T) -> Result<T, Reason> {
    if word.is_empty() { Ok(default) } else { word.parse().map_err(|_| Reason::Malformed) }
}
