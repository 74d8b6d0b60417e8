//! What a sealed message is about: associated data that opens it nowhere else (design 8).

use crate::canonical::Canonical;
use crate::clock::Timestamp;
use crate::id::{Oin, TargetId};

/// What sort of message it is. Each has an info string of its own, so that none opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The detail of a question, for its target.
    Question,
    /// An answer, for the asker.
    Answer,
    /// The hidden number as it leaves the last key holder, for the target.
    Pair,
}

impl Label {
    /// The word, also the end of the HPKE info string.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Answer => "answer",
            Self::Pair => "pair",
        }
    }

    /// HPKE info.
    pub(super) fn info(self) -> Vec<u8> {
        Canonical::new("grondslag/hpke/v1").text(self.word()).finish()
    }
}

/// Everything that a sealed message is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// What sort of message.
    pub label: Label,
    /// The inquiry as the target knows it.
    pub target_id: TargetId,
    /// Who sealed it.
    pub from: &'a Oin,
    /// Who may read it.
    pub to: &'a Oin,
    /// Epoch of the question.
    pub epoch: u32,
    /// 0 for what goes to the target; 1 for the first reply.
    pub reply_no: u32,
    /// Part, from 1.
    pub part: u32,
    /// Whether it is the last part.
    pub last: bool,
    /// Until when replies come.
    pub answer_by: Timestamp,
}

impl About<'_> {
    /// HPKE associated data.
    pub(super) fn bytes(&self) -> Vec<u8> {
        Canonical::new("grondslag/aad/v1")
            .text(self.label.word())
            .bytes(self.target_id.as_bytes())
            .text(self.from.as_str())
            .text(self.to.as_str())
            .number(self.epoch.into())
            .number(self.reply_no.into())
            .number(self.part.into())
            .flag(self.last)
            .signed(self.answer_by.ms())
            .finish()
    }
}
