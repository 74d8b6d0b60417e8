//! `grondslag backup`: a store as one encrypted file, also while its process runs.

mod keys;
mod make;
pub(crate) mod process;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::exit::{Exit, Failure};
use crate::output::Output;

use self::keys::KeysArgs;
pub(crate) use self::keys::make_keys;
use self::make::make;
pub(crate) use self::make::{failure, no_factors};
use self::process::Process;

/// Make a backup of a process's store: one encrypted file, also while the process runs
///
/// A process with a section [backup] makes one itself, every hour unless told otherwise; this
/// command has it make one now. While nothing runs it is made here. Nothing removes an old one:
/// keep them as long as you must and no longer, for what is forgotten stays readable in a backup
/// that was made before. Keys, configuration and the factors of a key holder are in no backup.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BackupArgs {
    #[command(subcommand)]
    command: Option<Command>,

    /// Configuration file of the broker, node or key holder
    #[arg(long, value_name = "FILE", required = true)]
    config: Option<PathBuf>,

    /// Public key of those who may open it, when the configuration has no section [backup]
    #[arg(long, value_name = "FILE", requires = "to")]
    key: Option<PathBuf>,

    /// Folder for it, when the configuration has no section [backup]
    #[arg(long, value_name = "FOLDER", requires = "key")]
    to: Option<PathBuf>,

    /// New file for a copy of a key holder's factors, which stay sealed: keep it apart from
    /// backups and from the key of the factors
    #[arg(long, value_name = "FILE")]
    factors_to: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the key pair of backups: backup.pub for the process, backup.key to be kept elsewhere
    Keys(KeysArgs),
}

/// Makes a backup, or the keys for one.
pub(crate) fn run(args: &BackupArgs, out: Output) -> Result<Exit, Failure> {
    match (&args.command, &args.config) {
        (Some(Command::Keys(args)), _) => keys::run(args, out),
        (None, Some(config)) => {
            let process = Process::open(config)?;
            let given = args.key.clone().zip(args.to.clone());
            make(&process, given, args.factors_to.as_deref(), out)
        }
        // The command line asks for one of them.
        (None, None) => Ok(Exit::Refused),
    }
}
