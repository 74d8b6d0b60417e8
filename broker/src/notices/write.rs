//! What one notice leaves behind at its targets.

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, StoreError};

use super::counts::Counts;
use super::kept::key;
use super::{Notice, Notices};
use crate::limits::NOTICES_WAITING_MAX;
use crate::route::fanout::State;

/// What a target's last state means for a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    /// It was answered.
    Answered,
    /// It is still to come.
    Missed,
    /// It does not come, now or later.
    Over,
}

impl Became {
    fn of(state: State) -> Self {
        match state {
            State::Replied => Self::Answered,
            State::NotAsked(_) => Self::Over,
            State::Unreachable(reason) if is_of_its_sender(reason) => Self::Over,
            State::Unreachable(_) | State::Pending(_) => Self::Missed,
        }
    }
}

/// What a sender itself can bring about: of such a notice no target is kept silent.
const fn is_of_its_sender(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::QuestionExpired
            | Reason::QuestionFromFuture
            | Reason::TimesInvalid
            | Reason::StatementInvalid
            | Reason::HeaderMismatch
            | Reason::SealInvalid
            | Reason::BlindInvalid
            | Reason::RoleNotAdmitted
            | Reason::KindNotAdmitted
            | Reason::ReplayConflict
            | Reason::Malformed
            | Reason::TooLarge
    )
}

/// What changes in the counts once it is durable.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// One more waits.
    More,
    /// One that waited was asked once more, in vain; or there is no room for one more.
    Asked,
    /// One that waited was answered.
    Fewer,
    /// One that did not wait was answered.
    Answered,
}

impl Notices {
    /// Takes note of how a notice ended at each of its targets, in one commit: durable when this
    /// returns.
    ///
    /// # Errors
    /// Why it is not: then its sender is not told how it ended, and asks anew.
    pub(crate) async fn note(
        &self,
        notice: &Notice,
        states: &[(Oin, State)],
        now: Timestamp,
    ) -> Result<(), Reason> {
        let turn = self.turn.lock().await;
        self.be_sure_in(&turn).await?;
        let (mut batch, mut changes) = (Batch::new(), Vec::new());
        for (target, state) in states {
            let change;
            (batch, change) = match Became::of(*state) {
                Became::Answered => self.answered(batch, target, notice).await?,
                Became::Missed => self.missed(batch, target, notice).await?,
                Became::Over => continue,
            };
            changes.push((target, change));
        }
        let changed = |counts: &mut Counts| {
            for (target, change) in changes {
                change.apply(counts, (target, &notice.asker), now);
            }
        };
        self.commit_in(&turn, batch, changed).await
    }

    /// A target's first reply came.
    async fn answered(
        &self,
        batch: Batch,
        target: &Oin,
        notice: &Notice,
    ) -> Result<(Batch, Change), Reason> {
        // Most notices never waited; of them nothing is read and nothing written.
        if self.held().counts.of(target, &notice.asker) == 0 {
            return Ok((batch, Change::Answered));
        }
        let key = key(target, notice);
        match self.store.get(&key).await.map_err(StoreError::reason)? {
            Some(value) => {
                Ok((batch.expect_value(key.as_slice(), value).delete(key), Change::Fewer))
            }
            None => Ok((batch, Change::Answered)),
        }
    }

    /// A target did not reply.
    async fn missed(
        &self,
        batch: Batch,
        target: &Oin,
        notice: &Notice,
    ) -> Result<(Batch, Change), Reason> {
        let key = key(target, notice);
        if self.store.get(&key).await.map_err(StoreError::reason)?.is_some() {
            return Ok((batch, Change::Asked));
        }
        if self.held().counts.of(target, &notice.asker) >= NOTICES_WAITING_MAX {
            let (agency, limit) = (&notice.asker, NOTICES_WAITING_MAX);
            tracing::warn!(%target, %agency, limit, "no more notices are counted for a target");
            return Ok((batch, Change::Asked));
        }
        Ok((batch.expect_absent(key.as_slice()).put(key, []), Change::More))
    }
}

impl Change {
    fn apply(self, counts: &mut Counts, (target, asker): (&Oin, &Oin), now: Timestamp) {
        match self {
            Self::More => counts.add(target, asker),
            Self::Fewer => counts.remove(target, asker, 1),
            Self::Asked | Self::Answered => {}
        }
        match self {
            Self::More | Self::Asked => counts.missed(target, asker),
            Self::Fewer | Self::Answered => counts.replied(target, asker, now),
        }
    }
}
