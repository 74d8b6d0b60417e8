//! What the broker saw of every node over a period, for the college to lay beside what the nodes
//! count of themselves (domain 4a.29): slots in which nothing came, and questions that never
//! reached them. Counted from its ledger, and signed with a head of it.

pub(crate) mod service;

use std::collections::BTreeMap;

use grondslag_core::canonical::Canonical;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::MEASURES_MAX;
use grondslag_core::metrics::{Count, FORMAT, Period, Report, SignedReport};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::Batch;
use grondslag_runtime::metrics::entries;

use crate::broker::Broker;
use crate::deliver::Silent;
use crate::limits::{LOOKUP_PAGE, METRICS_LEAVES_MAX};

/// Makes the report of a period and signs it. The leaf `grondslag/leaf/metrics/v1` (period, digest
/// of the report, moment) is recorded first.
///
/// # Errors
/// Those of [`report`], or why it could not be recorded.
pub(crate) async fn make(broker: &Broker, period: Period) -> Result<SignedReport, Reason> {
    let report = report(broker, period).await?;
    let leaf = Canonical::new("grondslag/leaf/metrics/v1")
        .text(&period.to_string())
        .bytes(Digest::of(&report.canonical()).as_bytes())
        .signed(report.made_at.ms())
        .finish();
    let entry = Entry { about: Digest::of(&leaf), leaf, state: Batch::new() };
    broker.ledger.append(entry).await.map_err(LedgerError::reason)?;
    let card = broker.directory.last_card(&broker.oin).ok_or(Reason::CardInvalid)?;
    Ok(report.sign(card, &broker.sign_key))
}

/// The report of a period: `slots.missed.<OIN>` and `unreached.<OIN>` of every agency that missed
/// something.
///
/// # Errors
/// `PERIOD_BAD` for one that is not over, `TOO_LARGE` for more than is counted at once; else why
/// the ledger could not be read.
pub(crate) async fn report(broker: &Broker, period: Period) -> Result<Report, Reason> {
    let now = broker.clock.now();
    let counted = entries(&broker.ledger, period, now, METRICS_LEAVES_MAX).await?;
    Ok(Report {
        format: FORMAT.to_owned(),
        region: broker.region.clone(),
        oin: broker.oin.clone(),
        broker: broker.oin.clone(),
        period,
        made_at: now,
        counts: count(broker, counted.from, counted.until).await?,
        counted,
        knows: knows(broker),
    })
}

/// The agencies of the region.
fn knows(broker: &Broker) -> BTreeMap<Oin, String> {
    let cards = broker.directory.signed().into_iter().map(|signed| signed.card);
    let asked = cards.filter(|card| card.kind.is_asked());
    asked.map(|card| (card.oin, card.name)).collect()
}

/// Counts the leaves from one entry up to another.
async fn count(broker: &Broker, from: u64, until: u64) -> Result<BTreeMap<String, Count>, Reason> {
    let (mut counts, mut next) = (BTreeMap::<String, u64>::new(), from);
    while next < until {
        let page = broker.ledger.read(next, LOOKUP_PAGE).await.map_err(LedgerError::reason)?;
        let last = page.last().ok_or(Reason::StoreCorrupt)?.index;
        let leaves = page.iter().filter(|record| record.index < until);
        for silent in leaves.filter_map(|record| Silent::parse(&record.leaf)) {
            let (what, more) = match silent.missed {
                Some(slots) => ("slots.missed", slots.into()),
                None => ("unreached", 1),
            };
            let all = counts.entry(format!("{what}.{}", silent.agency)).or_default();
            *all = all.saturating_add(more);
        }
        next = last.saturating_add(1);
    }
    if counts.len() > MEASURES_MAX {
        return Err(Reason::TooLarge);
    }
    Ok(counts.into_iter().map(|(name, count)| (name, Count::Exact(count))).collect())
}
