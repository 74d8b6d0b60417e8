//! From what agencies told to one timeline.
//!
//! Every question stands at who asked and at who was asked. Who was asked knows more: what was
//! decided, and on which articles. An agency is believed about its own questions and answers, and
//! about nothing else.

use std::cmp::{Ordering, Reverse};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::access_log::{LogEntry, LogHead, LogLine};
use grondslag_core::answer::{About, Outcome};
use grondslag_core::catalogue::{Purpose, Role};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::lang::Lang;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_proto::v1;
use prost::Message as _;

use super::words::{Words, day, notes};
use crate::asks::draft::Sighted;
use crate::asks::view::Stand;
use crate::limits::{OWN_VIEW_BYTES_MAX, OWN_VIEW_LINES_MAX, SAME_VIEW_MS_MAX};

/// What came from all agencies so far.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    lines: BTreeMap<Question, Kept>,
    shielded: bool,
    more: bool,
    not_reached: BTreeSet<Oin>,
}

/// A question to one agency, in a role and for a purpose: nobody's line stands in for
/// another's.
type Question = (TargetId, Oin, Oin, Role, Purpose);

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
    /// Whose log it is, and whether somebody looked what speaks against naming agencies.
    pub(super) sighted: Sighted,
}

/// What an agency told is no log, or speaks of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NotItsOwn;

impl Gathered {
    /// Adds what one agency told. What is no log is as if the agency had not been reached.
    pub(super) fn add(&mut self, from: &Oin, wire: &v1::AgencyLine, telling: &Telling<'_>) {
        if wire.state == Stand::NotAsked.word() {
            return;
        }
        let replied = wire.state == Stand::Replied.word();
        let told = if replied { entries(from, wire, telling) } else { Err(NotItsOwn) };
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
        let (asker, holder) = (line.asker.clone(), line.holder.clone());
        let (role, purpose) = (line.role.clone(), line.purpose.clone());
        let is_holders = holder == *from;
        let key = (line.target_id, asker, holder, role, purpose);
        let ledgers = [from.clone()].into();
        match self.lines.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(Kept { line, ledgers })),
            Entry::Occupied(mut entry) => {
                let kept = entry.get_mut();
                kept.ledgers.extend(ledgers);
                let (of_holder, of_asker) =
                    if is_holders { (line, kept.line.clone()) } else { (kept.line.clone(), line) };
                kept.line = both(of_holder, of_asker);
            }
        }
    }

    /// Agencies that were never heard of count as not reached.
    pub(super) fn missing(&mut self, asked: impl Iterator<Item = Oin>, heard: &BTreeSet<Oin>) {
        self.not_reached.extend(asked.filter(|oin| !heard.contains(oin)));
    }

    /// The timeline, without the lines of the view itself. A parent reads nothing of who else
    /// looked at the log of a child.
    pub(super) fn tell(mut self, own: &BTreeSet<TargetId>, telling: &Telling<'_>) -> v1::OwnView {
        let Telling { words, lang, now, sighted } = *telling;
        let Sighted { is_of_child, names_checked, .. } = sighted;
        let complete = !self.shielded && self.not_reached.is_empty();
        let unnamed = is_of_child && !(names_checked && complete);
        let all = std::mem::take(&mut self.lines).into_values();
        let all = all.filter(|kept| !own.contains(&kept.line.target_id));
        let (looks, questions): (Vec<Kept>, Vec<Kept>) = all.partition(Kept::is_own_view);
        let mut kept = questions;
        kept.extend(once(looks).into_iter().filter(|_| !is_of_child));
        kept.sort_by_key(|Kept { line, .. }| {
            (Reverse(line.at), line.asker.clone(), line.holder.clone(), line.target_id)
        });
        let lines = kept.iter().map(|kept| words.line(&kept.line, &kept.ledgers, unnamed, lang));
        let mut lines: Vec<v1::OwnViewLine> = lines.collect();
        self.more |= cut(&mut lines);
        if unnamed {
            // Neither the hour nor the order of agencies says who it was.
            lines.sort_by(by_day);
        }
        let not_reached = self.not_reached.iter().filter(|_| !unnamed);
        v1::OwnView {
            made_at_ms: now.ms(),
            made_on: day(now, lang),
            lines,
            not_reached: not_reached.map(|oin| words.name(oin)).collect(),
            unnamed,
            more: self.more,
            notes: notes(is_of_child, unnamed, self.more, lang),
        }
    }
}

impl Kept {
    fn is_own_view(&self) -> bool {
        self.line.categories.iter().any(|one| one.category.is_access_log())
    }
}

/// Every agency tells of an own view that it was part of: those of one asker within some minutes
/// are one, which gave something where any of them did.
fn once(mut looks: Vec<Kept>) -> Vec<Kept> {
    looks.sort_by_key(|kept| (kept.line.asker.clone(), kept.line.role.clone(), kept.line.at));
    let mut all: Vec<Kept> = Vec::new();
    for look in looks {
        let same = all.last_mut().filter(|last| {
            last.line.asker == look.line.asker
                && last.line.role == look.line.role
                && look.line.at.since_ms(last.line.at) <= SAME_VIEW_MS_MAX
        });
        match same {
            Some(last) => last.join(look),
            None => all.push(look),
        }
    }
    all
}

impl Kept {
    fn join(&mut self, other: Self) {
        self.ledgers.extend(other.ledgers);
        let outcome = |line: &LogLine| line.categories.iter().map(|one| one.outcome).min();
        if outcome(&other.line) < outcome(&self.line) {
            self.line.categories = other.line.categories;
        }
    }
}

/// Leaves out the oldest lines beyond what one message holds, and says whether there were any.
fn cut(lines: &mut Vec<v1::OwnViewLine>) -> bool {
    let (before, mut bytes) = (lines.len(), 0_usize);
    let fits = lines.iter().take(OWN_VIEW_LINES_MAX).take_while(|line| {
        bytes = bytes.saturating_add(line.encoded_len());
        bytes <= OWN_VIEW_BYTES_MAX
    });
    let fits = fits.count();
    lines.truncate(fits);
    fits < before
}

/// What was asked, as both sides tell it: the holder knows what it decided, and nothing of what the
/// broker refused.
fn both(of_holder: LogLine, of_asker: LogLine) -> LogLine {
    let mut line = of_holder;
    for one in of_asker.categories {
        if line.categories.iter().all(|known| known.category != one.category) {
            line.categories.push(one);
        }
    }
    line.categories.sort_by(|one, other| one.category.cmp(&other.category));
    line
}

fn by_day(one: &v1::OwnViewLine, other: &v1::OwnViewLine) -> Ordering {
    let rest = |line: &v1::OwnViewLine| {
        (line.purpose_code.clone(), line.asker.clone(), line.holder.clone(), line.target_id.clone())
    };
    other.day.cmp(&one.day).then_with(|| rest(one).cmp(&rest(other)))
}

/// The entries of an agency's own log; nothing where it told nothing, as of somebody whom it does
/// not know, or told of another's file than was asked about.
fn entries(
    from: &Oin,
    wire: &v1::AgencyLine,
    telling: &Telling<'_>,
) -> Result<(Option<LogHead>, Vec<LogLine>), NotItsOwn> {
    let (mut head, mut lines) = (None, Vec::new());
    let answers = wire.lines.iter().filter_map(|line| line.line.as_ref());
    let entries = answers.flat_map(|line| &line.entries);
    for text in entries.filter(|entry| telling.is_wanted(entry)).flat_map(|entry| &entry.texts) {
        match LogEntry::parse(&text.text).map_err(|_| NotItsOwn)? {
            LogEntry::Head(told) if head.is_none() => head = Some(told),
            LogEntry::Line(line) if telling.is_own(from, &line) => lines.push(line),
            LogEntry::Head(_) | LogEntry::Line(_) => return Err(NotItsOwn),
        }
    }
    if head.is_none() && !lines.is_empty() { Err(NotItsOwn) } else { Ok((head, lines)) }
}

impl Telling<'_> {
    /// A young person's log is that of a child's file, as is what a parent sees of a child; a
    /// parent's own is that of a parent's.
    fn is_wanted(&self, entry: &v1::AnswerEntry) -> bool {
        let Sighted { is_of_child, is_parent, .. } = self.sighted;
        let about = if is_parent && !is_of_child { About::Parent } else { About::Child };
        entry.about == about.word()
    }

    /// A line of the agency's own, made of words that the law's lists know.
    fn is_own(&self, from: &Oin, line: &LogLine) -> bool {
        let own = line.asker == *from || line.holder == *from;
        let has_been = line.at.since_ms(self.now) <= CLOCK_SKEW_MS_MAX;
        own && has_been && !line.categories.is_empty() && self.words.know(line)
    }
}

/// Older lines did not fit the reply.
fn is_cut(wire: &v1::AgencyLine) -> bool {
    wire.outcome == Outcome::DeelsVerstrekt.word()
}

#[cfg(test)]
mod tests;
