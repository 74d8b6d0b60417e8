//! This node's own card: made when something in it changes, and offered to the broker until it
//! holds it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use grondslag_certs::OwnCard;
use grondslag_core::card::SignedCard;
use grondslag_core::reason::Reason;
use grondslag_proto::v1;
use grondslag_runtime::shutdown::Shutdown;

use super::{Directory, Turn, kept};
use crate::agency::BrokerLink;
use crate::limits::{DIRECTORY_REFRESH_MS, DIRECTORY_RETRY_MS};

impl Directory {
    /// Makes this node's own card, or keeps the one it has when nothing changed, and takes it into
    /// the directory.
    ///
    /// # Errors
    /// `KIND_NOT_ADMITTED` and the like when nobody would rely on it; `INTERNAL` when it cannot
    /// be signed; why it could not be recorded.
    pub async fn prepare(&self, own: &OwnCard) -> Result<(), Reason> {
        let mut turn = self.turn.lock().await;
        self.prepare_in(&mut turn, own, 0).await.map(|_| ())
    }

    async fn prepare_in(
        &self,
        turn: &mut Turn,
        own: &OwnCard,
        seq_known: u64,
    ) -> Result<SignedCard, Reason> {
        let region = self.means.region.current();
        // What no longer holds counts too: readers remember it.
        let held = self.read(|held| held.book.last(region.oin()).cloned());
        let signed = own.next(held.as_ref(), seq_known, &region, self.now())?;
        let considered = self.consider(signed.clone())?;
        self.take(turn, vec![considered]).await?;
        Ok(signed)
    }

    /// Keeps the directory in step with the broker's until the end: reads it, offers our own card
    /// when the broker does not hold it, and tries again, ever less often, while that fails.
    pub async fn tend(
        self: Arc<Self>,
        own: OwnCard,
        seal_key: impl Fn() -> Result<Vec<u8>, Reason> + Send + Sync,
        link: Arc<dyn BrokerLink>,
        end: Shutdown,
    ) {
        let (retry_min, retry_max) = DIRECTORY_RETRY_MS;
        let (mut retry, mut calm) = (retry_min, 0);
        let mut known = BTreeMap::new();
        loop {
            // The seal key is renewed with every epoch; the rest of the card with a restart.
            let own = OwnCard {
                seal_key: seal_key().unwrap_or_else(|_| own.seal_key.clone()),
                ..own.clone()
            };
            let wait = match self.keep_in_step(&own, link.as_ref()).await {
                Ok(()) => {
                    retry = retry_min;
                    let kept = self.turn.lock().await.kept.clone();
                    calm = calm_ms(kept != known, calm);
                    known = kept;
                    calm
                }
                Err(reason) => {
                    tracing::warn!(%reason, "the directory is not in step with the broker's");
                    retry = retry.saturating_mul(2).min(retry_max);
                    retry
                }
            };
            tokio::select! {
                () = end.requested() => return,
                () = tokio::time::sleep(Duration::from_millis(wait)) => {}
            }
        }
    }

    /// One turn of [`Directory::tend`].
    ///
    /// # Errors
    /// Why the broker does not answer or does not take our card.
    pub async fn keep_in_step(&self, own: &OwnCard, link: &dyn BrokerLink) -> Result<(), Reason> {
        let mut turn = self.turn.lock().await;
        self.refresh_in(&mut turn, link).await?;
        let signed = self.prepare_in(&mut turn, own, 0).await?;
        if turn.published == Some(kept::digest(&signed)) {
            return Ok(());
        }
        let answer = link.publish_card((&signed).into()).await?;
        let signed = match refused(&answer) {
            None => signed,
            // The broker remembers a later card than this node does, as after a lost store.
            Some(Reason::CardSeqBack) => {
                let signed = self.prepare_in(&mut turn, own, answer.seq).await?;
                let answer = link.publish_card((&signed).into()).await?;
                refused(&answer).map_or(Ok(signed), Err)?
            }
            Some(reason) => return Err(reason),
        };
        turn.published = Some(kept::digest(&signed));
        tracing::info!("the broker holds our card");
        Ok(())
    }

    /// Whether the broker held our own card when it was last asked.
    pub async fn is_published(&self) -> bool {
        self.turn.lock().await.published.is_some()
    }
}

/// How long to wait for the next reading: short after a change, ever longer while nothing changes.
pub(super) fn calm_ms(changed: bool, before: u64) -> u64 {
    let (shortest, longest) = DIRECTORY_REFRESH_MS;
    if changed { shortest } else { before.saturating_mul(2).clamp(shortest, longest) }
}

fn refused(answer: &v1::PublishCardResponse) -> Option<Reason> {
    (!answer.reason.is_empty()).then(|| grondslag_proto::reply::reason(&answer.reason))
}
