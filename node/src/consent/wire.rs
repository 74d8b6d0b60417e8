//! From the desk's words to an act.

use std::collections::BTreeSet;

use grondslag_core::catalogue::{Category, Kind, Purpose};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Digest, Oin};
use grondslag_core::lang::Lang;
use grondslag_core::limits::{CATEGORIES_MAX, TARGETS_MAX};
use grondslag_core::reason::Reason;
use grondslag_policy::consent::Capacity;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act as Wire;
use grondslag_proto::v1::situation::Situation;
use grondslag_subject::{BirthDate, Name};

use super::act::{
    Ability, Act, ConsentKind, Custody, How, Measure, Named, Receiver, Speaker, Statement,
    TakenBack,
};
use super::privacy_notice::Words;
use crate::limits::{MOMENT_MS_MAX, NOTICE_CHARS_MAX, REFERENCE_CHARS_MAX};

/// What fills in what the desk left open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Defaults<'a> {
    pub(super) own: &'a Oin,
    /// What the text that a person is shown is made of.
    pub(super) words: Words<'a>,
    pub(super) now: Timestamp,
    /// The language of the desk, and of that text unless another was shown.
    pub(super) lang: Lang,
}

impl Defaults<'_> {
    /// Parses an act, with the text that the person is shown before a yes or a no.
    ///
    /// # Errors
    /// The reason of the first thing that is wrong.
    pub(super) fn act(&self, wire: Option<Wire>) -> Result<(Act, String), Reason> {
        let act = match wire.ok_or(Reason::Malformed)? {
            Wire::Statement(wire) => {
                let (said, text) = self.statement(wire)?;
                return Ok((Act::Statement(said), text));
            }
            Wire::TakenBack(wire) => self.taken_back(wire)?,
            Wire::Custody(wire) => Act::Custody(self.custody(wire)?),
            Wire::Ability(wire) => Act::Ability(self.ability(wire)?),
            Wire::Measure(wire) => Act::Measure(self.measure(wire)),
            // It is verified before (`certify`): no field of it is anybody's word at this desk.
            Wire::Certified(_) => return Err(Reason::Malformed),
        };
        Ok((act, String::new()))
    }

    /// Parses what a file says of a child, which names its own moment: read again, it says the
    /// same.
    ///
    /// # Errors
    /// `IMPORT_ROW_BAD` without a moment; else the reason of the first thing that is wrong.
    pub(super) fn dated(&self, wire: v1::Situation) -> Result<Act, Reason> {
        match wire.situation.ok_or(Reason::Malformed)? {
            Situation::Custody(wire) if wire.from_ms != 0 => Ok(Act::Custody(self.custody(wire)?)),
            Situation::Measure(wire) if wire.from_ms != 0 => Ok(Act::Measure(self.measure(wire))),
            Situation::Custody(_) | Situation::Measure(_) => Err(Reason::ImportRowBad),
        }
    }

    /// A measure as it was seen by who enters it.
    pub(super) fn measure(&self, wire: v1::CourtMeasure) -> Measure {
        Measure {
            value: wire.value,
            court_reference: wire.court_reference.trim().to_owned(),
            from: self.moment(wire.from_ms),
            until: end(wire.until_ms),
        }
    }

    fn statement(&self, wire: v1::ConsentStatement) -> Result<(Statement, String), Reason> {
        let from = self.moment(wire.from_ms);
        let until = match (wire.objects, wire.until_ms) {
            (true, _) => None,
            (false, 0) => Some(from.plus_months(self.words.pack.consents().months_default())),
            (false, ms) => Some(bounded(ms)),
        };
        let mut holders = oins(&wire.holder_oins)?;
        if holders.is_empty() {
            holders.insert(self.own.clone());
        }
        let purpose = (!wire.purpose.is_empty()).then(|| Purpose::parse(&wire.purpose));
        let mut statement = Statement {
            speaker: speaker(wire.speaker)?,
            capacity: capacity(&wire.capacity)?,
            kind: kind(&wire.kind)?,
            yes_until: until,
            holders,
            to: receivers(&wire.to_oins, &wire.to_kinds)?,
            categories: categories(&wire.categories)?,
            purpose: purpose.transpose().map_err(|_| Reason::UnknownPurpose)?,
            plan: short(&wire.plan)?,
            how: how(&wire.how)?,
            said_at: self.moment(wire.said_at_ms),
            from,
            evidence: evidence(&wire.evidence)?,
            notice: Digest::of(&[]),
        };
        if wire.notice.chars().count() > NOTICE_CHARS_MAX {
            return Err(Reason::TooLarge);
        }
        let lang = wire.lang.parse().unwrap_or(self.lang);
        let text = match wire.notice.as_str() {
            "" => self.words.text(&statement, lang),
            own => own.to_owned(),
        };
        statement.notice = Digest::of(text.as_bytes());
        Ok((statement, text))
    }

    fn taken_back(&self, wire: v1::TakenBack) -> Result<Act, Reason> {
        let of = match wire.consent_id.as_slice() {
            [] => None,
            id => Some(ConsentId::from_slice(id).map_err(|_| Reason::ConsentUnknown)?),
        };
        let back = TakenBack { speaker: speaker(wire.speaker)?, of, at: self.now };
        Ok(if wire.objection { Act::Lift(back) } else { Act::Withdrawal(back) })
    }

    fn custody(&self, wire: v1::CustodySituation) -> Result<Custody, Reason> {
        if wire.holders.len() > TARGETS_MAX {
            return Err(Reason::TooLarge);
        }
        let holders = wire.holders.into_iter().map(|one| speaker(Some(one)));
        Ok(Custody {
            holders: holders.collect::<Result<_, _>>()?,
            seen_in: wire.seen_in.trim().to_owned(),
            from: self.moment(wire.from_ms),
            until: end(wire.until_ms),
        })
    }

    fn ability(&self, wire: v1::AbilityJudged) -> Result<Ability, Reason> {
        let representative = wire.representative.map(|one| speaker(Some(one)));
        Ok(Ability {
            weighs: wire.weighs,
            representative: representative.transpose()?,
            seen_in: wire.seen_in.trim().to_owned(),
            from: self.moment(wire.from_ms),
            until: end(wire.until_ms),
        })
    }

    /// A moment; now where none was told. One beyond all terms is the last there is.
    fn moment(&self, ms: i64) -> Timestamp {
        if ms == 0 { self.now } else { bounded(ms) }
    }
}

/// Somebody by the words of the desk.
pub(super) fn speaker(wire: Option<v1::Speaker>) -> Result<Speaker, Reason> {
    let wire = wire.ok_or(Reason::Malformed)?;
    let names = [&wire.given_names, &wire.prefix, &wire.family_name, &wire.birth_date];
    let is_named = names.iter().any(|name| !name.is_empty());
    match (wire.subject, wire.agency_oin.as_str(), is_named) {
        (true, "", false) => Ok(Speaker::Subject),
        (false, "", true) => {
            let name = Name::parse(&wire.given_names, &wire.prefix, &wire.family_name);
            let born = BirthDate::parse(&wire.birth_date).map_err(|_| Reason::Malformed)?;
            Ok(Speaker::Person(Named::new(&name.map_err(|_| Reason::Malformed)?, born)))
        }
        (false, oin, false) if !oin.is_empty() => {
            Oin::parse(oin).map(Speaker::Agency).map_err(|_| Reason::UnknownAgency)
        }
        _ => Err(Reason::Malformed),
    }
}

fn capacity(word: &str) -> Result<Capacity, Reason> {
    match word {
        "young_person" => Ok(Capacity::YoungPerson),
        "custody_holders" => Ok(Capacity::CustodyHolders),
        "representative" => Ok(Capacity::Representative),
        _ => Err(Reason::ConsentCapacity),
    }
}

fn kind(word: &str) -> Result<ConsentKind, Reason> {
    match word {
        "ground" => Ok(ConsentKind::Ground),
        "" | "secrecy" => Ok(ConsentKind::Secrecy),
        "help" => Ok(ConsentKind::Help),
        _ => Err(Reason::Malformed),
    }
}

fn how(word: &str) -> Result<How, Reason> {
    match word {
        "" | "spoken" => Ok(How::Spoken),
        "written" => Ok(How::Written),
        "portal" => Ok(How::Portal),
        _ => Err(Reason::Malformed),
    }
}

fn oins(texts: &[String]) -> Result<BTreeSet<Oin>, Reason> {
    if texts.len() > TARGETS_MAX {
        return Err(Reason::TargetsTooMany);
    }
    texts.iter().map(|oin| Oin::parse(oin).map_err(|_| Reason::UnknownAgency)).collect()
}

fn receivers(agencies: &[String], kinds: &[String]) -> Result<BTreeSet<Receiver>, Reason> {
    if kinds.len() > TARGETS_MAX {
        return Err(Reason::TargetsTooMany);
    }
    let mut to: BTreeSet<Receiver> = oins(agencies)?.into_iter().map(Receiver::Agency).collect();
    for kind in kinds {
        to.insert(Receiver::Kind(Kind::parse(kind).map_err(|_| Reason::ConsentScope)?));
    }
    Ok(to)
}

fn categories(texts: &[String]) -> Result<BTreeSet<Category>, Reason> {
    if texts.len() > CATEGORIES_MAX {
        return Err(Reason::TooLarge);
    }
    texts.iter().map(|code| Category::parse(code).map_err(|_| Reason::UnknownCategory)).collect()
}

fn evidence(bytes: &[u8]) -> Result<Option<Digest>, Reason> {
    match bytes {
        [] => Ok(None),
        bytes => Digest::from_slice(bytes).map(Some).map_err(|_| Reason::Malformed),
    }
}

fn short(text: &str) -> Result<Option<String>, Reason> {
    let text = text.trim();
    let is_plain = !text.chars().any(char::is_control);
    match text.chars().count() {
        0 => Ok(None),
        1..=REFERENCE_CHARS_MAX if is_plain => Ok(Some(text.to_owned())),
        _ => Err(Reason::TooLarge),
    }
}

fn end(ms: i64) -> Option<Timestamp> {
    (ms != 0).then(|| bounded(ms))
}

fn bounded(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms.clamp(-MOMENT_MS_MAX, MOMENT_MS_MAX))
}
