//! `grondslag inform`: telling people that they were asked about.

mod desk;

use std::path::PathBuf;
use std::str::FromStr as _;

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::informing::{ToldHow, ToldTo};
use grondslag_proto::v1;
use serde_json::{Value, json};

pub(crate) use self::desk::InformDesk;
use crate::ask::Names;
use crate::consent::moment;
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green, red};
use crate::wait::wait;

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
    #[arg(long, value_parser = ToldHow::from_str)]
    how: ToldHow,

    /// Who was told: `young_person`, parents or representative
    #[arg(long, value_parser = ToldTo::from_str)]
    told: ToldTo,
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
    let names = Names::load(out.lang())?;
    for task in &tasks {
        line(task, &names, out);
    }
    if tasks.is_empty() {
        out.line(&dim(out.tr("er is niets te vertellen", "there is nothing to tell")));
    }
    out.json(&json!({ "tasks": tasks.iter().map(task_json).collect::<Vec<_>>() }))?;
    Ok(Exit::Done)
}

fn line(task: &v1::ToInform, names: &Names, out: Output) {
    let due = Timestamp::from_ms(task.due_ms).local();
    let state = match (task.state.as_str(), task.overdue) {
        ("done", _) => green(out.tr("verteld", "told")),
        (_, true) => red(&format!("{} {due}", out.tr("te laat, uiterlijk", "overdue, by"))),
        ("postponed", false) => format!("{} {due}", out.tr("uitgesteld tot", "put off until")),
        _ => format!("{} {due}", out.tr("uiterlijk", "by")),
    };
    // Of whom was told nobody keeps the number.
    let subject = if task.subject.is_empty() { "-" } else { &task.subject };
    let (role, purpose) = (names.role_named(&task.role), names.purpose_named(&task.purpose));
    out.line(&format!("{}  {role} ({})  {purpose}  {state}", bold(subject), task.staff_id));
    let asked = Timestamp::from_ms(task.asked_at_ms).local();
    let told = how(task, out);
    out.line(&dim(&format!("    {asked}  {}  {}", hex::encode(&task.inquiry_id), told.trim())));
}

/// How, to whom and when it was told, or why it was put off. Words of a later program stand as they
/// are.
fn how(task: &v1::ToInform, out: Output) -> String {
    if task.done_at_ms == 0 {
        return task.reason.clone();
    }
    let lang = out.lang();
    let how = ToldHow::from_str(&task.how).map_or(task.how.as_str(), |how| how.label(lang));
    let to = ToldTo::from_str(&task.told).map_or(task.told.as_str(), |to| to.label(lang));
    format!("{how} {to}, {}", Timestamp::from_ms(task.done_at_ms).local())
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
        how: typed.how.into(),
        told: typed.told.into(),
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

#[cfg(test)]
mod tests {
    use grondslag_core::lang::Lang;

    use super::*;

    #[test]
    fn how_it_was_told_is_said_in_words_and_why_it_waits_as_it_was_typed() {
        let told = v1::ToInform {
            how: "spoken".into(),
            told: "parents".into(),
            done_at_ms: Timestamp::parse("2026-11-20T09:00").unwrap().ms(),
            ..v1::ToInform::default()
        };
        let said = |task: &v1::ToInform, lang| how(task, Output::new(false, lang));
        assert!(said(&told, Lang::Nl).starts_with("mondeling aan de ouders, "));
        assert!(said(&told, Lang::En).starts_with("spoken to the parents, "));
        let later = v1::ToInform { how: "by_drone".into(), ..told };
        assert!(said(&later, Lang::Nl).starts_with("by_drone aan de ouders, "));
        let waits = v1::ToInform { reason: "Nu niet veilig.".into(), ..v1::ToInform::default() };
        assert_eq!(said(&waits, Lang::Nl), "Nu niet veilig.");
    }

    #[test]
    fn words_of_no_list_are_refused_when_they_are_typed() {
        let typed = |how: &str, told: &str| {
            let id = "01".repeat(16);
            let words = ["done", &id, "--desk", "d", "--role", "ha.arts", "--how", how];
            let words = words.into_iter().chain(["--told", told]);
            DoneArgs::augment_args(clap::Command::new("done")).try_get_matches_from(words).is_ok()
        };
        assert!(typed("digital", "representative"));
        for (how, told) in [("mondeling", "parents"), ("spoken", "mother"), ("", "parents")] {
            assert!(!typed(how, told), "{how} {told}");
        }
    }
}
