//! The one writer: group commit without a timer.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::super::batch::Writes;
use super::{Batch, Shared, StoreError, refuse_blobs};
use crate::limits::{FREE_BYTES_MIN, GROUP_BYTES_MAX, GROUP_MAX};

/// A batch that waits for its turn.
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<(), StoreError>>,
    /// Its share of the queue's bytes.
    pub(super) _room: OwnedSemaphorePermit,
}

/// The thread that owns every write.
pub(super) struct Writer {
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Job>,
}

/// A job whose batch was evaluated, but is not durable yet.
struct Evaluated {
    reply: oneshot::Sender<Result<(), StoreError>>,
    outcome: Result<(), StoreError>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, queue: mpsc::Receiver<Job>) -> Self {
        Self { shared, queue }
    }

    /// Commits group after group until the queue is closed and empty.
    pub(super) fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let group = self.gather(first);
            match self.may_write() {
                Ok(()) => self.commit(group),
                Err(error) => group.into_iter().for_each(|job| answer(job.reply, Err(error))),
            }
        }
    }

    /// The first job and whatever queued during the previous commit.
    fn gather(&mut self, first: Job) -> Vec<Job> {
        let mut bytes = first.batch.bytes();
        let mut group = vec![first];
        while group.len() < GROUP_MAX && bytes < GROUP_BYTES_MAX {
            let Ok(job) = self.queue.try_recv() else {
                break;
            };
            bytes += job.batch.bytes();
            group.push(job);
        }
        group
    }

    /// Refuses before anything is written: for good after a failed write, for now on a full disk.
    fn may_write(&self) -> Result<(), StoreError> {
        if let Some(failed) = self.shared.failed.get() {
            return Err(*failed);
        }
        let free = self.shared.disk.free_bytes()?;
        if free < FREE_BYTES_MIN { Err(StoreError::Full) } else { Ok(()) }
    }

    fn commit(&self, group: Vec<Job>) {
        let mut writes = Writes::new();
        let group: Vec<_> = group.into_iter().map(|job| self.evaluate(job, &mut writes)).collect();
        // A conflict, too, is answered only after the sync: it may rest on a write of this group.
        let durable = if writes.is_empty() { Ok(()) } else { self.persist(writes) };
        for Evaluated { reply, outcome } in group {
            answer(reply, durable.and(outcome));
        }
    }

    /// Runs one batch over what is applied and over the writes of its group so far.
    fn evaluate(&self, job: Job, writes: &mut Writes) -> Evaluated {
        let look = |key: &[u8]| match writes.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.shared.applied(key),
        };
        let outcome = job.batch.evaluate(look).map(|own| writes.extend(own));
        Evaluated { reply: job.reply, outcome }
    }

    fn persist(&self, writes: Writes) -> Result<(), StoreError> {
        let result = self.shared.persist(writes);
        if let Err(error) = result {
            tracing::error!(reason = error.reason().code(), "a write failed; the store stops");
            // Only this thread sets it, once.
            let _ = self.shared.failed.set(error);
        }
        result
    }
}

impl Shared {
    /// Returns once the writes would survive a power cut.
    fn persist(&self, writes: Writes) -> Result<(), StoreError> {
        let mut before = BTreeMap::new();
        for key in writes.keys() {
            before.insert(key.clone(), self.applied(key)?);
        }
        self.show_before(before);
        let mut batch = ::sled::Batch::default();
        for (key, value) in &writes {
            match value {
                Some(value) => batch.insert(key.as_slice(), value.as_slice()),
                None => batch.remove(key.as_slice()),
            }
        }
        self.db.apply_batch(batch)?;
        self.db.flush()?;
        self.disk.sync(&self.file)?;
        refuse_blobs(&self.blobs)?;
        self.show_after(writes);
        Ok(())
    }

    /// From now on readers see what is applied, and whoever captures has it.
    fn show_after(&self, writes: Writes) {
        let mut before = self.before.write().unwrap_or_else(PoisonError::into_inner);
        before.clear();
        self.captures.add(writes);
    }

    /// From now on readers see these values instead of what is applied.
    fn show_before(&self, before: BTreeMap<Vec<u8>, Option<Vec<u8>>>) {
        *self.before.write().unwrap_or_else(PoisonError::into_inner) = before;
    }
}

fn answer(reply: oneshot::Sender<Result<(), StoreError>>, result: Result<(), StoreError>) {
    // The caller may have gone; its commit stands or falls without it.
    let _ = reply.send(result);
}
