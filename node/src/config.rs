//! The configuration of a node: one TOML file.
//!
//! ```toml
//! [identity]                       # made by `grondslag node init` and the region's authority
//! cert = "cert.pem"
//! key = "key.pem"
//! root = "ca.pem"
//! crl = "crl.pem"
//!
//! [listen]                         # for the region's broker
//! address = "127.0.0.1:8443"
//!
//! [desk]                           # for the agency's own people and software
//! address = "127.0.0.1:8444"
//! root = "desk/desk-ca.pem"
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
//! [agency]
//! name = "Huisartsenpraktijk De Wierde"
//! kind = "ha"
//! duty_phone = "088 990 00 00"
//! admission = "admission.json"
//! sign_key = "sign.key"
//! secret = "node.secret"
//! pseudonym_key = "pseudonym.key"
//! seal_keys = "seal"               # a folder: the node renews them itself
//! canaries = "canaries.txt"        # from the region's authority; the broker has no such list
//! staff = ["staff.toml"]
//!
//! [broker]
//! oin = "00000099000000001000"
//! endpoint = "127.0.0.1:9443"
//! key_holders = []                 # other organisations' numbers, as the region agreed
//!
//! [region]                         # pinned when it was made; in production never absent
//! operators = [                    # of different organisations, from `grondslag operator init`
//!   "00000099000000001000+a819a1c1+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
//!   "00000099000000002000+89ad567d+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
//! ]
//! witnesses = "witnesses.json"     # signed by two of them
//!
//! [asks]                           # questions for one purpose on a day without a second person
//! person_per_day = 200
//! agency_per_day = 2000
//! canary_minutes = 360             # mean time between questions about made-up subjects; 0: never
//! ```

use grondslag_core::catalogue::Kind;
use grondslag_core::id::{Mode, Oin};
use grondslag_core::limits::{AGENCY_PER_DAY, HOLDERS_MAX, PER_DAY_MAX, PERSON_PER_DAY};
use grondslag_runtime::config::{
    Backup, Clock, ConfigError, Identity, InputFile, Limits, Listen, Log, Place, Region,
    SecretFile, Store, Telemetry, Within,
};
use grondslag_runtime::run::{Common, ProcessConfig};
use grondslag_runtime::witnesses;
use serde::Deserialize;
use std::net::SocketAddr;

use crate::limits::{
    CANARY_MINUTES, CANARY_MINUTES_MAX, REPLY_TICK_MS, REPLY_TICK_MS_MAX, REPLY_TICK_MS_MIN,
    WITNESS_GRACE_S, WITNESS_GRACE_S_MAX,
};

/// A node's configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// Who the process is.
    pub identity: Identity,
    /// Where the region's broker calls it.
    #[serde(default)]
    pub listen: Listen,
    /// Where the agency's own people and software call it.
    pub desk: Desk,
    /// Where it keeps what must last.
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
    /// What an operator tuned.
    #[serde(default)]
    pub limits: Limits,
    /// Which agency it is.
    pub agency: AgencySection,
    /// The region's broker.
    pub broker: BrokerSection,
    /// Who decides for the whole region; absent only in a trial.
    #[serde(default)]
    pub region: Option<Region>,
    /// The rules.
    #[serde(default)]
    pub policy: PolicySection,
    /// How it answers.
    #[serde(default)]
    pub answers: AnswersSection,
    /// How much its people may ask.
    #[serde(default)]
    pub asks: AsksSection,
    /// Its backups; absent means that it makes none.
    #[serde(default)]
    pub backup: Option<Backup>,
}

/// `[desk]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
    /// Root certificate of the node's own desk authority, PEM.
    pub root: InputFile,
}

/// `[agency]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgencySection {
    /// Its name, as the region's directory shows it.
    pub name: String,
    /// Its kind toward those who ask it.
    pub kind: Kind,
    /// Telephone of the professional on duty.
    pub duty_phone: String,
    /// Where others reach the node, `host:port`; absent means the address it listens on.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Its admission, signed by the region's authority.
    pub admission: InputFile,
    /// Ed25519 key of its card.
    pub sign_key: SecretFile,
    /// The key of its previous card, kept for a while after a change.
    #[serde(default)]
    pub previous_sign_key: Option<SecretFile>,
    /// The node's own secret.
    pub secret: SecretFile,
    /// Opens the hidden numbers of questions.
    pub pseudonym_key: SecretFile,
    /// Folder of the keys that answers and details are sealed under.
    pub seal_keys: Place,
    /// The region's list of made-up subjects.
    #[serde(default)]
    pub canaries: Option<InputFile>,
    /// Files with its people.
    #[serde(default)]
    pub staff: Vec<InputFile>,
    /// Whose people in those files; needed when a file is of several agencies.
    #[serde(default)]
    pub id: Option<String>,
    /// Where its register of processing activities stands, an absolute URI: a processing record
    /// names the entry of its purpose in it. Absent: the agency's number names it.
    #[serde(default)]
    pub register: Option<String>,
    /// Folder of the digests of cards with a changed key that the operator accepted.
    #[serde(default)]
    pub accepted: Option<Place>,
}

/// `[broker]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerSection {
    /// The broker's organisation: nobody else may deliver a question.
    pub oin: Oin,
    /// Where it is reached, `host:port`.
    pub endpoint: String,
    /// Key holders of other organisations in this region, the nearest to the nodes first: a number
    /// goes through each of them, or nowhere.
    #[serde(default)]
    pub key_holders: Vec<Oin>,
}

/// `[policy]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySection {
    /// Folder with the region's rules; absent means those that the program was built with.
    pub folder: Option<Place>,
    /// The node's own rules, which may only be stricter.
    pub overlay: Option<InputFile>,
}

/// `[answers]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AnswersSection {
    /// Answers leave at multiples of this after their question came in; 0 is at once, and only
    /// for a demo.
    pub reply_tick_ms: Within<0, REPLY_TICK_MS_MAX>,
    /// Seconds that witnesses have to cover what was answered on; later nothing is answered until
    /// they do.
    pub witness_grace_s: Within<1, WITNESS_GRACE_S_MAX>,
}

impl Default for AnswersSection {
    fn default() -> Self {
        Self {
            reply_tick_ms: Within::clamped(REPLY_TICK_MS),
            witness_grace_s: Within::clamped(WITNESS_GRACE_S),
        }
    }
}

impl AnswersSection {
    /// How long witnesses have to cover what was answered on.
    pub fn witness_grace(&self) -> std::time::Duration {
        std::time::Duration::from_secs(self.witness_grace_s.number())
    }
}

/// `[asks]`: questions for one purpose on one day that need no second person. The region's broker
/// has a budget too; the lower one counts.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AsksSection {
    /// Of one person.
    pub person_per_day: Within<1, PER_DAY_MAX>,
    /// Of the whole agency.
    pub agency_per_day: Within<1, PER_DAY_MAX>,
    /// Mean time between questions about made-up subjects, in minutes; 0: none.
    pub canary_minutes: Within<0, CANARY_MINUTES_MAX>,
}

impl Default for AsksSection {
    fn default() -> Self {
        Self {
            person_per_day: Within::clamped(PERSON_PER_DAY),
            agency_per_day: Within::clamped(AGENCY_PER_DAY),
            canary_minutes: Within::clamped(CANARY_MINUTES),
        }
    }
}

impl AsksSection {
    /// Mean time between questions about made-up subjects.
    pub fn canary_pause(self) -> Option<std::time::Duration> {
        let minutes = self.canary_minutes.number();
        let seconds = minutes.saturating_mul(60);
        (minutes > 0).then(|| std::time::Duration::from_secs(seconds))
    }

    /// Questions of one person.
    pub fn person(self) -> u64 {
        self.person_per_day.number()
    }

    /// Questions of the whole agency.
    pub fn agency(self) -> u64 {
        self.agency_per_day.number()
    }
}

impl NodeConfig {
    /// Settings that depend on the mode, which follows from the certificate.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with the setting.
    pub fn check_mode(&self, mode: Mode) -> Result<(), ConfigError> {
        let tick = self.answers.reply_tick_ms.count();
        let shortest = usize::try_from(REPLY_TICK_MS_MIN).unwrap_or(usize::MAX);
        if mode == Mode::Production && tick < shortest {
            return Err(ConfigError::Refused {
                key: "answers.reply_tick_ms",
                sentence: "in production the tick is at least 20 ms, so that time does not tell \
                           whether a child is known",
            });
        }
        witnesses::check(self.region.as_ref(), mode)
    }
}

impl NodeConfig {
    /// Key holders that make no chain: one that is the broker or this node itself is no other
    /// organisation, and a broker who plays it would be believed.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] with the setting.
    pub fn check_holders(&self, own: &Oin) -> Result<(), ConfigError> {
        let refused = |sentence| ConfigError::Refused { key: "broker.key_holders", sentence };
        let holders = &self.broker.key_holders;
        if holders.iter().any(|holder| *holder == self.broker.oin || holder == own) {
            return Err(refused(
                "a key holder is another organisation than the broker and than this agency",
            ));
        }
        if holders.len() >= HOLDERS_MAX {
            return Err(refused("there is one key holder beside the broker at most"));
        }
        Ok(())
    }
}

impl ProcessConfig for NodeConfig {
    const PROCESS: &'static str = "node";

    fn common(&self) -> Common {
        Common {
            identity: self.identity.clone(),
            store: self.store.clone(),
            log: self.log.clone(),
            telemetry: self.telemetry,
            clock: self.clock.clone(),
            limits: self.limits.clone(),
            backup: self.backup.clone(),
            sign_key: self.agency.sign_key.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example at the top of this file, with more at its end.
    fn parsed(more: &str) -> Result<NodeConfig, toml::de::Error> {
        changed("", "", more)
    }

    fn changed(from: &str, to: &str, more: &str) -> Result<NodeConfig, toml::de::Error> {
        let example: Vec<&str> = include_str!("config.rs")
            .lines()
            .skip_while(|line| !line.contains("```toml"))
            .skip(1)
            .take_while(|line| !line.contains("```"))
            .map(|line| line.trim_start_matches("//!"))
            .collect();
        toml::from_str(&format!("{}\n{more}", example.join("\n").replace(from, to)))
    }

    #[test]
    fn the_example_is_a_configuration_and_a_typo_is_not() {
        let config = parsed("").unwrap();
        assert_eq!(config.agency.kind.as_str(), "ha");
        assert!(config.telemetry.otlp_endpoint.is_some());
        assert_eq!(config.answers.reply_tick_ms.count(), 100);
        assert_eq!((config.asks.person(), config.asks.agency()), (200, 2_000));
        assert_eq!(config.region.unwrap().operators.all().len(), 2);
        assert!(parsed("[answer]\nreply_tick_ms = 1").is_err());
        assert!(parsed("[answers]\nreply_tick = 1").is_err());
        assert!(parsed("[answers]\nreply_tick_ms = 60001").is_err());
        assert!(changed("person_per_day = 200", "person_per_day = 0", "").is_err());
        assert!(changed("person_per_day", "persons_per_day", "").is_err());
    }

    #[test]
    fn a_key_holder_is_another_organisation_and_the_only_one() {
        let own = Oin::parse("00000099000000009000").unwrap();
        let pinned = |list: &str| {
            let config = changed("key_holders = []", &format!("key_holders = [{list}]"), "");
            config.unwrap().check_holders(&own).is_ok()
        };
        let (other, another) = ("\"00000099000000012000\"", "\"00000099000000013000\"");
        assert!(pinned("") && pinned(other));
        assert!(!pinned("\"00000099000000001000\""), "the broker");
        assert!(!pinned("\"00000099000000009000\""), "this agency");
        assert!(!pinned(&format!("{other}, {another}")) && !pinned(&format!("{other}, {other}")));
    }

    #[test]
    fn production_has_operators_and_witnesses() {
        let with = parsed("").unwrap();
        assert!(with.check_mode(Mode::Production).is_ok());
        let without = NodeConfig { region: None, ..with };
        assert!(without.check_mode(Mode::Demo).is_ok());
        assert!(without.check_mode(Mode::Production).is_err());
    }

    #[test]
    fn a_tick_that_tells_is_for_a_demo_only() {
        let with = |ms| parsed(&format!("[answers]\nreply_tick_ms = {ms}")).unwrap();
        assert!(with(0).check_mode(Mode::Demo).is_ok());
        assert!(with(0).check_mode(Mode::Production).is_err());
        assert!(with(19).check_mode(Mode::Production).is_err());
        assert!(with(20).check_mode(Mode::Production).is_ok());
    }
}
