//! What each node counts of itself over a period, and the broker of all nodes, signed, for the
//! college to compare (domain 4a.29). No person is in it, and no count that could point at a child.
//!
//! What depends on whether a child is known (outcomes, refusals, reviews, terms that passed) leaves
//! the node only as tens, and below ten not at all (domain Q11), also when it is none: that a
//! school refused nothing in a month tells who asked it once what its neutral answer was.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ed25519_dalek::SigningKey;
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::canonical::Canonical;
use crate::card::SignedCard;
use crate::checkpoint::{Origin, SignedCheckpoint};
use crate::clock::Timestamp;
use crate::id::Oin;
use crate::limits::MEASURES_MAX;
use crate::reason::Reason;
use crate::statement;

/// What a file of this form says that it is.
pub const FORMAT: &str = "grondslag/metrics/v2";
/// Least that a count which could point at a child comes to, and what it is rounded to (Q11).
const LEAST: u64 = 10;

/// How long a person took until the asker heard, in steps of milliseconds.
pub const STEPS: [(&str, i64); 5] = [
    ("15m", 15 * MINUTE_MS),
    ("2h", 2 * HOUR_MS),
    ("24h", 24 * HOUR_MS),
    ("72h", 72 * HOUR_MS),
    ("more", i64::MAX),
];
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A month (`2026-06`) or half a year (`2026-H1`) of the Dutch calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    first: Date,
    months: i8,
}

impl Period {
    /// Its first moment.
    ///
    /// # Errors
    /// `PERIOD_BAD` for a day that has none.
    pub fn start(self) -> Result<Timestamp, Reason> {
        Timestamp::start_of(self.first).map_err(|_| Reason::PeriodBad)
    }

    /// The first moment after it.
    ///
    /// # Errors
    /// `PERIOD_BAD` for a day that has none.
    pub fn end(self) -> Result<Timestamp, Reason> {
        let next = self.first.checked_add(Span::new().months(self.months));
        next.ok().and_then(|day| Timestamp::start_of(day).ok()).ok_or(Reason::PeriodBad)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.first.year(), self.first.month());
        match (self.months, month) {
            (1, _) => write!(f, "{year:04}-{month:02}"),
            (_, 1) => write!(f, "{year:04}-H1"),
            _ => write!(f, "{year:04}-H2"),
        }
    }
}

impl FromStr for Period {
    type Err = Reason;

    fn from_str(text: &str) -> Result<Self, Reason> {
        let (year, part) = text.split_once('-').ok_or(Reason::PeriodBad)?;
        let year: i16 = digits(year, 4)?.parse().map_err(|_| Reason::PeriodBad)?;
        let (month, months) = match part {
            "H1" => (1, 6),
            "H2" => (7, 6),
            month => (digits(month, 2)?.parse().map_err(|_| Reason::PeriodBad)?, 1),
        };
        let first = Date::new(year, month, 1).map_err(|_| Reason::PeriodBad)?;
        Ok(Self { first, months })
    }
}

impl TryFrom<String> for Period {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

/// Text of so many digits.
fn digits(text: &str, long: usize) -> Result<&str, Reason> {
    let plain = text.len() == long && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then_some(text).ok_or(Reason::PeriodBad)
}

/// A count as it may leave the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// As it was counted: it depends on no child.
    Exact(u64),
    /// To the nearest ten.
    About(u64),
    /// Fewer than ten, or none, or left out because it would tell another that is.
    Few,
}

impl Count {
    /// One that could point at a child.
    pub const fn tens(count: u64) -> Self {
        if count < LEAST { Self::Few } else { Self::About(rounded(count)) }
    }

    fn word(self) -> String {
        match self {
            Self::Exact(count) => format!("exact {count}"),
            Self::About(count) => format!("about {count}"),
            Self::Few => "few".to_owned(),
        }
    }

    /// What it comes to, as far as it is told.
    pub const fn told(self) -> Option<u64> {
        match self {
            Self::Exact(count) | Self::About(count) => Some(count),
            Self::Few => None,
        }
    }
}

/// Counts of one kind that add up to something that others may know, as they may leave: tens, few
/// below ten, and never one alone that is left out, for the others would tell it.
pub fn suppressed<K: Ord + Clone>(counts: &BTreeMap<K, u64>) -> BTreeMap<K, Count> {
    let mut shown: BTreeMap<K, Count> =
        counts.iter().map(|(key, count)| (key.clone(), Count::tens(*count))).collect();
    let few = shown.values().filter(|count| **count == Count::Few).count();
    let least =
        counts.iter().filter(|(_, count)| **count >= LEAST).min_by_key(|(_, count)| **count);
    if let (1, Some((key, _))) = (few, least) {
        shown.insert(key.clone(), Count::Few);
    }
    shown
}

/// To the nearest ten, halves up.
const fn rounded(count: u64) -> u64 {
    count.saturating_add(LEAST / 2) / LEAST * LEAST
}

/// Where in its ledger a node counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// What the ledger is called.
    pub origin: Origin,
    /// The first entry of the period.
    pub from: u64,
    /// The first entry after it.
    pub until: u64,
    /// A head of that ledger, signed: a C2SP note.
    pub checkpoint: String,
}

/// What a node counted of itself, or a broker of all nodes, over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// Fingerprint of the region's root.
    pub region: String,
    /// The agency.
    pub oin: Oin,
    /// The broker that it goes by: whoever else has a broker's card, as a key holder has, does not
    /// speak for it.
    pub broker: Oin,
    /// Over what.
    pub period: Period,
    /// When it was made.
    pub made_at: Timestamp,
    /// Counts, by name.
    pub counts: BTreeMap<String, Count>,
    /// What they were counted from.
    pub counted: Counted,
    /// Other agencies that this one knows, with their names.
    pub knows: BTreeMap<Oin, String>,
}

impl Report {
    /// Signs it with the key of its card.
    #[must_use]
    pub fn sign(self, card: SignedCard, key: &SigningKey) -> SignedReport {
        let signature = hex::encode(statement::sign(key, &self.canonical()));
        SignedReport { report: self, card, signature }
    }

    /// The bytes that the card's key signs.
    pub fn canonical(&self) -> Vec<u8> {
        let Counted { origin, from, until, checkpoint } = &self.counted;
        let knows = self.knows.iter().map(|(oin, name)| format!("{oin} {name}"));
        let counts = self.counts.iter().map(|(name, count)| format!("{name} {}", count.word()));
        Canonical::new(FORMAT)
            .text(&self.region)
            .text(self.oin.as_str())
            .text(self.broker.as_str())
            .text(&self.period.to_string())
            .signed(self.made_at.ms())
            .list(counts.collect::<Vec<_>>().into_iter())
            .text(origin.as_str())
            .number(*from)
            .number(*until)
            .text(checkpoint)
            .list(knows.collect::<Vec<_>>().into_iter())
            .finish()
    }
}

/// A report with what proves it, as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReport {
    /// The report.
    pub report: Report,
    /// The agency's card, which the region vouches for.
    pub card: SignedCard,
    /// Ed25519 signature of the card's key, in hexadecimal.
    pub signature: String,
}

impl SignedReport {
    /// Holds a report against its card, which the reader verified.
    ///
    /// # Errors
    /// `METRICS_INVALID` for one that is altered, unsigned, by another key or of another form;
    /// `METRICS_REGION` for one of another region.
    pub fn check(&self, region: &str) -> Result<(), Reason> {
        let Self { report, card, signature } = self;
        if report.region != region {
            return Err(Reason::MetricsRegion);
        }
        let fits = report.format == FORMAT
            && report.oin == card.card.oin
            && report.counts.len() <= MEASURES_MAX
            && report.counted.from <= report.counted.until
            && report.made_at >= report.period.end()?;
        let signature: Option<[u8; 64]> =
            hex::decode(signature).ok().and_then(|bytes| bytes.try_into().ok());
        let (true, Some(signature)) = (fits, signature) else {
            return Err(Reason::MetricsInvalid);
        };
        let key = &card.card.sign_key;
        let signed = statement::verify(key, &report.canonical(), &signature);
        signed.map_err(|_| Reason::MetricsInvalid)?;
        self.check_head()
    }

    /// The ledger reached as far as was counted, by its own signed head.
    fn check_head(&self) -> Result<(), Reason> {
        let Counted { origin, until, checkpoint, .. } = &self.report.counted;
        let head = SignedCheckpoint::parse(checkpoint).map_err(|_| Reason::MetricsInvalid)?;
        let signed = head.verify(&self.card.card.sign_key);
        signed.map_err(|_| Reason::MetricsInvalid)?;
        let is_own = head.checkpoint().origin == *origin && self.is_own(origin);
        let reaches = is_own && head.checkpoint().size >= *until;
        if reaches { Ok(()) } else { Err(Reason::MetricsInvalid) }
    }

    /// The ledger of a broker is the region's, and bears no agency.
    fn is_own(&self, origin: &Origin) -> bool {
        let Report { region, oin, .. } = &self.report;
        let rest = origin.as_str().strip_prefix(&format!("{region}/"));
        rest.is_some_and(|rest| {
            if self.is_of_broker() {
                !rest.contains('/')
            } else {
                rest.starts_with(&format!("{oin}/"))
            }
        })
    }

    /// Whether a broker says what it saw, and not an agency what it did.
    pub fn is_of_broker(&self) -> bool {
        !self.card.card.kind.is_asked()
    }
}

#[cfg(test)]
mod tests;
