//! Who may be at the other end: rustls' own verification, and what this region asks beyond it.

use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Mode;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::crl::Crl;
use crate::desk::DeskRoot;
use crate::root::Root;
use crate::tls::provider;
use crate::x509::{DeskCertificate, Leaf, X509Error};

/// How every verifier here judges signatures: as rustls does over TLS 1.3, and not at all before.
macro_rules! tls13_only {
    () => {
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            no_tls12()
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            self.inner.verify_tls13_signature(message, cert, dss)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.inner.supported_verify_schemes()
        }
    };
}

/// rustls' verifier of clients under one root. With a list, its age is enforced.
pub(crate) fn chain(
    root: &CertificateDer<'static>,
    crl: Option<&Crl>,
) -> Result<Arc<dyn ClientCertVerifier>, VerifierBuilderError> {
    WebPkiClientVerifier::builder_with_provider(anchors(root)?, provider())
        .with_crls(crl.map(|crl| crl.der().clone()))
        .enforce_revocation_expiration()
        .build()
}

/// Admits the region's agencies of our own mode, as clients.
#[derive(Debug)]
pub(crate) struct RegionClients {
    inner: Arc<dyn ClientCertVerifier>,
    rules: Rules,
}

impl RegionClients {
    pub(crate) fn new(root: &Root, crl: &Crl, mode: Mode) -> Result<Self, VerifierBuilderError> {
        let inner = chain(root.der(), Some(crl))?;
        Ok(Self { inner, rules: Rules { mode: Some(mode), root_until: root.not_after() } })
    }
}

impl ClientCertVerifier for RegionClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.rules.judge(end_entity, intermediates, now, || {
            self.inner.verify_client_cert(end_entity, &[], now)
        })
    }

    tls13_only!();
}

/// Admits the region's agencies of our own mode, as servers, under the name of their OIN.
#[derive(Debug)]
pub(crate) struct RegionServers {
    inner: Arc<WebPkiServerVerifier>,
    rules: Rules,
}

impl RegionServers {
    /// A desk client has no mode of its own: it follows the OIN that it expects.
    pub(crate) fn new(
        root: &Root,
        crl: &Crl,
        mode: Option<Mode>,
    ) -> Result<Self, VerifierBuilderError> {
        let anchors = anchors(root.der())?;
        let inner = WebPkiServerVerifier::builder_with_provider(anchors, provider())
            .with_crls([crl.der().clone()])
            .enforce_revocation_expiration()
            .build()?;
        Ok(Self { inner, rules: Rules { mode, root_until: root.not_after() } })
    }
}

impl ServerCertVerifier for RegionServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.rules.judge(end_entity, intermediates, now, || {
            self.inner.verify_server_cert(end_entity, &[], server_name, ocsp_response, now)
        })
    }

    tls13_only!();
}

/// Admits the staff of one node. Revocation is checked by the staff register, at every call.
#[derive(Debug)]
pub(crate) struct DeskClients {
    inner: Arc<dyn ClientCertVerifier>,
    root_until: Timestamp,
}

impl DeskClients {
    pub(crate) fn new(root: &DeskRoot) -> Result<Self, VerifierBuilderError> {
        Ok(Self { inner: chain(root.der(), None)?, root_until: root.not_after() })
    }
}

impl ClientCertVerifier for DeskClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        check_alone(intermediates)?;
        check_root(self.root_until, now)?;
        let verified = self.inner.verify_client_cert(end_entity, &[], now)?;
        DeskCertificate::parse_der(end_entity).map_err(malformed)?;
        Ok(verified)
    }

    tls13_only!();
}

/// What holds for both ends of a connection between agencies.
#[derive(Debug)]
struct Rules {
    mode: Option<Mode>,
    root_until: Timestamp,
}

impl Rules {
    fn judge<T>(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        verify: impl FnOnce() -> Result<T, Error>,
    ) -> Result<T, Error> {
        check_alone(intermediates)?;
        check_root(self.root_until, now)?;
        let leaf = Leaf::parse_der(end_entity);
        // Before the chain: demo and production mostly have other roots too, and "other mode" is
        // what the operator has to hear. It only ever refuses.
        if let (Ok(leaf), Some(mode)) = (&leaf, self.mode)
            && leaf.oin().mode() != mode
        {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        let verified = verify()?;
        leaf.map_err(malformed)?;
        Ok(verified)
    }
}

fn anchors(root: &CertificateDer<'static>) -> Result<Arc<RootCertStore>, VerifierBuilderError> {
    let mut anchors = RootCertStore::empty();
    anchors.add(root.clone()).map_err(|_| VerifierBuilderError::NoRootAnchors)?;
    Ok(Arc::new(anchors))
}

/// There are no intermediate authorities; a chain is longer than it can be.
fn check_alone(intermediates: &[CertificateDer<'_>]) -> Result<(), Error> {
    if intermediates.is_empty() { Ok(()) } else { Err(CertificateError::UnknownIssuer.into()) }
}

/// rustls takes the dates of a trust anchor for granted; we do not.
fn check_root(until: Timestamp, now: UnixTime) -> Result<(), Error> {
    let until = u64::try_from(until.ms().div_euclid(1_000)).unwrap_or(0);
    if now.as_secs() < until { Ok(()) } else { Err(CertificateError::Expired.into()) }
}

fn malformed(error: X509Error) -> Error {
    CertificateError::Other(OtherError(Arc::new(error))).into()
}

fn no_tls12() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
}
