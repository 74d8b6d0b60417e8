//! Key holders: who turns a hidden number into one that only its target opens.
//!
//! They form a chain. A question meets the holder farthest from the nodes first, on the untouched
//! pairs; the one in this process is the nearest and the last. Each has factors of its own, its own
//! quota and its own ledger, so that broker and node together learn nothing while one holder keeps
//! to the protocol (protocol 1.5).

mod chain;
mod local;
mod remote;
mod secrets;

pub(crate) use chain::{Chain, Sent};
pub(crate) use local::{LocalHolder, Means};
pub(crate) use remote::RemoteHolder;
pub use secrets::Secrets;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use grondslag_core::blind::inbound::Place;
use grondslag_core::blind::{Element, Evaluated, Link, Pair, Proof};
use grondslag_core::id::Oin;
use grondslag_core::inquiry::Whole;
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
    /// The node's signature over the batch as it sent it.
    pub signature: [u8; 64],
}

/// A verified question, as every holder gets it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// What its asker signed.
    pub whole: &'a Whole,
    /// That all its pairs hide one number and belong to it.
    pub proof: &'a Proof,
    /// The asker's signature over the whole.
    pub signature: &'a [u8; 64],
    /// Every target's links, in the asker's order: the proof is over all of them.
    pub links: &'a [Arc<[Link]>],
}

/// A node's link that is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The epoch.
    pub epoch: u32,
    /// The node.
    pub node: &'a Oin,
    /// The node's own key.
    pub own: &'a Element,
    /// What holders nearer to the node made of it, the nearest first.
    pub nearer: &'a [Inbound],
}

/// A holder's inbound key for a node, and its proof.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Inbound {
    /// X.
    pub key: Element,
    /// That the holder knows the factor between X and the key before it.
    pub proof: Proof,
}

impl Wanted<'_> {
    /// The key that this link comes before.
    pub(crate) fn outbound(&self) -> &Element {
        self.nearer.last().map_or(self.own, |inbound| &inbound.key)
    }

    /// This holder's place in the chain.
    pub(crate) fn place<'a>(&'a self, region: &'a str) -> Place<'a> {
        Place { region, epoch: self.epoch, node: self.node, number: self.nearer.len() }
    }
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

    /// This holder's inbound key for a node.
    ///
    /// # Errors
    /// `EPOCH_STALE` without factors for the epoch, or what [`KeyHolder::link`] gives.
    async fn inbound(&self, wanted: &Wanted<'_>) -> Result<Inbound, Reason>;

    /// This holder's whole link for a node. `farther` is the S of the holder farther from the
    /// node.
    ///
    /// # Errors
    /// `EPOCH_STALE` without factors for the epoch; `INBOUND_KEY_UNPROVEN` when the nearer keys do
    /// not follow from the node's own; `KEY_HOLDER_REFUSED` or `KEY_HOLDER_UNREACHABLE`.
    async fn link(&self, wanted: &Wanted<'_>, farther: Option<&Element>) -> Result<Link, Reason>;

    /// One step over the pairs of a verified question.
    ///
    /// # Errors
    /// `EPOCH_STALE`, `STEPS_EXCEEDED`, why it could not be recorded, what a holder elsewhere
    /// found wrong itself, or `KEY_HOLDER_UNREACHABLE`.
    async fn step(&self, asked: Asked<'_>, steps: &[Step]) -> Result<Vec<Pair>, Reason>;

    /// Evaluates a batch of a node that was authenticated.
    ///
    /// # Errors
    /// `EPOCH_STALE`, `QUOTA_EXCEEDED`, `BLIND_INVALID`, or why it could not be recorded.
    async fn evaluate(&self, batch: &Enrolling) -> Result<Evaluated, Reason>;
}

#[cfg(test)]
mod tests;
