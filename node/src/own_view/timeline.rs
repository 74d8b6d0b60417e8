//! From what agencies told to one timeline.
//!
//! Every question stands at who asked and at who was asked. Who was asked knows more: what was
//! decided, and on which articles. An agency is believed about its own questions and answers, and
//! about nothing else.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::access_log::{LogEntry, LogHead, LogLine};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::lang::Lang;
use grondslag_proto::v1;

use super::words::{Words, day, notes};
use crate::asks::view::Stand;

/// What came from all agencies so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    lines: BTreeMap<Question, Kept>,
    shielded: bool,
    more: bool,
    not_reached: BTreeSet<Oin>,
}

/// A question to one agency, so that nobody's line stands in for another's.
type Question = (TargetId, Oin, Oin);

/// A line, and in whose ledgers it stands.
#[derive(Debug)]
struct Kept {
    line: LogLine,
    ledgers: BTreeSet<Oin>,
}

/// How the timeline is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Telling<'a> {
    pub(super) words: Words<'a>,
    pub(super) lang: Lang,
    pub(super) now: Timestamp,
    /// A parent sees it: nobody is named who could tell where a child is that must not be found.
    pub(super) is_parent: bool,
}

/// What an agency told is no log, or speaks of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NotItsOwn;

impl Gathered {
    /// Adds what one agency told. What is no log is as if the agency had not been reached.
    pub(super) fn add(&mut self, from: &Oin, wire: &v1::AgencyLine) {
        if wire.state == Stand::NotAsked.word() {
            return;
        }
        let told =
            if wire.state == Stand::Replied.word() { entries(from, wire) } else { Err(NotItsOwn) };
        let Ok((head, lines)) = told else {
            tracing::warn!(agency = %from, reason = wire.reason, "told nothing of a log");
            self.not_reached.insert(from.clone());
            return;
        };
        if let Some(LogHead { shielded, more }) = head {
            self.shielded |= shielded;
            self.more |= more || is_cut(wire);
        }
        for line in lines {
            self.put(from, line);
        }
    }

    fn put(&mut self, from: &Oin, line: LogLine) {
        let key = (line.target_id, line.asker.clone(), line.holder.clone());
        let is_holders = line.holder == *from;
        let kept = self
            .lines
            .entry(key)
            .or_insert_with(|| Kept { line: line.clone(), ledgers: BTreeSet::new() });
        kept.ledgers.insert(from.clone());
        if is_holders {
            kept.line = line;
        }
    }

    /// Agencies that were never heard of count as not reached.
    pub(super) fn missing(&mut self, asked: impl Iterator<Item = Oin>, heard: &BTreeSet<Oin>) {
        self.not_reached.extend(asked.filter(|oin| !heard.contains(oin)));
    }

    /// The timeline, without the lines of the view itself.
    pub(super) fn tell(self, own: &BTreeSet<TargetId>, telling: &Telling<'_>) -> v1::OwnView {
        let Telling { words, lang, now, is_parent } = *telling;
        let unnamed = is_parent && (self.shielded || !self.not_reached.is_empty());
        let kept = self.lines.into_values().filter(|kept| !own.contains(&kept.line.target_id));
        let mut lines: Vec<(Timestamp, v1::OwnViewLine)> = kept
            .map(|Kept { line, ledgers }| {
                let told = words.line(&line, &ledgers, unnamed, lang);
                (line.at, told)
            })
            .collect();
        if unnamed {
            // Neither the hour nor the order of agencies says who it was.
            lines.sort_by(|(_, one), (_, other)| by_day(one, other));
        } else {
            lines.sort_by_key(|(at, line)| (std::cmp::Reverse(*at), line.target_id.clone()));
        }
        let not_reached = self.not_reached.iter().filter(|_| !unnamed);
        v1::OwnView {
            made_at_ms: now.ms(),
            made_on: day(now, lang),
            lines: lines.into_iter().map(|(_, line)| line).collect(),
            not_reached: not_reached.map(|oin| words.name(oin)).collect(),
            unnamed,
            more: self.more,
            notes: notes(unnamed, self.more, lang),
        }
    }
}

fn by_day(one: &v1::OwnViewLine, other: &v1::OwnViewLine) -> std::cmp::Ordering {
    let rest = |line: &v1::OwnViewLine| {
        (line.purpose_code.clone(), line.asker.clone(), line.holder.clone(), line.target_id.clone())
    };
    other.day.cmp(&one.day).then_with(|| rest(one).cmp(&rest(other)))
}

/// The entries of an agency's own log; nothing where it told nothing, as of somebody whom it does
/// not know.
fn entries(
    from: &Oin,
    wire: &v1::AgencyLine,
) -> Result<(Option<LogHead>, Vec<LogLine>), NotItsOwn> {
    let (mut head, mut lines) = (None, Vec::new());
    let answers = wire.lines.iter().filter_map(|line| line.line.as_ref());
    let entries = answers.flat_map(|line| &line.entries);
    for text in entries.flat_map(|entry| &entry.texts) {
        match LogEntry::parse(&text.text).map_err(|_| NotItsOwn)? {
            LogEntry::Head(told) if head.is_none() => head = Some(told),
            LogEntry::Line(line) if line.asker == *from || line.holder == *from => lines.push(line),
            LogEntry::Head(_) | LogEntry::Line(_) => return Err(NotItsOwn),
        }
    }
    if head.is_none() && !lines.is_empty() { Err(NotItsOwn) } else { Ok((head, lines)) }
}

/// Older lines did not fit the reply.
fn is_cut(wire: &v1::AgencyLine) -> bool {
    wire.outcome == grondslag_core::answer::Outcome::DeelsVerstrekt.word()
}

#[cfg(test)]
mod tests;
