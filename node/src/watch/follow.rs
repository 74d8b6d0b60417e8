//! The stream of heads, from the node's start to its end.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use grondslag_core::checkpoint::{Cosignature, SignedCheckpoint};
use grondslag_core::reason::Reason;
use grondslag_proto::head::ShownHead;
use grondslag_proto::v1;
use grondslag_runtime::shutdown::Shutdown;
use tokio::time::Instant;

use super::kept::Memory;
use super::take::Taken;
use super::{Watching, size};
use crate::limits::WATCH_PAUSE_MS;

/// Heads as they come.
pub(crate) type HeadStream = BoxStream<'static, Result<v1::WatchHeadsResponse, Reason>>;

/// The way to the broker's ledger.
#[async_trait]
pub(crate) trait HeadLink: Send + Sync + fmt::Debug {
    /// Heads, each with a proof; nothing of them is verified. The stream ends within minutes.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn watch_heads(&self, request: v1::WatchHeadsRequest) -> Result<HeadStream, Reason>;

    /// How the log behind the one that is followed was founded; nothing of it is verified.
    ///
    /// # Errors
    /// The reason why the broker did not answer.
    async fn show_founding(
        &self,
        request: v1::ShowFoundingRequest,
    ) -> Result<v1::ShowFoundingResponse, Reason>;

    /// Presents a head that a founding does not reach.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it did not keep it is in the response.
    async fn present_head(
        &self,
        request: v1::PresentHeadRequest,
    ) -> Result<v1::PresentHeadResponse, Reason>;

    /// Sends a cosignature.
    ///
    /// # Errors
    /// The reason why the broker did not answer; that it did not take it is in the response.
    async fn add_cosignature(
        &self,
        request: v1::AddCosignatureRequest,
    ) -> Result<v1::AddCosignatureResponse, Reason>;
}

/// How a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// As streams end: it is asked for again.
    Over,
    /// The broker contradicted itself: nothing is asked until an operator acted.
    Forked,
}

/// Follows the broker's heads until the end, or until they contradict each other. `renew` is
/// called when a head was not signed with the key that this node knows: the card may be newer.
pub(crate) async fn follow<F>(
    watching: Arc<Watching>,
    link: Arc<dyn HeadLink>,
    renew: impl Fn() -> F + Send,
    end: Shutdown,
) where
    F: Future<Output = ()> + Send,
{
    let mut pause = *WATCH_PAUSE_MS.start();
    let mut failing = None;
    loop {
        let began = Instant::now();
        let followed = tokio::select! {
            () = end.requested() => return,
            followed = watching.follow_once(link.as_ref()) => followed,
        };
        if followed == Ok(Ended::Forked) {
            return;
        }
        match followed {
            // A node that starts does not know the broker's card yet.
            Err(Reason::UnknownAgency) => tracing::debug!("the broker's card is not known yet"),
            // Said once, not at every try.
            Err(reason) if failing != Some(reason) => {
                tracing::warn!(%reason, "the broker's heads are not followed");
            }
            Ok(_) | Err(_) => {}
        }
        failing = followed.err();
        if failing == Some(Reason::AttestationInvalid) {
            renew().await;
        }
        let was_long = began.elapsed() >= Duration::from_millis(*WATCH_PAUSE_MS.end());
        pause = match failing {
            None | Some(Reason::UnknownAgency) => *WATCH_PAUSE_MS.start(),
            Some(_) if was_long => *WATCH_PAUSE_MS.start(),
            Some(_) => pause.saturating_mul(2).min(*WATCH_PAUSE_MS.end()),
        };
        tokio::select! {
            () = end.requested() => return,
            () = tokio::time::sleep(Duration::from_millis(pause)) => {}
        }
    }
}

impl Watching {
    /// Follows one stream of heads to its end.
    ///
    /// # Errors
    /// Why it ended before its time.
    pub(super) async fn follow_once(&self, link: &dyn HeadLink) -> Result<Ended, Reason> {
        // A head that cannot be verified yet would be lost, and the broker would go on from it.
        (self.means.key)(&self.means.broker)?;
        self.meet_founding(link).await?;
        let (seen, given) = (self.seen_size(), self.read(|kept| given(kept.memory.as_ref())));
        let also_size = size(given.as_ref());
        let request = v1::WatchHeadsRequest { seen_size: seen, also_size };
        let mut heads = link.watch_heads(request).await?;
        let mut also = given;
        while let Some(wire) = heads.next().await {
            let shown = ShownHead::try_from(wire?)?;
            match self.take(shown, also.take().as_ref()).await {
                Ok(Taken::Again) => return Ok(Ended::Over),
                Ok(Taken::Done(None)) => {}
                Ok(Taken::Done(Some((size, line)))) => send(link, size, &line).await?,
                Err(Reason::LedgerFork) => return Ok(Ended::Forked),
                Err(reason) => return Err(reason),
            }
        }
        Ok(Ended::Over)
    }
}

/// A head that an operator gave back, and that is still to be joined to what is seen since.
fn given(memory: Option<&Memory>) -> Option<SignedCheckpoint> {
    match memory? {
        Memory::Given(head) => Some(head.as_ref().clone()),
        Memory::Fresh | Memory::Own(_) => None,
    }
}

async fn send(link: &dyn HeadLink, size: u64, line: &Cosignature) -> Result<(), Reason> {
    let request = v1::AddCosignatureRequest { size, cosignature: line.line() };
    let reason = link.add_cosignature(request).await?.reason;
    if !reason.is_empty() {
        // The broker may have gone on to another head.
        tracing::debug!(reason, size, "a cosignature was not taken");
    }
    Ok(())
}
