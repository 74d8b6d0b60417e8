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
use crate::follow_ups::send::{self, Told};
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
    /// How far that came, once no message of it is kept any more.
    pub(super) told: Option<Told>,
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
    let row = Incoming { inquiry, from, came_at, answer_by, accepted: None, told: None };
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

/// How far an acceptance came. One that cannot be read is told of, and counts as on its way.
///
/// # Errors
/// Those of the store.
pub(super) async fn told(agency: &Agency, row: &Incoming) -> Result<Told, Reason> {
    if let Some(told) = row.told {
        return Ok(told);
    }
    match send::added(agency, &row.id()).await {
        Err(Reason::StoreCorrupt) => {
            tracing::error!("an acceptance cannot be read");
            Ok(Told::NotYet)
        }
        sent => Ok(send::told(&sent?).unwrap_or(Told::NotYet)),
    }
}

/// Adds to the batch in which its message is forgotten how far an acceptance came: what did not by
/// then never will.
///
/// # Errors
/// `STORE_CORRUPT` for a row that is none; else those of the store.
pub(crate) async fn settled(
    agency: &Agency,
    batch: Batch,
    id: &TargetId,
    told: Told,
) -> Result<Batch, Reason> {
    let found = rows::read::<Incoming>(agency.store.as_ref(), &key(id)).await?;
    let Some((row, seen)) = found else { return Ok(batch) };
    let told = if told == Told::NotYet { Told::Never(Reason::QuestionExpired) } else { told };
    Incoming { told: Some(told), ..row }.put_again(batch, &seen)
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
        match store.commit(parts::delete_seen(Batch::new(), &key(&row.id()), &seen)).await {
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Ok(damaged)
}

fn key(id: &TargetId) -> Vec<u8> {
    [COMING, id.as_bytes()].concat()
}
