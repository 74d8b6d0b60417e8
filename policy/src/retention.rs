//! How long what is kept: the terms of domain section 5, as data (`retention.toml`).
//!
//! Which things are kept is a closed list, because a program must know when a term begins; how
//! long is the privacy officer's, within the bounds that stand beside it.

use std::fmt;

use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Text;
use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Problem, Problems};
use crate::limits::{KEEP_DAYS_MAX, KEEP_YEARS_MAX};
use crate::parse::{entries, marked, no_other_keys, table};

/// The file, relative to the policy folder.
pub(crate) const FILE: &str = "retention.toml";

/// What is kept for a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// Decisions, processing and questions in the log.
    Decision,
    /// The same with break glass.
    BreakGlass,
    /// Answers received, at the asker.
    ReceivedAnswer,
    /// Consents.
    Consent,
    /// Signals of signal and match.
    Signal,
    /// Assembled dossiers.
    Dossier,
    /// Content on its way.
    Payload,
}

/// From when a term counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// When it was recorded.
    Recorded,
    /// When it was received.
    Received,
    /// When the answer was due.
    AnswerBy,
    /// When it was last changed.
    LastChange,
    /// When it ended.
    End,
}

/// A length of time on the Dutch calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// So many days.
    Days(u32),
    /// So many years.
    Years(u16),
}

/// One term.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionTerm {
    /// What is kept.
    pub id: Kept,
    /// Its name.
    pub label: Text,
    /// How long.
    pub keep: Keep,
    /// From when.
    pub from: Start,
    /// It may not be shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Keep>,
    /// It may not be longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Keep>,
    /// What it rests on.
    pub legal: Text,
    /// How well that was read: `V`, `V-`, `M` or `U`.
    pub mark: String,
    /// Open legal question; there is one whenever the mark is not `V`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// The loaded terms: one for everything that is kept.
#[derive(Debug, Clone)]
pub struct Retention(Vec<RetentionTerm>);

impl Kept {
    /// Everything that is kept.
    pub const ALL: [Self; 7] = [
        Self::Decision,
        Self::BreakGlass,
        Self::ReceivedAnswer,
        Self::Consent,
        Self::Signal,
        Self::Dossier,
        Self::Payload,
    ];

    /// The word as written in files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::BreakGlass => "break_glass",
            Self::ReceivedAnswer => "received_answer",
            Self::Consent => "consent",
            Self::Signal => "signal",
            Self::Dossier => "dossier",
            Self::Payload => "payload",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kept| kept.word() == word)
    }
}

impl Keep {
    /// Reads `14d` or `5y`.
    pub fn parse(text: &str) -> Option<Self> {
        // `parse` would take a sign too.
        let digits = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(days) = text.strip_suffix('d').filter(|number| digits(number)) {
            return days.parse().ok().filter(|days| *days <= KEEP_DAYS_MAX).map(Self::Days);
        }
        let years = text.strip_suffix('y').filter(|number| digits(number))?;
        years.parse().ok().filter(|years| *years <= KEEP_YEARS_MAX).map(Self::Years)
    }

    /// The end of a term of this length that begins at `start`.
    #[must_use]
    pub fn end(self, start: Timestamp) -> Timestamp {
        match self {
            Self::Days(days) => start.plus_calendar(0, days),
            Self::Years(years) => start.plus_calendar(years, 0),
        }
    }
}

impl Retention {
    /// Reads `retention.toml`. What is wrong goes to `problems`.
    pub(crate) fn parse(text: &str, problems: &mut Problems) -> Self {
        let mut table = table(FILE, text, problems);
        let raw: Vec<Raw> = entries(FILE, "term", &mut table, problems);
        no_other_keys(FILE, &table, &["term"], problems);
        let wrong_entries = !problems.is_empty();
        let terms: Vec<_> = raw.into_iter().filter_map(|raw| raw.read(problems)).collect();
        let missing = Kept::ALL.into_iter().filter(|id| terms.iter().all(|term| term.id != *id));
        // An entry that cannot be read is named by what is wrong with it, not as missing too.
        if !wrong_entries && problems.is_empty() {
            for id in missing {
                problems.push(Problem::new(FILE, id.word(), Fault::NoTerm, ""));
            }
        }
        Self(terms)
    }

    /// Every term, in the order of the file.
    pub fn terms(&self) -> &[RetentionTerm] {
        &self.0
    }

    /// The end of the term of something whose term begins at `start`.
    #[must_use]
    pub fn end(&self, id: Kept, start: Timestamp) -> Timestamp {
        let term = self.0.iter().find(|term| term.id == id);
        // A loaded table has a term for everything. Without one nothing would ever be forgotten
        // too soon.
        term.map_or(Timestamp::from_ms(i64::MAX), |term| term.keep.end(start))
    }

    /// Until when it is kept at least, whatever its term is; from its beginning on when nothing
    /// says so.
    #[must_use]
    pub fn least_end(&self, id: Kept, start: Timestamp) -> Timestamp {
        let term = self.0.iter().find(|term| term.id == id);
        term.and_then(|term| term.at_least).map_or(start, |least| least.end(start))
    }
}

/// A term as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    id: String,
    label: Text,
    keep: String,
    from: Start,
    #[serde(default)]
    at_least: Option<String>,
    #[serde(default)]
    at_most: Option<String>,
    legal: Text,
    mark: String,
    #[serde(default)]
    note: Option<Text>,
}

impl Raw {
    fn read(self, problems: &mut Problems) -> Option<RetentionTerm> {
        let row = self.id.as_str();
        let Some(id) = Kept::parse(row) else {
            let allowed = Kept::ALL.map(Kept::word);
            problems.push(Problem::unknown((FILE, row), "id", row, allowed.into_iter()));
            return None;
        };
        marked((FILE, row), &self.mark, self.note.as_ref(), problems);
        let mut length = |what: &str, text: &str| {
            let keep = Keep::parse(text);
            if keep.is_none() {
                let detail = format!("0d .. {KEEP_DAYS_MAX}d, 0y .. {KEEP_YEARS_MAX}y");
                problems.push(Problem::new(FILE, row, Fault::Format, detail).at(what).given(text));
            }
            keep
        };
        let keep = length("keep", &self.keep);
        let at_least = self.at_least.as_deref().map(|text| length("at_least", text));
        let at_most = self.at_most.as_deref().map(|text| length("at_most", text));
        let (keep, at_least, at_most) = (keep?, at_least.flatten(), at_most.flatten());
        let shortest = at_least.filter(|least| days(keep) < days(*least));
        if let Some(bound) = shortest.or(at_most.filter(|most| days(keep) > days(*most))) {
            let least = at_least.map_or(String::new(), |least| format!("{least} .. "));
            let most = at_most.map_or(String::new(), |most| most.to_string());
            let detail = format!("\"{bound}\", {least}{most}");
            let problem = Problem::new(FILE, row, Fault::OutOfTerm, detail);
            problems.push(problem.at("keep").given(&keep.to_string()));
        }
        let Self { label, from, legal, mark, note, .. } = self;
        Some(RetentionTerm { id, label, keep, from, at_least, at_most, legal, mark, note })
    }
}

/// To compare lengths; a year counts as its longest.
fn days(keep: Keep) -> u32 {
    match keep {
        Keep::Days(days) => days,
        Keep::Years(years) => u32::from(years).saturating_mul(366),
    }
}

impl fmt::Display for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(f, "{days}d"),
            Self::Years(years) => write!(f, "{years}y"),
        }
    }
}

impl Serialize for Keep {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use grondslag_core::lang::Lang;

    use super::*;
    use crate::fixture::{changed, pack};

    fn problem(from: &str, to: &str) -> Problem {
        let problems = changed(FILE, from, to).unwrap_err().problems;
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.into_iter().next().unwrap()
    }

    #[test]
    fn a_term_ends_on_the_calendar() {
        let at = |text| Timestamp::parse(text).unwrap();
        for (keep, start, end) in [
            ("0d", "2026-09-15T09:00", "2026-09-15T09:00"),
            ("14d", "2026-10-20T09:00", "2026-11-03T09:00"),
            ("5y", "2026-09-15T09:00", "2031-09-15T09:00"),
            ("1y", "2028-02-29T09:00", "2029-02-28T09:00"),
        ] {
            assert_eq!(Keep::parse(keep).unwrap().end(at(start)), at(end), "{keep} {start}");
        }
        for bad in ["", "5", "y", "-1d", "+1d", "5 y", "5w", "101y", "99999d", "1.5y"] {
            assert_eq!(Keep::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_terms_are_those_of_the_domain_and_every_one_has_its_mark() {
        let pack = crate::Pack::builtin().unwrap();
        let terms: Vec<_> = pack.retention().terms().iter().collect();
        let kept = |id: Kept| terms.iter().find(|term| term.id == id).unwrap().keep;
        assert_eq!(terms.len(), Kept::ALL.len());
        for (id, keep) in [
            (Kept::Decision, "5y"),
            (Kept::BreakGlass, "10y"),
            (Kept::ReceivedAnswer, "14d"),
            (Kept::Consent, "5y"),
            (Kept::Signal, "2y"),
            (Kept::Dossier, "30d"),
            (Kept::Payload, "0d"),
        ] {
            assert_eq!(kept(id).to_string(), keep, "{}", id.word());
        }
        for term in terms.iter().filter(|term| term.mark != "V") {
            let note = term.note.as_ref().unwrap();
            let mark = format!("[{}]", term.mark);
            assert!(note.nl.contains(&mark) && note.en.contains(&mark), "{}", term.id.word());
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_row_with_the_allowed_values() {
        for (from, to, row, fault, says) in [
            ("\"decision\"", "\"decisoin\"", "decisoin", Fault::UnknownValue, "decision, break"),
            ("keep = \"5y\"", "keep = \"4y\"", "decision", Fault::OutOfTerm, "5y"),
            ("keep = \"14d\"", "keep = \"15d\"", "received_answer", Fault::OutOfTerm, "14d"),
            ("keep = \"5y\"", "keep = \"5 years\"", "decision", Fault::Format, "0d .. "),
            ("from = \"received\"", "from = \"x\"", "received_answer", Fault::Field, "answer_by"),
            ("mark = \"V\"", "mark = \"W\"", "decision", Fault::UnknownValue, "V, V-, M, U"),
            ("legal =", "wet =", "decision", Fault::Field, "legal"),
            ("[[term]]", "typo = 1\n[[term]]", "", Fault::Field, "typo"),
        ] {
            let problems = changed(FILE, from, to).unwrap_err().problems;
            let found = problems.iter().find(|problem| problem.fault == fault);
            let found = found.unwrap_or_else(|| panic!("{to}: {problems:?}"));
            assert_eq!((found.file.as_str(), found.row.as_str()), (FILE, row), "{to}");
            assert!(found.sentence(Lang::En).contains(says), "{to}: {found}");
        }
    }

    #[test]
    fn a_term_that_is_missing_or_not_explained_is_named() {
        let cut = "id = \"payload\"";
        let mut files = crate::fixture::files();
        let text = files.get_mut(FILE).unwrap();
        let start = text.rfind("[[term]]").unwrap();
        assert!(text[start..].contains(cut));
        text.truncate(start);
        let problems = crate::Pack::from_files(&files).unwrap_err().problems;
        assert_eq!((problems[0].row.as_str(), problems[0].fault), ("payload", Fault::NoTerm));
        let unexplained = problem("mark = \"V\"", "mark = \"U\"");
        assert_eq!(unexplained.fault, Fault::MissingText);
    }

    #[test]
    fn a_bound_tells_until_when_something_is_kept_at_least() {
        let (pack, start) = (pack(), Timestamp::parse("2026-03-01T09:00").unwrap());
        let least = |id| pack.retention().least_end(id, start);
        for id in [Kept::Decision, Kept::BreakGlass, Kept::Consent] {
            assert_eq!(least(id), start.plus_calendar(5, 0), "{}", id.word());
        }
        assert_eq!(least(Kept::ReceivedAnswer), start);
    }

    #[test]
    fn the_bundle_covers_the_terms() {
        let other = changed(FILE, "keep = \"10y\"", "keep = \"11y\"").unwrap();
        assert_ne!(other.bundle(), pack().bundle());
    }
}
