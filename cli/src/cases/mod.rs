//! `grondslag cases`: the caseload board of a municipality.

mod desk;
mod shown;

use clap::{Args, Subcommand, ValueEnum};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::CaseId;
use grondslag_core::tier::Urgency;
use grondslag_proto::v1;
use grondslag_proto::v1::change_case_request::Change;
use serde_json::json;

pub(crate) use self::desk::CaseloadDesk;
use self::shown::{line, shown, words};
use crate::ask::{Names, Subject};
use crate::consent::moment;
use crate::desk::{Desk, Who};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, yellow};
use crate::wait::wait;

/// Keep the caseload board of a municipality: which children wait, and how pressing it is
///
/// A professional sets nature, severity and urgency of each case, with a reason; the board sorts by
/// what they set and computes no score. Beside it stands how long the child waits, when they were
/// last seen and whether there is care meanwhile. Nothing on it is about money.
#[derive(Debug, Args)]
pub(crate) struct CasesArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the board, most pressing first; that you looked is recorded
    List(ListArgs),
    /// Put a child on the board, with a first judgement
    Open(OpenArgs),
    /// Judge a case anew
    Triage(TriageArgs),
    /// Record that the child was seen
    Seen(SeenArgs),
    /// Record whether there is care while the case waits
    Bridging(BridgingArgs),
    /// Take a case off the board; the child's number is kept no longer
    Close(CloseArgs),
    /// Show the words for nature, severity, urgency and kinds of agencies
    Words,
}

/// What a professional judges.
#[derive(Debug, Args)]
struct Judged {
    /// What it is about, such as veiligheid; `cases words` shows the words
    #[arg(long, value_name = "WORD")]
    nature: String,

    /// How severe it is: none, concern, structural, serious or acute
    #[arg(long, value_name = "WORD")]
    severity: String,

    /// How soon it cannot wait any more: standard, urgent or acute
    #[arg(long, value_name = "WORD")]
    urgency: Urgency,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    who: Who,

    /// With the cases that are closed
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct OpenArgs {
    /// The child's citizen service number; `-` reads it from standard input
    #[arg(value_name = "NUMBER")]
    subject: Subject,

    #[command(flatten)]
    who: Who,

    #[command(flatten)]
    judged: Judged,
}

#[derive(Debug, Args)]
struct TriageArgs {
    /// The case, as `cases list` shows it
    #[arg(value_name = "ID", value_parser = CaseId::parse)]
    id: CaseId,

    #[command(flatten)]
    who: Who,

    #[command(flatten)]
    judged: Judged,
}

#[derive(Debug, Args)]
struct SeenArgs {
    /// The case, as `cases list` shows it
    #[arg(value_name = "ID", value_parser = CaseId::parse)]
    id: CaseId,

    #[command(flatten)]
    who: Who,

    /// On what day, such as 2026-11-20
    #[arg(long, value_name = "DAY", value_parser = moment)]
    on: Timestamp,

    /// By an agency of which kind, such as sch, jgz or gi
    #[arg(long, value_name = "KIND")]
    by: String,
}

#[derive(Debug, Args)]
struct BridgingArgs {
    /// The case, as `cases list` shows it
    #[arg(value_name = "ID", value_parser = CaseId::parse)]
    id: CaseId,

    /// Whether there is care meanwhile
    #[arg(value_enum, value_name = "YES|NO", hide_possible_values = true)]
    there_is: YesNo,

    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

#[derive(Debug, Args)]
struct CloseArgs {
    /// The case, as `cases list` shows it
    #[arg(value_name = "ID", value_parser = CaseId::parse)]
    id: CaseId,

    #[command(flatten)]
    who: Who,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl From<&Judged> for v1::Triage {
    fn from(judged: &Judged) -> Self {
        Self {
            nature: judged.nature.clone(),
            severity: judged.severity.clone(),
            urgency: judged.urgency.into(),
            reason: judged.reason.clone(),
        }
    }
}

/// Runs `grondslag cases`.
pub(crate) fn run(args: &CasesArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::List(typed) => list(typed, out).await,
            Command::Open(typed) => open(typed, out).await,
            Command::Triage(typed) => {
                let change = Change::Triage((&typed.judged).into());
                changed((&typed.id, &typed.who), change, out).await
            }
            Command::Seen(typed) => {
                let (on_ms, by_kind) = (typed.on.ms(), typed.by.clone());
                let change = Change::Seen(v1::ChildSeen { on_ms, by_kind });
                changed((&typed.id, &typed.who), change, out).await
            }
            Command::Bridging(typed) => {
                let change = Change::Bridged(typed.there_is == YesNo::Yes);
                changed((&typed.id, &typed.who), change, out).await
            }
            Command::Close(typed) => {
                let change = Change::Closed(typed.reason.clone());
                changed((&typed.id, &typed.who), change, out).await
            }
            Command::Words => words(&Names::load(out.lang())?, out),
        }
    })
}

async fn list(typed: &ListArgs, out: Output) -> Result<Exit, Failure> {
    let desk = CaseloadDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let (cases, more) = desk.list(&typed.who.role, typed.all).await?;
    let names = Names::load(out.lang())?;
    for case in &cases {
        for told in line(case, &names, out) {
            out.line(&told);
        }
    }
    if cases.is_empty() {
        out.line(&dim(out.tr("er staat niemand op het bord", "nobody is on the board")));
    }
    if more {
        let more = out.tr("er zijn er meer dan hier staan", "there are more than stand here");
        out.line(&yellow(more));
    }
    let cases: Vec<_> = cases.iter().map(shown).collect();
    out.json(&json!({ "cases": cases, "more": more }))?;
    Ok(Exit::Done)
}

async fn open(typed: &OpenArgs, out: Output) -> Result<Exit, Failure> {
    let desk = CaseloadDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let (subject, role) = (typed.subject.number()?, typed.who.role.clone());
    let triage = Some((&typed.judged).into());
    let id = hex::encode(desk.open(v1::OpenCaseRequest { subject, role, triage }).await?);
    let on_board = out.tr("op het bord, als casus", "on the board, as case");
    out.line(&format!("{} {}", green(on_board), bold(&id)));
    out.json(&json!({ "case_id": id }))?;
    Ok(Exit::Done)
}

async fn changed((id, who): (&CaseId, &Who), change: Change, out: Output) -> Result<Exit, Failure> {
    let desk = CaseloadDesk::at(Desk::open(&who.desk, out.lang())?);
    desk.change(id.as_bytes(), &who.role, change).await?;
    out.line(&green(out.tr("vastgelegd", "recorded")));
    out.json(&json!({ "case_id": id }))?;
    Ok(Exit::Done)
}
