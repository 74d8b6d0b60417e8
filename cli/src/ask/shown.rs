//! What a person is shown of an answer, as data: `--json` prints it, and the lines for people are
//! made of it.
//!
//! INVARIANT: neither "neutral" nor "not reached" is ever worded as "not known" (domain 4a.23).

use std::fmt;
use std::sync::Arc;

use grondslag_core::answer::{About, Basis, Entry, Line};
use grondslag_core::catalogue::{Category, Ground, Kind, Purpose, Role, RowId};
use grondslag_core::clock::Timestamp;
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Tier;
use grondslag_policy::Pack;
use grondslag_proto::v1;
use serde::{Serialize, Serializer};

use super::remind::RemindedShown;
use crate::exit::Failure;

/// The rules that came with the program, for the names of articles and categories, in the
/// reader's language.
#[derive(Debug)]
pub(crate) struct Names {
    pack: Arc<Pack>,
    lang: Lang,
}

/// One agency's line.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AgencyShown {
    /// The agency.
    pub(crate) oin: String,
    /// Its name.
    pub(crate) name: String,
    /// `replied`, `pending`, `unreachable` or `not_asked`.
    pub(crate) state: String,
    /// Why it is in that state, where there is something to say.
    pub(crate) reason: Option<Reason>,
    /// The outcome as a whole; absent without an answer.
    pub(crate) outcome: Option<String>,
    /// Per category.
    pub(crate) lines: Vec<LineShown>,
    /// Until when more may follow.
    #[serde(serialize_with = "moment")]
    pub(crate) answer_by: Option<Timestamp>,
    /// Every client registered before this moment is covered.
    #[serde(serialize_with = "moment")]
    pub(crate) index_as_of: Option<Timestamp>,
    /// Whoever keeps the answer discards it by then; absent without an answer.
    #[serde(serialize_with = "moment")]
    pub(crate) discard_by: Option<Timestamp>,
    /// The agency has records that no answer speaks for.
    pub(crate) holds_unnumbered_records: bool,
    /// Given while too few witnesses had confirmed the broker's ledger in time.
    pub(crate) unwitnessed: bool,
    /// Whom to call.
    pub(crate) duty_phone: String,
    /// Milliseconds from asking to this line.
    pub(crate) after_ms: u32,
    /// When and why it was reminded.
    pub(crate) reminded: Vec<RemindedShown>,
    /// What state and reason mean, for people.
    pub(crate) sentence: String,
}

/// What is shown for one category.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LineShown {
    /// The category.
    pub(crate) category: Category,
    /// Its name.
    pub(crate) label: String,
    /// `broker` or `holder`.
    pub(crate) by: String,
    /// `content`, `no_record`, `refused`, `referred`, `review` or `neutral`.
    pub(crate) state: &'static str,
    /// Highest tier that was given.
    pub(crate) tier: Option<Tier>,
    /// The rows that decided, where they may be named.
    pub(crate) rows: Vec<RowId>,
    /// Their articles.
    pub(crate) grounds: Vec<GroundShown>,
    /// Why it was refused.
    pub(crate) reason: Option<Reason>,
    /// Kind of party to ask instead.
    pub(crate) refer_to: Option<Kind>,
    /// When a review is due.
    #[serde(serialize_with = "moment")]
    pub(crate) until: Option<Timestamp>,
    /// The records that were given.
    pub(crate) entries: Vec<EntryShown>,
    /// What it means, for people.
    pub(crate) sentence: String,
    /// Open legal questions of the rows named.
    pub(crate) notes: Vec<String>,
}

/// An article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct GroundShown {
    /// Its code.
    pub(crate) id: Ground,
    /// As people write it.
    pub(crate) article: String,
}

/// One record.
#[derive(Clone, Serialize)]
pub(crate) struct EntryShown {
    /// Whom it is about.
    pub(crate) about: About,
    /// When it was written down; not told below T3.
    #[serde(serialize_with = "moment")]
    pub(crate) dated: Option<Timestamp>,
    /// The agency's own source.
    pub(crate) source: String,
    /// The text per tier, lowest first.
    pub(crate) texts: Vec<TextShown>,
    /// Something was left out.
    pub(crate) redacted: bool,
}

impl fmt::Debug for EntryShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // It goes to the one who asked, and into no log.
        f.write_str("EntryShown(…)")
    }
}

/// The text that one tier adds.
#[derive(Clone, Serialize)]
pub(crate) struct TextShown {
    /// The tier.
    pub(crate) tier: Tier,
    /// The text.
    pub(crate) text: String,
}

impl fmt::Debug for TextShown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TextShown(…)")
    }
}

impl Names {
    /// The names in one language.
    pub(crate) fn load(lang: Lang) -> Result<Self, Failure> {
        Ok(Self { pack: Arc::new(Pack::builtin()?), lang })
    }

    /// The rules themselves.
    pub(crate) fn pack(&self) -> &Arc<Pack> {
        &self.pack
    }

    /// The language of the names.
    pub(crate) const fn lang(&self) -> Lang {
        self.lang
    }

    /// What a category is called; its code when these rules do not know it.
    pub(crate) fn category(&self, id: &Category) -> String {
        let entry = self.pack.catalogue().category(id);
        entry.map_or_else(|| id.to_string(), |entry| entry.label.in_lang(self.lang).to_owned())
    }

    /// An article as people write it; its code when these rules do not know it.
    pub(crate) fn article(&self, id: &Ground) -> String {
        let entry = self.pack.catalogue().ground(id);
        entry.map_or_else(|| id.to_string(), |entry| entry.article.in_lang(self.lang).to_owned())
    }

    /// What a category is called, by its code on the wire.
    pub(crate) fn category_named(&self, code: &str) -> String {
        Category::parse(code).map_or_else(|_| code.to_owned(), |id| self.category(&id))
    }

    /// What a purpose is called, by its code on the wire.
    pub(crate) fn purpose_named(&self, code: &str) -> String {
        let id = Purpose::parse(code).ok();
        let entry = id.as_ref().and_then(|id| self.pack.catalogue().purpose(id));
        entry.map_or_else(|| code.to_owned(), |entry| entry.label.in_lang(self.lang).to_owned())
    }

    /// What a role is called, by its code on the wire.
    pub(crate) fn role_named(&self, code: &str) -> String {
        let id = Role::parse(code).ok();
        let entry = id.as_ref().and_then(|id| self.pack.catalogue().role(id));
        entry.map_or_else(|| code.to_owned(), |entry| entry.label.in_lang(self.lang).to_owned())
    }

    /// What a kind of party is called, by its code on the wire.
    pub(crate) fn kind_named(&self, code: &str) -> String {
        let id = Kind::parse(code).ok();
        let entry = id.as_ref().and_then(|id| self.pack.catalogue().kind(id));
        entry.map_or_else(|| code.to_owned(), |entry| entry.label.in_lang(self.lang).to_owned())
    }

    /// What a reason to remind is called, by its word on the wire.
    pub(crate) fn reminder_named(&self, code: &str) -> String {
        if code.is_empty() {
            return self.tr("(reden niet leesbaar)", "(reason cannot be read)");
        }
        let mut words = self.pack.catalogue().reviewing().reminders.iter();
        let word = words.find(|word| word.id == code);
        word.map_or_else(|| code.to_owned(), |word| word.label.in_lang(self.lang).to_owned())
    }

    /// Articles by their codes on the wire; what is no code is left out.
    pub(crate) fn grounds_named(&self, codes: &[String]) -> Vec<GroundShown> {
        let known = codes.iter().filter_map(|code| Ground::parse(code).ok());
        known.map(|id| GroundShown { article: self.article(&id), id }).collect()
    }

    fn grounds(&self, basis: &Basis) -> Vec<GroundShown> {
        let shown = |id: &Ground| GroundShown { id: id.clone(), article: self.article(id) };
        basis.grounds.iter().map(shown).collect()
    }

    /// A text in the language of the names.
    pub(crate) fn tr(&self, nl: &str, en: &str) -> String {
        match self.lang {
            Lang::Nl => nl.to_owned(),
            Lang::En => en.to_owned(),
        }
    }
}

impl AgencyShown {
    /// Reads what the node said of one agency.
    pub(crate) fn read(names: &Names, wire: v1::AgencyLine) -> Result<Self, Failure> {
        let reason = known_reason(&wire.reason);
        let answer_by = moment_of(wire.answer_by_ms);
        let until = Until { answer_by, duty_phone: &wire.duty_phone };
        let lines = wire.lines.into_iter().map(|line| LineShown::read(names, line, until));
        Ok(Self {
            lines: lines.collect::<Result<_, _>>()?,
            sentence: state_sentence(names, &wire.state, reason, &wire.duty_phone),
            oin: wire.oin,
            name: wire.name,
            state: wire.state,
            reason,
            outcome: (!wire.outcome.is_empty()).then_some(wire.outcome),
            answer_by,
            index_as_of: moment_of(wire.index_as_of_ms),
            discard_by: moment_of(wire.discard_by_ms),
            holds_unnumbered_records: wire.holds_unnumbered_records,
            unwitnessed: wire.unwitnessed,
            duty_phone: wire.duty_phone,
            after_ms: wire.after_ms,
            reminded: wire
                .reminded
                .into_iter()
                .map(|one| RemindedShown::read(names, one))
                .collect(),
        })
    }
}

/// What a neutral sentence needs beside its words.
#[derive(Clone, Copy)]
struct Until<'a> {
    answer_by: Option<Timestamp>,
    duty_phone: &'a str,
}

impl LineShown {
    fn read(names: &Names, wire: v1::DeskLine, until: Until<'_>) -> Result<Self, Failure> {
        let line = grondslag_proto::answer::line(wire.line.ok_or(Reason::Malformed)?)?;
        let mut shown = Self {
            category: line.category().clone(),
            label: names.category(line.category()),
            by: wire.by,
            state: "neutral",
            tier: None,
            rows: Vec::new(),
            grounds: Vec::new(),
            reason: None,
            refer_to: None,
            until: None,
            entries: Vec::new(),
            sentence: line_sentence(names, &line, until),
            notes: wire.notes,
        };
        shown.fill(names, line);
        Ok(shown)
    }

    /// Neither holds content, and both say the same.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let bare = self.entries.is_empty() && other.entries.is_empty();
        let same_basis = self.rows == other.rows && self.grounds == other.grounds;
        bare && same_basis
            && (self.state, &self.sentence, &self.by, &self.notes)
                == (other.state, &other.sentence, &other.by, &other.notes)
    }

    fn fill(&mut self, names: &Names, line: Line) {
        let (state, basis) = match line {
            Line::Content { tier, basis, entries, .. } => {
                self.tier = Some(tier);
                self.entries = entries.into_iter().map(EntryShown::from).collect();
                ("content", basis)
            }
            Line::NoRecord { basis, .. } => ("no_record", basis),
            Line::Refused { basis, reason, .. } => {
                self.reason = Some(reason);
                ("refused", basis)
            }
            Line::Referred { basis, to, .. } => {
                self.refer_to = Some(to);
                ("referred", basis)
            }
            Line::Review { basis, until, .. } => {
                self.until = Some(until);
                ("review", basis)
            }
            Line::Neutral { .. } => ("neutral", Basis::default()),
        };
        self.state = state;
        self.grounds = names.grounds(&basis);
        self.rows = basis.rows;
    }
}

impl From<Entry> for EntryShown {
    fn from(entry: Entry) -> Self {
        let texts = entry.texts.into_iter().map(|(tier, text)| TextShown { tier, text });
        Self {
            about: entry.about,
            dated: entry.dated,
            source: entry.source,
            texts: texts.collect(),
            redacted: entry.redacted,
        }
    }
}

fn line_sentence(names: &Names, line: &Line, until: Until<'_>) -> String {
    match line {
        Line::Content { tier, .. } => {
            names.tr(&format!("verstrekt tot en met {tier}"), &format!("given up to {tier}"))
        }
        Line::NoRecord { .. } => names.tr(
            "toegestaan; van deze soort is er niets vastgelegd",
            "permitted; nothing of this kind is on record",
        ),
        Line::Refused { reason, .. } => reason.sentence(names.lang).to_owned(),
        Line::Referred { to, .. } => {
            let kind = names.kind_named(to.as_str());
            names.tr(&format!("vraag het aan: {kind}"), &format!("ask instead: {kind}"))
        }
        Line::Review { until, .. } => names.tr(
            &format!("een professional beoordeelt dit, uiterlijk {}", until.local()),
            &format!("a professional decides, at the latest {}", until.local()),
        ),
        Line::Neutral { .. } => neutral_sentence(names.lang, until.answer_by, until.duty_phone),
    }
}

/// The one sentence for a miss, a refusal and a review that may not be told apart (domain 4a.23).
fn neutral_sentence(lang: Lang, answer_by: Option<Timestamp>, phone: &str) -> String {
    let until = answer_by.unwrap_or_default().local();
    match lang {
        Lang::Nl => format!(
            "geen verstrekbare gegevens; dit zegt niet of het kind bekend is; aanvulling mogelijk \
             tot {until}; bel {phone}, bij direct gevaar 112"
        ),
        Lang::En => format!(
            "no information that may be given; this does not say whether the child is known; more \
             may follow until {until}; call {phone}, in immediate danger 112"
        ),
    }
}

fn state_sentence(names: &Names, state: &str, reason: Option<Reason>, phone: &str) -> String {
    let why = reason.map(|reason| reason.sentence(names.lang)).unwrap_or_default();
    match state {
        "replied" => names.tr("beantwoord", "answered"),
        "pending" if reason == Some(Reason::QuestionWaits) => names.tr(
            &format!("nog niet bereikt; dit zegt niets over het kind. {why} Bel {phone}."),
            &format!("not reached yet; this says nothing about the child. {why} Call {phone}."),
        ),
        "pending" => names.tr("antwoord volgt", "the answer is to come"),
        "not_asked" => names.tr(&format!("niet gevraagd. {why}"), &format!("not asked. {why}")),
        _ => names.tr(
            &format!("niet bereikt; dit zegt niets over het kind. {why} Bel {phone}."),
            &format!("not reached; this says nothing about the child. {why} Call {phone}."),
        ),
    }
    .trim()
    .to_owned()
}

fn known_reason(code: &str) -> Option<Reason> {
    (!code.is_empty()).then(|| grondslag_proto::reply::reason(code))
}

fn moment_of(ms: i64) -> Option<Timestamp> {
    (ms != 0).then(|| Timestamp::from_ms(ms))
}

/// Moments are written as RFC 3339 in Dutch time.
#[expect(clippy::ref_option, reason = "serde hands fields by reference")]
pub(crate) fn moment<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => to.collect_str(at),
        None => to.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn neutral() -> v1::DeskLine {
        let line = v1::AnswerLine {
            category: "G08".into(),
            state: "neutral".into(),
            ..v1::AnswerLine::default()
        };
        v1::DeskLine { line: Some(line), by: "holder".into(), notes: vec![] }
    }

    fn agency(lines: Vec<v1::DeskLine>, state: &str, reason: &str) -> v1::AgencyLine {
        v1::AgencyLine {
            oin: "00000099990100010000".into(),
            name: "Stichting Scholen Drieveen".into(),
            state: state.into(),
            reason: reason.into(),
            lines,
            answer_by_ms: Timestamp::parse("2026-06-23T10:00").unwrap().ms(),
            duty_phone: "088 990 10 10".into(),
            ..v1::AgencyLine::default()
        }
    }

    #[test]
    fn a_neutral_line_says_the_one_sentence_and_nothing_of_the_child() {
        let names = Names::load(Lang::Nl).unwrap();
        let wire = agency(vec![neutral()], "replied", "");
        let shown = AgencyShown::read(&names, wire.clone()).unwrap();
        let said = &shown.lines[0].sentence;
        assert_eq!(
            said,
            "geen verstrekbare gegevens; dit zegt niet of het kind bekend is; aanvulling \
             mogelijk tot 2026-06-23 10:00; bel 088 990 10 10, bij direct gevaar 112"
        );
        assert!(shown.lines[0].rows.is_empty() && shown.lines[0].grounds.is_empty());
        let names = Names::load(Lang::En).unwrap();
        let english = AgencyShown::read(&names, wire).unwrap();
        assert!(english.lines[0].sentence.contains("does not say whether the child is known"));
    }

    #[test]
    fn an_agency_that_was_not_reached_is_never_worded_as_not_known() {
        for lang in [Lang::Nl, Lang::En] {
            let names = Names::load(lang).unwrap();
            for (state, code) in [
                ("unreachable", "UNREACHABLE"),
                ("unreachable", "NOT_READY"),
                ("unreachable", "POLICY_STALE"),
                ("unreachable", "ANSWER_INVALID"),
                ("pending", "QUESTION_WAITS"),
            ] {
                let wire = agency(vec![], state, code);
                let said = AgencyShown::read(&names, wire).unwrap().sentence;
                assert!(!said.contains("onbekend") && !said.contains("unknown"), "{said}");
                assert!(said.contains("zegt niets over") || said.contains("says nothing about"));
                assert!(said.contains("088 990 10 10"), "{said}");
            }
        }
    }

    #[test]
    fn a_refusal_names_its_rows_and_articles() {
        let names = Names::load(Lang::Nl).unwrap();
        let basis = v1::Basis { rows: vec!["R39.1".into()], grounds: vec!["avg-5-1-c".into()] };
        let line = v1::AnswerLine {
            category: "G08".into(),
            state: "refused".into(),
            reason: "DENIED_BY_RULE".into(),
            basis: Some(basis),
            ..v1::AnswerLine::default()
        };
        let line = v1::DeskLine { line: Some(line), by: "broker".into(), notes: vec![] };
        let shown = AgencyShown::read(&names, agency(vec![line], "not_asked", "")).unwrap();
        assert_eq!(shown.lines[0].reason, Some(Reason::DeniedByRule));
        assert_eq!(shown.lines[0].rows[0].to_string(), "R39.1");
        assert_ne!(shown.lines[0].grounds[0].article, "avg-5-1-c");
    }

    #[test]
    fn only_lines_without_content_that_say_the_same_are_told_as_one() {
        let names = Names::load(Lang::Nl).unwrap();
        let shown = AgencyShown::read(&names, agency(vec![neutral(), neutral()], "replied", ""));
        let [one, two] = <[LineShown; 2]>::try_from(shown.unwrap().lines).unwrap();
        assert!(one.says_the_same(&two));
        let other = LineShown { state: "no_record", ..two.clone() };
        assert!(!one.says_the_same(&other));
        let entry = EntryShown {
            about: About::Child,
            dated: None,
            source: "dossier".into(),
            texts: vec![],
            redacted: false,
        };
        let content = LineShown { entries: vec![entry], ..two };
        assert!(!content.says_the_same(&content.clone()));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_an_error_and_no_answer() {
        let names = Names::load(Lang::Nl).unwrap();
        let mut line = neutral();
        line.line.as_mut().unwrap().state = "perhaps".into();
        let read = AgencyShown::read(&names, agency(vec![line], "replied", ""));
        assert_eq!(read.unwrap_err().reason(), Reason::AnswerInvalid);
    }
}
