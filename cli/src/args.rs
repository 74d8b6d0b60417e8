//! What can be typed: the commands and the options that all of them have.

use std::process::ExitCode;

use clap::{FromArgMatches as _, Parser, Subcommand};
use grondslag_core::lang::Lang;

use crate::exit::{EXIT_CODES, Exit, Failure};
use crate::help;
use crate::output::Output;

/// Ask agencies in the youth-care chain what the law lets you know, and answer them.
///
/// Every agency runs a node that keeps its own records. A broker carries questions between nodes
/// and checks the legal basis of each. Everything here is fictional when the region is a demo.
#[derive(Debug, Parser)]
#[command(name = "grondslag", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Args {
    /// Print the result as one JSON value, for other programs
    #[arg(long, global = true, display_order = 900)]
    json: bool,

    /// Language of what is printed: nl (Dutch, unless told otherwise) or en (English)
    #[arg(long, global = true, default_value = "nl", value_name = "LANGUAGE")]
    #[arg(hide_default_value = true, display_order = 901)]
    lang: Lang,

    #[command(subcommand)]
    command: Command,
}

/// The programs.
#[derive(Debug, Subcommand)]
enum Command {
    Demo(crate::demo::DemoArgs),
    Ask(crate::ask::AskArgs),
    Approve(crate::ask::approve::ApproveArgs),
    Escalate(crate::escalate::EscalateArgs),
    Dossier(crate::dossier::DossierArgs),
    Consent(crate::consent::ConsentArgs),
    Inform(crate::inform::InformArgs),
    #[command(name = "inzage")]
    OwnView(crate::own_view::OwnViewArgs),
    Rights(crate::rights::RightsArgs),
    Handover(crate::handover::HandoverArgs),
    Inbox(crate::inbox::InboxArgs),
    Glass(crate::glass::GlassArgs),
    Cases(crate::cases::CasesArgs),
    Patterns(crate::patterns::PatternsArgs),
    Metrics(crate::metrics::MetricsArgs),
    SpotCheck(crate::spot_check::SpotCheckArgs),
    Policy(crate::policy::PolicyArgs),
    Node(crate::node::NodeArgs),
    Broker(crate::broker::BrokerArgs),
    Holder(crate::holder::HolderArgs),
    Certs(crate::certs::CertsArgs),
    Officer(crate::officers::OfficerArgs),
    Operator(crate::operators::OperatorArgs),
    Witness(crate::witness::WitnessArgs),
    Audit(crate::audit::AuditArgs),
    Backup(crate::backup::BackupArgs),
    Restore(crate::restore::RestoreArgs),
    Status(crate::status::StatusArgs),
}

/// Runs what was typed.
pub(crate) fn main() -> ExitCode {
    let commands = help::command(help::lang_of(std::env::args_os()));
    let args = match Args::from_arg_matches(&commands.get_matches()) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
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
        Command::Demo(args) => crate::demo::run(&args, out),
        Command::Ask(args) => crate::ask::run(&args, out),
        Command::Approve(args) => crate::ask::approve::run(&args, out),
        Command::Escalate(args) => crate::escalate::run(&args, out),
        Command::Dossier(args) => crate::dossier::run(&args, out),
        Command::Consent(args) => crate::consent::run(&args, out),
        Command::Inform(args) => crate::inform::run(&args, out),
        Command::OwnView(args) => crate::own_view::run(&args, out),
        Command::Rights(args) => crate::rights::run(&args, out),
        Command::Handover(args) => crate::handover::run(&args, out),
        Command::Inbox(args) => crate::inbox::run(&args, out),
        Command::Glass(args) => crate::glass::run(&args, out),
        Command::Cases(args) => crate::cases::run(&args, out),
        Command::Patterns(args) => crate::patterns::run(&args, out),
        Command::Metrics(args) => crate::metrics::run(&args, out),
        Command::SpotCheck(args) => crate::spot_check::run(&args, out),
        Command::Policy(args) => crate::policy::run(args, out),
        Command::Node(args) => crate::node::run(args, out),
        Command::Broker(args) => crate::broker::run(args, out),
        Command::Holder(args) => crate::holder::run(args, out),
        Command::Status(args) => crate::status::run(&args, out),
        Command::Certs(args) => crate::certs::run(args, out),
        Command::Officer(args) => crate::officers::run(&args, out),
        Command::Operator(args) => crate::operators::run(&args, out),
        Command::Witness(args) => crate::witness::run(&args, out),
        Command::Audit(args) => crate::audit::run(&args, out),
        Command::Backup(args) => crate::backup::run(&args, out),
        Command::Restore(args) => crate::restore::run(&args, out),
    }
}
