//! What others add to the questions that they put here.
//!
//! `fu/<target id><number>` holds one, as it came and when, for as long as the question is open.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::limits::FOLLOW_UPS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::seal::About;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use grondslag_proto::follow_up::FollowUp;
use grondslag_proto::v1;
use grondslag_proto::v1::follow_up_content::Content;
use prost::Message as _;

use crate::agency::Agency;
use crate::answers::slots;
use crate::handover::outgoing;
use crate::recorded::{Kind, entry, term};

const TAKEN: &[u8] = b"fu/";

/// A question of another, as what is added to it needs it.
pub(crate) struct Asked {
    /// Who put it.
    pub(crate) asker: Oin,
    /// When its term ends.
    pub(crate) answer_by: Timestamp,
    /// Until when something may be added.
    pub(crate) until: Timestamp,
    /// It came with break glass: what is recorded of it is kept so long.
    pub(crate) break_glass: bool,
}

/// One that was taken.
pub(crate) struct Taken {
    /// When it came.
    pub(crate) at: Timestamp,
    follow_up: FollowUp,
}

grondslag_core::unprinted!(Asked Taken);

/// Takes what an asker adds to its question; it is durable when this returns. The same again is
/// taken again. Nothing of this depends on the child.
///
/// # Errors
/// `UNKNOWN_INQUIRY` for a question that this node does not know, `QUESTION_EXPIRED` after its
/// term, `STATEMENT_INVALID` when its asker did not sign it so, `REPLAY_CONFLICT` for another one
/// under its number; why this node can say nothing of anybody now, or it could not be recorded.
pub(crate) async fn take(agency: &Agency, follow_up: FollowUp) -> Result<(), Reason> {
    let now = agency.clock.now();
    agency.may_answer(now, false)?;
    let asked = asked(agency.store.as_ref(), &follow_up.target_id).await?;
    let asked = asked.ok_or(Reason::UnknownInquiry)?;
    if now > asked.until {
        return Err(Reason::QuestionExpired);
    }
    let asker = agency.directory.card(&asked.asker)?;
    let fields = follow_up.fields([&asked.asker, &agency.oin], asked.answer_by);
    follow_up.verify(&asker.card().sign_key, &fields)?;
    let (digest, number) = (Digest::of(&fields.canonical()), follow_up.number);
    let key = key(&follow_up.target_id, number);
    let body = Kind::FollowUpTaken
        .canonical()
        .bytes(follow_up.target_id.as_bytes())
        .number(number.into())
        .bytes(digest.as_bytes())
        .signed(now.ms())
        .finish_secret();
    let taken = Taken { at: now, follow_up };
    if let Some(before) = read(agency.store.as_ref(), &key).await? {
        let same = before.follow_up == taken.follow_up;
        return if same { Ok(()) } else { Err(Reason::ReplayConflict) };
    }
    let state = parts::put_body(Batch::new(), &key, &taken.body()).map_err(StoreError::reason)?;
    let entry = entry(agency, Kind::FollowUpTaken, &body, term(asked.break_glass), state)?;
    match agency.ledger.append(entry).await {
        // It comes twice at once.
        Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
        recorded => {
            recorded.map_err(LedgerError::reason)?;
            agency.added.notify_one();
            Ok(())
        }
    }
}

/// The question that something is added to. What takes over a case is known for longer.
async fn asked(store: &dyn Store, id: &TargetId) -> Result<Option<Asked>, Reason> {
    match outgoing::asked(store, id).await? {
        Some(asked) => Ok(Some(asked)),
        None => slots::asked(store, id).await,
    }
}

impl Taken {
    fn body(&self) -> Vec<u8> {
        let mut body = self.at.ms().to_be_bytes().to_vec();
        body.extend(v1::FollowUp::from(self.follow_up.clone()).encode_to_vec());
        body
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (at, message) = body.split_first_chunk()?;
        let follow_up = FollowUp::try_from(v1::FollowUp::decode(message).ok()?).ok()?;
        Some(Self { at: Timestamp::from_ms(i64::from_be_bytes(*at)), follow_up })
    }

    /// What it says; nothing when it cannot be opened.
    pub(crate) fn open(&self, agency: &Agency, asked: &Asked) -> Option<Content> {
        let fields = self.follow_up.fields([&asked.asker, &agency.oin], asked.answer_by);
        let about = About::follow_up(&fields);
        let content = agency.keys.seals.open(&about, &self.follow_up.body).ok()?;
        v1::FollowUpContent::decode(content.as_slice()).ok()?.content
    }
}

/// All that was added to a question, in order. One that cannot be read is left out.
///
/// # Errors
/// Those of the store.
pub(crate) async fn taken(store: &dyn Store, id: &TargetId) -> Result<Vec<Taken>, Reason> {
    let mut all = Vec::new();
    for number in 1..=FOLLOW_UPS_MAX {
        match read(store, &key(id, number)).await {
            Err(Reason::StoreCorrupt) => tracing::error!("what was added cannot be read"),
            found => all.extend(found?),
        }
    }
    Ok(all)
}

/// Adds to a batch that nothing is kept of a question any more.
///
/// # Errors
/// Those of the store.
pub(crate) async fn end(
    store: &dyn Store,
    mut batch: Batch,
    id: &TargetId,
) -> Result<Batch, StoreError> {
    for number in 1..=FOLLOW_UPS_MAX {
        batch = parts::delete_body(store, batch, &key(id, number)).await?;
    }
    Ok(batch)
}

async fn read(store: &dyn Store, key: &[u8]) -> Result<Option<Taken>, Reason> {
    let body = parts::read_body(store, key).await.map_err(StoreError::reason)?;
    body.map(|body| Taken::parse(&body).ok_or(Reason::StoreCorrupt)).transpose()
}

fn key(id: &TargetId, number: u32) -> Vec<u8> {
    [TAKEN, id.as_bytes(), &number.to_be_bytes()].concat()
}
