//! The broker's one TOML file.
//!
//! ```toml
//! [identity]                       # made by `grondslag broker init` and the region's authority
//! cert = "cert.pem"
//! key = "key.pem"
//! root = "ca.pem"
//! crl = "crl.pem"
//!
//! [listen]                         # for the region's nodes
//! address = "127.0.0.1:9443"
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
//! [policy]                         # absent: the rules that came with the program
//! folder = "policy"
//!
//! [broker]
//! name = "Makelaar Drieveen"
//! duty_phone = "088 990 00 00"
//! admission = "admission.json"
//! sign_key = "sign.key"
//! previous_sign_key = "sign.key.old"   # for a while after a change of sign_key
//! operator = "operator"
//! factors = "factors.sealed"       # made by the broker; in no backup
//! factors_key = "factors.key"      # 32 bytes, better on another device
//! fanout_ms = 10000
//!
//! [region]                         # pinned when it was made; in production never absent
//! operators = [                    # of different organisations, from `grondslag operator init`
//!   "00000099000000001000+a819a1c1+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
//!   "00000099000000002000+89ad567d+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
//! ]
//! witnesses = "witnesses.json"     # signed by two of them
//!
//! [budget]                         # questions for one purpose on a day without a second person
//! person_per_day = 200
//! agency_per_day = 2000
//!
//! [key_holder]                     # absent: the broker is the only one
//! oin = "00000099000000012000"
//! endpoint = "127.0.0.1:9444"
//! ```

use grondslag_core::id::Oin;
use grondslag_core::limits::{AGENCY_PER_DAY, FANOUT_TTL_MS_MAX, PER_DAY_MAX, PERSON_PER_DAY};
use grondslag_runtime::config::{
    Backup, Clock, Identity, InputFile, Limits, Listen, Log, Place, Region, SecretFile, Store,
    Telemetry, Within,
};
use grondslag_runtime::run::{Common, ProcessConfig};
use serde::Deserialize;

use crate::limits::{POINTS_PER_EPOCH, POINTS_PER_EPOCH_MAX, STEPS_PER_DAY, STEPS_PER_DAY_MAX};

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
    /// What its operator's collector gets.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// Where dates come from.
    #[serde(default)]
    pub clock: Clock,
    /// What an operator may tune.
    #[serde(default)]
    pub limits: Limits,
    /// What only a broker has.
    pub broker: Broker,
    /// Who decides for the whole region; absent only in a trial.
    #[serde(default)]
    pub region: Option<Region>,
    /// The rules.
    #[serde(default)]
    pub policy: Policy,
    /// How much may be asked.
    #[serde(default)]
    pub budget: Budget,
    /// A second key holder, of another organisation; absent means that the broker is the only one.
    #[serde(default)]
    pub key_holder: Option<KeyHolder>,
    /// Its backups; absent means that it makes none.
    #[serde(default)]
    pub backup: Option<Backup>,
}

/// `[key_holder]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyHolder {
    /// Its organisation.
    pub oin: Oin,
    /// Where it is reached, `host:port`.
    pub endpoint: String,
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
    /// Ed25519 key of its card, which signs attestations.
    pub sign_key: SecretFile,
    /// The key of its previous card, kept for a while after a change.
    #[serde(default)]
    pub previous_sign_key: Option<SecretFile>,
    /// Folder that the operator's commands write.
    pub operator: Place,
    /// The sealed file of this key holder's factors, which the broker makes itself.
    pub factors: Place,
    /// The key under which it is sealed: 32 bytes.
    pub factors_key: SecretFile,
    /// Most targets that the questions of one agency may have in a day, let through or not.
    #[serde(default = "steps_per_day")]
    pub steps_per_day: StepsPerDay,
    /// Most points that one node may enrol in an epoch, padding included.
    #[serde(default = "points_per_epoch")]
    pub points_per_epoch: PointsPerEpoch,
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

/// `[budget]`: questions for one purpose on one day that need no second person.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// Of one person.
    pub person_per_day: Within<1, PER_DAY_MAX>,
    /// Of one agency.
    pub agency_per_day: Within<1, PER_DAY_MAX>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { person_per_day: person_per_day(), agency_per_day: agency_per_day() }
    }
}

impl ProcessConfig for BrokerConfig {
    const PROCESS: &'static str = "broker";

    fn common(&self) -> Common {
        Common {
            identity: self.identity.clone(),
            store: self.store.clone(),
            log: self.log.clone(),
            telemetry: self.telemetry,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            backup: self.backup.clone(),
            sign_key: self.broker.sign_key.clone(),
        }
    }
}

/// How many targets a day may be set.
pub type StepsPerDay = Within<1, STEPS_PER_DAY_MAX>;
/// How many points an epoch may be set.
pub type PointsPerEpoch = Within<1, POINTS_PER_EPOCH_MAX>;

pub(crate) fn steps_per_day() -> StepsPerDay {
    Within::clamped(STEPS_PER_DAY)
}

pub(crate) fn points_per_epoch() -> PointsPerEpoch {
    Within::clamped(POINTS_PER_EPOCH)
}

fn fanout_ms() -> Within<1, FANOUT_TTL_MS_MAX> {
    Within::clamped(10_000)
}

fn person_per_day() -> Within<1, PER_DAY_MAX> {
    Within::clamped(PERSON_PER_DAY)
}

fn agency_per_day() -> Within<1, PER_DAY_MAX> {
    Within::clamped(AGENCY_PER_DAY)
}

#[cfg(test)]
mod tests {
    use grondslag_core::reason::Reason;
    use grondslag_runtime::config::ConfigError;

    use super::*;
    use crate::example_tests::example_of;

    fn loaded(from: &str, to: &str) -> Result<BrokerConfig, ConfigError> {
        example_of(include_str!("config.rs"), from, to)
    }

    #[test]
    fn the_example_is_a_configuration() {
        let config = loaded("", "").unwrap();
        assert_eq!(config.broker.name, "Makelaar Drieveen");
        assert_eq!(config.broker.fanout_ms.count(), 10_000);
        assert!(config.telemetry.otlp_endpoint.is_some());
        let previous = config.broker.previous_sign_key.unwrap();
        assert!(previous.path().ends_with("sign.key.old"));
        assert!(config.policy.folder.unwrap().path().ends_with("policy"));
        assert_eq!(config.budget.person_per_day.count(), 200);
        assert_eq!(config.budget.agency_per_day.count(), 2_000);
        assert_eq!(config.region.unwrap().operators.all().len(), 2);
        assert_eq!(config.key_holder.unwrap().endpoint, "127.0.0.1:9444");
    }

    #[test]
    fn a_typo_is_refused_with_what_was_meant() {
        let refused = |from, to| {
            let error = loaded(from, to).unwrap_err();
            assert_eq!(error.reason(), Reason::ConfigInvalid);
            error.to_string()
        };
        let key = refused("fanout_ms", "fanut_ms");
        assert!(key.ends_with("unknown key `fanut_ms`; did you mean `fanout_ms`?"), "{key}");
        let key = refused(" previous_sign_key", " previos_sign_key");
        assert!(key.ends_with("did you mean `previous_sign_key`?"), "{key}");
        let section = refused("[policy]", "[polcy]");
        assert!(section.ends_with("did you mean `policy`?"), "{section}");
        refused("fanout_ms = 10000", "fanout_ms = 0");
        refused("person_per_day = 200", "person_per_day = 0");
        refused(" admission = ", " #admission = ");
    }
}
