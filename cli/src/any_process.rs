//! A process by its configuration, whichever it is, read as far as backups, restores and audits
//! need; the rest is the process's own business.

use std::path::Path;

use grondslag_core::checkpoint::Origin;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::generation::of_name;
use grondslag_runtime::config::{self, Backup, Clock, Identity, Place, Region, SecretFile, Store};
use grondslag_runtime::run::SignKeys;
use serde::Deserialize;

use crate::exit::Failure;

/// Its configuration.
#[derive(Debug, Deserialize)]
pub(crate) struct AnyProcess {
    pub(crate) identity: Identity,
    pub(crate) store: Store,
    #[serde(default)]
    pub(crate) clock: Clock,
    #[serde(default)]
    pub(crate) backup: Option<Backup>,
    #[serde(default)]
    pub(crate) region: Option<Region>,
    #[serde(default)]
    broker: Option<Section>,
    #[serde(default)]
    agency: Option<Section>,
    #[serde(default)]
    holder: Option<Section>,
}

/// Its keys are named and not read until somebody asks for them: an auditor has none.
#[derive(Debug, Deserialize)]
pub(crate) struct Section {
    #[serde(default)]
    sign_key: Option<SecretFile>,
    #[serde(default)]
    previous_sign_key: Option<SecretFile>,
    #[serde(default)]
    pub(crate) factors: Option<Place>,
}

/// What a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Broker,
    Node,
    Holder,
}

impl AnyProcess {
    /// Reads a configuration.
    pub(crate) fn load(file: &Path) -> Result<Self, Failure> {
        Ok(config::load(file)?)
    }

    /// What it is, and the section that says so: a node's section about its broker names no key.
    pub(crate) fn section(&self, file: &Path) -> Result<(Role, &Section), Failure> {
        let routes = self.broker.as_ref().filter(|section| section.sign_key.is_some());
        match (&self.agency, routes, &self.holder) {
            (Some(agency), _, _) => Ok((Role::Node, agency)),
            (None, Some(broker), _) => Ok((Role::Broker, broker)),
            (None, None, Some(holder)) => Ok((Role::Holder, holder)),
            (None, None, None) => Err(Failure::new(Reason::ConfigInvalid, file.display())),
        }
    }
}

impl Section {
    /// Reads its keys.
    pub(crate) fn keys(&self, file: &Path) -> Result<SignKeys, Failure> {
        let missing = || Failure::new(Reason::ConfigInvalid, file.display());
        let key = self.sign_key.as_ref().ok_or_else(missing)?;
        Ok(SignKeys::load(key, self.previous_sign_key.as_ref())?)
    }
}

impl Role {
    /// The word for it, which is also the name of the ledger that its records stand in.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Broker => "broker",
            Self::Node => "node",
            Self::Holder => "holder",
        }
    }

    /// What a ledger of such a party is called in checkpoints.
    pub(crate) fn origin(self, region: &str, oin: &Oin, ledger: &str) -> Result<Origin, Failure> {
        let (base, number) = of_name(ledger);
        let origin = match self {
            Self::Broker if base == Self::Broker.word() => Origin::of_broker(region, number),
            _ => Origin::of_member(region, oin, base, number),
        };
        origin.map_err(|error| Failure::new(Reason::Internal, error))
    }
}

/// Public keys under which a party's ledgers may be signed: of now, and the one before.
pub(crate) fn public(keys: &SignKeys) -> Vec<[u8; 32]> {
    let keys = [Some(&keys.current), keys.previous.as_ref()];
    keys.into_iter().flatten().map(|key| key.verifying_key().to_bytes()).collect()
}
