//! What every handler does at the rim of a call: who calls, and how a fault leaves.

use grondslag_certs::{DeskPeer, Peer};
use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use grondslag_proto::reply::refusal;
use grondslag_proto::status::{fault, rejected};
use grondslag_proto::v1;
use tonic::{Request, Status};

use crate::otlp::Flow;
use crate::telemetry::corr;

/// Metadata key of the reader's language.
pub const LANG_KEY: &str = "grondslag-lang";

/// The agency that calls, as the listener verified it.
///
/// # Errors
/// `CERTIFICATE_MISSING` on a listener that verifies no agencies: a fault of ours.
pub fn peer<T>(request: &Request<T>) -> Result<&Peer, Status> {
    request.extensions().get().ok_or_else(|| rejected(Reason::CertificateMissing))
}

/// The member of staff who calls, as the desk listener verified them.
///
/// # Errors
/// `CERTIFICATE_MISSING` on a listener that verifies no staff: a fault of ours.
pub fn desk_peer<T>(request: &Request<T>) -> Result<&DeskPeer, Status> {
    request.extensions().get().ok_or_else(|| rejected(Reason::CertificateMissing))
}

/// The language that a member of staff reads, as their request says; Dutch unless it does.
pub fn lang<T>(request: &Request<T>) -> Lang {
    let word = request.metadata().get(LANG_KEY).and_then(|word| word.to_str().ok());
    word.and_then(|word| word.parse().ok()).unwrap_or(Lang::Nl)
}

/// To which trace the call belongs, for a handler that finds out of which target it is.
pub fn flow<T>(request: &Request<T>) -> Flow {
    request.extensions().get().cloned().unwrap_or_default()
}

/// A fault leaves as its code and a correlation id; the log says the same id.
pub fn report(reason: Reason) -> Status {
    let correlation = corr();
    tracing::error!(reason = reason.code(), corr = %correlation, "a call failed");
    fault(reason, &correlation)
}

/// A refusal travels as data.
///
/// # Errors
/// A fault of this process, as [`report`] makes it.
pub fn checked(reason: Reason) -> Result<Reason, Status> {
    if reason.is_fault() { Err(report(reason)) } else { Ok(reason) }
}

/// The refusal as an answer carries it.
///
/// # Errors
/// See [`checked`].
pub fn said(reason: Reason) -> Result<Option<v1::Refusal>, Status> {
    checked(reason).map(|reason| Some(refusal(reason)))
}
