//! The matrix, and what everybody's word comes to.

use grondslag_core::catalogue::{Kind, Role};

use super::{
    AgeBand, Capacity, Certifier, Certifying, Recording, Regime, Said, SecrecyConsent, Validity,
    Who, YouthView,
};

/// Who holds custody (`gezagssituatie`), each with what they said.
#[derive(Clone, PartialEq, Eq)]
pub enum Custody {
    /// Nobody here knows who does: all of them have not said yes.
    Unknown,
    /// These do: two parents, one, or a guardian. Nobody else's word counts.
    Held(Vec<Option<Said>>),
}

/// What everybody said of one question at one moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Voices {
    /// The young person.
    pub young_person: Option<Said>,
    /// Those who hold custody.
    pub custody: Custody,
    /// Who represents them as an adult.
    pub representative: Option<Said>,
}

/// What it comes to.
#[derive(Debug, Clone, Copy)]
pub struct Weighed<'a> {
    /// Whether all who must say yes did.
    pub consent: SecrecyConsent,
    /// What the young person wants, whoever must say yes.
    pub view: YouthView,
    /// Who must, and by which article.
    pub who: &'a Who,
}

/// The loaded matrix.
#[derive(Debug, Clone)]
pub struct Consents {
    pub(super) validity: Validity,
    pub(super) recording: Recording,
    pub(super) regimes: Vec<Regime>,
    pub(super) who: Vec<Who>,
    pub(super) certifying: Option<Certifying>,
    pub(super) certifiers: Vec<Certifier>,
}

grondslag_core::unprinted!(Custody Voices);

impl Consents {
    /// How long a consent holds.
    pub fn validity(&self) -> &Validity {
        &self.validity
    }

    /// How many months a consent holds when nobody says how many.
    pub fn months_default(&self) -> u8 {
        self.validity.months_default
    }

    /// How many months a consent holds at most.
    pub fn months_max(&self) -> u8 {
        self.validity.months_max
    }

    /// Who writes down what somebody said.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// Whether somebody in this role may write down what somebody said.
    pub fn may_record(&self, role: &Role) -> bool {
        self.recording.recorders.contains(role)
    }

    /// Whether consent is itself a ground for a party of this kind, as the GDPR has it; of a kind
    /// that no law here governs it is not.
    pub fn is_ground_for(&self, kind: &Kind) -> bool {
        let mut grounds = self.regimes.iter().filter_map(|one| one.no_ground_for.as_ref());
        self.of_holder(kind).is_some() && grounds.any(|not_for| !not_for.contains(kind))
    }

    /// Every law, in the order of the file.
    pub fn regimes(&self) -> &[Regime] {
        &self.regimes
    }

    /// Every entry, in the order of the file.
    pub fn all(&self) -> &[Who] {
        &self.who
    }

    /// The law that governs the secrecy of this kind of party.
    pub fn of_holder(&self, kind: &Kind) -> Option<&Regime> {
        self.regimes.iter().find(|regime| regime.holders.contains(kind))
    }

    /// Who must all say yes; a loaded matrix knows that of every law that it names.
    pub fn who(&self, regime: &str, age: AgeBand, weighs: bool) -> Option<&Who> {
        self.who.iter().find(|who| who.is_of(regime, age, weighs))
    }

    /// What everybody's word comes to under a law; nothing for a law that the matrix does not have.
    pub fn weigh(
        &self,
        regime: &str,
        (age, weighs): (AgeBand, bool),
        voices: &Voices,
    ) -> Option<Weighed<'_>> {
        let who = self.who(regime, age, weighs)?;
        Some(Weighed { consent: voices.all_of(&who.all), view: voices.view(), who })
    }
}

impl Voices {
    /// Nobody said anything, and nobody knows who holds custody.
    pub const SILENCE: Self =
        Self { young_person: None, custody: Custody::Unknown, representative: None };

    /// Whether all of these said yes. One no is a no, whatever the others say.
    fn all_of(&self, all: &[Capacity]) -> SecrecyConsent {
        let words: Vec<Option<Said>> = all.iter().flat_map(|one| self.of(*one)).collect();
        let said = |what: Said| words.contains(&Some(what));
        let yes = words.iter().filter(|word| **word == Some(Said::Given)).count();
        if said(Said::Refused) {
            SecrecyConsent::Refused
        } else if said(Said::Withdrawn) {
            SecrecyConsent::Withdrawn
        } else if said(Said::Expired) {
            SecrecyConsent::Expired
        } else if yes == 0 {
            SecrecyConsent::None
        } else if yes == words.len() {
            SecrecyConsent::Given
        } else {
            SecrecyConsent::Partial
        }
    }

    /// What each of those said; a word of nobody where it is not known who they are.
    fn of(&self, capacity: Capacity) -> Vec<Option<Said>> {
        match capacity {
            Capacity::YoungPerson => vec![self.young_person],
            Capacity::Representative => vec![self.representative],
            Capacity::CustodyHolders => match &self.custody {
                Custody::Held(words) if !words.is_empty() => words.clone(),
                Custody::Held(_) | Custody::Unknown => vec![None],
            },
        }
    }

    const fn view(&self) -> YouthView {
        match self.young_person {
            Some(Said::Given) => YouthView::Agrees,
            Some(Said::Refused | Said::Withdrawn) => YouthView::Refuses,
            Some(Said::Expired) | None => YouthView::NotHeard,
        }
    }
}
