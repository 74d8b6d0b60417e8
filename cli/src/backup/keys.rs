//! The key pair of backups.

use std::path::{Path, PathBuf};

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

/// Where a key pair was put.
pub(crate) struct KeyFiles {
    /// For the process.
    pub(crate) public: PathBuf,
    /// For those who may open a backup.
    pub(crate) private: PathBuf,
}

/// Makes a key pair in a folder, which need not be there yet.
pub(crate) fn make_keys(folder: &Path) -> Result<KeyFiles, Failure> {
    let (public, private) = (folder.join(PUBLIC_FILE), folder.join(SECRET_FILE));
    must_be_new(&public)?;
    must_be_new(&private)?;
    if !folder.is_dir() {
        create_folder(folder)?;
    }
    let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
    let key = secret.public().map_err(|error| Failure::new(Reason::Internal, error))?;
    create_secret(&private, &secret.expose())?;
    create(&public, key.bytes())?;
    Ok(KeyFiles { public, private })
}

/// Makes them, and says where they are.
pub(super) fn run(args: &KeysArgs, out: Output) -> Result<Exit, Failure> {
    let KeyFiles { public, private } = make_keys(&args.to)?;
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
