//! The ledgers of a process: where their tiles stand, and what they are called.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use ed25519_dalek::SigningKey;
use grondslag_certs::key::load_signing_key;
use grondslag_core::canonical::Canonical;
use grondslag_core::checkpoint::{CheckpointError, Origin};
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::generation;
use grondslag_evidence::ledger::{Entry, Ledger, Means, Signer, Tiles};
use grondslag_evidence::store::Batch;

use super::{Context, StartError};
use crate::clock::ProcessClock;
use crate::config::SecretFile;

/// The keys that sign a process's statements.
#[derive(Debug, Clone)]
pub struct SignKeys {
    /// The one on its card.
    pub current: SigningKey,
    /// The one before, for a while after a change.
    pub previous: Option<SigningKey>,
}

impl SignKeys {
    /// Reads the keys that a configuration names.
    ///
    /// # Errors
    /// [`StartError`] for a file that cannot be read.
    pub fn load(current: &SecretFile, previous: Option<&SecretFile>) -> Result<Self, StartError> {
        let load = |file: &SecretFile| {
            load_signing_key(file.path()).map_err(|error| StartError::new(error.reason(), error))
        };
        Ok(Self { current: load(current)?, previous: previous.map(load).transpose()? })
    }

    /// The public keys: of now, and the one before.
    pub fn public(&self) -> Vec<[u8; 32]> {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.map(|key| key.verifying_key().to_bytes()).collect()
    }
}

/// The ledgers that a process records in, as long as it holds them: where one ends in time to come,
/// nothing can be recorded.
#[derive(Debug, Clone, Default)]
pub struct Recording(Arc<Mutex<Vec<Weak<Ledger>>>>);

impl Recording {
    fn add(&self, ledger: &Arc<Ledger>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|held| held.strong_count() > 0);
        all.push(Arc::downgrade(ledger));
    }

    /// Whether one of them ends in time to come.
    pub(super) fn is_ahead(&self, clock: &ProcessClock) -> bool {
        let now = clock.clock().now();
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(Weak::upgrade).any(|ledger| ledger.may_append(now).is_err())
    }
}

impl Context {
    /// The region: the fingerprint of its root certificate.
    pub fn region_name(&self) -> String {
        self.region.current().root().fingerprint().to_string()
    }

    /// Opens a ledger of this process, or begins it: the one that goes on under this name, whose
    /// origin follows from its number.
    ///
    /// # Errors
    /// [`StartError`] with `LEDGER_FORK` or `STORE_CORRUPT` when it cannot be gone on with.
    pub async fn ledger(
        &self,
        name: &str,
        origin: impl FnOnce(u64) -> Result<Origin, CheckpointError>,
        keys: &SignKeys,
    ) -> Result<Arc<Ledger>, StartError> {
        let ledger = self.ledger_of(self.generation, name, origin, keys).await?;
        if let Err(error) = ledger.may_append(self.clock.clock().now()) {
            tracing::error!(reason = %error.reason(), "{error}");
        }
        self.recording.add(&ledger);
        Ok(ledger)
    }

    /// Begins the ledger behind the one that goes on under this name, on a store that was put back:
    /// its first leaf is the last head of the one before, so that what was signed since the backup
    /// and is lost is not contradicted under the same name. `state` is committed with that leaf.
    ///
    /// # Errors
    /// [`StartError`] when the store was not put back, or the ledger cannot be begun.
    pub async fn go_on(
        &self,
        name: &str,
        origin: impl Fn(u64) -> Result<Origin, CheckpointError>,
        keys: &SignKeys,
        state: Batch,
    ) -> Result<(), StartError> {
        if self.restored.is_none() {
            let what = "this store was not put back from a backup";
            return Err(StartError::new(Reason::NotRestored, what));
        }
        let number = self.generation.saturating_add(1);
        let next = self.ledger_of(number, name, &origin, keys).await?;
        if next.size().await? > 0 && state.is_empty() {
            // Begun already, before a finish that was cut short.
            return Ok(());
        }
        let before = self.ledger_of(self.generation, name, &origin, keys).await?;
        let note = before.checkpoint().bare().note();
        let leaf = Canonical::new("grondslag/leaf/restored/v1").text(&note).finish();
        next.append(Entry { about: Digest::of(&leaf), leaf, state }).await?;
        Ok(())
    }

    /// Opens a ledger of this process under a number.
    ///
    /// # Errors
    /// As [`Context::ledger`].
    pub async fn ledger_of(
        &self,
        number: u64,
        name: &str,
        origin: impl FnOnce(u64) -> Result<Origin, CheckpointError>,
        keys: &SignKeys,
    ) -> Result<Arc<Ledger>, StartError> {
        let origin = origin(number).map_err(|error| StartError::new(Reason::Internal, error))?;
        let name = generation::name(name, number);
        let tiles = match &self.tiles {
            Some(folder) => Tiles::folder(folder.join(&name)),
            None => Tiles::memory(),
        };
        let means = Means {
            store: Arc::clone(&self.store),
            clock: self.clock.clock(),
            name: &name,
            tiles: Arc::new(tiles),
            signer: Signer {
                origin,
                key: keys.current.clone(),
                previous: keys.previous.as_ref().map(|key| key.verifying_key().to_bytes()),
            },
        };
        Ok(Arc::new(Ledger::open(means).await?))
    }
}
