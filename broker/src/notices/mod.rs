//! Consent notices that a target missed. Each waits until its first reply came, and as long as one
//! waits its target gets no question that is no notice: a withdrawal takes effect at a holder that
//! was away before it answers anything else.
//!
//! Life of a waiting notice: its sender keeps it in an outbox of its own and asks it anew, each
//! time as a new inquiry in the current epoch, under one number. A target that did not reply makes
//! it wait here; the opening of `Deliver` tells a node how many wait for it, and the node says
//! `NOT_READY` until none does; the sender's next try brings the notice, and the first reply, be it
//! "not known", ends the wait. The broker does not bring it by itself: it keeps no notice.
//!
//! It stays blind (invariant 3). It sees that agency A has a notice for agency B, and by the random
//! number that this try brings the same as the one before. It never sees of whom.
//!
//! # Who does not ask again
//!
//! A notice that nobody asks again would keep its target silent for ever: a sender may be gone, or
//! mean harm. So a sender has [`NOTICE_SILENT_MS`](grondslag_core::limits::NOTICE_SILENT_MS), and
//! then its notices for that target are dropped, with a warning. When that time runs decides
//! whether it is safe:
//! - Not while the target is away. Nobody is kept from anything then, and its sender, who tries
//!   now and then, cannot be said to be silent. So nothing is ever dropped before the target was
//!   reached again.
//! - It begins when the target shows that it is back: it opens `Deliver`, or it replies to a notice
//!   of that sender. It does not begin anew with each opening: a node opens one some times a
//!   minute, and the time would never pass.
//! - It ends with the sender's next notice that the target misses, be it another one than those
//!   that wait: the target is away once more or cannot take notices yet (its index is being made),
//!   and the sender is there. One try thus speaks for all that a sender has for one target: it need
//!   not ask each of hundreds every few minutes.
//! - It is kept in memory alone. A restart forgets it, and what waits is kept longer, not shorter.
//!
//! A sender that means harm must thus make its notices fail at a target that can be reached. It
//! cannot by leaving: a notice goes to its end whether its sender listens or not
//! (`route::carry`). Nor by a notice whose term is over when it arrives, which does not wait;
//! nor by asking for more than a notice may ([`Notice::of`]), which is refused. What else it finds
//! is counted, leaves a leaf each time, and ends when the operator suspends it: whoever may not ask
//! is silent.

mod counts;
mod kept;
mod sweep;
mod write;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use grondslag_core::clock::Timestamp;
use grondslag_core::id::Oin;
use grondslag_core::inquiry::Inquiry;
use grondslag_core::reason::Reason;
use grondslag_evidence::store::{Batch, Store, StoreError};
use grondslag_policy::notice::{self, Codes};
use grondslag_proto::question::NoticeId;

use self::counts::Counts;

pub(crate) use self::sweep::keep_sweeping;

/// A notice as the broker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    asker: Oin,
    id: NoticeId,
}

impl Notice {
    /// The notice that a question is.
    ///
    /// # Errors
    /// `MALFORMED` for one that asks anything else than to bring such news. Notices go to a target
    /// that gets no other question yet, so nothing else may go as one.
    pub(crate) fn of(inquiry: &Inquiry, id: NoticeId) -> Result<Self, Reason> {
        let (header, parts) = (inquiry.header(), inquiry.parts());
        let is_of = |codes: &Codes| {
            let mut asked = parts.iter().map(|(_, part)| part.categories.as_slice());
            let alone = asked.all(|asked| matches!(asked, [one] if one.as_str() == codes.category));
            header.purpose.as_str() == codes.purpose && alone
        };
        if header.kind.is_notice() && notice::ALL.iter().any(is_of) {
            Ok(Self { asker: header.asker.clone(), id })
        } else {
            Err(Reason::Malformed)
        }
    }
}

/// The notices that wait at one broker.
pub(crate) struct Notices {
    store: Arc<dyn Store>,
    /// One writing at a time.
    turn: tokio::sync::Mutex<()>,
    /// Never held across an await.
    held: Mutex<Held>,
}

/// What stands in memory, so that a question costs no look into the store.
///
/// INVARIANT: unless `unsure`, the counts are those of the keys in the store. Every write of such a
/// key is made in this module, in its turn, and expects what was read in that turn; the counts
/// change after the write is durable and before the turn ends. Whatever ends otherwise leaves
/// `unsure`, and then the keys are counted anew before anything rests on the counts. (The store
/// belongs to one broker process. Of several, each would have to count the keys at every look.)
#[derive(Default)]
struct Held {
    counts: Counts,
    unsure: bool,
}

impl fmt::Debug for Notices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notices(…)")
    }
}

impl Notices {
    /// Those that the store keeps.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub(crate) async fn open(store: Arc<dyn Store>) -> Result<Self, Reason> {
        let held = Held { counts: kept::count(store.as_ref()).await?, unsure: false };
        Ok(Self { store, turn: tokio::sync::Mutex::default(), held: Mutex::new(held) })
    }

    /// Whether a target may get a question that is no notice.
    ///
    /// # Errors
    /// `NOT_READY` while a notice waits for it; why that cannot be said.
    pub(crate) async fn may_ask(&self, target: &Oin) -> Result<(), Reason> {
        self.be_sure().await?;
        if self.held().counts.all_of(target) > 0 { Err(Reason::NotReady) } else { Ok(()) }
    }

    /// How many wait for a node that opened `Deliver` at this moment: it can be reached again.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub(crate) async fn opened(&self, node: &Oin, now: Timestamp) -> Result<u32, Reason> {
        self.be_sure().await?;
        let mut held = self.held();
        held.counts.opened(node, now);
        Ok(held.counts.all_of(node))
    }

    /// Whether a node is to put notices of its own anew: their target is back.
    pub(crate) fn is_back_for(&self, asker: &Oin) -> bool {
        self.held().counts.is_back_for(asker)
    }

    /// Counts the keys again where that is called for.
    async fn be_sure(&self) -> Result<(), Reason> {
        if !self.held().unsure {
            return Ok(());
        }
        let turn = self.turn.lock().await;
        self.be_sure_in(&turn).await
    }

    /// The same in one's turn. Since when a target can be reached is forgotten with it: that time
    /// then begins later.
    async fn be_sure_in(&self, _turn: &tokio::sync::MutexGuard<'_, ()>) -> Result<(), Reason> {
        if self.held().unsure {
            let counts = kept::count(self.store.as_ref()).await?;
            *self.held() = Held { counts, unsure: false };
        }
        Ok(())
    }

    /// Commits in one's turn, and changes the counts with it.
    async fn commit_in(
        &self,
        _turn: &tokio::sync::MutexGuard<'_, ()>,
        batch: Batch,
        change: impl FnOnce(&mut Counts),
    ) -> Result<(), Reason> {
        if batch.is_empty() {
            change(&mut self.held().counts);
            return Ok(());
        }
        // Until it is known what became of the write, be it that this future is dropped.
        self.held().unsure = true;
        let committed = self.store.commit(batch).await;
        let mut held = self.held();
        if committed.is_ok() {
            change(&mut held.counts);
            held.unsure = false;
        }
        committed.map_err(StoreError::reason)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
