//! What a node shows to an asker of its own ledger: that this very answer stands in it.
//!
//! The entry of a decision is about SHA-256(label, the asker's statement, a salt, the answer), so
//! that its hash is that of one answer to one question. Statement and answer the asker has; the
//! salt comes with the answer, and keeps everybody else from trying answers against the ledger.

use std::fmt;

use crate::canonical::Canonical;
use crate::checkpoint::{Checkpoint, Origin};
use crate::clock::Timestamp;
use crate::id::Digest;

/// The proof that a node sends inside its sealed answer. It travels without what the asker has
/// already: the log's name, the statement and the answer.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerProof {
    /// Salt of [`answered`].
    pub salt: [u8; 32],
    /// What the leaf commits to: the node's own record of its decision.
    pub commitment: Digest,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Place of the leaf, counted from 0.
    pub index: u64,
    /// Which of the node's logs: 1, and one more after each restore.
    pub log: u64,
    /// Size of the log's head.
    pub size: u64,
    /// Its root.
    pub root: Digest,
    /// The node's signature on that head, a C2SP checkpoint.
    pub signature: [u8; 64],
    /// Inclusion proof of the leaf (RFC 6962, 2.1.1).
    pub path: Vec<Digest>,
}

impl AnswerProof {
    /// The head that it is proved in, of a log of this name.
    pub fn head(&self, origin: Origin) -> Checkpoint {
        Checkpoint { origin, size: self.size, root: self.root }
    }

    /// What the entry is about, if it is that of this answer.
    pub fn about(&self, statement: &Digest, answer: &[u8]) -> Digest {
        answered(statement, &self.salt, answer)
    }
}

impl fmt::Debug for AnswerProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the salt an answer could be guessed.
        write!(f, "AnswerProof({} in {}, …)", self.index, self.size)
    }
}

/// What the entry of an answer is about. `answer` is the encoded answer as it was sealed.
pub fn answered(statement: &Digest, salt: &[u8; 32], answer: &[u8]) -> Digest {
    Canonical::new("grondslag/answered/v1")
        .bytes(statement.as_bytes())
        .bytes(salt)
        .bytes(answer)
        .digest()
}
