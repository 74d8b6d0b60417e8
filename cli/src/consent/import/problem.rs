//! What is wrong with a row, in words that help and that repeat nothing of what stands in it: it is
//! about a child.

use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use serde_json::{Value, json};

/// Something wrong in a file with custody and measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The object in the list, or the line of a CSV file, from 1.
    pub(super) row: u64,
    /// The column.
    pub(super) column: Option<&'static str>,
    /// What.
    pub(super) fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// No JSON list of objects; the row is the line at which that shows.
    NotJson,
    /// No CSV with a header.
    NotCsv,
    /// More rows than one file may have.
    TooManyRows,
    /// A column that there is not.
    UnknownColumn,
    /// A column that stands twice.
    ColumnTwice,
    /// A value of another form than text.
    NotText,
    /// A column that must be filled in.
    Empty,
    /// A column that says nothing of what this row is about.
    NotForThis,
    /// Neither custody nor a measure.
    BadWhat,
    /// Nobody by these words.
    BadWho,
    /// No date and no moment.
    BadMoment,
    /// The same child's custody or measure begins at the same moment in another row that says
    /// otherwise.
    SaysOtherwise,
    /// The node refuses it.
    Refused(Reason),
}

impl Problem {
    /// Row, column and what is wrong, in one sentence.
    pub(super) fn text(&self, lang: Lang) -> String {
        let (row, column) = match lang {
            Lang::Nl => ("rij", "kolom"),
            Lang::En => ("row", "column"),
        };
        let place = format!("{row} {}", self.row);
        let place = match self.column {
            Some(name) => format!("{place}, {column} {name}"),
            None => place,
        };
        format!("{place}: {}", self.fault.text(lang))
    }

    /// As `--json` has it.
    pub(super) fn json(&self, lang: Lang) -> Value {
        json!({
            "row": self.row,
            "column": self.column,
            "reason": self.fault.reason(),
            "sentence": self.fault.text(lang),
        })
    }
}

impl Fault {
    /// What the node said of one row.
    pub(super) const fn of_row(reason: Reason) -> Self {
        match reason {
            Reason::ImportRowBad => Self::SaysOtherwise,
            reason => Self::Refused(reason),
        }
    }

    /// The stable reason.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::NotCsv | Self::UnknownColumn | Self::ColumnTwice => Reason::ImportHeaderBad,
            Self::TooManyRows => Reason::TooLarge,
            Self::Refused(reason) => reason,
            Self::NotJson
            | Self::NotText
            | Self::Empty
            | Self::NotForThis
            | Self::BadWhat
            | Self::BadWho
            | Self::BadMoment
            | Self::SaysOtherwise => Reason::ImportRowBad,
        }
    }

    fn text(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Nl => self.nl(),
            Lang::En => self.en(),
        }
    }

    fn nl(self) -> &'static str {
        match self {
            Self::NotJson => "dit bestand is geen JSON-lijst van objecten",
            Self::NotCsv => "dit bestand is geen CSV met een kopregel en overal evenveel velden",
            Self::TooManyRows => "er zijn te veel rijen voor één keer inlezen; splits het bestand",
            Self::UnknownColumn => "er staat een kolom die niet bestaat; `--help` noemt ze",
            Self::ColumnTwice => "deze kolom staat er twee keer",
            Self::NotText => "elke waarde is tekst tussen aanhalingstekens, of null",
            Self::Empty => "dit veld is verplicht",
            Self::NotForThis => "dit veld hoort niet bij wat deze rij vastlegt",
            Self::BadWhat => "schrijf custody (gezag) of measure (maatregel)",
            Self::BadWho => {
                "schrijf `voornamen, achternaam, JJJJ-MM-DD`, of `guardian:` en een organisatie"
            }
            Self::BadMoment => {
                "schrijf een datum als JJJJ-MM-DD, of een moment als JJJJ-MM-DDTUU:MM"
            }
            Self::SaysOtherwise => {
                "een andere rij over dit kind zegt iets anders vanaf hetzelfde moment"
            }
            Self::Refused(reason) => reason.sentence(Lang::Nl),
        }
    }

    fn en(self) -> &'static str {
        match self {
            Self::NotJson => "this file is no JSON list of objects",
            Self::NotCsv => "this file is no CSV with a header and as many fields everywhere",
            Self::TooManyRows => "there are too many rows for one import; split the file",
            Self::UnknownColumn => "there is a column that does not exist; `--help` names them",
            Self::ColumnTwice => "this column stands here twice",
            Self::NotText => "each value is text between quotes, or null",
            Self::Empty => "this field must be filled in",
            Self::NotForThis => "this field does not belong to what this row says",
            Self::BadWhat => "write custody or measure",
            Self::BadWho => {
                "write `given names, family name, YYYY-MM-DD`, or `guardian:` and an agency"
            }
            Self::BadMoment => "write a date as YYYY-MM-DD, or a moment as YYYY-MM-DDTHH:MM",
            Self::SaysOtherwise => {
                "another row about this child says otherwise from the same moment on"
            }
            Self::Refused(reason) => reason.sentence(Lang::En),
        }
    }
}
