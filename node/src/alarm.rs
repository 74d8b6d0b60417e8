//! Alarms: somebody sent what they should not have. Each stands in the ledger, for the privacy
//! officer.

use grondslag_core::canonical::Canonical;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::Entry;
use grondslag_evidence::store::Batch;

use crate::agency::Agency;

/// Raises an alarm. That it could not be recorded is itself said in the log.
pub(crate) async fn raise(agency: &Agency, about: Digest, reason: Reason) {
    tracing::error!(reason = reason.code(), "alarm: what came was not what it should be");
    let leaf = Canonical::new("grondslag/leaf/alarm/v1")
        .bytes(about.as_bytes())
        .text(reason.code())
        .finish();
    let entry = Entry { about, leaf, state: Batch::new() };
    if let Err(failed) = agency.ledger.append(entry).await {
        tracing::error!(reason = failed.reason().code(), "an alarm could not be recorded");
    }
}
