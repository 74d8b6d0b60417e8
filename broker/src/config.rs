//! The broker's one TOML file.

use grondslag_core::limits::FANOUT_TTL_MS_MAX;
use grondslag_runtime::config::{
    Clock, Identity, InputFile, Limits, Listen, Log, Place, SecretFile, Store, Within,
};
use grondslag_runtime::run::{Common, ProcessConfig};
use serde::Deserialize;

/// The file, section by section. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerConfig {
    /// Who the broker is.
    pub identity: Identity,
    /// Where it listens.
    #[serde(default)]
    pub listen: Listen,
    /// What lasts.
    pub store: Store,
    /// What it tells its operator.
    #[serde(default)]
    pub log: Log,
    /// Where dates come from.
    #[serde(default)]
    pub clock: Clock,
    /// What an operator may tune.
    #[serde(default)]
    pub limits: Limits,
    /// What only a broker has.
    pub broker: Broker,
    /// The rules.
    #[serde(default)]
    pub policy: Policy,
}

/// `[broker]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Broker {
    /// Its name on its card.
    pub name: String,
    /// Telephone of the operator on duty.
    pub duty_phone: String,
    /// The region authority's admission of the broker itself.
    pub admission: InputFile,
    /// Ed25519 key that signs attestations.
    pub sign_key: SecretFile,
    /// Folder that the operator's commands write.
    pub operator: Place,
    /// How long all nodes together get to answer one question.
    #[serde(default = "fanout_ms")]
    pub fanout_ms: Within<1, FANOUT_TTL_MS_MAX>,
}

/// `[policy]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Folder with the rules; absent means those that came with the program.
    pub folder: Option<Place>,
}

impl ProcessConfig for BrokerConfig {
    const PROCESS: &'static str = "broker";

    fn common(&self) -> Common {
        Common {
            identity: self.identity.clone(),
            store: self.store.clone(),
            log: self.log.clone(),
            clock: self.clock.clone(),
            limits: self.limits.clone(),
        }
    }
}

fn fanout_ms() -> Within<1, FANOUT_TTL_MS_MAX> {
    Within::clamped(10_000)
}
