//! One question through the broker: verify, decide, record, fan out, close.
//!
//! INVARIANT: the decision is durable in the ledger before the question leaves for any node
//! (invariant 2), and nothing here reads a detail or a reply's body (invariant 3).

mod attempt;
pub(crate) mod attest;
mod budget;
pub(crate) mod carry;
pub(crate) mod decide;
pub(crate) mod fanout;
pub(crate) mod heads;
mod places;
pub(crate) mod record;
pub(crate) mod service;
pub(crate) mod verify;

#[cfg(test)]
pub(crate) mod tests;
