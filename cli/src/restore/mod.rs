//! `grondslag restore`: a backup put back, and the new ledgers that a restored process begins.

mod broker;
mod finish;
mod lost;
mod put;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::serve::ConfigArgs;

use self::broker::CollectArgs;
use self::finish::FinishArgs;
pub(crate) use self::finish::read;

/// Put a backup back into an empty folder, and found the ledgers that go on from there
///
/// A restored process does not go on with the ledgers that it had: others hold heads of theirs
/// that the backup does not reach. A node and a key holder begin new ones at once. A broker asks
/// every node where its ledger ended (collect), two operators of different organisations sign
/// that (grondslag operator sign-founding), and its new ledger begins with it (finish). Until then
/// it does not serve.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct RestoreArgs {
    #[command(subcommand)]
    command: Option<Command>,

    /// The backup
    #[arg(long, value_name = "FILE", required = true)]
    backup: Option<PathBuf>,

    /// Private key of backups, from `grondslag backup keys`
    #[arg(long, value_name = "FILE", required = true)]
    key: Option<PathBuf>,

    /// Configuration file of the process; the folder of its store must be empty
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,

    /// Copy of a key holder's factors that is to be put back too
    #[arg(long, value_name = "FILE")]
    factors: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask every node for the last head of the broker's ledger, for operators to sign
    ///
    /// The broker must not serve. Nodes that were not reached are named in the file: try to reach
    /// them before anybody signs. For a broker that was founded already this makes an amendment,
    /// when a node that was absent then holds a higher head.
    Collect(CollectArgs),
    /// Begin the new ledger with what two operators signed
    Finish(FinishArgs),
    /// List the leaves of the broker's ledger that were lost between a backup and its restore
    Lost(ConfigArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: &RestoreArgs, out: Output) -> Result<Exit, Failure> {
    match (&args.command, &args.backup, &args.key, &args.config) {
        (Some(Command::Collect(args)), ..) => broker::collect(args, out),
        (Some(Command::Finish(args)), ..) => finish::run(args, out),
        (Some(Command::Lost(args)), ..) => lost::run(args, out),
        (None, Some(backup), Some(key), Some(config)) => {
            put::run(&put::Given { backup, key, config, factors: args.factors.as_deref() }, out)
        }
        // The command line asks for all of them.
        (None, ..) => Ok(Exit::Refused),
    }
}
