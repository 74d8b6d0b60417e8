//! What is kept of a question for its replies.
//!
//! `g/<target id>` tells whose question it is; `gq/<digest of asker and inquiry>` whom it was put
//! to; `gr/<target id><reply number>` holds a message, the first reply under number 1. All go some
//! time after the term has ended.

use std::collections::BTreeMap;

use grondslag_core::canonical::Canonical;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, TargetId};
use grondslag_core::inquiry::Inquiry;
use grondslag_core::limits::REPLIES_KEPT_MS;
use grondslag_core::reason::Reason;
use grondslag_core::statement::{FIRST_REPLY_NO, Leaf, NamedRuling};
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use serde::{Deserialize, Serialize};

use super::silent;
use crate::route::attest::is_asked;
use crate::route::verify::Target;
use crate::sweep::expiry_key;

/// A question as its target's messages need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) target: Oin,
    /// Who asked; none in rows of before slots were counted, which are never settled.
    #[serde(default)]
    pub(super) asker: Option<Oin>,
    pub(super) asked_at: Timestamp,
    pub(super) answer_by: Timestamp,
    pub(super) urgency: Urgency,
    /// Length of every message.
    pub(super) reply_bytes: usize,
    /// Number of the last message that was taken, the first reply counted in any case.
    pub(super) last_no: u32,
    /// When it was taken.
    pub(super) last_at: Timestamp,
    /// The first reply, once it came.
    #[serde(default)]
    pub(super) first: Option<First>,
    /// Why none comes.
    #[serde(default)]
    pub(super) ended: Option<Reason>,
    /// What its asker added, by number: digests of what was signed.
    #[serde(default)]
    pub(super) follow_ups: BTreeMap<u32, Digest>,
    /// Slots that passed without a message before the last one that was taken.
    #[serde(default)]
    pub(super) missed: u32,
}

/// That a first reply came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct First {
    /// When the question that it answers was asked: which of its attempts that was.
    pub(super) asked_at: Timestamp,
    /// When it came.
    pub(super) at: Timestamp,
}

/// Whom a question was put to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Put {
    pub(super) targets: Vec<(Oin, TargetId)>,
}

/// Notes, in the batch of its leaves, that later replies to a question may come.
///
/// # Errors
/// `TOO_LARGE` or `INTERNAL`, which a question within its bounds does not give.
pub(crate) fn note<'a>(
    mut batch: Batch,
    inquiry: &Inquiry,
    targets: &[Target],
    rulings: &[Vec<NamedRuling>],
    leaves: impl Iterator<Item = &'a [u8]>,
) -> Result<Batch, Reason> {
    // A second attempt is to some of the same targets under the same ids.
    if inquiry.attempt() != 1 {
        return Ok(batch);
    }
    let header = inquiry.header();
    let until = header.times.answer_by.plus_ms(REPLIES_KEPT_MS);
    let mut put = Put { targets: Vec::new() };
    for ((target, rulings), leaf) in targets.iter().zip(rulings).zip(leaves) {
        if !is_asked(target, rulings) {
            continue;
        }
        let leaf = Leaf::parse(leaf).map_err(|_| Reason::Internal)?;
        let open = Open {
            target: target.oin.clone(),
            asker: Some(header.asker.clone()),
            asked_at: header.times.asked_at,
            answer_by: header.times.answer_by,
            urgency: header.urgency,
            reply_bytes: leaf.reply_bytes(),
            last_no: FIRST_REPLY_NO,
            last_at: header.times.asked_at,
            first: None,
            ended: None,
            follow_ups: BTreeMap::new(),
            missed: 0,
        };
        batch = keep(batch, &open_key(&target.id), &open, until)?;
        batch = silent::expect(batch, &target.id, open.answer_by);
        put.targets.push((target.oin.clone(), target.id));
    }
    keep(batch, &put_key(&header.asker, inquiry.id()), &put, until)
}

/// A target of an inquiry of this asker, and the inquiry as it knows it.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for an inquiry that this asker did not put to this target, whoever else did;
/// or why it cannot be read.
pub(super) async fn target_of(
    store: &dyn Store,
    asker: &Oin,
    inquiry: &InquiryId,
    target: &str,
) -> Result<(Oin, TargetId), Reason> {
    let put: Option<Put> = read(store, &put_key(asker, inquiry)).await?;
    let mut targets = put.map(|put| put.targets).unwrap_or_default().into_iter();
    targets.find(|(oin, _)| oin.as_str() == target).ok_or(Reason::UnknownInquiry)
}

/// Adds a body and its expiry to a batch; the batch then expects the key to be free.
pub(super) fn keep(
    batch: Batch,
    key: &[u8],
    value: &impl Serialize,
    until: Timestamp,
) -> Result<Batch, Reason> {
    let body = serde_json::to_vec(value).map_err(|_| Reason::Internal)?;
    let batch = parts::put_body(batch, key, &body).map_err(StoreError::reason)?;
    Ok(batch.put(expiry_key(until, key), key))
}

/// Reads a body.
pub(super) async fn read<T: for<'de> Deserialize<'de>>(
    store: &dyn Store,
    key: &[u8],
) -> Result<Option<T>, Reason> {
    let body = parts::read_body(store, key).await.map_err(StoreError::reason)?;
    let read = body.map(|body| serde_json::from_slice(&body)).transpose();
    read.map_err(|_| Reason::StoreCorrupt)
}

pub(super) fn open_key(id: &TargetId) -> Vec<u8> {
    [b"g/".as_slice(), id.as_bytes()].concat()
}

pub(super) fn put_key(asker: &Oin, inquiry: &InquiryId) -> Vec<u8> {
    let bytes = Canonical::new("grondslag/follow/v1")
        .text(asker.as_str())
        .bytes(inquiry.as_bytes())
        .finish();
    [b"gq/".as_slice(), Digest::of(&bytes).as_bytes()].concat()
}

pub(super) fn replies_of(id: &TargetId) -> Vec<u8> {
    [b"gr/".as_slice(), id.as_bytes()].concat()
}

pub(super) fn reply_key(id: &TargetId, reply_no: u32) -> Vec<u8> {
    [replies_of(id).as_slice(), &reply_no.to_be_bytes()].concat()
}
