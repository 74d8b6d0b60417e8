//! Which consents end by themselves, and need somebody's word anew.
//!
//! A birthday that changes who must say yes ends what was said before it (domain 5, Q14), and a
//! term ends a yes. Neither writes anything: that it ended is computed here, as a decision does it.

use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_policy::consent::SecrecyConsent;
use grondslag_policy::consent::acts::Wanted;

use super::act::{Receiver, Statement, Written};
use super::on_file::{OnFile, Place};
use super::state::State;

/// The birthdays on which a law may ask somebody else.
const BIRTHDAYS: [i16; 3] = [12, 16, 18];

/// What ends a yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// The child turns so old.
    Birthday(i16),
    /// Its own last day.
    Term,
}

/// Everything of one scope that ends, of whoever said yes to it.
pub(super) struct Lapse<'a> {
    /// When the first of them ends.
    pub(super) at: Timestamp,
    /// Why.
    pub(super) why: Why,
    /// Which ones: at least one.
    pub(super) of: Vec<(&'a Written, &'a Statement)>,
}

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Looking<'a> {
    /// What ends until then.
    pub(super) until: Timestamp,
    /// The kind of an agency.
    pub(super) kind_of: &'a dyn Fn(&Oin) -> Option<Kind>,
}

impl Place<'_> {
    /// When the child comes of age.
    pub(super) fn of_age(&self) -> Option<Timestamp> {
        self.birthdays().last().map(|(_, day)| day)
    }

    /// When the child turns 12, 16 and 18: at the start of the day on which they are so old.
    fn birthdays(&self) -> impl Iterator<Item = (i16, Timestamp)> {
        let birth = self.birth;
        BIRTHDAYS.into_iter().filter_map(move |years| {
            let span = jiff::Span::new().try_years(years).ok()?;
            let day = birth.expose().checked_add(span).ok()?;
            // Who was born on 29 February turns a year older the day after the 28th.
            let is_so_old = birth.age_on(day) >= years.unsigned_abs();
            let day = if is_so_old { day } else { day.tomorrow().ok()? };
            Some((years, Timestamp::start_of(day).ok()?))
        })
    }
}

impl OnFile {
    /// What ended by a birthday and was not answered since by who has the say now, and what will
    /// end by one or by its term.
    pub(super) fn lapses(&self, place: &Place<'_>, looking: Looking<'_>) -> Vec<Lapse<'_>> {
        let mut found: Vec<Lapse<'_>> = Vec::new();
        // Of a register that is full no new yes counts: nobody is asked for one.
        if self.is_closed() {
            return found;
        }
        for (one, said) in self.statements() {
            // What was said before ended with the last time that they were a client.
            let is_of_now = one.recorded_at >= place.registered;
            if !said.is_yes() || !is_of_now || !said.holders.contains(place.holder) {
                continue;
            }
            let Some((at, why)) = self.end(one, said, place, looking.until) else { continue };
            let then = Place { at: at.max(place.at), ..*place };
            if self.is_answered(said, &then, looking.kind_of) {
                continue;
            }
            match found.iter_mut().find(|other| other.is_about(said)) {
                Some(other) => other.join(at, why, (one, said)),
                None => found.push(Lapse { at, why, of: vec![(one, said)] }),
            }
        }
        found
    }

    /// When a yes that counts until then ends by itself, and by what; nothing outside what is
    /// looked at. A birthday stays in sight for as long as a yes of that day could have held.
    fn end(
        &self,
        one: &Written,
        said: &Statement,
        place: &Place<'_>,
        until: Timestamp,
    ) -> Option<(Timestamp, Why)> {
        let (term, since) = (said.yes_until?, said.said_at.min(said.from));
        let turned = place.birthdays().find(|(_, day)| {
            let then = Place { at: *day, ..*place };
            since < *day && then.has_turned(since, self.weighs(*day))
        });
        let (at, why) = match turned {
            Some((years, day)) if day <= term => (day, Why::Birthday(years)),
            _ => (term, Why::Term),
        };
        let in_sight = match why {
            Why::Birthday(_) => place.at < at.plus_months(place.matrix.months_max()),
            Why::Term => place.at < at,
        };
        let before = Place { at: at.plus_ms(-1), ..*place };
        let counted = match self.state(&one.id, said, &before) {
            State::Given | State::Renewed | State::Deferred => true,
            State::Expired
            | State::Withdrawn
            | State::Invalidated
            | State::Refused
            | State::Unknown => false,
        };
        let stands = counted && !self.is_taken_back(&one.id, said, place.at.max(at));
        (in_sight && at <= until && stands).then_some((at, why))
    }

    /// Who has the say then said yes or no to all of it already, or took it back: they are not
    /// asked once more. Where the law asks nobody there is nobody to ask.
    fn is_answered(
        &self,
        said: &Statement,
        then: &Place<'_>,
        kind_of: &dyn Fn(&Oin) -> Option<Kind>,
    ) -> bool {
        let Some(purpose) = &said.purpose else { return true };
        let pairs = said.to.iter().flat_map(|to| said.categories.iter().map(move |one| (to, one)));
        let wanted = pairs.filter_map(|(to, category)| {
            let (agency, kind) = match to {
                Receiver::Agency(oin) => (oin.clone(), kind_of(oin)?),
                // Any of them: one that no other statement names.
                Receiver::Kind(kind) => (then.holder.clone(), kind.clone()),
            };
            Some(Wanted { agency, kind, category: category.clone(), purpose: purpose.clone() })
        });
        let is_answered = |wanted: Wanted| match self.weigh_for(said.kind, &wanted, then) {
            Some((_, weighed)) => match weighed.consent {
                SecrecyConsent::Given | SecrecyConsent::Refused | SecrecyConsent::Withdrawn => true,
                SecrecyConsent::None | SecrecyConsent::Partial | SecrecyConsent::Expired => false,
            },
            None => true,
        };
        wanted.into_iter().all(is_answered)
    }
}

impl<'a> Lapse<'a> {
    /// It is about the same, whoever said it.
    fn is_about(&self, said: &Statement) -> bool {
        self.of.first().is_some_and(|(_, other)| {
            other.kind == said.kind
                && other.holders == said.holders
                && other.to == said.to
                && other.categories == said.categories
                && other.purpose == said.purpose
        })
    }

    fn join(&mut self, at: Timestamp, why: Why, one: (&'a Written, &'a Statement)) {
        if at < self.at {
            (self.at, self.why) = (at, why);
        }
        self.of.push(one);
    }
}
