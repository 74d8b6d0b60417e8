//! Seal keys: one per epoch of use, numbered. The newest stands on the card; older ones open what
//! was sealed before, and are destroyed when nothing sealed under them can still come.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use grondslag_certs::file;
use grondslag_core::seal::{About, SealError, SealKey, SealSecret, Suite, open};
use rand_core::UnwrapErr;

use super::KeysError;
use crate::limits::SEAL_KEYS_MAX;

/// Ending of a key's file, behind its number.
const ENDING: &str = "key";
/// Length of a key's file.
const KEY_BYTES: u64 = 34;

/// The seal keys of one node.
pub(crate) struct Seals {
    folder: PathBuf,
    // Held for one opening or to change the list, never across an await.
    held: RwLock<BTreeMap<u32, SealSecret>>,
}

impl Seals {
    /// Makes a folder with the first key.
    pub(super) fn create(folder: &Path) -> Result<(), KeysError> {
        file::create_folder(folder)?;
        write(folder, 1)?;
        Ok(())
    }

    /// Loads every key of a folder.
    pub(super) fn load(folder: &Path) -> Result<Self, KeysError> {
        let none = || KeysError::None(folder.to_owned());
        let files = std::fs::read_dir(folder).map_err(|_| none())?;
        let mut held = BTreeMap::new();
        let keys = files.flatten().map(|entry| entry.path());
        for (number, path) in keys.filter_map(|path| Some((number_of(&path)?, path))) {
            if held.len() == SEAL_KEYS_MAX {
                return Err(KeysError::TooMany(folder.to_owned()));
            }
            let bytes = file::read_secret_bytes(&path, KEY_BYTES)?;
            let secret = SealSecret::parse(&bytes).map_err(|_| KeysError::Key(path.clone()))?;
            held.insert(number, secret);
        }
        if held.is_empty() {
            return Err(none());
        }
        Ok(Self { folder: folder.to_owned(), held: RwLock::new(held) })
    }

    /// The public key that stands on the card.
    ///
    /// # Errors
    /// [`SealError::Key`] when the newest key is none.
    pub(crate) fn public(&self) -> Result<SealKey, SealError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.values().next_back().ok_or(SealError::Key)?.public()
    }

    /// The numbers of all keys, the oldest first.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.keys().copied().collect()
    }

    /// Makes a new key, which stands on the next card.
    ///
    /// # Errors
    /// [`KeysError`] when it cannot be written.
    pub(crate) fn renew(&self) -> Result<(), KeysError> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= SEAL_KEYS_MAX {
            return Err(KeysError::TooMany(self.folder.clone()));
        }
        let number = held.keys().next_back().map_or(1, |last| last.saturating_add(1));
        held.insert(number, write(&self.folder, number)?);
        Ok(())
    }

    /// Destroys a key for good; the newest stays.
    ///
    /// # Errors
    /// [`KeysError`] when its file cannot be removed.
    pub(crate) fn destroy(&self, number: u32) -> Result<(), KeysError> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.keys().next_back() == Some(&number) {
            return Ok(());
        }
        file::destroy(&path_of(&self.folder, number))?;
        held.remove(&number);
        Ok(())
    }

    /// Opens what was sealed under any of the keys, the newest first.
    ///
    /// # Errors
    /// [`SealError::Unopened`] for what none of them opens.
    pub(crate) fn open(&self, about: &About<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        // All of them, whichever opens it: how long it takes says nothing.
        let tried: Vec<_> = held.values().rev().map(|key| open(key, about, sealed)).collect();
        tried.into_iter().find_map(Result::ok).ok_or(SealError::Unopened)
    }
}

impl fmt::Debug for Seals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seals(…)")
    }
}

fn write(folder: &Path, number: u32) -> Result<SealSecret, KeysError> {
    let secret = SealSecret::random(Suite::XWing, &mut UnwrapErr(getrandom::SysRng));
    file::create_secret(&path_of(folder, number), &secret.expose())?;
    Ok(secret)
}

fn path_of(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number}.{ENDING}"))
}

fn number_of(path: &Path) -> Option<u32> {
    let named = path.extension().is_some_and(|ending| ending == ENDING);
    named.then(|| path.file_stem()?.to_str()?.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use grondslag_core::clock::Timestamp;
    use grondslag_core::id::{Oin, TargetId};
    use grondslag_core::seal::{Label, seal};

    use super::*;

    #[test]
    fn an_older_key_opens_until_it_is_destroyed_and_the_newest_stays() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("seal");
        Seals::create(&folder).unwrap();
        let seals = Seals::load(&folder).unwrap();
        let oin = Oin::parse("00000099000000001000").unwrap();
        let about = About {
            label: Label::Answer,
            target_id: TargetId::new([1; 16]),
            from: &oin,
            to: &oin,
            epoch: 1,
            reply_no: 1,
            part: 1,
            last: true,
            answer_by: Timestamp::from_ms(5),
        };
        let to = seals.public().unwrap();
        let sealed = seal(&to, &about, b"a", 2_048, &mut UnwrapErr(getrandom::SysRng)).unwrap();
        seals.renew().unwrap();
        assert_ne!(seals.public().unwrap().bytes(), to.bytes());
        assert_eq!(seals.open(&about, &sealed).unwrap(), b"a");
        let again = Seals::load(&folder).unwrap();
        assert_eq!(again.numbers(), [1, 2]);
        assert_eq!(again.open(&about, &sealed).unwrap(), b"a");
        again.destroy(2).unwrap();
        again.destroy(1).unwrap();
        assert_eq!(again.open(&about, &sealed), Err(SealError::Unopened));
        assert_eq!(Seals::load(&folder).unwrap().numbers(), [2]);
    }

    #[test]
    fn a_folder_without_a_key_or_with_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Seals::load(folder.path()), Err(KeysError::None(_))));
        file::create_secret(&folder.path().join("1.key"), b"short").unwrap();
        assert!(matches!(Seals::load(folder.path()), Err(KeysError::Key(_))));
    }
}
