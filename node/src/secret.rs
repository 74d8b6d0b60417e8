//! The node's own secret: 32 random bytes in one file that only the node's user can read.
//!
//! It keys what must not be guessable from outside: staff pseudonyms, and the index of the
//! agency's records. Made once by `grondslag node init`; whoever loses it loses that index and
//! imports again.

use std::fmt;
use std::path::{Path, PathBuf};

use grondslag_certs::file::{self, FileError};
use grondslag_core::canonical::Canonical;
use grondslag_core::id::{Pseudonym, StaffId};
use grondslag_core::reason::Reason;
use grondslag_core::statement::pseudonym_of;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Length of the secret.
const SECRET_LEN: usize = 32;
/// The same, as the length of its file.
const SECRET_BYTES: u64 = 32;
/// Length of a keyed index entry: 128 bits do not collide within one agency.
pub(crate) const INDEX_LEN: usize = 16;

/// The node's secret. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct NodeSecret([u8; SECRET_LEN]);

/// Why the secret's file was not made or not used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file exists already, is open to others, or cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// Cut short, or another file.
    #[error("{0} is not a node's secret of 32 bytes")]
    Length(PathBuf),
    /// The system has no randomness to give.
    #[error("the system gives no random bytes")]
    Random,
}

impl SecretError {
    /// The stable reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::File(error) => error.reason(),
            Self::Length(_) => Reason::FileUnreadable,
            Self::Random => Reason::Internal,
        }
    }
}

impl NodeSecret {
    /// Makes a new secret in a new file with rights 0600, on disk when this returns.
    ///
    /// # Errors
    /// [`SecretError`] when the file exists or cannot be written.
    pub fn create(path: &Path) -> Result<Self, SecretError> {
        let mut secret = Self([0; SECRET_LEN]);
        getrandom::fill(&mut secret.0).map_err(|_| SecretError::Random)?;
        file::create_secret(path, &secret.0)?;
        Ok(secret)
    }

    /// Reads the secret of a node.
    ///
    /// # Errors
    /// [`SecretError`] when the file is missing, open to others or of another length.
    pub fn load(path: &Path) -> Result<Self, SecretError> {
        let bytes = match file::read_secret_bytes(path, SECRET_BYTES) {
            Err(FileError::TooLarge { path, .. }) => return Err(SecretError::Length(path)),
            read => read?,
        };
        let bytes = bytes.as_slice().try_into();
        bytes.map(Self).map_err(|_| SecretError::Length(path.to_owned()))
    }

    /// How the rest of the world knows a member of staff.
    pub fn pseudonym(&self, staff: &StaffId) -> Pseudonym {
        pseudonym_of(&self.0, staff.as_str())
    }

    /// The key of the index of pseudonyms.
    pub(crate) fn index_key(&self) -> Zeroizing<[u8; SECRET_LEN]> {
        let key = Canonical::new("grondslag/pseudonym-index/v1").bytes(&self.0).digest();
        Zeroizing::new(*key.as_bytes())
    }

    /// Where something stands in an index of this node: nobody without the secret can tell from
    /// the entry what it stands for. The label keeps two indexes apart.
    pub(crate) fn index(&self, label: &str, text: &str) -> [u8; INDEX_LEN] {
        let digest = Canonical::new(label).bytes(&self.0).text(text).digest();
        let mut entry = [0; INDEX_LEN];
        entry.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        entry
    }
}

impl fmt::Debug for NodeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeSecret(…)")
    }
}

#[cfg(test)]
impl NodeSecret {
    /// A fixed secret.
    pub(crate) fn of(byte: u8) -> Self {
        Self([byte; SECRET_LEN])
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Rights of the file.
    const MODE_SECRET: u32 = 0o600;

    #[test]
    fn a_secret_is_made_once_for_its_owner_alone_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.secret");
        let made = NodeSecret::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE_SECRET);
        assert_eq!(NodeSecret::load(&path).unwrap().0, made.0);
        let again = NodeSecret::create(&path).unwrap_err();
        assert_eq!(again.reason(), Reason::FileExists);
        assert_eq!(NodeSecret::load(&path).unwrap().0, made.0);
        assert_eq!(format!("{made:?}"), "NodeSecret(…)");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.secret");
        NodeSecret::create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(NodeSecret::load(&path).unwrap_err().reason(), Reason::PermissionsOpen);
    }

    #[test]
    fn a_missing_short_or_long_file_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.secret");
        assert_eq!(NodeSecret::load(&path).unwrap_err().reason(), Reason::FileUnreadable);
        for length in [0, 31, 33, 64] {
            fs::write(&path, vec![1; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(MODE_SECRET)).unwrap();
            assert!(matches!(NodeSecret::load(&path), Err(SecretError::Length(_))), "{length}");
        }
    }

    #[test]
    fn an_index_entry_depends_on_secret_label_and_text() {
        let entry = NodeSecret::of(1).index("a", "x");
        assert_eq!(entry, NodeSecret::of(1).index("a", "x"));
        assert_ne!(entry, NodeSecret::of(2).index("a", "x"));
        assert_ne!(entry, NodeSecret::of(1).index("b", "x"));
        assert_ne!(entry, NodeSecret::of(1).index("a", "y"));
    }
}
