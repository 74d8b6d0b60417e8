//! The broker's log was founded anew, after the broker was restored from a backup.
//!
//! The node follows the new log only when two operators that it pinned signed its founding, when
//! that is the next number of its own region, and when it ends at or above the last head that this
//! node took of the log before: nothing that the node saw is left behind unsaid. One that does not
//! is refused, and the head is presented, so that operators can take it in after all.
//!
//! What was kept of the log before stays, under its number: heads, and what was cosigned.

use grondslag_core::canonical::Canonical;
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::Timestamp;
use grondslag_core::founding::{Founded, Founding, SignedFounding};
use grondslag_core::id::Digest;
use grondslag_core::limits::CLOCK_SKEW_MS_MAX;
use grondslag_core::merkle::verify_inclusion;
use grondslag_core::reason::Reason;
use grondslag_evidence::audit::KeptHead;
use grondslag_evidence::ledger::{Entry, LedgerError, entry_hash};
use grondslag_evidence::store::{Batch, Store, StoreError, parts};
use grondslag_proto::head::{FoundingLeaf, ShownFounding};
use grondslag_proto::v1;

use super::Watching;
use super::follow::HeadLink;
use super::heads::go_on_from;
use super::kept::{Change, Memory, note, steps};
use crate::limits::{FOUNDINGS_MAX, HEADS_BEFORE_MAX};

/// The founding of the log that is followed; absent for the first.
const FOUNDING: &[u8] = b"wh/founding";
/// The last head of a log before, and the covered one, by its number.
const BEFORE: &[u8] = b"wh/o/";
/// Which of the two.
const LAST: u8 = b'h';
const COVERED: u8 = b'c';

/// Which log of the broker is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Log {
    /// Its number.
    pub(super) number: u64,
    /// Whatever was asked before is not answered.
    pub(super) asked_from: Option<Timestamp>,
}

impl Log {
    /// Reads which one it is.
    pub(super) async fn load(store: &dyn Store) -> Result<Self, Reason> {
        let Some(leaf) = store.get(FOUNDING).await.map_err(StoreError::reason)? else {
            return Ok(Self { number: 1, asked_from: None });
        };
        let signed = SignedFounding::parse(&leaf).map_err(|_| Reason::StoreCorrupt)?;
        Ok(Self::of(&signed.founding))
    }

    fn of(founding: &Founding) -> Self {
        Self { number: founding.number, asked_from: Some(founding.at) }
    }
}

/// A founding that the broker showed, with the proof that it stands in its log.
type Proved = (FoundingLeaf, Option<(SignedCheckpoint, Vec<Digest>)>);

impl Watching {
    /// The number of the log that is followed.
    pub(crate) fn number(&self) -> u64 {
        self.log().number
    }

    /// Whatever was asked before this moment is not answered; nothing without a restore.
    pub(crate) fn asked_from(&self) -> Option<Timestamp> {
        self.log().asked_from
    }

    /// As after a founding of this moment, for tests.
    #[cfg(test)]
    pub(crate) fn founded_at(&self, at: Timestamp) {
        self.log.write().unwrap_or_else(std::sync::PoisonError::into_inner).asked_from = Some(at);
    }

    /// The founding of the log that is followed, as it stands in that log; nothing for the first.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(crate) async fn founding(&self) -> Result<Option<Vec<u8>>, Reason> {
        self.means.store.get(FOUNDING).await.map_err(StoreError::reason)
    }

    /// Whether a head is of the log that is followed.
    pub(super) fn is_followed(&self, head: &SignedCheckpoint) -> bool {
        let own = Origin::of_broker(&self.means.region, self.number());
        own.is_ok_and(|own| head.checkpoint().origin == own)
    }

    /// The last head of a log and the largest covered one, as far as this node keeps them.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub(crate) async fn last_of(
        &self,
        number: u64,
    ) -> Result<[Option<SignedCheckpoint>; 2], Reason> {
        if number == self.number() {
            return Ok([self.seen(), self.covered()]);
        }
        let store = self.means.store.as_ref();
        let read = async |which| {
            let body = parts::read_body(store, &before_key(number, which)).await;
            body.map_err(StoreError::reason)?.map(|body| note(&body)).transpose()
        };
        Ok([read(LAST).await?, read(COVERED).await?])
    }

    /// Asks the broker whether its log was founded anew, and goes on with the new one when that
    /// holds.
    ///
    /// # Errors
    /// Why the founding is refused, or the broker did not answer.
    pub(super) async fn meet_founding(&self, link: &dyn HeadLink) -> Result<(), Reason> {
        for (founding, proved) in self.shown_foundings(link).await? {
            match self.refound(founding, proved).await {
                Err(Reason::FoundingBelowHead) => {
                    self.present(link).await;
                    return Err(Reason::FoundingBelowHead);
                }
                refounded => refounded?,
            }
        }
        Ok(())
    }

    /// What the broker shows of the logs behind the one that is followed, up to the one that goes
    /// on. Only of that one can it prove that the founding stands in it: without that proof none is
    /// followed.
    async fn shown_foundings(&self, link: &dyn HeadLink) -> Result<Vec<Proved>, Reason> {
        let (mut all, mut number) = (Vec::new(), self.number());
        for _ in 0..FOUNDINGS_MAX {
            let request = v1::ShowFoundingRequest { number };
            let shown = ShownFounding::try_from(link.show_founding(request).await?)?;
            let ShownFounding { founding: Some(leaf), proved, .. } = shown else { break };
            number = number.saturating_add(1);
            let region = Digest::parse(&self.means.region).map_err(|_| Reason::FoundingInvalid)?;
            let founded = leaf.signed.verify(&self.means.operators, &region)?;
            if founded.founding().number != number {
                return Err(Reason::FoundingInvalid);
            }
            let is_last = proved.is_some();
            if let Some((head, proof)) = &proved {
                self.is_in(&leaf, head.clone(), proof)?;
            }
            all.push((leaf, proved));
            if is_last {
                return Ok(all);
            }
        }
        if all.is_empty() { Ok(all) } else { Err(Reason::FoundingInvalid) }
    }

    /// Shows the broker the head that its founding does not reach.
    async fn present(&self, link: &dyn HeadLink) {
        let Some(head) = self.seen() else { return };
        let request = v1::PresentHeadRequest { head: head.bare().note() };
        match link.present_head(request).await {
            Ok(presented) if presented.reason.is_empty() => {}
            Ok(presented) => {
                tracing::warn!(reason = presented.reason, "a head was not kept by the broker");
            }
            Err(reason) => tracing::warn!(%reason, "a head could not be presented"),
        }
    }

    /// Goes on with the log that was founded.
    ///
    /// # Errors
    /// Why the founding does not hold for this node; nothing changed then.
    pub(super) async fn refound(
        &self,
        leaf: FoundingLeaf,
        proved: Option<(SignedCheckpoint, Vec<Digest>)>,
    ) -> Result<(), Reason> {
        let _one_at_a_time = self.turn.lock().await;
        if self.fork().is_some() {
            return Err(Reason::LedgerFork);
        }
        let founded = self.founded(&leaf.signed)?;
        let founding = founded.founding();
        let head = match proved {
            Some((head, proof)) => Some(self.is_in(&leaf, head, &proof)?),
            None => None,
        };
        let store = self.means.store.as_ref();
        let memory = self.read(|kept| kept.memory.clone()).and(head.clone());
        let memory = memory.map(|head| Memory::Own(Box::new(head)));
        let mut changes = vec![Change::Covered(None)];
        changes.extend(memory.as_ref().map(Change::Memory));
        let state = steps(store, &changes).await?.put(FOUNDING, leaf.signed.leaf());
        let state = self.put_before(state).await.map_err(StoreError::reason)?;
        let state = go_on_from(store, state, head.as_ref()).await.map_err(StoreError::reason)?;
        let said = founded_leaf(&leaf.signed);
        let entry = Entry { about: Digest::of(&said), leaf: said, state };
        self.means.ledger.append(entry).await.map_err(LedgerError::reason)?;
        self.write(&changes);
        self.start_log(Log::of(founding), head);
        let (number, size) = (founding.number, founding.head.checkpoint().size);
        tracing::warn!(number, size, "the broker's log was founded anew, and is followed");
        Ok(())
    }

    /// Two pinned operators founded the next log of this region, at or above what was seen here,
    /// and not in time to come: nothing that was asked before is answered. Where the log before
    /// ended is the broker's own word: a head that this node took, or one that the key on its card
    /// signed.
    fn founded(&self, signed: &SignedFounding) -> Result<Founded, Reason> {
        let region = Digest::parse(&self.means.region).map_err(|_| Reason::FoundingInvalid)?;
        let founded = signed.verify(&self.means.operators, &region)?;
        if founded.founding().number != self.number().saturating_add(1) {
            return Err(Reason::FoundingInvalid);
        }
        let memory = self.read(|kept| kept.memory.clone());
        let held = [self.seen(), self.covered(), memory.and_then(|one| one.head().cloned())];
        held.iter().flatten().try_for_each(|held| founded.follows(held))?;
        let (at, now) = (founded.founding().at.ms(), self.means.clock.now().ms());
        if at > now.saturating_add(CLOCK_SKEW_MS_MAX) {
            return Err(Reason::FoundingInvalid);
        }
        let head = &founded.founding().head;
        let was_taken = held.iter().flatten().any(|held| held.checkpoint() == head.checkpoint());
        if !was_taken {
            let key = (self.means.key)(&self.means.broker)?;
            head.verify(&key).map_err(|_| Reason::AttestationInvalid)?;
        }
        Ok(founded)
    }

    /// The founding stands in the log that it founded, by the broker's own signature.
    fn is_in(
        &self,
        leaf: &FoundingLeaf,
        head: SignedCheckpoint,
        proof: &[Digest],
    ) -> Result<SignedCheckpoint, Reason> {
        let key = (self.means.key)(&self.means.broker)?;
        head.verify(&key).map_err(|_| Reason::AttestationInvalid)?;
        let number = leaf.signed.founding.number;
        let origin = Origin::of_broker(&self.means.region, number);
        let hash = entry_hash(&leaf.signed.about(), leaf.recorded_at, &leaf.signed.leaf());
        let tree = head.checkpoint().tree();
        // The log begins with its founding, and with nothing else.
        let is_placed = (leaf.index == 0) == (leaf.signed.founding.amendment == 0);
        let holds = is_placed
            && origin.is_ok_and(|origin| head.checkpoint().origin == origin)
            && verify_inclusion(&hash, leaf.index, &tree, proof).is_ok();
        if holds { Ok(head) } else { Err(Reason::FoundingInvalid) }
    }

    /// Adds to a batch what is kept of the log that was followed.
    async fn put_before(&self, mut batch: Batch) -> Result<Batch, StoreError> {
        let (store, number) = (self.means.store.as_ref(), self.number());
        for (which, head) in [(LAST, self.seen()), (COVERED, self.covered())] {
            let key = before_key(number, which);
            batch = parts::delete_body(store, batch, &key).await?;
            if let Some(head) = head {
                batch = parts::put_body(batch, &key, head.note().as_bytes())?;
            }
        }
        Ok(batch)
    }
}

/// Heads of the broker's logs before that a node's store keeps.
pub(super) async fn kept_before(store: &dyn Store) -> Result<Vec<KeptHead>, StoreError> {
    let mut kept = Vec::new();
    for pair in store.scan(BEFORE, None, HEADS_BEFORE_MAX).await? {
        let head = match parts::read_body(store, &pair.key).await {
            Ok(body) => body.and_then(|body| note(&body).ok()),
            Err(StoreError::Corrupt) => None,
            Err(error) => return Err(error),
        };
        kept.push(KeptHead { place: "wh/o".to_owned(), head });
    }
    Ok(kept)
}

fn before_key(number: u64, which: u8) -> Vec<u8> {
    [BEFORE, &number.to_be_bytes(), &[which]].concat()
}

/// That this node goes on with a log, in its own ledger.
fn founded_leaf(signed: &SignedFounding) -> Vec<u8> {
    Canonical::new("grondslag/leaf/log-founded/v1")
        .number(signed.founding.number)
        .bytes(signed.about().as_bytes())
        .number(signed.founding.head.checkpoint().size)
        .finish()
}
