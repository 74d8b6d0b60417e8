//! What an operator of a broker or a key holder decides about agencies: files in a folder that the
//! serving process reads.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_broker::admin;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::reason::Reason;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Output, green};
use crate::serve::ConfigArgs;

/// Arguments of `suspend` and `restore`.
#[derive(Debug, Args)]
pub(crate) struct AgencyArgs {
    /// Number of the agency (OIN)
    #[arg(value_parser = Oin::parse)]
    oin: Oin,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Arguments of `accept`.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Digest of the card, as the log names it
    #[arg(value_parser = Digest::parse)]
    digest: Digest,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Where a process's operator decides, by its configuration file.
type FolderOf = fn(&Path) -> Result<PathBuf, Failure>;

/// Shuts an agency out.
pub(crate) fn suspend(args: &AgencyArgs, folder: FolderOf, out: Output) -> Result<Exit, Failure> {
    let folder = folder(&args.config.config)?;
    admin::suspend(&folder, &args.oin).map_err(at(&folder))?;
    out.line(&format!("{} {}", green(out.tr("Geschorst:", "Suspended:")), args.oin));
    out.json(&json!({ "oin": args.oin, "suspended": true }))?;
    Ok(Exit::Done)
}

/// Lets a suspended agency in again.
pub(crate) fn restore(args: &AgencyArgs, folder: FolderOf, out: Output) -> Result<Exit, Failure> {
    let folder = folder(&args.config.config)?;
    admin::restore(&folder, &args.oin).map_err(at(&folder))?;
    out.line(&format!("{} {}", green(out.tr("Hersteld:", "Restored:")), args.oin));
    out.json(&json!({ "oin": args.oin, "suspended": false }))?;
    Ok(Exit::Done)
}

/// Accepts a card with a changed key.
pub(crate) fn accept(args: &AcceptArgs, folder: FolderOf, out: Output) -> Result<Exit, Failure> {
    let folder = folder(&args.config.config)?;
    admin::accept(&folder, &args.digest).map_err(at(&folder))?;
    out.line(&format!("{} {}", green(out.tr("Aanvaard:", "Accepted:")), args.digest));
    out.json(&json!({ "card": args.digest, "accepted": true }))?;
    Ok(Exit::Done)
}

fn at(folder: &Path) -> impl FnOnce(Reason) -> Failure {
    let shown = folder.display().to_string();
    move |reason| Failure::new(reason, shown)
}
