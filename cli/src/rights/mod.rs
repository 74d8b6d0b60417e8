//! `grondslag rights`: what people ask about their own data.

mod desk;
mod shown;

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{RequestId, TargetId};
use grondslag_core::rights::{AskedBy, Decided, RefusalGround, Right};
use grondslag_proto::v1;
use serde_json::json;

pub(crate) use self::desk::RightsDesk;
use self::shown::Called;
pub(crate) use self::shown::right;
use crate::ask::{Names, Subject, agency};
use crate::desk::{Desk, Who};
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, dim, green};
use crate::wait::wait;

/// Handle what people ask about their own data: to correct, to object, to destroy
///
/// A request about your own records is decided by a colleague of who wrote it down, within a
/// month. One about another agency's records names the line of the person's own view, and is
/// brought there. What is mended is told to every agency that was given such data, as the ledger
/// proves.
#[derive(Debug, Args)]
pub(crate) struct RightsArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write down what somebody asks about their data, or what you found yourself
    Lodge(LodgeArgs),
    /// List the requests that your agency has to do with; that you looked is recorded
    List(ListArgs),
    /// Decide on a request about your own records, as a colleague of who wrote it down
    Decide(DecideArgs),
    /// Extend the term by two months, once, and say why
    Extend(TextArgs),
    /// Record what was done: the person was told, the data are used no more, an objection was
    /// lifted
    Close(TextArgs),
    /// Record whether a breach is reported to the authority
    Breach(BreachArgs),
}

#[derive(Debug, Args)]
struct LodgeArgs {
    #[command(flatten)]
    who: Who,

    /// Whose data: the citizen service number; `-` reads it from standard input
    #[arg(long, value_name = "BSN")]
    subject: Subject,

    /// What is asked: correction, statement (the person's own words in the file), objection,
    /// `false_match` (the file is somebody else's) or destruction
    #[arg(long, hide_possible_values = true)]
    right: Right,

    /// Who asks: `young_person`, `custody_holder`, representative or `own_finding`
    #[arg(long = "by", value_name = "WHO")]
    asked_by: AskedBy,

    /// What is wrong, or what the person states, in at least 30 characters; without names and
    /// numbers
    #[arg(long, value_name = "TEXT")]
    text: String,

    /// About which data of your own; all when it is left out. Once for each
    #[arg(long, value_name = "CODE")]
    category: Vec<String>,

    /// The agency that holds the data, when it is not your own
    #[arg(long, value_name = "AGENCY", requires = "line")]
    holder: Option<String>,

    /// The line of the person's own view that it is about, by the number behind it
    #[arg(long, value_name = "NUMBER", value_parser = TargetId::parse)]
    line: Option<TargetId>,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    who: Who,

    /// Also those with which nothing is left to do
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct DecideArgs {
    /// The request, as `rights list` shows it
    #[arg(value_name = "ID", value_parser = RequestId::parse)]
    id: RequestId,

    #[command(flatten)]
    who: Who,

    /// What becomes of it: granted or refused. Grant only once it is done: the record was
    /// corrected, or the register was imported without the file
    #[arg(long = "as", value_name = "WORD")]
    decided: Decided,

    /// Why not: accurate, `other_interest`, `statutory_duty` or unfounded
    #[arg(long)]
    ground: Option<RefusalGround>,

    /// What was mended, or why not, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    text: String,
}

#[derive(Debug, Args)]
struct TextArgs {
    /// The request, as `rights list` shows it
    #[arg(value_name = "ID", value_parser = RequestId::parse)]
    id: RequestId,

    #[command(flatten)]
    who: Who,

    /// What was done, or why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    text: String,
}

#[derive(Debug, Args)]
struct BreachArgs {
    /// The request, as `rights list` shows it
    #[arg(value_name = "ID", value_parser = RequestId::parse)]
    id: RequestId,

    #[command(flatten)]
    who: Who,

    /// It is reported; without it: it is not
    #[arg(long)]
    reported: bool,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    text: String,
}

/// Runs `grondslag rights`.
pub(crate) fn run(args: &RightsArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::Lodge(typed) => lodge(typed, out).await,
            Command::List(typed) => list(typed, out).await,
            Command::Decide(typed) => decide(typed, out).await,
            Command::Extend(typed) => extend(typed, out).await,
            Command::Close(typed) => close(typed, out).await,
            Command::Breach(typed) => breach(typed, out).await,
        }
    })
}

impl Who {
    fn open(&self, out: Output) -> Result<RightsDesk, Failure> {
        Ok(RightsDesk::at(Desk::open(&self.desk, out.lang())?))
    }
}

async fn lodge(typed: &LodgeArgs, out: Output) -> Result<Exit, Failure> {
    let desk = typed.who.open(out)?;
    let holder = match &typed.holder {
        None => String::new(),
        Some(holder) => agency(holder.trim(), &desk.desk().agencies().await?)?,
    };
    let told = desk
        .lodge(v1::LodgeRequestRequest {
            role: typed.who.role.clone(),
            subject: typed.subject.number()?,
            right: typed.right.word().to_owned(),
            asked_by: typed.asked_by.word().to_owned(),
            text: typed.text.clone(),
            categories: typed.category.clone(),
            holder_oin: holder,
            target_id: typed.line.map(|line| line.as_bytes().to_vec()).unwrap_or_default(),
        })
        .await?;
    let (id, due) = (hex::encode(&told.request_id), Timestamp::from_ms(told.due_ms));
    out.line(&format!("{} {}", green(out.tr("vastgelegd", "written down")), bold(&id)));
    let by = out.tr("de betrokkene hoort het uiterlijk", "the person hears of it by");
    out.line(&format!("{by} {}", due.local()));
    out.json(&json!({ "request_id": id, "due": due }))?;
    Ok(Exit::Done)
}

async fn list(typed: &ListArgs, out: Output) -> Result<Exit, Failure> {
    let desk = typed.who.open(out)?;
    let requests = desk.list(&typed.who.role, typed.all).await?;
    let names = Names::load(out.lang())?;
    let called = Called::of(desk.desk().agencies().await?);
    for one in &requests {
        shown::print(one, (&names, &called), out);
    }
    if requests.is_empty() {
        out.line(&dim(out.tr("er zijn geen verzoeken", "there are no requests")));
    }
    let requests: Vec<_> = requests.iter().map(shown::request_json).collect();
    out.json(&json!({ "requests": requests }))?;
    Ok(Exit::Done)
}

async fn decide(typed: &DecideArgs, out: Output) -> Result<Exit, Failure> {
    let desk = typed.who.open(out)?;
    let told = desk
        .decide(v1::DecideRequestRequest {
            request_id: typed.id.as_bytes().to_vec(),
            role: typed.who.role.clone(),
            decided: typed.decided.word().to_owned(),
            ground: typed.ground.map(|ground| ground.word().to_owned()).unwrap_or_default(),
            text: typed.text.clone(),
        })
        .await?;
    out.line(&green(out.tr("vastgelegd", "recorded")));
    if !told.is_empty() {
        let tell = out.tr(
            "wie deze gegevens kreeg hoort het nu",
            "whoever was given these data hears of it now",
        );
        let called = Called::of(desk.desk().agencies().await?);
        out.line(&format!("{tell}: {}", called.all(&told)));
    }
    out.json(&json!({ "request_id": typed.id, "decided": typed.decided, "told": told }))?;
    Ok(Exit::Done)
}

async fn extend(typed: &TextArgs, out: Output) -> Result<Exit, Failure> {
    let due = typed
        .who
        .open(out)?
        .extend(v1::ExtendRequestRequest {
            request_id: typed.id.as_bytes().to_vec(),
            role: typed.who.role.clone(),
            text: typed.text.clone(),
        })
        .await?;
    let due = Timestamp::from_ms(due);
    out.line(&green(&format!("{} {}", out.tr("verlengd tot", "extended until"), due.local())));
    out.json(&json!({ "request_id": typed.id, "state": "extended", "due": due }))?;
    Ok(Exit::Done)
}

async fn close(typed: &TextArgs, out: Output) -> Result<Exit, Failure> {
    typed
        .who
        .open(out)?
        .close(v1::CloseRequestRequest {
            request_id: typed.id.as_bytes().to_vec(),
            role: typed.who.role.clone(),
            text: typed.text.clone(),
        })
        .await?;
    out.line(&green(out.tr("afgerond", "closed")));
    out.json(&json!({ "request_id": typed.id, "state": "closed" }))?;
    Ok(Exit::Done)
}

async fn breach(typed: &BreachArgs, out: Output) -> Result<Exit, Failure> {
    typed
        .who
        .open(out)?
        .assess(v1::AssessBreachRequest {
            request_id: typed.id.as_bytes().to_vec(),
            role: typed.who.role.clone(),
            reported: typed.reported,
            text: typed.text.clone(),
        })
        .await?;
    out.line(&green(out.tr("vastgelegd", "recorded")));
    let breach = if typed.reported { "reported" } else { "not_reported" };
    out.json(&json!({ "request_id": typed.id, "breach": breach }))?;
    Ok(Exit::Done)
}
