//! The rules as something that travels.

use clap::{Args, Subcommand};

use super::travel::{self, PackArgs};
use crate::exit::{Exit, Failure};
use crate::output::Output;

/// Arguments of `policy export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    /// Write the rules as one file that an officer signs, for another region
    ///
    /// Rules and examples, and nothing of the region: no agency, no key but that of the officer. It
    /// puts nothing in force; the other region takes it in as a draft with policy import.
    Pack(PackArgs),
}

/// Writes the rules out.
pub(super) fn export(args: &ExportArgs, out: Output) -> Result<Exit, Failure> {
    match &args.format {
        Format::Pack(args) => travel::export(args, out),
    }
}
