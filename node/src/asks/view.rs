//! What a person sees: a line per agency, the broker's refusals and the holder's answer together.

use std::time::Duration;

use grondslag_core::answer::{Answer, Basis, Line};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_core::statement::NamedRuling;
use grondslag_core::tier::Verdict;
use grondslag_policy::Pack;
use grondslag_policy::retention::Kept;
use grondslag_proto::answer::wire_line;
use grondslag_proto::reply::refusal;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;

/// How one agency stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stand {
    /// It replied.
    Replied,
    /// Its reply is to come.
    Pending,
    /// It was not reached, cannot answer, or sent what was discarded.
    Unreachable,
    /// By rule it was not asked.
    NotAsked,
}

impl Stand {
    /// The word as shown.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Replied => "replied",
            Self::Pending => "pending",
            Self::Unreachable => "unreachable",
            Self::NotAsked => "not_asked",
        }
    }
}

/// One agency's line in the making.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// The agency.
    pub oin: &'a Oin,
    /// How it stands.
    pub stand: Stand,
    /// Why, where there is something to say.
    pub reason: Option<Reason>,
    /// What the broker ruled; empty for a later reply.
    pub rulings: &'a [NamedRuling],
    /// What the agency answered.
    pub answer: Option<&'a Answer>,
    /// Since the question went out.
    pub after: Duration,
}

/// The line as it is shown.
pub(crate) fn agency_line(agency: &Agency, lang: Lang, draft: &Draft<'_>) -> v1::AgencyLine {
    let card = agency.directory.card(draft.oin).ok();
    let card = card.as_ref().map(grondslag_certs::VerifiedCard::card);
    let answer = draft.answer;
    v1::AgencyLine {
        oin: draft.oin.to_string(),
        name: card.map(|card| card.name.clone()).unwrap_or_default(),
        state: draft.stand.word().to_owned(),
        reason: draft.reason.map(|reason| reason.code().to_owned()).unwrap_or_default(),
        outcome: answer.map(|answer| answer.outcome.to_string()).unwrap_or_default(),
        lines: lines(&agency.pack(), lang, draft),
        answer_by_ms: answer.map(|answer| answer.answer_by.ms()).unwrap_or_default(),
        index_as_of_ms: answer.map(|answer| answer.index_as_of.ms()).unwrap_or_default(),
        holds_unnumbered_records: answer.is_some_and(|answer| answer.holds_unnumbered_records),
        unwitnessed: answer.is_some_and(|answer| answer.unwitnessed),
        duty_phone: card.map(|card| card.duty_phone.clone()).unwrap_or_default(),
        after_ms: u32::try_from(draft.after.as_millis()).unwrap_or(u32::MAX),
        discard_by_ms: answer.map(|_| discard_by(agency).ms()).unwrap_or_default(),
        reminded: Vec::new(),
    }
}

/// When the term of an answer ends that is received now (domain 5, Q02). The node shows it and
/// keeps nothing of it; the term binds the desk and the agency's own software.
fn discard_by(agency: &Agency) -> Timestamp {
    agency.pack().retention().end(Kept::ReceivedAnswer, agency.clock.now())
}

/// The event that a question was refused as a whole.
pub(crate) fn refused(reason: Reason) -> v1::DeskEvent {
    v1::DeskEvent { event: Some(Event::Refusal(refusal(reason))) }
}

/// The event that a question went out.
pub(crate) fn started(id: &InquiryId, answer_by_ms: i64) -> v1::DeskEvent {
    let started = v1::InquiryStarted { inquiry_id: id.as_bytes().to_vec(), answer_by_ms };
    v1::DeskEvent { event: Some(Event::Started(started)) }
}

/// The event of one agency's line.
pub(crate) fn line(line: v1::AgencyLine) -> v1::DeskEvent {
    v1::DeskEvent { event: Some(Event::Line(line)) }
}

/// In the order of the question: what the broker refused, and what the holder said of the rest. A
/// later reply stands alone.
fn lines(pack: &Pack, lang: Lang, draft: &Draft<'_>) -> Vec<v1::DeskLine> {
    let said = draft.answer.map(|answer| answer.lines.as_slice()).unwrap_or_default();
    if draft.rulings.is_empty() {
        return said.iter().map(|line| desk_line(pack, lang, line, "holder")).collect();
    }
    let of_holder =
        |named: &NamedRuling| said.iter().find(|line| *line.category() == named.ruling.category);
    let shown = |named: &NamedRuling| match (named.ruling.verdict, of_holder(named)) {
        (Verdict::Refuse, _) => Some(desk_line(pack, lang, &broker_refusal(named), "broker")),
        (_, Some(line)) => Some(desk_line(pack, lang, line, "holder")),
        (_, None) => None,
    };
    draft.rulings.iter().filter_map(shown).collect()
}

/// What the broker refused by rule, as a line.
pub(crate) fn broker_refusal(named: &NamedRuling) -> Line {
    Line::Refused {
        category: named.ruling.category.clone(),
        basis: named.basis.clone(),
        reason: named.reason.unwrap_or(Reason::NoRule),
    }
}

fn desk_line(pack: &Pack, lang: Lang, line: &Line, by: &str) -> v1::DeskLine {
    v1::DeskLine { line: Some(wire_line(line)), by: by.to_owned(), notes: notes(pack, lang, line) }
}

/// Open legal questions of the rows that the line names.
fn notes(pack: &Pack, lang: Lang, line: &Line) -> Vec<String> {
    let none = Basis::default();
    let basis = match line {
        Line::Content { basis, .. }
        | Line::NoRecord { basis, .. }
        | Line::Refused { basis, .. }
        | Line::Referred { basis, .. }
        | Line::Review { basis, .. } => basis,
        Line::Neutral { .. } => &none,
    };
    let rows = basis.rows.iter().filter_map(|id| pack.row(id));
    rows.filter_map(|row| row.note.as_ref()).map(|note| note.in_lang(lang).to_owned()).collect()
}
