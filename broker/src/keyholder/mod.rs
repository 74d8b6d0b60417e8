//! Key holders: who turns a hidden number into one that only its target opens.
//!
//! They form a chain. A question meets the holder farthest from the nodes first, on the untouched
//! pairs; the one in this process is the nearest and the last. Each has factors of its own, its own
//! quota and its own ledger, so that broker and node together learn nothing while one holder keeps
//! to the protocol (protocol 1.5).

mod chain;
mod local;
mod secrets;

pub(crate) use chain::{Chain, Sent};
pub(crate) use local::{LocalHolder, Means};
pub use secrets::Secrets;

use std::fmt;

use async_trait::async_trait;
use grondslag_core::blind::{Element, Evaluated, Pair, Proof};
use grondslag_core::id::Oin;
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;

/// One target of a question that a holder works on.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// The target.
    pub node: Oin,
    /// The key under which the pair is encrypted before this holder's step.
    pub inbound: Element,
    /// The pair.
    pub pair: Pair,
}

/// A batch of blinded points.
#[derive(Debug, Clone)]
pub(crate) struct Enrolling {
    /// The epoch.
    pub epoch: u32,
    /// The node.
    pub node: Oin,
    /// Counts the node's batches in this epoch.
    pub number: u64,
    /// S of the holder farther from the node; none for the farthest.
    pub farther: Option<Element>,
    /// The points.
    pub points: Vec<Element>,
}

/// A key holder.
///
/// What every implementation promises:
/// 1. No factor and no ratio of factors ever leaves it.
/// 2. It makes a step only for a question whose signatures and proof were verified, and only after
///    that is durable in its own ledger.
/// 3. What it refuses does not depend on the number, which it does not know.
#[async_trait]
pub(crate) trait KeyHolder: Send + Sync + fmt::Debug {
    /// Makes factors for a new epoch; one that exists stays.
    ///
    /// # Errors
    /// Why they could not be made durable.
    async fn open_epoch(&self, epoch: u32) -> Result<(), Reason>;

    /// Destroys the factors of an epoch; one without is no error.
    ///
    /// # Errors
    /// Why they could not be destroyed.
    async fn destroy_epoch(&self, epoch: u32) -> Result<(), Reason>;

    /// X before `outbound` for a node, and its proof. `number` is this holder's place in the chain.
    ///
    /// # Errors
    /// `EPOCH_STALE` without factors for the epoch.
    async fn inbound(
        &self,
        epoch: u32,
        node: &Oin,
        number: usize,
        outbound: &Element,
    ) -> Result<(Element, Proof), Reason>;

    /// S for a node.
    ///
    /// # Errors
    /// `EPOCH_STALE` without factors for the epoch.
    async fn shuffled(
        &self,
        epoch: u32,
        node: &Oin,
        farther: Option<&Element>,
    ) -> Result<Element, Reason>;

    /// One step over the pairs of a verified question.
    ///
    /// # Errors
    /// `EPOCH_STALE`, `QUOTA_EXCEEDED`, or why it could not be recorded.
    async fn step(&self, inquiry: &Inquiry, steps: &[Step]) -> Result<Vec<Pair>, Reason>;

    /// Evaluates a batch of a node that was authenticated.
    ///
    /// # Errors
    /// `EPOCH_STALE`, `QUOTA_EXCEEDED`, `BLIND_INVALID`, or why it could not be recorded.
    async fn evaluate(&self, batch: &Enrolling) -> Result<Evaluated, Reason>;
}

#[cfg(test)]
mod tests;
