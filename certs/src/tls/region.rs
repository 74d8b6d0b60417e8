//! An agency's place in the region's mutual TLS: its certificate and key, the root, the list of
//! revoked certificates, and the rustls configurations made of them.

use std::path::Path;
use std::sync::Arc;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Mode, Oin};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, ServerConfig};

use crate::crl::Crl;
use crate::file;
use crate::key::{KeyError, LeafKey};
use crate::limits::PEM_BYTES_MAX;
use crate::peer::Peer;
use crate::root::{Root, TrustError, verify_p256};
use crate::time::{days_left, tls_now};
use crate::tls::reload::{LoadError, Material};
use crate::tls::verify::{RegionClients, RegionServers};
use crate::tls::{ALPN_H2, TlsFault, TlsFiles, provider};
use crate::x509::{self, Leaf, X509Error};

/// Days left, for `grondslag status`; negative once time has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysLeft {
    /// Of the agency's certificate.
    pub certificate: i64,
    /// Of the list of revoked certificates; without a newer one nobody is admitted.
    pub crl: i64,
    /// Of the region's root.
    pub root: i64,
}

/// All that an agency's process holds to take part in the region.
#[derive(Debug)]
pub struct Region {
    root: Root,
    crl: Crl,
    leaf: Leaf,
    key: LeafKey,
    clients: Arc<dyn ClientCertVerifier>,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Region {
    /// Our own OIN.
    pub fn oin(&self) -> &Oin {
        self.leaf.oin()
    }

    /// Our own mode: it follows from our certificate, never from a flag.
    pub fn mode(&self) -> Mode {
        self.leaf.oin().mode()
    }

    /// Our own certificate, which travels with our card.
    pub fn leaf(&self) -> &Leaf {
        &self.leaf
    }

    /// The key of our certificate, which signs our card.
    pub fn key(&self) -> &LeafKey {
        &self.key
    }

    /// The region's root.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// The list of revoked certificates in use.
    pub fn crl(&self) -> &Crl {
        &self.crl
    }

    /// Days left of certificate, list and root.
    pub fn days_left(&self) -> DaysLeft {
        let now = tls_now();
        DaysLeft {
            certificate: days_left(self.leaf.not_after(), now),
            crl: days_left(self.crl.next_update(), now),
            root: days_left(self.root.not_after(), now),
        }
    }

    /// Whether a peer that was admitted once would be admitted still. HTTP/2 connections live for
    /// days: a server asks this at every call, so that revocation reaches open connections too.
    ///
    /// # Errors
    /// [`TlsFault`] when the peer was revoked or expired since, or the list is too old.
    pub fn still_admits(&self, peer: &Peer) -> Result<(), TlsFault> {
        self.admits_at(peer.leaf(), tls_now())
    }

    /// Checks that a leaf is of this region, valid and not revoked, then that its key signed the
    /// message (ECDSA P-256, SHA-256, ASN.1), and says whose leaf it is.
    ///
    /// # Errors
    /// [`TrustError`] when one of these does not hold.
    pub fn verify_leaf_signature(
        &self,
        leaf: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<Oin, TrustError> {
        let leaf = self.root.verify_leaf_with(self.clients.as_ref(), leaf)?;
        verify_p256(leaf.key(), message, signature)?;
        Ok(leaf.oin().clone())
    }

    pub(crate) fn server(&self) -> &Arc<ServerConfig> {
        &self.server
    }

    pub(crate) fn client(&self) -> &Arc<ClientConfig> {
        &self.client
    }

    fn admits_at(&self, leaf: &Leaf, now: Timestamp) -> Result<(), TlsFault> {
        if now >= self.crl.next_update() {
            return Err(TlsFault::CrlExpired);
        }
        if self.crl.revoked().contains(leaf.serial()) {
            return Err(TlsFault::Invalid { why: "it was revoked" });
        }
        if now >= leaf.not_after() || now >= self.root.not_after() {
            return Err(TlsFault::Invalid { why: "it has expired" });
        }
        Ok(())
    }

    fn check_follows(&self, previous: &Self, files: &TlsFiles) -> Result<(), LoadError> {
        let (path, why) = if self.root.fingerprint() != previous.root.fingerprint() {
            (&files.root, "the region's root was replaced; restart to accept it")
        } else if self.oin() != previous.oin() {
            (&files.cert, "the certificate names another OIN; restart to accept it")
        } else if self.crl.number() < previous.crl.number() {
            (&files.crl, "the list of revoked certificates is older than the one in use")
        } else {
            return Ok(());
        };
        Err(LoadError::NotWhileRunning { path: path.clone(), why })
    }
}

impl Material for Region {
    type Files = TlsFiles;

    fn paths(files: &TlsFiles) -> Vec<&Path> {
        vec![&files.root, &files.crl, &files.cert, &files.key]
    }

    fn load(files: &TlsFiles, previous: Option<&Self>) -> Result<Self, LoadError> {
        let (root, crl) = root_and_crl(&files.root, &files.crl)?;
        let own = Own::load(&files.cert, &files.key)?;
        check_issued(&root, &own.leaf).map_err(LoadError::x509(&files.cert))?;
        let mode = own.leaf.oin().mode();
        let clients: Arc<dyn ClientCertVerifier> = Arc::new(RegionClients::new(&root, &crl, mode)?);
        let servers = RegionServers::new(&root, &crl, Some(mode))?;
        let server = server_config(Arc::clone(&clients), &own)?;
        let chain = vec![own.leaf.der().clone()];
        let client = client_config(servers, chain, own.tls_key)?;
        let region = Self { root, crl, leaf: own.leaf, key: own.key, clients, server, client };
        if let Some(previous) = previous {
            region.check_follows(previous, files)?;
        }
        Ok(region)
    }
}

/// A server's own certificate and key, checked to belong together.
pub(crate) struct Own {
    pub(crate) leaf: Leaf,
    key: LeafKey,
    pub(crate) tls_key: PrivateKeyDer<'static>,
}

impl Own {
    pub(crate) fn load(cert: &Path, key: &Path) -> Result<Self, LoadError> {
        let pem = file::read_text(cert, PEM_BYTES_MAX)?;
        let leaf = Leaf::parse_pem(&pem).map_err(LoadError::x509(cert))?;
        let pem = file::read_secret(key, PEM_BYTES_MAX)?;
        let unusable = |source| LoadError::Key { path: key.to_owned(), source };
        let own_key = LeafKey::parse_pem(&pem).map_err(unusable)?;
        if own_key.public() != leaf.key() {
            return Err(LoadError::KeyDiffers { path: key.to_owned() });
        }
        let tls_key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|_| unusable(KeyError::Unreadable))?;
        Ok(Self { leaf, key: own_key, tls_key })
    }
}

/// The region's root, and its list of revoked certificates.
pub(crate) fn root_and_crl(root: &Path, crl: &Path) -> Result<(Root, Crl), LoadError> {
    let pem = file::read_text(root, PEM_BYTES_MAX)?;
    let parsed = Root::parse_pem(&pem).map_err(LoadError::x509(root))?;
    let list = Crl::parse_pem(&Crl::read(crl)?, &parsed).map_err(LoadError::x509(crl))?;
    Ok((parsed, list))
}

/// TLS 1.3 with a client certificate; no tickets, so that every connection is checked anew.
pub(crate) fn server_config(
    clients: Arc<dyn ClientCertVerifier>,
    own: &Own,
) -> Result<Arc<ServerConfig>, LoadError> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(clients)
        .with_single_cert(vec![own.leaf.der().clone()], own.tls_key.clone_key())?;
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.ignore_client_order = true;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

/// TLS 1.3 with our certificate; the name that is asked for is not sent in the clear.
pub(crate) fn client_config(
    servers: RegionServers,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ClientConfig>, LoadError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(servers))
        .with_client_auth_cert(chain, key)?;
    config.alpn_protocols = vec![ALPN_H2.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    Ok(Arc::new(config))
}

fn check_issued(root: &Root, leaf: &Leaf) -> Result<(), X509Error> {
    let issuer = x509::certificate(root.der())?;
    let issued = x509::certificate(leaf.der())?;
    issued.verify_signature(Some(issuer.public_key())).map_err(|_| X509Error::Signature)
}
