//! A question that was answered before gets the same bytes again.
//!
//! Under `a/<target id>` stands the digest of the asker's statement, how many acts the consent
//! register knew, and the reply. It is written in the commit of the decision's ledger leaf, which
//! expects it to be absent, and is forgotten once the question could no longer be answered anyway.
//!
//! A reply that was made before an act in the consent register is not given again: it may rest on
//! a consent that was withdrawn since. That it is not depends on no child.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, TargetId};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::parts::{delete_body, put_body, read_body};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message;

use super::release::Sealed;
use crate::consent::store::Known;
use crate::limits::EXPIRE_STEPS;

/// Replies, by target id.
const REPLIES: &[u8] = b"a/";
/// Target ids, by the moment from which their reply may be forgotten.
const TERMS: &[u8] = b"ax/";

/// Why there is no kept reply to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReplayError {
    /// Another question was answered under this target id.
    #[error("another question was answered under this target id")]
    Conflict,
    /// Something about consent has changed here since.
    #[error("something about consent has changed since")]
    Changed,
    /// The store cannot be read, or holds something else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReplayError {
    /// The stable reason.
    pub(super) fn reason(self) -> Reason {
        match self {
            Self::Conflict => Reason::ReplayConflict,
            Self::Changed => Reason::ConsentChanged,
            Self::Store(error) => error.reason(),
        }
    }
}

/// Adds a reply to the batch of its decision; the batch then expects that none was given yet.
pub(super) fn keep(
    batch: Batch,
    reply: &Reply,
    (question, known): (&Digest, Known),
    answer_by: Timestamp,
) -> Result<Batch, StoreError> {
    let wire = v1::Reply::from(reply.clone()).encode_to_vec();
    let value = [question.as_bytes().as_slice(), &known.0.to_be_bytes(), &wire].concat();
    let batch = put_body(batch, &reply_key(&reply.target_id), &value)?;
    let until = answer_by.plus_ms(CLOCK_SKEW_MS_MAX);
    Ok(batch.put(term_key(until, &reply.target_id), Vec::new()))
}

/// The reply that this question got before, if it was asked before.
pub(super) async fn kept(
    store: &dyn Store,
    id: &TargetId,
    question: &Digest,
    known: Known,
) -> Result<Option<Sealed>, ReplayError> {
    let Some(value) = read_body(store, &reply_key(id)).await? else {
        return Ok(None);
    };
    let (digest, rest) = value.split_first_chunk::<{ Digest::LEN }>().ok_or(StoreError::Corrupt)?;
    if digest != question.as_bytes() {
        return Err(ReplayError::Conflict);
    }
    let (then, wire) = rest.split_first_chunk().ok_or(StoreError::Corrupt)?;
    if Known(u64::from_be_bytes(*then)) != known {
        return Err(ReplayError::Changed);
    }
    let wire = v1::Reply::decode(wire).map_err(|_| StoreError::Corrupt)?;
    let reply = Reply::try_from(wire).map_err(|_| StoreError::Corrupt)?;
    Ok(Some(Sealed::kept(reply)))
}

/// Forgets replies whose term has passed; says how many. Call again while it is not 0.
///
/// # Errors
/// Those of the store.
pub(crate) async fn forget_expired(store: &dyn Store, now: Timestamp) -> Result<usize, StoreError> {
    let page = store.scan(TERMS, None, EXPIRE_STEPS).await?;
    let mut batch = Batch::new();
    let mut forgotten = 0;
    for pair in page {
        let (until, id) = parse_term(&pair.key).ok_or(StoreError::Corrupt)?;
        if now < until {
            break;
        }
        batch = delete_body(store, batch, &reply_key(&id)).await?;
        batch = batch.delete(pair.key);
        forgotten += 1;
    }
    if forgotten > 0 {
        store.commit(batch).await?;
    }
    Ok(forgotten)
}

fn reply_key(id: &TargetId) -> Vec<u8> {
    [REPLIES, id.as_bytes()].concat()
}

fn term_key(until: Timestamp, id: &TargetId) -> Vec<u8> {
    // Moments before 1970 do not occur: a question of then has expired.
    let ms = u64::try_from(until.ms()).unwrap_or(0);
    [TERMS, &ms.to_be_bytes(), id.as_bytes()].concat()
}

fn parse_term(key: &[u8]) -> Option<(Timestamp, TargetId)> {
    let (ms, id) = key.strip_prefix(TERMS)?.split_first_chunk::<8>()?;
    let ms = i64::try_from(u64::from_be_bytes(*ms)).ok()?;
    Some((Timestamp::from_ms(ms), TargetId::from_slice(id).ok()?))
}

#[cfg(test)]
mod tests {
    use grondslag_core::limits::{REPLY_BYTES_LARGE, REPLY_BYTES_SMALL};
    use grondslag_evidence::store::MemoryStore;

    use super::*;

    const KNOWN: Known = Known(7);

    fn reply(id: u8, whole: usize) -> Reply {
        let mut reply = Reply {
            target_id: TargetId::new([id; 16]),
            reply_no: 1,
            part: 1,
            last: true,
            body: Vec::new(),
            signature: [3; 64],
            seen_size: 0,
        };
        reply.body = vec![7; reply.body_bytes(whole)];
        reply
    }

    async fn store_with(replies: &[(u8, i64)]) -> MemoryStore {
        let store = MemoryStore::default();
        for (id, answer_by) in replies {
            let question = Digest::of(&[*id]);
            let until = Timestamp::from_ms(*answer_by);
            let batch =
                keep(Batch::new(), &reply(*id, REPLY_BYTES_LARGE), (&question, KNOWN), until);
            let batch = batch.unwrap();
            store.commit(batch).await.unwrap();
        }
        store
    }

    #[tokio::test]
    async fn the_same_question_gets_the_same_bytes_and_another_a_conflict() {
        let store = store_with(&[(1, 100)]).await;
        let id = TargetId::new([1; 16]);
        let asked = |question: Digest| {
            let store = &store;
            async move { kept(store, &id, &question, KNOWN).await }
        };
        let same = asked(Digest::of(&[1])).await.unwrap().unwrap();
        assert_eq!(same.into_reply(), reply(1, REPLY_BYTES_LARGE));
        assert_eq!(asked(Digest::of(b"other")).await, Err(ReplayError::Conflict));
        let none = kept(&store, &TargetId::new([2; 16]), &Digest::of(b"x"), KNOWN).await;
        assert_eq!(none, Ok(None));
    }

    #[tokio::test]
    async fn a_reply_of_before_an_act_in_the_consent_register_is_not_given_again() {
        let store = store_with(&[(1, 100)]).await;
        let (id, question) = (TargetId::new([1; 16]), Digest::of(&[1]));
        for other in [Known(6), Known(8)] {
            let given = kept(&store, &id, &question, other).await;
            assert_eq!(given, Err(ReplayError::Changed), "{other:?}");
        }
        assert_eq!(ReplayError::Changed.reason(), Reason::ConsentChanged);
    }

    #[tokio::test]
    async fn a_reply_is_given_once() {
        let store = store_with(&[(1, 100)]).await;
        let again = keep(
            Batch::new(),
            &reply(1, REPLY_BYTES_SMALL),
            (&Digest::of(&[1]), KNOWN),
            Timestamp::from_ms(100),
        );
        let again = store.commit(again.unwrap()).await;
        assert!(matches!(again, Err(StoreError::Conflict { .. })));
    }

    #[tokio::test]
    async fn replies_are_forgotten_after_their_term_and_the_skew_and_no_sooner() {
        let store = store_with(&[(1, 100), (2, 200)]).await;
        let at = |ms: i64| Timestamp::from_ms(ms + CLOCK_SKEW_MS_MAX);
        assert_eq!(forget_expired(&store, at(99)).await, Ok(0));
        assert_eq!(forget_expired(&store, at(100)).await, Ok(1));
        assert_eq!(forget_expired(&store, at(100)).await, Ok(0));
        let kept = |id: u8| {
            let store = &store;
            async move { kept(store, &TargetId::new([id; 16]), &Digest::of(&[id]), KNOWN).await }
        };
        assert_eq!(kept(1).await, Ok(None));
        assert!(kept(2).await.unwrap().is_some());
        assert_eq!(forget_expired(&store, at(1_000)).await, Ok(1));
        assert!(store.scan(b"", None, 10).await.unwrap().is_empty(), "nothing is left behind");
    }
}
