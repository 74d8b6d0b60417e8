//! Answers that came: what is kept of one is that it came, and the proof that it stands in the
//! ledger of the node that gave it; and, of an escalation, the answer itself (`dossier`).

use grondslag_core::answered::AnswerProof;
use grondslag_core::canonical::Reader;
use grondslag_core::id::{Digest, InquiryId, Oin};
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::{Leaves, LedgerError};
use grondslag_evidence::store::Store;
use grondslag_proto::reply::Reply;
use grondslag_proto::v1;
use prost::Message as _;

use super::check::Given;
use crate::agency::Agency;
use crate::dossier;
use crate::inform::{self, Task};
use crate::recorded::{Kind, append_for, page_of, term};

/// What is kept of an answer beside that it came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Keeping<'a> {
    /// Its question went out with break glass, and is kept so long.
    pub(crate) break_glass: bool,
    /// Whom it may be owed to tell.
    pub(crate) to_inform: Option<&'a Task>,
    /// The escalation whose file the answer belongs in.
    pub(crate) filed: Option<&'a InquiryId>,
}

/// Records that an answer came, before it is shown: with the proof that it stands in the ledger of
/// the node that gave it, which is then held to that by whoever audits both. What is to be told
/// of it is committed with it.
///
/// # Errors
/// Why it could not be recorded: the answer is then not shown.
pub(crate) async fn record_answer(
    agency: &Agency,
    from: &Oin,
    reply: &Reply,
    given: &Given,
    keeping: Keeping<'_>,
) -> Result<(), Reason> {
    let body = Kind::Answered
        .canonical()
        .bytes(reply.target_id.as_bytes())
        .text(from.as_str())
        .number(reply.reply_no.into())
        .bytes(Digest::of(&reply.body).as_bytes())
        .bytes(&reply.signature)
        .bytes(given.entry.as_bytes())
        .bytes(&v1::AnswerProof::from(&given.proof).encode_to_vec());
    let Keeping { break_glass, to_inform, filed } = keeping;
    let mut more = inform::with_answer(agency, to_inform, &given.answer).await?;
    if let Some(inquiry) = filed {
        let came = (from, reply.reply_no, &given.answer);
        more = dossier::with_answer(agency, more, inquiry, came).await?;
    }
    append_for(agency, Kind::Answered, body, term(break_glass), more).await?;
    Ok(())
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
