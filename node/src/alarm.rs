//! Alarms: somebody sent what they should not have. Each stands in the ledger, for the privacy
//! officer.

use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::Batch;

use crate::agency::Agency;
use crate::recorded::{Kind, append};

/// Raises an alarm. That it could not be recorded is itself said in the log.
pub(crate) async fn raise(agency: &Agency, about: Digest, reason: Reason) {
    tracing::error!(reason = reason.code(), "alarm: what came was not what it should be");
    let body = Kind::Alarm.canonical().bytes(about.as_bytes()).text(reason.code());
    if let Err(failed) = append(agency, Kind::Alarm, body, Batch::new()).await {
        tracing::error!(reason = failed.code(), "an alarm could not be recorded");
    }
}

/// The broker contradicts itself: that is kept, and alarms. It is said once, so that a broker that
/// goes on does not fill the ledger.
pub(crate) async fn forked(agency: &Agency, about: Digest) {
    if agency.watching.keep_found().await {
        raise(agency, about, Reason::LedgerFork).await;
    }
}
