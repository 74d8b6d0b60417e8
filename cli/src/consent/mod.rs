//! `grondslag consent`: the consent register of one's own agency.

mod again;
mod certify;
mod desk;
mod import;
mod list;
mod page;
mod situation;
mod speaker;
mod statement;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::ConsentId;
use grondslag_proto::v1;
use grondslag_proto::v1::record_act_request::Act;

use self::again::AgainArgs;
use self::certify::CertifyArgs;
pub(crate) use self::desk::ConsentDesk;
use self::import::ImportArgs;
use self::situation::{AbilityArgs, CustodyArgs, MeasureArgs};
use self::speaker::ByArgs;
pub(crate) use self::speaker::Typed;
use self::statement::StatementArgs;
use crate::ask::Subject;
use crate::exit::{Exit, Failure};
use crate::output::{Output, dim, green};
use crate::wait::wait;

/// Write down what a child, a parent or a guardian says, and who may speak
///
/// A consent lifts secrecy for who it names, what it names and what it is for, until it ends or is
/// taken back. It is refused when it could not count, with what to do instead. A withdrawal holds
/// at once. Where the law orders or allows sharing without consent, none is needed, and no
/// objection stops it.
#[derive(Debug, Args)]
pub(crate) struct ConsentArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write down that somebody says yes
    Give(StatementArgs),
    /// Write down that somebody says no
    Refuse(StatementArgs),
    /// Take back a yes, or every yes of one person: it holds at once
    Withdraw(BackArgs),
    /// Take back a no, by its number
    Lift(LiftArgs),
    /// Write down who holds custody
    Custody(CustodyArgs),
    /// Write down whether a young person can decide
    Ability(AbilityArgs),
    /// Write down a measure of the court
    Measure(MeasureArgs),
    /// Certify a measure that you carry out, as a file that another agency can enter
    Certify(CertifyArgs),
    /// Read in a file with custody and measures of many children: all of it or nothing
    Import(ImportArgs),
    /// See what stands in the register about one child; that you looked is recorded
    List(ChildArgs),
    /// List whom of all children to ask again: after a birthday, or before a consent ends
    ///
    /// A consent ends by itself when the child turns 12, 16 or 18 and the law then asks somebody
    /// else. It is listed until who has the say said yes or no anew. That you looked is recorded.
    Again(AgainArgs),
}

/// Who writes, about which child.
#[derive(Debug, Args)]
struct ChildArgs {
    /// Your own desk folder
    #[arg(long, value_name = "FOLDER")]
    desk: PathBuf,

    /// The role in which you work with the child, such as jha.hulpverlener
    #[arg(long)]
    role: String,

    /// The child's citizen service number; `-` reads it from standard input
    #[arg(long, value_name = "BSN")]
    subject: Subject,
}

/// Taking a yes back.
#[derive(Debug, Args)]
struct BackArgs {
    #[command(flatten)]
    child: ChildArgs,

    #[command(flatten)]
    by: ByArgs,

    /// Which one, as `consent list` shows it; every yes of this person when it is left out
    #[arg(long, value_name = "ID", value_parser = ConsentId::parse)]
    id: Option<ConsentId>,
}

/// Taking a no back.
#[derive(Debug, Args)]
struct LiftArgs {
    #[command(flatten)]
    child: ChildArgs,

    #[command(flatten)]
    by: ByArgs,

    /// Which one, as `consent list` shows it
    #[arg(long, value_name = "ID", value_parser = ConsentId::parse)]
    id: ConsentId,
}

/// Runs `grondslag consent`.
pub(crate) fn run(args: &ConsentArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        match &args.command {
            Command::Give(typed) => statement::run(typed, false, out).await,
            Command::Refuse(typed) => statement::run(typed, true, out).await,
            Command::Withdraw(typed) => withdraw(typed, out).await,
            Command::Lift(typed) => lift(typed, out).await,
            Command::Custody(typed) => situation::custody(typed, out).await,
            Command::Ability(typed) => situation::ability(typed, out).await,
            Command::Measure(typed) => situation::measure(typed, out).await,
            Command::Certify(typed) => certify::run(typed, out).await,
            Command::Import(typed) => import::run(typed, out).await,
            Command::List(child) => list::run(child, out).await,
            Command::Again(typed) => again::run(typed, out).await,
        }
    })
}

async fn withdraw(typed: &BackArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let back = v1::TakenBack {
        speaker: Some(typed.by.speaker(desk.desk()).await?),
        consent_id: typed.id.as_ref().map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
        objection: false,
    };
    let said = out.tr(
        "Ingetrokken: hier vanaf nu, bij anderen zodra zij het bericht hebben. Wat al gedeeld is, \
         blijft gedeeld.",
        "Taken back: here from now on, at others once they have the message. What was shared \
         already stays shared.",
    );
    taken_back(&desk.put(&typed.child, Act::TakenBack(back), false).await?, said, out)
}

async fn lift(typed: &LiftArgs, out: Output) -> Result<Exit, Failure> {
    let desk = ConsentDesk::open(&typed.child, out.lang())?;
    let back = v1::TakenBack {
        speaker: Some(typed.by.speaker(desk.desk()).await?),
        consent_id: typed.id.as_bytes().to_vec(),
        objection: true,
    };
    let said = out.tr("Het bezwaar is teruggenomen.", "The objection was taken back.");
    taken_back(&desk.put(&typed.child, Act::TakenBack(back), false).await?, said, out)
}

fn taken_back(told: &v1::RecordActResponse, said: &str, out: Output) -> Result<Exit, Failure> {
    out.line(&green(said));
    out.json(&serde_json::json!({ "id": hex::encode(&told.id) }))?;
    Ok(Exit::Done)
}

/// Says that something was written down, and its number.
fn written(told: &v1::RecordActResponse, out: Output) -> Result<Exit, Failure> {
    let id = hex::encode(&told.id);
    let line = out.tr("Vastgelegd", "Written down");
    out.line(&format!("{} {}", green(line), dim(&id)));
    out.json(&serde_json::json!({ "id": id }))?;
    Ok(Exit::Done)
}

/// A day or a moment as typed.
pub(crate) fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| error.to_string())
}

/// The first moment at which something holds no longer; a day counts as a whole.
fn until(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_until(text).map_err(|error| error.to_string())
}

/// On the wire; 0 where nothing was typed.
fn ms(moment: Option<Timestamp>) -> i64 {
    moment.map_or(0, Timestamp::ms)
}
