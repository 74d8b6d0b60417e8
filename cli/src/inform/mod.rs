//! `grondslag inform`: telling people that they were asked about.

mod desk;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_proto::v1;
use serde_json::{Value, json};

pub(crate) use self::desk::InformDesk;
use crate::consent::moment;
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red};
use crate::wait::wait;

/// How somebody is told. The text of the option explains each word.
const HOW: [&str; 3] = ["spoken", "written", "digital"];
/// Who is told.
const TOLD: [&str; 3] = ["young_person", "parents", "representative"];

/// Tell people that you asked about them, as the law wants
///
/// Whoever asked about somebody and was given something under a rule that asks for it, or asked for
/// a purpose that is told afterwards, tells them so within four weeks. Once that is recorded, the
/// question is in their own view.
#[derive(Debug, Args)]
pub(crate) struct InformArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what is to be told, most urgent first; that you looked is recorded
    List(ListArgs),
    /// Record that somebody was told
    Done(DoneArgs),
    /// Put it off until a day on which it is looked at again
    Postpone(PostponeArgs),
}

/// Who, in which role.
#[derive(Debug, Args)]
struct Who {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The role in which it was asked, such as vt.onderzoeker; a privacy officer acts for all
    #[arg(long)]
    role: String,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    who: Who,

    /// With what was told already
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct DoneArgs {
    /// The question, as `inform list` shows it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    #[command(flatten)]
    who: Who,

    /// How they were told: spoken, written or digital
    #[arg(long, value_parser = HOW, hide_possible_values = true)]
    how: String,

    /// Who was told: `young_person`, parents or representative
    #[arg(long, value_parser = TOLD, hide_possible_values = true)]
    told: String,
}

#[derive(Debug, Args)]
struct PostponeArgs {
    /// The question, as `inform list` shows it
    #[arg(value_name = "ID", value_parser = InquiryId::parse)]
    id: InquiryId,

    #[command(flatten)]
    who: Who,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// When it is looked at again
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    review: Timestamp,
}

/// Runs `grondslag inform`.
pub(crate) fn run(args: &InformArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::List(typed) => list(typed, out).await,
            Command::Done(typed) => done(typed, out).await,
            Command::Postpone(typed) => postpone(typed, out).await,
        }
    })
}

async fn list(typed: &ListArgs, out: Output) -> Result<Exit, Failure> {
    let desk = InformDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let tasks = desk.list(&typed.who.role, typed.all).await?;
    for task in &tasks {
        line(task, out);
    }
    if tasks.is_empty() {
        out.line(&dim(out.tr("er is niets te vertellen", "there is nothing to tell")));
    }
    out.json(&json!({ "tasks": tasks.iter().map(task_json).collect::<Vec<_>>() }))?;
    Ok(Exit::Done)
}

fn line(task: &v1::ToInform, out: Output) {
    let due = Timestamp::from_ms(task.due_ms).local();
    let state = match (task.state.as_str(), task.overdue) {
        ("done", _) => green(out.tr("verteld", "told")),
        (_, true) => red(&format!("{} {due}", out.tr("te laat, uiterlijk", "overdue, by"))),
        ("postponed", false) => format!("{} {due}", out.tr("uitgesteld tot", "put off until")),
        _ => format!("{} {due}", out.tr("uiterlijk", "by")),
    };
    let (subject, purpose) = (bold(&task.subject), &task.purpose);
    out.line(&format!("{subject}  {} ({})  {purpose}  {state}", task.role, task.staff_id));
    let asked = Timestamp::from_ms(task.asked_at_ms).local();
    let how = [task.how.as_str(), &task.told, &task.reason].join(" ");
    out.line(&dim(&format!("    {asked}  {}  {}", hex::encode(&task.inquiry_id), how.trim())));
}

fn task_json(task: &v1::ToInform) -> Value {
    let done = (task.done_at_ms != 0).then(|| Timestamp::from_ms(task.done_at_ms));
    json!({
        "inquiry_id": hex::encode(&task.inquiry_id),
        "subject": task.subject,
        "role": task.role,
        "staff": task.staff_id,
        "purpose": task.purpose,
        "asked_at": Timestamp::from_ms(task.asked_at_ms),
        "due": Timestamp::from_ms(task.due_ms),
        "state": task.state,
        "overdue": task.overdue,
        "reason": task.reason,
        "how": task.how,
        "told": task.told,
        "done_at": done,
    })
}

async fn done(typed: &DoneArgs, out: Output) -> Result<Exit, Failure> {
    let desk = InformDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    desk.done(v1::RecordInformedRequest {
        inquiry_id: typed.id.as_bytes().to_vec(),
        role: typed.who.role.clone(),
        how: typed.how.clone(),
        told: typed.told.clone(),
    })
    .await?;
    out.line(&green(out.tr("vastgelegd dat het is verteld", "recorded that it was told")));
    out.json(&json!({ "inquiry_id": typed.id, "state": "done" }))?;
    Ok(Exit::Done)
}

async fn postpone(typed: &PostponeArgs, out: Output) -> Result<Exit, Failure> {
    let desk = InformDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    desk.postpone(v1::PostponeInformingRequest {
        inquiry_id: typed.id.as_bytes().to_vec(),
        role: typed.who.role.clone(),
        reason: typed.reason.clone(),
        review_ms: typed.review.ms(),
    })
    .await?;
    let until = typed.review.local();
    out.line(&green(&format!("{} {until}", out.tr("uitgesteld tot", "put off until"))));
    out.json(&json!({ "inquiry_id": typed.id, "state": "postponed", "review": typed.review }))?;
    Ok(Exit::Done)
}
