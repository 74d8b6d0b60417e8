//! What a backup must know of a process, whichever it is: its configuration, read as far as that.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use grondslag_certs::Root;
use grondslag_certs::key::load_signing_key;
use grondslag_core::checkpoint::Origin;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::generation::of_name;
use grondslag_runtime::config::{self, Backup, Clock, Identity, Place, SecretFile, Store};
use serde::Deserialize;

use crate::exit::Failure;
use crate::serve::{now, oin};

#[derive(Debug, Deserialize)]
struct AnyProcess {
    identity: Identity,
    store: Store,
    #[serde(default)]
    clock: Clock,
    #[serde(default)]
    backup: Option<Backup>,
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
    #[serde(default)]
    factors: Option<Place>,
}

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Broker,
    Node,
    Holder,
}

impl Kind {
    /// The word for it, which is also the name of its ledger.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Node => "node",
            Self::Holder => "holder",
        }
    }
}

/// A process by its configuration.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) kind: Kind,
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
        let process: AnyProcess = config::load(file)?;
        // A node has a section of that name too, about the broker that it calls.
        let broker = process.broker.filter(|section| section.sign_key.is_some());
        let (kind, section) = match (process.agency, broker, process.holder) {
            (Some(agency), _, _) => (Kind::Node, agency),
            (None, Some(broker), _) => (Kind::Broker, broker),
            (None, None, Some(holder)) => (Kind::Holder, holder),
            (None, None, None) => return Err(Failure::new(Reason::ConfigInvalid, file.display())),
        };
        let missing = || Failure::new(Reason::ConfigInvalid, file.display());
        let signer = load_signing_key(section.sign_key.ok_or_else(missing)?.path())?;
        let mut keys = vec![signer.verifying_key().to_bytes()];
        if let Some(previous) = section.previous_sign_key {
            keys.push(load_signing_key(previous.path())?.verifying_key().to_bytes());
        }
        Ok(Self {
            kind,
            oin: oin(&process.identity)?,
            store: process.store.path.path().to_owned(),
            backup: process.backup,
            factors: section.factors.map(|place| place.path().to_owned()),
            keys,
            signer,
            now: now(&process.identity, &process.clock)?,
            region: Root::load(process.identity.root.path())?.fingerprint().to_string(),
        })
    }

    /// What one of its ledgers is called in checkpoints.
    pub(crate) fn origin(&self, ledger: &str) -> Option<Origin> {
        let (base, number) = of_name(ledger);
        let origin = match self.kind {
            Kind::Broker if base == Kind::Broker.word() => Origin::of_broker(&self.region, number),
            _ => Origin::of_member(&self.region, &self.oin, base, number),
        };
        origin.ok()
    }
}
