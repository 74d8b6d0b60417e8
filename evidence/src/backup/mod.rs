//! Backups: a store and its tiles as one encrypted file, made while the process runs, and put back
//! into an empty folder.
//!
//! Life of a backup: the store captures what is committed from then on; all rows are read page by
//! page; the captured changes follow, so that rows and changes together are the store as it was at
//! one moment; then come the tiles that the ledgers' heads of that moment cover, and none beyond:
//! tiles ahead of a store are what a fork looks like. All of it is sealed to one public key, in
//! parts that cannot be altered, moved or cut off ([`seal::FileSealer`]), and signed by the party:
//! the public key that it is sealed to lies beside the process, so a seal says nothing about who
//! made it. The file gets its name once it is on the disk.
//!
//! [`seal::FileSealer`]: grondslag_core::seal::FileSealer
//!
//! A restore believes nothing before the last part has come: it writes into a folder beside the
//! one that is named, walks every ledger there, holds it against the head that the backup names,
//! and only then gives it that name.

mod folder;
mod format;
mod key;
mod read;
mod restore;
#[cfg(test)]
mod tests;
mod write;

use std::io;
use std::path::PathBuf;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_core::seal::SealError;

pub use self::folder::{NOW_FILE, Outcome, Wish, newest, outcome, remove_wish, tidy, told, wish};
pub use self::format::Header;
pub use self::key::{read_public, read_secret};
pub use self::read::header;
pub use self::restore::{Place, Put, restore};
pub use self::write::{Means, Written, write};
use crate::ledger::LedgerError;
use crate::ledger::audit::Findings;
use crate::store::StoreError;

/// Name that every backup ends in.
pub const EXTENSION: &str = "backup";
/// What it ends in as long as it is written.
const UNFINISHED: &str = "new";

/// A backup was not made, or not put back; nothing is left of it.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store or a ledger gave an error.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A file or folder.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is no backup, was altered or cut short, or is for another key.
    #[error("the backup cannot be opened: it was altered or cut short, or is for another key")]
    Unopened,
    /// Another made it: sealing takes a public key only.
    #[error("the backup is not signed by the key of this configuration, nor by the one before")]
    Unsigned,
    /// What was put back is not what the backup says of itself.
    #[error("ledger {0} is not there as the backup says")]
    NotAsSaid(String),
    /// A store without a ledger is no process's.
    #[error("the backup holds no ledger")]
    NoLedger,
    /// It is of another organisation.
    #[error("the backup is of {0}")]
    Foreign(Oin),
    /// There is something in the folder already.
    #[error("{} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// What is in the backup contradicts itself.
    #[error("the backup does not hold: {} problems", .0.count())]
    DoesNotHold(Findings),
    /// A key that cannot be used.
    #[error("{} is no key of a backup", .0.display())]
    Key(PathBuf),
}

impl BackupError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Ledger(error) => error.reason(),
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => Reason::FileUnreadable,
                _ => StoreError::from(source).reason(),
            },
            Self::Unopened | Self::Key(_) => Reason::BackupUnopened,
            Self::Foreign(_) => Reason::StoreForeign,
            Self::NotEmpty(_) => Reason::FileExists,
            Self::DoesNotHold(_) | Self::Unsigned | Self::NotAsSaid(_) | Self::NoLedger => {
                Reason::BackupInvalid
            }
        }
    }
}

impl From<StoreError> for BackupError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<SealError> for BackupError {
    fn from(_: SealError) -> Self {
        Self::Unopened
    }
}

fn at(path: &std::path::Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path, source }
}
