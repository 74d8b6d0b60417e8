//! What the node answers, and the proofs that it must hold before it looks anything up.
//!
//! Life of a question: the broker delivers it ([`service`]); its signatures, attestation and
//! agreement are checked ([`verify`]); a question that was answered before gets the same bytes
//! ([`replay`]); a register that is not whole says so (`NOT_READY`); the child is looked up; every
//! category that the broker let through is decided on this child's verified facts ([`facts`],
//! [`decide`]); what may be told is shaped ([`shape`]); decision and reply are made durable in one
//! commit ([`record`]); and only the ledger's receipt lets the reply leave ([`release`]), on the
//! tick. What a person must decide waits in the [`inbox`], and leaves in a reply slot ([`slots`]).
//!
//! INVARIANT: nothing is looked up without an [`verify::Attested`], and nothing leaves without a
//! receipt. What is refused before the look-up does not depend on the child.

pub(crate) mod answering;
mod decide;
mod envelope;
mod facts;
pub mod inbox;
mod outbox;
pub mod record;
pub mod release;
pub(crate) mod replay;
pub(crate) mod service;
mod shape;
pub(crate) mod slots;
pub(crate) mod tick;
pub(crate) mod turns;
pub mod verify;

#[cfg(test)]
pub(crate) use record::decisions;
pub(crate) use record::{decisions_on, decisions_shown};

/// Answers a question, for tests of what is left of it.
#[cfg(test)]
pub(crate) async fn put_for_tests(
    agency: &crate::agency::Agency,
    question: grondslag_proto::question::TargetQuestion,
) {
    answering::answer(agency, question).await.unwrap();
}
