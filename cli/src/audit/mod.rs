//! `grondslag audit`: what an inspector holds against what a party says of itself.

mod again;
mod answers;
mod decided;
mod decision;
mod entries;
mod export;
mod in_force;
mod keys;
mod logs;
mod mine;
mod party;
mod proof;
mod prove;
mod rebuild;
mod replay;
mod report;
mod rules;
mod show;
mod shown;
mod table;
mod told;
mod verify;
mod words;

use clap::{Args, Subcommand};

use crate::exit::{Exit, Failure};
use crate::output::Output;

pub(crate) use self::decision::{Decision, is_decision};
pub(crate) use self::entries::{Behind, Entry, Filter, each_of};
use self::export::ExportArgs;
use self::mine::MineArgs;
pub(crate) use self::party::Party;
pub(crate) use self::party::{find, refused as copy_refused};
use self::prove::{CheckArgs, ProveArgs};
use self::rebuild::RebuildArgs;
use self::replay::ReplayArgs;
pub(crate) use self::report::{Named, Report, say_findings};
pub(crate) use self::rules::{KeptArgs, Rules, Shelf};
use self::show::ShowArgs;
use self::verify::VerifyArgs;
pub(crate) use self::verify::{Trust, Wanted, verify};

/// Check ledgers of stopped processes, or copies of them, without trusting anybody
///
/// Only `rebuild` changes anything: a store is copied into a temporary folder first.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Hash every entry again, and hold tiles, checkpoints, cosignatures and records against it
    ///
    /// With the folders of a broker and of nodes, every head of the broker's ledger that a node
    /// keeps is held against that ledger too.
    Verify(VerifyArgs),
    /// Take every decision of broker and holders again, and name what comes out otherwise
    ///
    /// Each decision names the rules that it was taken with: those in force at its party are used,
    /// and earlier ones that you give. Records whose term is over were forgotten and are counted.
    Replay(ReplayArgs),
    /// Write decisions and processing in the shapes that other programs read
    Export(ExportArgs),
    /// See what the broker recorded of your agency's questions and of those to it: for its privacy
    /// officer
    ///
    /// What is of others is not shown, nor whether it exists. That you looked is recorded at your
    /// own node and in the broker's ledger.
    Mine(MineArgs),
    /// Make the keys of a ledger again from its tiles, once a store has lost or damaged them
    ///
    /// Only for a stopped process, in its own store: copy the folder first. What stood in no tile
    /// is lost unless the store still has it. Refused for a ledger that is whole, and below a head
    /// that somebody was shown.
    Rebuild(RebuildArgs),
    /// Show what ledgers hold, entry by entry: one question, or what came last
    Show(ShowArgs),
    /// Write for each target of a question a proof that needs no store: what was decided, that it
    /// stands in the ledger, and who signed that
    ///
    /// A proof opens its decision to whoever has it: one of a holder tells whether the child was
    /// known there. Give the folders of the witnesses too, and their cosignatures are in it.
    Prove(ProveArgs),
    /// Check a proof, without any store
    Check(CheckArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: &AuditArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Verify(args) => verify::run(args, out),
        Command::Replay(args) => replay::run(args, out),
        Command::Export(args) => export::run(args, out),
        Command::Mine(args) => mine::run(args, out),
        Command::Rebuild(args) => rebuild::run(args, out),
        Command::Show(args) => show::run(args, out),
        Command::Prove(args) => prove::run(args, out),
        Command::Check(args) => prove::check(args, out),
    }
}
