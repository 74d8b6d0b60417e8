//! A holder's secrets, one per epoch, in the sealed file and in memory. They are in no store, no
//! backup and no export.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use grondslag_certs::SealedFile;
use grondslag_core::blind::{BlindError, Factors};
use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use zeroize::Zeroizing;

use crate::limits::{EPOCHS_KEPT_MAX, FACTORS_CACHED_MAX};

const LABEL: &str = "grondslag/holder-secrets/v1";
/// Label of the sealed file.
const FILE: &str = "broker-factors";

type Secret = Zeroizing<[u8; 32]>;

/// The secrets of one holder.
pub struct Secrets {
    file: SealedFile,
    region: String,
    // Held for a look or while the file is replaced, never across an await.
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    secrets: BTreeMap<u32, Secret>,
    factors: BTreeMap<(u32, Oin), Arc<Factors>>,
}

impl Secrets {
    /// Reads the sealed file of a region's holder under the key in another file; one that does not
    /// exist holds none.
    ///
    /// # Errors
    /// `FACTORS_UNREADABLE` for a file that does not open under its key.
    pub fn open(sealed: &Path, key: &Path, region: String) -> Result<Self, Reason> {
        let file = SealedFile::open(sealed, key, FILE).map_err(|error| error.reason())?;
        let content = file.read().map_err(|error| error.reason())?;
        let secrets = content.map(|content| parse(&content)).transpose();
        let secrets = secrets.map_err(|_| Reason::FactorsUnreadable)?.unwrap_or_default();
        let held = Held { secrets, factors: BTreeMap::new() };
        Ok(Self { file, region, held: Mutex::new(held) })
    }

    /// Makes a secret for an epoch, on disk when it returns; one that exists stays.
    ///
    /// # Errors
    /// Why it could not be written.
    pub(crate) fn make(&self, epoch: u32) -> Result<(), Reason> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.secrets.contains_key(&epoch) {
            return Ok(());
        }
        if held.secrets.len() >= EPOCHS_KEPT_MAX {
            return Err(Reason::TooLarge);
        }
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(secret.as_mut()).map_err(|_| Reason::Internal)?;
        let mut secrets = held.secrets.clone();
        secrets.insert(epoch, secret);
        self.file.replace(&encode(&secrets)).map_err(|error| error.reason())?;
        held.secrets = secrets;
        Ok(())
    }

    /// Destroys the secret of an epoch, on disk when it returns.
    ///
    /// # Errors
    /// Why the file could not be replaced.
    pub(crate) fn destroy(&self, epoch: u32) -> Result<(), Reason> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.factors.retain(|(of, _), _| *of != epoch);
        if !held.secrets.contains_key(&epoch) {
            return Ok(());
        }
        let mut secrets = held.secrets.clone();
        secrets.remove(&epoch);
        self.file.replace(&encode(&secrets)).map_err(|error| error.reason())?;
        held.secrets = secrets;
        Ok(())
    }

    /// The epochs of which there is a secret.
    pub fn epochs(&self) -> Vec<u32> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.secrets.keys().copied().collect()
    }

    /// The factors for a node.
    ///
    /// # Errors
    /// `EPOCH_STALE` without a secret for the epoch.
    pub fn factors(&self, epoch: u32, node: &Oin) -> Result<Arc<Factors>, Reason> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (epoch, node.clone());
        if let Some(factors) = held.factors.get(&place) {
            return Ok(Arc::clone(factors));
        }
        let secret = held.secrets.get(&epoch).ok_or(Reason::EpochStale)?;
        let factors = Factors::derive(secret, &self.region, epoch, node);
        let factors = Arc::new(factors.map_err(BlindError::reason)?);
        if held.factors.len() >= FACTORS_CACHED_MAX {
            held.factors.clear();
        }
        held.factors.insert(place, Arc::clone(&factors));
        Ok(factors)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

fn encode(secrets: &BTreeMap<u32, Secret>) -> Zeroizing<Vec<u8>> {
    let start = Canonical::new(LABEL).number(u64::try_from(secrets.len()).unwrap_or(u64::MAX));
    let all = secrets
        .iter()
        .fold(start, |out, (epoch, secret)| out.number(u64::from(*epoch)).bytes(secret.as_slice()));
    all.finish_secret()
}

fn parse(bytes: &[u8]) -> Result<BTreeMap<u32, Secret>, NotCanonical> {
    let mut reader = Reader::new(bytes, LABEL)?;
    let count = usize::try_from(reader.number()?).map_err(|_| NotCanonical)?;
    if count > EPOCHS_KEPT_MAX {
        return Err(NotCanonical);
    }
    let mut secrets = BTreeMap::new();
    for _ in 0..count {
        let epoch = u32::try_from(reader.number()?).map_err(|_| NotCanonical)?;
        secrets.insert(epoch, Zeroizing::new(reader.array()?));
    }
    reader.end()?;
    Ok(secrets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path) -> Secrets {
        let key = folder.join("key");
        if !key.exists() {
            SealedFile::create_key(&key).unwrap();
        }
        Secrets::open(&folder.join("sealed"), &key, "region".into()).unwrap()
    }

    #[test]
    fn factors_last_and_are_gone_for_good_once_destroyed() {
        let folder = tempfile::tempdir().unwrap();
        let node = Oin::parse("00000099000000001000").unwrap();
        let secrets = open(folder.path());
        assert_eq!(secrets.factors(1, &node).unwrap_err(), Reason::EpochStale);
        secrets.make(1).unwrap();
        secrets.make(2).unwrap();
        let before = secrets.factors(1, &node).unwrap().shuffled(None).unwrap();
        secrets.make(1).unwrap();
        let again = open(folder.path());
        assert_eq!(again.factors(1, &node).unwrap().shuffled(None).unwrap(), before);
        assert_ne!(again.factors(2, &node).unwrap().shuffled(None).unwrap(), before);
        again.destroy(1).unwrap();
        again.destroy(1).unwrap();
        assert_eq!(again.factors(1, &node).unwrap_err(), Reason::EpochStale);
        assert_eq!(open(folder.path()).epochs(), [2]);
    }

    #[test]
    fn there_is_a_bound_on_epochs() {
        let folder = tempfile::tempdir().unwrap();
        let secrets = open(folder.path());
        let last = u32::try_from(EPOCHS_KEPT_MAX).unwrap();
        (0..last).for_each(|epoch| secrets.make(epoch).unwrap());
        assert_eq!(secrets.make(last), Err(Reason::TooLarge));
    }
}
