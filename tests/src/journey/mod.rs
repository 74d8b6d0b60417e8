//! Storylines, played: every question by its person, on its date, and what came of it held
//! against what the law should do.
//!
//! The oracle is the world's own: per target and category what stands in the ledger (`decided`)
//! and what the asker sees (`shown`). Of a category that the broker refused, the broker's own
//! ruling is what stands; of any other, the holder's decision as its privacy officer reads it.

pub mod acts;
mod compare;
pub mod own_views;

use std::collections::BTreeSet;

use anyhow::Result;
use grondslag_core::id::Oin;
use grondslag_proto::v1;

use crate::federation::desk::Heard;
use crate::federation::{Federation, Setup};
use crate::world::{Decided, Event, Question, Shown, Storyline, World};

use self::acts::{Written, write};
pub use self::compare::{Half, Mismatch, compare};
use self::own_views::view;

/// What came of one category at one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The target.
    pub target: String,
    /// The category.
    pub category: String,
    /// What stands in the ledger; absent when nothing does.
    pub decided: Option<Decided>,
    /// What the asker sees; absent when nothing came.
    pub shown: Option<Shown>,
    /// Why nothing came.
    pub why: String,
}

/// How a storyline went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// Which storyline.
    pub id: String,
    /// How many decisions were compared.
    pub compared: usize,
    /// What was not as it should be.
    pub mismatches: Vec<Mismatch>,
    /// What was written down otherwise than it should be.
    pub miswritten: Vec<String>,
    /// What somebody saw otherwise than they should.
    pub misviewed: Vec<String>,
}

/// Plays one storyline in a region of its own.
///
/// # Errors
/// When the region cannot start or a question cannot be put.
pub async fn play(storyline: &Storyline) -> Result<Played> {
    let federation = region_of(storyline)?.start().await?;
    play_in(&federation, storyline).await
}

/// The region of a storyline, when the world's clock starts.
///
/// # Errors
/// When the world cannot be read.
pub fn region_of(storyline: &Storyline) -> Result<Setup> {
    let start = World::load()?.region.region.clock_start;
    Ok(Setup::of(storyline.agencies()).at(&start))
}

/// Plays one storyline in a region that runs.
///
/// # Errors
/// When a question cannot be put.
pub async fn play_in(federation: &Federation, storyline: &Storyline) -> Result<Played> {
    let mut played = Played {
        id: storyline.id.clone(),
        compared: 0,
        mismatches: Vec::new(),
        miswritten: Vec::new(),
        misviewed: Vec::new(),
    };
    let mut written = Written::default();
    for (_, event) in storyline.events()? {
        let question = match event {
            Event::Question(question) => question,
            Event::Act(act) => {
                let seen = write(federation, act, &mut written).await?;
                if seen != act.expect {
                    played.miswritten.push(format!("{}: {seen}, not {}", act.id, act.expect));
                }
                continue;
            }
            Event::OwnView(own_view) => {
                let view = view(federation, own_view).await?;
                played.misviewed.extend(own_views::differences(own_view, &view));
                continue;
            }
        };
        let seen = ask(federation, question).await?;
        played.compared += question.expect.len();
        played.mismatches.extend(compare(question, &seen));
    }
    Ok(played)
}

/// Asks one question and looks at both halves of what came of it.
///
/// # Errors
/// When it cannot be put, or a privacy officer cannot read.
pub async fn ask(federation: &Federation, question: &Question) -> Result<Vec<Seen>> {
    let heard = federation.play(question).await?;
    let mut all = Vec::new();
    for target in &question.to {
        let decision = match &heard.inquiry {
            Some(inquiry) => federation.decision(target, inquiry).await?,
            None => None,
        };
        let oin = federation.oin(target)?;
        for category in &question.categories {
            all.push(seen(target, category, &oin, &heard, decision.as_ref()));
        }
    }
    Ok(all)
}

fn seen(
    target: &str,
    category: &str,
    oin: &Oin,
    heard: &Heard,
    decision: Option<&v1::DecisionRecord>,
) -> Seen {
    let line = heard.line(oin);
    let mut desk_lines = line.iter().flat_map(|line| &line.lines);
    let shown = desk_lines.find(|shown| category_of(shown) == Some(category));
    let of_broker = shown.filter(|shown| shown.by == "broker");
    Seen {
        target: target.to_owned(),
        category: category.to_owned(),
        decided: match of_broker {
            Some(shown) => shown.line.as_ref().map(by_broker),
            None => decision.and_then(|decision| by_holder(decision, category)),
        },
        shown: shown.and_then(|shown| shown.line.as_ref()).map(as_shown),
        why: match (heard.refusal, line) {
            (Some(reason), _) => reason.code().to_owned(),
            (None, Some(line)) => format!("{} {}", line.state, line.reason),
            (None, None) => "no line".to_owned(),
        },
    }
}

fn category_of(line: &v1::DeskLine) -> Option<&str> {
    line.line.as_ref().map(|line| line.category.as_str())
}

fn by_broker(line: &v1::AnswerLine) -> Decided {
    let (rows, legal) = basis(line.basis.as_ref());
    Decided { by: "broker".to_owned(), outcome: "refuse".to_owned(), rows, legal }
}

fn by_holder(decision: &v1::DecisionRecord, category: &str) -> Option<Decided> {
    let line = decision.lines.iter().find(|line| line.category == category)?;
    let (rows, legal) = basis(line.basis.as_ref());
    Some(Decided { by: "holder".to_owned(), outcome: line.outcome.clone(), rows, legal })
}

fn as_shown(line: &v1::AnswerLine) -> Shown {
    let (rows, legal) = basis(line.basis.as_ref());
    let tier = (!line.tier.is_empty()).then(|| line.tier.clone());
    Shown { state: line.state.clone(), tier, rows, legal }
}

fn basis(basis: Option<&v1::Basis>) -> (BTreeSet<String>, BTreeSet<String>) {
    let sets = basis.map(|basis| {
        (basis.rows.iter().cloned().collect(), basis.grounds.iter().cloned().collect())
    });
    sets.unwrap_or_default()
}
