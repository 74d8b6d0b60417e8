//! The founding of a restored broker's ledger, and the two signatures that it needs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use grondslag_certs::file::replace_by_way_of;
use grondslag_core::founding::SignedFounding;
use grondslag_core::id::Oin;
use grondslag_core::operators::Operator;
use grondslag_core::reason::Reason;
use serde_json::json;

use super::Signer;
use crate::exit::{Exit, Failure};
use crate::output::{Output, bold, green, yellow};
use crate::restore::read;

/// Arguments of `operator sign-founding`.
#[derive(Debug, Args)]
pub(super) struct FoundingArgs {
    /// Folder of the operator who signs
    #[arg(long, value_name = "FOLDER")]
    operator: PathBuf,

    /// File with the founding, from `grondslag restore collect`; it gets this signature too
    #[arg(long)]
    file: PathBuf,
}

/// Adds a signature.
pub(super) fn run(args: &FoundingArgs, out: Output) -> Result<Exit, Failure> {
    let (file, signer) = (args.file.as_path(), Signer::load(&args.operator)?);
    let mut signed = read(file)?;
    signed.founding.check()?;
    let own = signer.operator();
    signed.signatures.retain(|signature| signature.operator != own);
    let new = Operator::sign(own.oin(), &signer.key, &signed.founding.canonical());
    signed.signatures.push(new);
    let text = serde_json::to_string_pretty(&signed)
        .map_err(|error| Failure::new(Reason::Internal, error))?;
    replace_by_way_of(&file.with_extension("next"), file, format!("{text}\n").as_bytes())?;
    say(&signed, out)
}

fn say(signed: &SignedFounding, out: Output) -> Result<Exit, Failure> {
    let SignedFounding { founding, signatures } = signed;
    let head = founding.head.checkpoint();
    let title = out.tr("Nieuw logboek van de makelaar", "New ledger of the broker");
    out.line(&format!("{title} {}/{}", founding.region, founding.number));
    out.line(&format!("  {} {}", out.tr("sinds", "since"), founding.at.local()));
    let before = out.tr("het vorige eindigde bij", "the one before ended at");
    out.line(&format!("  {before} {} ({})", bold(&head.size.to_string()), head.root));
    let lost = founding.lost();
    let told = out.tr("verloren", "lost");
    out.line(&format!("  {told} {} ({}..{})", lost.end - lost.start, lost.start, lost.end));
    for oin in &founding.missed {
        out.line(&format!("  {} {oin}", yellow(out.tr("niet bereikt:", "not reached:"))));
    }
    let signers: Vec<String> =
        signatures.iter().map(|signature| signature.operator.to_string()).collect();
    out.line(out.tr("Ondertekend door:", "Signed by:"));
    for signer in &signers {
        out.line(&format!("  {signer}"));
    }
    let organisations: BTreeSet<&Oin> =
        signatures.iter().map(|signature| signature.operator.oin()).collect();
    let enough = organisations.len() > 1;
    out.line(&if enough {
        green(out.tr("Geef het bestand aan de makelaar.", "Hand the file to the broker."))
    } else {
        out.tr(
            "Nog nodig: een regiobeheerder van een andere organisatie.",
            "Still needed: an operator of another organisation.",
        )
        .to_owned()
    });
    out.json(&json!({ "founding": founding, "signed_by": signers, "complete": enough }))?;
    Ok(Exit::Done)
}
