//! What the reports of a node and of the broker have in common (domain 4a.29).

use grondslag_core::clock::Timestamp;
use grondslag_core::metrics::{Counted, Period, SignedReport};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Ledger, LedgerError};
use grondslag_proto::v1;
use tonic::{Response, Status};

use crate::call::said;

/// The entries that a ledger has of a period, and a head that reaches them.
///
/// # Errors
/// `PERIOD_BAD` for a period that is not over, `TOO_LARGE` for more entries than `most`; or why the
/// ledger cannot be read.
pub async fn entries(
    ledger: &Ledger,
    period: Period,
    now: Timestamp,
    most: u64,
) -> Result<Counted, Reason> {
    let (start, end) = (period.start()?, period.end()?);
    if now < end {
        return Err(Reason::PeriodBad);
    }
    let from = ledger.first_at(start).await.map_err(LedgerError::reason)?;
    let until = ledger.first_at(end).await.map_err(LedgerError::reason)?;
    if until.saturating_sub(from) > most {
        return Err(Reason::TooLarge);
    }
    let head = ledger.checkpoint();
    let (origin, checkpoint) = (head.checkpoint().origin.clone(), head.note());
    Ok(Counted { origin, from, until, checkpoint })
}

/// A report as its service gives it.
///
/// # Errors
/// A fault of this process, as [`said`] makes it.
pub fn given(
    made: Result<SignedReport, Reason>,
) -> Result<Response<v1::MakeMetricsResponse>, Status> {
    let json =
        made.and_then(|made| serde_json::to_string_pretty(&made).map_err(|_| Reason::Internal));
    Ok(Response::new(match json {
        Ok(report_json) => v1::MakeMetricsResponse { report_json, refusal: None },
        Err(reason) => v1::MakeMetricsResponse { refusal: said(reason)?, ..Default::default() },
    }))
}
