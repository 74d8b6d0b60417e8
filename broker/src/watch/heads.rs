//! What one follower is shown, head by head.

use std::sync::Arc;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::id::Digest;
use grondslag_core::merkle::TreeHead;
use grondslag_core::reason::Reason;
use grondslag_proto::head::ShownHead;
use tokio::sync::watch;

use super::{Shown, Watch};

/// One follower's place.
#[derive(Debug)]
pub(crate) struct Follower {
    shown: watch::Receiver<Shown>,
    /// Size of another head that it holds, until it was shown the proof from there.
    also: u64,
    /// Sizes of the head and of the cosigned head that it was shown last.
    told: Option<(u64, u64)>,
}

impl Follower {
    /// Tells when something else is shown.
    pub(crate) fn changes(&self) -> watch::Receiver<Shown> {
        self.shown.clone()
    }

    fn cosigned_told(&self) -> u64 {
        self.told.map_or(0, |(_, cosigned)| cosigned)
    }
}

impl Watch {
    /// A follower, who perhaps holds a second head of this size.
    pub(crate) fn follow(&self, also_size: u64) -> Follower {
        Follower { shown: self.shown.subscribe(), also: also_size, told: None }
    }

    /// What there is to show now to a follower who holds a head of the size `from`, if it was not
    /// shown that before.
    ///
    /// # Errors
    /// Why a proof cannot be made.
    pub(crate) async fn due(
        &self,
        follower: &mut Follower,
        from: u64,
    ) -> Result<Option<ShownHead>, Reason> {
        let shown = follower.shown.borrow().clone();
        let most = from.max(follower.also);
        if most > size(&self.means.log.checkpoint()) {
            // Another process of this broker may have made it longer.
            self.means.log.refresh().await?;
        }
        let newest = self.means.log.checkpoint();
        // Whoever holds more than there is must see that: it is not for us to say that all is well.
        let head = match shown.head {
            _ if most > size(&newest) => newest,
            Some(head) if size(&head) >= most => head,
            // A question was ahead of the published head. What is cosigned can be shown with the
            // newest; the head alone is not worth it.
            Some(_) if size_of(shown.cosigned.as_ref()) > follower.cosigned_told() => newest,
            Some(_) | None => return Ok(None),
        };
        // One of before a restart may be larger than the head that is published since.
        let cosigned = shown.cosigned.filter(|cosigned| size(cosigned) <= size(&head));
        let telling = (size(&head), size_of(cosigned.as_ref()));
        if follower.told == Some(telling) {
            return Ok(None);
        }
        let tree = head.checkpoint().tree();
        let proof = self.proof(from, tree).await?;
        let also = self.proof(follower.also, tree).await?;
        let cosigned = match cosigned {
            None => None,
            Some(cosigned) => {
                let proof = self.means.log.consistency(size(&cosigned), tree).await?;
                Some((Arc::unwrap_or_clone(cosigned), proof))
            }
        };
        (follower.also, follower.told) = (0, Some(telling));
        Ok(Some(ShownHead { head: Arc::unwrap_or_clone(head), from, proof, cosigned, also }))
    }

    /// None for a head that this log does not reach: there is none.
    async fn proof(&self, from: u64, tree: TreeHead) -> Result<Vec<Digest>, Reason> {
        if from > tree.size {
            return Ok(Vec::new());
        }
        self.means.log.consistency(from, tree).await
    }
}

fn size_of(head: Option<&Arc<SignedCheckpoint>>) -> u64 {
    head.map_or(0, |head| size(head))
}

fn size(head: &SignedCheckpoint) -> u64 {
    head.checkpoint().size
}
