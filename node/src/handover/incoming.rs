//! Cases that this agency takes over.
//!
//! `ht/<target id>` holds one from when some of the plan came. It names nobody.

use grondslag_core::answer::{Answer, Line};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{InquiryId, Oin, TargetId};
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::retention::Kept;
use serde::{Deserialize, Serialize};

use super::Accepted;
use crate::agency::Agency;
use crate::follow_ups::send::{self, What};
use crate::inform::Task;
use crate::rows;

const COMING: &[u8] = b"ht/";

/// A case that is taken over.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Incoming {
    pub(super) inquiry: InquiryId,
    /// Its old holder.
    pub(super) from: Oin,
    /// When some of the plan came.
    pub(super) came_at: Timestamp,
    pub(super) answer_by: Timestamp,
    pub(super) accepted: Option<Accepted>,
}

grondslag_core::unprinted!(Incoming);

impl Incoming {
    pub(super) fn id(&self) -> TargetId {
        TargetId::derive(&self.inquiry, &self.from)
    }

    /// The same in the place of what was read, if that stands there still.
    pub(super) fn put_again(&self, batch: Batch, seen: &Seen) -> Result<Batch, Reason> {
        let key = key(&self.id());
        rows::put(parts::delete_seen(batch, &key, seen), &key, self)
    }
}

/// Adds to the batch of an answer that some of the plan came, if it is the answer to a question
/// that takes over a case.
///
/// # Errors
/// Those of the store.
pub(crate) async fn with_answer(
    agency: &Agency,
    batch: Batch,
    task: Option<&Task>,
    (from, answer, answer_by): (&Oin, &Answer, Timestamp),
) -> Result<Batch, Reason> {
    let pack = agency.pack();
    let rules = pack.catalogue().handover();
    let Some(task) = task.filter(|task| rules.is_for(&task.purpose)) else { return Ok(batch) };
    if !answer.lines.iter().any(|line| matches!(line, Line::Content { .. })) {
        return Ok(batch);
    }
    let (inquiry, from, came_at) = (task.inquiry, from.clone(), agency.clock.now());
    let row = Incoming { inquiry, from, came_at, answer_by, accepted: None };
    let key = key(&row.id());
    let stands = agency.store.get(&key).await.map_err(StoreError::reason)?;
    if stands.is_some() { Ok(batch) } else { rows::put(batch, &key, &row) }
}

/// One of them, and what was read.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(super) async fn find(
    store: &dyn Store,
    id: &TargetId,
) -> Result<Option<(Incoming, Seen)>, Reason> {
    rows::read(store, &key(id)).await
}

/// All of them, and how many cannot be read.
///
/// # Errors
/// Those of the store.
pub(super) async fn all(store: &dyn Store) -> Result<(Vec<Incoming>, u64), Reason> {
    let (all, damaged) = rows::all(store, COMING).await?;
    Ok((all.into_iter().map(|(row, _)| row).collect(), damaged))
}

/// Whether the old holder has the acceptance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing was accepted, or it is on its way.
    NotYet,
    /// Since then.
    At(Timestamp),
    /// It never will, for this reason.
    Never(Reason),
}

impl Told {
    pub(super) const fn is_known(self) -> bool {
        matches!(self, Self::At(_))
    }
}

/// How far an acceptance came. One that cannot be read is told of, and counts as on its way.
///
/// # Errors
/// Those of the store.
pub(super) async fn told(agency: &Agency, row: &Incoming) -> Result<Told, Reason> {
    let sent = match send::added(agency, &row.id()).await {
        Err(Reason::StoreCorrupt) => {
            tracing::error!("an acceptance cannot be read");
            return Ok(Told::NotYet);
        }
        sent => sent?,
    };
    let last = sent.into_iter().rev().find(|one| one.what == What::Acceptance);
    Ok(match last.map(|one| (one.taken_at, one.ended)) {
        Some((Some(at), _)) => Told::At(at),
        Some((None, Some(reason))) => Told::Never(reason),
        Some((None, None)) | None => Told::NotYet,
    })
}

/// Forgets what is as old as the question that it came of. Says how many cannot be read.
///
/// # Errors
/// Those of the store.
pub(super) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, now, pack) = (agency.store.as_ref(), agency.clock.now(), agency.pack());
    let (all, damaged) = rows::all::<Incoming>(store, COMING).await?;
    for (row, seen) in all {
        if pack.retention().end(Kept::Decision, row.came_at) > now {
            continue;
        }
        let batch = parts::delete_seen(Batch::new(), &key(&row.id()), &seen);
        let batch = send::end(store, batch, &row.id()).await?;
        match store.commit(batch).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(id: &TargetId) -> Vec<u8> {
    [COMING, id.as_bytes()].concat()
}
