//! TLS 1.3, mutual, with the region's list of revoked certificates: the only way in.
//!
//! No TLS 1.2, no 0-RTT, no session resumption (a resumed session would skip the list of revoked
//! certificates), no chains: a leaf and a root. Key exchange is hybrid post-quantum first.

mod desk;
mod fault;
mod region;
mod reload;
mod stream;
pub(crate) mod verify;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use grondslag_core::id::Oin;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, cipher_suite, kx_group};

use crate::request;

pub use self::desk::{DeskClient, DeskClientFiles, DeskListener, DeskListenerFiles};
pub use self::fault::TlsFault;
pub use self::region::{DaysLeft, Region};
pub use self::reload::{LoadError, Material, Reload, Reloading};
pub use self::stream::{Acceptor, Connector};

/// gRPC is HTTP/2 and nothing else.
const ALPN_H2: &[u8] = b"h2";

/// The files of an agency's folder that TLS needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The region's root certificate.
    pub root: PathBuf,
    /// The region's list of revoked certificates.
    pub crl: PathBuf,
    /// The agency's certificate.
    pub cert: PathBuf,
    /// The agency's private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// The usual names in one folder: `ca.pem`, `crl.pem`, `cert.pem`, `key.pem`.
    pub fn in_folder(dir: &Path) -> Self {
        Self {
            root: dir.join("ca.pem"),
            crl: dir.join("crl.pem"),
            cert: dir.join("cert.pem"),
            key: dir.join(request::KEY_FILE),
        }
    }
}

/// The name under which an agency's node or broker is verified, wherever it listens. It is not in
/// any DNS.
pub fn node_name(oin: &Oin) -> String {
    format!("{}.oin.grondslag.invalid", oin.as_str().to_ascii_lowercase())
}

/// Our one provider, with our order of suites and groups (`standards.md` 4.3).
fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        cipher_suites: vec![
            cipher_suite::TLS13_AES_256_GCM_SHA384,
            cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
            cipher_suite::TLS13_AES_128_GCM_SHA256,
        ],
        kx_groups: vec![kx_group::X25519MLKEM768, kx_group::X25519, kx_group::SECP256R1],
        ..aws_lc_rs::default_provider()
    })
}

#[cfg(test)]
mod tests;
