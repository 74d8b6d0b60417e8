//! The desk authority of one node: certificates for its staff.
//!
//! Its root is trusted on that node's desk listener and nowhere else. Keys are Ed25519; a desk key
//! also signs the person's approvals. Which certificates are revoked is kept by the node's staff
//! register, which checks at every call.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, StaffId};
use grondslag_core::reason::Reason;
use rcgen::{
    CertificateParams, CertifiedIssuer, DistinguishedName, DnType, Issuer, KeyPair, PKCS_ED25519,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::authority::{self, RequestedKey};
use crate::file::{self, FileError};
use crate::key::{self, KeyError};
use crate::limits::{DESK_DAYS_MAX, DESK_ROOT_DAYS, PEM_BYTES_MAX};
use crate::time::plus_days;
use crate::x509::{self, DeskCertificate, DeskRequest, X509Error};

/// File of the desk authority's private key.
const ROOT_KEY_FILE: &str = "desk-ca.key";
/// File of the desk authority's root certificate.
pub const ROOT_FILE: &str = "desk-ca.pem";
/// File of a member of staff's private key.
pub const KEY_FILE: &str = "desk.key";
/// File of a member of staff's request.
pub const REQUEST_FILE: &str = "desk-request.pem";
/// File of a member of staff's certificate.
pub const CERT_FILE: &str = "desk.pem";

/// Why the desk authority did not act.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// A file exists already, or cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A request or certificate is not as it must be.
    #[error(transparent)]
    X509(#[from] X509Error),
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A desk certificate is valid for a bounded time.
    #[error("a desk certificate is valid for 1 to {DESK_DAYS_MAX} days")]
    Days,
    /// The system's cryptography failed.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl DeskError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::X509(error) => error.reason(),
            Self::Key(error) => error.reason(),
            Self::Days => Reason::ConfigInvalid,
            Self::Make(_) => Reason::Internal,
        }
    }
}

/// The root certificate of a node's desk authority.
#[derive(Debug, Clone)]
pub struct DeskRoot {
    der: CertificateDer<'static>,
    not_after: Timestamp,
}

impl DeskRoot {
    /// Loads the root from a PEM file.
    ///
    /// # Errors
    /// [`DeskError`] when the file is missing or is no such root.
    pub fn load(path: &Path) -> Result<Self, DeskError> {
        Ok(Self::parse_pem(&file::read_text(path, PEM_BYTES_MAX)?)?)
    }

    /// Parses PEM that holds exactly one certificate.
    ///
    /// # Errors
    /// [`X509Error`] when it is not a self-signed Ed25519 root.
    pub fn parse_pem(pem: &str) -> Result<Self, X509Error> {
        let der = x509::one_certificate(pem)?;
        let root = x509::root(&der)?;
        x509::ed25519_key(root.public_key())?;
        let not_after = x509::moment(root.validity().not_after);
        Ok(Self { der, not_after })
    }

    /// Valid until this moment.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    pub(crate) fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}

/// Makes a desk authority for a node: `desk-ca.key` (0600) and `desk-ca.pem`.
///
/// # Errors
/// [`DeskError`] when the folder holds one already or cannot be written.
pub fn init(dir: &Path, oin: &Oin, now: Timestamp) -> Result<DeskRoot, DeskError> {
    let [key_path, root_path] = [ROOT_KEY_FILE, ROOT_FILE].map(|name| dir.join(name));
    file::create_folder(dir)?;
    file::must_be_new([&key_path, &root_path])?;
    let pair = key_pair(&key::create_signing_key(&key_path)?)?;
    let until = plus_days(now, DESK_ROOT_DAYS);
    let serial = authority::new_serial()?;
    let params = authority::root(&format!("Grondslag desk {oin}"), &serial, now, until)?;
    let pem = CertifiedIssuer::self_signed(params, pair)?.pem();
    file::create(&root_path, pem.as_bytes())?;
    Ok(DeskRoot::parse_pem(&pem)?)
}

/// Signs the request of a member of staff: the desk certificate in PEM.
///
/// # Errors
/// [`DeskError`] when the request is not signed by its own Ed25519 key, does not name one staff
/// id, or the days are out of bounds.
pub fn sign_csr(
    dir: &Path,
    csr_pem: &str,
    valid_days: u16,
    now: Timestamp,
) -> Result<String, DeskError> {
    if !(1..=DESK_DAYS_MAX).contains(&valid_days) {
        return Err(DeskError::Days);
    }
    let request = DeskRequest::parse_pem(csr_pem)?;
    let pair = key_pair(&key::load_signing_key(&dir.join(ROOT_KEY_FILE))?)?;
    let root = DeskRoot::load(&dir.join(ROOT_FILE))?;
    let until = plus_days(now, valid_days).min(root.not_after);
    let params = authority::desk(request.staff.as_str(), &authority::new_serial()?, now, until)?;
    let key = RequestedKey { bytes: &request.key, algorithm: &PKCS_ED25519 };
    let issuer = Issuer::from_ca_cert_der(&root.der, pair)?;
    Ok(params.signed_by(&key, &issuer)?.pem())
}

/// Makes `desk.key` (0600) and `desk-request.pem` in a member of staff's own folder, and answers
/// the request.
///
/// # Errors
/// [`DeskError`] when either file exists or the folder cannot be written.
pub fn new_desk_key_and_csr(dir: &Path, staff: &StaffId) -> Result<String, DeskError> {
    let [key_path, request_path] = [KEY_FILE, REQUEST_FILE].map(|name| dir.join(name));
    file::create_folder(dir)?;
    file::must_be_new([&key_path, &request_path])?;
    let pair = key_pair(&key::create_signing_key(&key_path)?)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, staff.as_str());
    let request = params.serialize_request(&pair)?.pem()?;
    file::create(&request_path, request.as_bytes())?;
    Ok(request)
}

/// Makes a member of staff's folder ready to use, key and all: for a demo or a test, where desk
/// authority and staff are the same hands.
///
/// # Errors
/// [`DeskError`] when the folder holds such files already, or the authority cannot act.
pub fn issue(
    dir: &Path,
    target: &Path,
    staff: &StaffId,
    valid_days: u16,
    now: Timestamp,
) -> Result<DeskCertificate, DeskError> {
    let cert_path: PathBuf = target.join(CERT_FILE);
    file::must_be_new([&cert_path])?;
    let csr = new_desk_key_and_csr(target, staff)?;
    let pem = sign_csr(dir, &csr, valid_days, now)?;
    file::create(&cert_path, pem.as_bytes())?;
    Ok(DeskCertificate::parse_pem(&pem)?)
}

/// Loads a member of staff's key, to sign an approval with.
///
/// # Errors
/// [`KeyError`] when it is missing, open to others, or of another type.
pub fn signing_key(dir: &Path) -> Result<SigningKey, KeyError> {
    key::load_signing_key(&dir.join(KEY_FILE))
}

fn key_pair(key: &SigningKey) -> Result<KeyPair, rcgen::Error> {
    let der = PrivatePkcs8KeyDer::from(key::ed25519_pkcs8(key));
    KeyPair::from_pkcs8_der_and_sign_algo(&der, &PKCS_ED25519)
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer as _, Verifier as _, VerifyingKey};

    use super::*;
    use crate::time::{days_left, tls_now};

    fn staff() -> StaffId {
        StaffId::parse("n.deboer").unwrap()
    }

    fn authority(dir: &Path) {
        init(dir, &Oin::parse("00000099000000001000").unwrap(), tls_now()).unwrap();
    }

    #[test]
    fn a_desk_certificate_names_its_person_and_the_key_that_signs_approvals() {
        let (desk, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        authority(desk.path());
        let now = tls_now();
        let certificate = issue(desk.path(), own.path(), &staff(), 30, now).unwrap();
        assert_eq!(certificate.staff(), &staff());
        assert_eq!(days_left(certificate.not_after(), now), 30);
        let key = signing_key(own.path()).unwrap();
        let public = VerifyingKey::from_bytes(certificate.public_key()).unwrap();
        assert!(public.verify(b"approved", &key.sign(b"approved")).is_ok());
        assert!(public.verify(b"altered", &key.sign(b"approved")).is_err());
    }

    #[test]
    fn a_desk_certificate_is_valid_for_1_to_366_days() {
        let (desk, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        authority(desk.path());
        let csr = new_desk_key_and_csr(own.path(), &staff()).unwrap();
        assert!(sign_csr(desk.path(), &csr, 1, tls_now()).is_ok());
        assert!(sign_csr(desk.path(), &csr, 366, tls_now()).is_ok());
        for days in [0, 367] {
            let refused = sign_csr(desk.path(), &csr, days, tls_now());
            assert!(matches!(refused, Err(DeskError::Days)), "{days}");
        }
    }

    #[test]
    fn an_agencys_request_gets_no_desk_certificate() {
        let (desk, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        authority(desk.path());
        let oin = Oin::parse("00000099000000001000").unwrap();
        let csr = crate::request::new_key_and_csr(own.path(), &oin, "School").unwrap();
        let refused = sign_csr(desk.path(), &csr, 30, tls_now()).unwrap_err();
        assert!(matches!(refused, DeskError::X509(X509Error::NoStaffId)));
    }

    #[test]
    fn neither_authority_nor_desk_key_is_overwritten() {
        let (desk, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        authority(desk.path());
        let again = init(desk.path(), &Oin::parse("00000099000000001000").unwrap(), tls_now());
        assert_eq!(again.unwrap_err().reason(), Reason::FileExists);
        new_desk_key_and_csr(own.path(), &staff()).unwrap();
        let again = new_desk_key_and_csr(own.path(), &staff());
        assert_eq!(again.unwrap_err().reason(), Reason::FileExists);
    }
}
