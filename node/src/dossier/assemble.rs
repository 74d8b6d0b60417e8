//! Putting a file together: of what was asked and what came, and of nothing else.
//!
//! Gaps are shown as gaps. What several agencies say of one thing stands side by side, and the
//! program does not say who is right.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::answer::{Answer, Line, Outcome};
use grondslag_core::catalogue::Category;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_proto::answer::{wire_entry, wire_line};
use grondslag_proto::v1;

use super::{Came, Filed, FiledTarget};
use crate::asks::view::Stand;

/// What was said of one category at one agency.
#[derive(Debug, Clone, Copy)]
struct Said<'a> {
    /// The last word; silence takes none back.
    line: &'a Line,
    /// The answer that said it; nothing for what the broker refused by rule.
    came: Option<&'a Came>,
    /// The holder let the term pass.
    lapsed: bool,
    /// Something was given, now or before: that stays, whatever was said afterwards.
    given: bool,
}

/// How an agency is called, and whom to call there.
pub(super) type Named<'a> = &'a dyn Fn(&Oin) -> (String, String);

/// What came of one escalation as it stands at a moment, and what was given. Of some agencies
/// messages are missing or were discarded.
pub(super) fn person(
    filed: &Filed,
    came: &[Came],
    unheard: &BTreeMap<Oin, Reason>,
    (named, now): (Named<'_>, Timestamp),
) -> (v1::DossierPerson, Vec<v1::DossierEntry>) {
    let said: Vec<_> =
        filed.targets.iter().map(|target| (target, last_words(target, came))).collect();
    let agencies = said.iter().map(|(target, said)| {
        let own: Vec<&Came> = came.iter().filter(|one| one.from == target.oin).collect();
        let unheard = unheard.get(&target.oin).copied();
        agency((filed, target), said, &own, (unheard, named, now))
    });
    let person = v1::DossierPerson {
        inquiry_id: filed.inquiry.as_bytes().to_vec(),
        about: filed.about.to_string(),
        purpose: filed.purpose.to_string(),
        criteria: filed.criteria.clone(),
        necessity: filed.necessity.clone(),
        asked_at_ms: filed.asked_at.ms(),
        answer_by_ms: filed.answer_by.ms(),
        staff_id: filed.asked_by.0.as_str().to_owned(),
        signed_by: filed.signed_by.iter().map(|(who, _)| who.as_str().to_owned()).collect(),
        agencies: agencies.collect(),
        beside: beside(&said),
    };
    (person, entries(filed, came))
}

type Words<'a> = BTreeMap<&'a Category, Said<'a>>;

/// What was said of each category, in the order of the messages.
fn last_words<'a>(target: &'a FiledTarget, came: &'a [Came]) -> Words<'a> {
    let refused = target.ended.iter().flat_map(|ended| &ended.refused);
    let by_rule = refused
        .map(|line| (line.category(), Said { line, came: None, lapsed: false, given: false }));
    let mut words: Words<'a> = by_rule.collect();
    let mut own: Vec<&Came> = came.iter().filter(|one| one.from == target.oin).collect();
    own.sort_by_key(|one| one.reply_no);
    for one in own {
        let lapsed = one.answer.outcome == Outcome::Verlopen;
        for line in &one.answer.lines {
            let before = words.get(line.category());
            let gave = before.is_some_and(|before| before.given);
            if matches!(line, Line::Neutral { .. }) && before.is_some() {
                continue;
            }
            let given = gave || matches!(line, Line::Content { .. });
            words.insert(line.category(), Said { line, came: Some(one), lapsed, given });
        }
    }
    words
}

fn agency(
    (filed, target): (&Filed, &FiledTarget),
    said: &Words<'_>,
    own: &[&Came],
    (unheard, named, now): (Option<Reason>, Named<'_>, Timestamp),
) -> v1::DossierAgency {
    let (name, duty_phone) = named(&target.oin);
    let reason = unheard.or(target.ended.as_ref().and_then(|ended| ended.reason));
    let over = filed.is_over(now);
    let gap = |category: &Category| gap(target, category, said.get(category), over);
    let any = |is: &dyn Fn(&Answer) -> bool| own.iter().any(|one| is(&one.answer));
    v1::DossierAgency {
        oin: target.oin.to_string(),
        name,
        standing: standing(target, said, (over, unheard)).to_owned(),
        reason: reason.map(|reason| reason.code().to_owned()).unwrap_or_default(),
        duty_phone,
        reviewed: said.values().any(Said::is_reviewed),
        gaps: target.categories.iter().filter_map(gap).collect(),
        cut: any(&is_cut),
        holds_unnumbered_records: any(&|answer| answer.holds_unnumbered_records),
        unwitnessed: any(&|answer| answer.unwitnessed),
    }
}

/// All was given by its lines, and a part by its outcome: the rest did not fit.
fn is_cut(answer: &Answer) -> bool {
    answer.outcome == Outcome::DeelsVerstrekt
        && Answer::outcome_of(&answer.lines) == Outcome::Verstrekt
}

impl Said<'_> {
    /// A person decided it.
    fn is_reviewed(&self) -> bool {
        !self.lapsed && self.came.is_some_and(|came| came.reply_no > FIRST_REPLY_NO)
    }

    /// The state of what is no content.
    fn gap(&self, over: bool) -> Option<&'static str> {
        Some(match self.line {
            Line::Content { .. } => return None,
            Line::Neutral { .. } if self.given => return None,
            Line::NoRecord { .. } => "no_record",
            Line::Refused { .. } => "refused",
            Line::Referred { .. } => "referred",
            Line::Review { .. } if self.lapsed => "lapsed",
            Line::Review { .. } if over => "unheard",
            Line::Review { .. } => "review",
            Line::Neutral { .. } => "neutral",
        })
    }
}

/// Where an agency stands: what is missing goes before what was given. What the broker refused by
/// rule says nothing of the agency, and only the agency itself says that it let its term pass.
fn standing(
    target: &FiledTarget,
    said: &Words<'_>,
    (over, unheard): (bool, Option<Reason>),
) -> &'static str {
    let own = || said.values().filter(|said| said.came.is_some());
    let silent = own().next().is_none();
    let gaps: BTreeSet<&str> = own().filter_map(|said| said.gap(over)).collect();
    let withheld = gaps.contains("refused") || gaps.contains("referred");
    match target.ended.as_ref().map(|ended| ended.stand) {
        Some(Stand::NotAsked) => "not_asked",
        Some(Stand::Unreachable) if silent => "not_reached",
        _ if silent && (over || unheard.is_some()) => "not_reached",
        _ if silent => "waiting",
        _ if gaps.contains("lapsed") => "overdue",
        _ if gaps.contains("unheard") => "unheard",
        _ if gaps.contains("review") => "waiting",
        _ if own().any(|said| said.given) && withheld => "limited",
        _ if own().any(|said| said.given) => "given",
        _ if withheld => "refused",
        _ if gaps.contains("no_record") => "nothing",
        _ => "neutral",
    }
}

/// A category of which nothing was given, or something else was said afterwards.
fn gap(
    target: &FiledTarget,
    category: &Category,
    said: Option<&Said<'_>>,
    over: bool,
) -> Option<v1::DossierGap> {
    let unreached = target.ended.as_ref().is_some_and(|ended| ended.stand == Stand::Unreachable);
    let state = match said {
        Some(said) => said.gap(over)?,
        None if unreached || over => "not_reached",
        None => "none_yet",
    };
    let came = said.and_then(|said| said.came);
    let by = said.map_or("", |said| if said.came.is_some() { "holder" } else { "broker" });
    Some(v1::DossierGap {
        category: category.to_string(),
        state: state.to_owned(),
        line: said.map(|said| wire_line(said.line)),
        by: by.to_owned(),
        came_at_ms: came.map(|came| came.at.ms()).unwrap_or_default(),
    })
}

/// All that was given, by the date of the fact; what tells none stands last, as it came.
fn entries(filed: &Filed, came: &[Came]) -> Vec<v1::DossierEntry> {
    let mut entries = Vec::new();
    for one in came {
        let id = TargetId::derive(&filed.inquiry, &one.from);
        for line in &one.answer.lines {
            let Line::Content { category, tier, basis, entries: given } = line else { continue };
            entries.extend(given.iter().map(|entry| v1::DossierEntry {
                oin: one.from.to_string(),
                category: category.to_string(),
                tier: tier.to_string(),
                basis: Some(basis.into()),
                entry: Some(wire_entry(entry)),
                came_at_ms: one.at.ms(),
                reply_no: one.reply_no,
                target_id: id.as_bytes().to_vec(),
            }));
        }
    }
    entries.sort_by_key(|one| {
        let dated = one.entry.as_ref().and_then(|entry| entry.dated_ms);
        (dated.is_none(), dated, one.came_at_ms)
    });
    entries
}

/// What more than one agency speaks of.
fn beside(said: &[(&FiledTarget, Words<'_>)]) -> Vec<v1::DossierBeside> {
    let mut of: BTreeMap<&Category, v1::DossierBeside> = BTreeMap::new();
    for (target, words) in said {
        for (category, said) in words {
            let beside = of.entry(category).or_insert_with(|| v1::DossierBeside {
                category: category.to_string(),
                ..v1::DossierBeside::default()
            });
            if said.given {
                beside.gave.push(target.oin.to_string());
            } else if matches!(said.line, Line::NoRecord { .. }) {
                beside.no_record.push(target.oin.to_string());
            }
        }
    }
    let several = |one: &v1::DossierBeside| {
        one.gave.len() > 1 || (!one.gave.is_empty() && !one.no_record.is_empty())
    };
    of.into_values().filter(several).collect()
}
