//! `grondslag node`: an agency's own node, its records and its people.

mod accept;
mod cards;
mod enrol;
mod import;
mod init;
mod restored;
mod staff;

use std::path::Path;
use std::sync::Arc;

use clap::{Args, Subcommand};
use grondslag_core::reason::Reason;
use grondslag_node::config::NodeConfig;
use grondslag_node::serve::{Stopped, run as serve};
use grondslag_policy::{Overlay, Pack};
use grondslag_runtime::config;
use grondslag_runtime::config::Place;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::run::Surroundings;
use grondslag_runtime::shutdown::Shutdown;

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::TEXT_BYTES_MAX;
use crate::output::Output;
use crate::serve::{ServeArgs, check, mode, now, oin};

use self::accept::AcceptLedgerArgs;
use self::cards::AcceptArgs;
use self::enrol::EnrolArgs;
use self::import::ImportArgs;
use self::init::InitArgs;
use self::restored::ConfirmArgs;
use self::staff::StaffArgs;

/// Run your agency's node, fill it with records, and keep the register of its people.
///
/// A node keeps the agency's own records on the agency's own machine. It answers a question only
/// after it checked the legal basis itself, and gives no more than the law allows.
#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a folder for a new node: keys, request for a certificate, configuration
    Init(InitArgs),
    /// Run the node until it is told to stop
    Serve(ServeArgs),
    /// Replace the node's records by those in files (stop the node first)
    Import(ImportArgs),
    /// Have the running node enrol who came to the register, without waiting for the hourly batch
    ///
    /// Every hour a batch of one size goes out, whether or not anything changed, so that nobody
    /// sees when a client came. This command gives that up once: the broker sees the moment at
    /// which your agency gained a client, though not who. Use it when a child must be found today.
    /// A run that was cut short goes on when the command is given again.
    Enrol(EnrolArgs),
    /// See, add and revoke the people who may act for the agency
    Staff(StaffArgs),
    /// Accept a card with a changed key, after you verified it with the agency by telephone
    AcceptCard(AcceptArgs),
    /// See why the broker's ledger stopped the node, and go on from a head (stop the node first)
    ///
    /// The node stops answering when the broker signed two heads of its ledger that cannot both be
    /// true: something was rewritten, removed or shown otherwise to others. The proof is shown.
    /// Whoever goes on from the head that was shown gives up what the node held before.
    AcceptLedger(AcceptLedgerArgs),
    /// After a restore, say that index, measures and consents are up to date (stop the node first)
    ///
    /// A backup does not know what changed after it: a measure that ended, a consent that was
    /// withdrawn, a client who came. Bring each up to date, then confirm it by name. Until all
    /// three are confirmed the node answers nothing.
    ConfirmRestored(ConfirmArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: NodeArgs, out: Output) -> Result<Exit, Failure> {
    match args.command {
        Command::Init(args) => init::init(args, out),
        Command::Serve(args) if args.check => check(&args.file.config, sound, out),
        Command::Serve(args) => {
            args.follow_parent();
            serve(&args.file.config, args.tap.as_deref())?;
            Ok(Exit::Done)
        }
        Command::Import(args) => import::import(&args, out),
        Command::Enrol(args) => enrol::enrol(&args, out),
        Command::Staff(args) => staff::run(args, out),
        Command::AcceptCard(args) => cards::accept(&args, out),
        Command::AcceptLedger(args) => accept::accept(&args, out),
        Command::ConfirmRestored(args) => restored::run(&args, out),
    }
}

/// What a check of the files alone does not see.
fn sound(config: &NodeConfig) -> Result<(), Failure> {
    config.check_mode(mode(&config.identity)?)?;
    config.check_holders(&oin(&config.identity)?)?;
    now(&config.identity, &config.clock)?;
    let pack = Pack::open(config.policy.folder.as_ref().map(Place::path))?;
    let kind = &config.agency.kind;
    if pack.catalogue().kind(kind).is_none() {
        return Err(Failure::new(Reason::ConfigInvalid, format!("agency.kind = \"{kind}\"")));
    }
    if let Some(file) = &config.policy.overlay {
        let text = read_text(file.path(), TEXT_BYTES_MAX)?;
        Overlay::load(&pack, kind, &file.path().display().to_string(), &text)?;
    }
    Ok(())
}

/// Opens a node that does not run, with its configuration.
pub(crate) async fn open(file: &Path) -> Result<(NodeConfig, Stopped), Failure> {
    let config: NodeConfig = config::load(file)?;
    let around = Surroundings { net: Arc::new(TcpNet), shutdown: Shutdown::new(), clock: None };
    let stopped = Stopped::open(&config, around).await.map_err(|error| match error.reason() {
        Reason::StoreInUse => Failure::told(
            Reason::StoreInUse,
            "Het knooppunt draait nog. Stop het, doe dit opnieuw en start het weer.",
            "The node is still running. Stop it, do this again and start it.",
        ),
        _ => error.into(),
    })?;
    Ok((config, stopped))
}
