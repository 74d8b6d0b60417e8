//! Certificates, keys and lists that change on disk while the process runs.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use grondslag_core::reason::Reason;
use rustls::server::VerifierBuilderError;

use crate::file::FileError;
use crate::key::KeyError;
use crate::x509::X509Error;

/// Why files were not taken into use.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate or list is not as it must be.
    #[error("{path}: {source}")]
    X509 {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: X509Error,
    },
    /// A key is not as it must be.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// Key and certificate do not belong together.
    #[error("{path} is not the key of the certificate")]
    KeyDiffers {
        /// The key file.
        path: PathBuf,
    },
    /// What may not change while a process runs.
    #[error("{path}: {why}")]
    NotWhileRunning {
        /// The file.
        path: PathBuf,
        /// What changed.
        why: &'static str,
    },
    /// rustls does not take a root or a list.
    #[error("the root or the list of revoked certificates cannot be used: {0}")]
    Verifier(#[from] VerifierBuilderError),
    /// rustls does not take a certificate or key.
    #[error("the certificate cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

impl LoadError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::X509 { source, .. } => source.reason(),
            Self::Key { source, .. } => source.reason(),
            Self::KeyDiffers { .. }
            | Self::NotWhileRunning { .. }
            | Self::Verifier(_)
            | Self::Tls(_) => Reason::CertificateInvalid,
        }
    }

    pub(crate) fn x509(path: &Path) -> impl FnOnce(X509Error) -> Self {
        move |source| Self::X509 { path: path.to_owned(), source }
    }
}

/// What is made from files, and made again when they change.
pub trait Material: Sized {
    /// The files.
    type Files: fmt::Debug;

    /// The paths to watch.
    fn paths(files: &Self::Files) -> Vec<&Path>;

    /// Makes it. `previous` is what is in use, which a new version must follow from.
    ///
    /// # Errors
    /// [`LoadError`] when the files do not hold it.
    fn load(files: &Self::Files, previous: Option<&Self>) -> Result<Self, LoadError>;
}

/// What a look at the files led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// Nothing changed.
    Unchanged,
    /// New files are in use from now on.
    Changed,
}

/// Material in use. Handshakes take a snapshot; the runtime's reload task is the only writer.
pub struct Reloading<M: Material> {
    files: M::Files,
    held: RwLock<Held<M>>,
}

struct Held<M> {
    material: Arc<M>,
    seen: Vec<Option<Stamp>>,
}

/// Enough of a file's metadata to notice that it was written or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    len: u64,
    modified: (i64, i64),
}

impl<M: Material> Reloading<M> {
    /// Loads the files for the first time.
    ///
    /// # Errors
    /// [`LoadError`] when they do not hold what they should: a process does not start then.
    pub fn open(files: M::Files) -> Result<Self, LoadError> {
        let seen = stamps(&M::paths(&files));
        let material = Arc::new(M::load(&files, None)?);
        Ok(Self { files, held: RwLock::new(Held { material, seen }) })
    }

    /// What is in use now.
    pub fn current(&self) -> Arc<M> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held.material)
    }

    /// Takes changed files into use. It reads files, so call it from a blocking task.
    ///
    /// # Errors
    /// [`LoadError`] when the new files cannot be used: the old ones stay in use (and expire as
    /// they would), and the next call tries again.
    pub fn reload_if_changed(&self) -> Result<Reload, LoadError> {
        // Before loading, so that a change during it is seen the next time.
        let seen = stamps(&M::paths(&self.files));
        let previous = {
            let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
            if held.seen == seen {
                return Ok(Reload::Unchanged);
            }
            Arc::clone(&held.material)
        };
        let material = Arc::new(M::load(&self.files, Some(&previous))?);
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Held { material, seen };
        Ok(Reload::Changed)
    }
}

impl<M: Material> fmt::Debug for Reloading<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloading").field("files", &self.files).finish_non_exhaustive()
    }
}

fn stamps(paths: &[&Path]) -> Vec<Option<Stamp>> {
    paths.iter().map(|path| stamp(path)).collect()
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some(Stamp {
        inode: metadata.ino(),
        len: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    })
}
