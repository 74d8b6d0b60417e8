//! What can be wrong with a policy folder or an overlay, by file, row and reason.

use std::collections::BTreeMap;
use std::fmt;

use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;

use crate::limits::PROBLEMS_MAX;

mod line;
mod near;
mod problem;

pub(crate) use line::find;
pub(crate) use near::nearest;
pub use problem::Problem;

macro_rules! faults {
    ($($variant:ident $code:literal $nl:literal $en:literal $nl_do:literal $en_do:literal)+) => {
        /// The closed list of things that can be wrong. The code is stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault { $(#[doc = $en] $variant),+ }

        impl Fault {
            /// Every fault.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What is wrong, without the particulars.
            pub const fn sentence(self, lang: Lang) -> &'static str {
                match lang {
                    Lang::Nl => match self { $(Self::$variant => $nl),+ },
                    Lang::En => match self { $(Self::$variant => $en),+ },
                }
            }

            /// What to do about it.
            pub const fn advice(self, lang: Lang) -> &'static str {
                match lang {
                    Lang::Nl => match self { $(Self::$variant => $nl_do),+ },
                    Lang::En => match self { $(Self::$variant => $en_do),+ },
                }
            }
        }
    };
}

faults! {
    // Loading.
    Unreadable "UNREADABLE"
        "Het bestand ontbreekt of kan niet worden gelezen"
        "The file is missing or cannot be read"
        "Zet het bestand op zijn plaats, als UTF-8, of neem het over uit de geldende regels."
        "Put the file in its place, as UTF-8, or take it from the rules in force."
    Syntax "SYNTAX"
        "Het bestand is geen geldige TOML"
        "The file is not valid TOML"
        "Zie de genoemde regel: vaak mist een aanhalingsteken, een haakje of een komma."
        "See the line named: often a quote, a bracket or a comma is missing."
    Field "FIELD"
        "Een sleutel is onbekend of heeft de verkeerde vorm"
        "A key is unknown or of the wrong form"
        "Schrijf de sleutel zoals genoemd, of haal haar weg."
        "Write the key as named, or remove it."
    MissingKey "MISSING_KEY"
        "Een sleutel ontbreekt"
        "A key is missing"
        "Voeg de genoemde sleutel toe."
        "Add the key named."
    UnknownValue "UNKNOWN_VALUE"
        "Deze waarde staat niet in de catalogus"
        "This value is not in the catalogue"
        "Kies een van de toegestane waarden, of voeg de waarde toe aan catalogue.toml."
        "Choose one of the allowed values, or add the value to catalogue.toml."
    DuplicateId "DUPLICATE_ID"
        "Dit kenmerk komt twee keer voor"
        "This id occurs twice"
        "Geef een van de twee een eigen kenmerk."
        "Give one of the two an id of its own."
    EmptySet "EMPTY_SET"
        "De voorwaarde laat geen enkele waarde over"
        "The condition leaves no value at all"
        "Noem ten minste één waarde, of haal de kolom uit de voorwaarde."
        "Name at least one value, or take the column out of the condition."
    TooMany "TOO_MANY"
        "Er zijn er te veel"
        "There are too many"
        "Splits het op, of haal weg wat niet meer geldt."
        "Split it, or remove what no longer holds."
    Format "FORMAT"
        "Een datum, termijn of tier is niet goed geschreven"
        "A date, term or tier is not well written"
        "Schrijf een datum als 2026-09-15, een termijn als 2h, 5wd of 14d."
        "Write a date as 2026-09-15, a term as 2h, 5wd or 14d."
    Misplaced "MISPLACED"
        "Dit hoort niet bij een regel met deze uitkomst"
        "This does not belong to a row with this outcome"
        "Haal de sleutel weg, of kies een andere uitkomst."
        "Remove the key, or choose another outcome."
    WrongRule "WRONG_RULE"
        "Het kenmerk van een rij begint met dat van haar regel en een punt"
        "A row's id starts with its rule's id and a dot"
        "Hernoem de rij, of zet haar bij haar eigen regel."
        "Rename the row, or put it with its own rule."
    ConsentHole "CONSENT_HOLE"
        "De toestemmingsmatrix zegt hier niet wie ja moet zeggen"
        "The consent matrix does not say here who must say yes"
        "Voeg in consent.toml een [[who]] toe, of zet de organisatie bij een [[regime]]."
        "Add a [[who]] to consent.toml, or put the party with a [[regime]]."
    ConsentTwice "CONSENT_TWICE"
        "De toestemmingsmatrix zegt hier twee dingen"
        "The consent matrix says two things here"
        "Laat in consent.toml één van de genoemde over."
        "Leave one of those named in consent.toml."
    ConsentGround "CONSENT_GROUND"
        "Een wet waarin toestemming zelf de grondslag is, en alleen zo'n wet, zegt voor wie niet"
        "A law in which consent is itself the ground, and only such a law, says for whom it is none"
        "Zet no_ground_for bij elk [[regime]] dat rust op een grondslag van soort A, en nergens anders."
        "Put no_ground_for with every [[regime]] that rests on a ground of kind A, and nowhere else."
    ConsentRecorder "CONSENT_RECORDER"
        "Wie toestemming mag vastleggen mag haar ook bezorgen, en niemand anders"
        "Whoever may record a consent may deliver it too, and nobody else"
        "Noem bij recorders in consent.toml precies de rollen die volgens regel R43 bezorgen."
        "Name in recorders of consent.toml exactly the roles that deliver under rule R43."
    NoTerm "NO_TERM"
        "Voor wat wordt bewaard ontbreekt een termijn"
        "Something that is kept has no term"
        "Voeg een [[term]] toe in retention.toml."
        "Add a [[term]] to retention.toml."
    OutOfTerm "OUT_OF_TERM"
        "De termijn is korter of langer dan mag"
        "The term is shorter or longer than it may be"
        "Kies een termijn binnen de genoemde grenzen."
        "Choose a term within the bounds named."
    Setting "SETTING"
        "Een instelling ontbreekt of hoort niet bij een kolom van de soort setting"
        "A setting is missing or does not belong to a column of kind setting"
        "Zet in pack.toml onder [settings] precies de kolommen van de soort setting."
        "Put exactly the columns of kind setting under [settings] in pack.toml."
    Unseen "UNSEEN"
        "De tekst bevat een teken dat niet te zien is of de leesrichting omkeert"
        "The text holds a character that cannot be seen or turns the direction of reading"
        "Haal het genoemde teken weg; kopieer tekst zonder opmaak."
        "Remove the character named; copy text without its formatting."
    CanOccur "CAN_OCCUR"
        "Deze combinatie kan voorkomen"
        "This combination can occur"
        "Noem ten minste twee kolommen, en geen waarde die geldt als niemand iets weet."
        "Name at least two columns, and no value that counts when nobody knows."
    // Overlays.
    LocalPermit "LOCAL_PERMIT"
        "Een eigen regel mag alleen strenger zijn: hold, deny of lower"
        "A local rule may only be stricter: hold, deny or lower"
        "Kies hold, deny of lower; openen doet alleen de tabel van de regio."
        "Choose hold, deny or lower; only the region's table opens."
    LocalBlocksDuty "LOCAL_BLOCKS_DUTY"
        "Een eigen regel mag een wettelijke plicht niet blokkeren of verlagen"
        "A local rule may not deny or lower a legal duty"
        "Beperk de voorwaarde tot wat geen plicht is, of kies hold."
        "Narrow the condition to what is no duty, or choose hold."
    // Lint.
    NoLegalId "NO_LEGAL_ID"
        "De rij noemt geen grondslag"
        "The row names no legal ground"
        "Noem in legal ten minste één grondslag uit de catalogus."
        "Name at least one ground of the catalogue in legal."
    NoRows "NO_ROWS"
        "De regel heeft geen rijen"
        "The rule has no rows"
        "Geef de regel een rij, of haal de regel weg."
        "Give the rule a row, or remove the rule."
    NeverMatches "NEVER_MATCHES"
        "De rij kan nooit van toepassing zijn"
        "The row can never match"
        "Ruim de genoemde voorwaarde op, of haal de rij weg."
        "Widen the condition named, or remove the row."
    Shadowed "SHADOWED"
        "De rij heeft nooit effect door een andere rij"
        "The row never has an effect because of another row"
        "Haal de rij weg, of beperk de rij die haar overschaduwt."
        "Remove the row, or narrow the row that shadows it."
    MissingText "MISSING_TEXT"
        "Een tekst of label ontbreekt in een taal"
        "A text or label is missing in a language"
        "Schrijf de tekst in het Nederlands en het Engels."
        "Write the text in Dutch and English."
    NoCase "NO_CASE"
        "Geen voorbeeldgeval raakt deze rij"
        "No golden case hits this row"
        "Voeg in cases/ een geval toe dat deze rij raakt."
        "Add a case to cases/ that hits this row."
    CaseFailed "CASE_FAILED"
        "Een voorbeeldgeval heeft een andere uitkomst"
        "A golden case has another outcome"
        "Verander de regel als het geval gelijk heeft, en anders het geval."
        "Change the rule if the case is right, and the case if not."
    RolePurpose "ROLE_PURPOSE"
        "De catalogus en regel R01 spreken elkaar tegen over rol en doel"
        "The catalogue and rule R01 disagree on role and purpose"
        "Zet het doel bij de rol in de catalogus, of weiger het in R01."
        "Give the role the purpose in the catalogue, or refuse it in R01."
    ConsentBlocksDuty "CONSENT_BLOCKS_DUTY"
        "Geweigerde of ingetrokken toestemming mag een wettelijke plicht niet blokkeren"
        "Refused or withdrawn consent may not block a legal duty"
        "Sluit de plicht uit van de voorwaarde van deze rij."
        "Exclude the duty from this row's condition."
    ProposedGround "PROPOSED_GROUND"
        "De rij rust op een voorgestelde wet en moet zelf voorgesteld zijn"
        "The row rests on a proposed statute and must itself be proposed"
        "Zet status = \"proposed\", of noem een geldende grondslag."
        "Set status = \"proposed\", or name a ground in force."
    DutyWithoutLaw "DUTY_WITHOUT_LAW"
        "Een plicht om te antwoorden heeft een grondslag van soort C! nodig"
        "A duty to reply needs a ground of kind C!"
        "Noem zo'n grondslag, of haal duty weg."
        "Name such a ground, or remove duty."
    NoSecrecyGround "NO_SECRECY_GROUND"
        "Tier 4 of hoger bij een houder met geheimhoudingsplicht heeft een doorbrekingsgrond nodig"
        "Tier 4 or higher at a holder with a secrecy duty needs a secrecy ground"
        "Noem een grondslag die geheimhouding doorbreekt, of verlaag de tier."
        "Name a ground that lifts secrecy, or lower the tier."
    NeverReleased "NEVER_RELEASED"
        "Een afgeschermd adres of de melder mag nooit worden vrijgegeven"
        "A shielded address or the reporter may never be released"
        "Herstel de rij van R02 die dit weigert."
        "Restore the row of R02 that refuses this."
    OpenCategory "OPEN_CATEGORY"
        "Een rij die iets opent noemt haar soorten gegevens een voor een"
        "A row that opens something names its categories one by one"
        "Noem de soorten gegevens in de voorwaarde."
        "Name the categories in the condition."
    ChildOpensParent "CHILD_OPENS_PARENT"
        "Het dossier van een ouder gaat open door het ja van het kind"
        "A parent's file is opened by the child's consent"
        "Beperk de rij tot about = \"child\", of vraag het ja van de ouder."
        "Narrow the row to about = \"child\", or ask for the parent's own consent."
    OwnPurpose "OWN_PURPOSE"
        "Politie of justitie krijgt inhoud over zorg of school voor een eigen doel"
        "Police or justice get care or school content for a purpose of their own"
        "Haal deze soorten gegevens of dit doel uit de rij."
        "Take these categories or this purpose out of the row."
    WithdrawnOpens "WITHDRAWN_OPENS"
        "Ingetrokken toestemming laat meer toe dan geen toestemming"
        "Withdrawn consent permits more than no consent"
        "Laat withdrawn nooit meer toe dan none."
        "Never let withdrawn permit more than none."
}

impl Fault {
    /// Whether it is a standing promise that does not hold: rules can be right in themselves and
    /// break one, so that `prove` tells of it with the region where.
    pub const fn is_promise(self) -> bool {
        matches!(
            self,
            Self::NoSecrecyGround
                | Self::WithdrawnOpens
                | Self::OpenCategory
                | Self::NeverReleased
                | Self::ChildOpensParent
                | Self::OwnPurpose
                | Self::ProposedGround
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A policy folder or overlay that cannot be used, with everything found wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", summary(.problems))]
pub struct PackError {
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl PackError {
    /// The stable reason: `LOCAL_PERMIT`, `LOCAL_BLOCKS_DUTY` or `POLICY_INVALID`.
    pub fn reason(&self) -> Reason {
        let has = |fault| self.problems.iter().any(|problem| problem.fault == fault);
        if has(Fault::LocalPermit) {
            Reason::LocalPermit
        } else if has(Fault::LocalBlocksDuty) {
            Reason::LocalBlocksDuty
        } else {
            Reason::PolicyInvalid
        }
    }
}

impl PackError {
    /// The same, with the line of each problem looked up in the files.
    pub(crate) fn found_in(mut self, files: &BTreeMap<String, String>) -> Self {
        find(&mut self.problems, files);
        self
    }
}

fn summary(problems: &[Problem]) -> String {
    match problems {
        [] => "the policy cannot be used".to_owned(),
        [only] => only.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

/// Collects problems while loading, so that an officer sees all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        if self.0.len() < PROBLEMS_MAX {
            self.0.push(problem);
        }
    }

    /// The loaded thing when nothing was wrong.
    pub(crate) fn finish<T>(self, loaded: T) -> Result<T, PackError> {
        if self.0.is_empty() { Ok(loaded) } else { Err(PackError { problems: self.0 }) }
    }

    /// The same, with the line of each problem looked up in the files.
    pub(crate) fn finish_in<T>(
        self,
        loaded: T,
        files: &BTreeMap<String, String>,
    ) -> Result<T, PackError> {
        self.finish(loaded).map_err(|error| error.found_in(files))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_codes_are_unique_and_speak_two_languages() {
        let codes: std::collections::BTreeSet<_> = Fault::ALL.iter().map(|f| f.code()).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_ne!(fault.sentence(Lang::Nl), fault.sentence(Lang::En), "{fault}");
            assert_ne!(fault.advice(Lang::Nl), fault.advice(Lang::En), "{fault}");
            for lang in [Lang::Nl, Lang::En] {
                assert!(fault.advice(lang).ends_with('.'), "{fault} says what to do");
            }
        }
    }
}
