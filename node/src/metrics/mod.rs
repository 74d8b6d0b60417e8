//! What this node counts of itself over a period, for the college to compare (domain 4a.29): from
//! the records behind the leaves of its own ledger, and signed with the card's key together with a
//! head of that ledger. No person is in it; what could point at a child leaves as tens alone
//! ([`grondslag_core::metrics`]).

pub(crate) mod service;
mod tally;

use std::collections::BTreeMap;

use grondslag_core::id::{Digest, Oin};
use grondslag_core::metrics::{FORMAT, Period, Report, SignedReport};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::{Opening, committed, open};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_policy::retention::Kept;
use grondslag_runtime::metrics::entries;

use self::tally::Tally;
use crate::agency::Agency;
use crate::glass;
use crate::limits::{LEDGER_PAGE, METRICS_LEAVES_MAX};
use crate::recorded::{Kind, append};
use crate::staff::ActingStaff;

/// Makes the report of a period. That somebody had it made, and what came of it, is recorded first.
///
/// # Errors
/// `PERIOD_BAD` for one that is not over, or of which records were forgotten; `TOO_LARGE` for more
/// leaves than are counted at once; else why store and ledger could not be read or written.
pub(super) async fn make(
    agency: &Agency,
    by: &ActingStaff,
    period: Period,
) -> Result<SignedReport, Reason> {
    let now = agency.clock.now();
    let (start, end) = (period.start()?, period.end()?);
    if agency.pack().retention().end(Kept::Decision, start) <= now {
        return Err(Reason::PeriodBad);
    }
    let counted = entries(&agency.ledger, period, now, METRICS_LEAVES_MAX).await?;
    let mut tally = count(agency, counted.from, counted.until).await?;
    tally.finish(agency).await?;
    for (name, count) in glass::counted(agency, start, end).await? {
        tally.exact(name, count);
    }
    let report = Report {
        format: FORMAT.to_owned(),
        region: agency.context.region_name(),
        oin: agency.oin.clone(),
        broker: agency.broker.clone(),
        period,
        made_at: now,
        counts: tally.shown(),
        counted,
        knows: knows(agency),
    };
    let body = Kind::MetricsMade
        .canonical()
        .text(by.person().id().as_str())
        .text(by.role().as_str())
        .text(&period.to_string())
        .bytes(Digest::of(&report.canonical()).as_bytes());
    append(agency, Kind::MetricsMade, body, Batch::new()).await?;
    let card = agency.directory.with_book(|cards| {
        cards
            .signed()
            .find(|(signed, _)| signed.card.oin == agency.oin)
            .map(|(card, _)| card.clone())
    });
    Ok(report.sign(card.ok_or(Reason::CardInvalid)?, &agency.sign_key))
}

/// The other agencies of the region that can be asked: who reads the reports of all knows by these
/// whose is missing.
fn knows(agency: &Agency) -> BTreeMap<Oin, String> {
    let others = agency.directory.cards().into_iter().map(|card| card.card().clone());
    let asked = others.filter(|card| card.kind.is_asked() && card.oin != agency.oin);
    asked.map(|card| (card.oin, card.name)).collect()
}

/// Counts what stands behind the leaves from one entry up to another.
async fn count(agency: &Agency, from: u64, until: u64) -> Result<Tally, Reason> {
    let (mut tally, mut next) = (Tally::new(), from);
    while next < until {
        let page = agency.ledger.read(next, LEDGER_PAGE).await.map_err(LedgerError::reason)?;
        let last = page.last().ok_or(Reason::StoreCorrupt)?.index;
        for record in page.iter().filter(|record| record.index < until) {
            if !committed(&record.leaf).is_some_and(|(kind, _)| Tally::counts(kind)) {
                continue;
            }
            let opened = open(agency.store.as_ref(), &record.leaf).await;
            if let Opening::Opened(opened) = opened.map_err(StoreError::reason)? {
                tally.add(&opened.kind, &opened.body)?;
            }
        }
        next = last.saturating_add(1);
    }
    Ok(tally)
}

#[cfg(test)]
mod tests;
