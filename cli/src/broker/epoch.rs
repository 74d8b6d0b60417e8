//! `grondslag broker epoch`: the epochs of the pseudonyms.

use clap::{Args, Subcommand};
use grondslag_broker::admin;
use grondslag_broker::config::BrokerConfig;
use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_runtime::config;
use grondslag_runtime::status::EpochState;
use serde_json::json;

use super::at;
use crate::exit::{Exit, Failure};
use crate::limits::{DAY_MS, OVERLAP_DAYS, OVERLAP_DAYS_MAX};
use crate::output::{Output, bold, green};
use crate::serve::{ConfigArgs, now};
use crate::status;

/// Commands about epochs.
#[derive(Debug, Subcommand)]
pub(super) enum EpochCommand {
    /// Open the next epoch: nodes enrol anew, and from the switch on questions use it
    ///
    /// Do it every quarter, and at once when factors may have leaked. The factors of the epoch
    /// before are destroyed when its last question has expired.
    Rotate(RotateArgs),
    /// Say which epoch it is, and what is still to come
    Status(ConfigArgs),
}

/// Arguments of `broker epoch rotate`.
#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// Days that nodes get to enrol before the switch
    #[arg(long, value_name = "DAYS", default_value_t = OVERLAP_DAYS)]
    #[arg(value_parser = clap::value_parser!(i64).range(0..=OVERLAP_DAYS_MAX))]
    overlap: i64,

    /// Switch at once; nodes that have not enrolled yet cannot answer until they have
    #[arg(long, conflicts_with = "overlap")]
    now: bool,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs one of the commands.
pub(super) fn run(command: &EpochCommand, out: Output) -> Result<Exit, Failure> {
    match command {
        EpochCommand::Rotate(args) => rotate(args, out),
        EpochCommand::Status(args) => show(args, out),
    }
}

fn rotate(args: &RotateArgs, out: Output) -> Result<Exit, Failure> {
    let config: BrokerConfig = config::load(&args.config.config)?;
    let now = now(&config.identity, &config.clock)?;
    let days = if args.now { 0 } else { args.overlap };
    let switch_at = now.plus_ms(days.saturating_mul(DAY_MS));
    let folder = config.broker.operator.path();
    admin::rotate(folder, switch_at).map_err(|reason| at(reason, &config))?;
    out.line(&format!(
        "{} {}",
        green(out.tr("Het volgende tijdvak gaat in op", "The next epoch starts at")),
        switch_at.local(),
    ));
    out.json(&json!({ "switch_at": switch_at.to_string() }))?;
    Ok(Exit::Done)
}

fn show(args: &ConfigArgs, out: Output) -> Result<Exit, Failure> {
    let status = status::fetch(&args.config)?;
    let epoch = status.epoch.ok_or_else(|| Failure::from(Reason::NotReady))?;
    say(&epoch, out);
    out.json(&epoch)?;
    Ok(Exit::Done)
}

/// What is known of the epoch, a line each.
pub(crate) fn say(epoch: &EpochState, out: Output) {
    let since = epoch.since.map(|at| format!(", {} {}", out.tr("sinds", "since"), at.local()));
    let current = bold(&epoch.current.to_string());
    let label = out.tr("tijdvak", "epoch");
    out.line(&format!("  {label} {current}{}", since.unwrap_or_default()));
    if let (Some(next), Some(switch_at)) = (epoch.next, epoch.switch_at) {
        let from = out.tr("gaat in op", "starts at");
        out.line(&format!("  {label} {next} {from} {}", switch_at.local()));
    }
    for ending in &epoch.ending {
        let ends = out.tr(
            "eindigt; de factoren moeten nog worden vernietigd",
            "ending; its factors are still to be destroyed",
        );
        out.line(&format!("  {label} {ending} {ends}"));
    }
    if let Some(index) = &epoch.index {
        let label = out.tr("ingeschreven", "enrolled");
        let as_of = index.as_of.map_or_else(|| "-".to_owned(), Timestamp::local);
        let whole = out.tr("volledig op", "whole as of");
        out.line(&format!("  {label} {}/{}, {whole} {as_of}", index.done, index.total));
    }
}
