//! Reading X.509: what this system's two kinds of certificate must look like.
//!
//! What is parsed here is well formed, not trusted: trust comes from [`crate::Root`] or from a
//! handshake.

use std::fmt;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, StaffId};
use grondslag_core::reason::Reason;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use serde::{Deserialize, Serialize};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ED25519, OID_X509_COMMON_NAME,
    OID_X509_ORGANIZATION_NAME, OID_X509_SERIALNUMBER, Oid,
};
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate, X509Name};
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::limits::{NAME_CHARS_MAX, SERIAL_LEN_MAX};
use crate::time::days_left;

/// Why a certificate, request or list was refused before any question of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum X509Error {
    /// Not PEM, not DER, or more than one in the file.
    #[error("this is not one certificate, request or list in PEM")]
    Unreadable,
    /// A certificate names exactly one OIN in `Subject.serialNumber`.
    #[error("Subject.serialNumber (2.5.4.5) does not hold one valid OIN")]
    NoOin,
    /// An agency's certificate or request names its organisation.
    #[error("organizationName is missing or longer than 64 characters")]
    NoName,
    /// A desk certificate or request names one member of staff.
    #[error("commonName does not hold one staff id")]
    NoStaffId,
    /// Agencies have ECDSA P-256 keys, desks have Ed25519 keys.
    #[error("the key is of another type; agencies use ECDSA P-256, desks use Ed25519")]
    KeyType,
    /// A leaf says `CA:FALSE`, a root `CA:TRUE`.
    #[error("a root stands where a leaf should be, or a leaf where a root should be")]
    BasicConstraints,
    /// The request, root or list is not signed by the key it should be signed by.
    #[error("the signature does not hold")]
    Signature,
    /// Serial numbers are hexadecimal.
    #[error("a serial number is 1 to 20 bytes in hexadecimal")]
    Serial,
}

impl X509Error {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::NoOin => Reason::CertificateOin,
            _ => Reason::CertificateInvalid,
        }
    }
}

/// Serial number of one certificate, in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Serial(String);

impl Serial {
    /// Parses hexadecimal text, with or without colons.
    ///
    /// # Errors
    /// [`X509Error::Serial`] for another alphabet or length.
    pub fn parse(text: &str) -> Result<Self, X509Error> {
        let bytes = hex::decode(text.replace(':', "")).map_err(|_| X509Error::Serial)?;
        Self::from_bytes(&bytes)
    }

    /// The serial number as hexadecimal text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the number's bytes; zeros in front do not count.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, X509Error> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = bytes.get(zeros..).unwrap_or_default();
        if (1..=SERIAL_LEN_MAX).contains(&digits.len()) {
            Ok(Self(hex::encode(digits)))
        } else {
            Err(X509Error::Serial)
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // The text is hexadecimal by construction.
        hex::decode(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Serial {
    type Error = X509Error;
    fn try_from(text: String) -> Result<Self, X509Error> {
        Self::parse(&text)
    }
}

impl From<Serial> for String {
    fn from(serial: Serial) -> Self {
        serial.0
    }
}

/// An agency's certificate: one OIN, an ECDSA P-256 key, not a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    der: CertificateDer<'static>,
    oin: Oin,
    name: String,
    key: Vec<u8>,
    serial: Serial,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl Leaf {
    /// Parses PEM that holds exactly one certificate.
    ///
    /// # Errors
    /// [`X509Error`] when it is not an agency's certificate.
    pub fn parse_pem(pem: &str) -> Result<Self, X509Error> {
        Self::parse_der(&one_certificate(pem)?)
    }

    /// Parses DER.
    ///
    /// # Errors
    /// [`X509Error`] when it is not an agency's certificate.
    pub fn parse_der(der: &[u8]) -> Result<Self, X509Error> {
        let certificate = certificate(der)?;
        if certificate.is_ca() {
            return Err(X509Error::BasicConstraints);
        }
        Ok(Self {
            der: CertificateDer::from(der.to_vec()),
            oin: oin_of(certificate.subject())?,
            name: name_of(certificate.subject())?,
            key: p256_key(certificate.public_key())?,
            serial: Serial::from_bytes(certificate.raw_serial())?,
            not_before: moment(certificate.validity().not_before),
            not_after: moment(certificate.validity().not_after),
        })
    }

    /// The OIN, from `Subject.serialNumber`.
    pub fn oin(&self) -> &Oin {
        &self.oin
    }

    /// The organisation's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The certificate's own serial number.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// Valid from this moment.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Valid until this moment.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> Digest {
        Digest::of(&self.der)
    }

    /// The certificate, as it travels.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The public key, an uncompressed point.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }
}

/// The certificate of one member of staff of one agency: an Ed25519 key, not a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskCertificate {
    der: CertificateDer<'static>,
    staff: StaffId,
    public_key: [u8; 32],
    serial: Serial,
    not_after: Timestamp,
}

impl DeskCertificate {
    /// Parses PEM that holds exactly one certificate.
    ///
    /// # Errors
    /// [`X509Error`] when it is not a desk certificate.
    pub fn parse_pem(pem: &str) -> Result<Self, X509Error> {
        Self::parse_der(&one_certificate(pem)?)
    }

    /// Parses DER.
    ///
    /// # Errors
    /// [`X509Error`] when it is not a desk certificate.
    pub fn parse_der(der: &[u8]) -> Result<Self, X509Error> {
        let certificate = certificate(der)?;
        if certificate.is_ca() {
            return Err(X509Error::BasicConstraints);
        }
        Ok(Self {
            der: CertificateDer::from(der.to_vec()),
            staff: staff_of(certificate.subject())?,
            public_key: ed25519_key(certificate.public_key())?,
            serial: Serial::from_bytes(certificate.raw_serial())?,
            not_after: moment(certificate.validity().not_after),
        })
    }

    /// The member of staff, from `Subject.commonName`.
    pub fn staff(&self) -> &StaffId {
        &self.staff
    }

    /// The Ed25519 key that signs this person's approvals.
    pub fn public_key(&self) -> &[u8; 32] {
        &self.public_key
    }

    /// The certificate's own serial number, by which the staff register revokes it.
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    /// Valid until this moment.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// The certificate, as it travels.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }
}

/// What kind of certificate a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateKind {
    /// A root: of a region or of a desk authority.
    Root,
    /// An agency's certificate.
    Agency,
    /// A desk certificate of a member of staff.
    Desk,
    /// None of ours.
    Other,
}

/// What `grondslag certs show` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// What kind of certificate it is.
    pub kind: CertificateKind,
    /// The whole subject.
    pub subject: String,
    /// The whole issuer.
    pub issuer: String,
    /// The OIN, if `Subject.serialNumber` holds one.
    pub oin: Option<Oin>,
    /// The certificate's own serial number.
    pub serial: Serial,
    /// Valid from this moment.
    pub not_before: Timestamp,
    /// Valid until this moment.
    pub not_after: Timestamp,
    /// Whole days left; negative once expired.
    pub days_left: i64,
    /// SHA-256 of the DER.
    pub fingerprint: Digest,
}

/// Describes a certificate for people. It says nothing about trust.
///
/// # Errors
/// [`X509Error::Unreadable`] when the text is not one certificate in PEM.
pub fn show(pem: &str, now: Timestamp) -> Result<Shown, X509Error> {
    let der = one_certificate(pem)?;
    let parsed = certificate(&der)?;
    let not_after = moment(parsed.validity().not_after);
    Ok(Shown {
        kind: kind_of(&der, &parsed),
        subject: parsed.subject().to_string(),
        issuer: parsed.issuer().to_string(),
        oin: oin_of(parsed.subject()).ok(),
        serial: Serial::from_bytes(parsed.raw_serial())?,
        not_before: moment(parsed.validity().not_before),
        not_after,
        days_left: days_left(not_after, now),
        fingerprint: Digest::of(&der),
    })
}

/// A request of an agency whose own signature holds: the key is the requester's.
#[derive(Debug)]
pub(crate) struct AgencyRequest {
    pub(crate) oin: Oin,
    pub(crate) name: String,
    pub(crate) key: Vec<u8>,
}

impl AgencyRequest {
    pub(crate) fn parse_pem(pem: &str) -> Result<Self, X509Error> {
        with_request(pem, |request| {
            let info = &request.certification_request_info;
            Ok(Self {
                oin: oin_of(&info.subject)?,
                name: name_of(&info.subject)?,
                key: p256_key(&info.subject_pki)?,
            })
        })
    }
}

/// A request of a member of staff whose own signature holds.
#[derive(Debug)]
pub(crate) struct DeskRequest {
    pub(crate) staff: StaffId,
    pub(crate) key: [u8; 32],
}

impl DeskRequest {
    pub(crate) fn parse_pem(pem: &str) -> Result<Self, X509Error> {
        with_request(pem, |request| {
            let info = &request.certification_request_info;
            Ok(Self { staff: staff_of(&info.subject)?, key: ed25519_key(&info.subject_pki)? })
        })
    }
}

/// The DER of the one certificate in a PEM text. A file with a chain in it is refused: this
/// system has leaves and roots and nothing between.
pub(crate) fn one_certificate(pem: &str) -> Result<CertificateDer<'static>, X509Error> {
    let mut found = CertificateDer::pem_slice_iter(pem.as_bytes());
    match (found.next(), found.next()) {
        (Some(Ok(der)), None) => Ok(der),
        _ => Err(X509Error::Unreadable),
    }
}

pub(crate) fn certificate(der: &[u8]) -> Result<X509Certificate<'_>, X509Error> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(X509Error::Unreadable),
    }
}

/// A root: `CA:TRUE` and signed by its own key.
pub(crate) fn root(der: &[u8]) -> Result<X509Certificate<'_>, X509Error> {
    let root = certificate(der)?;
    if !root.is_ca() {
        return Err(X509Error::BasicConstraints);
    }
    root.verify_signature(None).map_err(|_| X509Error::Signature)?;
    Ok(root)
}

pub(crate) fn p256_key(info: &SubjectPublicKeyInfo<'_>) -> Result<Vec<u8>, X509Error> {
    let curve = info.algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
    if info.algorithm.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == Some(OID_EC_P256) {
        Ok(info.subject_public_key.data.to_vec())
    } else {
        Err(X509Error::KeyType)
    }
}

pub(crate) fn ed25519_key(info: &SubjectPublicKeyInfo<'_>) -> Result<[u8; 32], X509Error> {
    if info.algorithm.algorithm != OID_SIG_ED25519 {
        return Err(X509Error::KeyType);
    }
    info.subject_public_key.data.as_ref().try_into().map_err(|_| X509Error::KeyType)
}

pub(crate) fn moment(time: ASN1Time) -> Timestamp {
    Timestamp::from_ms(time.timestamp().saturating_mul(1_000))
}

/// Checks the length that a name may have in a subject.
pub(crate) fn check_name(name: &str) -> Result<(), X509Error> {
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.chars().any(char::is_control) { Ok(()) } else { Err(X509Error::NoName) }
}

fn with_request<T>(
    pem: &str,
    read: impl FnOnce(&X509CertificationRequest<'_>) -> Result<T, X509Error>,
) -> Result<T, X509Error> {
    let der = CertificateSigningRequestDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| X509Error::Unreadable)?;
    let ([], request) =
        X509CertificationRequest::from_der(&der).map_err(|_| X509Error::Unreadable)?
    else {
        return Err(X509Error::Unreadable);
    };
    request.verify_signature().map_err(|_| X509Error::Signature)?;
    read(&request)
}

fn kind_of(der: &[u8], parsed: &X509Certificate<'_>) -> CertificateKind {
    if parsed.is_ca() {
        CertificateKind::Root
    } else if Leaf::parse_der(der).is_ok() {
        CertificateKind::Agency
    } else if DeskCertificate::parse_der(der).is_ok() {
        CertificateKind::Desk
    } else {
        CertificateKind::Other
    }
}

fn oin_of(subject: &X509Name<'_>) -> Result<Oin, X509Error> {
    let text = only(subject, &OID_X509_SERIALNUMBER).ok_or(X509Error::NoOin)?;
    Oin::parse(text).map_err(|_| X509Error::NoOin)
}

fn name_of(subject: &X509Name<'_>) -> Result<String, X509Error> {
    let name = only(subject, &OID_X509_ORGANIZATION_NAME).ok_or(X509Error::NoName)?;
    check_name(name)?;
    Ok(name.to_owned())
}

fn staff_of(subject: &X509Name<'_>) -> Result<StaffId, X509Error> {
    let text = only(subject, &OID_X509_COMMON_NAME).ok_or(X509Error::NoStaffId)?;
    StaffId::parse(text).map_err(|_| X509Error::NoStaffId)
}

/// The value of an attribute that occurs exactly once: with two, two readers could each pick
/// another.
fn only<'a>(subject: &'a X509Name<'_>, attribute: &Oid<'static>) -> Option<&'a str> {
    let mut values = subject.iter_attributes().filter(|value| value.attr_type() == attribute);
    match (values.next(), values.next()) {
        (Some(value), None) => value.as_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_reads_the_same_with_colons_and_leading_zeros() {
        let plain = Serial::parse("7f01ab").unwrap();
        assert_eq!(Serial::parse("00:7F:01:AB").unwrap(), plain);
        assert_eq!(plain.as_str(), "7f01ab");
        for bad in ["", "00", "xyz", &"ab".repeat(21)] {
            assert_eq!(Serial::parse(bad), Err(X509Error::Serial), "{bad}");
        }
    }

    #[test]
    fn a_name_in_a_subject_has_1_to_64_characters_and_no_control_characters() {
        assert_eq!(check_name(&"é".repeat(64)), Ok(()));
        for bad in [String::new(), "x".repeat(65), "a\nb".to_owned()] {
            assert_eq!(check_name(&bad), Err(X509Error::NoName));
        }
    }

    #[test]
    fn text_that_is_no_certificate_is_refused() {
        for bad in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(Leaf::parse_pem(bad), Err(X509Error::Unreadable));
        }
    }
}
