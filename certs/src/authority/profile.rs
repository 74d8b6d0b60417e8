//! What the authority's certificates look like: the only place that fills rcgen's parameters.

use std::net::{IpAddr, Ipv4Addr};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyUsagePurpose, PublicKeyData,
    RevocationReason, RevokedCertParams, SanType, SerialNumber, SignatureAlgorithm,
};
use time::OffsetDateTime;

use crate::limits::BACKDATE_MS;
use crate::request;
use crate::tls::node_name;
use crate::x509::Serial;

/// A public key that came in a request.
pub(crate) struct RequestedKey<'a> {
    /// The point or the 32 bytes.
    pub(crate) bytes: &'a [u8],
    /// The type of key.
    pub(crate) algorithm: &'static SignatureAlgorithm,
}

impl PublicKeyData for RequestedKey<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.bytes
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// A root: signs leaves, lists and admissions, and no other authority.
pub(crate) fn root(
    common_name: &str,
    serial: &Serial,
    now: Timestamp,
    until: Timestamp,
) -> Result<CertificateParams, rcgen::Error> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, common_name);
    let mut params = between(serial, now, until)?;
    params.distinguished_name = subject;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::CrlSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    params.use_authority_key_identifier_extension = false;
    Ok(params)
}

/// An agency's leaf: both ends of a connection, under a name that follows from its OIN, so that
/// an endpoint may move.
pub(crate) fn agency(
    oin: &Oin,
    name: &str,
    serial: &Serial,
    now: Timestamp,
    until: Timestamp,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = between(serial, now, until)?;
    params.distinguished_name = request::subject(oin, name)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.subject_alt_names = vec![
        SanType::DnsName(node_name(oin).try_into()?),
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    ];
    Ok(params)
}

/// A desk certificate: one member of staff, at the client's end only.
pub(crate) fn desk(
    staff: &str,
    serial: &Serial,
    now: Timestamp,
    until: Timestamp,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = between(serial, now, until)?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, staff);
    params.distinguished_name = subject;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

/// A list of revoked certificates: serial number and moment of each.
pub(crate) fn list(
    number: u64,
    now: Timestamp,
    next_update: Timestamp,
    revoked: impl Iterator<Item = (Serial, Timestamp)>,
) -> Result<CertificateRevocationListParams, rcgen::Error> {
    let entry = |(serial, at): (Serial, Timestamp)| {
        Ok(RevokedCertParams {
            serial_number: SerialNumber::from(serial.to_bytes()),
            revocation_time: moment(at)?,
            reason_code: Some(RevocationReason::Unspecified),
            invalidity_date: None,
        })
    };
    Ok(CertificateRevocationListParams {
        this_update: moment(now)?,
        next_update: moment(next_update)?,
        crl_number: SerialNumber::from(number),
        issuing_distribution_point: None,
        revoked_certs: revoked.map(entry).collect::<Result<_, rcgen::Error>>()?,
        key_identifier_method: KeyIdMethod::Sha256,
    })
}

/// A random serial number of 16 bytes, positive and never short.
pub(crate) fn new_serial() -> Result<Serial, rcgen::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| rcgen::Error::RingUnspecified)?;
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Serial::from_bytes(&bytes).map_err(|_| rcgen::Error::RingUnspecified)
}

fn between(
    serial: &Serial,
    now: Timestamp,
    until: Timestamp,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from(serial.to_bytes()));
    params.not_before = moment(now.plus_ms(-BACKDATE_MS))?;
    params.not_after = moment(until)?;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn moment(at: Timestamp) -> Result<OffsetDateTime, rcgen::Error> {
    OffsetDateTime::from_unix_timestamp(at.ms().div_euclid(1_000)).map_err(|_| rcgen::Error::Time)
}
