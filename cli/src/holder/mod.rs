//! `grondslag holder`: a key holder beside the broker, and what its operator does.

mod init;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_broker::holder::config::HolderConfig;
use grondslag_broker::holder::serve::build;
use grondslag_runtime::config;
use grondslag_runtime::run::run_tapped as serve;

use crate::exit::{Exit, Failure};
use crate::operator::{self, AcceptArgs, AgencyArgs};
use crate::output::Output;
use crate::serve::{ServeArgs, check, now};

use self::init::InitArgs;

/// Run the second key holder, so that broker and agency together learn nothing.
///
/// An organisation that is independent of the broker's municipality runs it. Every question passes
/// it, hidden: it sees which agency asks which others and when, and never about whom, what for or
/// what was answered. Without it no question can be asked.
#[derive(Debug, Args)]
pub(crate) struct HolderArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a folder for a new key holder: keys, request for a certificate, configuration
    Init(InitArgs),
    /// Run the key holder until it is told to stop
    Serve(ServeArgs),
    /// Shut an agency out until it is restored
    Suspend(AgencyArgs),
    /// Let a suspended agency in again
    Restore(AgencyArgs),
    /// Accept a card with a changed key, after you verified it with the agency by telephone
    Accept(AcceptArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: HolderArgs, out: Output) -> Result<Exit, Failure> {
    match args.command {
        Command::Init(args) => init::init(&args, out),
        Command::Serve(args) if args.check => check(&args.file.config, sound, out),
        Command::Serve(args) => {
            args.follow_parent();
            serve(&args.file.config, args.tap.as_deref(), build)?;
            Ok(Exit::Done)
        }
        Command::Suspend(args) => operator::suspend(&args, folder, out),
        Command::Restore(args) => operator::restore(&args, folder, out),
        Command::Accept(args) => operator::accept(&args, folder, out),
    }
}

/// What a check of the files alone does not see.
fn sound(config: &HolderConfig) -> Result<(), Failure> {
    now(&config.identity, &config.clock)?;
    Ok(())
}

fn folder(file: &Path) -> Result<PathBuf, Failure> {
    let config: HolderConfig = config::load(file)?;
    Ok(config.holder.operator.path().to_owned())
}
