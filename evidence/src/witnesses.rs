//! Who the region's witnesses are, as a process knows it: read from a file that its operator puts
//! in place, verified, and never an older list than one that was seen before.
//!
//! Life of a list: the file is looked at now and then; a list that two pinned operators of
//! different organisations signed and whose number is higher than the last one's is recorded in
//! the ledger, in one batch with the list itself, and counts from then on. Anything else is
//! refused with its reason, and the last list goes on counting.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use grondslag_core::canonical::Canonical;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::operators::Operators;
use grondslag_core::reason::Reason;
use grondslag_core::witnesses::{SignedWitnessList, WitnessList, Witnesses};
use tokio::sync::Mutex;

use crate::ledger::{Entry, Ledger, LedgerError};
use crate::limits::WITNESS_FILE_BYTES_MAX;
use crate::store::{Batch, Store, StoreError, parts};

/// The last list that was taken, with its signatures.
const LIST: &[u8] = b"wn/list";

/// What is needed to read lists.
#[derive(Debug, Clone)]
pub struct Means {
    /// Fingerprint of the region's root.
    pub region: Digest,
    /// The operators that this process pinned.
    pub operators: Operators,
    /// Where the operator puts the list.
    pub file: PathBuf,
    /// Where the last list is kept.
    pub store: Arc<dyn Store>,
    /// Where every change is recorded.
    pub ledger: Arc<Ledger>,
}

/// The witnesses of one process.
#[derive(Debug)]
pub struct NamedWitnesses {
    means: Means,
    /// Never held across an await.
    held: RwLock<Arc<Witnesses>>,
    /// One reading at a time; the digest of the file that was last looked at.
    turn: Mutex<Option<Digest>>,
}

impl NamedWitnesses {
    /// Opens the list that was kept, and takes the file's when it is newer. A file that is absent
    /// or does not hold is no error as long as a list was kept: the last one counts.
    ///
    /// # Errors
    /// Why the operators cannot sign, why the file's list does not hold and none was kept that
    /// does, or why the store cannot be read.
    pub async fn open(means: Means) -> Result<Self, Reason> {
        means.operators.check()?;
        let kept = kept(&means).await?;
        let held = kept.as_ref().map(|kept| kept.verify(&means.operators, &means.region));
        let witnesses = if let Some(Ok(witnesses)) = held {
            witnesses
        } else {
            // None was kept, or those who signed it are no longer pinned.
            let signed = read(&means.file)?;
            means.take(kept.as_ref().map(|kept| &kept.list), &signed).await?
        };
        let held = RwLock::new(Arc::new(witnesses));
        let opened = Self { means, held, turn: Mutex::default() };
        if let Err(reason) = opened.refresh().await {
            tracing::warn!(%reason, "the list of witnesses was not taken; the last one counts");
        }
        Ok(opened)
    }

    /// The witnesses that count now.
    pub fn current(&self) -> Arc<Witnesses> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks at the file, and takes its list when it changed; says whether another list counts
    /// now.
    ///
    /// # Errors
    /// Why a changed file was not taken: once, and again when it changes again. The store's
    /// errors at every try.
    pub async fn refresh(&self) -> Result<bool, Reason> {
        let mut looked = self.turn.lock().await;
        let bytes = bytes(&self.means.file)?;
        let digest = Digest::of(&bytes);
        if *looked == Some(digest) {
            return Ok(false);
        }
        let taken = self.take_changed(&bytes).await;
        // A store that fails is tried again; a list that does not hold stays so.
        if !taken.as_ref().is_err_and(|reason| reason.is_fault()) {
            *looked = Some(digest);
        }
        taken
    }

    async fn take_changed(&self, bytes: &[u8]) -> Result<bool, Reason> {
        let (signed, current) = (parse(bytes)?, self.current());
        if signed.list == *current.list() {
            return Ok(false);
        }
        let taken = self.means.take(Some(current.list()), &signed).await?;
        let (seq, witnesses) = (taken.list().seq, taken.list().witnesses.len());
        tracing::info!(seq, witnesses, "another list of witnesses counts");
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(taken);
        Ok(true)
    }
}

/// Reads a file with a list, whoever signed it.
///
/// # Errors
/// `FILE_UNREADABLE`, `TOO_LARGE`, or `MALFORMED`.
pub fn read(file: &Path) -> Result<SignedWitnessList, Reason> {
    parse(&bytes(file)?)
}

impl Means {
    /// Verifies a list, and records it together with the change.
    async fn take(
        &self,
        last: Option<&WitnessList>,
        signed: &SignedWitnessList,
    ) -> Result<Witnesses, Reason> {
        let witnesses = signed.verify(&self.operators, &self.region)?;
        if last.is_some_and(|last| witnesses.list().seq <= last.seq) {
            return Err(Reason::WitnessListStale);
        }
        let body = serde_json::to_vec(signed).map_err(|_| Reason::Internal)?;
        let failed = StoreError::reason;
        let state = parts::delete_body(self.store.as_ref(), Batch::new(), LIST).await;
        let state = parts::put_body(state.map_err(failed)?, LIST, &body).map_err(failed)?;
        let about = Digest::of(&witnesses.list().canonical());
        let entry = Entry { about, leaf: leaf(witnesses.list()), state };
        self.ledger.append(entry).await.map_err(LedgerError::reason)?;
        Ok(witnesses)
    }
}

/// The list that was kept.
async fn kept(means: &Means) -> Result<Option<SignedWitnessList>, Reason> {
    let body = parts::read_body(means.store.as_ref(), LIST).await.map_err(StoreError::reason)?;
    body.map(|body| parse(&body).map_err(|_| Reason::StoreCorrupt)).transpose()
}

/// A change of the list. Organisations are no persons: they stand in it by name.
fn leaf(list: &WitnessList) -> Vec<u8> {
    let witnesses: Vec<&str> = list.witnesses.iter().map(Oin::as_str).collect();
    Canonical::new("grondslag/leaf/witnesses/v1")
        .bytes(list.region.as_bytes())
        .number(list.seq)
        .list(witnesses.iter())
        .finish()
}

fn bytes(file: &Path) -> Result<Vec<u8>, Reason> {
    let file = File::open(file).map_err(|_| Reason::FileUnreadable)?;
    let mut bytes = Vec::new();
    let read = file.take(WITNESS_FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes);
    let len = read.map_err(|_| Reason::FileUnreadable)?;
    let fits = u64::try_from(len).is_ok_and(|len| len <= WITNESS_FILE_BYTES_MAX);
    if fits { Ok(bytes) } else { Err(Reason::TooLarge) }
}

fn parse(bytes: &[u8]) -> Result<SignedWitnessList, Reason> {
    serde_json::from_slice(bytes).map_err(|_| Reason::Malformed)
}

#[cfg(test)]
mod tests;
