//! Parties by their folders, as `broker init`, `node init` and `holder init` make them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use grondslag_certs::Root;
use grondslag_certs::key::load_signing_key;
use grondslag_core::checkpoint::Origin;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::{Copied, CopyError, KeptHead};
use grondslag_evidence::store::StoreError;
use grondslag_runtime::config::{self, Identity, SecretFile, Store};
use serde::Deserialize;
use tempfile::TempDir;

use crate::exit::Failure;
use crate::files::unwritable;
use crate::limits::AUDIT_FOLDERS_MAX;
use crate::serve::oin;

/// The log of a broker, by the name in its store.
pub(super) const BROKER: &str = "broker";

/// What an audit needs of a configuration; the rest is the process's own business.
#[derive(Debug, Deserialize)]
struct AnyProcess {
    identity: Identity,
    store: Store,
    #[serde(default)]
    broker: Option<Section>,
    #[serde(default)]
    agency: Option<Section>,
    #[serde(default)]
    holder: Option<Section>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Section {
    #[serde(default)]
    sign_key: Option<SecretFile>,
    #[serde(default)]
    previous_sign_key: Option<SecretFile>,
}

/// What a party is, and the name of the ledger that its records stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Broker,
    Node,
    Holder,
}

impl Role {
    pub(super) const fn ledger(self) -> &'static str {
        match self {
            Self::Broker => BROKER,
            Self::Node => "node",
            Self::Holder => "holder",
        }
    }
}

/// A party whose store is looked into.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) folder: PathBuf,
    pub(super) role: Role,
    pub(super) oin: Oin,
    /// The keys on its card: of now, and the one before.
    pub(super) keys: Vec<[u8; 32]>,
    region: String,
    pub(super) copied: Copied,
    _copy: TempDir,
}

impl Party {
    /// Copies the store of a folder's process, or the one that is named instead.
    pub(super) async fn open(file: &Path, store: Option<&Path>) -> Result<Self, Failure> {
        let process: AnyProcess = config::load(file)?;
        let of = |section: &Option<Section>| section.clone().filter(|one| one.sign_key.is_some());
        let (role, section) = match (&process.agency, of(&process.broker), &process.holder) {
            (Some(agency), _, _) => (Role::Node, agency.clone()),
            (None, Some(broker), _) => (Role::Broker, broker),
            (None, None, Some(holder)) => (Role::Holder, holder.clone()),
            (None, None, None) => return Err(Failure::new(Reason::ConfigInvalid, file.display())),
        };
        let mut keys = Vec::new();
        for key in [section.sign_key, section.previous_sign_key].into_iter().flatten() {
            keys.push(load_signing_key(key.path())?.verifying_key().to_bytes());
        }
        let oin = oin(&process.identity)?;
        let region = Root::load(process.identity.root.path())?.fingerprint().to_string();
        let temp = std::env::temp_dir();
        let copy = tempfile::tempdir().map_err(|error| unwritable(&temp, &error))?;
        let path = store.unwrap_or(process.store.path.path());
        let copied = Copied::take(path, copy.path(), &oin).await;
        let copied = copied.map_err(|error| refused(path, error))?;
        let folder = file.parent().unwrap_or(file).to_owned();
        Ok(Self { folder, role, oin, keys, region, copied, _copy: copy })
    }

    /// What one of its ledgers is called in checkpoints.
    pub(super) fn origin(&self, ledger: &str) -> Result<Origin, Failure> {
        let origin = match self.role {
            Role::Broker if ledger == BROKER => Origin::of_broker(&self.region, 1),
            _ => Origin::of_member(&self.region, &self.oin, ledger, 1),
        };
        origin.map_err(|error| Failure::new(Reason::Internal, error))
    }

    /// The heads of the broker's ledger that it keeps.
    pub(super) async fn heads(&self) -> Result<Vec<KeptHead>, Failure> {
        let store = self.copied.store().as_ref();
        Ok(match self.role {
            Role::Broker => grondslag_broker::kept_heads(store).await?,
            Role::Node => grondslag_node::watch::kept_heads(store).await?,
            Role::Holder => Vec::new(),
        })
    }
}

fn refused(path: &Path, error: CopyError) -> Failure {
    match error {
        CopyError::NotAStore => Failure::told(
            Reason::FileUnreadable,
            format!("{} is geen opslag van Grondslag", path.display()),
            format!("{} is no store of Grondslag", path.display()),
        ),
        CopyError::Store(StoreError::InUse) => Failure::told(
            Reason::StoreInUse,
            format!("{}: stop het proces, of geef een kopie", path.display()),
            format!("{}: stop the process, or give a copy", path.display()),
        ),
        CopyError::Store(error) => Failure::from(error).about(&path.display().to_string()),
    }
}

/// The configurations of the processes in some folders; the folder of a demo has many.
pub(crate) fn find(folders: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for folder in folders {
        let own = configs(folder)?;
        let mut below = Vec::new();
        if own.is_empty() {
            let nodes = within(&folder.join("nodes")).unwrap_or_default();
            for folder in std::iter::once(folder.join(BROKER)).chain(nodes) {
                below.extend(configs(&folder).unwrap_or_default());
            }
        }
        if own.is_empty() && below.is_empty() {
            return Err(Failure::told(
                Reason::FileUnreadable,
                format!("{}: hier staat geen proces (configuratie en opslag)", folder.display()),
                format!("{}: no process stands here (configuration, store)", folder.display()),
            ));
        }
        files.extend(own.into_iter().chain(below));
    }
    if files.len() > AUDIT_FOLDERS_MAX {
        return Err(Failure::new(Reason::TooLarge, format!("> {AUDIT_FOLDERS_MAX}")));
    }
    Ok(files)
}

/// Configurations of processes right in a folder.
fn configs(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = within(folder).map_err(|error| {
        Failure::new(Reason::FileUnreadable, format!("{}: {error}", folder.display()))
    })?;
    let is_config = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "toml")
            && config::load::<AnyProcess>(path).is_ok()
    };
    Ok(entries.into_iter().filter(is_config).collect())
}

fn within(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.take(AUDIT_FOLDERS_MAX);
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}
