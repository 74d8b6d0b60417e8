//! The agency's side of issuance: its own key, and a request (CSR) for a certificate. The private
//! key never leaves the folder.

use std::path::Path;

use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use rcgen::string::PrintableString;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, DnValue, KeyPair, PKCS_ECDSA_P256_SHA256,
};
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::x509::{self, X509Error};

/// File of the agency's private key.
pub const KEY_FILE: &str = "key.pem";
/// File of the request that goes to the region's authority.
pub const REQUEST_FILE: &str = "request.pem";
/// `Subject.serialNumber`.
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// Why a request was not made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// A file exists or cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The name does not fit a certificate.
    #[error(transparent)]
    Name(#[from] X509Error),
    /// The system's cryptography failed.
    #[error("the request could not be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl RequestError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::Name(error) => error.reason(),
            Self::Make(_) => Reason::Internal,
        }
    }
}

/// Makes `key.pem` (0600) and `request.pem` in a folder, and answers the request.
///
/// # Errors
/// [`RequestError`] when either file exists, the folder cannot be written, or the name is empty
/// or longer than 64 characters.
pub fn new_key_and_csr(dir: &Path, oin: &Oin, name: &str) -> Result<String, RequestError> {
    x509::check_name(name)?;
    let (key_path, request_path) = (dir.join(KEY_FILE), dir.join(REQUEST_FILE));
    file::create_folder(dir)?;
    file::must_be_new([&key_path, &request_path])?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = subject(oin, name)?;
    let request = params.serialize_request(&key)?.pem()?;
    file::create_secret(&key_path, Zeroizing::new(key.serialize_pem()).as_bytes())?;
    file::create(&request_path, request.as_bytes())?;
    Ok(request)
}

/// The subject of an agency: its organisation and its OIN.
pub(crate) fn subject(oin: &Oin, name: &str) -> Result<DistinguishedName, rcgen::Error> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, printable("NL")?);
    subject.push(DnType::OrganizationName, name);
    subject.push(DnType::from_oid(&SERIAL_NUMBER), printable(oin.as_str())?);
    Ok(subject)
}

fn printable(text: &str) -> Result<DnValue, rcgen::Error> {
    Ok(DnValue::PrintableString(PrintableString::try_from(text)?))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn oin() -> Oin {
        Oin::parse("00000099000000001000").unwrap()
    }

    #[test]
    fn the_key_stays_in_a_file_for_its_owner_and_is_not_in_the_request() {
        let dir = tempfile::tempdir().unwrap();
        let request = new_key_and_csr(dir.path(), &oin(), "Gemeente Drieveen").unwrap();
        let mode = fs::metadata(dir.path().join(KEY_FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!request.contains("PRIVATE"));
        let read = x509::AgencyRequest::parse_pem(&request).unwrap();
        assert_eq!((read.oin, read.name.as_str()), (oin(), "Gemeente Drieveen"));
    }

    #[test]
    fn a_second_request_overwrites_nothing() {
        let dir = tempfile::tempdir().unwrap();
        new_key_and_csr(dir.path(), &oin(), "School").unwrap();
        let key = fs::read(dir.path().join(KEY_FILE)).unwrap();
        let again = new_key_and_csr(dir.path(), &oin(), "School").unwrap_err();
        assert_eq!(again.reason(), Reason::FileExists);
        assert_eq!(fs::read(dir.path().join(KEY_FILE)).unwrap(), key);
    }
}
