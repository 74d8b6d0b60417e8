//! An act on its way from one agency to another: signed by who wrote it down, bound to the child,
//! and the same bytes however often it is sent.
//!
//! JSON with the header and event fields of ISO/IEC TS 27560. The child is named by a digest over
//! the act's number and theirs, which only who knows the child can tell; the text that was shown
//! stays where it was shown, by its digest.

use ed25519_dalek::SigningKey;
use grondslag_core::catalogue::Role;
use grondslag_core::clock::Timestamp;
use grondslag_core::id::{ConsentId, Digest, Oin};
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use serde::{Deserialize, Serialize};

use super::act::{Act, Author, TakenBack, Written};
use super::receipt::SCHEMA;
use crate::notices::signed::{self, subject};

/// Label of what is signed.
const LABEL: &str = "grondslag/consent-receipt/v1";
/// Label of what names the child.
const SUBJECT: &str = "grondslag/consent-subject/v1";

/// What is signed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    schema_version: String,
    record_id: ConsentId,
    pii_principal_id: Digest,
    event: WrittenDown,
    processing: Act,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenDown {
    event_time: Timestamp,
    /// Who wrote it down.
    entity_id: Oin,
    /// In which role.
    role: Role,
    /// consent, objection, withdrawal or lift.
    event_type: String,
}

grondslag_core::unprinted!(Content);

/// Who an act must come from, and about whom it must be.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    /// The agency that asked, verified.
    pub(super) asker: &'a Oin,
    /// In which role.
    pub(super) role: &'a Role,
    /// The key of its card.
    pub(super) key: &'a [u8; 32],
    /// The child's number.
    pub(super) digits: &'a str,
    /// The present moment.
    pub(super) now: Timestamp,
}

/// Signs an act for others.
///
/// # Errors
/// `TOO_LARGE` for one that names more than fits a sealed detail.
pub(crate) fn wrap(
    written: &Written,
    own: &Oin,
    digits: &str,
    key: &SigningKey,
) -> Result<v1::SignedNotice, Reason> {
    let content = Content {
        schema_version: SCHEMA.to_owned(),
        record_id: written.id,
        pii_principal_id: subject(SUBJECT, written.id.as_bytes(), digits),
        event: WrittenDown {
            event_time: written.recorded_at,
            entity_id: own.clone(),
            role: written.role.clone(),
            event_type: written.act.word().to_owned(),
        },
        processing: written.act.clone(),
    };
    signed::sign(LABEL, &content, key)
}

/// Reads an act that another agency brought.
///
/// # Errors
/// `MALFORMED` for what is no act that may be brought, `TOO_LARGE`; `STATEMENT_INVALID` for another
/// signature, agency or role; `SUBJECT_MISMATCH` for another child; `QUESTION_FROM_FUTURE` for one
/// of later, `TIMES_INVALID` for times that do not agree.
pub(super) fn unwrap(receipt: &v1::SignedNotice, from: &From<'_>) -> Result<Written, Reason> {
    let content: Content = signed::open(LABEL, receipt, from.key)?;
    let Content { record_id, pii_principal_id, event, processing, schema_version } = content;
    if schema_version != SCHEMA || processing.word() != event.event_type {
        return Err(Reason::Malformed);
    }
    // Who may speak for a child is for every holder to see for itself.
    if processing.speaker().is_none() {
        return Err(Reason::Malformed);
    }
    if event.entity_id != *from.asker || event.role != *from.role {
        return Err(Reason::StatementInvalid);
    }
    if pii_principal_id != subject(SUBJECT, record_id.as_bytes(), from.digits) {
        return Err(Reason::SubjectMismatch);
    }
    if event.event_time > from.now.plus_ms(CLOCK_SKEW_MS_MAX) {
        return Err(Reason::QuestionFromFuture);
    }
    let at = event.event_time;
    if !is_of(&processing, at) {
        return Err(Reason::TimesInvalid);
    }
    Ok(Written {
        id: record_id,
        recorded_at: at.min(from.now),
        author: Author::Agency(event.entity_id),
        role: event.role,
        act: at_the_latest(processing, from.now),
    })
}

/// The times of an act agree with when it was written down.
fn is_of(act: &Act, at: Timestamp) -> bool {
    match act {
        Act::Statement(said) => said.said_at <= at && said.said_at <= said.from,
        Act::Withdrawal(back) | Act::Lift(back) => back.at == at,
        _ => false,
    }
}

/// Taking back holds at once, also where the sender's clock is a little ahead.
fn at_the_latest(act: Act, now: Timestamp) -> Act {
    let back = |back: TakenBack| TakenBack { at: back.at.min(now), ..back };
    match act {
        Act::Withdrawal(one) => Act::Withdrawal(back(one)),
        Act::Lift(one) => Act::Lift(back(one)),
        act => act,
    }
}
