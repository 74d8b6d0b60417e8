//! Why there is no connection, in our words: from our own check, or from the other side's alert.

use std::error::Error as StdError;
use std::io;

use grondslag_core::reason::Reason;
use rustls::{AlertDescription, CertificateError};

use crate::limits::CAUSES_MAX;
use crate::x509::X509Error;

/// Why a handshake failed, or why a connection was refused right after it: in TLS 1.3 a client
/// learns that its certificate was refused only when it first reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The client offered no certificate.
    #[error("no client certificate was offered")]
    Missing,
    /// The certificate is not one that counts here.
    #[error("the certificate was refused: {why}")]
    Invalid {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The certificate is the region's and names no OIN.
    #[error("the certificate holds no valid OIN")]
    NoOin,
    /// The certificate belongs to another agency than the one addressed.
    #[error("the certificate belongs to another agency than the one addressed")]
    OtherAgency,
    /// The list of revoked certificates is too old, so no certificate counts.
    #[error("the list of revoked certificates is too old")]
    CrlExpired,
    /// Demo and production do not talk.
    #[error("one side is a demo process and the other is not")]
    ModeMismatch,
    /// Not TLS 1.3 as it is spoken here.
    #[error("the TLS handshake failed; TLS 1.3 with HTTP/2 is required")]
    Protocol,
    /// The connection itself failed, or took too long.
    #[error("the connection failed: {0}")]
    Io(io::ErrorKind),
}

impl TlsFault {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Missing => Reason::CertificateMissing,
            Self::Invalid { .. } => Reason::CertificateInvalid,
            Self::NoOin => Reason::CertificateOin,
            Self::OtherAgency => Reason::PeerOinMismatch,
            Self::CrlExpired => Reason::CrlExpired,
            Self::ModeMismatch => Reason::ModeMismatch,
            Self::Protocol => Reason::TlsRefused,
            Self::Io(io::ErrorKind::TimedOut) => Reason::DeadlinePassed,
            Self::Io(_) => Reason::Unreachable,
        }
    }

    /// The TLS fault at the bottom of some error, if there is one: for errors of HTTP/2 and gRPC
    /// on a connection whose handshake had succeeded.
    pub fn find(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        for _ in 0..CAUSES_MAX {
            let error = next?;
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return Some(Self::of_rustls(tls));
            }
            // An I/O error does not name what it wraps as its cause.
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = match wrapped {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    pub(crate) fn of_io(error: &io::Error) -> Self {
        Self::find(error).unwrap_or_else(|| Self::Io(error.kind()))
    }

    pub(crate) fn of_x509(error: X509Error) -> Self {
        match error {
            X509Error::NoOin => Self::NoOin,
            _ => Self::Invalid { why: "it is not of the form used here" },
        }
    }

    fn of_rustls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::NoCertificatesPresented => Self::Missing,
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::InvalidCertRevocationList(_) => {
                Self::Invalid { why: "the list of revoked certificates cannot be used" }
            }
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            _ => Self::Protocol,
        }
    }

    fn of_certificate(error: &CertificateError) -> Self {
        let why = match error {
            CertificateError::ApplicationVerificationFailure => return Self::ModeMismatch,
            CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => return Self::CrlExpired,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                return Self::OtherAgency;
            }
            CertificateError::Other(other) => {
                let malformed = other.0.downcast_ref::<X509Error>();
                return Self::of_x509(malformed.copied().unwrap_or(X509Error::Unreadable));
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "it is not valid yet"
            }
            CertificateError::Revoked => "it was revoked",
            CertificateError::UnknownIssuer
            | CertificateError::UnknownRevocationStatus
            | CertificateError::BadSignature => "another authority issued it",
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "it is for another use"
            }
            _ => "it is not of the form used here",
        };
        Self::Invalid { why }
    }

    /// What the other side says of us. rustls maps our own refusals to these alerts; only the
    /// mode check of this crate ends in `access_denied`.
    fn of_alert(alert: AlertDescription) -> Self {
        let why = match alert {
            AlertDescription::CertificateRequired => return Self::Missing,
            AlertDescription::AccessDenied => return Self::ModeMismatch,
            AlertDescription::CertificateExpired => "the other side says ours has expired",
            AlertDescription::CertificateRevoked => "the other side says ours was revoked",
            AlertDescription::UnknownCA => {
                "the other side does not know our authority, or its list of revoked \
                 certificates is too old"
            }
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError => "the other side refused ours",
            _ => return Self::Protocol,
        };
        Self::Invalid { why }
    }
}
