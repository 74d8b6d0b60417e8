//! What can be typed: the commands and the options that all of them have.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use grondslag_core::lang::Lang;

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::output::Output;

/// Ask agencies in the youth-care chain what the law lets you know, and answer them.
///
/// Every agency runs a node that keeps its own records. A broker carries questions between nodes
/// and checks the legal basis of each. Everything here is fictional when the region is a demo.
#[derive(Debug, Parser)]
#[command(name = "grondslag", version, after_help = EXIT_CODES, infer_subcommands = false)]
pub(crate) struct Args {
    /// Print the result as one JSON value, for other programs
    #[arg(long, global = true)]
    json: bool,

    /// Language of what is printed: nl (Dutch) or en (English)
    #[arg(long, global = true, default_value = "nl", value_name = "LANGUAGE")]
    lang: Lang,

    #[command(subcommand)]
    command: Command,
}

/// The programs.
#[derive(Debug, Subcommand)]
enum Command {
    Policy(crate::policy::PolicyArgs),
    Node(crate::node::NodeArgs),
    Broker(crate::broker::BrokerArgs),
    Certs(crate::certs::CertsArgs),
    Status(crate::status::StatusArgs),
}

/// Runs what was typed.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    let out = Output::new(args.json, args.lang);
    match run(args.command, out) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            out.failure(&failure);
            failure.exit().into()
        }
    }
}

fn run(command: Command, out: Output) -> Result<Exit, Failure> {
    match command {
        Command::Policy(args) => crate::policy::run(args, out),
        Command::Node(args) => crate::node::run(args, out),
        Command::Broker(args) => crate::broker::run(args, out),
        Command::Status(args) => crate::status::run(&args, out),
        Command::Certs(args) => crate::certs::run(args, out),
    }
}
