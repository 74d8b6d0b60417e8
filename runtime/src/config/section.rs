//! The sections that every process has.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use grondslag_certs::tls::TlsFiles;
use grondslag_core::officers::{Appointment, Officers};
use grondslag_core::operators::{Operator, Operators};
use grondslag_evidence::store::Backend;
use serde::{Deserialize, Deserializer, de};

use super::path::{InputFile, Place, SecretFile};

/// Port when none is set.
const PORT: u16 = 8443;

/// `[identity]`: who the process is. The organisation and the mode follow from the certificate.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Certificate of the organisation, PEM.
    pub cert: InputFile,
    /// Its private key, PEM, readable by its owner alone.
    pub key: SecretFile,
    /// Certificate of the region authority, PEM.
    pub root: InputFile,
    /// Certificates that the authority revoked, PEM.
    pub crl: InputFile,
}

impl Identity {
    /// The same as the certs crate names them.
    pub fn files(&self) -> TlsFiles {
        TlsFiles {
            root: self.root.path().to_owned(),
            crl: self.crl.path().to_owned(),
            cert: self.cert.path().to_owned(),
            key: self.key.path().to_owned(),
        }
    }
}

/// `[region]`: who decides for the whole region, pinned when the process was made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The operators' public lines, of at least two organisations.
    pub operators: Operators,
    /// The list of witnesses that two of them signed.
    pub witnesses: InputFile,
    /// The privacy officers who may sign the first rules that are published; after that the rules
    /// themselves say who may sign the next. None: nothing can be published.
    #[serde(default, deserialize_with = "pinned")]
    pub officers: Officers,
}

/// Officers as they are pinned, one text each.
fn pinned<'de, D: Deserializer<'de>>(from: D) -> Result<Officers, D::Error> {
    let lines = Vec::<String>::deserialize(from)?;
    let all = lines.iter().map(|line| Appointment::parse(line).map_err(de::Error::custom));
    Ok(Officers::new(all.collect::<Result<_, _>>()?))
}

/// Where a new process looks for the list of witnesses.
pub const WITNESSES_FILE: &str = "witnesses.json";

impl Region {
    /// The section that pins these operators, for a new configuration; nothing without operators.
    pub fn section(operators: &[Operator], officers: &[Appointment]) -> String {
        if operators.is_empty() {
            return String::new();
        }
        let lines = listed(operators);
        let officers = match officers {
            [] => String::new(),
            some => format!(
                "officers = [                       # who may sign the first rules, and until when
{}]
",
                listed(some)
            ),
        };
        format!(
            "
[region]
operators = [                      # pinned: read each line to its operator over the telephone
{lines}]
witnesses = \"{WITNESSES_FILE}\"       # signed by two of them; put each next list in its place
{officers}"
        )
    }
}

fn listed<T: std::fmt::Display>(all: &[T]) -> String {
    let lines: Vec<String> = all.iter().map(|one| format!("  \"{one}\",\n")).collect();
    lines.concat()
}

/// `[listen]` (and `[desk]`): where the process can be called.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listen {
    /// Address and port; port 0 takes a free one.
    pub address: SocketAddr,
}

impl Default for Listen {
    fn default() -> Self {
        Self { address: (Ipv4Addr::LOCALHOST, PORT).into() }
    }
}

/// `[store]`: where the process keeps what must last.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// Folder of the store.
    pub path: Place,
    /// Which store: `sled` on disk, or `memory` for trying out (nothing outlives the process).
    #[serde(default = "on_disk")]
    pub backend: Backend,
}

const fn on_disk() -> Backend {
    Backend::Sled
}

/// `[log]`: what the process tells its operator.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For machines or for people.
    pub format: Form,
    /// The least important event that is shown.
    pub level: Level,
    /// File to append to; absent means standard error.
    pub file: Option<Place>,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// One JSON object per line.
    #[default]
    Json,
    /// One line that people read easily.
    Pretty,
}

/// The least important event that is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Something failed.
    Error,
    /// Something needs attention.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// Why it happens.
    Debug,
}

/// `[telemetry]`: traces and metrics for a collector of the operator. Absent means none.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Telemetry {
    /// The collector, as in `http://127.0.0.1:4317`; absent means that nothing is exported.
    pub otlp_endpoint: Option<Collector>,
    /// Time between two exports.
    pub interval_ms: Within<100, 3_600_000>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp_endpoint: None, interval_ms: Within::clamped(10_000) }
    }
}

/// A collector on this machine: what is sent to it is not encrypted, so it crosses no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Collector(SocketAddr);

impl Collector {
    /// Where it listens.
    pub const fn address(self) -> SocketAddr {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let address: SocketAddr = text.strip_prefix("http://")?.parse().ok()?;
        (address.ip().is_loopback() && address.port() != 0).then_some(Self(address))
    }
}

impl<'de> Deserialize<'de> for Collector {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(
                "expected http://127.0.0.1:PORT or http://[::1]:PORT: a collector on this machine, \
                 which may pass on what it gets",
            )
        })
    }
}

/// `[backup]`: where the process puts its backups. Absent means that it makes none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Public key of those who may open them, from `grondslag backup keys`. The private one is
    /// kept elsewhere.
    pub key: InputFile,
    /// Their folder. Nothing removes an old one.
    pub folder: Place,
    /// Hours between two.
    #[serde(default = "every_hour")]
    pub every_h: Within<1, 744>,
}

const fn every_hour() -> Within<1, 744> {
    Within::clamped(1)
}

/// `[clock]`: where dates come from. Absent means the system's clock.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Clock {
    /// The region clock of a demo region. Production refuses it.
    pub region_file: Option<InputFile>,
}

/// A whole number within stated ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Within<MIN, MAX> {
    /// The number, moved to the nearer end when it lies outside.
    pub const fn clamped(value: u64) -> Self {
        Self(if value < MIN {
            MIN
        } else if value > MAX {
            MAX
        } else {
            value
        })
    }

    /// As it is.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// As a count.
    pub fn count(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// As milliseconds.
    pub const fn ms(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Within<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = u64::deserialize(from)?;
        if (MIN..=MAX).contains(&value) {
            Ok(Self(value))
        } else {
            let what = format!("expected a whole number from {MIN} to {MAX}");
            Err(de::Error::custom(what))
        }
    }
}

/// `[limits]`: what an operator may tune, each within its range.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// TLS handshakes at the same time; a slow one holds its place until its timeout.
    pub handshakes_max: Within<1, 4_096>,
    /// Longest TLS handshake.
    pub handshake_ms_max: Within<100, 60_000>,
    /// Open connections at the same time.
    pub connections_max: Within<1, 65_536>,
    /// Calls at the same time on one connection.
    pub streams_max: Within<1, 10_000>,
    /// Longest time until a call's first answer.
    pub call_ms_max: Within<100, 600_000>,
    /// Longest time to reach another party, its handshake included.
    pub connect_ms_max: Within<10, 60_000>,
    /// Time between "not serving" and the end of accepting, so that callers can turn away.
    pub notice_ms: Within<0, 60_000>,
    /// Longest time that calls in flight get after that.
    pub grace_ms_max: Within<0, 600_000>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshakes_max: Within::clamped(128),
            handshake_ms_max: Within::clamped(5_000),
            connections_max: Within::clamped(1_024),
            streams_max: Within::clamped(256),
            // The longest call is a question that fans out; five seconds more let it end itself.
            call_ms_max: Within::clamped(grondslag_core::limits::FANOUT_TTL_MS_MAX + 5_000),
            connect_ms_max: Within::clamped(5_000),
            notice_ms: Within::clamped(200),
            grace_ms_max: Within::clamped(10_000),
        }
    }
}
