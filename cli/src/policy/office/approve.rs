//! A colleague looks at rules that wait, and signs them.

use std::path::PathBuf;

use clap::Args;
use grondslag_core::id::Digest;
use grondslag_policy::review::Review;
use serde_json::json;

use super::{DeskArgs, shown};
use crate::exit::{Exit, Failure};
use crate::officers::Signer;
use crate::output::{Output, dim};
use crate::wait::wait;

/// Arguments of `policy approve`.
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The proposal, as `grondslag policy publish` printed it
    #[arg(value_name = "PROPOSAL", value_parser = Digest::parse)]
    proposal: Digest,

    #[command(flatten)]
    desk: DeskArgs,

    /// Your folder with the key that you sign rules with; without it the proposal is only shown
    #[arg(long, value_name = "FOLDER")]
    officer: Option<PathBuf>,
}

/// Shows a proposal with all that it opens and closes, and signs it.
pub(crate) fn approve(args: &ApproveArgs, out: Output) -> Result<Exit, Failure> {
    wait(async {
        let desk = args.desk.open(out)?;
        let known = desk.known().await?;
        let publication = desk.proposal(&args.proposal).await?;
        // The files are looked at here, and not what anybody says of them.
        publication
            .pack()
            .map_err(|refused| Failure::new(refused.reason, refused.told(out.lang())))?;
        let last = desk.last(&known).await?;
        let review = Review::of(&last, &publication.files, publication.manifest.valid_from);
        shown::say(&publication, &known.officers, &review, out);
        shown::sound(&review)?;
        let Some(folder) = &args.officer else {
            let how = out.tr(
                "Nog niet ondertekend; onderteken met --officer MAP.",
                "Not signed yet; sign with --officer FOLDER.",
            );
            out.note(&dim(how));
            out.json(&json!({ "digest": args.proposal, "manifest": publication.manifest, "review": review }))?;
            return Ok(Exit::Done);
        };
        let signer = Signer::load(folder)?;
        let signature = signer.sign(&publication.manifest.canonical());
        let outcome = desk.approve(&args.proposal, &signature).await?;
        shown::done(&outcome, &publication, out)
    })
}
