//! One question through the broker: verify, decide, record, fan out, close.
//!
//! INVARIANT: the decision is durable in the ledger before the question leaves for any node
//! (invariant 2), and nothing here reads a detail or a reply's body (invariant 3).

pub mod attempt;
pub mod attest;
pub mod decide;
pub mod fanout;
pub mod places;
pub mod record;
pub mod service;
pub mod sweep;
pub mod verify;

#[cfg(test)]
mod tests;
