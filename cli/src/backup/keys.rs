//! The key pair of backups.

use std::path::PathBuf;

use clap::Args;
use grondslag_certs::file::{create, create_folder, create_secret};
use grondslag_core::reason::Reason;
use grondslag_core::seal::{SealSecret, Suite};
use rand_core::UnwrapErr;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::files::must_be_new;
use crate::output::{Output, bold, green};

/// File of the public key.
const PUBLIC_FILE: &str = "backup.pub";
/// File of the private key.
const SECRET_FILE: &str = "backup.key";

/// Arguments of `backup keys`.
#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    /// Folder that the keys are made in
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

/// Makes them.
pub(super) fn run(args: &KeysArgs, out: Output) -> Result<Exit, Failure> {
    let (public, private) = (args.to.join(PUBLIC_FILE), args.to.join(SECRET_FILE));
    must_be_new(&public)?;
    must_be_new(&private)?;
    if !args.to.is_dir() {
        create_folder(&args.to)?;
    }
    let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
    let key = secret.public().map_err(|error| Failure::new(Reason::Internal, error))?;
    create_secret(&private, &secret.expose())?;
    create(&public, key.bytes())?;
    let (public, private) = (public.display().to_string(), private.display().to_string());
    out.line(&green(out.tr("De sleutels zijn gemaakt.", "The keys were made.")));
    let for_process = out.tr("Voor het proces ([backup] key):", "For the process ([backup] key):");
    out.line(&format!("{for_process} {}", bold(&public)));
    let elsewhere = out.tr(
        "Bewaar op een andere plaats, en maak een kopie; zonder deze gaat geen back-up open:",
        "Keep elsewhere, with a copy; without it no backup opens:",
    );
    out.line(&format!("{elsewhere} {}", bold(&private)));
    out.json(&json!({ "public": public, "private": private }))?;
    Ok(Exit::Done)
}
