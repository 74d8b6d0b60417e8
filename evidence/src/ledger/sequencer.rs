//! The one who numbers leaves: group commit without a timer.

use std::ops::Add;
use std::sync::Arc;

use grondslag_core::clock::{Clock, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::keys::{HEAD_BYTES, Keys, encode};
use super::{Entry, LedgerError, Receipt, leaf_hash};
use crate::limits::{BATCH_BYTES_MAX, BATCH_STEPS_MAX, GROUP_MAX, KEY_BYTES_MAX, RESEQUENCE_MAX};
use crate::store::{Batch, Store, StoreError};

/// Entries of one call, and who waits for them.
pub(super) struct Request {
    pub(super) entries: Vec<Entry>,
    pub(super) reply: oneshot::Sender<Result<Vec<Receipt>, LedgerError>>,
}

/// Owner of the ledger's end in this process.
pub(super) struct Sequencer {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keys: Keys,
    queue: mpsc::Receiver<Request>,
    /// Did not fit the previous group.
    held: Option<Request>,
    /// `None` when it must be read: at the start, and after a commit with an unknown outcome.
    end: Option<End>,
}

/// Where the ledger ends.
#[derive(Debug, Clone, Copy)]
struct End {
    size: u64,
    /// When the last leaf was recorded.
    recorded_at: Option<Timestamp>,
}

/// A group as one batch.
struct Plan {
    batch: Batch,
    /// Index of its first leaf.
    first: u64,
    /// Size once it is committed.
    size: u64,
    recorded_at: Timestamp,
    /// Where in the batch each entry begins.
    spans: Vec<Span>,
}

struct Span {
    step: usize,
    request: usize,
    entry: usize,
}

/// Why a group did not go through.
enum Setback {
    /// Another process appended; read the end and try again.
    Moved,
    /// One entry cannot be; the others can.
    Refused { request: usize, error: LedgerError },
    /// The store failed, and what landed is unknown.
    Failed(LedgerError),
}

impl Sequencer {
    pub(super) async fn open(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        keys: Keys,
        queue: mpsc::Receiver<Request>,
    ) -> Result<Self, StoreError> {
        let mut new = Self { store, clock, keys, queue, held: None, end: None };
        new.end().await?;
        Ok(new)
    }

    /// Commits group after group until every ledger handle is gone and nothing is queued.
    pub(super) async fn run(mut self) {
        while let Some(group) = self.gather().await {
            self.settle(group).await;
        }
    }

    /// The next request and whatever else queued during the previous commit, as far as it fits.
    async fn gather(&mut self) -> Option<Vec<Request>> {
        let first = match self.held.take() {
            Some(request) => request,
            None => self.queue.recv().await?,
        };
        let mut cost = Cost::of(&first);
        let mut group = vec![first];
        while let Ok(request) = self.queue.try_recv() {
            cost = cost + Cost::of(&request);
            if !cost.fits() {
                self.held = Some(request);
                break;
            }
            group.push(request);
        }
        Some(group)
    }

    /// Commits a group, leaving out those that cannot be, and answers everybody.
    async fn settle(&mut self, mut group: Vec<Request>) {
        let mut moves = 0;
        while !group.is_empty() {
            match self.commit(&group).await {
                Ok(plan) => return accept(group, plan.first, plan.recorded_at),
                Err(Setback::Refused { request, error }) => {
                    answer(group.remove(request).reply, Err(error));
                }
                Err(Setback::Moved) if moves < RESEQUENCE_MAX => moves += 1,
                Err(Setback::Moved) => return refuse(group, LedgerError::Contended),
                Err(Setback::Failed(error)) => return refuse(group, error),
            }
        }
    }

    async fn commit(&mut self, group: &[Request]) -> Result<Plan, Setback> {
        let end = self.end().await.map_err(|error| Setback::Failed(error.into()))?;
        let mut plan = self.plan(end, group);
        match self.store.commit(std::mem::take(&mut plan.batch)).await {
            Ok(()) => {
                self.end = Some(End { size: plan.size, recorded_at: Some(plan.recorded_at) });
                Ok(plan)
            }
            Err(StoreError::Conflict { step }) => Err(self.explain(&plan.spans, step)),
            Err(error) => {
                self.end = None;
                Err(Setback::Failed(error.into()))
            }
        }
    }

    /// Whose expectation failed.
    fn explain(&mut self, spans: &[Span], step: usize) -> Setback {
        let Some(span) = spans.iter().rfind(|span| span.step <= step) else {
            self.end = None;
            return Setback::Moved;
        };
        // The entry's own write stands before its state.
        let step = step.saturating_sub(span.step).saturating_sub(1);
        let error = LedgerError::Conflict { entry: span.entry, step };
        Setback::Refused { request: span.request, error }
    }

    fn plan(&self, end: End, group: &[Request]) -> Plan {
        let size_key = self.keys.size_key();
        let now = self.clock.now();
        let recorded_at = end.recorded_at.map_or(now, |last| last.max(now));
        let mut batch = match end.size {
            0 => Batch::new().expect_absent(size_key),
            size => Batch::new().expect_value(size_key, size.to_be_bytes()),
        };
        let mut size = end.size;
        let mut spans = Vec::new();
        for (request, Request { entries, .. }) in group.iter().enumerate() {
            for (entry, Entry { about, leaf, state }) in entries.iter().enumerate() {
                spans.push(Span { step: batch.len(), request, entry });
                let value = encode(about, recorded_at, leaf);
                batch = batch.put(self.keys.entry_key(size), value).then(state.clone());
                size = size.saturating_add(1);
            }
        }
        let batch = batch.put(size_key, size.to_be_bytes());
        Plan { batch, first: end.size, size, recorded_at, spans }
    }

    /// Where the ledger ends, read from the store when that is not known.
    async fn end(&mut self) -> Result<End, StoreError> {
        if let Some(end) = self.end {
            return Ok(end);
        }
        let end = self.read_end().await?;
        self.end = Some(end);
        Ok(end)
    }

    async fn read_end(&self) -> Result<End, StoreError> {
        for _ in 0..RESEQUENCE_MAX {
            let size = self.keys.size(self.store.as_ref()).await?;
            match self.look_at(size).await {
                // Another process may have appended between the two reads.
                Err(StoreError::Corrupt) if size != self.keys.size(self.store.as_ref()).await? => {}
                end => return end,
            }
        }
        Err(StoreError::InUse)
    }

    /// From the last leaf on there must be that one alone.
    async fn look_at(&self, size: u64) -> Result<End, StoreError> {
        let last = size.checked_sub(1);
        let before = last.and_then(|last| last.checked_sub(1));
        let before = before.map(|index| self.keys.entry_key(index));
        let tail = self.store.scan(self.keys.entries(), before.as_deref(), 2).await?;
        match (last, tail.as_slice()) {
            (None, []) => Ok(End { size, recorded_at: None }),
            (Some(last), [pair]) => {
                let recorded_at = Some(self.keys.record(last, pair)?.recorded_at);
                Ok(End { size, recorded_at })
            }
            _ => Err(StoreError::Corrupt),
        }
    }
}

/// What a request takes of a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    leaves: usize,
    steps: usize,
    bytes: usize,
}

impl Cost {
    pub(super) fn of(request: &Request) -> Self {
        let none = Self { leaves: 0, steps: 0, bytes: 0 };
        request.entries.iter().fold(none, |sum, entry| {
            sum + Self {
                leaves: 1,
                steps: 1 + entry.state.len(),
                bytes: KEY_BYTES_MAX + HEAD_BYTES + entry.leaf.len() + entry.state.bytes(),
            }
        })
    }

    /// True when it fits one batch, beside the two steps for the ledger's size.
    pub(super) fn fits(self) -> bool {
        self.leaves <= GROUP_MAX
            && self.steps + 2 <= BATCH_STEPS_MAX
            && self.bytes + 2 * KEY_BYTES_MAX <= BATCH_BYTES_MAX
    }
}

impl Add for Cost {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            leaves: self.leaves.saturating_add(other.leaves),
            steps: self.steps.saturating_add(other.steps),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }
}

/// Answers a group that is durable from index `first` on.
fn accept(group: Vec<Request>, first: u64, recorded_at: Timestamp) {
    let mut indexes = first..;
    for Request { entries, reply } in group {
        let numbered = entries.iter().zip(indexes.by_ref());
        let receipts = numbered.map(|(Entry { about, leaf, .. }, index)| {
            Receipt::assertion(*about, index, leaf_hash(leaf), recorded_at)
        });
        answer(reply, Ok(receipts.collect()));
    }
}

fn refuse(group: Vec<Request>, error: LedgerError) {
    for request in group {
        answer(request.reply, Err(error));
    }
}

fn answer(
    reply: oneshot::Sender<Result<Vec<Receipt>, LedgerError>>,
    result: Result<Vec<Receipt>, LedgerError>,
) {
    // The caller may have gone; the leaf stands without it.
    let _ = reply.send(result);
}
