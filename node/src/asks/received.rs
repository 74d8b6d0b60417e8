//! Answers that came: what is kept of one is that it came, and the proof that it stands in the
//! ledger of the node that gave it; of an escalation the answer too (`dossier`).

use grondslag_core::answered::AnswerProof;
use grondslag_core::canonical::Reader;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, InquiryId, Oin};
use grondslag_core::limits::REPLIES_KEPT_MS;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Leaves, LedgerError};
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::check::Given;
use crate::agency::Agency;
use crate::dossier;
use crate::handover::incoming;
use crate::inform::{self, Task};
use crate::limits::EXPIRE_STEPS;
use crate::recorded::{Kind, entry, page_of, term};

/// Replies of which it is recorded that they came: `n/fr/<target id><number>`.
const MARKS: &[u8] = b"n/fr/";
/// The same by the moment from which that may be forgotten: `n/fx/<moment><target id><number>`.
const TERMS: &[u8] = b"n/fx/";

/// What holds for every answer to one question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    /// When its term ends.
    pub answer_by: Timestamp,
    /// It went out with break glass: what is recorded of it is kept so long.
    pub break_glass: bool,
    /// What is to be told of it, should it be owed.
    pub to_inform: Option<&'a Task>,
    /// The escalation whose file its answers belong in.
    pub filed: Option<&'a InquiryId>,
}

/// Records that an answer came, before it is shown: with the proof that it stands in the ledger of
/// the node that gave it, which is then held to that by whoever audits both. What is to be told
/// of it is committed with it. Of one reply that is recorded once, however often it comes.
///
/// # Errors
/// Why it could not be recorded: the answer is then not shown.
pub(crate) async fn record_answer(
    agency: &Agency,
    from: &Oin,
    reply: &Reply,
    given: &Given,
    Told { answer_by, break_glass, to_inform, filed }: Told<'_>,
) -> Result<(), Reason> {
    let mark = key(MARKS, reply);
    if is_marked(agency, &mark).await? {
        return Ok(());
    }
    let body = Kind::Answered
        .canonical()
        .bytes(reply.target_id.as_bytes())
        .text(from.as_str())
        .number(reply.reply_no.into())
        .bytes(Digest::of(&reply.body).as_bytes())
        .bytes(&reply.signature)
        .bytes(given.entry.as_bytes())
        .bytes(&v1::AnswerProof::from(&given.proof).encode_to_vec());
    let mut more = inform::with_answer(agency, to_inform, &given.answer).await?;
    if let Some(inquiry) = filed {
        let came = (from, reply.reply_no, &given.answer);
        more = dossier::with_answer(agency, more, inquiry, came).await?;
    }
    let came = (from, &given.answer, answer_by);
    let more = incoming::with_answer(agency, more, to_inform, came).await?;
    let until = answer_by.plus_ms(REPLIES_KEPT_MS);
    let until = u64::try_from(until.ms()).unwrap_or(0).to_be_bytes();
    let place = key(&[TERMS, &until].concat(), reply);
    let more = more.expect_absent(mark.as_slice()).put(mark.as_slice(), []).put(place, []);
    let entry = entry(agency, Kind::Answered, &body.finish_secret(), term(break_glass), more)?;
    match agency.ledger.append(entry).await {
        // Somebody else followed it at this moment.
        Err(LedgerError::Conflict { .. }) if is_marked(agency, &mark).await? => Ok(()),
        appended => appended.map(drop).map_err(LedgerError::reason),
    }
}

async fn is_marked(agency: &Agency, mark: &[u8]) -> Result<bool, Reason> {
    Ok(agency.store.get(mark).await.map_err(StoreError::reason)?.is_some())
}

fn key(prefix: &[u8], reply: &Reply) -> Vec<u8> {
    [prefix, reply.target_id.as_bytes(), &reply.reply_no.to_be_bytes()].concat()
}

/// Forgets of which replies it was recorded that they came, once they come no more.
///
/// # Errors
/// Those of the store; it is tried again at the next sweep.
pub(crate) async fn forget_marks(store: &dyn Store, now: Timestamp) -> Result<(), Reason> {
    loop {
        let page = store.scan(TERMS, None, EXPIRE_STEPS).await.map_err(StoreError::reason)?;
        let mut batch = Batch::new();
        for pair in &page {
            let place = pair.key.strip_prefix(TERMS).and_then(|rest| rest.split_first_chunk());
            let (until, reply) = place.ok_or(Reason::StoreCorrupt)?;
            if i128::from(now.ms()) <= i128::from(u64::from_be_bytes(*until)) {
                break;
            }
            batch = batch.delete([MARKS, reply].concat()).delete(pair.key.as_slice());
        }
        if batch.is_empty() {
            return Ok(());
        }
        store.commit(batch).await.map_err(StoreError::reason)?;
    }
}

/// An answer as an auditor holds it against the ledger of the node that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Where that it came stands in the asker's ledger.
    pub index: u64,
    /// The node.
    pub from: Oin,
    /// Hash of the entry in that node's ledger.
    pub entry: Digest,
    /// That it stands there.
    pub proof: AnswerProof,
}

/// Answers recorded in a node's ledger from an index on, as far as they are not forgotten, and the
/// index to go on from; `None` at the end. At most a page of leaves is read.
///
/// # Errors
/// `STORE_CORRUPT` for a record that is none; else those of store and ledger.
pub async fn received(
    store: &dyn Store,
    leaves: &dyn Leaves,
    from: u64,
) -> Result<(Vec<Received>, Option<u64>), LedgerError> {
    let one = |index, body: &[u8]| parse(index, body).map(|one| [one]);
    page_of(store, leaves, from, Kind::Answered, one).await
}

fn parse(index: u64, body: &[u8]) -> Option<Received> {
    let mut fields = Reader::new(body, Kind::Answered.label()).ok()?;
    let _target = fields.bytes().ok()?;
    let from = Oin::parse(fields.text().ok()?).ok()?;
    let _number = fields.number().ok()?;
    let (_body, _signature) = (fields.bytes().ok()?, fields.bytes().ok()?);
    let entry = Digest::new(fields.array().ok()?);
    let proof = v1::AnswerProof::decode(fields.bytes().ok()?).ok()?;
    fields.end().ok()?;
    Some(Received { index, from, entry, proof: proof.try_into().ok()? })
}
