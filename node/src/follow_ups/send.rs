//! What this agency added to its own questions.
//!
//! `n/fu/<target id>` holds all of it for one target of one question, each with its message until
//! that has come there; the row goes when later replies to the question are read no more.

use std::mem;

use futures_util::{StreamExt as _, stream};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId, TargetId};
use grondslag_core::limits::{
    ACCEPTANCES_MAX, FOLLOW_UP_BYTES, FOLLOW_UPS_MAX, REMINDERS_MAX, REPLIES_KEPT_MS,
};
use grondslag_core::reason::Reason;
use grondslag_core::seal::{self, About, SealError};
use grondslag_core::statement::sign;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::parts::{self, Seen};
use grondslag_evidence::store::{Batch, StoreError};
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;
use prost::Message as _;
use rand_core::UnwrapErr;
use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::handover::incoming;
use crate::limits::{
    FOLLOW_UP_INTERVAL_MS, FOLLOW_UP_SELDOM, FOLLOW_UP_SOON_MS, FOLLOW_UPS_AT_ONCE_MAX,
};
use crate::recorded::{Kind, entry, term};
use crate::rows;

const ADDED: &[u8] = b"n/fu/";

/// What was added to one question for one target.
#[derive(Serialize, Deserialize)]
pub(crate) struct Additions {
    /// The question.
    pub(crate) inquiry: InquiryId,
    /// The target.
    pub(crate) oin: Oin,
    /// When its term ends.
    pub(crate) answer_by: Timestamp,
    /// It went out with break glass: what is recorded of it is kept so long.
    pub(crate) break_glass: bool,
    /// In order.
    #[serde(default)]
    pub(crate) added: Vec<Added>,
}

grondslag_core::unprinted!(Additions);

/// What was added.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// That its asker waits: why, a word of the catalogue.
    Reminder(String),
    /// That its asker takes the case over.
    Acceptance,
}

/// One thing that was added.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Added {
    pub(crate) what: What,
    /// When.
    pub(crate) at: Timestamp,
    /// When the target had it.
    #[serde(default)]
    pub(crate) taken_at: Option<Timestamp>,
    /// Why it never will.
    #[serde(default)]
    pub(crate) ended: Option<Reason>,
    /// Its number toward the target.
    number: u32,
    /// What it says, and the message as it is sealed, hexadecimal, until then.
    content: String,
    message: String,
}

impl Added {
    fn waits(&self) -> bool {
        self.taken_at.is_none() && self.ended.is_none()
    }

    /// It never comes, for this reason.
    fn ended(&self, reason: Reason) -> Self {
        Self { ended: Some(reason), message: String::new(), ..self.clone() }
    }

    /// It is tried at every turn at first, and every few minutes when its target stays away.
    fn is_due(&self, now: Timestamp) -> bool {
        let waited = now.since_ms(self.at);
        let turn = i64::try_from(FOLLOW_UP_INTERVAL_MS).unwrap_or(i64::MAX);
        self.waits() && (waited < FOLLOW_UP_SOON_MS || (waited / turn) % FOLLOW_UP_SELDOM == 0)
    }
}

impl Additions {
    /// As yet without anything added.
    pub(crate) const fn new(
        inquiry: InquiryId,
        oin: Oin,
        answer_by: Timestamp,
        break_glass: bool,
    ) -> Self {
        Self { inquiry, oin, answer_by, break_glass, added: Vec::new() }
    }

    fn id(&self) -> TargetId {
        TargetId::derive(&self.inquiry, &self.oin)
    }

    fn put(&self, batch: Batch) -> Result<Batch, Reason> {
        rows::put(batch, &key(&self.id()), self)
    }

    /// Another one may be added.
    fn check_room(&self, what: &What) -> Result<(), Reason> {
        // One that never came leaves room for another.
        let stands = self.added.iter().filter(|one| one.ended.is_none());
        let same = stands.filter(|one| mem::discriminant(&one.what) == mem::discriminant(what));
        let (most, full) = match what {
            What::Reminder(_) => (REMINDERS_MAX, Reason::FollowUpsMade),
            What::Acceptance => (ACCEPTANCES_MAX, Reason::HandoverAccepted),
        };
        if u32::try_from(same.count()).unwrap_or(u32::MAX) < most { Ok(()) } else { Err(full) }
    }

    /// A number that none of these has; none when all were used. Reminders leave some for an
    /// acceptance.
    fn next_number(&self, what: &What) -> Option<u32> {
        let last = self.added.iter().map(|one| one.number).max().unwrap_or_default();
        let most = match what {
            What::Reminder(_) => FOLLOW_UPS_MAX - ACCEPTANCES_MAX,
            What::Acceptance => FOLLOW_UPS_MAX,
        };
        Some(last + 1).filter(|number| *number <= most)
    }
}

/// Adds something to a question and brings it to its target, if it can be reached: it is durable
/// when this returns, and is brought again until it has come. `state` is committed with it.
///
/// # Errors
/// Those of [`record`].
pub(crate) async fn add(
    agency: &Agency,
    question: Additions,
    content: Content,
    by: &StaffId,
    state: Batch,
) -> Result<Added, Reason> {
    let id = record(agency, question, content, by, state).await?;
    bring_last(agency, &id).await
}

/// Brings what was added to a question, and says how the last of it stands.
///
/// # Errors
/// Those of the store.
pub(crate) async fn bring_last(agency: &Agency, id: &TargetId) -> Result<Added, Reason> {
    let added = bring(agency, id).await?.into_iter().next_back();
    added.ok_or(Reason::StoreCorrupt)
}

/// Adds something to a question: durable when this returns, and brought from then on until it has
/// come.
///
/// # Errors
/// `FOLLOW_UPS_MADE` or `HANDOVER_ACCEPTED` when there may be no more; `BUSY` when another one is
/// added at the moment; why it could not be sealed or recorded.
pub(crate) async fn record(
    agency: &Agency,
    question: Additions,
    content: Content,
    by: &StaffId,
    state: Batch,
) -> Result<TargetId, Reason> {
    let id = question.id();
    let found = rows::read::<Additions>(agency.store.as_ref(), &key(&id)).await?;
    let (mut question, seen) = match found {
        Some((before, seen)) => (before, Some(seen)),
        None => (question, None),
    };
    let what = match &content {
        Content::Reminder(reminder) => What::Reminder(reminder.because.clone()),
        Content::Accepted(_) => What::Acceptance,
    };
    question.check_room(&what)?;
    let number = question.next_number(&what).ok_or(Reason::FollowUpsMade)?;
    let content = v1::FollowUpContent { content: Some(content) }.encode_to_vec();
    let message = seal(agency, &question, number, &content)?;
    let (digest, at) = (Digest::of(&message), agency.clock.now());
    question.added.push(Added {
        what,
        at,
        taken_at: None,
        ended: None,
        number,
        content: hex::encode(&content),
        message: hex::encode(message),
    });
    let body = Kind::FollowUpSent
        .canonical()
        .bytes(id.as_bytes())
        .text(by.as_str())
        .number(number.into())
        .bytes(&content)
        .bytes(digest.as_bytes())
        .signed(at.ms())
        .finish_secret();
    let state = match &seen {
        Some(seen) => parts::delete_seen(state, &key(&id), seen),
        None => state,
    };
    let (kept, state) = (term(question.break_glass), question.put(state)?);
    let entry = entry(agency, Kind::FollowUpSent, &body, kept, state)?;
    match agency.ledger.append(entry).await {
        Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
        recorded => recorded.map(|_| id).map_err(LedgerError::reason),
    }
}

/// The message as it travels, not signed yet.
fn seal(
    agency: &Agency,
    question: &Additions,
    number: u32,
    content: &[u8],
) -> Result<Vec<u8>, Reason> {
    let card = agency.directory.card(&question.oin)?;
    let to = card.keys()?.seal.clone();
    let parties = [&agency.oin, &question.oin];
    let mut message =
        FollowUp { target_id: question.id(), number, body: Vec::new(), signature: [0; 64] };
    let about = About::follow_up(&message.fields(parties, question.answer_by));
    let mut rng = UnwrapErr(getrandom::SysRng);
    let body = seal::seal(&to, &about, content, FOLLOW_UP_BYTES, &mut rng);
    message.body = body.map_err(SealError::reason)?;
    Ok(v1::FollowUp::from(message).encode_to_vec())
}

/// The message, signed with the key of now: it may have waited for longer than a key lasts.
fn signed(agency: &Agency, question: &Additions, message: &str) -> Option<v1::FollowUp> {
    let message = v1::FollowUp::decode(hex::decode(message).ok()?.as_slice()).ok()?;
    let mut message = FollowUp::try_from(message).ok()?;
    let fields = message.fields([&agency.oin, &question.oin], question.answer_by);
    message.signature = sign(&agency.sign_key, &fields.canonical());
    Some(message.into())
}

/// What was added to a question for one target.
///
/// # Errors
/// `STORE_CORRUPT` when that cannot be read.
pub(crate) async fn added(agency: &Agency, id: &TargetId) -> Result<Vec<Added>, Reason> {
    let found = rows::read::<Additions>(agency.store.as_ref(), &key(id)).await?;
    Ok(found.map(|(question, _)| question.added).unwrap_or_default())
}

/// Brings again what has not come, some at a time, and forgets what is over. One that fails keeps
/// no other waiting.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tend(agency: &Agency) -> Result<(), Reason> {
    let (all, damaged) = rows::all::<Additions>(agency.store.as_ref(), ADDED).await?;
    if damaged > 0 {
        tracing::error!(damaged, "what was added to a question cannot be read");
    }
    let now = agency.clock.now();
    let each = async |(question, seen): (Additions, Seen)| {
        let over = now.since_ms(question.answer_by) > REPLIES_KEPT_MS;
        let done = if over {
            forget(agency, question, &seen).await
        } else if question.added.iter().any(|one| one.is_due(now)) {
            bring(agency, &question.id()).await.map(drop)
        } else {
            Ok(())
        };
        if let Err(reason) = done {
            tracing::warn!(%reason, "what was added to a question was not brought");
        }
    };
    stream::iter(all).for_each_concurrent(FOLLOW_UPS_AT_ONCE_MAX, each).await;
    Ok(())
}

/// It goes with the replies; how far an acceptance came is kept with its case.
async fn forget(agency: &Agency, question: Additions, seen: &Seen) -> Result<(), Reason> {
    let id = question.id();
    let mut batch = parts::delete_seen(Batch::new(), &key(&id), seen);
    if let Some(told) = told(&question.added) {
        batch = incoming::settled(agency, batch, &id, told).await?;
    }
    match agency.store.commit(batch).await {
        // Somebody changed it at this moment: the next turn looks again.
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

/// How far the last acceptance of these came; nothing when there is none.
pub(crate) fn told(added: &[Added]) -> Option<Told> {
    let last = added.iter().rev().find(|one| one.what == What::Acceptance)?;
    Some(match (last.taken_at, last.ended) {
        (Some(at), _) => Told::At(at),
        (None, Some(reason)) => Told::Never(reason),
        (None, None) => Told::NotYet,
    })
}

/// Whether a target has what was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Told {
    /// It is on its way.
    NotYet,
    /// Since then.
    At(Timestamp),
    /// It never will, for this reason.
    Never(Reason),
}

/// Brings what has not come, in order; how all of it stands then.
async fn bring(agency: &Agency, id: &TargetId) -> Result<Vec<Added>, Reason> {
    let found = rows::read::<Additions>(agency.store.as_ref(), &key(id)).await?;
    let (mut question, seen) = found.ok_or(Reason::StoreCorrupt)?;
    let mut changed = false;
    for place in 0..question.added.len() {
        let Some(one) = question.added.get(place).filter(|one| one.waits()) else { continue };
        let carried = match signed(agency, &question, &one.message) {
            Some(message) => carry(agency, &question, message).await.map_err(Some),
            // What is kept here cannot be read.
            None => Err(None),
        };
        let now = agency.clock.now();
        let after = match carried {
            Ok(()) => Added { taken_at: Some(now), message: String::new(), ..one.clone() },
            Err(None) => one.ended(Reason::StoreCorrupt),
            Err(Some(reason)) if is_over(reason) => one.ended(reason),
            // A process that was restored gave the number away before.
            Err(Some(Reason::ReplayConflict)) => match question.next_number(&one.what) {
                None => one.ended(Reason::ReplayConflict),
                Some(number) => match renumbered(agency, &question, one, number) {
                    Some(anew) => anew,
                    None => break,
                },
            },
            // The next one is not carried before it.
            Err(Some(reason)) => {
                tracing::info!(%reason, "what was added to a question waits");
                break;
            }
        };
        changed = true;
        if let Some(one) = question.added.get_mut(place) {
            *one = after;
        }
    }
    if changed {
        let batch = parts::delete_seen(Batch::new(), &key(id), &seen);
        match agency.store.commit(question.put(batch)?).await {
            // Somebody brought it at the same moment; what has come is taken once.
            Err(StoreError::Conflict { .. }) => {}
            committed => committed.map_err(StoreError::reason)?,
        }
    }
    Ok(question.added)
}

/// The same under another number; nothing as long as it cannot be sealed.
fn renumbered(agency: &Agency, question: &Additions, one: &Added, number: u32) -> Option<Added> {
    let content = hex::decode(&one.content).ok()?;
    let message = hex::encode(seal(agency, question, number, &content).ok()?);
    Some(Added { number, message, ..one.clone() })
}

async fn carry(agency: &Agency, question: &Additions, message: v1::FollowUp) -> Result<(), Reason> {
    let request = v1::SendFollowUpRequest {
        inquiry_id: question.inquiry.as_bytes().to_vec(),
        target_oin: question.oin.to_string(),
        follow_up: Some(message),
    };
    let sent = agency.broker_link.send_follow_up(request).await?;
    match sent.refusal {
        None => Ok(()),
        Some(refusal) => Err(grondslag_proto::reply::reason(&refusal.reason)),
    }
}

/// A reason that no waiting mends: broker or target do not know the question any more. Whatever
/// else they say may pass.
const fn is_over(reason: Reason) -> bool {
    matches!(reason, Reason::UnknownInquiry | Reason::QuestionExpired)
}

fn key(id: &TargetId) -> Vec<u8> {
    [ADDED, id.as_bytes()].concat()
}
