//! The list of witnesses, and the two signatures that it needs.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_certs::Root;
use grondslag_certs::file::replace_by_way_of;
use grondslag_core::id::Oin;
use grondslag_core::operators::Operator;
use grondslag_core::reason::Reason;
use grondslag_core::witnesses::{SignedWitnessList, WitnessList};
use grondslag_evidence::witnesses;
use serde_json::json;

use super::Signer;
use crate::exit::{Exit, Failure};
use crate::files::must_be_new;
use crate::output::{Output, bold, green};

/// Arguments of `operator sign-witnesses`.
#[derive(Debug, Args)]
pub(super) struct SignArgs {
    /// Folder of the operator who signs
    #[arg(long, value_name = "FOLDER")]
    operator: PathBuf,

    /// File with the list: new with --witness, else the one that gets this signature too
    #[arg(long)]
    file: PathBuf,

    /// Certificate of the region's authority
    #[arg(long, value_name = "FILE", requires_all = ["seq", "witness"])]
    root: Option<PathBuf>,

    /// Number of the list: one higher than that of the last one, from 1
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), requires = "root")]
    seq: Option<u64>,

    /// Number of an agency that is a witness (OIN); at least three
    #[arg(long, value_parser = Oin::parse, value_name = "OIN", requires = "root")]
    witness: Vec<Oin>,
}

/// Makes and signs a list, or signs one that is there.
pub(super) fn run(args: &SignArgs, out: Output) -> Result<Exit, Failure> {
    let (file, signer) = (args.file.as_path(), Signer::load(&args.operator)?);
    let mut signed = match (&args.root, args.seq) {
        (Some(root), Some(seq)) => {
            must_be_new(file)?;
            let witnesses = args.witness.iter().cloned().collect();
            begin(WitnessList { region: Root::load(root)?.fingerprint(), seq, witnesses })?
        }
        _ => read(file)?,
    };
    sign(&mut signed, &signer, file)?;
    say(&signed, out)
}

/// A list that nobody signed yet.
pub(crate) fn begin(list: WitnessList) -> Result<SignedWitnessList, Failure> {
    list.check()?;
    Ok(SignedWitnessList { list, signatures: Vec::new() })
}

/// A list from a file.
fn read(file: &Path) -> Result<SignedWitnessList, Failure> {
    witnesses::read(file).map_err(|reason| Failure::new(reason, file.display()))
}

/// Adds a signature, and puts the list in its file.
pub(crate) fn sign(
    signed: &mut SignedWitnessList,
    signer: &Signer,
    file: &Path,
) -> Result<(), Failure> {
    let own = signer.operator();
    // A list to which something was added after the first signature would never hold.
    signed.list.check()?;
    signed.signatures.retain(|signature| signature.operator != own);
    let new = Operator::sign(own.oin(), &signer.key, &signed.list.canonical());
    signed.signatures.push(new);
    let text = serde_json::to_string_pretty(&signed)
        .map_err(|error| Failure::new(Reason::Internal, error))?;
    replace_by_way_of(&file.with_extension("next"), file, format!("{text}\n").as_bytes())
        .map_err(|error| Failure::new(error.reason(), error))
}

fn say(signed: &SignedWitnessList, out: Output) -> Result<Exit, Failure> {
    let SignedWitnessList { list, signatures } = signed;
    let signers: Vec<String> =
        signatures.iter().map(|signature| signature.operator.to_string()).collect();
    let organisations: std::collections::BTreeSet<&Oin> =
        signatures.iter().map(|signature| signature.operator.oin()).collect();
    let enough = organisations.len() > 1;
    out.line(&format!("{} {}", out.tr("Lijst van getuigen", "List of witnesses"), list.seq));
    out.line(&format!("  {} {}", out.tr("regio", "region"), list.region));
    for witness in &list.witnesses {
        out.line(&format!("  {}", bold(witness.as_str())));
    }
    out.line(out.tr("Ondertekend door:", "Signed by:"));
    for signer in &signers {
        out.line(&format!("  {signer}"));
    }
    out.line(&if enough {
        green(out.tr(
            "Geef het bestand aan elk knooppunt en de makelaar.",
            "Hand it to every node and the broker.",
        ))
    } else {
        out.tr(
            "Nog nodig: een regiobeheerder van een andere organisatie.",
            "Still needed: an operator of another organisation.",
        )
        .to_owned()
    });
    out.json(&json!({ "list": list, "signed_by": signers, "complete": enough }))?;
    Ok(Exit::Done)
}
