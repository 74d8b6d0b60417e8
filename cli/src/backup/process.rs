//! What a backup must know of a process, whichever it is.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use grondslag_certs::Root;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_runtime::config::Backup;

use crate::any_process::{AnyProcess, Role, public};
use crate::exit::Failure;
use crate::serve::{now, oin};

/// A process by its configuration.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) role: Role,
    pub(crate) oin: Oin,
    /// Folder of its store.
    pub(crate) store: PathBuf,
    /// Where it puts its backups, and for whom; nothing without the section.
    pub(crate) backup: Option<Backup>,
    /// Its sealed file of factors, if it is a key holder.
    pub(crate) factors: Option<PathBuf>,
    /// The keys on its card: of now, and the one before.
    pub(crate) keys: Vec<[u8; 32]>,
    /// What it signs its backups with.
    pub(crate) signer: SigningKey,
    /// The present moment, as the process takes it.
    pub(crate) now: Timestamp,
    region: String,
}

impl Process {
    /// Reads a configuration.
    pub(crate) fn open(file: &Path) -> Result<Self, Failure> {
        let process = AnyProcess::load(file)?;
        let (role, section) = process.section(file)?;
        let keys = section.keys(file)?;
        Ok(Self {
            role,
            oin: oin(&process.identity)?,
            store: process.store.path.path().to_owned(),
            factors: section.factors.as_ref().map(|place| place.path().to_owned()),
            keys: public(&keys),
            signer: keys.current,
            now: now(&process.identity, &process.clock)?,
            region: Root::load(process.identity.root.path())?.fingerprint().to_string(),
            backup: process.backup,
        })
    }

    /// What one of its ledgers is called in checkpoints.
    pub(crate) fn origin(&self, ledger: &str) -> Option<Origin> {
        self.role.origin(&self.region, &self.oin, ledger).ok()
    }
}
