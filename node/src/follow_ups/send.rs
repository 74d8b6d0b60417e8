//! What this agency added to its own questions.
//!
//! `n/fu/<target id>` holds all of it for one target of one question, each with its message until
//! that has come there; the row goes when later replies to the question are read no more.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin, StaffId, TargetId};
use grondslag_core::limits::{FOLLOW_UP_BYTES, REMINDERS_MAX, REPLIES_KEPT_MS};
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
use crate::recorded::{Kind, entry, term};
use crate::rows;

const ADDED: &[u8] = b"n/fu/";

/// What was added to one question for one target.
#[derive(Serialize, Deserialize)]
pub(crate) struct Question {
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

grondslag_core::unprinted!(Question);

/// One thing that was added.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Added {
    /// Why it reminds, a word of the catalogue; none for what is no reminder.
    pub(crate) because: Option<String>,
    /// When.
    pub(crate) at: Timestamp,
    /// When the target had it.
    #[serde(default)]
    pub(crate) taken_at: Option<Timestamp>,
    /// Why it never will.
    #[serde(default)]
    pub(crate) ended: Option<Reason>,
    /// The message, hexadecimal, until then.
    #[serde(default)]
    message: String,
}

impl Added {
    fn waits(&self) -> bool {
        self.taken_at.is_none() && self.ended.is_none()
    }
}

impl Question {
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
    fn check_room(&self, because: Option<&str>) -> Result<(), Reason> {
        let same = self.added.iter().filter(|one| one.because.is_some() == because.is_some());
        let (have, most) = (same.count(), if because.is_some() { REMINDERS_MAX } else { 1 });
        if u32::try_from(have).unwrap_or(u32::MAX) < most {
            Ok(())
        } else {
            Err(Reason::FollowUpsMade)
        }
    }
}

/// Adds something to a question and brings it to its target, if it can be reached: it is durable
/// when this returns, and is brought again until it has come. `state` is committed with it.
///
/// # Errors
/// `FOLLOW_UPS_MADE` when there is no more; `BUSY` when another one is added at the moment; why it
/// could not be sealed or recorded.
pub(crate) async fn add(
    agency: &Agency,
    question: Question,
    content: Content,
    (by, state): (&StaffId, Batch),
) -> Result<Added, Reason> {
    let id = question.id();
    let found = rows::read::<Question>(agency.store.as_ref(), &key(&id)).await?;
    let (mut question, seen) = match found {
        Some((before, seen)) => (before, Some(seen)),
        None => (question, None),
    };
    let because = match &content {
        Content::Reminder(reminder) => Some(reminder.because.clone()),
        Content::Accepted(_) => None,
    };
    question.check_room(because.as_deref())?;
    let number = u32::try_from(question.added.len()).unwrap_or(u32::MAX).saturating_add(1);
    let content = v1::FollowUpContent { content: Some(content) }.encode_to_vec();
    let message = seal(agency, &question, number, &content)?;
    let digest = Digest::of(&message);
    let at = agency.clock.now();
    let message = hex::encode(message);
    question.added.push(Added { because, at, taken_at: None, ended: None, message });
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
        Err(LedgerError::Conflict { .. }) => return Err(Reason::Busy),
        recorded => recorded.map_err(LedgerError::reason)?,
    };
    let added = bring(agency, &id).await?.into_iter().next_back();
    added.ok_or(Reason::StoreCorrupt)
}

/// The message as it travels, signed.
fn seal(
    agency: &Agency,
    question: &Question,
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
    let signed = message.fields(parties, question.answer_by).canonical();
    message.signature = sign(&agency.sign_key, &signed);
    Ok(v1::FollowUp::from(message).encode_to_vec())
}

/// What was added to a question for one target.
///
/// # Errors
/// `STORE_CORRUPT` when that cannot be read.
pub(crate) async fn added(agency: &Agency, id: &TargetId) -> Result<Vec<Added>, Reason> {
    let found = rows::read::<Question>(agency.store.as_ref(), &key(id)).await?;
    Ok(found.map(|(question, _)| question.added).unwrap_or_default())
}

/// Brings again what has not come, and forgets what is over. One that fails keeps no other
/// waiting.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tend(agency: &Agency) -> Result<(), Reason> {
    let (all, damaged) = rows::all::<Question>(agency.store.as_ref(), ADDED).await?;
    if damaged > 0 {
        tracing::error!(damaged, "what was added to a question cannot be read");
    }
    let now = agency.clock.now();
    for (question, seen) in all {
        let id = question.id();
        let done = if now.since_ms(question.answer_by) > REPLIES_KEPT_MS {
            forget(agency, &id, &seen).await
        } else if question.added.iter().any(Added::waits) {
            bring(agency, &id).await.map(drop)
        } else {
            Ok(())
        };
        if let Err(reason) = done {
            tracing::warn!(%reason, "what was added to a question was not brought");
        }
    }
    Ok(())
}

async fn forget(agency: &Agency, id: &TargetId, seen: &Seen) -> Result<(), Reason> {
    let batch = parts::delete_seen(Batch::new(), &key(id), seen);
    agency.store.commit(batch).await.map_err(StoreError::reason)
}

/// Brings what has not come, in order; how all of it stands then.
async fn bring(agency: &Agency, id: &TargetId) -> Result<Vec<Added>, Reason> {
    let found = rows::read::<Question>(agency.store.as_ref(), &key(id)).await?;
    let (mut question, seen) = found.ok_or(Reason::StoreCorrupt)?;
    let (inquiry, oin) = (question.inquiry, question.oin.clone());
    let mut changed = false;
    for one in question.added.iter_mut().filter(|one| one.waits()) {
        match carry(agency, (&inquiry, &oin), &one.message).await {
            Ok(()) => one.taken_at = Some(agency.clock.now()),
            Err(reason) if is_over(reason) => one.ended = Some(reason),
            // The next one is not carried before it.
            Err(reason) => {
                tracing::info!(%reason, "what was added to a question waits");
                break;
            }
        }
        one.message.clear();
        changed = true;
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

async fn carry(
    agency: &Agency,
    (inquiry, oin): (&InquiryId, &Oin),
    message: &str,
) -> Result<(), Reason> {
    let message = hex::decode(message).map_err(|_| Reason::StoreCorrupt)?;
    let follow_up = v1::FollowUp::decode(message.as_slice()).map_err(|_| Reason::StoreCorrupt)?;
    let request = v1::SendFollowUpRequest {
        inquiry_id: inquiry.as_bytes().to_vec(),
        target_oin: oin.to_string(),
        follow_up: Some(follow_up),
    };
    let sent = agency.broker_link.send_follow_up(request).await?;
    match sent.refusal {
        None => Ok(()),
        Some(refusal) => Err(grondslag_proto::reply::reason(&refusal.reason)),
    }
}

/// A reason that no waiting mends.
const fn is_over(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::UnknownInquiry
            | Reason::QuestionExpired
            | Reason::ReplayConflict
            | Reason::StatementInvalid
            | Reason::SealInvalid
            | Reason::StoreCorrupt
    )
}

fn key(id: &TargetId) -> Vec<u8> {
    [ADDED, id.as_bytes()].concat()
}
