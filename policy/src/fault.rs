//! What can be wrong with a policy folder or an overlay, by file, row and reason.

use std::fmt;

use grondslag_core::lang::{Lang, Text};
use grondslag_core::reason::Reason;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::limits::PROBLEMS_MAX;

macro_rules! faults {
    ($($variant:ident $code:literal $nl:literal $en:literal)+) => {
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
        }
    };
}

faults! {
    // Loading.
    Unreadable "UNREADABLE"
        "Het bestand ontbreekt of kan niet worden gelezen"
        "The file is missing or cannot be read"
    Syntax "SYNTAX"
        "Het bestand is geen geldige TOML"
        "The file is not valid TOML"
    Field "FIELD"
        "Een sleutel is onbekend, ontbreekt of heeft de verkeerde vorm"
        "A key is unknown, missing or of the wrong form"
    UnknownValue "UNKNOWN_VALUE"
        "Deze waarde staat niet in de catalogus"
        "This value is not in the catalogue"
    DuplicateId "DUPLICATE_ID"
        "Dit kenmerk komt twee keer voor"
        "This id occurs twice"
    EmptySet "EMPTY_SET"
        "De voorwaarde laat geen enkele waarde over"
        "The condition leaves no value at all"
    TooMany "TOO_MANY"
        "Er zijn er te veel"
        "There are too many"
    Format "FORMAT"
        "Een datum, termijn of tier is niet goed geschreven"
        "A date, term or tier is not well written"
    Misplaced "MISPLACED"
        "Dit hoort niet bij een regel met deze uitkomst"
        "This does not belong to a row with this outcome"
    WrongRule "WRONG_RULE"
        "Het kenmerk van een rij begint met dat van haar regel en een punt"
        "A row's id starts with its rule's id and a dot"
    NoTerm "NO_TERM"
        "Voor wat wordt bewaard ontbreekt een termijn"
        "Something that is kept has no term"
    OutOfTerm "OUT_OF_TERM"
        "De termijn is korter of langer dan mag"
        "The term is shorter or longer than it may be"
    Setting "SETTING"
        "Een instelling ontbreekt of hoort niet bij een kolom van de soort setting"
        "A setting is missing or does not belong to a column of kind setting"
    // Overlays.
    LocalPermit "LOCAL_PERMIT"
        "Een eigen regel mag alleen strenger zijn: hold, deny of lower"
        "A local rule may only be stricter: hold, deny or lower"
    LocalBlocksDuty "LOCAL_BLOCKS_DUTY"
        "Een eigen regel mag een wettelijke plicht niet blokkeren of verlagen"
        "A local rule may not deny or lower a legal duty"
    // Lint.
    NoLegalId "NO_LEGAL_ID"
        "De rij noemt geen grondslag"
        "The row names no legal ground"
    NeverMatches "NEVER_MATCHES"
        "De rij kan nooit van toepassing zijn"
        "The row can never match"
    Shadowed "SHADOWED"
        "De rij heeft nooit effect door een andere rij"
        "The row never has an effect because of another row"
    MissingText "MISSING_TEXT"
        "Een tekst of label ontbreekt in een taal"
        "A text or label is missing in a language"
    NoCase "NO_CASE"
        "Geen voorbeeldgeval raakt deze rij"
        "No golden case hits this row"
    CaseFailed "CASE_FAILED"
        "Een voorbeeldgeval heeft een andere uitkomst"
        "A golden case has another outcome"
    RolePurpose "ROLE_PURPOSE"
        "De catalogus en regel R01 spreken elkaar tegen over rol en doel"
        "The catalogue and rule R01 disagree on role and purpose"
    ConsentBlocksDuty "CONSENT_BLOCKS_DUTY"
        "Geweigerde of ingetrokken toestemming mag een wettelijke plicht niet blokkeren"
        "Refused or withdrawn consent may not block a legal duty"
    ProposedGround "PROPOSED_GROUND"
        "De rij rust op een voorgestelde wet en moet zelf voorgesteld zijn"
        "The row rests on a proposed statute and must itself be proposed"
    DutyWithoutLaw "DUTY_WITHOUT_LAW"
        "Een plicht om te antwoorden heeft een grondslag van soort C! nodig"
        "A duty to reply needs a ground of kind C!"
    NoSecrecyGround "NO_SECRECY_GROUND"
        "Tier 4 of hoger bij een houder met geheimhoudingsplicht heeft een doorbrekingsgrond nodig"
        "Tier 4 or higher at a holder with a secrecy duty needs a secrecy ground"
    NeverReleased "NEVER_RELEASED"
        "Een afgeschermd adres of de melder mag nooit worden vrijgegeven"
        "A shielded address or the reporter may never be released"
    OpenCategory "OPEN_CATEGORY"
        "Een rij die iets opent noemt haar soorten gegevens een voor een"
        "A row that opens something names its categories one by one"
    ChildOpensParent "CHILD_OPENS_PARENT"
        "Het dossier van een ouder gaat open door het ja van het kind"
        "A parent's file is opened by the child's consent"
    OwnPurpose "OWN_PURPOSE"
        "Politie of justitie krijgt inhoud over zorg of school voor een eigen doel"
        "Police or justice get care or school content for a purpose of their own"
    WithdrawnOpens "WITHDRAWN_OPENS"
        "Ingetrokken toestemming laat meer toe dan geen toestemming"
        "Withdrawn consent permits more than no consent"
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, relative to the policy folder.
    pub file: String,
    /// The row, case or catalogue entry; empty when the whole file is meant.
    pub row: String,
    /// What is wrong.
    pub fault: Fault,
    /// The particulars: ids and values, the same in every language.
    pub detail: String,
    /// The allowed value that looks most like the one given.
    pub nearest: Option<String>,
}

impl Problem {
    pub(crate) fn new(file: &str, row: &str, fault: Fault, detail: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            row: row.to_owned(),
            fault,
            detail: detail.into(),
            nearest: None,
        }
    }

    /// An unknown word: `what` names the list it was looked up in.
    pub(crate) fn unknown<'a>(
        (file, row): (&str, &str),
        what: &str,
        given: &str,
        allowed: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self {
            nearest: nearest(given, allowed),
            ..Self::new(file, row, Fault::UnknownValue, format!("{what} \"{given}\""))
        }
    }

    /// One sentence in a language.
    pub fn sentence(&self, lang: Lang) -> String {
        let lead = self.fault.sentence(lang);
        let detail = match self.detail.as_str() {
            "" => String::new(),
            detail => format!(": {detail}"),
        };
        let hint = match (&self.nearest, lang) {
            (None, _) => String::new(),
            (Some(word), Lang::Nl) => format!(" Bedoelt u \"{word}\"?"),
            (Some(word), Lang::En) => format!(" Did you mean \"{word}\"?"),
        };
        format!("{lead}{detail}.{hint}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = [self.file.as_str(), self.row.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(", ");
        write!(f, "{place}: {}", self.sentence(Lang::En))
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sentence = Text { nl: self.sentence(Lang::Nl), en: self.sentence(Lang::En) };
        let mut out = serializer.serialize_struct("Problem", 4)?;
        out.serialize_field("file", &self.file)?;
        out.serialize_field("row", &self.row)?;
        out.serialize_field("reason", self.fault.code())?;
        out.serialize_field("sentence", &sentence)?;
        out.end()
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

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// The allowed word that looks most like `given`, if it is near enough to be a slip of the pen.
pub(crate) fn nearest<'a>(given: &str, allowed: impl Iterator<Item = &'a str>) -> Option<String> {
    allowed
        .map(|word| (distance(&given.to_lowercase(), &word.to_lowercase()), word))
        .min()
        .filter(|(distance, word)| *distance <= 1 + word.len().min(given.len()) / 3)
        .map(|(_, word)| word.to_owned())
}

/// Edit distance (Levenshtein), on bytes: codes are ASCII.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (to, above) in b.bytes().zip(row.iter().skip(1)) {
            left = (left + 1).min(above + 1).min(diagonal + usize::from(from != to));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let words = ["D01", "D02", "standard", "urgent"];
        let near = |given| nearest(given, words.into_iter());
        assert_eq!(near("standart").as_deref(), Some("standard"));
        assert_eq!(near("d1").as_deref(), Some("D01"));
        assert_eq!(near("aggregate"), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }

    #[test]
    fn edit_distance_counts_single_changes() {
        for (a, b, expected) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), expected);
            assert_eq!(distance(b, a), expected);
        }
    }

    #[test]
    fn a_problem_names_file_row_and_reason_in_both_languages() {
        let problem =
            Problem::unknown(("table/a.toml", "R05.1"), "purpose", "D1", ["D01"].into_iter());
        assert_eq!(
            problem.to_string(),
            "table/a.toml, R05.1: This value is not in the catalogue: purpose \"D1\". \
             Did you mean \"D01\"?"
        );
        assert!(problem.sentence(Lang::Nl).ends_with("Bedoelt u \"D01\"?"));
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["reason"], "UNKNOWN_VALUE");
        assert_eq!(json["row"], "R05.1");
    }

    #[test]
    fn fault_codes_are_unique_and_speak_two_languages() {
        let codes: std::collections::BTreeSet<_> = Fault::ALL.iter().map(|f| f.code()).collect();
        assert_eq!(codes.len(), Fault::ALL.len());
        for fault in Fault::ALL {
            assert_ne!(fault.sentence(Lang::Nl), fault.sentence(Lang::En), "{fault}");
        }
    }
}
