//! The list of revoked certificates.

use std::collections::BTreeSet;
use std::path::Path;

use grondslag_core::clock::Timestamp;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::prelude::FromDer as _;
use x509_parser::revocation_list::CertificateRevocationList;

use crate::file::{self, FileError};
use crate::limits::CRL_BYTES_MAX;
use crate::root::Root;
use crate::x509::{self, Serial, X509Error};

/// A list of revoked certificates that the region's root signed.
#[derive(Debug, Clone)]
pub struct Crl {
    der: CertificateRevocationListDer<'static>,
    number: u64,
    this_update: Timestamp,
    next_update: Timestamp,
    revoked: BTreeSet<Serial>,
}

impl Crl {
    /// Parses PEM and checks the signature of the region's root. Age is judged at use.
    ///
    /// # Errors
    /// [`X509Error`] when it is unreadable, has no number or no end, or another root signed it.
    pub fn parse_pem(pem: &str, root: &Root) -> Result<Self, X509Error> {
        let der = CertificateRevocationListDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| X509Error::Unreadable)?;
        let ([], list) =
            CertificateRevocationList::from_der(&der).map_err(|_| X509Error::Unreadable)?
        else {
            return Err(X509Error::Unreadable);
        };
        let issuer = x509::certificate(root.der())?;
        list.verify_signature(issuer.public_key()).map_err(|_| X509Error::Signature)?;
        let number = list.crl_number().and_then(|number| u64::try_from(number).ok());
        let revoked = list
            .iter_revoked_certificates()
            .map(|entry| Serial::from_bytes(entry.raw_serial()))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            number: number.ok_or(X509Error::Unreadable)?,
            this_update: x509::moment(list.last_update()),
            next_update: list.next_update().map(x509::moment).ok_or(X509Error::Unreadable)?,
            revoked,
            der,
        })
    }

    /// Counts the lists of this region; a reader never goes back.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// When it was made.
    pub fn this_update(&self) -> Timestamp {
        self.this_update
    }

    /// From this moment on it is too old, and every certificate is refused.
    pub fn next_update(&self) -> Timestamp {
        self.next_update
    }

    /// The revoked certificates that have not expired.
    pub fn revoked(&self) -> &BTreeSet<Serial> {
        &self.revoked
    }

    /// The list, as rustls takes it.
    pub(crate) fn der(&self) -> &CertificateRevocationListDer<'static> {
        &self.der
    }

    pub(crate) fn read(path: &Path) -> Result<String, FileError> {
        file::read_text(path, CRL_BYTES_MAX)
    }
}
