//! What a restored broker asks of its nodes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use grondslag_broker::config::BrokerConfig;
use grondslag_broker::restore::{self, ClockWasAhead, Collected};
use grondslag_core::founding::SignedFounding;
use grondslag_core::reason::Reason;
use grondslag_runtime::config;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::run::{Context, ProcessConfig as _, Surroundings};
use grondslag_runtime::shutdown::Shutdown;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, write_new};
use crate::output::{Output, bold, green, red, yellow};
use crate::serve::ConfigArgs;
use crate::wait::wait;

/// Arguments of `restore collect`.
#[derive(Debug, Args)]
pub(super) struct CollectArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// New file for what operators are to sign
    #[arg(long, value_name = "FILE")]
    to: PathBuf,

    /// The broker's clock was ahead once and is right now: found the new ledger now, though the
    /// backup ends in time to come
    #[arg(long)]
    clock_was_ahead: bool,
}

/// Opens a broker that does not serve.
pub(super) async fn open(file: &Path) -> Result<(BrokerConfig, Context), Failure> {
    let config: BrokerConfig = config::load(file)?;
    let around = Surroundings { net: Arc::new(TcpNet), shutdown: Shutdown::new(), clock: None };
    let context = Context::open(BrokerConfig::PROCESS, &config.common(), around).await;
    let context = context.map_err(|error| match error.reason() {
        Reason::StoreInUse => Failure::told(
            Reason::StoreInUse,
            "De makelaar draait nog. Stop hem, doe dit opnieuw en start hem weer.",
            "The broker is still running. Stop it, do this again and start it.",
        ),
        _ => error.into(),
    })?;
    Ok((config, context))
}

/// Asks, and writes what was found.
pub(super) fn collect(args: &CollectArgs, out: Output) -> Result<Exit, Failure> {
    must_be_new(&args.to)?;
    let bar = out.progress(Some(0), out.tr("knooppunten", "nodes"));
    let was_ahead = ClockWasAhead(args.clock_was_ahead);
    let collected = wait(async {
        let (config, context) = open(&args.config.config).await?;
        let tell = |done: usize, all: usize| {
            bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        };
        Ok(restore::collect(&config, &context, was_ahead, &tell).await?)
    });
    bar.finish_and_clear();
    let Collected { founding, reached, missed } = collected?;
    let signed = SignedFounding { founding, signatures: Vec::new() };
    let text = serde_json::to_string_pretty(&signed)
        .map_err(|error| Failure::new(Reason::Internal, error))?;
    write_new(&args.to, &format!("{text}\n"))?;
    let founding = &signed.founding;
    let size = founding.head.checkpoint().size;
    let told = out.tr("Hoogste hoofd:", "Highest head:");
    out.line(&format!("{} {size}", green(told)));
    let lost = founding.lost();
    let of = out.tr("vermeldingen gaan verloren", "leaves are lost");
    out.line(&format!("  {} {of} ({}..{})", lost.end - lost.start, lost.start, lost.end));
    for (oin, size) in &reached {
        out.line(&format!("  {oin} {size}"));
    }
    for (oin, reason) in &missed {
        let sentence = reason.sentence(out.lang());
        out.line(&format!("  {} {oin} {sentence}", red(reason.code())));
    }
    if !missed.is_empty() {
        out.line(&yellow(out.tr(
            "Wie niet bereikt is kan een hoger hoofd hebben: probeer het eerst opnieuw.",
            "Whoever was not reached may hold a higher head: try again first.",
        )));
    }
    let file = args.to.display().to_string();
    let sign = out.tr("Laat twee regiobeheerders ondertekenen:", "Have two operators sign:");
    out.line(&format!("{sign} {}", bold(&file)));
    let missed: serde_json::Map<String, Value> =
        missed.iter().map(|(oin, reason)| (oin.to_string(), reason.code().into())).collect();
    out.json(&json!({
        "file": file,
        "number": founding.number,
        "amendment": founding.amendment,
        "head": size,
        "restored": founding.restored,
        "reached": reached,
        "missed": missed,
    }))?;
    Ok(Exit::Done)
}
