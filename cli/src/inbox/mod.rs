//! `grondslag inbox`: questions that a person of this agency must look at.

mod decide;
mod desk;
mod shown;
mod watch;

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::TargetId;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_proto::v1::change_item_request::Change;
use serde_json::json;

use self::decide::Verdicts;
pub(crate) use self::desk::InboxDesk;
pub(crate) use self::shown::state;
use crate::ask::Names;
use crate::consent::moment;
use crate::desk::{Desk, Who};
use crate::exit::{Exit, Failure};
use crate::output::{Output, dim, green, yellow};
use crate::wait::wait;

/// Look at questions that a person must decide on, and decide
///
/// Most questions are answered by the rules alone. Where they want a professional to decide, the
/// question waits here: who asks and why, what would be released, and what the law says about
/// refusing. What you decide is told to the asker at the next fixed moment, if the rules still
/// allow it then. Two thirds of the term are for the professional; after that it climbs.
#[derive(Debug, Args)]
pub(crate) struct InboxArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what waits, what is due first at the top; it names nobody
    List(ListArgs),
    /// Show one question, with whom it is about and what would be released; that you looked is
    /// recorded
    Show(OneArgs),
    /// Decide: give, give in part, refuse or refer
    Decide(DecideArgs),
    /// Confirm the decision of a colleague that you saw, as second person
    Confirm(ConfirmArgs),
    /// Take more time, within the term
    MoreTime(MoreTimeArgs),
    /// Say whose a question is
    Assign(AssignArgs),
    /// Say that you are away, and who takes your place: what is yours is shown as theirs meanwhile
    Away(AwayArgs),
    /// Say that you are back
    Back(WatchArgs),
    /// Follow what comes in and what falls due, until you stop it
    Watch(WatchArgs),
    /// Show on what grounds a reviewer may refuse
    Grounds,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    who: Who,

    /// Also what was decided, while its term runs
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Args)]
struct OneArgs {
    /// The question, as `inbox list` shows it
    #[arg(value_name = "ID", value_parser = TargetId::parse)]
    id: TargetId,

    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
struct DecideArgs {
    #[command(flatten)]
    one: OneArgs,

    #[command(flatten)]
    verdicts: Verdicts,

    /// As what you saw it: the version that `inbox show` printed
    #[arg(long, value_name = "VERSION")]
    seen: Option<String>,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct ConfirmArgs {
    #[command(flatten)]
    one: OneArgs,

    /// What you saw and confirm: the version that `inbox show` printed
    #[arg(long, value_name = "VERSION")]
    seen: String,
}

#[derive(Debug, Args)]
struct MoreTimeArgs {
    #[command(flatten)]
    one: OneArgs,

    /// Until when, such as 2026-11-20T12:00
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Timestamp,

    /// Why, in at least 30 characters; without names and numbers
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct AssignArgs {
    #[command(flatten)]
    one: OneArgs,

    /// The member of staff; without it the question is nobody's
    #[arg(long, value_name = "STAFF")]
    to: Option<String>,
}

#[derive(Debug, Args)]
struct AwayArgs {
    #[command(flatten)]
    who: Who,

    /// Until when, such as 2026-11-20T12:00
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Timestamp,

    /// The member of staff who takes your place
    #[arg(long, value_name = "STAFF")]
    substitute: String,
}

#[derive(Debug, Args)]
struct WatchArgs {
    #[command(flatten)]
    who: Who,
}

/// Runs `grondslag inbox`.
pub(crate) fn run(args: &InboxArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::List(typed) => list(typed, out).await,
            Command::Show(typed) => show(typed, out).await,
            Command::Decide(typed) => decide(typed, out).await,
            Command::Confirm(typed) => {
                let seen = Some(typed.seen.as_str());
                changed(&typed.one, Change::Confirmed(true), (seen, out)).await
            }
            Command::MoreTime(typed) => {
                let (until_ms, reason) = (typed.until.ms(), typed.reason.clone());
                let change = Change::MoreTime(v1::MoreTime { until_ms, reason });
                changed(&typed.one, change, (None, out)).await
            }
            Command::Assign(typed) => {
                let change = Change::Assigned(typed.to.clone().unwrap_or_default());
                changed(&typed.one, change, (None, out)).await
            }
            Command::Away(typed) => {
                away(&typed.who, Some((typed.until, &typed.substitute)), out).await
            }
            Command::Back(typed) => away(&typed.who, None, out).await,
            Command::Watch(typed) => watch::watch(&typed.who, out).await,
            Command::Grounds => shown::grounds(&Names::load(out.lang())?, out),
        }
    })
}

async fn list(typed: &ListArgs, out: Output) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let (items, more) = desk.list(&typed.who.role, typed.all).await?;
    let names = Names::load(out.lang())?;
    for item in &items {
        for line in shown::item(item, &names, out) {
            out.line(&line);
        }
    }
    if items.is_empty() {
        out.line(&dim(out.tr("er wacht niets", "nothing waits")));
    }
    if more {
        let more = out.tr("er zijn er meer dan hier staan", "there are more than stand here");
        out.line(&yellow(more));
    }
    let items: Vec<_> = items.iter().map(|item| shown::item_json(item, &names)).collect();
    out.json(&json!({ "items": items, "more": more }))?;
    Ok(Exit::Done)
}

async fn show(typed: &OneArgs, out: Output) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let told = desk.show(typed.id.as_bytes(), &typed.who.role).await?;
    let names = Names::load(out.lang())?;
    for line in shown::whole(&told, &names, out)? {
        out.line(&line);
    }
    out.json(&shown::whole_json(&told, &names)?)?;
    Ok(Exit::Done)
}

async fn decide(typed: &DecideArgs, out: Output) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&typed.one.who.desk, out.lang())?);
    let (id, role) = (typed.one.id.as_bytes(), &typed.one.who.role);
    let told = desk.show(id, role).await?;
    was_seen(&told, typed.seen.as_deref())?;
    let (lines, reason) = (typed.verdicts.lines(&told.lines)?, typed.reason.clone());
    let judgement = v1::Judgement { lines, reason, ..v1::Judgement::default() };
    let change = (Change::Judgement(judgement), told.version);
    stands(&typed.one.id, &desk.change(id, role, change).await?, out)
}

async fn changed(
    typed: &OneArgs,
    change: Change,
    (seen, out): (Option<&str>, Output),
) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&typed.who.desk, out.lang())?);
    let (id, role) = (typed.id.as_bytes(), &typed.who.role);
    let told = desk.show(id, role).await?;
    was_seen(&told, seen)?;
    stands(&typed.id, &desk.change(id, role, (change, told.version)).await?, out)
}

async fn away(who: &Who, away: Option<(Timestamp, &String)>, out: Output) -> Result<Exit, Failure> {
    let desk = InboxDesk::at(Desk::open(&who.desk, out.lang())?);
    desk.set_away(&who.role, away).await?;
    out.line(&green(out.tr("vastgelegd", "recorded")));
    let (until, substitute) = away.unzip();
    out.json(&json!({ "away_until": until, "substitute": substitute }))?;
    Ok(Exit::Done)
}

/// What is changed is what the person looked at.
fn was_seen(told: &v1::ShowItemResponse, seen: Option<&str>) -> Result<(), Failure> {
    let same = seen.is_none_or(|seen| seen == shown::version(told));
    if same { Ok(()) } else { Err(Reason::ReviewChanged.into()) }
}

fn stands(id: &TargetId, state: &str, out: Output) -> Result<Exit, Failure> {
    let word = shown::state(state, out);
    out.line(&green(&format!("{}: {word}", out.tr("vastgelegd", "recorded"))));
    out.json(&json!({ "target_id": id, "state": state }))?;
    Ok(Exit::Done)
}
