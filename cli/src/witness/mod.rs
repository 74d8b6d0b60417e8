//! `grondslag witness`: who cosigns the broker's ledger, and what a witness remembers.

mod memory;
mod status;

use clap::{Args, Subcommand};

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::serve::ConfigArgs;

use self::memory::RestoreArgs;
pub(crate) use self::memory::failure;
use self::status::StatusArgs;

/// See which witnesses cosign the broker's ledger, and let a witness begin or go on.
///
/// A witness's node cosigns a head of the broker's ledger only when it goes on from the last one
/// that it cosigned. So it must remember that one: a witness that begins, or that lost its store,
/// waits for its operator's word.
#[derive(Debug, Args)]
pub(crate) struct WitnessArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show what each witness last cosigned, and whether enough of them did
    Status(StatusArgs),
    /// Let a witness begin that never cosigned anything (stop the node first)
    ///
    /// Do this once, when the agency becomes a witness. Never do it for a witness that lost its
    /// store: it could then cosign another history than it did before. Use restore instead.
    Begin(ConfigArgs),
    /// Give a witness that lost its store the last head that it cosigned (stop the node first)
    ///
    /// Any agency, and the broker, can give that head: it bears the witness's own cosignature, so
    /// it does not matter who hands it over. Take the largest one that can be found.
    Restore(RestoreArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: &WitnessArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Status(args) => status::run(args, out),
        Command::Begin(args) => memory::begin(args, out),
        Command::Restore(args) => memory::restore(args, out),
    }
}
