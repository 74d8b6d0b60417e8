//! What stands in the register about one child, and what it says of a question.
//!
//! Everything is computed at the moment of the question: the age, who holds custody, which consent
//! has ended. So a birthday ends by itself what it ends, and nothing has to be swept first.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_policy::consent::acts::{self, Acts, Wanted};
use grondslag_policy::consent::{
    AgeBand, Capacity, Consents, Custody as Holding, Said, SecrecyConsent, Voices, Weighed,
    YouthView,
};
use grondslag_subject::BirthDate;

use super::act::{Ability, Act, Author, ConsentKind, Custody, Speaker, Statement, Written};
use crate::agency::Agency;
use crate::records::Client;

/// Everything that is written down about one child.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnFile(Vec<Written>);

/// At whose register a question is weighed, about whom, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The matrix of the rules in force.
    pub(crate) matrix: &'a Consents,
    /// Who would give.
    pub(crate) holder: &'a Oin,
    /// The law that governs its secrecy.
    pub(crate) regime: &'a str,
    /// When the child was born.
    pub(crate) birth: BirthDate,
    /// Since when they are a client: what was said before ended with the last time that they were.
    pub(crate) registered: Timestamp,
    /// The moment of the question.
    pub(crate) at: Timestamp,
}

/// What the register says of a question; nothing where nobody said anything that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// The column `secrecy_consent`.
    pub(crate) consent: Option<SecrecyConsent>,
    /// The column `youth_view`.
    pub(crate) view: Option<YouthView>,
}

impl<'a> Place<'a> {
    /// Where a question about a client of an agency would be weighed.
    ///
    /// # Errors
    /// `INTERNAL` for a kind of agency that no law here governs.
    pub(super) fn of(
        agency: &'a Agency,
        pack: &'a Pack,
        client: &Client,
        at: Timestamp,
    ) -> Result<Self, Reason> {
        let matrix = pack.consents();
        let regime = matrix.of_holder(&agency.kind).ok_or(Reason::Internal)?;
        let (birth, registered) = (client.birth_date, client.registered);
        Ok(Self { matrix, holder: &agency.oin, regime: &regime.id, birth, registered, at })
    }
}

impl Place<'_> {
    /// The child's age then.
    pub(crate) fn age(&self) -> AgeBand {
        self.age_at(self.at)
    }

    fn age_at(&self, at: Timestamp) -> AgeBand {
        age_band(self.birth, at)
    }

    /// A birthday has passed since a moment on which it changed who must say yes: what was said
    /// before has ended, and everybody is asked again (domain 5, Q14).
    pub(crate) fn has_turned(&self, since: Timestamp, weighs: bool) -> bool {
        let who = |age| self.matrix.who(self.regime, age, weighs).map(|who| who.id.as_str());
        who(self.age_at(since)) != who(self.age())
    }
}

impl OnFile {
    /// These acts, in whatever order.
    pub(crate) fn of(written: Vec<Written>) -> Self {
        Self(written)
    }

    /// The same with one more.
    pub(crate) fn with(mut self, one: Written) -> Self {
        self.0.push(one);
        self
    }

    /// Every yes and every no, whatever became of it.
    pub(crate) fn statements(&self) -> impl Iterator<Item = (&Written, &Statement)> {
        self.0.iter().filter_map(|one| match &one.act {
            Act::Statement(said) => Some((one, said)),
            _ => None,
        })
    }

    /// Every yes of one person, whatever became of it.
    pub(crate) fn yeses_of(&self, speaker: &Speaker) -> impl Iterator<Item = &Statement> {
        let yeses = self.statements().map(|(_, said)| said);
        yeses.filter(move |said| said.is_yes() && said.speaker == *speaker)
    }

    /// What an act takes back of all that was said.
    pub(crate) fn taken_back_by(&self, act: &Act) -> impl Iterator<Item = (&Written, &Statement)> {
        self.statements().filter(|(one, said)| act.takes_back(&one.id, said).is_some())
    }

    /// Every act, in the order in which they were written down.
    pub(crate) fn in_order(&self) -> Vec<&Written> {
        let mut all: Vec<&Written> = self.0.iter().collect();
        all.sort_by_key(|one| (one.recorded_at, one.id));
        all
    }

    /// Every act.
    pub(crate) fn all(&self) -> &[Written] {
        &self.0
    }

    /// Who holds custody at a moment, if that is known here.
    pub(crate) fn custody(&self, at: Timestamp) -> Option<&Custody> {
        self.last(at, |act| match act {
            Act::Custody(custody) => Some((custody, custody.from, custody.until)),
            _ => None,
        })
    }

    /// What is known of the young person's ability to weigh their interests.
    pub(crate) fn ability(&self, at: Timestamp) -> Option<&Ability> {
        self.last(at, |act| match act {
            Act::Ability(ability) => Some((ability, ability.from, ability.until)),
            _ => None,
        })
    }

    /// Whether they can, unless somebody wrote down that they cannot.
    pub(crate) fn weighs(&self, at: Timestamp) -> bool {
        self.ability(at).is_none_or(|ability| ability.weighs)
    }

    /// Who represents an adult that cannot.
    pub(crate) fn representative(&self, at: Timestamp) -> Option<&Speaker> {
        self.ability(at).and_then(|ability| ability.representative.as_ref())
    }

    /// Of what is written down of one thing the last that began, if it holds: what began later
    /// replaces what was before, also once it has ended; of two that began together the one that
    /// was written down last.
    fn last<'a, T>(
        &'a self,
        at: Timestamp,
        of: impl Fn(&'a Act) -> Option<(T, Timestamp, Option<Timestamp>)>,
    ) -> Option<T> {
        let known = self.0.iter().filter(|one| one.recorded_at <= at);
        let known = known.filter_map(|one| {
            let (found, from, until) = of(&one.act)?;
            (from <= at).then_some((from, one.recorded_at, one.id, until, found))
        });
        let last = known.max_by_key(|(from, recorded, id, ..)| (*from, *recorded, *id));
        last.filter(|(.., until, _)| until.is_none_or(|until| at < until)).map(|(.., found)| found)
    }

    /// What one person did, in one capacity, of what is for one thing at a holder.
    fn acts(
        &self,
        (speaker, capacity): (&Speaker, Capacity),
        kind: ConsentKind,
        place: &Place<'_>,
        by: fn(&Author) -> bool,
    ) -> Acts {
        let weighs = self.weighs(place.at);
        let mut acts = Acts::default();
        let own = self.0.iter().filter(|one| one.act.speaker() == Some(speaker));
        for one in own.filter(|one| by(&one.author)) {
            match &one.act {
                Act::Statement(said)
                    if said.capacity == capacity && said.is_for(kind, place.holder) =>
                {
                    let said_at = said.said_at.min(said.from);
                    let over = place.has_turned(said_at, weighs)
                        || one.recorded_at < place.registered
                        || self.is_closed();
                    let ended = over.then_some(place.at);
                    acts.statements.extend(said.weighed(&one.id, ended));
                }
                Act::Withdrawal(back) => acts
                    .withdrawals
                    .push(acts::Withdrawal { of: back.of.map(|id| *id.as_bytes()), at: back.at }),
                Act::Lift(back) => acts
                    .lifted
                    .extend(back.of.map(|id| acts::Lift { of: *id.as_bytes(), at: back.at })),
                _ => {}
            }
        }
        acts
    }

    /// There was no room any more for something that closes: no yes counts.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.iter().any(|one| matches!(one.act, Act::Closed))
    }

    /// What everybody said of a question, for one of the three.
    fn voices(&self, kind: ConsentKind, wanted: &Wanted, place: &Place<'_>) -> Voices {
        let say = |speaker: &Speaker, capacity| {
            let who = (speaker, capacity);
            let by = |by| self.acts(who, kind, place, by).say(wanted, place.at);
            match by(|_| true) {
                // A yes that another agency brought never overrules a no that was said here.
                Some(Said::Given) if by(Author::is_staff) == Some(Said::Refused) => {
                    Some(Said::Refused)
                }
                said => said,
            }
        };
        let custody = match self.custody(place.at) {
            Some(custody) if !custody.holders.is_empty() => Holding::Held(
                custody.holders.iter().map(|one| say(one, Capacity::CustodyHolders)).collect(),
            ),
            _ => Holding::Unknown,
        };
        let representative = self.representative(place.at);
        Voices {
            young_person: say(&Speaker::Subject, Capacity::YoungPerson),
            custody,
            representative: representative.and_then(|one| say(one, Capacity::Representative)),
        }
    }

    /// What the law makes of that, where secrecy is to be lifted; nothing for a law that the matrix
    /// does not have.
    pub(crate) fn weigh<'a>(
        &self,
        wanted: &Wanted,
        place: &Place<'a>,
    ) -> Option<(Voices, Weighed<'a>)> {
        self.weigh_for(ConsentKind::Secrecy, wanted, place)
    }

    /// The same for any of the three.
    pub(super) fn weigh_for<'a>(
        &self,
        kind: ConsentKind,
        wanted: &Wanted,
        place: &Place<'a>,
    ) -> Option<(Voices, Weighed<'a>)> {
        let voices = self.voices(kind, wanted, place);
        let of = (place.age(), self.weighs(place.at));
        let weighed = place.matrix.weigh(place.regime, of, &voices)?;
        Some((voices, weighed))
    }

    /// The values of the columns. Nobody's silence overrules what the agency's own register says.
    pub(crate) fn say(&self, wanted: &Wanted, place: &Place<'_>) -> Word {
        let Some((voices, weighed)) = self.weigh(wanted, place) else {
            return Word::default();
        };
        let view = voices.young_person.map(|_| weighed.view);
        let spoken = weighed.who.all.iter().any(|one| has_spoken(&voices, *one));
        Word { consent: spoken.then_some(weighed.consent), view }
    }
}

/// The age band at a moment, by the Dutch calendar.
pub(crate) fn age_band(birth: BirthDate, at: Timestamp) -> AgeBand {
    AgeBand::of_years(u8::try_from(birth.age_on(at.date())).unwrap_or(u8::MAX))
}

/// Somebody in this capacity said something of the question, whatever it was.
fn has_spoken(voices: &Voices, capacity: Capacity) -> bool {
    match capacity {
        Capacity::YoungPerson => voices.young_person.is_some(),
        Capacity::Representative => voices.representative.is_some(),
        Capacity::CustodyHolders => match &voices.custody {
            Holding::Held(words) => words.iter().any(Option::is_some),
            Holding::Unknown => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_band_begins_on_its_own_birthday() {
        let born = BirthDate::parse("2010-03-11").unwrap();
        let at = |text| age_band(born, Timestamp::parse(text).unwrap()).word();
        assert_eq!(at("2022-03-10T23:59"), "lt12");
        assert_eq!(at("2022-03-11T00:00"), "12-15");
        assert_eq!(at("2026-03-10T23:59"), "12-15");
        assert_eq!(at("2026-03-11T00:00"), "16-17");
        assert_eq!(at("2028-03-11T00:00"), "18plus");
    }
}
