//! Asking: a person, their desk, and a line per agency as it answers.

pub(crate) mod approve;
mod question;
mod remind;
mod show;
mod shown;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::InquiryId;
use grondslag_core::limits::LIST_MAX;
use grondslag_proto::v1;
use grondslag_proto::v1::desk_event::Event;
use serde::Serialize;
use serde_json::json;

use self::approve::Draft;
use self::question::QuestionArgs;
pub(crate) use self::question::{Subject, agencies, fact, find as agency, stated};
use self::remind::RemindArgs;
pub(crate) use self::remind::RemindedShown;
pub(crate) use self::show::basis;
pub(crate) use self::shown::{AgencyShown, GroundShown, LineShown, Names, moment};
use crate::desk::{Desk, Events};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, yellow};
use crate::wait::wait;

/// Ask agencies what the law lets you know about a child
///
/// Every agency answers for itself: with what it may give, with a refusal that names the article,
/// or that a professional decides. An answer without content does not say whether the child is
/// known there.
#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct AskArgs {
    #[command(subcommand)]
    command: Option<AskCommand>,

    #[command(flatten)]
    question: Option<QuestionArgs>,

    /// Only say what would be permitted, and why not; nobody is asked
    #[arg(long, conflicts_with_all = ["draft", "approver"])]
    dry_run: bool,

    /// Put the question aside for a second person, who uses `grondslag approve`
    #[arg(long, conflicts_with = "approver")]
    draft: bool,

    /// Desk folder of a second person who sits here too and approves at once
    #[arg(long, value_name = "FOLDER")]
    approver: Option<PathBuf>,

    /// The role in which the second person approves; the asker's own when absent
    #[arg(long, requires = "approver", value_name = "ROLE")]
    approver_role: Option<String>,
}

#[derive(Debug, Subcommand)]
enum AskCommand {
    /// Ask what was put aside with --draft, once it is approved
    Send {
        /// The question, as --draft printed it
        #[arg(value_name = "ID", value_parser = InquiryId::parse)]
        id: InquiryId,
        /// Your own desk folder
        #[arg(long, value_name = "FOLDER")]
        desk: PathBuf,
    },
    /// See later answers to your own question, until two days after its term
    Follow {
        /// ID of the question, as `grondslag ask` printed it
        #[arg(value_name = "ID", value_parser = InquiryId::parse)]
        id: InquiryId,
        /// Your own desk folder
        #[arg(long, value_name = "FOLDER")]
        desk: PathBuf,
    },
    /// Remind agencies that your question waits for them, within its term
    ///
    /// A reminder is sealed for the agency and says one word of a list, so that it can tell nothing
    /// of anybody. An agency that is away gets it when it is back. Three per agency and question.
    Remind(RemindArgs),
    /// Show why you may remind
    Words,
    /// List your own questions, newest first
    List {
        /// Your own desk folder
        #[arg(long, value_name = "FOLDER")]
        desk: PathBuf,
        /// At most this many
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        limit: u32,
    },
}

/// Runs `grondslag ask`.
pub(crate) fn run(args: &AskArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match (&args.command, &args.question) {
            (Some(AskCommand::Send { id, desk }), _) => send(id, desk, out).await,
            (Some(AskCommand::Follow { id, desk }), _) => later(id, desk, out).await,
            (Some(AskCommand::Remind(args)), _) => remind::remind(args, out).await,
            (Some(AskCommand::Words), _) => remind::words(out),
            (Some(AskCommand::List { desk, limit }), _) => list(desk, *limit, out).await,
            (None, Some(question)) => ask(args, question, out).await,
            // Not reached: clap demands the question where no subcommand is typed.
            (None, None) => Ok(Exit::Refused),
        }
    })
}

async fn ask(args: &AskArgs, typed: &QuestionArgs, out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let desk = Desk::open(&typed.desk, out.lang())?;
    let question = typed.question(&desk).await?;
    if args.dry_run {
        return plan(&desk, question, &names, out).await;
    }
    if args.draft {
        return draft(&desk, question, out).await;
    }
    let events = match &args.approver {
        None => desk.ask(question).await?,
        Some(folder) => {
            let role = args.approver_role.clone().unwrap_or_else(|| question.role.clone());
            let second = Desk::open(folder, out.lang())?;
            let id = approved_draft(&desk, &second, &role, question).await?;
            desk.send_draft(&id).await?
        }
    };
    follow((&names, typed.break_glass), events, out).await
}

/// What follows for who asked alone.
fn broken(out: Output) -> String {
    yellow(out.tr(
        "Met de noodknop gevraagd: een collega beoordeelt dit binnen 24 uur (`grondslag glass \
         list`), anders mag u hem daarna niet gebruiken. De FG's zien het meteen.",
        "Asked with break glass: a colleague reviews this within 24 hours (`grondslag glass list`), \
         or you may not break it again until then. The privacy officers see it at once.",
    ))
}

/// Drafts, and has a second person sign what their own program rebuilds; what was drafted is then
/// ready to be sent. Also for the demo, whose people all sit at one machine.
pub(crate) async fn approved_draft(
    desk: &Desk,
    second: &Desk,
    role: &str,
    question: v1::DeskQuestion,
) -> Result<InquiryId, Failure> {
    let number = question.subject.clone();
    let id = desk.draft(question).await?;
    let draft = Draft::check(&id, second.oin(), second.show_draft(&id).await?, &number)?;
    draft.approve(second, role).await?;
    Ok(id)
}

/// Shows what would become of a question.
pub(crate) async fn plan(
    desk: &Desk,
    question: v1::DeskQuestion,
    names: &Names,
    out: Output,
) -> Result<Exit, Failure> {
    let lines = desk.plan(question).await?;
    out.line(out.tr(
        "Zo zou het gaan, voor zover u en uw organisatie het kunnen weten; niemand is gevraagd.",
        "This is how it would go, as far as you and your agency can tell; nobody was asked.",
    ));
    show::plan(out, names, &lines);
    let shown: Vec<PlanShown> = lines.into_iter().map(|line| PlanShown::new(names, line)).collect();
    out.json(&json!({ "plan": shown }))?;
    Ok(Exit::Done)
}

async fn draft(desk: &Desk, question: v1::DeskQuestion, out: Output) -> Result<Exit, Failure> {
    let id = desk.draft(question).await?;
    out.line(&format!("{} {}", out.tr("klaargezet:", "put aside:"), bold(&id.to_string())));
    out.line(&format!("grondslag approve {id} --desk … --role … --subject …"));
    out.line(&format!("grondslag ask send {id} --desk {}", desk.folder().display()));
    out.json(&json!({ "inquiry_id": id, "state": "draft" }))?;
    Ok(Exit::Done)
}

async fn send(id: &InquiryId, folder: &Path, out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let desk = Desk::open(folder, out.lang())?;
    follow((&names, false), desk.send_draft(id).await?, out).await
}

/// Shows what agencies said after their first reply.
async fn later(id: &InquiryId, folder: &Path, out: Output) -> Result<Exit, Failure> {
    let names = Names::load(out.lang())?;
    let desk = Desk::open(folder, out.lang())?;
    let followed = desk.follow(id).await?;
    let answer_by = Timestamp::from_ms(followed.answer_by_ms);
    let until = out.tr("antwoorden kunnen komen tot", "answers may come until");
    out.line(&dim(&format!("{until} {}", answer_by.local())));
    let lines = followed.lines.into_iter().map(|line| AgencyShown::read(&names, line));
    let agencies = lines.collect::<Result<Vec<_>, _>>()?;
    for line in &agencies {
        show::agency(out, line);
    }
    let answer_by = Some(answer_by);
    let inquiry_id = id.to_string();
    out.json(&InquiryAnswered { inquiry_id, answer_by, agencies, closed: None })?;
    Ok(Exit::Done)
}

async fn list(folder: &Path, limit: u32, out: Output) -> Result<Exit, Failure> {
    let desk = Desk::open(folder, out.lang())?;
    let inquiries = desk.inquiries(limit.min(LIST_MAX)).await?;
    let shown = inquiries.iter().map(InquiryShown::read).collect::<Vec<_>>();
    for one in &shown {
        let at = one.asked_at.unwrap_or_default().local();
        let (replied, targets) = (one.replied, one.targets);
        out.line(&format!(
            "{}  {at}  {:<6}  {}  {}  {replied}/{targets}",
            bold(&one.inquiry_id),
            one.state,
            one.role,
            one.purpose
        ));
    }
    if shown.is_empty() {
        out.line(&dim(out.tr("nog geen vragen", "no questions yet")));
    }
    out.json(&json!({ "inquiries": shown }))?;
    Ok(Exit::Done)
}

/// Shows a line per agency as it comes, and all of it at the end as JSON.
pub(crate) async fn follow(
    (names, break_glass): (&Names, bool),
    mut events: Events,
    out: Output,
) -> Result<Exit, Failure> {
    let mut shown = InquiryAnswered::default();
    while let Some(event) = events.next().await? {
        match event {
            Event::Started(started) => {
                shown.inquiry_id = hex::encode(&started.inquiry_id);
                shown.answer_by = Some(Timestamp::from_ms(started.answer_by_ms));
                out.line(&dim(&format!("{} {}", out.tr("vraag", "question"), shown.inquiry_id)));
                if break_glass {
                    out.line(&broken(out));
                }
            }
            Event::Line(line) => {
                let line = AgencyShown::read(names, line)?;
                show::agency(out, &line);
                shown.agencies.push(line);
            }
            Event::Closed(closed) => {
                show::closed(out, &closed);
                shown.closed = Some(closed.into());
            }
            // The stream gives a refusal as a failure.
            Event::Refusal(_) => {}
        }
    }
    out.json(&shown)?;
    Ok(Exit::Done)
}

/// A question with its answers, as `--json` prints it.
#[derive(Debug, Default, Serialize)]
struct InquiryAnswered {
    inquiry_id: String,
    #[serde(serialize_with = "moment")]
    answer_by: Option<Timestamp>,
    agencies: Vec<AgencyShown>,
    closed: Option<Counts>,
}

#[derive(Debug, Serialize)]
struct Counts {
    replied: u32,
    pending: u32,
    unreachable: u32,
    not_asked: u32,
}

impl From<v1::InquiryClosed> for Counts {
    fn from(closed: v1::InquiryClosed) -> Self {
        let v1::InquiryClosed { replied, pending, unreachable, not_asked } = closed;
        Self { replied, pending, unreachable, not_asked }
    }
}

/// A planned line, as `--json` prints it.
#[derive(Debug, Serialize)]
struct PlanShown {
    oin: String,
    name: String,
    category: String,
    label: String,
    verdict: String,
    cap: String,
    rows: Vec<String>,
    grounds: Vec<GroundShown>,
    reason: Option<String>,
    near_misses: Vec<String>,
    notes: Vec<String>,
}

impl PlanShown {
    fn new(names: &Names, line: v1::PlanLine) -> Self {
        let basis = line.basis.unwrap_or_default();
        Self {
            label: names.category_named(&line.category),
            grounds: names.grounds_named(&basis.grounds),
            rows: basis.rows,
            reason: (!line.reason.is_empty()).then_some(line.reason),
            oin: line.oin,
            name: line.name,
            category: line.category,
            verdict: line.verdict,
            cap: line.cap,
            near_misses: line.near_misses,
            notes: line.notes,
        }
    }
}

/// One of a person's own questions, as `--json` prints it.
#[derive(Debug, Serialize)]
struct InquiryShown {
    inquiry_id: String,
    #[serde(serialize_with = "moment")]
    asked_at: Option<Timestamp>,
    state: String,
    role: String,
    purpose: String,
    targets: u32,
    replied: u32,
}

impl InquiryShown {
    fn read(wire: &v1::InquirySummary) -> Self {
        Self {
            inquiry_id: hex::encode(&wire.inquiry_id),
            asked_at: Some(Timestamp::from_ms(wire.asked_at_ms)),
            state: wire.state.clone(),
            role: wire.role.clone(),
            purpose: wire.purpose.clone(),
            targets: wire.targets,
            replied: wire.replied,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Typed {
        #[command(flatten)]
        ask: AskArgs,
    }

    fn typed(words: &str) -> AskArgs {
        let words = std::iter::once("ask").chain(words.split(' '));
        Typed::try_parse_from(words).unwrap().ask
    }

    #[test]
    fn what_is_typed_is_a_question_or_one_of_the_commands() {
        let question = typed(
            "--desk d --role ha.arts --subject - --purpose D04 --category G05 --to all \
             --necessity Waarom",
        );
        assert!(question.question.is_some() && question.command.is_none());
        let list = typed("list --desk d");
        assert!(list.question.is_none() && list.command.is_some());
    }
}
