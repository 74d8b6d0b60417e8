//! `grondslag broker`: the municipal broker, and what its operator does.

pub(crate) mod epoch;
pub(crate) mod init;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use grondslag_broker::admin;
use grondslag_broker::config::BrokerConfig;
use grondslag_broker::serve::build;
use grondslag_certs::Root;
use grondslag_core::reason::Reason;
use grondslag_policy::Pack;
use grondslag_runtime::config;
use grondslag_runtime::config::Place;
use grondslag_runtime::run::run_tapped as serve;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::operator::{self, AcceptArgs, AgencyArgs};
use crate::output::{Output, green};
use crate::serve::{ConfigArgs, ServeArgs, check, now};

use self::epoch::EpochCommand;
use self::init::InitArgs;

/// Run the broker that carries questions, and say which agencies it deals with.
///
/// The broker checks the legal basis of every question on what it may see, records its decision
/// and passes the question on. It never learns about whom a question is, or what was answered.
#[derive(Debug, Args)]
pub(crate) struct BrokerArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a folder for a new broker: keys, request for a certificate, configuration
    Init(InitArgs),
    /// Run the broker until it is told to stop
    Serve(ServeArgs),
    /// Admit an agency, by the admission that the region's authority signed
    Admit(AdmitArgs),
    /// Shut an agency out until it is restored
    Suspend(AgencyArgs),
    /// Let a suspended agency in again
    Restore(AgencyArgs),
    /// Accept a card with a changed key, after you verified it with the agency by telephone
    Accept(AcceptArgs),
    /// Start the next epoch of the pseudonyms, or see which epoch it is
    #[command(subcommand)]
    Epoch(EpochCommand),
}

/// Arguments of `broker admit`.
#[derive(Debug, Args)]
struct AdmitArgs {
    /// The admission, made by `grondslag certs admit`
    file: PathBuf,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs one of the commands.
pub(crate) fn run(args: BrokerArgs, out: Output) -> Result<Exit, Failure> {
    match args.command {
        Command::Init(args) => init::init(&args, out),
        Command::Serve(args) if args.check => check(&args.file.config, sound, out),
        Command::Serve(args) => {
            args.follow_parent();
            serve(&args.file.config, args.tap.as_deref(), build)?;
            Ok(Exit::Done)
        }
        Command::Admit(args) => admit(&args, out),
        Command::Suspend(args) => operator::suspend(&args, folder, out),
        Command::Restore(args) => operator::restore(&args, folder, out),
        Command::Accept(args) => operator::accept(&args, folder, out),
        Command::Epoch(command) => epoch::run(&command, out),
    }
}

/// What a check of the files alone does not see.
fn sound(config: &BrokerConfig) -> Result<(), Failure> {
    now(&config.identity, &config.clock)?;
    Pack::open(config.policy.folder.as_ref().map(Place::path))?;
    Ok(())
}

fn admit(args: &AdmitArgs, out: Output) -> Result<Exit, Failure> {
    let config: BrokerConfig = config::load(&args.config.config)?;
    let root = Root::load(config.identity.root.path())?;
    let now = now(&config.identity, &config.clock)?;
    let folder = config.broker.operator.path();
    let admission = admin::admit(folder, &args.file, &root, now)
        .map_err(|reason| Failure::new(reason, args.file.display()))?;
    let kinds: Vec<_> = admission.kinds.iter().map(ToString::to_string).collect();
    let (admitted, until) = (out.tr("Toegelaten:", "Admitted:"), out.tr("tot", "until"));
    let (kinds, ends) = (kinds.join(", "), admission.valid_until.local());
    out.line(&format!("{} {} ({kinds}), {until} {ends}", green(admitted), admission.oin));
    out.json(&json!({
        "oin": admission.oin,
        "kinds": admission.kinds,
        "valid_until": admission.valid_until.to_string(),
    }))?;
    Ok(Exit::Done)
}

fn folder(file: &Path) -> Result<PathBuf, Failure> {
    let config: BrokerConfig = config::load(file)?;
    Ok(config.broker.operator.path().to_owned())
}

fn at(reason: Reason, config: &BrokerConfig) -> Failure {
    Failure::new(reason, config.broker.operator.path().display())
}
