//! Replies: wire to core and back.

use grondslag_core::answer::Basis;
use grondslag_core::catalogue::{Category, Ground, RowId};
use grondslag_core::id::TargetId;
use grondslag_core::limits::{REPLY_BYTES_LARGE, REPLY_BYTES_SMALL};
use grondslag_core::reason::Reason;
use grondslag_core::statement::{NamedRuling, Ruling};

use prost::Message as _;

use crate::limits::BASIS_MAX;
use crate::v1;

/// A node's reply as it travels; its body is opaque to the broker.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The question as the node knows it.
    pub target_id: TargetId,
    /// 1 for the first reply.
    pub reply_no: u32,
    /// Part of that reply, from 1.
    pub part: u32,
    /// Whether it is the last part.
    pub last: bool,
    /// Sealed for the asker.
    pub body: Vec<u8>,
    /// The node's signature.
    pub signature: [u8; 64],
    /// Size of the broker's ledger that the node saw last.
    pub seen_size: u64,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply").field("target_id", &self.target_id).finish_non_exhaustive()
    }
}

impl TryFrom<v1::Reply> for Reply {
    type Error = Reason;

    fn try_from(wire: v1::Reply) -> Result<Self, Reason> {
        let bytes = wire.encoded_len();
        if bytes > REPLY_BYTES_LARGE {
            return Err(Reason::TooLarge);
        }
        // Any other length would tell something of what it holds.
        if ![REPLY_BYTES_SMALL, REPLY_BYTES_LARGE].contains(&bytes) {
            return Err(Reason::AnswerInvalid);
        }
        Ok(Self {
            target_id: TargetId::from_slice(&wire.target_id).map_err(|_| Reason::Malformed)?,
            reply_no: wire.reply_no,
            part: wire.part,
            last: wire.last,
            body: wire.body,
            signature: wire.signature.as_slice().try_into().map_err(|_| Reason::AnswerInvalid)?,
            seen_size: wire.seen_size,
        })
    }
}

impl From<Reply> for v1::Reply {
    fn from(reply: Reply) -> Self {
        Self {
            target_id: reply.target_id.as_bytes().to_vec(),
            reply_no: reply.reply_no,
            part: reply.part,
            last: reply.last,
            body: reply.body,
            signature: reply.signature.to_vec(),
            seen_size: reply.seen_size,
        }
    }
}

impl Reply {
    /// Length of the body that gives the whole message its padding class, everything else in it
    /// being what it is.
    pub fn body_bytes(&self, whole: usize) -> usize {
        let empty = v1::Reply { body: Vec::new(), ..self.clone().into() };
        // Beside the body stand its tag and its own length, which is as long for all of a class.
        let framing = 1 + prost::length_delimiter_len(whole);
        whole.saturating_sub(empty.encoded_len().saturating_add(framing))
    }
}

/// A refusal as data.
pub fn refusal(reason: Reason) -> v1::Refusal {
    v1::Refusal { reason: reason.code().to_owned(), seen_size: 0 }
}

/// The reason of a refusal; a code of a newer version reads as `INTERNAL`.
pub fn reason(code: &str) -> Reason {
    code.parse().unwrap_or(Reason::Internal)
}

impl From<&Basis> for v1::Basis {
    fn from(basis: &Basis) -> Self {
        Self {
            rows: basis.rows.iter().map(ToString::to_string).collect(),
            grounds: basis.grounds.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<v1::Basis> for Basis {
    type Error = Reason;

    fn try_from(wire: v1::Basis) -> Result<Self, Reason> {
        if wire.rows.len() > BASIS_MAX || wire.grounds.len() > BASIS_MAX {
            return Err(Reason::TooLarge);
        }
        let rows = wire.rows.iter().map(|code| RowId::parse(code));
        let grounds = wire.grounds.iter().map(|code| Ground::parse(code));
        Ok(Self {
            rows: rows.collect::<Result<_, _>>().map_err(|_| Reason::Malformed)?,
            grounds: grounds.collect::<Result<_, _>>().map_err(|_| Reason::UnknownGround)?,
        })
    }
}

impl From<&NamedRuling> for v1::CategoryRuling {
    fn from(named: &NamedRuling) -> Self {
        Self {
            category: named.ruling.category.to_string(),
            verdict: named.ruling.verdict.to_string(),
            cap: named.ruling.cap.to_string(),
            basis: Some((&named.basis).into()),
            reason: named.reason.map(|reason| reason.code().to_owned()).unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::CategoryRuling> for NamedRuling {
    type Error = Reason;

    fn try_from(wire: v1::CategoryRuling) -> Result<Self, Reason> {
        let reason = (!wire.reason.is_empty()).then(|| reason(&wire.reason));
        Ok(Self {
            ruling: Ruling {
                category: Category::parse(&wire.category).map_err(|_| Reason::UnknownCategory)?,
                verdict: wire.verdict.parse().map_err(|_| Reason::Malformed)?,
                cap: wire.cap.parse().map_err(|_| Reason::Malformed)?,
            },
            basis: wire.basis.unwrap_or_default().try_into()?,
            reason,
        })
    }
}
