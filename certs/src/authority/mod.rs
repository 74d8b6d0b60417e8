//! The region authority: a root whose key stays offline, and what it signs.
//!
//! Its folder (`ca.key`, `ca.pem`, `crl.pem`, `register.jsonl`) belongs to no serving process.
//! Nothing is overwritten but the list of revoked certificates, which is numbered and replaced
//! whole. Every act is in the register before it has an effect.

mod profile;
mod register;

use std::path::{Path, PathBuf};

use grondslag_core::card::Admission;
use grondslag_core::catalogue::Kind;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::limits::KINDS_MAX;
use grondslag_core::reason::Reason;
use rcgen::{CertifiedIssuer, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey as _};
use zeroize::Zeroizing;

use crate::crl::Crl;
use crate::file::{self, FileError};
use crate::limits::{CRL_DAYS, CRL_DAYS_MAX, LEAF_DAYS, PEM_BYTES_MAX, ROOT_DAYS};
use crate::request::{self, RequestError};
use crate::root::{Root, TrustError};
use crate::time::plus_days;
use crate::tls::TlsFiles;
use crate::x509::{self, AgencyRequest, Leaf, Serial, X509Error};

use self::register::Register;

pub(crate) use self::profile::{RequestedKey, desk, new_serial, root};
pub use self::register::Entry;

/// File of the authority's private key.
const KEY_FILE: &str = "ca.key";
/// File of the root certificate.
const ROOT_FILE: &str = "ca.pem";
/// File of the list of revoked certificates.
const CRL_FILE: &str = "crl.pem";

/// Why the authority did not act.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file exists already, or cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A request or certificate is not as it must be.
    #[error(transparent)]
    X509(#[from] X509Error),
    /// A certificate is not of this region.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A line of the register cannot be read; the authority does nothing more until it can.
    #[error("line {line} of the register cannot be read")]
    Register {
        /// The line, from 1.
        line: usize,
    },
    /// The agency's own side failed (only when issuing for a demo).
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The authority does not do this.
    #[error("{why}")]
    Refused {
        /// Why not.
        why: &'static str,
    },
    /// The system's cryptography failed.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
}

impl AuthorityError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::X509(error) => error.reason(),
            Self::Trust(error) => error.reason(),
            Self::Request(error) => error.reason(),
            Self::Register { .. } => Reason::FileUnreadable,
            Self::Refused { .. } => Reason::CertificateInvalid,
            Self::Make(_) => Reason::Internal,
        }
    }
}

/// What to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoke {
    /// One certificate.
    Certificate(Serial),
    /// Every certificate of an agency that has not expired.
    Agency(Oin),
}

/// Makes an authority with a root key of its own, and its first, empty list of revoked
/// certificates.
///
/// # Errors
/// [`AuthorityError`] when the folder holds an authority already or cannot be written.
pub fn init(dir: &Path, region_name: &str, now: Timestamp) -> Result<Root, AuthorityError> {
    x509::check_name(region_name)?;
    file::create_folder(dir)?;
    let [key_path, root_path, crl_path] = [KEY_FILE, ROOT_FILE, CRL_FILE].map(|f| dir.join(f));
    let register_path = Register::path_in(dir);
    file::must_be_new([&key_path, &root_path, &crl_path, &register_path])?;
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let key_pem = Zeroizing::new(key.serialize_pem());
    let params = root(region_name, &new_serial()?, now, plus_days(now, ROOT_DAYS))?;
    let root_pem = CertifiedIssuer::self_signed(params, key)?.pem();
    file::create_secret(&key_path, key_pem.as_bytes())?;
    file::create(&root_path, root_pem.as_bytes())?;
    file::create(&register_path, b"")?;
    crl(dir, now, CRL_DAYS)?;
    Ok(Root::parse_pem(&root_pem)?)
}

/// Signs the request of an agency: the leaf certificate in PEM, valid for 90 days.
///
/// The request must be signed by its own key (ECDSA P-256) and name one valid OIN in
/// `Subject.serialNumber` and an organisation. Nothing else in it is taken over. That the OIN is
/// the applicant's is for the operator to establish.
///
/// # Errors
/// [`AuthorityError`] when it is not such a request, or the authority cannot act.
pub fn sign_csr(dir: &Path, csr_pem: &str, now: Timestamp) -> Result<String, AuthorityError> {
    let request = AgencyRequest::parse_pem(csr_pem)?;
    Office::open(dir)?.sign(&request, None, now)
}

/// Signs the request of an agency again: same key, new validity. The agency shows the certificate
/// that it has, which must be this region's, not expired and not revoked.
///
/// # Errors
/// [`AuthorityError::Refused`] when the certificate was revoked or is not of the same agency and
/// key; other variants as for [`sign_csr`].
pub fn renew(
    dir: &Path,
    csr_pem: &str,
    current_pem: &str,
    now: Timestamp,
) -> Result<String, AuthorityError> {
    let request = AgencyRequest::parse_pem(csr_pem)?;
    let current = Leaf::parse_pem(current_pem)?;
    let mut office = Office::open(dir)?;
    office.check_renewable(&current, &request, now)?;
    office.sign(&request, Some(current.serial().clone()), now)
}

/// Makes an agency's folder ready to serve, key and all: for a demo or a test, where authority and
/// agency are the same hands. It holds what [`TlsFiles::in_folder`] names.
///
/// # Errors
/// [`AuthorityError`] when the folder holds such files already, or the authority cannot act.
pub fn issue(
    dir: &Path,
    target: &Path,
    oin: &Oin,
    name: &str,
    now: Timestamp,
) -> Result<Leaf, AuthorityError> {
    let files = TlsFiles::in_folder(target);
    file::must_be_new([&files.cert, &files.root])?;
    let csr = request::new_key_and_csr(target, oin, name)?;
    let pem = sign_csr(dir, &csr, now)?;
    file::create(&files.cert, pem.as_bytes())?;
    file::create(&files.root, Office::read(dir, ROOT_FILE)?.as_bytes())?;
    publish_crl(dir, target)?;
    Ok(Leaf::parse_pem(&pem)?)
}

/// Revokes certificates and answers their serial numbers. They are refused as soon as a new list
/// ([`crl`]) has reached the processes.
///
/// # Errors
/// [`AuthorityError::Refused`] when there is nothing to revoke.
pub fn revoke(dir: &Path, what: &Revoke, now: Timestamp) -> Result<Vec<Serial>, AuthorityError> {
    let mut register = Register::open(dir)?;
    let names = |(serial, oin): &(&Serial, &Oin)| match what {
        Revoke::Certificate(wanted) => *serial == wanted,
        Revoke::Agency(wanted) => *oin == wanted,
    };
    let unrevoked = |serial: &Serial| register.revoked_at(serial).is_none();
    let revoked: Vec<Serial> = register
        .unexpired(now)
        .filter(names)
        .map(|(serial, _)| serial.clone())
        .filter(unrevoked)
        .collect();
    if revoked.is_empty() {
        let why = "no certificate of that serial number or OIN is left to revoke";
        return Err(AuthorityError::Refused { why });
    }
    for serial in &revoked {
        register.append(Entry::Revoked { at: now, serial: serial.clone() })?;
    }
    Ok(revoked)
}

/// Makes a new list of revoked certificates, `crl.pem`, valid for some days.
///
/// # Errors
/// [`AuthorityError`] when the days are not 1 to 31, or the authority cannot act.
pub fn crl(dir: &Path, now: Timestamp, valid_days: u16) -> Result<Crl, AuthorityError> {
    if !(1..=CRL_DAYS_MAX).contains(&valid_days) {
        return Err(AuthorityError::Refused { why: "a list is valid for 1 to 31 days" });
    }
    let mut office = Office::open(dir)?;
    let number = office.register.next_list_number();
    let next_update = plus_days(now, valid_days);
    let revoked = office.register.unexpired(now).filter_map(|(serial, _)| {
        office.register.revoked_at(serial).map(|at| (serial.clone(), at))
    });
    let params = profile::list(number, now, next_update, revoked)?;
    let pem = params.signed_by(&office.issuer)?.pem()?;
    office.register.append(Entry::Listed { at: now, number, next_update })?;
    file::replace(&dir.join(CRL_FILE), pem.as_bytes())?;
    Ok(Crl::parse_pem(&pem, &office.root)?)
}

/// Puts the authority's current list of revoked certificates in an agency's folder, where its
/// processes find it without a restart.
///
/// # Errors
/// [`AuthorityError::File`] when either folder fails.
pub fn publish_crl(dir: &Path, target: &Path) -> Result<(), AuthorityError> {
    let pem = Crl::read(&dir.join(CRL_FILE))?;
    file::replace(&TlsFiles::in_folder(target).crl, pem.as_bytes())?;
    Ok(())
}

/// Admits an agency to kinds, signed with the authority's key.
///
/// # Errors
/// [`AuthorityError::Refused`] without kinds, with too many, or when it would have ended already.
pub fn admit(
    dir: &Path,
    oin: &Oin,
    kinds: &[Kind],
    valid_until: Timestamp,
    now: Timestamp,
) -> Result<Admission, AuthorityError> {
    let mut kinds = kinds.to_vec();
    kinds.sort();
    kinds.dedup();
    if !(1..=KINDS_MAX).contains(&kinds.len()) {
        return Err(AuthorityError::Refused { why: "name 1 to 16 kinds to admit to" });
    }
    if valid_until <= now {
        return Err(AuthorityError::Refused { why: "the admission would have ended already" });
    }
    let mut office = Office::open(dir)?;
    let mut admission = Admission { oin: oin.clone(), kinds, valid_until, signature: Vec::new() };
    admission.signature = office.issuer.key().sign(&admission.canonical())?;
    let (oin, kinds) = (admission.oin.clone(), admission.kinds.clone());
    office.register.append(Entry::Admitted { at: now, oin, kinds, valid_until })?;
    Ok(admission)
}

/// What the authority did, oldest first.
///
/// # Errors
/// [`AuthorityError`] when the register cannot be read.
pub fn history(dir: &Path) -> Result<Vec<Entry>, AuthorityError> {
    Ok(Register::open(dir)?.entries().to_vec())
}

/// Writes an admission to a new file, as JSON.
///
/// # Errors
/// [`FileError`] when the file exists or cannot be written.
pub fn write_admission(path: &Path, admission: &Admission) -> Result<(), AuthorityError> {
    let json = serde_json::to_vec_pretty(admission);
    let json = json.map_err(|_| AuthorityError::Refused { why: "the admission has no JSON" })?;
    Ok(file::create(path, &json)?)
}

/// Reads an admission from a file. It is not verified yet: see [`Root::verify_admission`].
///
/// # Errors
/// [`AuthorityError`] when the file cannot be read or is no admission.
pub fn read_admission(path: &Path) -> Result<Admission, AuthorityError> {
    let json = file::read_text(path, PEM_BYTES_MAX)?;
    let why = "the file is not an admission of this version";
    serde_json::from_str(&json).map_err(|_| AuthorityError::Refused { why })
}

/// The authority's folder, opened: no other process works with it meanwhile.
struct Office {
    root: Root,
    issuer: Issuer<'static, KeyPair>,
    register: Register,
}

impl Office {
    fn open(dir: &Path) -> Result<Self, AuthorityError> {
        let register = Register::open(dir)?;
        let key = file::read_secret(&dir.join(KEY_FILE), PEM_BYTES_MAX)?;
        let root_pem = Self::read(dir, ROOT_FILE)?;
        let root = Root::parse_pem(&root_pem)?;
        let issuer = Issuer::from_ca_cert_der(root.der(), KeyPair::from_pem(&key)?)?;
        Ok(Self { root, issuer, register })
    }

    fn read(dir: &Path, name: &str) -> Result<String, FileError> {
        let path: PathBuf = dir.join(name);
        file::read_text(&path, PEM_BYTES_MAX)
    }

    fn sign(
        &mut self,
        request: &AgencyRequest,
        renews: Option<Serial>,
        now: Timestamp,
    ) -> Result<String, AuthorityError> {
        let serial = new_serial()?;
        // A leaf that outlives its root would stop working without a warning.
        let until = plus_days(now, LEAF_DAYS).min(self.root.not_after());
        let params = profile::agency(&request.oin, &request.name, &serial, now, until)?;
        let key = RequestedKey { bytes: &request.key, algorithm: &PKCS_ECDSA_P256_SHA256 };
        let pem = params.signed_by(&key, &self.issuer)?.pem();
        let leaf = Leaf::parse_pem(&pem)?;
        self.register.append(Entry::Issued {
            at: now,
            serial,
            oin: request.oin.clone(),
            name: request.name.clone(),
            fingerprint: leaf.fingerprint(),
            not_after: leaf.not_after(),
            renews,
        })?;
        Ok(pem)
    }

    fn check_renewable(
        &self,
        current: &Leaf,
        request: &AgencyRequest,
        now: Timestamp,
    ) -> Result<(), AuthorityError> {
        let refused = |why| Err(AuthorityError::Refused { why });
        let issued = self.register.entries().iter().any(|entry| {
            matches!(entry, Entry::Issued { fingerprint, .. }
                if *fingerprint == current.fingerprint())
        });
        if !issued {
            return refused("the certificate was not issued by this authority");
        }
        if self.register.revoked_at(current.serial()).is_some() {
            return refused("the certificate was revoked; it cannot be renewed");
        }
        if current.not_after() <= now {
            return refused("the certificate has expired; ask for a new one");
        }
        if current.oin() != &request.oin || current.key() != request.key {
            return refused("request and certificate are not of the same agency and key");
        }
        // The register says that we issued these very bytes; the signature says so once more.
        let signed = x509::certificate(current.der())?;
        let root = x509::certificate(self.root.der())?;
        signed.verify_signature(Some(root.public_key())).map_err(|_| X509Error::Signature)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
