//! Epochs: one is current, one may be opening, one may be ending.
//!
//! Life of an epoch: an operator asks for it ([`wish`]); every key holder makes factors, and nodes
//! may enrol in it while questions still go by the one before; at its moment one leaf of the ledger
//! makes it the current one, and the switch waits for no node; the one before is taken until the
//! last question of it has expired; then its factors are destroyed, which one more leaf says.
//!
//! INVARIANT: factors are durable before an epoch is announced, and are destroyed before a leaf
//! says so: what was cut short is done again. The ratio of two epochs' factors is never computed.

pub(crate) mod publish;
pub(crate) mod wish;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::{Clock, Timestamp};
use grondslag_core::id::Digest;
use grondslag_core::limits::{ASK_LIFE_MS_MAX, CLOCK_SKEW_MS_MAX};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Batch, Store, StoreError};
use serde::{Deserialize, Serialize};

use self::wish::Wish;
use crate::keyholder::Chain;

/// Where the state stands.
const STATE: &[u8] = b"e/state";
/// The first epoch of a region.
const FIRST: u32 = 1;

/// The epochs of a region.
#[derive(Debug)]
pub(crate) struct Epochs {
    store: Arc<dyn Store>,
    ledger: Arc<Ledger>,
    clock: Arc<dyn Clock>,
    chain: Arc<Chain>,
    // Held for a look, never while waiting.
    state: RwLock<State>,
    /// One change at a time.
    turn: tokio::sync::Mutex<()>,
    /// Whether every holder said that it has factors for the current epoch.
    opened: AtomicBool,
}

/// Which epochs there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Questions are asked in this one.
    pub current: u32,
    /// Since when.
    pub since: Timestamp,
    /// The next one, and when it becomes the current one.
    pub next: Option<(u32, Timestamp)>,
    /// Those that end, and when their factors go.
    pub ending: Vec<(u32, Timestamp)>,
    /// The operator's last wish that was carried out.
    pub wish: Option<String>,
}

/// What happens to an epoch, as a leaf of the ledger.
#[derive(Debug, Clone, Copy)]
enum Change {
    Opened,
    Current,
    Destroyed,
}

impl Epochs {
    /// Opens the epochs, or begins the first one.
    ///
    /// # Errors
    /// Why the store or the factors cannot be read or written; `FACTORS_UNREADABLE` when those of
    /// the current epoch are not among the `held` ones.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        ledger: Arc<Ledger>,
        clock: Arc<dyn Clock>,
        chain: Arc<Chain>,
        held: &[u32],
    ) -> Result<Self, Reason> {
        let kept = store.get(STATE).await.map_err(StoreError::reason)?;
        let kept = kept.as_deref().map(serde_json::from_slice::<State>).transpose();
        let kept = kept.map_err(|_| Reason::StoreCorrupt)?;
        let (found, now) = (kept.is_some(), clock.now());
        let first = || State { current: FIRST, since: now, next: None, ending: vec![], wish: None };
        let state = kept.unwrap_or_else(first);
        let turn = tokio::sync::Mutex::default();
        let (opened, kept) = (AtomicBool::default(), RwLock::new(state.clone()));
        let epochs = Self { store, ledger, clock, chain, state: kept, turn, opened };
        if found && !held.contains(&state.current) {
            // The sealed file and the store are not of the same moment.
            return Err(Reason::FactorsUnreadable);
        }
        match epochs.open_current().await {
            // A holder elsewhere may come later than this process, or have lost its factors: until
            // it is there, or the next epoch is, nothing is asked.
            Ok(()) | Err(Reason::KeyHolderUnreachable | Reason::EpochStale) => {}
            Err(reason) => return Err(reason),
        }
        if !found {
            epochs.change(None, &state, FIRST, Change::Current).await?;
        }
        Ok(epochs)
    }

    /// Which epochs there are.
    pub(crate) fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a question of this epoch is taken now.
    ///
    /// # Errors
    /// `EPOCH_STALE`.
    pub(crate) fn check_asked(&self, epoch: u32, now: Timestamp) -> Result<(), Reason> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let ending = state.ending.iter().any(|(one, until)| *one == epoch && now <= *until);
        if state.current == epoch || ending { Ok(()) } else { Err(Reason::EpochStale) }
    }

    /// Whether a node may enrol in this epoch now.
    ///
    /// # Errors
    /// `EPOCH_STALE`.
    pub(crate) fn check_enrolled(&self, epoch: u32) -> Result<(), Reason> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let next = state.next.is_some_and(|(next, _)| next == epoch);
        if state.current == epoch || next { Ok(()) } else { Err(Reason::EpochStale) }
    }

    /// Carries out what is due: the operator's wish, the switch, the end of factors.
    ///
    /// # Errors
    /// Why a change could not be recorded; it is tried again at the next turn.
    pub(crate) async fn tend(&self, wish: Option<Wish>) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        let now = self.clock.now();
        let opened = self.open_current().await;
        // A holder that was not reached for this epoch is not asked for the next: it makes them in
        // order. One that lost its factors gets them with the next.
        let ready = matches!(opened, Ok(()) | Err(Reason::EpochStale));
        if let Some(wish) = wish.filter(|_| ready) {
            self.open_next(wish, now).await?;
        }
        self.switch(now).await?;
        self.destroy_ended(now).await?;
        opened
    }

    /// Has every holder make factors for the current epoch, once per epoch and process.
    ///
    /// # Errors
    /// `KEY_HOLDER_UNREACHABLE`, or `EPOCH_STALE` from a holder that lost them.
    async fn open_current(&self) -> Result<(), Reason> {
        if self.opened.load(Ordering::Acquire) {
            return Ok(());
        }
        self.chain.open_epoch(self.state().current).await?;
        self.opened.store(true, Ordering::Release);
        Ok(())
    }

    async fn open_next(&self, wish: Wish, now: Timestamp) -> Result<(), Reason> {
        let before = self.state();
        if before.wish.as_ref() == Some(&wish.id) {
            return Ok(());
        }
        if let Some((next, switch_at)) = before.next {
            // One at a time: a wish for sooner brings the one under way forward.
            let next_at = (next, switch_at.min(wish.switch_at.max(now)));
            let state = State { next: Some(next_at), wish: Some(wish.id), ..before.clone() };
            return self.change(Some(&before), &state, next, Change::Opened).await;
        }
        let next = before.current.saturating_add(1);
        self.chain.open_epoch(next).await?;
        let switch_at = wish.switch_at.max(now);
        let state = State { next: Some((next, switch_at)), wish: Some(wish.id), ..before.clone() };
        self.change(Some(&before), &state, next, Change::Opened).await
    }

    async fn switch(&self, now: Timestamp) -> Result<(), Reason> {
        let before = self.state();
        let Some((next, switch_at)) = before.next else { return Ok(()) };
        if now < switch_at {
            return Ok(());
        }
        let until = now.plus_ms(ASK_LIFE_MS_MAX + CLOCK_SKEW_MS_MAX);
        let mut ending = before.ending.clone();
        ending.push((before.current, until));
        let state = State { current: next, since: now, next: None, ending, ..before.clone() };
        self.change(Some(&before), &state, next, Change::Current).await?;
        self.opened.store(false, Ordering::Release);
        Ok(())
    }

    async fn destroy_ended(&self, now: Timestamp) -> Result<(), Reason> {
        loop {
            let before = self.state();
            let ended = before.ending.iter().find(|(_, until)| *until < now);
            let Some((epoch, _)) = ended.copied() else { return Ok(()) };
            let ending = before.ending.iter().copied().filter(|(one, _)| *one != epoch);
            let state = State { ending: ending.collect(), ..before.clone() };
            self.chain.destroy_epoch(epoch).await?;
            crate::enrol::forget(self.store.as_ref(), epoch).await?;
            self.change(Some(&before), &state, epoch, Change::Destroyed).await?;
        }
    }

    /// Destroys factors that no epoch of the state needs: those of a change that was cut short.
    ///
    /// # Errors
    /// Why they could not be destroyed.
    pub(crate) async fn destroy_orphans(&self, held: &[u32]) -> Result<(), Reason> {
        let state = self.state();
        let ending = state.ending.iter().map(|(epoch, _)| *epoch);
        let next = state.next.map(|(epoch, _)| epoch);
        let needed: Vec<u32> = ending.chain(next).chain([state.current]).collect();
        // One above the current was made and not announced, or a store of before was put back: it
        // is used when it is its turn.
        let past = held.iter().filter(|epoch| **epoch < state.current);
        for epoch in past.filter(|epoch| !needed.contains(epoch)) {
            self.chain.destroy_epoch(*epoch).await?;
        }
        Ok(())
    }

    async fn change(
        &self,
        before: Option<&State>,
        after: &State,
        epoch: u32,
        change: Change,
    ) -> Result<(), Reason> {
        let json = |state: &State| serde_json::to_vec(state).map_err(|_| Reason::Internal);
        let batch = match before {
            Some(before) => Batch::new().expect_value(STATE, json(before)?),
            None => Batch::new().expect_absent(STATE),
        };
        let now = self.clock.now();
        let word = match change {
            Change::Opened => "opened",
            Change::Current => "current",
            Change::Destroyed => "destroyed",
        };
        let leaf = leaf(word, epoch, now);
        let entry = Entry { about: Digest::of(&leaf), leaf, state: batch.put(STATE, json(after)?) };
        self.ledger.append(entry).await.map_err(LedgerError::reason)?;
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = after.clone();
        tracing::info!(state = word, "an epoch changed");
        Ok(())
    }
}

/// What happened to an epoch, as it stands in a ledger.
pub(crate) fn leaf(word: &str, epoch: u32, now: Timestamp) -> Vec<u8> {
    let leaf = Canonical::new("grondslag/leaf/epoch/v1").text(word).number(epoch.into());
    leaf.signed(now.ms()).finish()
}

#[cfg(test)]
mod tests;
