//! Private keys on disk: the agency's X.509 key (ECDSA P-256) and Ed25519 signing keys.

use std::fmt;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use ed25519_dalek::SigningKey;
use grondslag_core::reason::Reason;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::limits::PEM_BYTES_MAX;

/// What stands before the 32 bytes of an Ed25519 key in PKCS#8 (RFC 8410, 7).
const ED25519_PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// Why a key was not made, loaded or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a PKCS#8 key of the expected type.
    #[error("this is not a PKCS#8 key of the expected type in PEM")]
    Unreadable,
    /// The system gave no random bytes, or the key could not sign.
    #[error("the system's cryptography failed")]
    Failed,
}

impl KeyError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::Unreadable => Reason::FileUnreadable,
            Self::Failed => Reason::Internal,
        }
    }
}

/// The private key of an agency's X.509 certificate. It signs the agency's card.
pub struct LeafKey(EcdsaKeyPair);

impl LeafKey {
    /// Loads the key from PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError`] when the file is missing, open to others, or holds another type of key.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        Self::parse_pem(&file::read_secret(path, PEM_BYTES_MAX)?)
    }

    /// Signs: ECDSA P-256 with SHA-256, ASN.1.
    ///
    /// # Errors
    /// [`KeyError::Failed`] when the system's cryptography fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| KeyError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }

    /// The public key, an uncompressed point.
    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn parse_pem(pem: &str) -> Result<Self, KeyError> {
        let der = pkcs8(pem)?;
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der.secret_pkcs8_der())
            .map(Self)
            .map_err(|_| KeyError::Unreadable)
    }
}

impl fmt::Debug for LeafKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafKey(…)")
    }
}

/// Makes an Ed25519 key in a new file of mode 0600: a card's sign key, or a desk key.
///
/// # Errors
/// [`KeyError`] when the file exists or cannot be written.
pub fn create_signing_key(path: &Path) -> Result<SigningKey, KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|_| KeyError::Failed)?;
    let key = SigningKey::from_bytes(&seed);
    let pem = Zeroizing::new(pem::encode(&pem::Pem::new("PRIVATE KEY", ed25519_pkcs8(&key))));
    file::create_secret(path, pem.as_bytes())?;
    Ok(key)
}

/// Loads an Ed25519 key from PKCS#8 PEM.
///
/// # Errors
/// [`KeyError`] when the file is missing, open to others, or holds another type of key.
pub fn load_signing_key(path: &Path) -> Result<SigningKey, KeyError> {
    let der = pkcs8(&file::read_secret(path, PEM_BYTES_MAX)?)?;
    let seed = der.secret_pkcs8_der().strip_prefix(&ED25519_PKCS8_PREFIX);
    let seed: &[u8; 32] = seed.and_then(|seed| seed.try_into().ok()).ok_or(KeyError::Unreadable)?;
    Ok(SigningKey::from_bytes(seed))
}

/// The key in PKCS#8, for the library that signs certificate requests.
pub(crate) fn ed25519_pkcs8(key: &SigningKey) -> Vec<u8> {
    [ED25519_PKCS8_PREFIX.as_slice(), key.as_bytes()].concat()
}

fn pkcs8(pem: &str) -> Result<PrivatePkcs8KeyDer<'static>, KeyError> {
    PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| KeyError::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signing_key_reads_back_and_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sign.key");
        let key = create_signing_key(&path).unwrap();
        assert_eq!(load_signing_key(&path).unwrap().to_bytes(), key.to_bytes());
        assert_eq!(create_signing_key(&path).unwrap_err().reason(), Reason::FileExists);
    }

    #[test]
    fn a_key_of_another_type_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sign.key");
        create_signing_key(&path).unwrap();
        assert!(matches!(LeafKey::load(&path), Err(KeyError::Unreadable)));
        let p256 = dir.path().join("key.pem");
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        file::create_secret(&p256, pair.serialize_pem().as_bytes()).unwrap();
        assert!(matches!(load_signing_key(&p256), Err(KeyError::Unreadable)));
        assert_eq!(format!("{:?}", LeafKey::load(&p256).unwrap()), "LeafKey(…)");
    }
}
