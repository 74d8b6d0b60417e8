//! Who stayed silent: a node of which nothing came in slots that it owed, or that was not reached
//! until the answer was due. The broker counts it, so that nobody need take the node's own word
//! (domain 4a.29), and what it counts depends on no child: a slot is owed at hit and miss.
//!
//! `gw/<moment, big-endian><target id>` tells when the slots of a question are counted: once its
//! term has ended. What was missed is a leaf of the ledger, and the row goes in its commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use grondslag_core::canonical::{Canonical, NotCanonical, Reader};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::limits::{CLOCK_SKEW_MS_MAX, REPLIES_MAX, SLOT_GRACE_MS};
use grondslag_core::reason::Reason;
use grondslag_core::slot::slots_between;
use grondslag_core::statement::FIRST_REPLY_NO;
use grondslag_evidence::ledger::{Entry, LedgerError};
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_runtime::run::{Context, StartError};

use super::kept::{Open, open_key};
use crate::broker::Broker;
use crate::limits::{SWEEP_INTERVAL_MS, SWEEP_MAX};
use crate::presence::Presence;

const DUE: &[u8] = b"gw/";

/// What a node owed of one question and did not send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silent {
    /// The node's agency.
    pub(crate) agency: Oin,
    /// Slots without a message; none when the question never reached it.
    pub(crate) missed: Option<u32>,
}

impl Silent {
    const LABEL: &str = "grondslag/leaf/silent/v1";

    /// The leaf: agency, digest of the question's target id, by which its two parties find which
    /// one it was, whether it was reached, slots, moment.
    fn leaf(&self, id: &TargetId, at: Timestamp) -> Vec<u8> {
        Canonical::new(Self::LABEL)
            .text(self.agency.as_str())
            .bytes(Digest::of(id.as_bytes()).as_bytes())
            .flag(self.missed.is_some())
            .number(self.missed.unwrap_or(0).into())
            .signed(at.ms())
            .finish()
    }

    /// Records it, in the commit of `state`.
    ///
    /// # Errors
    /// Why it could not be recorded.
    pub(crate) async fn record(
        self,
        broker: &Broker,
        id: &TargetId,
        state: Batch,
    ) -> Result<(), Reason> {
        let leaf = self.leaf(id, broker.clock.now());
        let entry = Entry { about: Digest::of(&leaf), leaf, state };
        broker.ledger.append(entry).await.map_err(LedgerError::reason)?;
        tracing::warn!(agency = %self.agency, count = self.missed, "an agency stayed silent");
        broker.silences.add(self);
        Ok(())
    }

    /// Reads a leaf; none for one of another kind.
    pub(crate) fn parse(leaf: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(leaf, Self::LABEL).ok()?;
        let mut read = || {
            let agency = reader.word()?;
            reader.array::<32>()?;
            let (reached, slots) = (reader.flag()?, reader.number()?);
            reader.signed()?;
            let missed = u32::try_from(slots).map_err(|_| NotCanonical)?;
            Ok::<_, NotCanonical>(Self { agency, missed: reached.then_some(missed) })
        };
        read().ok()
    }
}

/// How much each agency missed since this process began, for its operator.
#[derive(Debug, Default)]
pub(crate) struct Silences(Mutex<BTreeMap<Oin, u64>>);

impl Silences {
    /// Slots that an agency missed, and questions that never reached it.
    pub(crate) fn of(&self, agency: &Oin) -> u64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(agency).copied().unwrap_or(0)
    }

    fn add(&self, silent: Silent) {
        let more = silent.missed.map_or(1, u64::from);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(silent.agency).or_default();
        *count = count.saturating_add(more);
    }
}

/// Counts what nodes owed of terms that ended, until the end.
///
/// # Errors
/// Why the process takes no more tasks.
pub(crate) fn keep_watching(context: &Context, broker: &Arc<Broker>) -> Result<(), StartError> {
    let broker = Arc::clone(broker);
    context.every(Duration::from_millis(SWEEP_INTERVAL_MS), move || {
        let broker = Arc::clone(&broker);
        async move {
            let kept = broker.presence.keep(broker.store.as_ref(), broker.clock.now()).await;
            if let Err(reason) = kept.and(count(&broker).await) {
                tracing::error!(%reason, "slots that were missed were not counted");
            }
        }
    })?;
    Ok(())
}

/// Slots of a question that passed without a message up to a moment, as far as this broker ran. One
/// that was not answered owes none; of an own view or a notice, whose first reply is not kept, no
/// beginning is known, and none are counted.
pub(super) fn slots_missed(presence: &Presence, open: &Open, until: Timestamp) -> u32 {
    let Some(first) = open.first else { return 0 };
    // A node whose clock is ahead fills a slot before it.
    let mut from = open.last_at.max(first.at).plus_ms(CLOCK_SKEW_MS_MAX);
    // Whoever has one number left keeps it for the end of the term.
    if open.last_no.saturating_add(1) >= REPLIES_MAX && has_used_its_numbers(open, from) {
        from = from.max(open.answer_by.plus_ms(-1));
    }
    presence.slots(from, until, open.urgency, open.answer_by)
}

/// Whether there were as many slots up to a moment as a node says that it has filled.
fn has_used_its_numbers(open: &Open, until: Timestamp) -> bool {
    let passed = slots_between(open.asked_at, until, open.urgency, open.answer_by);
    open.last_no <= passed.saturating_add(FIRST_REPLY_NO).saturating_add(1)
}

/// Adds to the batch of a question that its slots are counted once its term has ended.
pub(super) fn expect(batch: Batch, id: &TargetId, answer_by: Timestamp) -> Batch {
    let key = [due_key(answer_by.plus_ms(SLOT_GRACE_MS)).as_slice(), id.as_bytes()].concat();
    batch.put(key, Vec::new())
}

/// Counts every question whose term has ended by now.
async fn count(broker: &Broker) -> Result<(), Reason> {
    let (end, mut after) = (due_key(broker.clock.now()), None);
    loop {
        let page = broker.store.scan(DUE, after.as_deref(), SWEEP_MAX).await;
        let page = page.map_err(StoreError::reason)?;
        let due: Vec<Vec<u8>> =
            page.into_iter().map(|pair| pair.key).take_while(|key| *key < end).collect();
        for key in &due {
            // One that cannot be read keeps no other from being counted.
            if let Err(reason) = settle(broker, key).await {
                tracing::error!(%reason, "the slots of a question were not counted");
            }
        }
        if due.len() < SWEEP_MAX {
            return Ok(());
        }
        after = due.into_iter().next_back();
    }
}

/// Counts one question, once, whoever else does or takes a message of it at this moment: it is
/// looked at again then.
async fn settle(broker: &Broker, key: &[u8]) -> Result<(), Reason> {
    let store = broker.store.as_ref();
    let id = key.last_chunk().copied().map(TargetId::new).ok_or(Reason::StoreCorrupt)?;
    let state = Batch::new().expect_value(key, Vec::new()).delete(key);
    let open_key = open_key(&id);
    let seen = parts::read_seen(store, &open_key).await.map_err(StoreError::reason)?;
    if let Some(seen) = seen {
        let open = serde_json::from_slice(&seen.body).map_err(|_| Reason::StoreCorrupt)?;
        if let Some(silent) = owed(broker, open) {
            let state = parts::delete_seen(state, &open_key, &seen);
            let state =
                parts::put_body(state, &open_key, &seen.body).map_err(StoreError::reason)?;
            return silent.record(broker, &id, state).await;
        }
    }
    store.commit(state).await.map_err(StoreError::reason)
}

/// What a node owed of a question whose term has ended. Who was shut out, or could not seal for an
/// asker that was, owed nothing.
fn owed(broker: &Broker, open: Open) -> Option<Silent> {
    let parties = [Some(&open.target), open.asker.as_ref()];
    if !parties.into_iter().flatten().all(|oin| broker.directory.is_member(oin)) {
        return None;
    }
    let passed = slots_missed(&broker.presence, &open, open.answer_by);
    let missed = Some(open.missed.saturating_add(passed)).filter(|missed| *missed > 0)?;
    Some(Silent { agency: open.target, missed: Some(missed) })
}

fn due_key(at: Timestamp) -> Vec<u8> {
    [DUE, &u64::try_from(at.ms()).unwrap_or(0).to_be_bytes()].concat()
}

#[cfg(test)]
mod tests;
