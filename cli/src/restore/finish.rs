//! The new ledgers of a restored process.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use grondslag_broker::holder::config::HolderConfig;
use grondslag_broker::holder::serve as holder;
use grondslag_broker::restore::{self, Finished};
use grondslag_core::founding::SignedFounding;
use grondslag_core::reason::Reason;
use grondslag_runtime::config;
use grondslag_runtime::net::TcpNet;
use grondslag_runtime::run::{Context, ProcessConfig as _, Surroundings};
use grondslag_runtime::shutdown::Shutdown;
use serde_json::json;

use super::broker::open;
use crate::any_process::Role;
use crate::backup::process::Process;
use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::PEM_BYTES_MAX;
use crate::node;
use crate::output::{Output, bold, green};
use crate::serve::ConfigArgs;
use crate::wait::wait;

/// Arguments of `restore finish`.
#[derive(Debug, Args)]
pub(super) struct FinishArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// What `restore collect` made and two operators signed; for a broker
    #[arg(long, value_name = "FILE")]
    founding: Option<PathBuf>,
}

/// Begins the new ledger, or amends its founding.
pub(super) fn run(args: &FinishArgs, out: Output) -> Result<Exit, Failure> {
    let (file, role) = (args.config.config.as_path(), Process::open(&args.config.config)?.role);
    if role != Role::Broker {
        let number = wait(go_on(role, file))?;
        out.line(&green(out.tr("Het nieuwe logboek is begonnen.", "The new ledger has begun.")));
        out.json(&json!({ "process": role.word(), "number": number }))?;
        return Ok(Exit::Done);
    }
    let founding = args.founding.as_deref().ok_or_else(|| {
        Failure::told(
            Reason::RestoreUnfinished,
            "geef --founding: het bestand van `restore collect`, door twee regiobeheerders \
             ondertekend",
            "give --founding: the file of `restore collect`, signed by two operators",
        )
    })?;
    let signed = read(founding)?;
    let Finished { origin, index, lost } = wait(async {
        let (config, context) = open(file).await?;
        let finished = restore::finish(&config, &context, &signed).await;
        finished.map_err(|error| Failure::from(error).about(&founding.display().to_string()))
    })?;
    let told = out.tr("Het nieuwe logboek is begonnen:", "The new ledger has begun:");
    out.line(&format!("{} {origin}", green(told)));
    let serve = format!("grondslag broker serve --config {}", file.display());
    out.line(&format!("{} {}", out.tr("Start met:", "Start with:"), bold(&serve)));
    out.json(&json!({
        "process": role.word(),
        "origin": origin,
        "index": index,
        "lost": { "from": lost.start, "to": lost.end },
    }))?;
    Ok(Exit::Done)
}

/// A founding from a file.
pub(crate) fn read(file: &Path) -> Result<SignedFounding, Failure> {
    serde_json::from_str(&read_text(file, PEM_BYTES_MAX)?)
        .map_err(|_| Failure::new(Reason::Malformed, file.display()))
}

/// A node or a key holder goes on under its next number; says which.
pub(super) async fn go_on(role: Role, file: &Path) -> Result<u64, Failure> {
    if role == Role::Node {
        let (config, stopped) = node::open(file).await?;
        return Ok(grondslag_node::restore::go_on(&config, &stopped.context).await?);
    }
    let config: HolderConfig = config::load(file)?;
    let around = Surroundings { net: Arc::new(TcpNet), shutdown: Shutdown::new(), clock: None };
    let context = Context::open(HolderConfig::PROCESS, &config.common(), around).await?;
    Ok(holder::go_on(&config, &context).await?)
}
