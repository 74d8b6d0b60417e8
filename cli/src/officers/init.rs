//! A new officer of the region.

use std::path::{Path, PathBuf};

use clap::Args;
use grondslag_core::id::Oin;
use grondslag_core::officers::Officer;
use grondslag_core::reason::Reason;
use serde_json::json;

use super::{KEY_FILE, OFFICER_FILE};
use crate::exit::{Exit, Failure};
use crate::files::{must_be_new, new_key, write_new};
use crate::output::{Output, bold, green};

/// Stands for a key that is not made yet, to see whether a function is one.
const NO_KEY: [u8; 32] = [0; 32];

/// Arguments of `officer init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// New folder for the officer's key
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,

    /// Number of the officer's organisation (OIN, 20 positions)
    #[arg(long, value_parser = Oin::parse)]
    oin: Oin,

    /// Function within the organisation, such as po-1 or fg; never a person's name
    #[arg(long)]
    function: String,
}

/// Makes the folder and shows the public line.
pub(super) fn init(args: &InitArgs, out: Output) -> Result<Exit, Failure> {
    let officer = make(&args.out, &args.oin, &args.function)?;
    let line = officer.to_string();
    out.line(&green(out.tr("De sleutel is gemaakt.", "The key was made.")));
    let pin = out.tr(
        "Geef deze regel aan wie de regels van de regio vastlegt, en lees hem telefonisch voor:",
        "Give this line to whoever pins the region's officers, and read it over the telephone:",
    );
    out.line(pin);
    out.line(&format!("  {}", bold(&line)));
    out.json(&json!({ "oin": args.oin, "function": args.function, "public": line }))?;
    Ok(Exit::Done)
}

/// Makes an officer's folder: the key stays there.
pub(crate) fn make(folder: &Path, oin: &Oin, function: &str) -> Result<Officer, Failure> {
    let named = |key| {
        Officer::new(oin.clone(), function, key).map_err(|_| {
            Failure::told(
                Reason::Malformed,
                format!("{function:?}: een functie is 1 tot 64 tekens uit a-z, 0-9, . - en _"),
                format!("{function:?}: a function is 1 to 64 characters of a-z, 0-9, . - and _"),
            )
        })
    };
    // Nothing is made in a name that cannot sign.
    named(NO_KEY)?;
    let who = folder.join(OFFICER_FILE);
    must_be_new(&who)?;
    let key = new_key(folder, KEY_FILE)?;
    let officer = named(key.verifying_key().to_bytes())?;
    write_new(
        &who,
        &format!("oin = \"{oin}\"\nfunction = \"{function}\"\npublic = \"{officer}\"\n"),
    )?;
    Ok(officer)
}
