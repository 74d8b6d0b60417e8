//! `grondslag handover`: a case that goes from one holder to the next.

mod desk;
mod shown;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use grondslag_core::id::InquiryId;
use grondslag_proto::v1;
use serde_json::json;

pub(crate) use self::desk::HandoverDesk;
use crate::ask::{Names, agency};
use crate::desk::{Desk, Who};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, yellow};
use crate::wait::wait;
use crate::words;

/// Take a case over from another agency, and see what others take over from you
///
/// You ask for the plan as for anything else (`ask`, purpose D18). Once it came you go through the
/// list and accept, and say of every item that it is done or missing; the old holder reads what is
/// missing. Until they have that they are responsible; then their case leaves the board, and they
/// ask no more about the child.
#[derive(Debug, Args)]
pub(crate) struct HandoverArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the cases that come and that go, newest first; that you looked is recorded
    List(Who),
    /// Accept a case whose plan came
    Accept(AcceptArgs),
    /// Show the list that the new holder goes through
    Words,
}

#[derive(Debug, Args)]
struct AcceptArgs {
    /// The question with which you asked for the case, as `grondslag ask` printed it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The role in which you hold the case
    #[arg(long, value_name = "ROLE")]
    role: String,

    /// Who holds the case until now: OIN, or a part of the name
    #[arg(long, value_name = "AGENCY")]
    from: String,

    /// What was done, words of `grondslag handover words`, with commas between
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    done: Vec<String>,

    /// What is missing; every item of the list stands in one of the two
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    gap: Vec<String>,
}

/// Runs `grondslag handover`.
pub(crate) fn run(args: &HandoverArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::List(who) => wait(list(who, out)),
        Command::Accept(typed) => wait(accept(typed, out)),
        Command::Words => words(out),
    }
}

async fn list(who: &Who, out: Output) -> Result<Exit, Failure> {
    let desk = HandoverDesk::at(Desk::open(&who.desk, out.lang())?);
    let (handovers, more) = desk.list(&who.role).await?;
    let names = Names::load(out.lang())?;
    for one in &handovers {
        for line in shown::lines(one, &names, out) {
            out.line(&line);
        }
    }
    if handovers.is_empty() {
        out.line(&dim(out.tr("er zijn geen overdrachten", "there are no handovers")));
    }
    if more {
        let more = out.tr("er zijn er meer dan hier staan", "there are more than stand here");
        out.line(&yellow(more));
    }
    let handovers: Vec<_> = handovers.iter().map(shown::json).collect();
    out.json(&json!({ "handovers": handovers, "more": more }))?;
    Ok(Exit::Done)
}

async fn accept(typed: &AcceptArgs, out: Output) -> Result<Exit, Failure> {
    let desk = Desk::open(&typed.desk, out.lang())?;
    let target_oin = agency(&typed.from, &desk.agencies().await?)?;
    let request = v1::AcceptHandoverRequest {
        inquiry_id: typed.id.as_bytes().to_vec(),
        target_oin,
        role: typed.role.clone(),
        done: typed.done.clone(),
        gaps: typed.gap.clone(),
    };
    let accepted = HandoverDesk::at(desk).accept(request).await?;
    let names = Names::load(out.lang())?;
    for line in shown::lines(&accepted, &names, out) {
        out.line(&line);
    }
    out.json(&shown::json(&accepted))?;
    Ok(Exit::Done)
}

/// The list, as the rules that came with the program have it.
fn words(out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let catalogue = names.pack().catalogue();
    let rules = catalogue.handover();
    out.line(&bold(&format!(
        "{} {}",
        out.tr("aanvaarden, in werkdagen:", "accept within working days:"),
        rules.accept_days
    )));
    let checklist = words::list(&rules.checklist, out);
    let mut kinds = catalogue.query_kinds().iter();
    let note = kinds.find(|kind| kind.handover.is_some()).and_then(|kind| kind.note.as_ref());
    let note = words::note(note, out);
    out.json(&json!({ "accept_days": rules.accept_days, "checklist": checklist, "note": note }))?;
    Ok(Exit::Done)
}
