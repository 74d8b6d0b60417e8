//! The access log of a person: who asked what about them (AVG art. 15, domain 4a.31).
//!
//! A node tells its part of it as entries of the category `G30`: first what holds for the whole
//! ([`LogHead`]), then a line for each question at each agency ([`LogLine`]). Each travels as the
//! text of one entry. A line is made of codes alone: it has no room for a name, a place, a reporter
//! or a word about somebody else.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Category, Ground, Purpose, Role};
use crate::clock::Timestamp;
use crate::id::{Oin, TargetId};
use crate::limits::LOG_TEXT_BYTES_MAX;
use crate::tier::{UnknownWord, words};

words!(
    /// What came of one category, as the person concerned is told it; the most that came first.
    LogOutcome, "given, nothing_on_file, in_review, refused, no_answer, not_recorded", {
        /// Something was given.
        Given = "given",
        /// It was allowed, and nothing was given.
        NothingOnFile = "nothing_on_file",
        /// A professional decides.
        InReview = "in_review",
        /// It was refused.
        Refused = "refused",
        /// The asker got nothing, and was not told why.
        NoAnswer = "no_answer",
        /// Who asked has no record of what came.
        NotRecorded = "not_recorded",
    }
);

/// What was asked of one category, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogCategory {
    /// The category.
    #[serde(rename = "g")]
    pub category: Category,
    /// What came of it.
    #[serde(rename = "o")]
    pub outcome: LogOutcome,
    /// The articles that it rests on, as far as who tells it knows them.
    #[serde(rename = "l")]
    pub grounds: Vec<Ground>,
}

/// One question to one agency.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLine {
    /// When.
    #[serde(rename = "t")]
    pub at: Timestamp,
    /// Who asked.
    #[serde(rename = "a")]
    pub asker: Oin,
    /// In which role.
    #[serde(rename = "r")]
    pub role: Role,
    /// What for.
    #[serde(rename = "p")]
    pub purpose: Purpose,
    /// Who was asked.
    #[serde(rename = "h")]
    pub holder: Oin,
    /// The question as both know it: under this number a proof is found.
    #[serde(rename = "i")]
    pub target_id: TargetId,
    /// What.
    #[serde(rename = "c")]
    pub categories: Vec<LogCategory>,
}

crate::unprinted!(LogLine);

/// What holds for a node's whole part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// Where the person is must stay secret: to a parent no agency is named.
    #[serde(rename = "s")]
    pub shielded: bool,
    /// There are older lines than fit.
    #[serde(rename = "m")]
    pub more: bool,
}

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogEntry {
    /// What holds for the whole.
    Head(LogHead),
    /// A line.
    Line(LogLine),
}

/// A text that is no entry of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no entry of an access log")]
pub struct NoLogEntry;

impl LogEntry {
    /// The text of the entry.
    ///
    /// # Errors
    /// [`NoLogEntry`] when it is too long.
    pub fn to_text(&self) -> Result<String, NoLogEntry> {
        let text = serde_json::to_string(self).map_err(|_| NoLogEntry)?;
        if text.len() <= LOG_TEXT_BYTES_MAX { Ok(text) } else { Err(NoLogEntry) }
    }

    /// The entry of a text.
    ///
    /// # Errors
    /// [`NoLogEntry`] when it is none, or too long.
    pub fn parse(text: &str) -> Result<Self, NoLogEntry> {
        if text.len() > LOG_TEXT_BYTES_MAX {
            return Err(NoLogEntry);
        }
        serde_json::from_str(text).map_err(|_| NoLogEntry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CATEGORIES_MAX;

    fn line(categories: usize) -> LogLine {
        let one = LogCategory {
            category: Category::parse("G05").unwrap(),
            outcome: LogOutcome::Refused,
            grounds: ["jw-7.3.11-1", "avg-7-3"].map(|code| Ground::parse(code).unwrap()).into(),
        };
        LogLine {
            at: Timestamp::parse("2026-06-02T10:15").unwrap(),
            asker: Oin::parse("00000099000000001000").unwrap(),
            role: Role::parse("sch.zorgcoordinator").unwrap(),
            purpose: Purpose::parse("D03").unwrap(),
            holder: Oin::parse("00000099000000002000").unwrap(),
            target_id: TargetId::new([7; 16]),
            categories: vec![one; categories],
        }
    }

    #[test]
    fn an_entry_is_read_as_it_was_written_and_shows_nothing_in_a_log() {
        let head = LogHead { shielded: true, more: false };
        for entry in [LogEntry::Head(head), LogEntry::Line(line(CATEGORIES_MAX))] {
            assert_eq!(LogEntry::parse(&entry.to_text().unwrap()), Ok(entry));
        }
        assert_eq!(format!("{:?}", line(1)), "LogLine(…)");
    }

    #[test]
    fn what_is_no_entry_is_an_error() {
        let whole = LogEntry::Line(line(1)).to_text().unwrap();
        let more = whole.replace("\"t\":", "\"x\":1,\"t\":");
        let long = format!("{whole}{}", " ".repeat(LOG_TEXT_BYTES_MAX));
        let bad = whole.replace("refused", "verzonnen");
        for text in ["", "Een school vroeg iets.", &whole[1..], &more, &long, &bad] {
            assert_eq!(LogEntry::parse(text), Err(NoLogEntry), "{text}");
        }
        assert_eq!(LogEntry::Line(line(200)).to_text(), Err(NoLogEntry));
    }
}
