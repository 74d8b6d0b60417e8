//! Cards with a changed key that this node's operator accepts.

use std::fs;

use clap::Args;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_node::config::NodeConfig;
use grondslag_runtime::config;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::unwritable;
use crate::output::{Output, green};
use crate::serve::ConfigArgs;

/// Arguments of `node accept-card`.
#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// Digest of the card, as the node's log names it
    #[arg(value_parser = Digest::parse)]
    digest: Digest,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Writes the mark that a running node reads when it next refreshes its directory. Accepting
/// twice is accepting.
pub(super) fn accept(args: &AcceptArgs, out: Output) -> Result<Exit, Failure> {
    let config: NodeConfig = config::load(&args.config.config)?;
    let Some(folder) = &config.agency.accepted else {
        return Err(Failure::told(
            Reason::ConfigInvalid,
            "zet agency.accepted in de configuratie: de map met aanvaarde kaarten",
            "set agency.accepted in the configuration: the folder of accepted cards",
        ));
    };
    let folder = folder.path();
    let mark = folder.join(args.digest.to_string());
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&mark, b""));
    written.map_err(|error| unwritable(&mark, &error))?;
    out.line(&format!("{} {}", green(out.tr("Aanvaard:", "Accepted:")), args.digest));
    out.json(&json!({ "card": args.digest, "accepted": true }))?;
    Ok(Exit::Done)
}
