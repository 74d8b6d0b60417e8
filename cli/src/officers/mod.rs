//! `grondslag officer`: the region's privacy officers, who sign its rules.

mod init;

use std::path::Path;

use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use grondslag_certs::key::load_signing_key;
use grondslag_core::id::Oin;
use grondslag_core::officers::{Officer, OfficerSignature};
use grondslag_core::reason::Reason;
use serde::Deserialize;

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::PEM_BYTES_MAX;
use crate::output::Output;

use self::init::InitArgs;

pub(crate) use self::init::make;

/// File of the private key.
const KEY_FILE: &str = "officer.key";
/// File with who the officer is.
const OFFICER_FILE: &str = "officer.toml";

/// For privacy officers of the region: make the key that you sign rules with.
///
/// Rules hold when two officers signed them, or one in an emergency that only narrows. An officer
/// is named by organisation and function, not as a person: the name goes to every party of the
/// region. Keep the folder where nobody else reads it: no broker or node needs it.
#[derive(Debug, Args)]
pub(crate) struct OfficerArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an officer's key in a new folder, and print the public line that others pin
    Init(InitArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: &OfficerArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Init(args) => init::init(args, out),
    }
}

/// Who the officer is, as the folder says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    oin: Oin,
    function: String,
    public: Officer,
}

/// An officer with the private key.
pub(crate) struct Signer {
    officer: Officer,
    key: SigningKey,
}

impl Signer {
    /// Reads an officer's folder.
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let file = folder.join(OFFICER_FILE);
        let wrong = || Failure::new(Reason::FileUnreadable, file.display());
        let text = read_text(&file, PEM_BYTES_MAX)?;
        let who: Who = toml::from_str(&text).map_err(|_| wrong())?;
        let key = load_signing_key(&folder.join(KEY_FILE))?;
        let public = key.verifying_key().to_bytes();
        // A key of another folder would sign in a name that nobody pinned.
        match Officer::new(who.oin, &who.function, public) {
            Ok(officer) if officer == who.public => Ok(Self { officer, key }),
            _ => Err(wrong()),
        }
    }

    /// Who signs.
    pub(crate) fn officer(&self) -> &Officer {
        &self.officer
    }

    /// Signs rules.
    pub(crate) fn sign(&self, document: &[u8]) -> OfficerSignature {
        self.officer.sign(&self.key, document)
    }
}
