//! What a node forgets of its own accord, once a day by the dates of its clock: the openings of
//! records whose term ended, with the leaf that says which, and the lines of own questions.
//!
//! What lives shorter (replies, drafts, counts) has a sweep of its own in `serve`. An answer that
//! was received is shown and not stored, but for the joint file of an escalation.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Digest;
use grondslag_core::reason::Reason;
use grondslag_evidence::ledger::LedgerError;
use grondslag_evidence::records::Round;
use grondslag_policy::retention::Kept;
use grondslag_runtime::status::RetentionState;

use crate::agency::Agency;
use crate::alarm::raise;
use crate::answers::inbox::away;
use crate::asks::inquiries::forget_lines;
use crate::caseload;
use crate::consent::page;
use crate::dossier;
use crate::follow_ups::take;
use crate::glass;
use crate::handover;
use crate::inform;
use crate::notices::outbox;
use crate::own_view::strangers;
use crate::rights;

impl Agency {
    /// Forgets what is due if that was not done yet today. What was left over, as after a long
    /// stop, is for the next turn. Rows that cannot be read stay, and alarm once a day.
    ///
    /// # Errors
    /// Why ledger or store did not take it; everything else was done by then.
    pub async fn forget(&self) -> Result<Option<Round>, Reason> {
        let (store, now) = (self.store.as_ref(), self.clock.now());
        let round = self.forgetting.turn(store, &self.ledger, now).await;
        // A round that failed keeps nothing else from being forgotten.
        let (round, failed) = match round {
            Ok(round) => (round, None),
            Err(error) => (None, Some(error.reason())),
        };
        let daily = round.is_some() || failed.is_some();
        let mut rest = Rest { agency: self, daily, failed };
        if rest.daily {
            let pack = self.pack();
            let before = |line: Timestamp| pack.retention().end(Kept::Decision, line) <= now;
            rest.of("own questions", forget_lines(store, before).await).await;
            rest.of("people asked about", strangers::tidy(self).await).await;
            rest.of("tasks to inform", inform::tidy(self).await).await;
            rest.of("requests about data", rights::tend(self).await).await;
            rest.of("cases", caseload::tidy(self).await).await;
            rest.of("joint files", dossier::tidy(self).await).await;
            rest.of("break glass", glass::tidy(self).await).await;
            rest.of("handovers", handover::tidy(self).await).await;
            rest.of("who is away", away::tidy(self).await).await;
            rest.of("what was added", take::tidy(self).await).await;
        }
        rest.of("pages of consents", page::tidy(self).await).await;
        rest.of("notices", outbox::tidy(self).await).await;
        rest.failed.map_or(Ok(round), Err)
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

/// The rows that go beside the records.
struct Rest<'a> {
    agency: &'a Agency,
    daily: bool,
    failed: Option<Reason>,
}

impl Rest<'_> {
    /// What came of one kind of them: how many could not be read. One that fails keeps no other
    /// from its work, and what is said of a row is its kind alone.
    async fn of(&mut self, kind: &'static str, passed_over: Result<u64, Reason>) {
        match passed_over {
            Ok(rows @ 1..) if self.daily => {
                tracing::error!(kind, rows, "rows that cannot be read are not forgotten");
                raise(self.agency, Digest::of(kind.as_bytes()), Reason::StoreCorrupt).await;
            }
            Ok(_) => {}
            Err(reason) => self.failed = self.failed.or(Some(reason)),
        }
    }
}

#[cfg(test)]
mod tests;
