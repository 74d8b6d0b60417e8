//! What one follower is shown, head by head.

use std::sync::Arc;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Digest;
use grondslag_core::id::Oin;
use grondslag_core::merkle::TreeHead;
use grondslag_core::reason::Reason;
use grondslag_proto::head::ShownHead;
use tokio::sync::{Mutex as TurnMutex, watch};

use super::{Shown, Watch};

/// One follower's place.
#[derive(Debug)]
pub(crate) struct Follower {
    shown: watch::Receiver<Shown>,
    /// Size of the head that the follower is taken to hold, from questions too.
    sent: Arc<TurnMutex<u64>>,
    /// Size of another head that it holds, until it was shown the proof from there.
    also: u64,
    /// Sizes of the head and of the cosigned head that it was shown last.
    told: Option<(u64, u64)>,
}

impl Watch {
    /// A follower who holds a head of this size, and perhaps another.
    pub(crate) async fn follow(&self, who: &Oin, seen_size: u64, also_size: u64) -> Follower {
        let (shown, sent) = (self.shown.subscribe(), self.means.sent.of(who));
        // It knows best.
        *sent.lock().await = seen_size;
        Follower { shown, sent, also: also_size, told: None }
    }

    /// Waits for the next thing to show a follower.
    ///
    /// # Errors
    /// Why a proof cannot be made.
    pub(crate) async fn next(&self, follower: &mut Follower) -> Result<ShownHead, Reason> {
        loop {
            let shown = follower.shown.borrow_and_update().clone();
            if let Some(next) = self.due(follower, &shown).await? {
                return Ok(next);
            }
            // The sender lives as long as this watch.
            if follower.shown.changed().await.is_err() {
                return Err(Reason::Unreachable);
            }
        }
    }

    async fn due(
        &self,
        follower: &mut Follower,
        shown: &Shown,
    ) -> Result<Option<ShownHead>, Reason> {
        let sent = Arc::clone(&follower.sent);
        let mut sent = sent.lock().await;
        let most = follower.also.max(*sent);
        if most > size(&self.means.log.checkpoint()) {
            self.means.log.refresh().await?;
        }
        let newest = self.means.log.checkpoint();
        // Whoever holds more than there is must see that: it is not for us to say that all is well.
        let head = match &shown.head {
            _ if most > size(&newest) => newest,
            Some(head) if size(head) >= most => Arc::clone(head),
            // A receipt was ahead of the published head, which will catch up.
            Some(_) | None => return Ok(None),
        };
        // One of before a restart may be larger than the head that is published since.
        let cosigned = shown.cosigned.as_ref().filter(|cosigned| size(cosigned) <= size(&head));
        let telling = (size(&head), cosigned.map_or(0, |cosigned| size(cosigned)));
        if follower.told == Some(telling) {
            return Ok(None);
        }
        let (from, tree) = (*sent, head.checkpoint().tree());
        let proof = self.proof(from, tree).await?;
        let also = self.proof(follower.also, tree).await?;
        let cosigned = match cosigned {
            None => None,
            Some(cosigned) => {
                let proof = self.means.log.consistency(size(cosigned), tree).await?;
                Some((cosigned.as_ref().clone(), proof))
            }
        };
        (follower.also, follower.told) = (0, Some(telling));
        *sent = tree.size;
        Ok(Some(ShownHead { head: head.as_ref().clone(), from, proof, cosigned, also }))
    }

    /// None for a head that this log does not reach: there is none.
    async fn proof(&self, from: u64, tree: TreeHead) -> Result<Vec<Digest>, Reason> {
        if from > tree.size {
            return Ok(Vec::new());
        }
        self.means.log.consistency(from, tree).await
    }
}

fn size(head: &SignedCheckpoint) -> u64 {
    head.checkpoint().size
}
