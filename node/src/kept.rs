//! What a node forgets of its own accord, once a day by the dates of its clock: the openings of
//! records whose term ended, with the leaf that says which, and the lines of own questions.
//!
//! What lives shorter (replies, drafts, counts) has a sweep of its own in `serve`. An answer that
//! was received is shown and never stored.

use grondslag_core::clock::Timestamp;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::Round;
use grondslag_policy::retention::Kept;
use grondslag_runtime::status::RetentionState;

use crate::agency::Agency;
use crate::asks::inquiries::forget_lines;
use crate::consent::page;
use crate::inform;
use crate::notices::outbox;
use crate::own_view::strangers;
use crate::rights;

impl Agency {
    /// Forgets what is due if that was not done yet today. What was left over, as after a long
    /// stop, is for the next turn.
    ///
    /// # Errors
    /// Why ledger or store did not take it.
    pub async fn forget(&self) -> Result<Option<Round>, Reason> {
        let (store, now) = (self.store.as_ref(), self.clock.now());
        let round = self.forgetting.turn(store, &self.ledger, now).await;
        let round = round.map_err(LedgerError::reason)?;
        if round.is_some() {
            let pack = self.pack();
            let before = |line: Timestamp| pack.retention().end(Kept::Decision, line) <= now;
            // One that fails keeps no other from its work.
            let lines = forget_lines(store, before).await;
            let people = strangers::tidy(self).await;
            let requests = rights::tend(self).await;
            inform::tidy(self).await.and(people).and(lines).and(requests)?;
        }
        page::tidy(self).await?;
        outbox::tidy(self).await?;
        Ok(round)
    }

    /// Where forgetting stands, for the operator.
    pub(crate) async fn retention(&self) -> Option<RetentionState> {
        let standing = self.forgetting.standing(self.store.as_ref()).await.ok()?;
        Some(RetentionState {
            done_at: standing.done_at,
            forgotten: standing.totals.kinds,
            leaves: standing.totals.leaves,
            failed: standing.failed.map(LedgerError::reason),
        })
    }
}

#[cfg(test)]
mod tests;
