//! What one follower is shown, head by head.

use std::sync::Arc;

use grondslag_core::checkpoint::SignedCheckpoint;
use grondslag_core::reason::Reason;
use grondslag_proto::head::ShownHead;
use tokio::sync::watch;

use super::{Shown, Watch};

/// One follower's place.
#[derive(Debug)]
pub(crate) struct Follower {
    shown: watch::Receiver<Shown>,
    /// Size of the head that the follower holds.
    from: u64,
    /// Sizes of the head and of the cosigned head that it was shown last.
    told: Option<(u64, u64)>,
}

impl Watch {
    /// A follower who holds a head of this size.
    pub(crate) fn follow(&self, seen_size: u64) -> Follower {
        Follower { shown: self.shown.subscribe(), from: seen_size, told: None }
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
        let newest = self.means.log.checkpoint();
        // Whoever holds more than there is must see that: it is not for us to say that all is well.
        let head = match &shown.head {
            _ if follower.from > size(&newest) => newest,
            Some(head) if size(head) >= follower.from => Arc::clone(head),
            // A receipt was ahead of the published head, which will catch up.
            Some(_) | None => return Ok(None),
        };
        // One of before a restart may be larger than the head that is published since.
        let cosigned = shown.cosigned.as_ref().filter(|cosigned| size(cosigned) <= size(&head));
        let telling = (size(&head), cosigned.map_or(0, |cosigned| size(cosigned)));
        if follower.told == Some(telling) {
            return Ok(None);
        }
        let (from, tree) = (follower.from, head.checkpoint().tree());
        let proof = match from {
            from if from <= tree.size => self.means.log.consistency(from, tree).await?,
            _ => Vec::new(),
        };
        let cosigned = match cosigned {
            None => None,
            Some(cosigned) => {
                let proof = self.means.log.consistency(size(cosigned), tree).await?;
                Some((cosigned.as_ref().clone(), proof))
            }
        };
        (follower.from, follower.told) = (tree.size, Some(telling));
        Ok(Some(ShownHead { head: head.as_ref().clone(), from, proof, cosigned }))
    }
}

fn size(head: &SignedCheckpoint) -> u64 {
    head.checkpoint().size
}
