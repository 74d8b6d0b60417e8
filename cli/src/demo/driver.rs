//! The driver: everybody of the stories at their own desk. It steps the region's clock, asks as
//! the person of the story does, and reads both halves of what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, TargetId};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use grondslag_runtime::clock::RegionClockFile;

use super::acts::Numbers;
use super::place::Place;
use super::world::{Decided, Half, Question, Shown, World};
use crate::ask::{AgencyShown, LineShown, Names, approved_draft};
use crate::desk::{Desk, Events};
use crate::exit::Failure;

/// Desks that are open, one per person.
#[derive(Debug)]
pub(super) struct Desks<'a> {
    place: &'a Place,
    lang: Lang,
    // Held for a look-up; never while waiting.
    open: Mutex<BTreeMap<(String, String), Desk>>,
}

impl<'a> Desks<'a> {
    /// None is open yet.
    pub(super) fn new(place: &'a Place, lang: Lang) -> Self {
        Self { place, lang, open: Mutex::default() }
    }

    /// The language of all.
    pub(super) const fn lang(&self) -> Lang {
        self.lang
    }

    /// The desk of one person.
    pub(super) fn of(&self, agency: &str, staff: &str) -> Result<Desk, Failure> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let person = (agency.to_owned(), staff.to_owned());
        if let Some(desk) = open.get(&person) {
            return Ok(desk.clone());
        }
        let desk = Desk::open(&self.place.desk(agency, staff), self.lang)?;
        open.insert(person, desk.clone());
        Ok(desk)
    }
}

/// Plays questions.
#[derive(Debug)]
pub(super) struct Driver<'a> {
    /// The world.
    pub(super) world: &'a World,
    /// Everybody's desks.
    pub(super) desks: &'a Desks<'a>,
    /// Names for people.
    pub(super) names: &'a Names,
    /// The region's clock.
    pub(super) clock: RegionClockFile,
    /// Numbers of what was written down.
    pub(super) numbers: Numbers,
}

/// A question with its answers.
#[derive(Debug)]
pub(super) struct Answered {
    /// The inquiry.
    id: InquiryId,
    /// A line per agency, as they came.
    pub(super) agencies: Vec<AgencyShown>,
    /// Agencies that replied.
    pub(super) replied: u32,
    /// From asking to the last agency's state.
    pub(super) took: Duration,
    /// When the first agency replied.
    pub(super) first_reply: Option<Instant>,
}

/// A question that was played.
#[derive(Debug)]
pub(super) struct Played {
    /// Both halves per target and category.
    pub(super) seen: Vec<Half>,
    /// The answers; or why the question as a whole was refused.
    pub(super) answered: Result<Answered, Failure>,
}

impl Driver<'_> {
    /// Steps the clock to the moment of a question; it never goes back.
    pub(super) fn step_to(&self, at: Timestamp) -> Result<(), Failure> {
        let clocked =
            |error: grondslag_runtime::clock::ClockError| Failure::new(error.reason(), error);
        let now = self.clock.now().map_err(clocked)?;
        self.clock.step_to(at.max(now)).map_err(clocked)
    }

    /// Steps to the moment of a question, asks it, and reads what came of it.
    pub(super) async fn play(&self, question: &Question) -> Result<Played, Failure> {
        self.step_to(question.at)?;
        let answered = self.ask(question).await;
        let seen = match &answered {
            Ok(answered) => {
                self.numbers.keep(&question.id, answered.id.as_bytes());
                self.both_halves(question, answered).await?
            }
            Err(failure) => refused(question, failure),
        };
        Ok(Played { seen, answered })
    }

    /// Asks as the person of the story does, with a second person where the story has one.
    pub(super) async fn ask(&self, question: &Question) -> Result<Answered, Failure> {
        let desk = self.desks.of(&question.agency, &question.staff)?;
        let mut wire = self.wire(question)?;
        if let Some(escalation) = &question.escalation {
            wire = self.escalating(question, escalation, wire).await?;
        }
        let Some(second) = &question.approver else {
            let since = Instant::now();
            return self.follow(desk.ask(wire).await?, since).await;
        };
        let role = self.approving_role(&question.agency, second, &question.role)?;
        let second = self.desks.of(&question.agency, second)?;
        let id = approved_draft(&desk, &second, &role, wire).await?;
        let since = Instant::now();
        self.follow(desk.send_draft(&id).await?, since).await
    }

    /// In the asker's role where the second person holds it, else in their first.
    fn approving_role(&self, agency: &str, staff: &str, role: &str) -> Result<String, Failure> {
        let roles = &self.world.person(agency, staff)?.roles;
        let own = roles.iter().find(|held| *held == role).or_else(|| roles.first());
        own.cloned().ok_or_else(|| Reason::RoleNotHeld.into())
    }

    async fn follow(&self, mut events: Events, since: Instant) -> Result<Answered, Failure> {
        let mut id = None;
        let (mut agencies, mut replied, mut first_reply) = (Vec::new(), 0, None);
        while let Some(event) = events.next().await? {
            match event {
                Event::Started(started) => id = InquiryId::from_slice(&started.inquiry_id).ok(),
                Event::Line(line) => {
                    let line = AgencyShown::read(self.names, line)?;
                    if line.state == "replied" {
                        first_reply.get_or_insert_with(Instant::now);
                    }
                    agencies.push(line);
                }
                Event::Closed(closed) => replied = closed.replied,
                Event::Refusal(_) => {}
            }
        }
        let (id, took) = (id.ok_or(Reason::Malformed)?, since.elapsed());
        Ok(Answered { id, agencies, replied, took, first_reply })
    }

    fn wire(&self, question: &Question) -> Result<v1::DeskQuestion, Failure> {
        let target = |id: &String| {
            let oin = self.world.agency(id)?.oin.to_string();
            Ok(v1::DeskTarget {
                oin,
                categories: question.categories.clone(),
                ..v1::DeskTarget::default()
            })
        };
        let stated = |(column, value): (&String, &String)| v1::StatedFact {
            column: column.clone(),
            value: value.clone(),
        };
        Ok(v1::DeskQuestion {
            subject: question.subject.0.clone(),
            role: question.role.clone(),
            purpose: question.purpose.clone(),
            query_kind: question.query_kind.clone(),
            urgency: question.urgency.clone(),
            level: question.level.clone(),
            break_glass: question.break_glass,
            grounds: question.grounds.clone(),
            targets: question.to.iter().map(target).collect::<Result<_, Failure>>()?,
            necessity: question.necessity.clone(),
            reference: question.reference.clone(),
            facts: question.facts.iter().map(stated).collect(),
            ..v1::DeskQuestion::default()
        })
    }

    async fn both_halves(
        &self,
        question: &Question,
        answered: &Answered,
    ) -> Result<Vec<Half>, Failure> {
        let mut seen = Vec::new();
        for target in &question.to {
            let oin = &self.world.agency(target)?.oin;
            let line = answered.agencies.iter().find(|one| one.oin == oin.as_str());
            let ledger = match line {
                Some(line) if line.lines.iter().any(|one| one.by == "holder") => {
                    self.ledger(target, &TargetId::derive(&answered.id, oin)).await?
                }
                _ => Vec::new(),
            };
            for category in &question.categories {
                seen.push(half(question, target, category, line, &ledger));
            }
        }
        Ok(seen)
    }

    /// What stands in the holder's ledger on one question, as its own privacy officer reads it.
    async fn ledger(
        &self,
        agency: &str,
        target: &TargetId,
    ) -> Result<Vec<v1::DecisionLine>, Failure> {
        let officer = self.world.privacy_officer(agency)?;
        let desk = self.desks.of(agency, officer.id.as_str())?;
        let decisions = desk.decisions_on(target).await?;
        Ok(decisions.into_iter().next().map(|record| record.lines).unwrap_or_default())
    }
}

fn half(
    question: &Question,
    target: &str,
    category: &str,
    agency: Option<&AgencyShown>,
    ledger: &[v1::DecisionLine],
) -> Half {
    let line = agency
        .and_then(|agency| agency.lines.iter().find(|line| line.category.as_str() == category));
    let decided = ledger.iter().find(|line| line.category == category);
    Half {
        question: question.id.clone(),
        target: target.to_owned(),
        category: category.to_owned(),
        decided: match line {
            Some(line) if line.by == "broker" => by_broker(line),
            _ => decided.map(by_holder).unwrap_or_default(),
        },
        shown: line.map_or_else(|| no_line(agency), shown),
    }
}

fn by_broker(line: &LineShown) -> Decided {
    Decided {
        by: Some("broker".into()),
        outcome: Some("refuse".into()),
        rows: Some(rows(line)),
        legal: Some(legal(line)),
    }
}

fn by_holder(line: &v1::DecisionLine) -> Decided {
    let basis = line.basis.clone().unwrap_or_default();
    Decided {
        by: Some("holder".into()),
        outcome: Some(line.outcome.clone()),
        rows: Some(basis.rows.into_iter().collect()),
        legal: Some(basis.grounds.into_iter().collect()),
    }
}

fn shown(line: &LineShown) -> Shown {
    let named = line.state != "neutral";
    Shown {
        state: Some(line.state.to_owned()),
        tier: line.tier.map(|tier| tier.to_string()),
        rows: named.then(|| rows(line)),
        legal: named.then(|| legal(line)),
    }
}

/// A target without a line on this category: its state, and why.
fn no_line(agency: Option<&AgencyShown>) -> Shown {
    let state = agency.map_or("none", |agency| agency.state.as_str());
    let reason = agency.and_then(|agency| agency.reason).map(Reason::code).unwrap_or_default();
    let state = format!("{state} {reason}").trim().to_owned();
    Shown { state: Some(state), ..Shown::default() }
}

fn rows(line: &LineShown) -> BTreeSet<String> {
    line.rows.iter().map(ToString::to_string).collect()
}

fn legal(line: &LineShown) -> BTreeSet<String> {
    line.grounds.iter().map(|ground| ground.id.to_string()).collect()
}

/// A question that was refused as a whole: the same reason everywhere.
fn refused(question: &Question, failure: &Failure) -> Vec<Half> {
    let state = Some(failure.reason().code().to_owned());
    let one = |target: &String, category: &String| Half {
        question: question.id.clone(),
        target: target.clone(),
        category: category.clone(),
        decided: Decided::default(),
        shown: Shown { state: state.clone(), ..Shown::default() },
    };
    let of = |target| question.categories.iter().map(move |category| one(target, category));
    question.to.iter().flat_map(of).collect()
}
