//! The region's root certificate, and what its key vouches for: leaves and admissions.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use grondslag_core::card::{Admission, SignedCard};
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::limits::KINDS_MAX;
use grondslag_core::reason::Reason;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;

use crate::file::{self, FileError};
use crate::limits::PEM_BYTES_MAX;
use crate::time::tls_now;
use crate::tls::verify;
use crate::x509::{self, Leaf, X509Error};

/// Why a root, a signature or an admission was refused.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The root's file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate is not of the right form.
    #[error(transparent)]
    X509(#[from] X509Error),
    /// The certificate is not of this region, has expired or is not valid yet.
    #[error("the certificate was not issued by this region, or its time has passed")]
    Chain,
    /// The message was not signed with the key of that certificate.
    #[error("the signature does not hold")]
    Signature,
    /// The admission is not the region authority's, or its time has passed.
    #[error("the admission was not signed by this region's authority, or has ended")]
    Admission,
}

impl TrustError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::X509(error) => error.reason(),
            Self::Chain | Self::Signature => Reason::CertificateInvalid,
            Self::Admission => Reason::KindNotAdmitted,
        }
    }
}

/// The region's root: self-signed, `CA:TRUE`, ECDSA P-256.
#[derive(Debug, Clone)]
pub struct Root {
    der: CertificateDer<'static>,
    key: Vec<u8>,
    not_after: Timestamp,
    chain: Arc<dyn ClientCertVerifier>,
}

impl Root {
    /// Loads the root from a PEM file.
    ///
    /// # Errors
    /// [`TrustError`] when the file is missing or is no such root.
    pub fn load(path: &Path) -> Result<Self, TrustError> {
        Ok(Self::parse_pem(&file::read_text(path, PEM_BYTES_MAX)?)?)
    }

    /// Parses PEM that holds exactly one certificate.
    ///
    /// # Errors
    /// [`X509Error`] when it is no such root.
    pub fn parse_pem(pem: &str) -> Result<Self, X509Error> {
        let der = x509::one_certificate(pem)?;
        let root = x509::root(&der)?;
        let (key, not_after) =
            (x509::p256_key(root.public_key())?, x509::moment(root.validity().not_after));
        let chain = verify::chain(&der, None).map_err(|_| X509Error::Unreadable)?;
        Ok(Self { der, key, not_after, chain })
    }

    /// Valid until this moment.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// SHA-256 of the DER: what two operators read to each other over the telephone.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// Checks that a leaf is of this region and valid at the system's time. Revocation is not
    /// checked here: see [`crate::tls::Region::verify_leaf_signature`].
    ///
    /// # Errors
    /// [`TrustError`] when it is not.
    pub fn verify_leaf(&self, leaf: &[u8]) -> Result<Leaf, TrustError> {
        self.verify_leaf_with(self.chain.as_ref(), leaf)
    }

    /// Checks that the region's authority signed an admission and that it still holds.
    ///
    /// # Errors
    /// [`TrustError::Admission`] when it does not.
    pub fn verify_admission(
        &self,
        admission: &Admission,
        now: Timestamp,
    ) -> Result<Admitted, TrustError> {
        let signed = verify_p256(&self.key, &admission.canonical(), &admission.signature);
        let bounded = (1..=KINDS_MAX).contains(&admission.kinds.len());
        if signed.is_err() || !bounded || now >= admission.valid_until {
            return Err(TrustError::Admission);
        }
        Ok(Admitted { admission: admission.clone() })
    }

    /// Checks that a card was signed with the key of a certificate that this region issued to its
    /// agency, for who looks back: what ended or was revoked since is no matter. The certificate
    /// is judged at the moment when it began.
    ///
    /// # Errors
    /// [`TrustError`] when it was not.
    pub fn verify_card(&self, signed: &SignedCard) -> Result<(), TrustError> {
        let leaf = Leaf::parse_der(&signed.leaf)?;
        let began = u64::try_from(leaf.not_before().ms()).map_err(|_| TrustError::Chain)?;
        let began = UnixTime::since_unix_epoch(Duration::from_millis(began));
        let verified = self.chain.verify_client_cert(leaf.der(), &[], began);
        verified.map_err(|_| TrustError::Chain)?;
        let vouched = signed.card.vouched(&signed.previous_signature);
        verify_p256(leaf.key(), &vouched, &signed.leaf_signature)?;
        if *leaf.oin() == signed.card.oin { Ok(()) } else { Err(TrustError::Signature) }
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    pub(crate) fn verify_leaf_with(
        &self,
        chain: &dyn ClientCertVerifier,
        leaf: &[u8],
    ) -> Result<Leaf, TrustError> {
        let leaf = Leaf::parse_der(leaf)?;
        let verified = chain.verify_client_cert(leaf.der(), &[], UnixTime::now());
        // The verifier takes a trust anchor's own dates for granted; we do not.
        if verified.is_err() || tls_now() >= self.not_after {
            return Err(TrustError::Chain);
        }
        Ok(leaf)
    }
}

/// An agency and the kinds that the region's authority admitted it to, checked.
///
/// Only [`Root::verify_admission`] makes one:
///
/// ```compile_fail
/// fn forge(admission: grondslag_core::card::Admission) -> grondslag_certs::Admitted {
///     grondslag_certs::Admitted { admission }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    admission: Admission,
}

impl Admitted {
    /// The agency.
    pub fn oin(&self) -> &Oin {
        &self.admission.oin
    }

    /// Whether the agency may act as this kind at this moment.
    pub fn admits(&self, kind: &Kind, now: Timestamp) -> bool {
        now < self.admission.valid_until && self.admission.admits(kind)
    }

    /// Whether this admission names the same agency and every kind that another names.
    pub fn covers(&self, other: &Self) -> bool {
        self.admission.oin == other.admission.oin
            && other.admission.kinds.iter().all(|kind| self.admission.admits(kind))
    }

    /// Until when the admission holds.
    pub fn valid_until(&self) -> Timestamp {
        self.admission.valid_until
    }
}

pub(crate) fn verify_p256(key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), TrustError> {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key)
        .verify(message, signature)
        .map_err(|_| TrustError::Signature)
}
