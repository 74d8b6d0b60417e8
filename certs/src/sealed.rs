//! A small file that is sealed under a key of its own: what a key holder must keep and nobody else
//! may read, not even who copies the disk (AES-256-GCM, NIST SP 800-38D).
//!
//! The key stands in another file, named by its path, so that it can live on another device. The
//! sealed file is replaced as a whole; a reader sees the old content or the new.

use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use grondslag_core::canonical::Canonical;
use grondslag_core::reason::Reason;
use zeroize::Zeroizing;

use crate::file::{self, FileError};
use crate::limits::SEALED_BYTES_MAX;

/// Length of the key.
const KEY_LEN: usize = 32;
/// The same, as the length of its file.
const KEY_BYTES: u64 = 32;

/// Why a sealed file was not made, read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// The file itself, or that of its key.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key is not 32 bytes, or not the one that the file was sealed under; or the file was
    /// altered, or is another's.
    #[error("{0} does not open under this key")]
    Unopened(PathBuf),
    /// The system has no randomness to give.
    #[error("the system gives no random bytes")]
    Random,
}

impl SealedError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) if error.reason() != Reason::FileUnreadable => error.reason(),
            Self::File(_) | Self::Unopened(_) => Reason::FactorsUnreadable,
            Self::Random => Reason::Internal,
        }
    }
}

/// A sealed file and its key.
pub struct SealedFile {
    path: PathBuf,
    key: LessSafeKey,
    /// What the file is about: it opens as nothing else.
    label: Vec<u8>,
}

impl SealedFile {
    /// Makes a new random key in a new file of mode 0600.
    ///
    /// # Errors
    /// [`SealedError`] when it exists or cannot be written.
    pub fn create_key(path: &Path) -> Result<(), SealedError> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        getrandom::fill(key.as_mut()).map_err(|_| SealedError::Random)?;
        Ok(file::create_secret(path, key.as_slice())?)
    }

    /// Opens a file under a key. The file need not exist yet.
    ///
    /// # Errors
    /// [`SealedError`] when the key cannot be read, is open to others or of another length.
    pub fn open(path: &Path, key: &Path, label: &str) -> Result<Self, SealedError> {
        let bytes = file::read_secret_bytes(key, KEY_BYTES)?;
        let wrong = |_| SealedError::Unopened(key.to_owned());
        let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(wrong)?;
        let label = Canonical::new("grondslag/sealed-file/v1").text(label).finish();
        Ok(Self { path: path.to_owned(), key: LessSafeKey::new(key), label })
    }

    /// The content; `None` when the file does not exist.
    ///
    /// # Errors
    /// [`SealedError::Unopened`] for a file that was altered or sealed under another key.
    pub fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, SealedError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let unopened = || SealedError::Unopened(self.path.clone());
        let bytes = file::read_secret_bytes(&self.path, SEALED_BYTES_MAX)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_LEN>().ok_or_else(unopened)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let mut content = Zeroizing::new(sealed.to_vec());
        let opened = self.key.open_in_place(nonce, Aad::from(&self.label), &mut content);
        let length = opened.map_err(|_| unopened())?.len();
        content.truncate(length);
        Ok(Some(content))
    }

    /// Puts new content in place, on disk when this returns. A file is replaced some times a year,
    /// so that random nonces of 96 bits do not repeat under one key.
    ///
    /// # Errors
    /// [`SealedError`] when it cannot be written.
    pub fn replace(&self, content: &[u8]) -> Result<(), SealedError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealedError::Random)?;
        let mut sealed = Zeroizing::new(content.to_vec());
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::from(&self.label), &mut *sealed)
            .map_err(|_| SealedError::Random)?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(file::replace_secret(&self.path, &bytes)?)
    }
}

impl fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedFile({}, …)", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(folder: &Path) -> SealedFile {
        SealedFile::create_key(&folder.join("key")).unwrap();
        SealedFile::open(&folder.join("sealed"), &folder.join("key"), "factors").unwrap()
    }

    #[test]
    fn what_was_put_in_place_is_read_and_the_next_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = made(folder.path());
        assert!(sealed.read().unwrap().is_none());
        sealed.replace(b"one").unwrap();
        assert_eq!(sealed.read().unwrap().unwrap().as_slice(), b"one");
        sealed.replace(b"two").unwrap();
        assert_eq!(sealed.read().unwrap().unwrap().as_slice(), b"two");
        let raw = std::fs::read(folder.path().join("sealed")).unwrap();
        assert!(!raw.windows(3).any(|window| window == b"two"), "plain on disk");
    }

    #[test]
    fn another_key_label_or_byte_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let sealed = made(folder.path());
        sealed.replace(b"secret").unwrap();
        let at = |name: &str| folder.path().join(name);
        SealedFile::create_key(&at("other")).unwrap();
        for (key, label) in [("other", "factors"), ("key", "something else")] {
            let wrong = SealedFile::open(&at("sealed"), &at(key), label).unwrap();
            assert_eq!(wrong.read().unwrap_err().reason(), Reason::FactorsUnreadable);
        }
        let mut raw = std::fs::read(at("sealed")).unwrap();
        raw[20] ^= 1;
        std::fs::write(at("sealed"), raw).unwrap();
        assert_eq!(sealed.read().unwrap_err().reason(), Reason::FactorsUnreadable);
    }

    #[test]
    fn a_key_that_is_missing_short_or_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let open = |key: &str| SealedFile::open(&at("sealed"), &at(key), "factors");
        assert_eq!(open("none").unwrap_err().reason(), Reason::FactorsUnreadable);
        file::create_secret(&at("short"), b"short").unwrap();
        assert_eq!(open("short").unwrap_err().reason(), Reason::FactorsUnreadable);
        SealedFile::create_key(&at("key")).unwrap();
        let rights = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(at("key"), rights).unwrap();
        assert_eq!(open("key").unwrap_err().reason(), Reason::PermissionsOpen);
    }

    #[test]
    fn neither_key_nor_content_shows() {
        let folder = tempfile::tempdir().unwrap();
        assert!(format!("{:?}", made(folder.path())).ends_with("…)"));
    }
}
