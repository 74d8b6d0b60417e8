//! The node's private keys for what is hidden from everybody else: its opening key and its seal
//! keys. They stand in files for the node's user alone and never in the store.

mod renewal;
mod seals;

pub(crate) use renewal::Renewal;
pub(crate) use seals::Seals;

use std::fmt;
use std::path::{Path, PathBuf};

use grondslag_certs::file::{self, FileError};
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealError;
use grondslag_subject::pseudonym::OpeningKey;
use rand_core::UnwrapErr;

/// Length of the opening key's file.
const OPENING_BYTES: u64 = 32;

/// Why a key was not made or loaded.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file exists already, is open to others, or cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Cut short, or another file.
    #[error("{0} holds no key of this sort")]
    Key(PathBuf),
    /// There is no seal key in the folder.
    #[error("{0} holds no seal key; `grondslag node init` makes the first")]
    None(PathBuf),
    /// There are more seal keys in the folder than a node ever has.
    #[error("{0} holds too many seal keys; a folder is of one node alone")]
    TooMany(PathBuf),
    /// The key cannot be used.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl KeysError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::Key(_) | Self::None(_) | Self::TooMany(_) | Self::Seal(_) => {
                Reason::FileUnreadable
            }
        }
    }
}

/// The keys of one node.
pub struct Keys {
    /// Opens hidden numbers.
    pub(crate) opening: OpeningKey,
    /// Opens what is sealed for this node.
    pub(crate) seals: Seals,
}

impl Keys {
    /// Makes the first keys of a node, each in a new file.
    ///
    /// # Errors
    /// [`KeysError`] when a file exists or cannot be written.
    pub fn create(opening: &Path, seals: &Path) -> Result<(), KeysError> {
        let key = OpeningKey::random(&mut UnwrapErr(getrandom::SysRng));
        file::create_secret(opening, key.expose().as_slice())?;
        Seals::create(seals)
    }

    /// Loads the keys of a node.
    ///
    /// # Errors
    /// [`KeysError`] when one is missing, open to others or none.
    pub fn load(opening: &Path, seals: &Path) -> Result<Self, KeysError> {
        let bytes = file::read_secret_bytes(opening, OPENING_BYTES)?;
        let key = OpeningKey::parse(&bytes).map_err(|_| KeysError::Key(opening.to_owned()))?;
        Ok(Self { opening: key, seals: Seals::load(seals)? })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}
