//! Forgetting: openings whose term is over go, and one leaf in the same batch says which.
//!
//! A round takes what is due in order of time, as much as one leaf and one batch hold. The batch
//! expects every opening to be the one that was looked at, so that a term that was moved meanwhile
//! stays moved. Nothing is kept between rounds: after a crash, or a commit of which the outcome is
//! unknown, the next round finds what is still there, and an opening that went has its leaf.

use std::collections::{BTreeMap, BTreeSet};

use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;

use super::Until;
use super::job::Totals;
use super::kept::{DUE, Kept, due_key, opening_key, parse_due};
use crate::ledger::{Entry, Ledger, LedgerError};
use crate::limits::{
    FINDINGS_MAX, FORGET_KINDS_MAX, FORGET_LEAVES_MAX, FORGET_STEPS_MAX, FORGET_TRIES_MAX,
    FORGOTTEN_MAX,
};
use crate::store::parts::{delete_seen, read_seen};
use crate::store::{Batch, Pair, Store, StoreError};

/// Label of a leaf of deletion.
const LEAF: &str = "grondslag/leaf/forgotten/v1";
/// Label of one kind's list in it.
const GROUP: &str = "grondslag/forgotten-kind/v1";

/// What a leaf of deletion says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Every term in it had ended by this moment.
    pub up_to: Timestamp,
    /// The commitments whose openings went, by kind of record.
    pub kinds: BTreeMap<String, Vec<Digest>>,
}

/// What a call of [`forget_due`] did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Round {
    /// How many openings went, by kind of record.
    pub kinds: BTreeMap<String, u64>,
    /// How many leaves say so.
    pub leaves: u64,
    /// True when more is due than one call takes: call again.
    pub more: bool,
    /// What is due and stays, because it is damaged: by its commitment, or by its key in the index
    /// of ends where that cannot be read. At most [`FINDINGS_MAX`] are named.
    pub damaged: BTreeSet<String>,
}

impl Round {
    /// How many openings went.
    pub fn count(&self) -> u64 {
        self.kinds.values().sum()
    }
}

impl Forgotten {
    /// Reads a leaf of deletion; `None` for any other leaf, and for one that is not whole.
    pub fn parse(leaf: &[u8]) -> Option<Self> {
        Self::read(leaf).ok().filter(|read| read.leaf() == leaf)
    }

    /// True for what begins as a leaf of deletion does, whole or not.
    pub fn claims(leaf: &[u8]) -> bool {
        Reader::new(leaf, LEAF).is_ok()
    }

    /// How many openings went.
    pub fn count(&self) -> usize {
        self.kinds.values().map(Vec::len).sum()
    }

    fn leaf(&self) -> Vec<u8> {
        let groups = self.kinds.iter().map(|(kind, list)| {
            Canonical::new(GROUP).text(kind).list(list.iter().map(Digest::as_bytes)).finish()
        });
        Canonical::new(LEAF)
            .signed(self.up_to.ms())
            .number(u64::try_from(self.count()).unwrap_or(u64::MAX))
            .list(groups.collect::<Vec<_>>().iter())
            .finish()
    }

    fn read(leaf: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(leaf, LEAF)?;
        let up_to = Timestamp::from_ms(reader.signed()?);
        let _count = reader.number()?;
        let mut kinds = BTreeMap::new();
        for group in reader.list(FORGET_KINDS_MAX)? {
            let mut group = Reader::new(group, GROUP)?;
            let kind = group.text()?.to_owned();
            let list = group.list(FORGOTTEN_MAX)?.into_iter();
            let list = list.map(|item| Digest::from_slice(item).map_err(|_| NotCanonical));
            kinds.insert(kind, list.collect::<Result<_, _>>()?);
            group.end()?;
        }
        reader.end()?;
        Ok(Self { up_to, kinds })
    }

    fn has_room_for(&self, kind: &str) -> bool {
        let kind_fits = self.kinds.len() < FORGET_KINDS_MAX || self.kinds.contains_key(kind);
        self.count() < FORGOTTEN_MAX && kind_fits
    }
}

/// Deletes openings whose term is over by `now`, each batch with the leaf that says so; at most
/// [`FORGET_LEAVES_MAX`] leaves a call. `store` must be the one the ledger stands in.
///
/// Damage is no reason to keep the rest, nor to delete unseen: what does not match its commitment
/// stays, named, for [`check`](super::check()) to be run and an operator to decide.
///
/// # Errors
/// Those of store and ledger. What was forgotten before stays forgotten, and whether the failing
/// batch landed is found by the next call.
pub async fn forget_due(
    store: &dyn Store,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<Round, LedgerError> {
    let mut round = Round::default();
    let mut tries = 0;
    while round.leaves < FORGET_LEAVES_MAX {
        let Some((forgotten, state)) = gather(store, now, &mut round.damaged).await? else {
            return Ok(round);
        };
        let counts = forgotten.kinds.iter();
        let counts = counts.map(|(kind, list)| (kind.as_str(), count(list)));
        let state = Totals::add(store, state, counts).await?;
        let leaf = forgotten.leaf();
        let entry = Entry { about: Digest::of(&leaf), leaf, state };
        match ledger.append(entry).await {
            Ok(_) => round.add(&forgotten),
            // A term was moved, or another process forgot it, meanwhile: look again.
            Err(LedgerError::Conflict { .. }) if tries < FORGET_TRIES_MAX => tries += 1,
            Err(error) => return Err(error),
        }
    }
    round.more = gather(store, now, &mut round.damaged).await?.is_some();
    Ok(round)
}

impl Round {
    fn add(&mut self, forgotten: &Forgotten) {
        self.leaves += 1;
        for (kind, list) in &forgotten.kinds {
            *self.kinds.entry(kind.clone()).or_default() += count(list);
        }
    }
}

fn count(list: &[Digest]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// What one leaf takes of what is due, and the batch that deletes it; `None` when nothing is due
/// that can go. What is damaged is named, and looked past.
async fn gather(
    store: &dyn Store,
    now: Timestamp,
    damaged: &mut BTreeSet<String>,
) -> Result<Option<(Forgotten, Batch)>, StoreError> {
    let mut taken =
        Taken { forgotten: Forgotten { up_to: now, kinds: BTreeMap::new() }, batch: Batch::new() };
    let mut after: Option<Vec<u8>> = None;
    while taken.forgotten.count() == 0 {
        let page = store.scan(DUE, after.as_deref(), FORGOTTEN_MAX).await?;
        let Some(last) = page.last() else { return Ok(None) };
        after = Some(last.key.clone());
        for pair in page {
            let read = parse_due(&pair.key);
            if read.is_some_and(|(end, _)| end > now) || taken.batch.len() > FORGET_STEPS_MAX {
                return Ok(taken.some());
            }
            let due = match read {
                Some((end, commitment)) => look(store, end, &commitment).await,
                None => Err(StoreError::Corrupt),
            };
            match (due, read) {
                (Ok(Some(due)), Some((_, commitment))) => {
                    if !taken.take(pair, due, commitment) {
                        return Ok(taken.some());
                    }
                }
                (Err(StoreError::Corrupt), _) if damaged.len() < FINDINGS_MAX => {
                    let name = read.map(|(_, commitment)| commitment.to_string());
                    damaged.insert(name.unwrap_or_else(|| pair.key.escape_ascii().to_string()));
                }
                // The term was moved between the scan and now, or enough is named.
                (Ok(_) | Err(StoreError::Corrupt), _) => {}
                (Err(error), _) => return Err(error),
            }
        }
    }
    Ok(taken.some())
}

/// What one leaf takes, and the batch that deletes it.
struct Taken {
    forgotten: Forgotten,
    batch: Batch,
}

impl Taken {
    /// Takes one, if there is room.
    fn take(&mut self, pair: Pair, due: Due, commitment: Digest) -> bool {
        if !self.forgotten.has_room_for(&due.kind) {
            return false;
        }
        let batch = std::mem::take(&mut self.batch);
        let batch = batch.expect_value(pair.key.as_slice(), pair.value).delete(pair.key);
        self.batch = batch.then(due.gone);
        self.forgotten.kinds.entry(due.kind).or_default().push(commitment);
        true
    }

    fn some(self) -> Option<(Forgotten, Batch)> {
        (self.forgotten.count() > 0).then_some((self.forgotten, self.batch))
    }
}

/// An opening that is due.
struct Due {
    kind: String,
    /// Deletes it.
    gone: Batch,
}

/// What is due behind a key of the index; `None` when the opening has another end by now.
///
/// An opening that does not match its commitment is an error here, and never silently deleted.
async fn look(
    store: &dyn Store,
    end: Timestamp,
    commitment: &Digest,
) -> Result<Option<Due>, StoreError> {
    let key = opening_key(commitment);
    let Some(seen) = read_seen(store, &key).await? else {
        return moved(store, end, commitment).await;
    };
    let kept = Kept::parse(&seen.body).filter(|kept| kept.holds(commitment));
    let kept = kept.ok_or(StoreError::Corrupt)?;
    if kept.until != Until::At(end) {
        return moved(store, end, commitment).await;
    }
    let gone = delete_seen(Batch::new(), &key, &seen);
    let gone = kept.keys.iter().fold(gone, |gone, key| gone.delete(key.as_slice()));
    Ok(Some(Due { kind: kept.kind.to_owned(), gone }))
}

/// An end that leads to nothing was moved after it was scanned, or else the store is damaged.
async fn moved(
    store: &dyn Store,
    end: Timestamp,
    commitment: &Digest,
) -> Result<Option<Due>, StoreError> {
    match store.get(&due_key(end, commitment)).await? {
        None => Ok(None),
        Some(_) => Err(StoreError::Corrupt),
    }
}
