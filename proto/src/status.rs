//! The only place that builds a gRPC [`Status`].
//!
//! A refusal is data and never comes here. A fault leaves as a code, a stable reason
//! (`google.rpc.ErrorInfo`) and, where an operator must look, a correlation id; it says nothing
//! about a person and nothing about the inside.

use std::collections::HashMap;

use grondslag_core::lang::Lang;
use grondslag_core::reason::Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Domain of our reasons in `ErrorInfo`.
const DOMAIN: &str = "grondslag";

/// A caller that may not call at all, or a message that is no question.
pub fn rejected(reason: Reason) -> Status {
    build(code_of(reason), reason, HashMap::new())
}

/// A fault on our side: the operator finds the cause in the log under the correlation id.
pub fn fault(reason: Reason, correlation: &str) -> Status {
    let metadata = HashMap::from([("correlation".to_owned(), correlation.to_owned())]);
    build(code_of(reason), reason, metadata)
}

/// The stable reason of a status that one of our processes sent, if it carries one.
pub fn reason_of(status: &Status) -> Option<Reason> {
    status.get_details_error_info().and_then(|info| info.reason.parse().ok())
}

/// What a failed call means to the one who called: our own reason where the status has one, else
/// what the transport tells.
pub fn call_reason(status: &Status) -> Reason {
    reason_of(status).unwrap_or(match status.code() {
        Code::DeadlineExceeded | Code::Cancelled => Reason::DeadlinePassed,
        Code::Unimplemented => Reason::Unimplemented,
        Code::ResourceExhausted | Code::OutOfRange => Reason::TooLarge,
        Code::InvalidArgument => Reason::Malformed,
        Code::Unauthenticated => Reason::CertificateInvalid,
        Code::PermissionDenied => Reason::CallerUnknown,
        Code::Ok
        | Code::Unknown
        | Code::NotFound
        | Code::AlreadyExists
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Reason::Unreachable,
    })
}

fn build(code: Code, reason: Reason, metadata: HashMap<String, String>) -> Status {
    let details = ErrorDetails::with_error_info(reason.code(), DOMAIN, metadata);
    Status::with_error_details(code, reason.sentence(Lang::En), details)
}

fn code_of(reason: Reason) -> Code {
    match reason {
        Reason::CertificateMissing
        | Reason::CertificateInvalid
        | Reason::CertificateOin
        | Reason::CrlExpired => Code::Unauthenticated,
        Reason::CallerUnknown
        | Reason::NotTheBroker
        | Reason::AgencySuspended
        | Reason::ModeMismatch
        | Reason::StaffUnknown
        | Reason::StaffRevoked
        | Reason::MandateEnded => Code::PermissionDenied,
        Reason::Malformed | Reason::TooLarge => Code::InvalidArgument,
        Reason::Unimplemented => Code::Unimplemented,
        Reason::DeadlinePassed => Code::DeadlineExceeded,
        Reason::Busy => Code::ResourceExhausted,
        Reason::StoreUnwritable | Reason::StoreFull | Reason::Unreachable => Code::Unavailable,
        reason if reason.is_fault() => Code::Internal,
        // Any other reason is a refusal, which travels as data: as a status it still says that the
        // caller, not the process, has something to mend.
        _ => Code::FailedPrecondition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_carries_its_reason_and_no_inside() {
        let status = fault(Reason::StoreFull, "abcd");
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(reason_of(&status), Some(Reason::StoreFull));
        assert_eq!(call_reason(&status), Reason::StoreFull);
        assert!(!status.message().contains("abcd"));
    }

    #[test]
    fn a_status_from_the_transport_still_gets_a_reason() {
        assert_eq!(call_reason(&Status::unavailable("x")), Reason::Unreachable);
        assert_eq!(call_reason(&Status::deadline_exceeded("x")), Reason::DeadlinePassed);
    }
}
