//! What a sealed message is about: associated data that opens it nowhere else (design 8).

use crate::canonical::Canonical;
use crate::clock::Timestamp;
use crate::id::{Oin, TargetId};
use crate::inquiry::Header;
use crate::statement::{FollowUpFields, ReplyFields};

/// What sort of message it is. Each has an info string of its own, so that none opens as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// The detail of a question, for its target.
    Question,
    /// An answer, for the asker.
    Answer,
    /// The hidden number as it leaves the last key holder, for the target.
    Pair,
    /// What the asker adds to a question, for its target.
    FollowUp,
}

impl Label {
    /// The word, also the end of the HPKE info string.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Answer => "answer",
            Self::Pair => "pair",
            Self::FollowUp => "follow-up",
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
    /// 0 for what goes to the target; 1 for the first reply, and for the first follow-up.
    pub reply_no: u32,
    /// Part, from 1.
    pub part: u32,
    /// Whether it is the last part.
    pub last: bool,
    /// Until when replies come.
    pub answer_by: Timestamp,
}

impl<'a> About<'a> {
    /// What the detail of a question to one target is bound to.
    pub fn detail(target_id: TargetId, header: &'a Header, to: &'a Oin) -> Self {
        Self::to_target(Label::Question, target_id, header, [&header.asker, to])
    }

    /// What the pair of a question is bound to, which this broker seals for one target.
    pub fn pair(target_id: TargetId, header: &'a Header, broker: &'a Oin, to: &'a Oin) -> Self {
        Self::to_target(Label::Pair, target_id, header, [broker, to])
    }

    /// What the body of a reply is bound to: all that its signature covers but the body itself.
    pub fn answer(reply: &ReplyFields<'a>) -> Self {
        let ReplyFields { target_id, from, to, epoch, reply_no, part, last, answer_by, .. } =
            *reply;
        Self { label: Label::Answer, target_id, from, to, epoch, reply_no, part, last, answer_by }
    }

    /// What the body of a follow-up is bound to: all that its signature covers but the body itself.
    /// A question that was put anew may be of another epoch, and its follow-ups are of none.
    pub fn follow_up(of: &FollowUpFields<'a>) -> Self {
        let FollowUpFields { target_id, from, to, number, answer_by, .. } = *of;
        let (label, epoch, part, last) = (Label::FollowUp, 0, 1, true);
        Self { label, target_id, from, to, epoch, reply_no: number, part, last, answer_by }
    }

    /// What goes to a target is one part, and no reply.
    fn to_target(
        label: Label,
        target_id: TargetId,
        header: &Header,
        [from, to]: [&'a Oin; 2],
    ) -> Self {
        let (epoch, answer_by) = (header.epoch, header.times.answer_by);
        Self { label, target_id, from, to, epoch, reply_no: 0, part: 1, last: true, answer_by }
    }

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
