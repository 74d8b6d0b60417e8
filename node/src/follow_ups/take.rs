//! What others add to the questions that they put here.
//!
//! `fu/<target id><number>` holds one, as it came and when, until its question's term ends; of one
//! that takes over a case for as long as it may be accepted.

use std::collections::BTreeSet;

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
use crate::limits::PAGE;
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
/// `UNKNOWN_INQUIRY` for a question that this node does not know, or whose time is over;
/// `STATEMENT_INVALID` when its asker did not sign it so, `REPLAY_CONFLICT` for another one
/// under its number; `NOT_READY` and others why this node can say nothing of anybody now; why it
/// could not be recorded.
pub(crate) async fn take(agency: &Agency, follow_up: FollowUp) -> Result<(), Reason> {
    let now = agency.clock.now();
    agency.may_answer(now, false)?;
    // A node that found a broker contradict itself does nothing for it.
    if agency.watching.fork().is_some() {
        return Err(Reason::NotReady);
    }
    let asked = asked(agency.store.as_ref(), &follow_up.target_id, now).await?;
    let asked = asked.ok_or(Reason::UnknownInquiry)?;
    verify(agency, &follow_up, &asked).await?;
    let fields = follow_up.fields([&asked.asker, &agency.oin], asked.answer_by);
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
        // It may be signed anew, under a key that was changed meanwhile.
        let same = before.follow_up.body == taken.follow_up.body;
        return if same { Ok(()) } else { Err(Reason::ReplayConflict) };
    }
    let state = parts::put_body(Batch::new(), &key, &taken.body()).map_err(StoreError::reason)?;
    let entry = entry(agency, Kind::FollowUpTaken, &body, term(asked.break_glass), state)?;
    match agency.ledger.append(entry).await {
        // It comes twice at once.
        Err(LedgerError::Conflict { .. }) => Err(Reason::Busy),
        recorded => {
            recorded.map_err(LedgerError::reason)?;
            agency.follow_up_came.notify_one();
            Ok(())
        }
    }
}

/// Whether its asker signed it, by the card of now: one that is not known here may be newer.
async fn verify(agency: &Agency, follow_up: &FollowUp, asked: &Asked) -> Result<(), Reason> {
    let fields = follow_up.fields([&asked.asker, &agency.oin], asked.answer_by);
    let holds = || {
        let asker = agency.directory.card(&asked.asker)?;
        follow_up.verify(&asker.card().sign_key, &fields)
    };
    match holds() {
        Ok(()) => Ok(()),
        Err(reason) => {
            let link = agency.broker_link.as_ref();
            if agency.directory.refresh_for_question(link).await { holds() } else { Err(reason) }
        }
    }
}

/// The question that something is added to. From its moment on it is as if it had never been,
/// whomever it was about: what is left of it then, and for how long, depends on that.
async fn asked(store: &dyn Store, id: &TargetId, now: Timestamp) -> Result<Option<Asked>, Reason> {
    Ok(known(store, id).await?.filter(|asked| now < asked.until))
}

/// The same whatever the moment. What takes over a case is known for longer.
async fn known(store: &dyn Store, id: &TargetId) -> Result<Option<Asked>, Reason> {
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
    pub(crate) fn open(
        &self,
        agency: &Agency,
        asker: &Oin,
        answer_by: Timestamp,
    ) -> Option<Content> {
        let fields = self.follow_up.fields([asker, &agency.oin], answer_by);
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

/// Forgets what was added to questions that are known no longer: one that came in the moment in
/// which its question ended. Says how many cannot be read; they keep no others.
///
/// # Errors
/// Those of the store.
pub(crate) async fn tidy(agency: &Agency) -> Result<u64, Reason> {
    let (store, failed) = (agency.store.as_ref(), StoreError::reason);
    let (mut after, mut damaged) = (None::<Vec<u8>>, 0);
    loop {
        let page = store.scan(TAKEN, after.as_deref(), PAGE).await.map_err(failed)?;
        after = page.last().filter(|_| page.len() >= PAGE).map(|last| last.key.clone());
        let ids: BTreeSet<_> = page.iter().map(|pair| id_of(&pair.key)).collect();
        for id in ids {
            match tidy_one(store, id).await {
                Err(Reason::StoreCorrupt) => damaged += 1,
                done => done?,
            }
        }
        if after.is_none() {
            return Ok(damaged);
        }
    }
}

async fn tidy_one(store: &dyn Store, id: Option<TargetId>) -> Result<(), Reason> {
    let id = id.ok_or(Reason::StoreCorrupt)?;
    if known(store, &id).await?.is_some() {
        return Ok(());
    }
    let batch = end(store, Batch::new(), &id).await.map_err(StoreError::reason)?;
    match store.commit(batch).await {
        Ok(()) | Err(StoreError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.reason()),
    }
}

fn id_of(key: &[u8]) -> Option<TargetId> {
    TargetId::from_slice(key.get(TAKEN.len()..TAKEN.len() + TargetId::LEN)?).ok()
}

async fn read(store: &dyn Store, key: &[u8]) -> Result<Option<Taken>, Reason> {
    let body = parts::read_body(store, key).await.map_err(StoreError::reason)?;
    body.map(|body| Taken::parse(&body).ok_or(Reason::StoreCorrupt)).transpose()
}

fn key(id: &TargetId, number: u32) -> Vec<u8> {
    [TAKEN, id.as_bytes(), &number.to_be_bytes()].concat()
}
