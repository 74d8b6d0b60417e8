//! `grondslag glass`: questions with break glass, and their review.

mod desk;
pub(crate) mod shown;

use clap::{Args, Subcommand, ValueEnum};
use grondslag_core::id::InquiryId;
use grondslag_core::reviewing::GlassVerdict;
use serde_json::json;

use self::desk::GlassDesk;
use crate::ask::Names;
use crate::desk::{Desk, Who};
use crate::exit::{Exit, Failure};
use crate::output::{Output, dim, green, yellow};
use crate::wait::wait;

/// See who broke the glass, and review it
///
/// Break glass is a question of one person alone in acute danger (`ask --break-glass`). Within 24
/// hours a colleague who may approve such a question writes down whether it was right. Until then
/// it waits; after that, who asked may not break the glass until it is reviewed. The privacy
/// officers of who asked and of who was asked see it at once.
#[derive(Debug, Args)]
pub(crate) struct GlassArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what waits for its review; for a privacy officer also what others asked so, and how
    /// often each person did; that you looked is recorded
    List(ListArgs),
    /// Show one question with why it was asked; whom it is about for who reviews it
    Show(OneArgs),
    /// Write down what you judge of a colleague's question
    Review(ReviewArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    who: Who,

    /// With what was reviewed and seen
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct OneArgs {
    /// The question, as `glass list` shows it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
struct ReviewArgs {
    #[command(flatten)]
    one: OneArgs,

    /// What it was: justified or misuse
    #[arg(long = "as", value_enum, value_name = "WORD", hide_possible_values = true)]
    verdict: Verdict,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Verdict {
    Justified,
    Misuse,
}

impl From<Verdict> for GlassVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Justified => Self::Justified,
            Verdict::Misuse => Self::Misuse,
        }
    }
}

/// Runs `grondslag glass`.
pub(crate) fn run(args: &GlassArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::List(typed) => list(typed, out).await,
            Command::Show(typed) => show(typed, out).await,
            Command::Review(typed) => review(typed, out).await,
        }
    })
}

async fn list(typed: &ListArgs, out: Output) -> Result<Exit, Failure> {
    let desk = GlassDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let listed = desk.list(&typed.who.role, typed.all).await?;
    let names = Names::load(out.lang())?;
    let uses = listed.uses.iter().flat_map(|used| shown::used(used, &names, out));
    let puts = listed.puts.iter().flat_map(|put| shown::put(put, &names, out));
    let counts = shown::counts(&listed.counts, out);
    uses.chain(puts).chain(counts).for_each(|line| out.line(&line));
    if listed.uses.is_empty() && listed.puts.is_empty() {
        out.line(&dim(out.tr("er wacht niets", "nothing waits")));
    }
    if listed.more {
        let more = out.tr("er zijn er meer dan hier staan", "there are more than stand here");
        out.line(&yellow(more));
    }
    let uses: Vec<_> = listed.uses.iter().map(shown::used_json).collect();
    let puts: Vec<_> = listed.puts.iter().map(shown::put_json).collect();
    let counts: Vec<_> = listed.counts.iter().map(shown::count_json).collect();
    out.json(&json!({ "uses": uses, "puts": puts, "counts": counts, "more": listed.more }))?;
    Ok(Exit::Done)
}

async fn show(typed: &OneArgs, out: Output) -> Result<Exit, Failure> {
    let desk = GlassDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let told = desk.show(typed.id.as_bytes(), &typed.who.role).await?;
    let names = Names::load(out.lang())?;
    for line in shown::whole(&told, &names, out) {
        out.line(&line);
    }
    out.json(&shown::whole_json(&told))?;
    Ok(Exit::Done)
}

async fn review(typed: &ReviewArgs, out: Output) -> Result<Exit, Failure> {
    let (one, verdict) = (&typed.one, GlassVerdict::from(typed.verdict));
    let desk = GlassDesk::at(Desk::open(&one.who.desk, out.lang())?);
    desk.review(one.id.as_bytes(), &one.who.role, (verdict, &typed.text)).await?;
    out.line(&green(out.tr("vastgelegd", "recorded")));
    out.json(&json!({ "inquiry_id": one.id, "verdict": verdict }))?;
    Ok(Exit::Done)
}
