//! What is wrong with an import file, and where, in words that help and that repeat nothing of
//! what stands in the file: it is about people.

use std::fmt;

use grondslag_core::answer::LayerError;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;

/// Something wrong in an import file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file's name.
    pub file: String,
    /// The line on which the row begins, from 1.
    pub line: u64,
    /// The column, as the header names it or as a position.
    pub column: Option<String>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong at one place of an import file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The file is UTF-16.
    Utf16,
    /// A byte that UTF-8 does not know: the file is Latin-1 or Windows-1252, or no text.
    NotUtf8,
    /// The file has no row at all.
    NoHeader,
    /// A column or field that the table does not have, with the nearest that it has.
    UnknownColumn(Option<&'static str>),
    /// A column that the table must have.
    MissingColumn,
    /// A column that stands twice.
    ColumnTwice,
    /// Another number of fields than the header.
    FieldCount,
    /// No JSON object on this line.
    NotJson,
    /// A JSON value that is no text.
    NotText,
    /// A row without end, or with an opening quote too many.
    RowTooLong,
    /// More rows than one import takes.
    TooManyRows,
    /// A field that must be filled in.
    Empty,
    /// A text that is too long or has control characters.
    BadText,
    /// A service number that fails the 11-proof.
    BsnInvalid,
    /// A test number in production, or another in a demo.
    BsnNotAdmitted,
    /// This kind of party may not process service numbers.
    NoBsnRight,
    /// A client's file number that stood in an earlier row.
    ClientTwice,
    /// A service number that stood in an earlier row.
    BsnTwice,
    /// A row on a client that no client row names.
    ClientUnknown,
    /// A row on a client whose own row was refused.
    ClientRefused,
    /// More rows on one client than an import takes.
    ClientTooManyRows,
    /// Neither a given nor a family name, or one that is no name.
    BadName,
    /// No calendar date.
    BadDate,
    /// A birth in the future.
    BornLater,
    /// No moment.
    BadMoment,
    /// An end that lies before the start.
    EndsBeforeStart,
    /// A data category that the catalogue does not know.
    UnknownCategory,
    /// Another word than child, parent, other.
    BadAbout,
    /// A mark with a missing brace, or with an unknown word.
    BadMark(LayerError),
    /// A record without any text.
    NoLayer,
    /// A column or value that the catalogue does not know, or that is not the holder's to state.
    UnknownFact,
    /// A kind of party that the catalogue does not know.
    UnknownKind,
    /// A purpose that the catalogue does not know.
    UnknownPurpose,
}

impl Problem {
    /// File, line, column and what is wrong, in one sentence.
    pub fn text(&self, lang: Lang) -> String {
        let (line, column) = match lang {
            Lang::Nl => ("regel", "kolom"),
            Lang::En => ("line", "column"),
        };
        let place = format!("{}, {line} {}", self.file, self.line);
        let place = match &self.column {
            Some(name) => format!("{place}, {column} {name}"),
            None => place,
        };
        format!("{place}: {}", self.fault.text(lang))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl Fault {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Utf16 | Self::NotUtf8 => Reason::ImportEncoding,
            Self::NoHeader | Self::UnknownColumn(_) | Self::MissingColumn | Self::ColumnTwice => {
                Reason::ImportHeaderBad
            }
            Self::BsnInvalid => Reason::BsnInvalid,
            Self::BsnNotAdmitted => Reason::BsnNotAdmitted,
            Self::NoBsnRight => Reason::NoBsnRight,
            Self::UnknownCategory => Reason::UnknownCategory,
            Self::UnknownFact => Reason::UnknownFact,
            Self::UnknownPurpose => Reason::UnknownPurpose,
            Self::RowTooLong | Self::TooManyRows | Self::ClientTooManyRows => Reason::TooLarge,
            Self::FieldCount
            | Self::NotJson
            | Self::NotText
            | Self::Empty
            | Self::BadText
            | Self::ClientTwice
            | Self::BsnTwice
            | Self::ClientUnknown
            | Self::ClientRefused
            | Self::BadName
            | Self::BadDate
            | Self::BornLater
            | Self::BadMoment
            | Self::EndsBeforeStart
            | Self::BadAbout
            | Self::BadMark(_)
            | Self::NoLayer
            | Self::UnknownKind => Reason::ImportRowBad,
        }
    }

    /// True when nothing further of the file can be read, whatever the settings.
    pub(super) fn ends_file(self) -> bool {
        matches!(self.reason(), Reason::ImportEncoding | Reason::ImportHeaderBad)
            || matches!(self, Self::RowTooLong | Self::TooManyRows)
    }

    /// What is wrong and the way out.
    pub fn text(self, lang: Lang) -> String {
        let text = match lang {
            Lang::Nl => self.nl(),
            Lang::En => self.en(),
        };
        match (self, lang) {
            (Self::UnknownColumn(Some(near)), Lang::Nl) => format!("{text}; bedoelt u `{near}`?"),
            (Self::UnknownColumn(Some(near)), Lang::En) => format!("{text}; is it `{near}`?"),
            _ => text.to_owned(),
        }
    }

    fn nl(self) -> &'static str {
        match self {
            Self::Utf16 => "dit bestand is UTF-16; bewaar het als UTF-8",
            Self::NotUtf8 => "dit bestand is geen UTF-8; bewaar het opnieuw als UTF-8",
            Self::NoHeader => "het bestand is leeg; de eerste regel noemt de kolommen",
            Self::UnknownColumn(_) => "deze kolom bestaat niet",
            Self::MissingColumn => "deze kolom ontbreekt in de kopregel",
            Self::ColumnTwice => "deze kolom staat er twee keer",
            Self::FieldCount => "deze rij heeft een ander aantal velden dan de kopregel",
            Self::NotJson => "deze regel is geen JSON-object",
            Self::NotText => "elke waarde is tekst tussen aanhalingstekens, of null",
            Self::RowTooLong => {
                "deze rij is te lang; misschien is een aanhalingsteken niet gesloten"
            }
            Self::TooManyRows => "er zijn te veel rijen voor één keer inlezen",
            Self::Empty => "dit veld is verplicht",
            Self::BadText => "deze tekst is te lang of bevat stuurtekens",
            Self::BsnInvalid => "dit burgerservicenummer is ongeldig (elfproef)",
            Self::BsnNotAdmitted => {
                "een demo aanvaardt alleen testnummers (9999…), productie alleen andere"
            }
            Self::NoBsnRight => {
                "dit soort partij mag geen burgerservicenummer verwerken; laat het veld leeg"
            }
            Self::ClientTwice => "dit dossiernummer staat al in een eerdere rij",
            Self::BsnTwice => "dit burgerservicenummer staat al in een eerdere rij",
            Self::ClientUnknown => "dit dossiernummer staat niet in het cliëntenbestand",
            Self::ClientRefused => "de rij van deze cliënt is zelf afgekeurd",
            Self::ClientTooManyRows => "er zijn te veel rijen over deze cliënt",
            Self::BadName => "vul een voornaam of achternaam in, elk op één regel",
            Self::BadDate => "schrijf een bestaande datum als JJJJ-MM-DD",
            Self::BornLater => "deze geboortedatum ligt in de toekomst",
            Self::BadMoment => {
                "schrijf een datum als JJJJ-MM-DD, of een moment als JJJJ-MM-DDTUU:MM"
            }
            Self::EndsBeforeStart => "het einde ligt voor het begin",
            Self::UnknownCategory => "deze gegevenscategorie bestaat niet in de catalogus",
            Self::BadAbout => "schrijf child, parent of other",
            Self::BadMark(LayerError::Brace) => "een markering mist een accolade",
            Self::BadMark(LayerError::Mark) => {
                "een markering is {place:…}, {third:…} of {reporter:…}"
            }
            Self::NoLayer => "een gegeven heeft tekst in ten minste een van t1 tot en met t5",
            Self::UnknownFact => {
                "dit feit of deze waarde bestaat niet, of is niet aan de houder om te stellen"
            }
            Self::UnknownKind => "dit soort partij bestaat niet in de catalogus",
            Self::UnknownPurpose => "dit doel bestaat niet in de catalogus",
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::Utf16 => "this file is UTF-16; save it as UTF-8",
            Self::NotUtf8 => "this file is not UTF-8; save it again as UTF-8",
            Self::NoHeader => "the file is empty; its first line names the columns",
            Self::UnknownColumn(_) => "there is no such column",
            Self::MissingColumn => "the header lacks this column",
            Self::ColumnTwice => "this column stands here twice",
            Self::FieldCount => "this row has another number of fields than the header",
            Self::NotJson => "this line is no JSON object",
            Self::NotText => "each value is text between quotes, or null",
            Self::RowTooLong => "this row is too long; perhaps a quote was not closed",
            Self::TooManyRows => "there are too many rows for one import",
            Self::Empty => "this field must be filled in",
            Self::BadText => "this text is too long or has control characters",
            Self::BsnInvalid => "this citizen service number is invalid (11-proof)",
            Self::BsnNotAdmitted => {
                "a demo admits test numbers only (9999…), production only others"
            }
            Self::NoBsnRight => {
                "this kind of party may not process citizen service numbers; leave it empty"
            }
            Self::ClientTwice => "this file number stands in an earlier row",
            Self::BsnTwice => "this citizen service number stands in an earlier row",
            Self::ClientUnknown => "this file number is not in the file of clients",
            Self::ClientRefused => "the row of this client was itself refused",
            Self::ClientTooManyRows => "there are too many rows on this client",
            Self::BadName => "give a given or a family name, each on one line",
            Self::BadDate => "write an existing date as YYYY-MM-DD",
            Self::BornLater => "this date of birth lies in the future",
            Self::BadMoment => "write a date as YYYY-MM-DD, or a moment as YYYY-MM-DDTHH:MM",
            Self::EndsBeforeStart => "the end lies before the start",
            Self::UnknownCategory => "this data category is not in the catalogue",
            Self::BadAbout => "write child, parent or other",
            Self::BadMark(LayerError::Brace) => "a mark lacks a brace",
            Self::BadMark(LayerError::Mark) => "a mark is {place:…}, {third:…} or {reporter:…}",
            Self::NoLayer => "a record has text in at least one of t1 to t5",
            Self::UnknownFact => {
                "this fact or value does not exist, or is not for the holder to state"
            }
            Self::UnknownKind => "this kind of party is not in the catalogue",
            Self::UnknownPurpose => "this purpose is not in the catalogue",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(fault: Fault) -> Problem {
        Problem { file: "clients.csv".into(), line: 12, column: Some("bsn".into()), fault }
    }

    #[test]
    fn a_problem_names_file_line_and_column_in_both_languages() {
        let problem = problem(Fault::BsnInvalid);
        assert_eq!(
            problem.text(Lang::Nl),
            "clients.csv, regel 12, kolom bsn: dit burgerservicenummer is ongeldig (elfproef)"
        );
        assert_eq!(
            problem.to_string(),
            "clients.csv, line 12, column bsn: this citizen service number is invalid (11-proof)"
        );
    }

    #[test]
    fn an_unknown_column_names_the_nearest_if_there_is_one() {
        let near = problem(Fault::UnknownColumn(Some("bsn"))).to_string();
        assert!(near.ends_with("there is no such column; is it `bsn`?"), "{near}");
        let far = problem(Fault::UnknownColumn(None)).text(Lang::Nl);
        assert!(far.ends_with("deze kolom bestaat niet"), "{far}");
    }
}
