//! The desk of one node: a listener of its own for the node's staff, and their end of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ServerConfig};

use crate::desk::{self, DeskRoot};
use crate::file;
use crate::key::KeyError;
use crate::limits::PEM_BYTES_MAX;
use crate::tls::TlsFiles;
use crate::tls::region::{self, Own};
use crate::tls::reload::{LoadError, Material};
use crate::tls::verify::{DeskClients, RegionServers};
use crate::x509::DeskCertificate;

/// The files of a desk listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskListenerFiles {
    /// The node's certificate: the same as toward the region.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The root of the node's own desk authority.
    pub desk_root: PathBuf,
}

/// A desk listener: shows the node's certificate, admits certificates of its own desk authority
/// and of nobody else.
#[derive(Debug)]
pub struct DeskListener {
    server: Arc<ServerConfig>,
}

impl DeskListener {
    pub(crate) fn server(&self) -> &Arc<ServerConfig> {
        &self.server
    }
}

impl Material for DeskListener {
    type Files = DeskListenerFiles;

    fn paths(files: &DeskListenerFiles) -> Vec<&Path> {
        vec![&files.cert, &files.key, &files.desk_root]
    }

    fn load(files: &DeskListenerFiles, _: Option<&Self>) -> Result<Self, LoadError> {
        let own = Own::load(&files.cert, &files.key)?;
        let pem = file::read_text(&files.desk_root, PEM_BYTES_MAX)?;
        let root = DeskRoot::parse_pem(&pem).map_err(LoadError::x509(&files.desk_root))?;
        let server = region::server_config(Arc::new(DeskClients::new(&root)?), &own)?;
        Ok(Self { server })
    }
}

/// The files of a member of staff's client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskClientFiles {
    /// The region's root certificate, which the node is verified by.
    pub root: PathBuf,
    /// The region's list of revoked certificates.
    pub crl: PathBuf,
    /// The desk certificate.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl DeskClientFiles {
    /// The usual names: root and list in the node's folder, certificate and key in the person's.
    pub fn in_folders(node: &Path, person: &Path) -> Self {
        let TlsFiles { root, crl, .. } = TlsFiles::in_folder(node);
        let [cert, key] = [desk::CERT_FILE, desk::KEY_FILE].map(|name| person.join(name));
        Self { root, crl, cert, key }
    }
}

/// A member of staff's end of the desk.
#[derive(Debug)]
pub struct DeskClient {
    certificate: DeskCertificate,
    client: Arc<ClientConfig>,
}

impl DeskClient {
    /// Our own certificate.
    pub fn certificate(&self) -> &DeskCertificate {
        &self.certificate
    }

    pub(crate) fn client(&self) -> &Arc<ClientConfig> {
        &self.client
    }
}

impl Material for DeskClient {
    type Files = DeskClientFiles;

    fn paths(files: &DeskClientFiles) -> Vec<&Path> {
        vec![&files.root, &files.crl, &files.cert, &files.key]
    }

    fn load(files: &DeskClientFiles, _: Option<&Self>) -> Result<Self, LoadError> {
        let (root, crl) = region::root_and_crl(&files.root, &files.crl)?;
        let pem = file::read_text(&files.cert, PEM_BYTES_MAX)?;
        let certificate = DeskCertificate::parse_pem(&pem).map_err(LoadError::x509(&files.cert))?;
        let pem = file::read_secret(&files.key, PEM_BYTES_MAX)?;
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| LoadError::Key {
            path: files.key.clone(),
            source: KeyError::Unreadable,
        })?;
        let servers = RegionServers::new(&root, &crl, None)?;
        let client = region::client_config(servers, vec![certificate.der().clone()], key)?;
        Ok(Self { certificate, client })
    }
}
