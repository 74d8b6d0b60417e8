//! What an operator confirms of a node that was restored from a backup.

use clap::Args;
use grondslag_core::reason::Reason;
use grondslag_node::restore::{Item, confirm};
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{Output, green, yellow};
use crate::serve::ConfigArgs;
use crate::wait::wait;

use super::open;

/// Arguments of `node confirm-restored`.
#[derive(Debug, Args)]
pub(super) struct ConfirmArgs {
    #[command(flatten)]
    config: ConfigArgs,

    /// The register of clients, from which the index is made, is up to date
    #[arg(long)]
    index: bool,

    /// Child protection measures in the records are up to date
    #[arg(long)]
    measures: bool,

    /// Consents, what was withdrawn since, and requests about data are up to date
    #[arg(long)]
    consents: bool,
}

/// Records what was confirmed; the node answers once nothing is left.
pub(super) fn run(args: &ConfirmArgs, out: Output) -> Result<Exit, Failure> {
    let said = [
        (Item::Index, args.index),
        (Item::Measures, args.measures),
        (Item::Consents, args.consents),
    ];
    let said: Vec<Item> =
        said.into_iter().filter(|(_, said)| *said).map(|(item, _)| item).collect();
    if said.is_empty() {
        return Err(Failure::told(
            Reason::NotConfirmed,
            "noem wat actueel is: --index, --measures, --consents",
            "name what is up to date: --index, --measures, --consents",
        ));
    }
    let left = wait(async {
        let (config, stopped) = open(&args.config.config).await?;
        Ok(confirm(&config, &stopped.context, &said).await?)
    })?;
    out.line(&if left.is_empty() {
        green(out.tr("Bevestigd; start het knooppunt.", "Confirmed; start the node."))
    } else {
        let words: Vec<&str> = left.iter().map(|item| item.word()).collect();
        yellow(&format!("{} {}", out.tr("Nog nodig:", "Still needed:"), words.join(", ")))
    });
    out.json(&json!({ "left": left }))?;
    Ok(Exit::Done)
}
