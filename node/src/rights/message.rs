//! What agencies tell each other about requests: signed by who tells it, bound to the person, and
//! without a name, a number or any of the data.

use ed25519_dalek::SigningKey;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Digest, Oin, RequestId, TargetId};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_core::rights::{AskedBy, Decided, RefusalGround, Right};
use grondslag_proto::v1;
use serde::{Deserialize, Serialize};

use crate::notices::Delivered;
use crate::notices::signed;

/// Label of what is signed.
const LABEL: &str = "grondslag/rights-notice/v1";
/// Label of what names the person.
const SUBJECT: &str = "grondslag/rights-subject/v1";

/// A message under way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    /// Its own number: the same each time that it is put anew.
    pub(crate) id: RequestId,
    /// The sender's case.
    pub(crate) case: RequestId,
    /// When it was written.
    pub(crate) at: Timestamp,
    /// In which role.
    pub(super) role: Role,
    /// What it says.
    pub(super) says: Says,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Says {
    /// Somebody asks this about their data.
    Request {
        /// What.
        right: Right,
        /// Who.
        by: AskedBy,
        /// The question, as the own view tells it, in answer to which the data went out.
        target: TargetId,
        /// What is wrong, or what the person states.
        text: String,
        /// When the person came with it: the term counts from then.
        lodged_at: Timestamp,
    },
    /// What became of it, to who brought it.
    Answer {
        /// The case of who brought it.
        request: RequestId,
        /// What was decided; absent when it takes longer.
        decided: Option<Decided>,
        /// Why not, of a refusal.
        ground: Option<RefusalGround>,
        /// What was mended, why not, or why it takes longer.
        text: String,
        /// By when the person is to hear, when it takes longer.
        due: Timestamp,
    },
    /// What was mended, to who was given the data before (AVG art. 19).
    Repair {
        /// What was asked.
        right: Right,
        /// In answer to which questions the data went out.
        targets: Vec<TargetId>,
        /// What was mended, or what the person states.
        text: String,
    },
}

grondslag_core::unprinted!(Message Says);

impl Says {
    /// What is said in words.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Request { text, .. } | Self::Answer { text, .. } | Self::Repair { text, .. } => {
                text
            }
        }
    }
}

/// What is signed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    person: Digest,
    agency: Oin,
    message: Message,
}

impl Message {
    /// Signs it for others.
    ///
    /// # Errors
    /// `TOO_LARGE` for one that says more than fits a sealed detail.
    pub(crate) fn sign(
        &self,
        own: &Oin,
        digits: &str,
        key: &SigningKey,
    ) -> Result<v1::SignedNotice, Reason> {
        let person = signed::subject(SUBJECT, self.id.as_bytes(), digits);
        let content = Content { person, agency: own.clone(), message: self.clone() };
        signed::sign(LABEL, &content, key)
    }

    /// Reads a message that another agency brought.
    ///
    /// # Errors
    /// `MALFORMED`, `TOO_LARGE`; `STATEMENT_INVALID` for another signature, agency or role;
    /// `SUBJECT_MISMATCH` for another person; `QUESTION_FROM_FUTURE` for one of later;
    /// `TIMES_INVALID` for times that do not agree.
    pub(super) fn open(
        delivered: &Delivered<'_>,
        key: &[u8; 32],
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let Content { person, agency, message } = signed::open(LABEL, delivered.notice, key)?;
        let (asker, role) = delivered.from;
        if agency != *asker || message.role != *role {
            return Err(Reason::StatementInvalid);
        }
        if person != signed::subject(SUBJECT, message.id.as_bytes(), delivered.digits) {
            return Err(Reason::SubjectMismatch);
        }
        if message.at > now.plus_ms(CLOCK_SKEW_MS_MAX) {
            return Err(Reason::QuestionFromFuture);
        }
        match &message.says {
            Says::Request { lodged_at, .. } if *lodged_at > message.at => Err(Reason::TimesInvalid),
            Says::Repair { targets, .. } if targets.is_empty() => Err(Reason::Malformed),
            _ => Ok(message),
        }
    }
}
