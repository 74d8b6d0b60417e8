//! The daily round of forgetting, by the dates of the process's clock.
//!
//! What it did is counted in the store, in the batch of each deletion, so that the counts agree
//! with the leaves whatever happens between two of them. That a day's round is complete stands in
//! the store too: a process that starts again goes on with the day it was at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;

use super::forget::{Round, forget_due};
use crate::ledger::{Ledger, LedgerError};
use crate::limits::{ROUNDS_MAX, TOTALS_KINDS_MAX};
use crate::store::{Batch, Store, StoreError};

/// Until which day forgetting is complete.
pub(super) const DONE: &[u8] = b"t/done";
/// What was forgotten since the ledger began.
pub(super) const TOTALS: &[u8] = b"t/totals";
/// Label of the totals.
const LABEL: &str = "grondslag/forgotten-totals/v1";

/// Label of one kind's count in them.
const KIND: &str = "grondslag/forgotten-total/v1";

/// What was forgotten since the ledger began.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Totals {
    /// How many openings went, by kind of record.
    pub kinds: BTreeMap<String, u64>,
    /// How many leaves say so.
    pub leaves: u64,
}

/// Where the daily round stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// What was forgotten so far.
    pub totals: Totals,
    /// When a day's round was last complete.
    pub done_at: Option<Timestamp>,
    /// Why the last turn failed, or that the last round left something that is damaged; absent
    /// when it did not.
    pub failed: Option<LedgerError>,
}

/// The daily round. One value per ledger and process.
#[derive(Debug, Default)]
pub struct Job {
    last: Mutex<Last>,
}

/// How the last turns went.
#[derive(Debug, Default)]
struct Last {
    failed: Option<LedgerError>,
    /// What the last round could not forget.
    damaged: BTreeSet<String>,
}

impl Job {
    /// Forgets what is due if that was not done yet today, at most
    /// [`ROUNDS_MAX`] times what one call of [`forget_due`] takes; what is left is for the next
    /// turn. `None` when today is done. Call it often: a turn with nothing to do reads one key.
    ///
    /// # Errors
    /// As [`forget_due`]. The next turn goes on from what is really there.
    pub async fn turn(
        &self,
        store: &dyn Store,
        ledger: &Ledger,
        now: Timestamp,
    ) -> Result<Option<Round>, LedgerError> {
        let turned = turn(store, ledger, now).await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.failed = turned.as_ref().err().copied();
        if let Ok(Some(round)) = &turned {
            last.damaged.clone_from(&round.damaged);
            for name in &last.damaged {
                tracing::error!(name, "a record whose term is over is damaged, and stays");
            }
        }
        drop(last);
        turned
    }

    /// Where the round stands, for an operator.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn standing(&self, store: &dyn Store) -> Result<Standing, StoreError> {
        let failed = {
            let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let damaged = (!last.damaged.is_empty()).then_some(StoreError::Corrupt.into());
            last.failed.or(damaged)
        };
        let totals = Totals::read(store).await?.0;
        Ok(Standing { totals, done_at: done_at(store).await?.0, failed })
    }
}

async fn turn(
    store: &dyn Store,
    ledger: &Ledger,
    now: Timestamp,
) -> Result<Option<Round>, LedgerError> {
    let (done, before) = done_at(store).await?;
    match done {
        // A clock that was once ahead must not stop forgetting until that day.
        Some(done) if done > now.plus_ms(CLOCK_SKEW_MS_MAX) => {
            tracing::warn!(%done, "forgetting was said to be complete on a day to come: again");
        }
        Some(done) if done.date() >= now.date() => return Ok(None),
        _ => {}
    }
    let mut sum = Round::default();
    for _ in 0..ROUNDS_MAX {
        let round = forget_due(store, ledger, now).await?;
        sum.more = round.more;
        sum.leaves += round.leaves;
        sum.damaged.extend(round.damaged);
        for (kind, count) in round.kinds {
            *sum.kinds.entry(kind).or_default() += count;
        }
        if !sum.more {
            let batch = expect(Batch::new(), DONE, before);
            store.commit(batch.put(DONE, now.ms().to_be_bytes())).await?;
            break;
        }
    }
    Ok(Some(sum))
}

/// When a day's round was last complete, and the value as it stands.
async fn done_at(store: &dyn Store) -> Result<(Option<Timestamp>, Option<Vec<u8>>), StoreError> {
    let value = store.get(DONE).await?;
    let read = value.as_deref().map(|value| match value.try_into() {
        Ok(ms) => Ok(Timestamp::from_ms(i64::from_be_bytes(ms))),
        Err(_) => Err(StoreError::Corrupt),
    });
    Ok((read.transpose()?, value))
}

impl Totals {
    /// How many openings went.
    pub fn count(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// The totals, and the value as it stands.
    pub(super) async fn read(store: &dyn Store) -> Result<(Self, Option<Vec<u8>>), StoreError> {
        let value = store.get(TOTALS).await?;
        let read =
            value.as_deref().map(|value| Self::parse(value).map_err(|_| StoreError::Corrupt));
        Ok((read.transpose()?.unwrap_or_default(), value))
    }

    /// Adds to a batch that so many more went; the batch then expects the totals to be those read.
    pub(super) async fn add(
        store: &dyn Store,
        batch: Batch,
        more: impl Iterator<Item = (&str, u64)>,
    ) -> Result<Batch, StoreError> {
        let (mut totals, before) = Self::read(store).await?;
        totals.leaves = totals.leaves.saturating_add(1);
        for (kind, count) in more {
            *totals.kinds.entry(kind.to_owned()).or_default() += count;
        }
        Ok(expect(batch, TOTALS, before).put(TOTALS, totals.encode()))
    }

    fn encode(&self) -> Vec<u8> {
        let kinds = self.kinds.iter();
        let kinds =
            kinds.map(|(kind, count)| Canonical::new(KIND).text(kind).number(*count).finish());
        let kinds: Vec<Vec<u8>> = kinds.collect();
        Canonical::new(LABEL).number(self.leaves).list(kinds.iter()).finish()
    }

    fn parse(bytes: &[u8]) -> Result<Self, NotCanonical> {
        let mut reader = Reader::new(bytes, LABEL)?;
        let leaves = reader.number()?;
        let mut kinds = BTreeMap::new();
        for pair in reader.list(TOTALS_KINDS_MAX)? {
            let mut pair = Reader::new(pair, KIND)?;
            kinds.insert(pair.text()?.to_owned(), pair.number()?);
            pair.end()?;
        }
        reader.end()?;
        Ok(Self { kinds, leaves })
    }
}

fn expect(batch: Batch, key: &[u8], before: Option<Vec<u8>>) -> Batch {
    match before {
        Some(before) => batch.expect_value(key, before),
        None => batch.expect_absent(key),
    }
}
