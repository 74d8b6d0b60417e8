//! A reply of this node: what it is bound to, and how it is made once the ledger knows where its
//! entry will stand.

use std::fmt;

use ed25519_dalek::SigningKey;
use grondslag_core::answered::{AnswerProof, answered};
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, TargetId};
use grondslag_core::seal::{self, About, SealError, SealKey};
use grondslag_core::statement::{self, ReplyFields};
use grondslag_evidence::ledger::Placed;
use grondslag_evidence::store::StoreError;
use grondslag_proto::content;
use grondslag_proto::reply::Reply;
use rand_core::UnwrapErr;

/// What a reply is bound to, and whom it is sealed for.
#[derive(Clone)]
pub struct Envelope {
    /// The question as this node knows it.
    pub target_id: TargetId,
    /// This node.
    pub from: Oin,
    /// The asker.
    pub to: Oin,
    /// Epoch of the question.
    pub epoch: u32,
    /// Until when more may follow.
    pub answer_by: Timestamp,
    /// What the reply is sealed under.
    pub seal_key: SealKey,
    /// Length of the whole reply.
    pub reply_bytes: usize,
    /// Size of the largest head of the broker's ledger that was seen here.
    pub seen_size: u64,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({}, …)", self.target_id)
    }
}

/// An answer whose place in the ledger is not known yet.
pub(crate) struct Unplaced {
    /// Digest of the asker's statement.
    pub(crate) statement: Digest,
    /// Encoded: what is hashed and sealed. Empty for a message that says nothing.
    pub(crate) answer: Vec<u8>,
    /// Salt of what its entry is about.
    pub(crate) salt: [u8; 32],
    /// Number of the reply.
    pub(crate) reply_no: u32,
    /// What the reply is bound to.
    pub(crate) envelope: Envelope,
}

impl fmt::Debug for Unplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unplaced({:?}, …)", self.envelope)
    }
}

impl Unplaced {
    /// What its entry in the ledger is about: alike for one that says something and one that says
    /// nothing.
    pub(crate) fn about(&self) -> Digest {
        answered(&self.statement, &self.salt, &self.answer)
    }

    /// A reply as long as the one to come, by which to know what keeping it takes.
    pub(crate) fn blank(&self) -> Reply {
        let mut reply = self.envelope.blank(self.reply_no);
        reply.body = vec![0; reply.body_bytes(self.envelope.reply_bytes)];
        reply
    }

    /// Adds the proof of the place, seals and signs. The leaf commits to the node's own record.
    ///
    /// # Errors
    /// `STORE_CORRUPT` for a place that is not of this node's ledger, `TOO_LARGE` when the answer
    /// cannot be sealed.
    pub(crate) fn reply(
        &self,
        record: Digest,
        placed: &Placed,
        key: &SigningKey,
    ) -> Result<Reply, StoreError> {
        let content = if self.answer.is_empty() {
            content::nothing()
        } else {
            content::encode(self.answer.clone(), &self.proof(record, placed, key)?)
        };
        let reply = sealed(&content, self.reply_no, &self.envelope, key);
        reply.map_err(|_| StoreError::TooLarge("reply"))
    }

    /// A reply that says nothing, of which nothing is recorded.
    ///
    /// # Errors
    /// [`SealError`] for a key that cannot be sealed under.
    pub(crate) fn dummy(&self, key: &SigningKey) -> Result<Reply, SealError> {
        sealed(&content::nothing(), self.reply_no, &self.envelope, key)
    }

    fn proof(
        &self,
        record: Digest,
        placed: &Placed,
        key: &SigningKey,
    ) -> Result<AnswerProof, StoreError> {
        let head = placed.checkpoint.checkpoint();
        let signature = placed.checkpoint.signature(&key.verifying_key().to_bytes());
        Ok(AnswerProof {
            salt: self.salt,
            commitment: record,
            recorded_at: placed.recorded_at,
            index: placed.index,
            log: head.origin.number().ok_or(StoreError::Corrupt)?,
            size: head.size,
            root: head.root,
            signature: signature.ok_or(StoreError::Corrupt)?,
            path: placed.inclusion.clone(),
        })
    }
}

impl Envelope {
    pub(super) fn blank(&self, reply_no: u32) -> Reply {
        Reply {
            target_id: self.target_id,
            reply_no,
            part: 1,
            last: true,
            body: Vec::new(),
            signature: [0; 64],
            seen_size: self.seen_size,
        }
    }

    /// What a reply is bound to: its seal by all but the body, its signature by all.
    pub(super) fn fields<'a>(&'a self, reply: &'a Reply) -> ReplyFields<'a> {
        ReplyFields {
            target_id: self.target_id,
            from: &self.from,
            to: &self.to,
            epoch: self.epoch,
            reply_no: reply.reply_no,
            part: reply.part,
            last: reply.last,
            answer_by: self.answer_by,
            body: &reply.body,
        }
    }

    /// Bytes of content that fit a reply.
    pub(super) fn room(&self, reply_no: u32) -> usize {
        seal::room(&self.seal_key, self.blank(reply_no).body_bytes(self.reply_bytes))
    }
}

/// Seals content as a reply of this node, and signs it.
///
/// # Errors
/// [`SealError`] for a key that cannot be sealed under, or content that does not fit.
fn sealed(
    content: &[u8],
    reply_no: u32,
    envelope: &Envelope,
    key: &SigningKey,
) -> Result<Reply, SealError> {
    let mut reply = envelope.blank(reply_no);
    let bytes = reply.body_bytes(envelope.reply_bytes);
    let mut rng = UnwrapErr(getrandom::SysRng);
    let about = About::answer(&envelope.fields(&reply));
    reply.body = seal::seal(&envelope.seal_key, &about, content, bytes, &mut rng)?;
    reply.signature = statement::sign(key, &envelope.fields(&reply).canonical());
    Ok(reply)
}
