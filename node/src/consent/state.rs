//! What has become of a yes or a no: one term of the Data Privacy Vocabulary (DPV 2.2).

use grondslag_core::clock::Timestamp;
use grondslag_core::id::ConsentId;
use grondslag_policy::consent::Capacity;

use super::act::{Speaker, Statement};
use super::on_file::{OnFile, Place};

/// A term of `dpv:ConsentStatus`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A yes that counts.
    Given,
    /// A yes that counts and follows on an earlier one for the same.
    Renewed,
    /// A yes that does not hold yet.
    Deferred,
    /// A yes that has ended.
    Expired,
    /// A yes that was taken back.
    Withdrawn,
    /// A yes of somebody who has no say any more: a birthday, or another custody.
    Invalidated,
    /// A no.
    Refused,
    /// A no that was taken back: nobody knows what they want.
    Unknown,
}

impl State {
    /// The term.
    pub(crate) const fn term(self) -> &'static str {
        match self {
            Self::Given => "dpv:ConsentGiven",
            Self::Renewed => "dpv:RenewedConsentGiven",
            Self::Deferred => "dpv:ConsentRequestDeferred",
            Self::Expired => "dpv:ConsentExpired",
            Self::Withdrawn => "dpv:ConsentWithdrawn",
            Self::Invalidated => "dpv:ConsentInvalidated",
            Self::Refused => "dpv:ConsentRefused",
            Self::Unknown => "dpv:ConsentUnknown",
        }
    }
}

impl OnFile {
    /// What has become of a yes or a no by the moment of `place`.
    pub(crate) fn state(&self, id: &ConsentId, said: &Statement, place: &Place<'_>) -> State {
        let Some(until) = said.yes_until else {
            let lifted = self.is_taken_back(id, said, place.at);
            return if lifted { State::Unknown } else { State::Refused };
        };
        if self.is_taken_back(id, said, place.at) {
            State::Withdrawn
        } else if place.at < said.from {
            State::Deferred
        } else if until <= place.at {
            State::Expired
        } else if !self.has_a_say(said, place) {
            State::Invalidated
        } else if self.follows_on_another(id, said) {
            State::Renewed
        } else {
            State::Given
        }
    }

    pub(super) fn is_taken_back(&self, id: &ConsentId, said: &Statement, at: Timestamp) -> bool {
        let mut backs = self.all().iter().filter_map(|one| one.act.takes_back(id, said));
        backs.any(|back| (said.said_at..=at).contains(&back))
    }

    /// The law asks this person now.
    fn has_a_say(&self, said: &Statement, place: &Place<'_>) -> bool {
        let is_who = match said.capacity {
            Capacity::YoungPerson => said.speaker == Speaker::Subject,
            Capacity::CustodyHolders => {
                self.custody(place.at).is_some_and(|one| one.holders.contains(&said.speaker))
            }
            Capacity::Representative => self.representative(place.at) == Some(&said.speaker),
        };
        let weighs = self.weighs(place.at);
        if place.has_turned(said.said_at.min(said.from), weighs) || self.is_closed() {
            return false;
        }
        let who = place.matrix.who(place.regime, place.age(), weighs);
        let heard = |hear: bool| hear && said.capacity == Capacity::YoungPerson;
        is_who && who.is_some_and(|who| who.all.contains(&said.capacity) || heard(who.hear))
    }

    fn follows_on_another(&self, id: &ConsentId, said: &Statement) -> bool {
        self.statements().filter(|(one, _)| one.id != *id).any(|(_, earlier)| {
            let same = earlier.speaker == said.speaker
                && earlier.kind == said.kind
                && earlier.holders == said.holders
                && earlier.to == said.to
                && earlier.categories == said.categories
                && earlier.purpose == said.purpose;
            same && earlier.is_yes() && earlier.from < said.from
        })
    }
}
