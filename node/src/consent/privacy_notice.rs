//! The privacy notice: what somebody is shown before they say yes or no, Dutch (B1) or English.
//! Its digest stands in the record, so it is made of what the record holds and of the catalogue's
//! words alone.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::lang::Lang;
use grondslag_policy::Pack;

use super::act::{ConsentKind, Receiver, Statement};

/// Whose words the text is made of.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    /// The catalogue's labels.
    pub(super) pack: &'a Pack,
    /// The name of an agency.
    pub(super) name_of: &'a (dyn Fn(&Oin) -> String + Sync),
}

impl std::fmt::Debug for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
    }
}

impl Words<'_> {
    /// The text.
    pub(super) fn text(&self, said: &Statement, lang: Lang) -> String {
        let (from, to) = (self.holders(said, lang), self.receivers(said, lang));
        let (what, why) = (self.categories(said, lang), self.purpose(said, lang));
        let mogen = if said.holders.len() == 1 { "mag" } else { "mogen" };
        let told = match (said.yes_until, lang) {
            (Some(_), Lang::Nl) => {
                format!("{from} {mogen} aan {to} vertellen: {what}. Dat is voor: {why}.")
            }
            (Some(_), Lang::En) => format!("{from} may tell {to}: {what}. This is for: {why}."),
            (None, Lang::Nl) => {
                format!("{from} {mogen} aan {to} niet vertellen: {what}. Dat gaat over: {why}.")
            }
            (None, Lang::En) => format!("{from} may not tell {to}: {what}. This is about: {why}."),
        };
        let kind = kind(said.kind, lang);
        let term = term(said, lang);
        format!("{kind} {told} {term} {}", rights(said.yes_until.is_some(), lang))
    }

    fn holders(&self, said: &Statement, lang: Lang) -> String {
        let names: Vec<String> = said.holders.iter().map(self.name_of).collect();
        listed(&names, lang)
    }

    fn receivers(&self, said: &Statement, lang: Lang) -> String {
        let label = |to: &Receiver| match to {
            Receiver::Agency(oin) => (self.name_of)(oin),
            Receiver::Kind(kind) => {
                let entry = self.pack.catalogue().kind(kind);
                entry.map_or_else(|| kind.to_string(), |entry| entry.label.in_lang(lang).to_owned())
            }
        };
        let names: Vec<String> = said.to.iter().map(label).collect();
        match (names.is_empty(), lang) {
            (true, Lang::Nl) => "anderen".to_owned(),
            (true, Lang::En) => "others".to_owned(),
            _ => listed(&names, lang),
        }
    }

    fn categories(&self, said: &Statement, lang: Lang) -> String {
        let label = |category: &grondslag_core::catalogue::Category| {
            let entry = self.pack.catalogue().category(category);
            let label = |entry: &grondslag_policy::catalogue::CategoryEntry| {
                entry.label.in_lang(lang).to_owned()
            };
            entry.map_or_else(|| category.to_string(), label)
        };
        let names: Vec<String> = said.categories.iter().map(label).collect();
        match (names.is_empty(), lang) {
            (true, Lang::Nl) => "alles".to_owned(),
            (true, Lang::En) => "everything".to_owned(),
            _ => listed(&names, lang),
        }
    }

    fn purpose(&self, said: &Statement, lang: Lang) -> String {
        let Some(purpose) = &said.purpose else {
            return match lang {
                Lang::Nl => "alles".to_owned(),
                Lang::En => "everything".to_owned(),
            };
        };
        let entry = self.pack.catalogue().purpose(purpose);
        entry.map_or_else(|| purpose.to_string(), |entry| entry.label.in_lang(lang).to_owned())
    }
}

const fn kind(kind: ConsentKind, lang: Lang) -> &'static str {
    match (kind, lang) {
        (ConsentKind::Secrecy, Lang::Nl) => "Dit gaat over het delen van gegevens die geheim zijn.",
        (ConsentKind::Secrecy, Lang::En) => "This is about sharing data that are secret.",
        (ConsentKind::Ground, Lang::Nl) => "Dit gaat over het gebruiken van gegevens.",
        (ConsentKind::Ground, Lang::En) => "This is about using data.",
        (ConsentKind::Help, Lang::Nl) => "Dit gaat over de hulp zelf.",
        (ConsentKind::Help, Lang::En) => "This is about the help itself.",
    }
}

fn term(said: &Statement, lang: Lang) -> String {
    let day = |moment: Timestamp| moment.date().strftime("%d-%m-%Y").to_string();
    match (said.yes_until, lang) {
        (Some(until), Lang::Nl) => format!("Het geldt van {} tot {}.", day(said.from), day(until)),
        (Some(until), Lang::En) => format!("It holds from {} to {}.", day(said.from), day(until)),
        (None, Lang::Nl) => format!("Het geldt vanaf {}.", day(said.from)),
        (None, Lang::En) => format!("It holds from {}.", day(said.from)),
    }
}

const fn rights(is_yes: bool, lang: Lang) -> &'static str {
    match (is_yes, lang) {
        (true, Lang::Nl) => {
            "U mag dit altijd intrekken, ook zonder reden. Dan stopt het: hier meteen, bij anderen \
             zodra zij het bericht hebben. Wat al gedeeld is, blijft gedeeld. Soms mag of moet een organisatie ook zonder uw toestemming iets \
             delen, bijvoorbeeld bij gevaar."
        }
        (true, Lang::En) => {
            "You may take this back at any time, also without a reason. It then stops: here at \
             once, at others when they have the message. What was shared already stays shared. Sometimes an agency may or must share something \
             without your consent, for instance when there is danger."
        }
        (false, Lang::Nl) => {
            "U mag dit altijd terugnemen. Soms mag of moet een organisatie toch iets delen, \
             bijvoorbeeld bij gevaar."
        }
        (false, Lang::En) => {
            "You may take this back at any time. Sometimes an agency may or must share something \
             all the same, for instance when there is danger."
        }
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String], lang: Lang) -> String {
    let and = match lang {
        Lang::Nl => "en",
        Lang::En => "and",
    };
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} {and} {last}", rest.join(", ")),
    }
}
