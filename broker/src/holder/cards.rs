//! The holder's own card.

use grondslag_core::card::SignedCard;
use grondslag_core::reason::Reason;

use super::Holder;
use crate::own::publish_own;

impl Holder {
    /// The holder's card. The broker may remember a later one than this process does, as after a
    /// lost store: then one is made that comes after it.
    ///
    /// # Errors
    /// `NOT_READY` before the holder listens, or why its card cannot be made.
    pub(super) async fn own_card(&self, seq_known: u64) -> Result<SignedCard, Reason> {
        let held = self.directory.last_card(&self.oin).ok_or(Reason::NotReady)?;
        if held.card.seq >= seq_known {
            return Ok(held);
        }
        let own = self.own.get().ok_or(Reason::NotReady)?;
        let region = self.directory.certificates();
        publish_own(&self.directory, own, seq_known, &region, self.clock.now()).await?;
        self.directory.last_card(&self.oin).ok_or(Reason::NotReady)
    }
}
