//! A new operator of the region.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::id::Oin;
use serde_json::json;

use super::{KEY_FILE, OPERATOR_FILE, Signer};
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, new_key, write_new};
use crate::made::quoted;
use crate::output::{Output, bold, green};

/// Arguments of `operator init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// New folder for the operator's key
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// Number of the operator's organisation (OIN, 20 positions)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Name of the operator
    #[arg(long)]
    name: String,
}

/// Makes the folder and shows the public line.
pub(super) fn init(args: &InitArgs, out: Output) -> Result<Exit, Failure> {
    let signer = make(&args.out, &args.oin, &args.name)?;
    let line = signer.operator().to_string();
    out.line(&green(out.tr("De regiobeheerder is gemaakt.", "The operator was made.")));
    let pin = out.tr(
        "Geef deze regel aan elk knooppunt en de makelaar (--operator), en lees hem telefonisch voor:",
        "Give this line to every node and the broker (--operator), and read it over the telephone:",
    );
    out.line(pin);
    out.line(&format!("  {}", bold(&line)));
    out.json(&json!({ "oin": args.oin, "name": args.name, "public": line }))?;
    Ok(Exit::Done)
}

/// Makes an operator's folder: its key stays there.
pub(crate) fn make(folder: &Path, oin: &Oin, name: &str) -> Result<Signer, Failure> {
    let who = folder.join(OPERATOR_FILE);
    must_be_new(&who)?;
    let key = new_key(folder, KEY_FILE)?;
    let signer = Signer { oin: oin.clone(), key };
    let (name, public) = (quoted(name), signer.operator());
    write_new(&who, &format!("oin = \"{oin}\"\nname = {name}\npublic = \"{public}\"\n"))?;
    Ok(signer)
}
