//! A ledger for tests: its tiles in memory, its checkpoints signed with a key that anybody knows.

use std::sync::Arc;

use ed25519_dalek::SigningKey;
use grondslag_core::checkpoint::{CheckpointError, Origin};
use grondslag_core::clock::Clock;

use super::{Ledger, LedgerError, Means, Signer, Tiles};
use crate::store::Store;

/// Signs as `<name>/1` with a key of this seed.
///
/// # Errors
/// [`CheckpointError::Name`] for a name that no log may have.
pub fn signer(name: &str, seed: u8) -> Result<Signer, CheckpointError> {
    let origin = Origin::parse(&format!("{name}/1"))?;
    Ok(Signer { origin, key: SigningKey::from_bytes(&[seed; 32]), previous: None })
}

/// Opens a ledger over a store, with tiles that are gone with it.
///
/// # Errors
/// Those of [`Ledger::open`].
pub async fn open(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    name: &str,
) -> Result<Ledger, LedgerError> {
    let signer = signer(name, 1).map_err(|_| LedgerError::Misuse("not a name"))?;
    Ledger::open(Means { store, clock, name, tiles: Arc::new(Tiles::memory()), signer }).await
}
