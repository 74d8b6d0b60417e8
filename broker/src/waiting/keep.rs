//! Keeping a question before anything of it leaves.

use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError, parts};
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::{Carried, Mark, kept};
use crate::broker::Broker;
use crate::deliver;
use crate::limits::KEEP_TRIES_MAX;
use crate::route::record::Decided;
use crate::route::verify::Target;

/// What is kept of a question for one of its targets.
#[derive(Debug)]
pub(crate) enum Kept {
    /// It does not wait: a notice, an own view, or a target that is not asked.
    Nothing,
    /// It waits until it is settled.
    Waits(Carried),
    /// As much waits as may; its first reply is kept all the same.
    Full(Carried),
    /// The same question was answered before.
    Answered(Box<Reply>),
}

/// Keeps a question for each of its targets, in one commit: durable when this returns.
///
/// # Errors
/// `BUSY` for a second attempt while the first is brought, `REPLAY_CONFLICT` when the first was
/// answered meanwhile; why it could not be kept: nothing leaves then.
pub(crate) async fn keep(
    broker: &Broker,
    inquiry: &Inquiry,
    targets: &[Target],
    decided: &[Decided],
) -> Result<Vec<Kept>, Reason> {
    let header = inquiry.header();
    let waits = !header.kind.is_notice() && !header.kind.is_own_view();
    for _ in 0..KEEP_TRIES_MAX {
        let (mut batch, mut all) = (Batch::new(), Vec::with_capacity(targets.len()));
        for (target, decided) in targets.iter().zip(decided) {
            let question = decided.pair.clone().filter(|_| waits).map(|pair| TargetQuestion {
                id: target.id,
                header: header.clone(),
                target: target.oin.clone(),
                part: target.part.clone(),
                pair,
                evidence: decided.evidence.clone(),
            });
            let kept = match question {
                Some(question) => one(broker, &question, inquiry.attempt(), &mut batch).await?,
                None => Kept::Nothing,
            };
            all.push(kept);
        }
        if batch.is_empty() {
            return Ok(all);
        }
        match broker.store.commit(batch).await {
            Ok(()) => return Ok(all),
            // The same question is put twice at once: look again.
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.reason()),
        }
    }
    Err(Reason::Busy)
}

async fn one(
    broker: &Broker,
    question: &TargetQuestion,
    attempt: u8,
    batch: &mut Batch,
) -> Result<Kept, Reason> {
    let (node, mark) = (&question.target, Mark::of(question.id, &question.header));
    let carried = broker.waiting.carry(node, mark, attempt)?;
    match deliver::first(broker, &question.id).await? {
        Some((asked_at, reply)) if asked_at == question.header.times.asked_at => {
            return Ok(Kept::Answered(Box::new(reply)));
        }
        Some(_) => return Err(Reason::ReplayConflict),
        None => {}
    }
    if !broker.waiting.reserve(node, &mark) {
        return Ok(Kept::Full(carried));
    }
    let (store, key) = (broker.store.as_ref(), kept::key(node, &mark));
    let mut changed = std::mem::take(batch);
    if let Some(seen) = parts::read_seen(store, &key).await.map_err(StoreError::reason)? {
        let before = carried.read().await?;
        if before.is_some_and(|before| before.header.times == question.header.times) {
            *batch = changed;
            return Ok(Kept::Waits(carried));
        }
        // The second attempt is put in the place of the first.
        changed = parts::delete_seen(changed, &key, &seen);
    }
    let body = v1::AnswerQuestion::from(question).encode_to_vec();
    *batch = parts::put_body(changed, &key, &body).map_err(StoreError::reason)?;
    Ok(Kept::Waits(carried))
}
