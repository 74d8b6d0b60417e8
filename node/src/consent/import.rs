//! Custody and measures of one child from a file, through the desk of whoever reads it in.
//!
//! All that the file says of a child is checked against the register and against itself; then it is
//! written down in one commit, an act and a leaf for each. What stands there already is not written
//! again: a file can be read in as often as one likes.

use std::collections::BTreeMap;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::ConsentId;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_runtime::call::said;
use tonic::Status;

use super::act::{Act, Author, Written};
use super::gate::Hold;
use super::on_file::{OnFile, Place};
use super::privacy_notice::Words;
use super::service::{Case, Register, record_shown};
use super::store::{About, Body, entry_of, read, room, write_all};
use super::wire::Defaults;
use crate::limits::SITUATIONS_MAX;
use crate::random::random;
use crate::staff::Caller;

/// What becomes of one situation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was, or could be, written down; its number once it was.
    New(Option<ConsentId>),
    /// It stands there.
    Stands,
    /// It cannot be.
    Refused(Reason),
}

impl Outcome {
    /// For the desk.
    pub(super) fn wire(self) -> Result<v1::SituationOutcome, Status> {
        let id = match self {
            Self::New(Some(id)) => id.as_bytes().to_vec(),
            Self::New(None) | Self::Stands | Self::Refused(_) => Vec::new(),
        };
        let refusal = match self {
            Self::Refused(reason) => said(reason)?,
            Self::New(_) | Self::Stands => None,
        };
        Ok(v1::SituationOutcome { id, stands: self == Self::Stands, refusal })
    }
}

/// What a file says of one child, held against the register.
struct Sorted {
    outcomes: Vec<Outcome>,
    /// What is to be written, in their order.
    written: Vec<Written>,
}

impl Register<'_> {
    /// Writes down what a file says of a child; nothing of it while one thing is wrong.
    ///
    /// # Errors
    /// Why nothing about this child can be written down in this role.
    pub(super) async fn situations(
        &self,
        caller: &Caller,
        request: v1::RecordSituationsRequest,
    ) -> Result<Vec<Outcome>, Reason> {
        let v1::RecordSituationsRequest { subject, role, situations, preview } = request;
        if situations.len() > SITUATIONS_MAX {
            return Err(Reason::TooLarge);
        }
        let case = self.case(caller, &role, &subject).await?;
        let agency = self.agency;
        let held = agency.consents.hold(!preview).await;
        let entry = entry_of(&agency.secret, case.number.expose());
        let on_file = read(agency.store.as_ref(), &entry, &held).await?;
        let Sorted { mut outcomes, written } = self.sort(&case, on_file, situations)?;
        let refused = outcomes.iter().any(|one| matches!(one, Outcome::Refused(_)));
        let Hold::Changing(changing) = held else {
            drop(held);
            record_shown(agency, case.by.person().id(), &case.number).await?;
            return Ok(outcomes);
        };
        if refused || written.is_empty() {
            // What stands there was told all the same.
            drop(changing);
            record_shown(agency, case.by.person().id(), &case.number).await?;
            return Ok(outcomes);
        }
        let mut numbers = written.iter().map(|one| one.id).collect::<Vec<_>>().into_iter();
        let (pack, now) = (agency.pack(), agency.clock.now());
        let client = case.client.as_ref().ok_or(Reason::ClientUnknown)?;
        let of_age = Place::of(agency, &pack, client, now)?.of_age();
        let digits = case.number.expose();
        let bodies = written.into_iter().map(|written| Body::about(digits, written));
        let bodies = bodies.collect::<Result<Vec<_>, _>>()?;
        if outcomes.contains(&Outcome::Stands) {
            // What stands there is told beside what is new.
            record_shown(agency, case.by.person().id(), &case.number).await?;
        }
        write_all(agency, About { digits, of_age }, bodies, &changing).await?;
        for outcome in outcomes.iter_mut().filter(|one| **one == Outcome::New(None)) {
            *outcome = Outcome::New(numbers.next());
        }
        Ok(outcomes)
    }

    /// Each after the ones before it.
    fn sort(
        self,
        case: &Case,
        mut on_file: OnFile,
        situations: Vec<v1::Situation>,
    ) -> Result<Sorted, Reason> {
        let (agency, pack, now) = (self.agency, self.agency.pack(), self.agency.clock.now());
        let client = case.client.as_ref().ok_or(Reason::ClientUnknown)?;
        let place = Place::of(agency, &pack, client, now)?;
        let name_of = |oin: &_| agency.name_of(oin);
        let words = Words { pack: &pack, name_of: &name_of };
        let defaults = Defaults { own: &agency.oin, words, now, lang: case.lang };
        let mut left = room(&on_file);
        let mut said = Said::default();
        let mut sorted = Sorted { outcomes: Vec::new(), written: Vec::new() };
        for wire in situations {
            let act = match defaults.dated(wire).and_then(|act| said.once(act)) {
                Ok(act) => act,
                Err(reason) => {
                    sorted.outcomes.push(Outcome::Refused(reason));
                    continue;
                }
            };
            let since = beginning_with(&on_file, &act);
            let mut certified = on_file.all().iter().filter(|one| is_certified(&one.act));
            if since.is_some_and(|before| before.says(&act))
                || certified.any(|one| one.act.says(&act))
            {
                sorted.outcomes.push(Outcome::Stands);
            } else if since.is_some_and(|before| !ends_earlier(before, &act)) {
                // A file of before would take the place of what was mended here since.
                sorted.outcomes.push(Outcome::Refused(Reason::ConsentDiffers));
            } else if let Err(reason) = self.could(&on_file, &place, &act, left) {
                sorted.outcomes.push(Outcome::Refused(reason));
            } else {
                let written = Written {
                    id: ConsentId::new(random()?),
                    recorded_at: now,
                    author: Author::Staff(case.by.person().id().clone()),
                    role: case.by.role().clone(),
                    act,
                };
                left = left.saturating_sub(1);
                on_file = on_file.with(written.clone());
                sorted.written.push(written);
                sorted.outcomes.push(Outcome::New(None));
            }
        }
        Ok(sorted)
    }

    fn could(
        self,
        on_file: &OnFile,
        place: &Place<'_>,
        act: &Act,
        left: usize,
    ) -> Result<(), Reason> {
        let checked = self.check(&self.agency.pack(), on_file, Some(place), act);
        checked.map_err(|refused| refused.reason)?;
        if left == 0 { Err(Reason::ConsentsFull) } else { Ok(()) }
    }
}

/// A measure of which the end is known now, or is earlier than it was: it opens nothing.
fn ends_earlier(before: &Act, act: &Act) -> bool {
    let end = |act: &Act| act.situation().and_then(|(_, _, until)| until);
    let earlier = match (end(before), end(act)) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(before), Some(until)) => until <= before,
    };
    earlier && matches!((before, act), (Act::Measure(_), Act::Measure(_)))
}

fn is_certified(act: &Act) -> bool {
    matches!(act, Act::Certified(_))
}

/// What counts of what was entered of the same sort since the same moment: what was written down
/// last.
fn beginning_with<'a>(on_file: &'a OnFile, act: &Act) -> Option<&'a Act> {
    let begin = |act: &Act| act.situation().map(|(sort, from, _)| (sort.word.to_owned(), from));
    let wanted = begin(act);
    let entered = on_file.all().iter().filter(|one| !is_certified(&one.act));
    let same = entered.filter(|one| begin(&one.act) == wanted);
    same.max_by_key(|one| one.recorded_at).map(|one| &one.act)
}

/// What was said so far, by what sort of thing and since when. Of two that differ and began
/// together nobody can tell which one holds.
#[derive(Default)]
struct Said(BTreeMap<(String, Timestamp), Act>);

impl Said {
    fn once(&mut self, act: Act) -> Result<Act, Reason> {
        let (sort, from, _) = act.situation().ok_or(Reason::Malformed)?;
        let before = self.0.insert((sort.word.to_owned(), from), act.clone());
        if before.is_none_or(|before| before == act) { Ok(act) } else { Err(Reason::ImportRowBad) }
    }
}
