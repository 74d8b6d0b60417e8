//! Following the broker's ledger: the node takes a head only when it goes on from the last one it
//! took, cosigns it when it is one of the region's witnesses, and answers only as long as enough
//! witnesses cover what it answered on.
//!
//! Life of a head: it comes with a proof ([`take`]); it is signed by the broker's key and joined to
//! the last head by the proof; it is stored; only then a witness cosigns it and sends the
//! cosignature ([`follow`]). Two heads of the broker that contradict each other are kept with the
//! proof that failed, stand in this node's ledger, and stop it until an operator acts.
//!
//! INVARIANT: no cosignature leaves before its head is durable here, and none is made of a head
//! that was not joined to the last one that this witness cosigned.

pub(crate) mod follow;
mod grace;
mod heads;
mod kept;
mod operate;
mod refound;
mod take;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ed25519_dalek::SigningKey;
use grondslag_core::canonical::Canonical;
use grondslag_core::checkpoint::{Origin, SignedCheckpoint};
use grondslag_core::clock::Clock;
use grondslag_core::id::{Digest, Oin};
use grondslag_core::inquiry::Header;
use grondslag_core::operators::Operators;
use grondslag_core::reason::Reason;
use grondslag_core::tier::Urgency;
use grondslag_core::watch::Contradiction;
use grondslag_core::witnesses::Witnesses;
use grondslag_evidence::ledger::{Entry, Ledger, LedgerError};
use grondslag_evidence::store::{Batch, Store, StoreError};
use tokio::time::Instant;

use self::grace::Grace;
use self::heads::Heads;
use self::kept::{Change, Kept, steps};
use self::refound::Log;

pub(crate) use self::heads::Shown;
pub use self::heads::kept_heads;
pub use self::kept::Memory;
pub(crate) use self::kept::forget_memory;
pub use self::operate::{
    Choice, OperateError, accept, begin, open_ledger, own_keys, restore, stopped_by,
};
pub(crate) use self::take::NotTaken;

/// Immediate danger: asked with this purpose and urgency, a question is answered without waiting
/// for witnesses (design 8).
const DANGER: &str = "D12";

/// What is needed to follow the broker's ledger.
pub(crate) struct Means {
    /// This organisation.
    pub own: Oin,
    /// The broker's.
    pub broker: Oin,
    /// Fingerprint of the region's root, with which the names of the broker's logs begin.
    pub region: String,
    /// Where heads are kept.
    pub store: Arc<dyn Store>,
    /// This node's own ledger.
    pub ledger: Arc<Ledger>,
    /// Where dates come from.
    pub clock: Arc<dyn Clock>,
    /// The sign key on an agency's card.
    pub key: Box<KeyOf>,
    /// Who the witnesses are now; none in a trial without.
    pub witnesses: Box<WitnessesNow>,
    /// Signs cosignatures, when this node is a witness.
    pub sign_key: SigningKey,
    /// How long witnesses have to cover an answer.
    pub grace: Duration,
    /// The region's operators, pinned when the node was made; none in a trial without.
    pub operators: Operators,
}

/// Finds the key on a card.
pub(crate) type KeyOf = dyn Fn(&Oin) -> Result<[u8; 32], Reason> + Send + Sync;
/// Says who the witnesses are.
pub(crate) type WitnessesNow = dyn Fn() -> Option<Arc<Witnesses>> + Send + Sync;

/// The broker's ledger as one node follows it.
pub struct Watching {
    means: Means,
    /// Which log is followed; never held across an await.
    log: RwLock<Log>,
    /// The last head that was taken.
    heads: Heads,
    /// What is kept, as the store has it; never held across an await.
    held: RwLock<Kept>,
    /// A contradiction that was met, until it is kept; never held across an await.
    found: Mutex<Option<Contradiction>>,
    /// Never held across an await.
    grace: Mutex<Grace>,
    /// One head at a time.
    turn: tokio::sync::Mutex<()>,
}

/// Whether a question is answered with regard to the broker's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witnessed {
    /// Witnesses are in time.
    Yes,
    /// They are late, and the question is of such danger that it does not wait for them.
    Late,
}

/// Why nothing is answered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The broker's ledger contradicts itself, and no operator acted yet.
    Forked,
    /// Witnesses are late.
    Late,
}

impl NotNow {
    /// The stable reason.
    pub fn reason(self) -> Reason {
        match self {
            Self::Forked => Reason::LedgerFork,
            Self::Late => Reason::WitnessLate,
        }
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watching(…)")
    }
}

impl Watching {
    /// Opens it with what was kept. Whatever the node answered on before it started, and is not
    /// covered, waits anew from now: time does not go on in a process that does not run.
    ///
    /// # Errors
    /// Why the store cannot be read.
    pub(crate) async fn open(means: Means) -> Result<Self, Reason> {
        let kept = Kept::load(means.store.as_ref()).await?;
        let log = Log::load(means.store.as_ref()).await?;
        let own = Origin::of_broker(&means.region, log.number).map_err(|_| Reason::Internal)?;
        let heads = Heads::open(means.store.as_ref(), &own).await.map_err(StoreError::reason)?;
        let log = RwLock::new(log);
        let mut grace = Grace::new(means.grace, size(kept.covered.as_ref()));
        if let Some(last) = heads.size().checked_sub(1) {
            grace.answered(last, Instant::now());
        }
        let (held, grace) = (RwLock::new(kept), Mutex::new(grace));
        let (turn, found) = (tokio::sync::Mutex::default(), Mutex::default());
        Ok(Self { means, log, heads, held, found, grace, turn })
    }

    /// The last head that the node took.
    pub fn seen(&self) -> Option<SignedCheckpoint> {
        self.heads.head()
    }

    /// Size of the last head that the node took; 0 for none.
    pub fn seen_size(&self) -> u64 {
        self.heads.size()
    }

    /// Waits a moment for the head of this size, when what builds on it came before it.
    pub(crate) async fn reached(&self, size: u64) {
        self.heads.reached(size).await;
    }

    /// Adds to the batch of an answer the head that it rests on.
    pub(crate) fn put_head(&self, batch: Batch) -> Batch {
        self.heads.put(batch)
    }

    /// The largest head that a quorum of witnesses cosigned.
    pub fn covered(&self) -> Option<SignedCheckpoint> {
        self.read(|kept| kept.covered.clone())
    }

    /// The contradiction that stops the node, if there is one.
    pub fn fork(&self) -> Option<Contradiction> {
        self.read(|kept| kept.fork.clone())
    }

    /// Whether a question with this header may be answered now. It does not depend on the child.
    ///
    /// # Errors
    /// [`NotNow`].
    pub(crate) fn may_answer(&self, header: &Header, now: Instant) -> Result<Witnessed, NotNow> {
        if self.read(|kept| kept.fork.is_some()) {
            return Err(NotNow::Forked);
        }
        if !self.is_late(now) {
            return Ok(Witnessed::Yes);
        }
        let danger = header.purpose.as_str() == DANGER && header.urgency == Urgency::Acute;
        if danger { Ok(Witnessed::Late) } else { Err(NotNow::Late) }
    }

    /// An answer on this leaf of the broker's ledger is about to leave.
    pub(crate) fn answered(&self, index: u64, now: Instant) {
        if (self.means.witnesses)().is_some() {
            self.grace.lock().unwrap_or_else(PoisonError::into_inner).answered(index, now);
        }
    }

    fn log(&self) -> Log {
        *self.log.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on with another log, in memory: nothing was answered on it yet.
    fn start_log(&self, log: Log, head: Option<SignedCheckpoint>) {
        *self.log.write().unwrap_or_else(PoisonError::into_inner) = log;
        self.heads.start(head);
        let mut grace = self.grace.lock().unwrap_or_else(PoisonError::into_inner);
        *grace = Grace::new(self.means.grace, 0);
    }

    /// Goes on with a log that was founded at this moment.
    #[cfg(test)]
    pub(crate) fn goes_on_with(&self, number: u64, at: grondslag_core::clock::Timestamp) {
        self.start_log(Log { number, asked_from: Some(at) }, None);
    }

    /// Why this node is not as it should be: for its operator.
    pub fn findings(&self, now: Instant) -> Vec<Reason> {
        let witness = self.is_witness() && self.read(|kept| kept.memory.is_none());
        let found = [
            self.read(|kept| kept.fork.is_some()).then_some(Reason::LedgerFork),
            self.is_late(now).then_some(Reason::WitnessLate),
            witness.then_some(Reason::WitnessWithoutMemory),
        ];
        found.into_iter().flatten().collect()
    }

    /// Without witnesses, in a trial, nobody is late.
    fn is_late(&self, now: Instant) -> bool {
        let late = self.grace.lock().unwrap_or_else(PoisonError::into_inner).is_late(now);
        late && (self.means.witnesses)().is_some()
    }

    fn is_witness(&self) -> bool {
        (self.means.witnesses)().is_some_and(|witnesses| witnesses.names(&self.means.own))
    }

    /// Makes changes durable together with the last head, and counts them from then on.
    async fn keep(&self, changes: &[Change<'_>]) -> Result<(), Reason> {
        let batch = self.heads.put(steps(self.means.store.as_ref(), changes).await?);
        self.means.store.commit(batch).await.map_err(StoreError::reason)?;
        self.write(changes);
        Ok(())
    }

    /// Keeps a contradiction, and says so in the node's ledger. The node stops answering whether or
    /// not that succeeds.
    async fn keep_fork(&self, fork: &Contradiction) -> Result<(), Reason> {
        let change = [Change::Fork(fork)];
        self.write(&change);
        let word = fork.contrast().map_or("none", |contrast| contrast.word());
        let (held, shown) = (fork.held.checkpoint().size, fork.shown.checkpoint().size);
        tracing::error!(word, held, shown, "the broker's ledger contradicts itself");
        let state = steps(self.means.store.as_ref(), &change).await?;
        let leaf = fork_leaf("seen", fork);
        let entry = Entry { about: Digest::of(&leaf), leaf, state };
        self.means.ledger.append(entry).await.map_err(LedgerError::reason)?;
        Ok(())
    }

    fn read<T>(&self, look: impl FnOnce(&Kept) -> T) -> T {
        look(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, changes: &[Change<'_>]) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        for change in changes {
            match change {
                Change::Covered(head) => held.covered = head.cloned(),
                Change::Memory(memory) => held.memory = Some((*memory).clone()),
                Change::Fork(fork) => held.fork = Some((*fork).clone()),
                Change::NoFork => held.fork = None,
            }
        }
    }
}

/// A contradiction as a leaf: that it was seen, or what an operator did about it. Its digest ties
/// the leaf to the bytes that are kept.
fn fork_leaf(word: &str, fork: &Contradiction) -> Vec<u8> {
    Canonical::new("grondslag/leaf/ledger-fork/v1")
        .text(word)
        .bytes(Digest::of(&fork.canonical()).as_bytes())
        .number(fork.held.checkpoint().size)
        .number(fork.shown.checkpoint().size)
        .finish()
}

fn size(head: Option<&SignedCheckpoint>) -> u64 {
    head.map_or(0, |head| head.checkpoint().size)
}
