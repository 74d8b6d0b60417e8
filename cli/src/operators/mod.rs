//! `grondslag operator`: the region's operators, and what two of them sign together.

mod founding;
mod init;
mod witnesses;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ed25519_dalek::SigningKey;
use grondslag_certs::key::load_signing_key;
use grondslag_core::id::Oin;
use grondslag_core::operators::Operator;
use grondslag_core::reason::Reason;
use serde::Deserialize;

use crate::exit::{Exit, Failure};
use crate::files::read_text;
use crate::limits::PEM_BYTES_MAX;
use crate::output::Output;

use self::founding::FoundingArgs;
use self::init::InitArgs;
pub(crate) use self::init::make;
use self::witnesses::SignArgs;
pub(crate) use self::witnesses::{begin, sign};

/// File of the private key.
const KEY_FILE: &str = "operator.key";
/// File with who the operator is.
const OPERATOR_FILE: &str = "operator.toml";

/// For operators of the region: make your key, and sign what two organisations decide together.
///
/// What holds for the whole region bears the signatures of two operators of different
/// organisations. Nodes and the broker know their public lines since they were made. Keep the
/// folder offline: no broker or node needs it.
#[derive(Debug, Args)]
pub(crate) struct OperatorArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an operator's key in a new folder, and print the public line that others pin
    Init(InitArgs),
    /// Make and sign a list of witnesses, or put the second signature under one
    ///
    /// Witnesses are agencies whose nodes cosign the broker's ledger: name at least three, and
    /// spread them over organisations that would not conspire. The first operator makes the file
    /// with --root, --seq and --witness; the second reads what is shown and signs the same file.
    SignWitnesses(SignArgs),
    /// Put a signature under where a restored broker's ledger ended, from grondslag restore collect
    ///
    /// Read first which agencies were not reached: one of them may hold a later head. Compare the
    /// head with what you know of the region. Two operators of different organisations sign.
    SignFounding(FoundingArgs),
}

/// Runs one of the commands.
pub(crate) fn run(args: &OperatorArgs, out: Output) -> Result<Exit, Failure> {
    match &args.command {
        Command::Init(args) => init::init(args, out),
        Command::SignWitnesses(args) => witnesses::run(args, out),
        Command::SignFounding(args) => founding::run(args, out),
    }
}

/// Who the operator is, as its folder says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Who {
    oin: Oin,
    #[serde(rename = "name")]
    _name: String,
    public: Operator,
}

/// An operator with its private key.
pub(crate) struct Signer {
    /// The organisation.
    oin: Oin,
    key: SigningKey,
}

impl Signer {
    /// Reads an operator's folder.
    fn load(folder: &Path) -> Result<Self, Failure> {
        let (file, key) = (folder.join(OPERATOR_FILE), folder.join(KEY_FILE));
        let wrong = |file: PathBuf| Failure::new(Reason::FileUnreadable, file.display());
        let who: Who =
            toml::from_str(&read_text(&file, PEM_BYTES_MAX)?).map_err(|_| wrong(file.clone()))?;
        let key = load_signing_key(&key).map_err(|error| Failure::new(error.reason(), error))?;
        let signer = Self { oin: who.oin, key };
        // A key of another folder would sign in a name that nobody pinned.
        if signer.operator() == who.public { Ok(signer) } else { Err(wrong(file)) }
    }

    /// Who signs.
    pub(crate) fn operator(&self) -> Operator {
        Operator::new(self.oin.clone(), &self.key)
    }
}
