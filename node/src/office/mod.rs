//! The policy office at a node: it follows what is published in the region, and its own privacy
//! officers propose and approve rules here.

pub(crate) mod follow;
pub(crate) mod service;
mod simulate;
#[cfg(test)]
mod tests;

use std::fmt;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;

/// Pieces of publications as they come.
pub(crate) type Publications = BoxStream<'static, Result<v1::WatchPublicationsResponse, Reason>>;

/// The way to the region's office. Nothing that comes from there is believed.
#[async_trait]
pub(crate) trait OfficeLink: Send + Sync + fmt::Debug {
    /// What was published behind a number, and what is published from now on. The stream ends
    /// within minutes.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn watch_publications(&self, after: u64) -> Result<Publications, Reason>;

    /// Brings rules that an officer signed.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it refused is in the outcome.
    async fn propose(&self, publication: Vec<u8>) -> Result<v1::PolicyOutcome, Reason>;

    /// What waits for a colleague.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn proposals(&self) -> Result<Vec<v1::Proposal>, Reason>;

    /// The rules of a proposal; empty when it does not wait.
    ///
    /// # Errors
    /// The reason why the broker did not answer; `TOO_LARGE`.
    async fn proposal(&self, digest: Vec<u8>) -> Result<Vec<u8>, Reason>;

    /// Adds an officer's signature to a proposal.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it refused is in the outcome.
    async fn sign(&self, request: v1::SignProposalRequest) -> Result<v1::PolicyOutcome, Reason>;
}
