//! The key holder's one TOML file.
//!
//! ```toml
//! [identity]                       # made by `grondslag holder init` and the region's authority
//! cert = "cert.pem"
//! key = "key.pem"
//! root = "ca.pem"
//! crl = "crl.pem"
//!
//! [listen]                         # for the region's broker alone
//! address = "127.0.0.1:9444"
//!
//! [store]
//! path = "store"
//!
//! [telemetry]                      # absent: nothing is exported
//! otlp_endpoint = "http://127.0.0.1:4317"
//! interval_ms = 10000
//!
//! [backup]                         # absent: no backup is made
//! key = "backup.pub"               # from `grondslag backup keys`; the private key is elsewhere
//! folder = "backups"
//! every_h = 1
//!
//! [holder]
//! name = "Stichting Sleutelbeheer Drieveen"
//! duty_phone = "088 990 00 01"
//! admission = "admission.json"
//! sign_key = "sign.key"
//! operator = "operator"
//! factors = "factors.sealed"       # made by the holder; in no backup
//! factors_key = "factors.key"      # 32 bytes, better on another device
//! broker = "00000099000000001000"
//! ```

use grondslag_core::id::Oin;
use grondslag_runtime::config::{
    Backup, Clock, Identity, InputFile, Limits, Listen, Log, Place, SecretFile, Store, Telemetry,
};
use grondslag_runtime::run::{Common, ProcessConfig};
use serde::Deserialize;

use crate::config::{PointsPerEpoch, StepsPerDay, points_per_epoch, steps_per_day};

/// The file, section by section. Unknown keys are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderConfig {
    /// Who the holder is.
    pub identity: Identity,
    /// Where it listens.
    #[serde(default)]
    pub listen: Listen,
    /// What lasts.
    pub store: Store,
    /// What it tells its operator.
    #[serde(default)]
    pub log: Log,
    /// What its operator's collector gets.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// Where dates come from.
    #[serde(default)]
    pub clock: Clock,
    /// What an operator may tune.
    #[serde(default)]
    pub limits: Limits,
    /// What only a key holder has.
    pub holder: HolderSection,
    /// Its backups; absent means that it makes none.
    #[serde(default)]
    pub backup: Option<Backup>,
}

/// `[holder]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderSection {
    /// Its name on its card.
    pub name: String,
    /// Telephone of the operator on duty.
    pub duty_phone: String,
    /// Where the broker reaches it, `host:port`; absent means the address it listens on.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region authority's admission of the holder itself: kind broker.
    pub admission: InputFile,
    /// Ed25519 key of its card, which signs links.
    pub sign_key: SecretFile,
    /// The key of its previous card, kept for a while after a change.
    #[serde(default)]
    pub previous_sign_key: Option<SecretFile>,
    /// Folder that the operator's commands write.
    pub operator: Place,
    /// The sealed file of this holder's factors, which it makes itself.
    pub factors: Place,
    /// The key under which it is sealed: 32 bytes.
    pub factors_key: SecretFile,
    /// The region's broker: nobody else is served.
    pub broker: Oin,
    /// Most targets that the questions of one agency may have in a day, let through or not.
    #[serde(default = "steps_per_day")]
    pub steps_per_day: StepsPerDay,
    /// Most points that one node may enrol in an epoch, padding included.
    #[serde(default = "points_per_epoch")]
    pub points_per_epoch: PointsPerEpoch,
}

impl ProcessConfig for HolderConfig {
    const PROCESS: &'static str = "holder";

    fn common(&self) -> Common {
        Common {
            identity: self.identity.clone(),
            store: self.store.clone(),
            log: self.log.clone(),
            telemetry: self.telemetry,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            backup: self.backup.clone(),
            sign_key: self.holder.sign_key.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use grondslag_core::reason::Reason;
    use grondslag_runtime::config::ConfigError;

    use super::*;
    use crate::example_tests::example_of;

    fn loaded(from: &str, to: &str) -> Result<HolderConfig, ConfigError> {
        example_of(include_str!("config.rs"), from, to)
    }

    #[test]
    fn the_example_is_a_configuration_and_a_typo_is_refused_with_what_was_meant() {
        let config = loaded("", "").unwrap();
        assert_eq!(config.holder.broker.as_str(), "00000099000000001000");
        assert!(config.telemetry.otlp_endpoint.is_some());
        assert_eq!(config.holder.steps_per_day.number(), crate::limits::STEPS_PER_DAY);
        let error = loaded("duty_phone", "dutyphone").unwrap_err();
        assert_eq!(error.reason(), Reason::ConfigInvalid);
        assert!(error.to_string().ends_with("did you mean `duty_phone`?"), "{error}");
        assert!(loaded("00000099000000001000", "0000009900").is_err(), "no organisation");
    }
}
