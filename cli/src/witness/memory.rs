//! What a witness remembers, by its operator's word.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::limits::NOTE_BYTES_MAX;
use grondslag_core::reason::Reason;
use grondslag_node::watch::{self, OperateError};
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::node::open;
use crate::output::{Output, green};
use crate::serve::ConfigArgs;
use crate::wait::wait;

/// Arguments of `witness restore`.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// File with the head: a checkpoint that bears this witness's own cosignature
    #[arg(long, value_name = "FILE")]
    head: PathBuf,
}

/// Lets a witness begin.
pub(super) fn begin(args: &ConfigArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let (_, stopped) = open(&args.config).await?;
        watch::begin(stopped.store.as_ref()).await.map_err(failure)
    })?;
    out.line(&green(out.tr("De getuige kan beginnen.", "The witness can begin.")));
    out.json(&json!({ "begun": true }))?;
    Ok(Exit::Done)
}

/// Gives a witness its memory back.
pub(super) fn restore(args: &RestoreArgs, out: Output) -> Result<Exit, Failure> {
    let most = u64::try_from(NOTE_BYTES_MAX).unwrap_or(u64::MAX);
    let head = SignedCheckpoint::parse(&read_text(&args.head, most)?).map_err(|error| {
        Failure::new(Reason::Malformed, format!("{}: {error}", args.head.display()))
    })?;
    let size = head.checkpoint().size;
    let at = wait(async {
        let (config, stopped) = open(&args.config.config).await?;
        let keys = watch::own_keys(&config).map_err(|error| Failure::new(error.reason(), error))?;
        let own = stopped.context.oin();
        watch::restore(stopped.store.as_ref(), &own, &keys, head).await.map_err(failure)
    })?;
    let told = out.tr("Teruggegeven: het hoofd van", "Given back: the head of");
    out.line(&format!("{} {size} ({})", green(told), at.local()));
    out.json(&json!({ "size": size, "cosigned_at": at.to_string() }))?;
    Ok(Exit::Done)
}

/// Why it was not taken.
pub(crate) fn failure(error: OperateError) -> Failure {
    match error {
        OperateError::Remembers => Failure::told(
            error.reason(),
            "deze getuige weet nog wat hij het laatst medeondertekende; er is niets te doen",
            "this witness remembers what it cosigned last; there is nothing to be done",
        ),
        OperateError::NotOwn => Failure::told(
            error.reason(),
            "dit hoofd draagt geen medeondertekening van deze getuige zelf",
            "this head does not bear this witness's own cosignature",
        ),
        OperateError::NoFork => Failure::told(
            error.reason(),
            "het logboek van de makelaar spreekt zichzelf hier niet tegen; er is niets te doen",
            "the broker's ledger does not contradict itself here; there is nothing to be done",
        ),
        OperateError::Kept(reason) => reason.into(),
    }
}
