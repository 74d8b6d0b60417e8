//! What an agency holds on a child, in layers, and what it answers.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Category, Ground, Kind, RowId};
use crate::clock::Timestamp;
use crate::reason::Reason;
use crate::tier::{Tier, UnknownWord, words};

words!(
    /// Why a fragment of a text may have to be left out.
    Mark, "place, third, reporter", {
        /// Tells where somebody lives or stays.
        Place = "place",
        /// Names a third party.
        Third = "third",
        /// Tells who reported to Veilig Thuis.
        Reporter = "reporter",
    }
);

words!(
    /// Whom a record is about. A parent's file is not the child's file (domain 0.9).
    About, "child, parent, other", {
        /// The child.
        Child = "child",
        /// A parent.
        Parent = "parent",
        /// Somebody else.
        Other = "other",
    }
);

words!(
    /// The closed list of outcomes that a node replies with (domain 2.2).
    Outcome, "verstrekt, deels_verstrekt, neutraal, geweigerd_met_grond, in_beoordeling_tot, doorverwezen, verlopen", {
        /// All that was asked was given.
        Verstrekt = "verstrekt",
        /// A part was given.
        DeelsVerstrekt = "deels_verstrekt",
        /// Nothing that may be told; says nothing about whether the child is known.
        Neutraal = "neutraal",
        /// Refused, with the article.
        GeweigerdMetGrond = "geweigerd_met_grond",
        /// A professional decides before a stated moment.
        InBeoordelingTot = "in_beoordeling_tot",
        /// Referred to another party.
        Doorverwezen = "doorverwezen",
        /// The holder let the term pass.
        Verlopen = "verlopen",
    }
);

/// A piece of text, perhaps marked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Fragment {
    text: String,
    mark: Option<Mark>,
}

/// The text that one tier adds, with its marked fragments.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer(Vec<Fragment>);

/// A layer's marks are not well formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LayerError {
    /// `{` without `}`, or `}` without `{`.
    #[error(
        "a mark is written {{place:...}}, {{third:...}} or {{reporter:...}}; a brace is missing"
    )]
    Brace,
    /// Another word than place, third, reporter.
    #[error("an unknown mark; use {{place:...}}, {{third:...}} or {{reporter:...}}")]
    Mark,
}

impl FromStr for Layer {
    type Err = LayerError;

    /// Parses text with inline marks: `Woont bij {third:oma} in {place:de Dorpsstraat}.`
    fn from_str(text: &str) -> Result<Self, LayerError> {
        let mut fragments = Vec::new();
        let mut rest = text;
        while let Some((plain, marked)) = rest.split_once('{') {
            let (inner, after) = marked.split_once('}').ok_or(LayerError::Brace)?;
            let (mark, inner) = inner.split_once(':').ok_or(LayerError::Mark)?;
            if plain.contains('}') || inner.contains('{') {
                return Err(LayerError::Brace);
            }
            push_plain(&mut fragments, plain);
            let mark = mark.parse().map_err(|_| LayerError::Mark)?;
            fragments.push(Fragment { text: inner.to_owned(), mark: Some(mark) });
            rest = after;
        }
        if rest.contains('}') {
            return Err(LayerError::Brace);
        }
        push_plain(&mut fragments, rest);
        Ok(Self(fragments))
    }
}

fn push_plain(fragments: &mut Vec<Fragment>, text: &str) {
    if !text.is_empty() {
        fragments.push(Fragment { text: text.to_owned(), mark: None });
    }
}

impl Layer {
    /// A text without marks.
    pub fn plain(text: String) -> Self {
        Self(vec![Fragment { text, mark: None }])
    }

    /// The text without the fragments that `hidden` names; `(weggelaten)` stands in their place.
    /// Says too whether anything was left out.
    pub fn without(&self, hidden: &[Mark]) -> (String, bool) {
        let mut left_out = false;
        let text = self.0.iter().fold(String::new(), |mut text, fragment| {
            if fragment.mark.is_some_and(|mark| hidden.contains(&mark)) {
                left_out = true;
                text.push_str("(weggelaten)");
            } else {
                text.push_str(&fragment.text);
            }
            text
        });
        (text, left_out)
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Layer(…)")
    }
}

/// One record of an agency on one child: what each tier may tell.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its data category.
    pub category: Category,
    /// Whom it is about.
    pub about: About,
    /// When the fact was written down; a question sees it from then on.
    pub dated: Timestamp,
    /// Where it comes from, as the agency names its own source ("dossier", "intake").
    pub source: String,
    /// What each tier adds. A tier without an entry adds nothing.
    pub layers: BTreeMap<Tier, Layer>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").field("category", &self.category).finish_non_exhaustive()
    }
}

/// One released record: the layers up to the permitted tier, redacted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whom it is about.
    pub about: About,
    /// When the fact was written down; not told below T3.
    pub dated: Option<Timestamp>,
    /// The agency's own source; empty, because not told, below T3.
    pub source: String,
    /// The text per tier, lowest first.
    pub texts: Vec<(Tier, String)>,
    /// Something was left out because of a third party, a place or a reporter.
    pub redacted: bool,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entry(…)")
    }
}

/// The rule rows and articles that decided; empty where they may not be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Rows of the decision table.
    pub rows: Vec<RowId>,
    /// Legal grounds.
    pub grounds: Vec<Ground>,
}

/// What is answered for one category.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Line {
    /// Content, up to a tier.
    Content {
        /// The category.
        category: Category,
        /// Tier that was released at most.
        tier: Tier,
        /// Why it may be told.
        basis: Basis,
        /// The records.
        entries: Vec<Entry>,
    },
    /// Permitted, and there is no record of this category. Only where involvement may be told.
    NoRecord {
        /// The category.
        category: Category,
        /// Why it may be told.
        basis: Basis,
    },
    /// Refused, by name and article. Only where involvement may be told.
    Refused {
        /// The category.
        category: Category,
        /// What forbids it; empty for `NO_RULE`.
        basis: Basis,
        /// `DENIED_BY_RULE`, `NEEDS_SECOND_PERSON` or `NO_RULE`; `WITHHELD_AT_REVIEW` when a
        /// professional decided so.
        reason: Reason,
    },
    /// Another kind of party has it, or is the one to say. Only where involvement may be told.
    Referred {
        /// The category.
        category: Category,
        /// Why a person decided.
        basis: Basis,
        /// Whom to ask.
        to: Kind,
    },
    /// A professional decides. Only where involvement may be told.
    Review {
        /// The category.
        category: Category,
        /// Why a person decides.
        basis: Basis,
        /// When the outcome is due.
        until: Timestamp,
    },
    /// Nothing that may be told; says nothing about whether the child is known.
    Neutral {
        /// The category.
        category: Category,
    },
}

impl Line {
    /// The category that the line answers.
    pub fn category(&self) -> &Category {
        match self {
            Self::Content { category, .. }
            | Self::NoRecord { category, .. }
            | Self::Refused { category, .. }
            | Self::Referred { category, .. }
            | Self::Review { category, .. }
            | Self::Neutral { category } => category,
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({}, …)", self.category())
    }
}

/// A node's answer to one target's part of an inquiry, before it is sealed and after it is
/// opened.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The outcome as a whole.
    pub outcome: Outcome,
    /// One line per category that the broker let through.
    pub lines: Vec<Line>,
    /// Binds content to the child that was asked about; random for a neutral answer.
    pub subject_tag: [u8; 32],
    /// Every client registered before this moment is covered by the answer.
    pub index_as_of: Timestamp,
    /// The agency has records without a verified number, which no answer speaks for.
    pub holds_unnumbered_records: bool,
    /// Given while too few witnesses had confirmed the broker's ledger in time: for immediate
    /// danger alone, and for the privacy officers of both to look at.
    pub unwitnessed: bool,
    /// Until when more may follow.
    pub answer_by: Timestamp,
    /// Whom to call.
    pub duty_phone: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

impl Answer {
    /// The outcome that lines add up to: all content is given, some is partly given, a named
    /// review beats a named refusal, which beats a referral, and anything else is neutral.
    pub fn outcome_of(lines: &[Line]) -> Outcome {
        let given = |line: &Line| matches!(line, Line::Content { .. } | Line::NoRecord { .. });
        if !lines.is_empty() && lines.iter().all(given) {
            Outcome::Verstrekt
        } else if lines.iter().any(given) {
            Outcome::DeelsVerstrekt
        } else if lines.iter().any(|line| matches!(line, Line::Review { .. })) {
            Outcome::InBeoordelingTot
        } else if lines.iter().any(|line| matches!(line, Line::Refused { .. })) {
            Outcome::GeweigerdMetGrond
        } else if lines.iter().any(|line| matches!(line, Line::Referred { .. })) {
            Outcome::Doorverwezen
        } else {
            Outcome::Neutraal
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marked_fragments_are_left_out_only_when_hidden() {
        let layer: Layer = "Slaapt bij {third:oma} aan {place:de Dijk 3}.".parse().unwrap();
        assert_eq!(layer.without(&[]), ("Slaapt bij oma aan de Dijk 3.".into(), false));
        let (text, left_out) = layer.without(&[Mark::Place]);
        assert_eq!(text, "Slaapt bij oma aan (weggelaten).");
        assert!(left_out);
    }

    #[test]
    fn a_broken_mark_is_an_error_and_never_plain_text() {
        for (text, error) in [
            ("a {place:b", LayerError::Brace),
            ("a b} c", LayerError::Brace),
            ("a} {place:b}", LayerError::Brace),
            ("a {place:{third:b}}", LayerError::Brace),
            ("a {plaats:b}", LayerError::Mark),
            ("a {place}", LayerError::Mark),
        ] {
            assert_eq!(text.parse::<Layer>(), Err(error), "{text}");
        }
    }

    #[test]
    fn an_answer_with_only_neutral_lines_is_neutral() {
        let category = Category::parse("G05").unwrap();
        assert_eq!(
            Answer::outcome_of(&[Line::Neutral { category: category.clone() }]),
            Outcome::Neutraal
        );
        assert_eq!(Answer::outcome_of(&[]), Outcome::Neutraal);
        let no_record = Line::NoRecord { category: category.clone(), basis: Basis::default() };
        assert_eq!(Answer::outcome_of(std::slice::from_ref(&no_record)), Outcome::Verstrekt);
        assert_eq!(
            Answer::outcome_of(&[no_record, Line::Neutral { category }]),
            Outcome::DeelsVerstrekt
        );
    }

    #[test]
    fn personal_content_does_not_show_in_debug_output() {
        let layer: Layer = "geheim".parse().unwrap();
        assert!(!format!("{layer:?}").contains("geheim"));
    }
}
