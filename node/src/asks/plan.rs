//! What would become of a question, before anybody is asked: the node's own pre-check.

use std::collections::BTreeSet;

use grondslag_core::answer::Basis;
use grondslag_core::catalogue::{Category, Ground, Kind};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, Pseudonym};
use grondslag_core::lang::{Lang, Text};
use grondslag_core::limits::GROUNDS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::tier::{Approvals, Tier, Verdict};
use grondslag_policy::{Explained, FactError, Facts, NearMiss, Pack};
use grondslag_proto::v1;

use super::compose::header;
use super::term::answer_by;
use super::wish::Wish;
use crate::agency::Agency;

/// What would become of every category at every target.
///
/// # Errors
/// `INTERNAL` when the catalogue and the wish disagree, which parsing excludes.
pub(crate) fn plan(agency: &Agency, wish: &Wish, lang: Lang) -> Result<Vec<v1::PlanLine>, Reason> {
    let now = agency.clock.now();
    let mut lines = Vec::new();
    for (oin, categories) in &wish.targets {
        for category in categories {
            lines.push(line(agency, wish, oin, category, now, lang)?);
        }
    }
    Ok(lines)
}

fn line(
    agency: &Agency,
    wish: &Wish,
    oin: &Oin,
    category: &Category,
    now: Timestamp,
    lang: Lang,
) -> Result<v1::PlanLine, Reason> {
    let card = match agency.directory.card(oin) {
        Ok(card) => card,
        Err(reason) => return Ok(unknown(oin, category, reason)),
    };
    let (pack, nobody) = (agency.pack(), Some(Approvals::None));
    let facts = facts((agency, &pack), wish, &card.card().kind, category, nobody);
    let facts = facts.map_err(|error| error.reason())?;
    let explained = pack.explain(&facts, None, now).map_err(|error| error.reason())?;
    Ok(shown(oin, &card.card().name, category, &explained, lang))
}

/// The grounds of the rules that could allow something of the question: what is claimed when the
/// person names none.
///
/// # Errors
/// As [`plan`].
pub(crate) fn grounds(agency: &Agency, wish: &Wish) -> Result<Vec<Ground>, Reason> {
    let (pack, now) = (agency.pack(), agency.clock.now());
    let mut grounds = BTreeSet::new();
    for (oin, categories) in &wish.targets {
        let Ok(card) = agency.directory.card(oin) else { continue };
        for category in categories {
            let facts = facts((agency, &pack), wish, &card.card().kind, category, None)
                .map_err(|error| error.reason())?;
            let could = pack.could(&facts, now);
            if could.verdict != Verdict::Refuse {
                grounds.extend(could.grounds);
            }
        }
    }
    Ok(grounds.into_iter().take(GROUNDS_MAX).collect())
}

/// Break glass asks for what it opens and for nothing else.
///
/// # Errors
/// `BREAK_GLASS_SCOPE`; else as [`plan`].
pub(crate) fn check_break_glass(agency: &Agency, wish: &Wish) -> Result<(), Reason> {
    let (pack, now, alone) = (agency.pack(), agency.clock.now(), Some(Approvals::None));
    for (oin, categories) in wish.targets.iter().filter(|_| wish.break_glass) {
        // Who has no card is not asked.
        let Ok(card) = agency.directory.card(oin) else { continue };
        for category in categories {
            let facts = facts((agency, &pack), wish, &card.card().kind, category, alone);
            let opened = facts.and_then(|facts| pack.opened_by_break_glass(&facts, now));
            if !opened.map_err(|error| error.reason())? {
                return Err(Reason::BreakGlassScope);
            }
        }
    }
    Ok(())
}

/// What is known of a question to one kind of target before it is asked.
fn facts(
    (agency, pack): (&Agency, &Pack),
    wish: &Wish,
    target: &Kind,
    category: &Category,
    approvals: Option<Approvals>,
) -> Result<Facts, FactError> {
    let now = agency.clock.now();
    let nobody = Pseudonym::new([0; Pseudonym::LEN]);
    let due = answer_by(now, wish.urgency, wish.term_minutes);
    let header = header(agency, nobody, wish, now, due, &[]);
    let mut facts = pack.visible(&header, target, approvals)?;
    pack.set(&mut facts, "category", category.as_str())?;
    wish.facts.iter().try_for_each(|(column, value)| pack.set(&mut facts, column, value))?;
    Ok(facts)
}

fn unknown(oin: &Oin, category: &Category, reason: Reason) -> v1::PlanLine {
    v1::PlanLine {
        oin: oin.to_string(),
        category: category.to_string(),
        verdict: Verdict::Refuse.to_string(),
        cap: Tier::T0.to_string(),
        reason: reason.code().to_owned(),
        ..v1::PlanLine::default()
    }
}

fn shown(
    oin: &Oin,
    name: &str,
    category: &Category,
    explained: &Explained,
    lang: Lang,
) -> v1::PlanLine {
    let basis = Basis {
        rows: explained.rules.iter().map(|rule| rule.row.clone()).collect(),
        grounds: explained.legal.iter().map(|ground| ground.id.clone()).collect(),
    };
    v1::PlanLine {
        oin: oin.to_string(),
        name: name.to_owned(),
        category: category.to_string(),
        verdict: explained.verdict.to_string(),
        cap: explained.tier.to_string(),
        basis: Some((&basis).into()),
        reason: explained.reason.map(|reason| reason.code().to_owned()).unwrap_or_default(),
        near_misses: explained.near_misses.iter().map(|miss| sentence(miss, lang)).collect(),
        notes: explained.notes.iter().map(|note| note.in_lang(lang).to_owned()).collect(),
    }
}

/// "R15.1 would open it if: approvals is second person".
fn sentence(miss: &NearMiss, lang: Lang) -> String {
    let named = |text: &Text| text.in_lang(lang).to_owned();
    let needs: Vec<String> = miss
        .needs
        .iter()
        .map(|need| {
            let words: Vec<String> = need.needed.iter().map(|word| named(&word.label)).collect();
            format!("{}: {}", named(&need.label), words.join(" / "))
        })
        .collect();
    let lead = match lang {
        Lang::Nl => "zou openen bij",
        Lang::En => "would open it given",
    };
    format!("{} {lead} {}", miss.rule.row, needs.join("; "))
}
