//! Questions wait for a node that is away, sealed, until their answer is due.
//!
//! Life of a question that waits: once it is decided, attested and sealed for its target, and
//! before anything of it leaves, it is kept in a row of its own. The row goes in the commit that
//! keeps the first reply for its asker to fetch, or says why there is none. Whatever happens
//! between, it stays, and whoever is killed loses nothing: when the node opens `Deliver`, and when
//! the broker starts, what waits for it is brought again. A node that had taken it gives the same
//! bytes again, so it is answered once.
//!
//! What is kept is what its target gets: a header that the broker may see, a detail and a hidden
//! number that only the target opens (invariant 3). A row is not there before the key holders
//! have made their steps: the hidden number stands nowhere but under the target's own seal.
//!
//! Notices have a wait of their own (`notices`), and who asks for an own view stands at the
//! counter: neither waits here.

mod bring;
mod keep;
mod kept;
mod settle;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use grondslag_core::clock::Timestamp;
use grondslag_core::id::{Oin, TargetId};
use grondslag_core::inquiry::Header;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use grondslag_proto::question::TargetQuestion;
use grondslag_proto::v1;
use prost::Message as _;
use tokio::time::Instant;

pub(crate) use self::bring::{bring, resume};
pub(crate) use self::keep::{Kept, keep};
pub(crate) use self::settle::{Outcome, settle};
pub(crate) use self::sweep::keep_sweeping;
#[cfg(test)]
pub(crate) use self::sweep::sweep;
use crate::limits::{WAITING_MAX, WAITING_OF_NODE_MAX};

/// What waits at one broker.
pub(crate) struct Waiting {
    store: Arc<dyn Store>,
    /// Never held across an await.
    held: Mutex<Held>,
}

/// What stands in memory.
///
/// INVARIANT: every row of the store has its mark here: a mark is there before its row is written,
/// and goes after that was removed. One without a row goes when it is looked for.
#[derive(Default)]
struct Held {
    nodes: BTreeMap<Oin, BTreeSet<Mark>>,
    /// Questions on their way to their node, and those that are left alone for a while.
    places: BTreeMap<TargetId, Place>,
    /// Why questions were not answered when this process last brought them.
    unanswered: BTreeMap<TargetId, Reason>,
    /// Nodes to which somebody brings what waits.
    bringing: BTreeSet<Oin>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Place {
    under_way: u32,
    not_before: Option<Instant>,
}

/// Where a row stands among those of its node: what is urgent, and due, comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    rank: u8,
    answer_by: Timestamp,
    id: TargetId,
}

impl Mark {
    /// That of a question.
    pub(crate) const fn new(id: TargetId, urgency: Urgency, answer_by: Timestamp) -> Self {
        let rank = match urgency {
            Urgency::Acute => 0,
            Urgency::Urgent => 1,
            Urgency::Standard => 2,
        };
        Self { rank, answer_by, id }
    }

    const fn of(id: TargetId, header: &Header) -> Self {
        Self::new(id, header.urgency, header.times.answer_by)
    }
}

/// A question on its way to its node: nobody else brings it meanwhile.
pub(crate) struct Carried {
    waiting: Arc<Waiting>,
    node: Oin,
    mark: Mark,
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiting(…)")
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Carried({}, …)", self.node)
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        let mut held = self.waiting.held();
        let Some(place) = held.places.get_mut(&self.mark.id) else { return };
        place.under_way = place.under_way.saturating_sub(1);
        if place.under_way == 0 && place.not_before.is_none() {
            held.places.remove(&self.mark.id);
        }
    }
}

impl Carried {
    /// Leaves the question alone for a while once it is not on its way any more.
    pub(crate) fn rest(&self, pause: Duration) {
        if let Some(place) = self.waiting.held().places.get_mut(&self.mark.id) {
            place.not_before = Some(Instant::now() + pause);
        }
    }

    /// The question as it was kept; none when it waits no longer.
    ///
    /// # Errors
    /// Why it cannot be read.
    async fn read(&self) -> Result<Option<TargetQuestion>, Reason> {
        let key = kept::key(&self.node, &self.mark);
        let body = parts::read_body(self.waiting.store.as_ref(), &key).await;
        let Some(body) = body.map_err(StoreError::reason)? else { return Ok(None) };
        let wire = v1::AnswerQuestion::decode(body.as_slice()).map_err(|_| Reason::StoreCorrupt)?;
        TargetQuestion::try_from(wire).map(Some).map_err(|_| Reason::StoreCorrupt)
    }

    /// Adds to a batch that the question waits no longer.
    ///
    /// # Errors
    /// Those of the store.
    async fn remove(&self, batch: Batch) -> Result<Batch, StoreError> {
        let key = kept::key(&self.node, &self.mark);
        parts::delete_body(self.waiting.store.as_ref(), batch, &key).await
    }

    /// Why it was not answered when it was brought; none when it was, or when the broker failed.
    fn note_unanswered(&self, reason: Option<Reason>) {
        let mut held = self.waiting.held();
        let waits = held.nodes.get(&self.node).is_some_and(|marks| marks.contains(&self.mark));
        match reason.filter(|_| waits) {
            Some(reason) => held.unanswered.insert(self.mark.id, reason),
            None => held.unanswered.remove(&self.mark.id),
        };
    }

    /// Its node was not there when it was last brought.
    fn node_is_away(&self) -> bool {
        let held = self.waiting.held();
        let reason = held.unanswered.get(&self.mark.id);
        matches!(reason, Some(Reason::Unreachable | Reason::DeadlinePassed))
    }

    /// It waits no longer, and that is durable.
    fn removed(&self) {
        self.waiting.held().remove(&self.node, &self.mark);
    }
}

impl Waiting {
    /// Those that the store keeps.
    ///
    /// # Errors
    /// Why the store cannot be read; `STORE_CORRUPT` for a key that is none of these.
    pub(crate) async fn open(store: Arc<dyn Store>) -> Result<Arc<Self>, Reason> {
        let held = Held { nodes: kept::load(store.as_ref()).await?, ..Held::default() };
        Ok(Arc::new(Self { store, held: Mutex::new(held) }))
    }

    /// Whether a question waits for a node.
    pub(crate) fn has(&self, node: &Oin, mark: &Mark) -> bool {
        self.held().nodes.get(node).is_some_and(|marks| marks.contains(mark))
    }

    /// The nodes for which something waits.
    fn nodes(&self) -> Vec<Oin> {
        self.held().nodes.keys().cloned().collect()
    }

    /// What may be brought to a node now.
    fn due(&self, node: &Oin) -> Vec<Mark> {
        let held = self.held();
        let marks = held.nodes.get(node).into_iter().flatten();
        marks.filter(|mark| held.is_free(&mark.id)).copied().collect()
    }

    /// Takes a question that waits on its way; none when it is, or is left alone.
    fn begin(self: &Arc<Self>, node: &Oin, mark: Mark) -> Option<Carried> {
        let mut held = self.held();
        if !held.is_free(&mark.id) {
            return None;
        }
        held.places.insert(mark.id, Place { under_way: 1, not_before: None });
        drop(held);
        Some(Carried { waiting: Arc::clone(self), node: node.clone(), mark })
    }

    /// Takes the question of an attempt on its way. The same one may be put twice at once; another
    /// attempt waits until nobody carries the one before.
    ///
    /// # Errors
    /// `BUSY` when somebody does.
    fn carry(self: &Arc<Self>, node: &Oin, mark: Mark, attempt: u8) -> Result<Carried, Reason> {
        let mut held = self.held();
        let place = held.places.entry(mark.id).or_default();
        if attempt > 1 && place.under_way > 0 {
            return Err(Reason::Busy);
        }
        place.under_way = place.under_way.saturating_add(1);
        place.not_before = None;
        drop(held);
        Ok(Carried { waiting: Arc::clone(self), node: node.clone(), mark })
    }

    /// A place among what waits; false when there is none.
    fn reserve(&self, node: &Oin, mark: &Mark) -> bool {
        let mut held = self.held();
        let all = held.nodes.values().map(BTreeSet::len).sum::<usize>();
        let own = held.nodes.get(node);
        if own.is_some_and(|own| own.contains(mark)) {
            return true;
        }
        if all >= WAITING_MAX || own.map_or(0, BTreeSet::len) >= WAITING_OF_NODE_MAX {
            return false;
        }
        held.nodes.entry(node.clone()).or_default().insert(*mark)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn is_free(&self, id: &TargetId) -> bool {
        let rests = |until: Instant| Instant::now() < until;
        self.places
            .get(id)
            .is_none_or(|place| place.under_way == 0 && !place.not_before.is_some_and(rests))
    }

    fn remove(&mut self, node: &Oin, mark: &Mark) {
        self.unanswered.remove(&mark.id);
        if let Some(marks) = self.nodes.get_mut(node) {
            marks.remove(mark);
            if marks.is_empty() {
                self.nodes.remove(node);
            }
        }
        if let Some(place) = self.places.get_mut(&mark.id) {
            place.not_before = None;
        }
    }
}

#[cfg(test)]
mod tests;
